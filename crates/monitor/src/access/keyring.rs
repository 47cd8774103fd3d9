//! The keys of this server, at hand: every request asks here, none waits for the disk.
//!
//! A key belongs to one account, and [`Keyring`] is the view of that one.

use std::sync::{Arc, RwLockReadGuard};
use std::time::Duration;

use allswell_core::Wall;
use tokio::sync::watch;

use super::announced::{Announced, Changing};
use super::rows::Rows;
use super::{Digest, People, Scope, Scopes, Secret};
use crate::model::AccountId;
use crate::store::{KeyChange, KeyRow, NewKey, Store, StoreError};

/// That a key was used is written down at most so often.
const USED: Duration = Duration::from_secs(60);

/// Why a key cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such key.
    #[error("there is no such key")]
    Missing,
    /// Another key has this name.
    #[error("there is a key `{0}` already")]
    Taken(String),
    /// Without it, and without an owner, nobody could change anything or everybody could.
    #[error("this is the last key that may write")]
    Last,
    /// The first key could not make another.
    #[error("the first key must be one that may write")]
    First,
    /// The system has no random numbers.
    #[error("the system has no random numbers")]
    Random(#[source] std::io::Error),
}

/// What a key's text is worth now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Its owner may do this.
    Known {
        /// The account whose key it is.
        account: AccountId,
        /// The key's number; `None` for the one that the server was started with.
        key: Option<i64>,
        /// What it is good for.
        scopes: Scopes,
    },
    /// It was a key until then.
    Expired {
        /// Until when.
        at: Wall,
    },
    /// Nobody has it.
    Unknown,
}

/// The keys of one account. A copy is as good as the first.
#[derive(Clone)]
pub struct Keyring {
    store: Arc<dyn Store>,
    /// An owner among them can make a key where there is none that may.
    people: People,
    all: Arc<All>,
}

/// The keys of all accounts.
struct All {
    /// The key that the server was started with; it may do everything in the first account and is nowhere written down.
    standing: Option<Digest>,
    keys: Announced<Rows<KeyRow>>,
    /// One change at a time: what a change looks at must still hold when it is written.
    changing: tokio::sync::Mutex<()>,
}

