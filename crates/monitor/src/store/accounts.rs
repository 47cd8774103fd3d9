//! Accounts, as the store keeps them. Every other part of the store is the view of one of them.

use std::sync::Arc;

use allswell_core::Wall;
use async_trait::async_trait;

use super::{NewUser, Store, StoreError, UserRow};
use crate::access::{Address, Digest};
use crate::model::{AccountId, MonitorId};

/// An account that is to be written, with the owner it cannot be without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    /// What people call it; several may have the same.
    pub name: String,
    /// The plan by whose limits it is kept; `None` for no limits.
    pub plan: Option<String>,
    /// Who may do everything in it.
    pub owner: NewUser,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// Its number, never given again.
    pub id: AccountId,
    /// What people call it.
    pub name: String,
    /// The plan by whose limits it is kept; `None` for no limits.
    pub plan: Option<String>,
    /// Since when there is one.
    pub created: Wall,
}

/// An account and how much there is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedAccount {
    /// The account.
    pub account: AccountRow,
    /// How many monitors there are in it.
    pub monitors: usize,
    /// How many users it has.
    pub users: usize,
}

/// A way to an account of one's own that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSignUp {
    /// Who asked for one.
    pub address: Address,
    /// What is known of the text that the link holds.
    pub digest: Digest,
    /// From when on it is good no more.
    pub expires: Wall,
}

/// The part of the store that knows all accounts. What it is asked does not depend on whose view is asked.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// All accounts by their number.
    async fn accounts(&self) -> Result<Vec<AccountRow>, StoreError>;

    /// The account with this number.
    async fn find_account(&self, account: AccountId) -> Result<Option<AccountRow>, StoreError>;

    /// Accounts by their number, from `first` on and at most `limit`, with how much there is in each.
    async fn counted_accounts(&self, first: AccountId, limit: usize) -> Result<Vec<CountedAccount>, StoreError>;

    /// Writes an account and its owner, together. An address that is taken is an error.
    async fn add_account(&self, account: NewAccount, now: Wall) -> Result<(AccountRow, UserRow), StoreError>;

    /// Writes the plan of an account; `false` when there is no such account.
    async fn set_plan(&self, account: AccountId, plan: Option<String>) -> Result<bool, StoreError>;

    /// Deletes an account with all that belongs to it; `false` when there is no such account, and for the first, which stays. What
    /// its monitors measured can be found by nobody, and goes when it is old enough.
    async fn remove_account(&self, account: AccountId, now: Wall) -> Result<bool, StoreError>;

    /// Writes a way to an account of one's own in the place of an earlier one to the same address; whoever becomes a user otherwise
    /// takes it away. Deletes those that are over.
    async fn add_sign_up(&self, sign_up: NewSignUp, now: Wall) -> Result<(), StoreError>;

    /// Who may make an account with what `digest` is of.
    async fn whose_sign_up(&self, digest: Digest, now: Wall) -> Result<Option<Address>, StoreError>;

    /// Takes the way that the owner of `account` has, and writes the account and its owner, together; `None` when it is not good.
    async fn sign_up(
        &self,
        digest: Digest,
        account: NewAccount,
        now: Wall,
    ) -> Result<Option<(AccountRow, UserRow)>, StoreError>;

    /// Whose monitor it is.
    async fn whose_monitor(&self, monitor: MonitorId) -> Result<Option<AccountId>, StoreError>;

    /// Whom a message that was to be sent belongs to.
    async fn whose_message(&self, message: i64) -> Result<Option<AccountId>, StoreError>;

    /// Who asked somebody in whose link holds a text of this digest.
    async fn whose_invitation(&self, digest: Digest) -> Result<Option<AccountId>, StoreError>;

    /// The same store as `account` sees it.
    fn of(&self, account: AccountId) -> Arc<dyn Store>;
}
