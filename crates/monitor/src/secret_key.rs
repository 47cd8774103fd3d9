//! Keys that a data directory keeps, made at the first start: what is signed with one is known again after a restart, and the
//! key is nowhere else.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const BYTES: usize = 32;

/// The keys that a data directory keeps. A backup takes them all: what one of them signed is worth nothing under another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFile {
    /// Of the addresses at which jobs call in.
    Heartbeats,
    /// Of the links in messages.
    Links,
    /// Of who was let into a status page, and of its subscribers' links.
    StatusPages,
}

impl KeyFile {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Heartbeats, Self::Links, Self::StatusPages];

    /// The name of its file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Heartbeats => "heartbeat.key",
            Self::Links => "links.key",
            Self::StatusPages => "status-pages.key",
        }
    }
}

/// A key of 256 bits for HMAC-SHA256.
#[derive(Clone)]
pub struct SecretKey([u8; BYTES]);

impl SecretKey {
    /// Reads the key in a file of a data directory; makes one when there is none.
    ///
    /// # Errors
    /// The system's, when the file can neither be read nor written, or is no key.
    pub fn of(data: &Path, file: KeyFile) -> io::Result<Self> {
        let path = data.join(file.name());
        match fs::read(&path) {
            Ok(bytes) => {
                bytes.try_into().map(Self).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is no key"))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(&path),
            Err(error) => Err(error),
        }
    }

    fn make(path: &Path) -> io::Result<Self> {
        let mut key = [0; BYTES];
        io::Read::read_exact(&mut fs::File::open("/dev/urandom")?, &mut key)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(&key)?;
        file.sync_all()?;
        Ok(Self(key))
    }

    /// A key that everybody knows.
    #[cfg(test)]
    pub const fn for_tests() -> Self {
        Self([7; BYTES])
    }

    /// What the key makes of `parts`. Their lengths count, so no two lists of parts give the same but by chance.
    pub fn mac(&self, parts: &[&str]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any length will do");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac
    }

    /// Eight letters and digits that tell who has this key from who has another, and nothing of the key.
    pub fn mark(&self) -> String {
        let mac = self.mac(&["mark"]).finalize().into_bytes();
        mac.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }

    /// What the key makes of one text, as heartbeats' tokens are made.
    pub fn plain_mac(&self, text: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any length will do");
        mac.update(text.as_bytes());
        mac
    }
}
