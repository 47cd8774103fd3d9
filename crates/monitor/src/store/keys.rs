//! API keys and remembered answers, as the store keeps them.

use std::fmt;

use allswell_core::Wall;
use async_trait::async_trait;

use super::StoreError;
use crate::access::{Digest, Scopes};
use crate::model::AccountId;

/// A key that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// What people call it; unique within the account.
    pub name: String,
    /// What is known of its secret.
    pub digest: Digest,
    /// What it is good for.
    pub scopes: Scopes,
    /// Until when; `None` for ever.
    pub expires: Option<Wall>,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Its number.
    pub id: i64,
    /// The account it belongs to, for good.
    pub account: AccountId,
    /// What people call it.
    pub name: String,
    /// What is known of its secret.
    pub digest: Digest,
    /// What it is good for.
    pub scopes: Scopes,
    /// When it was made.
    pub created: Wall,
    /// Until when; `None` for ever.
    pub expires: Option<Wall>,
    /// When it was used last, give or take a minute.
    pub used: Option<Wall>,
}

/// What is different about a key from now on; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyChange {
    /// What people call it.
    pub name: Option<String>,
    /// What it is good for.
    pub scopes: Option<Scopes>,
    /// Until when; `Some(None)` for ever.
    pub expires: Option<Option<Wall>>,
}

impl KeyChange {
    /// `key` as it is afterwards.
    pub fn apply(&self, key: &KeyRow) -> KeyRow {
        KeyRow {
            name: self.name.clone().unwrap_or_else(|| key.name.clone()),
            scopes: self.scopes.unwrap_or(key.scopes),
            expires: self.expires.unwrap_or(key.expires),
            ..key.clone()
        }
    }
}

/// A request that must be done once, however often it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// Who asks: the number of a key, 0 for who has none.
    pub caller: i64,
    /// The idempotency key.
    pub key: String,
    /// The digest of what is asked: method, address and body.
    pub digest: [u8; 32],
}

/// What the first of several same requests was answered.
#[derive(Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The HTTP status.
    pub status: u16,
    /// Its headers that matter, as pairs.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Where a request with an idempotency key stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is the first: it is to be done now.
    First,
    /// It was done before, and this was answered.
    Done(Remembered),
    /// The first one is not done yet, or the process ended while it was being done.
    Begun,
    /// The key was used for another request.
    Other,
}

/// The part of the store that the gate and the keys need.
#[async_trait]
pub trait AccessStore: Send + Sync {
    /// All keys by their number.
    async fn keys(&self) -> Result<Vec<KeyRow>, StoreError>;

    /// Writes a key and returns it with its number. A name or a digest that is taken is an error.
    async fn add_key(&self, key: NewKey, now: Wall) -> Result<KeyRow, StoreError>;

    /// Writes a key's name, scopes and expiry; `false` when there is none.
    async fn change_key(&self, key: KeyRow) -> Result<bool, StoreError>;

    /// Deletes a key; `false` when there is none.
    async fn remove_key(&self, id: i64) -> Result<bool, StoreError>;

    /// Takes note that a key was used.
    async fn key_used(&self, id: i64, at: Wall) -> Result<(), StoreError>;

    /// Takes a request with an idempotency key, durably, unless it was taken before. What was taken before `forget` counts as
    /// never seen.
    async fn claim_once(&self, once: Once, now: Wall, forget: Wall) -> Result<Claim, StoreError>;

    /// Remembers what a request that was taken was answered; `None` gives it free, as if it had never come.
    async fn settle_once(&self, once: Once, answer: Option<Remembered>) -> Result<(), StoreError>;
}
