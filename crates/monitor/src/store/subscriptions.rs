//! Who is written to when a status page has news, as the store keeps it.

use std::collections::HashMap;
use std::time::Duration;

use allswell_core::Wall;
use async_trait::async_trait;

use super::StoreError;
use crate::access::Address;

/// Who asked for mails and did not say yes is forgotten after this long, and their link with them.
pub const ASKED_FOR: Duration = Duration::from_secs(7 * 86_400);
/// Who asks again is not written to again before this long.
pub const ASK_AGAIN: Duration = Duration::from_secs(600);

/// One thing that happened, for the subscribers of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Names it within the page: it is told once.
    pub name: String,
    /// What the mail says, as JSON.
    pub body: String,
}

/// A mail to a subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageMail {
    /// Its number.
    pub id: i64,
    /// The page, by its slug.
    pub page: String,
    /// To whom.
    pub address: Address,
    /// The bodies of its news, as a list of JSON; empty where it asks for a yes.
    pub body: String,
    /// When it was written.
    pub created: Wall,
    /// How often it was tried.
    pub attempts: u32,
}

/// The part of the store that knows subscribers and what they are to be told.
#[async_trait]
pub trait SubscriptionStore: Send + Sync {
    /// Writes a mail that asks `address` for a yes, unless it subscribes already or was asked [a moment ago](ASK_AGAIN). Gives
    /// whether it did.
    async fn ask_subscriber(&self, page: String, address: Address, now: Wall) -> Result<bool, StoreError>;

    /// `address` said yes. Gives whether it was ever asked.
    async fn confirm_subscriber(&self, page: String, address: Address, now: Wall) -> Result<bool, StoreError>;

    /// Forgets `address`, and the mails that were to go there. Gives whether it was known.
    async fn remove_subscriber(&self, page: String, address: Address) -> Result<bool, StoreError>;

    /// How many have said yes to each page; a page to which nobody did is left out.
    async fn subscribers(&self) -> Result<HashMap<String, usize>, StoreError>;

    /// Writes one mail with what of `news` is new to each who has said yes. Gives how many mails those are.
    ///
    /// The first time for a page, everything counts as known.
    async fn tell_subscribers(&self, page: String, news: Vec<News>, now: Wall) -> Result<usize, StoreError>;

    /// Mails that are due at `now`, the oldest first, at most `limit`.
    async fn due_mails(&self, now: Wall, limit: usize) -> Result<Vec<PageMail>, StoreError>;

    /// When the next mail is due.
    async fn next_mail(&self) -> Result<Option<Wall>, StoreError>;

    /// The mail is to be tried again at `again`; it is done with, where that is `None`.
    async fn settle_mail(&self, id: i64, again: Option<Wall>) -> Result<(), StoreError>;
}
