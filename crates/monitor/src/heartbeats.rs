//! Who may call which heartbeat, and the way of a call to the engine.
//!
//! A token belongs to a monitor's name. Where none is configured it is made of the name and a key that the data directory keeps,
//! so that it is the same after a restart and nowhere written down.

use std::collections::{HashMap, HashSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use allswell_core::Wall;
use allswell_core::heartbeat::Beat;
use allswell_probe::heartbeat::Awaited;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::model::MonitorId;

/// How many calls may wait for the engine.
const CALLS_MAX: usize = 65_536;
/// Where the key lies below the data directory.
const KEY_FILE: &str = "heartbeat.key";
const KEY_BYTES: usize = 32;

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
#[derive(Debug)]
pub struct Heartbeats {
    doors: RwLock<HashMap<[u8; 32], MonitorId>>,
    calls: mpsc::Sender<Call>,
}

impl Heartbeats {
    /// Doors that nobody may enter yet, and where calls come out.
    pub fn new() -> (Self, mpsc::Receiver<Call>) {
        let (calls, out) = mpsc::channel(CALLS_MAX);
        (Self { doors: RwLock::default(), calls }, out)
    }

    /// Whose heartbeat may be called with `token`.
    pub fn whose(&self, token: &str) -> Option<MonitorId> {
        self.doors.read().unwrap_or_else(PoisonError::into_inner).get(&digest(token)).copied()
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
        let doors = doors.into_iter().map(|(token, monitor)| (digest(token.expose_secret()), monitor)).collect();
        *self.doors.write().unwrap_or_else(PoisonError::into_inner) = doors;
    }

    /// Closes the doors of the monitors in `changed`, and opens these.
    pub(crate) fn change(&self, changed: &[MonitorId], opened: Vec<(SecretString, MonitorId)>) {
        let mut doors = self.doors.write().unwrap_or_else(PoisonError::into_inner);
        let changed: HashSet<_> = changed.iter().collect();
        doors.retain(|_, monitor| !changed.contains(monitor));
        doors.extend(opened.into_iter().map(|(token, monitor)| (digest(token.expose_secret()), monitor)));
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// The key that tokens are made with.
pub struct TokenKey([u8; KEY_BYTES]);

impl TokenKey {
    /// Reads the key of a data directory; makes one when there is none.
    ///
    /// # Errors
    /// The system's, when the file can neither be read nor written, or is no key.
    pub fn of(data: &Path) -> io::Result<Self> {
        let path = data.join(KEY_FILE);
        match fs::read(&path) {
            Ok(bytes) => {
                bytes.try_into().map(Self).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is no key"))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(&path),
            Err(error) => Err(error),
        }
    }

    fn make(path: &Path) -> io::Result<Self> {
        let mut key = [0; KEY_BYTES];
        io::Read::read_exact(&mut fs::File::open("/dev/urandom")?, &mut key)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(&key)?;
        file.sync_all()?;
        Ok(Self(key))
    }

    /// The token of the heartbeat `name`: the one that is configured, else the one that follows from key and name.
    pub fn token(&self, name: &str, awaited: &Awaited) -> SecretString {
        if let Some(token) = &awaited.token {
            return token.clone();
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any length will do");
        mac.update(b"heartbeat:");
        mac.update(name.as_bytes());
        let bytes = mac.finalize().into_bytes();
        bytes[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
    }
}