impl Keyring {
    /// Reads the keys of all accounts of `store`, and gives the view of its own; `standing` may do everything in the first
    /// account beside them.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    pub async fn open(store: Arc<dyn Store>, standing: Option<&Secret>, people: People) -> Result<Self, StoreError> {
        let mut keys = Rows::default();
        for account in store.accounts().await? {
            keys.extend(store.of(account.id).keys().await?);
        }
        let all = All {
            standing: standing.map(Secret::digest),
            keys: Announced::new(keys),
            changing: tokio::sync::Mutex::default(),
        };
        Ok(Self { store, people, all: Arc::new(all) })
    }

    /// The keys of `account`.
    pub fn of(&self, account: AccountId) -> Self {
        Self { store: self.store.of(account), people: self.people.of(account), all: Arc::clone(&self.all) }
    }

    /// Says when a key comes, goes or is changed, in whatever account.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.all.keys.changes()
    }

    /// Whether there is no key at all, in no account.
    pub fn is_empty(&self) -> bool {
        self.all.standing.is_none() && self.read().is_empty()
    }

    /// Whether there is neither key nor user, so that everything is open.
    pub fn is_open(&self) -> bool {
        self.is_empty() && self.people.is_empty()
    }

    /// What `text` is worth at `now`, in whatever account. Takes note that the key was used.
    pub async fn admit(&self, text: &str, now: Wall) -> Admission {
        let digest = Digest::of(text);
        if self.all.standing == Some(digest) {
            return Admission::Known { account: AccountId::FIRST, key: None, scopes: Scopes::of([Scope::Write]) };
        }
        let Some(key) = self.read().by_digest(digest).cloned() else { return Admission::Unknown };
        if let Some(at) = key.expires.filter(|at| *at <= now) {
            return Admission::Expired { at };
        }
        if key.used.is_none_or(|used| now.since(used) >= USED) {
            self.of(key.account).note_use(digest, key.id, now).await;
        }
        Admission::Known { account: key.account, key: Some(key.id), scopes: key.scopes }
    }

    /// All keys of the account by their number, without the standing one.
    pub fn all(&self) -> Vec<KeyRow> {
        let account = self.store.account();
        let mut keys: Vec<_> = self.read().all().filter(|key| key.account == account).cloned().collect();
        keys.sort_by_key(|key| key.id);
        keys
    }

    /// One key of the account.
    pub fn key(&self, id: i64) -> Option<KeyRow> {
        self.read().by_id(id).filter(|key| key.account == self.store.account()).cloned()
    }

    /// Makes a key. Its secret is given here and never again.
    ///
    /// # Errors
    /// [`KeyringError::Taken`] when another one has its name, [`KeyringError::First`] when it is the first and may not write.
    pub async fn create(
        &self,
        name: String,
        scopes: Scopes,
        expires: Option<Wall>,
        now: Wall,
    ) -> Result<(KeyRow, Secret), KeyringError> {
        let _one = self.all.changing.lock().await;
        if !self.is_standing() && self.all().is_empty() && !self.people.have_owner() && !scopes.allow(Scope::Write) {
            return Err(KeyringError::First);
        }
        if self.all().iter().any(|key| key.name == name) {
            return Err(KeyringError::Taken(name));
        }
        let secret = Secret::random().map_err(KeyringError::Random)?;
        let row = self.store.add_key(NewKey { name, digest: secret.digest(), scopes, expires }, now).await?;
        self.write().put(row.clone());
        Ok((row, secret))
    }

    /// Changes a key; its secret stays.
    ///
    /// # Errors
    /// [`KeyringError::Taken`] when another one has its new name, [`KeyringError::Last`] when nobody could change anything any
    /// more.
    pub async fn change(&self, id: i64, change: KeyChange, now: Wall) -> Result<KeyRow, KeyringError> {
        let _one = self.all.changing.lock().await;
        let keys = self.all();
        let key = keys.iter().find(|key| key.id == id).ok_or(KeyringError::Missing)?;
        let changed = change.apply(key);
        if keys.iter().any(|other| other.id != id && other.name == changed.name) {
            return Err(KeyringError::Taken(changed.name));
        }
        if !can_write(&changed, now) {
            self.not_the_last(&keys, key, now)?;
        }
        self.store.change_key(changed.clone()).await?;
        self.write().put(changed.clone());
        Ok(changed)
    }

    /// Deletes a key: from now on it is worth nothing.
    ///
    /// # Errors
    /// [`KeyringError::Last`] when nobody could change anything any more.
    pub async fn remove(&self, id: i64, now: Wall) -> Result<KeyRow, KeyringError> {
        let _one = self.all.changing.lock().await;
        let keys = self.all();
        let key = keys.iter().find(|key| key.id == id).cloned().ok_or(KeyringError::Missing)?;
        self.not_the_last(&keys, &key, now)?;
        self.store.remove_key(id).await?;
        self.write().retain(|other| other.id != id);
        Ok(key)
    }

    /// The account is gone from the store: its keys are worth nothing.
    pub async fn account_is_gone(&self) {
        let _one = self.all.changing.lock().await;
        let account = self.store.account();
        self.write().retain(|key| key.account != account);
    }

    /// Refuses that `key`, the only one of `keys` that may write, does so no more.
    fn not_the_last(&self, keys: &[KeyRow], key: &KeyRow, now: Wall) -> Result<(), KeyringError> {
        let is_last = can_write(key, now) && !keys.iter().any(|other| other.id != key.id && can_write(other, now));
        if is_last && !self.is_standing() && !self.people.have_owner() { Err(KeyringError::Last) } else { Ok(()) }
    }

    /// Whether the server was started with a key for this account.
    fn is_standing(&self) -> bool {
        self.all.standing.is_some() && self.store.account() == AccountId::FIRST
    }

    async fn note_use(&self, digest: Digest, id: i64, now: Wall) {
        // At hand first: of many requests at once only one writes.
        if let Some(key) = self.all.keys.note().by_digest_mut(digest) {
            key.used = Some(now);
        }
        if let Err(error) = self.store.key_used(id, now).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "cannot note that a key was used");
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Rows<KeyRow>> {
        self.all.keys.read()
    }

    fn write(&self) -> Changing<'_, Rows<KeyRow>> {
        self.all.keys.write()
    }
}

fn can_write(key: &KeyRow, now: Wall) -> bool {
    key.scopes.allow(Scope::Write) && key.expires.is_none_or(|at| at > now)
}
