//! The text of a key, and the digest under which it is known.

use std::fs::File;
use std::io::{self, Read as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};

/// What every key begins with, so that people and scanners know one when they see it.
const PREFIX: &str = "aw_";
const RANDOM_BYTES: usize = 32;
/// What is shorter can be guessed; what is longer does not fit into a header.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=512;

/// A key as its owner has it.
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

/// A text that cannot be a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key has {} to {} characters, letters, digits and punctuation, no spaces; `head -c 32 /dev/urandom | base64` makes one", LENGTHS.start(), LENGTHS.end())]
pub struct NotAKey;

impl Secret {
    /// A new one, of 256 random bits.
    ///
    /// # Errors
    /// The system's, when it has no random numbers.
    pub fn random() -> io::Result<Self> {
        let mut bytes = [0; RANDOM_BYTES];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        Ok(Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)).into()))
    }

    /// One that was made elsewhere.
    ///
    /// # Errors
    /// [`NotAKey`] when it is too short, too long, or does not fit into a header.
    pub fn given(text: &str) -> Result<Self, NotAKey> {
        let text = text.trim();
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_plain && LENGTHS.contains(&text.len()) { Ok(Self(text.into())) } else { Err(NotAKey) }
    }

    /// The text, for its owner.
    pub fn text(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is kept of it.
    pub fn digest(&self) -> Digest {
        Digest::of(self.text())
    }
}

/// The SHA-256 of a key. A key is random, so that no slow hash is needed to keep it from being guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Of a key's text.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_long_never_the_same_and_never_shown_by_accident() {
        let (one, two) = (Secret::random().expect("random numbers"), Secret::random().expect("random numbers"));
        assert_ne!(one.digest(), two.digest());
        assert!(one.text().starts_with("aw_") && one.text().len() == 46, "{}", one.text());
        assert!(!format!("{one:?}").contains(one.text()));
        assert_eq!(Secret::given(&format!(" {}\n", one.text())).expect("a key").digest(), one.digest());
    }

    #[test]
    fn what_can_be_guessed_or_cannot_be_sent_is_no_key() {
        for wrong in
            ["", "password", "a key with spaces in it, long enough", &"x".repeat(513), "ümläutümläutümläutümläut"]
        {
            assert_eq!(Secret::given(wrong).err(), Some(NotAKey), "{wrong}");
        }
    }
}
