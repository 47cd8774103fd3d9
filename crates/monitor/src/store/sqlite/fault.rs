//! What goes wrong inside the SQLite store, before it is told in the store's own words.

use crate::store::StoreError;

/// Why a piece of work failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The database could not do it.
    #[error("the database failed")]
    Database(#[from] rusqlite::Error),
    /// Stored bytes do not say what they should.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// What was asked for contradicts what is stored.
    #[error("{0}")]
    Refused(String),
    /// The transaction that this work shared with others failed with another one's error.
    #[error("the transaction was rolled back: {0}")]
    RolledBack(String),
}

/// Stored bytes that cannot be read back, named by where they stand.
#[derive(Debug, thiserror::Error)]
#[error("{place} in results.db is damaged: {why}")]
pub(super) struct Damaged {
    /// `block 2146959360001 (monitor 1, hour 499872)`.
    pub(super) place: String,
    /// What is wrong with it.
    pub(super) why: &'static str,
}

impl Fault {
    /// Says it in the store's words: `what` was attempted.
    pub(super) fn told(self, what: &'static str) -> StoreError {
        StoreError::Failed { what, source: Box::new(self) }
    }
}
