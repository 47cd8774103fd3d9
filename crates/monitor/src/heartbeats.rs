//! Who may call which heartbeat, and the way of a call to the engine.
//!
//! A token belongs to a monitor's name. Where none is configured it is made of the name and a key that the data directory keeps,
//! so that it is the same after a restart and nowhere written down.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use allswell_core::Wall;
use allswell_core::heartbeat::Beat;
use allswell_probe::heartbeat::Awaited;
use hmac::Mac as _;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::model::{AccountId, MonitorId};
use crate::secret_key::{KeyFile, SecretKey};

/// How many calls may wait for the engine.
const CALLS_MAX: usize = 65_536;

/// A call that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Whose heartbeat it is.
    pub monitor: MonitorId,
    /// What it says.
    pub beat: Beat,
    /// The exit code of the job.
    pub exit: Option<u8>,
    /// Tells runs apart that overlap; 0 when it does not say.
    pub run: u128,
    /// When it came in.
    pub at: Wall,
    /// The beginning of what the job said.
    pub body: String,
}

/// A call could not be handed on: too many wait already, or the server is stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

/// The doors of all heartbeats. Tokens are kept as digests: a comparison tells nothing about how near a guess is.
pub struct Heartbeats {
    key: TokenKey,
    doors: RwLock<HashMap<Token, MonitorId>>,
    calls: mpsc::Sender<Call>,
}

impl Heartbeats {
    /// Doors that nobody may enter yet, and where calls come out. Tokens are made with `key`.
    pub fn new(key: TokenKey) -> (Self, mpsc::Receiver<Call>) {
        let (calls, out) = mpsc::channel(CALLS_MAX);
        (Self { key, doors: RwLock::default(), calls }, out)
    }

    /// The token of the heartbeat `name`.
    pub fn token(&self, name: &str, awaited: &Awaited) -> SecretString {
        self.key.token(name, awaited)
    }

    /// Whose heartbeat may be called with `token`.
    pub fn whose(&self, token: Token) -> Option<MonitorId> {
        self.doors.read().unwrap_or_else(PoisonError::into_inner).get(&token).copied()
    }

    /// Hands a call on to the engine.
    ///
    /// # Errors
    /// [`Busy`] when it cannot be handed on now.
    pub fn call(&self, call: Call) -> Result<(), Busy> {
        self.calls.try_send(call).map_err(|_| Busy)
    }

    /// Opens these doors and closes all others.
    pub fn open(&self, doors: impl IntoIterator<Item = (SecretString, MonitorId)>) {
        let doors = doors.into_iter().map(|(token, monitor)| (Token::of(token.expose_secret()), monitor)).collect();
        *self.doors.write().unwrap_or_else(PoisonError::into_inner) = doors;
    }

    /// Closes the doors of the monitors in `changed`, and opens these.
    pub(crate) fn change(&self, changed: &[MonitorId], opened: Vec<(SecretString, MonitorId)>) {
        let mut doors = self.doors.write().unwrap_or_else(PoisonError::into_inner);
        let changed: HashSet<_> = changed.iter().collect();
        doors.retain(|_, monitor| !changed.contains(monitor));
        doors.extend(opened.into_iter().map(|(token, monitor)| (Token::of(token.expose_secret()), monitor)));
    }
}

/// What is known of a token: its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token([u8; 32]);

impl Token {
    /// Of the text that a caller shows.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }
}

/// The key that the tokens of an account are made with.
#[derive(Clone)]
pub struct TokenKey {
    key: SecretKey,
    account: AccountId,
}

impl TokenKey {
    /// Reads the key of a data directory; makes one when there is none. It makes the tokens of the first account.
    ///
    /// # Errors
    /// The system's, when the file can neither be read nor written, or is no key.
    pub fn of(data: &Path) -> io::Result<Self> {
        SecretKey::of(data, KeyFile::Heartbeats).map(|key| Self { key, account: AccountId::FIRST })
    }

    /// The same key, making the tokens of `account`: two of the same name in two accounts have two tokens.
    #[must_use]
    pub fn of_account(&self, account: AccountId) -> Self {
        Self { account, ..self.clone() }
    }

    /// The token of the heartbeat `name`: the one that is configured, else the one that follows from key and name.
    pub fn token(&self, name: &str, awaited: &Awaited) -> SecretString {
        if let Some(token) = &awaited.token {
            return token.clone();
        }
        let mac = match self.account {
            AccountId::FIRST => self.key.plain_mac(&format!("heartbeat:{name}")),
            AccountId(number) => self.key.mac(&["heartbeat", &number.to_string(), name]),
        };
        let bytes = mac.finalize().into_bytes();
        bytes[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
    }
}
