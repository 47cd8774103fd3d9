//! Status pages: what strangers are told of monitors, in HTML without a script, as feeds, as JSON and as badges.
//!
//! What a page shows comes from the store through [`PublicStore`](allswell_monitor::store::PublicStore), which knows no cause, no target and no
//! evidence; how a page is chosen and called, through the configuration ([`Page`]). Each account has a [`Press`], which writes its
//! pages when something changes, at most once a second. All are answered from one index in memory before anything else is done
//! with a request: they stay up while the store is busy, and even while it fails.

mod access;
mod badge;
mod bars;
mod days;
mod feeds;
mod gather;
mod index;
mod letters;
mod news;
mod planned;
mod press;
mod preview;
mod published;
mod render;
mod serve;
mod subscribe;
mod view;
mod words;

use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use allswell_monitor::clock::Clock;
use allswell_monitor::model::AccountId;
use allswell_monitor::notify::email::Mailer;
use allswell_monitor::resources::Addresses;
use allswell_monitor::secret_key::{KeyFile, SecretKey};
use allswell_monitor::status_page::Page;

use self::access::Door;
use self::index::Index;
use self::published::Published;
use self::subscribe::PostRoom;

pub use press::Press;
pub(crate) use preview::POLICY as PREVIEW_POLICY;
pub(crate) use serve::serve;

/// How often pages are written when nothing changes: the time goes on, and uptime with it.
const REFRESH: Duration = Duration::from_secs(30);
/// The shortest time between two writings.
const PAUSE: Duration = Duration::from_secs(1);
/// What writing may take of one processor: one part of so many.
const SHARE: u32 = 20;

/// All status pages of a server, as its accounts have written them last.
pub struct StatusPages {
    clock: Arc<dyn Clock>,
    door: Door,
    /// Where people find the server, with a slash at its end.
    base: String,
    /// Whose page an address leads to.
    addresses: Addresses,
    /// What is answered from.
    index: RwLock<Index>,
    /// The way to subscribers; `None` where the server has no relay.
    post: Option<Arc<PostRoom>>,
}

impl StatusPages {
    /// No pages yet: each account has a [`Press`] that writes its own. `public_url` is where people find the server, `addresses`
    /// says which account has which address.
    ///
    /// # Errors
    /// The system's, when the key of cookies in the data directory can neither be read nor written.
    pub fn of(data: &Path, public_url: &str, clock: Arc<dyn Clock>, addresses: Addresses) -> io::Result<Self> {
        Ok(Self {
            clock,
            door: Door::new(SecretKey::of(data, KeyFile::StatusPages)?),
            base: format!("{}/", public_url.trim_end_matches('/')),
            addresses,
            index: RwLock::default(),
            post: None,
        })
    }

    /// The same, with subscribers who are written to by `mailer`.
    pub fn with_mail(self, mailer: Arc<Mailer>) -> Self {
        Self { post: Some(Arc::new(PostRoom::new(mailer))), ..self }
    }

    /// Shows `pages` in the place of those that `account` had.
    fn show(&self, account: AccountId, pages: Vec<Arc<Published>>) {
        // An account that cannot write may still show what another has the address of by now.
        let is_at = |slug: &str| self.addresses.owner(slug).is_none_or(|owner| owner == account);
        let before = self.index.write().unwrap_or_else(PoisonError::into_inner).show(account, pages, is_at);
        // After the lock has gone: who asks does not wait for it.
        drop(before);
    }

    /// Shows no page of `account` any more.
    pub(crate) fn take_down(&self, account: AccountId) {
        self.show(account, Vec::new());
    }

    /// Where a page is found, with a slash at its end.
    pub(crate) fn address(&self, page: &Page) -> String {
        match &page.domain {
            Some(domain) => format!("https://{domain}/"),
            None => format!("{}s/{}/", self.base, page.slug),
        }
    }

    fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use allswell_monitor::status_page::{Access, Section};

    use super::*;

    /// A page that everybody may see.
    pub(super) fn page(slug: &str, sections: Vec<Section>) -> Page {
        Page {
            slug: slug.to_owned(),
            formerly: Vec::new(),
            title: "Acme status".to_owned(),
            description: None,
            link: None,
            logo: None,
            logo_dark: None,
            accent: None,
            accent_dark: None,
            domain: None,
            access: Access::Public,
            subscribe: false,
            sections,
        }
    }
}
