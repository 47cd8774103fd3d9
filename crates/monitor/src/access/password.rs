//! Passwords: what may be one, what is kept of it, and the slow work between the two.
//!
//! Argon2id with the numbers that OWASP's "Password Storage Cheat Sheet" gives first for it: 19 MiB, two passes, one lane. The
//! work goes off the threads that answer requests, a little of it at a time, and what would have to wait too long is refused.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

/// KiB of memory that one guess takes.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// So many are worked on at the same time.
const AT_ONCE: usize = 2;
/// So many may be worked on or wait; at 50 ms each the last one waits less than a second.
const WAITING_MAX: usize = 32;
/// What is shorter is guessed; what is longer is no password but an attempt to keep us busy.
const CHARACTERS: std::ops::RangeInclusive<usize> = 12..=256;
const SALT_BYTES: usize = 16;

/// A password as somebody typed it, long enough to be one.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

/// A text that cannot be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPassword {
    /// It has too few characters, or too many.
    #[error("a password has {} to {} characters", CHARACTERS.start(), CHARACTERS.end())]
    Length,
    /// Whoever knows the address would try it first.
    #[error("the password is the mail address")]
    Address,
}

impl Password {
    /// A password that the user with `address` chooses.
    ///
    /// # Errors
    /// [`NotAPassword`] says why it will not do.
    pub fn chosen(text: &SecretString, address: &super::Address) -> Result<Self, NotAPassword> {
        let characters = text.expose_secret().chars().count();
        if !CHARACTERS.contains(&characters) {
            return Err(NotAPassword::Length);
        }
        if text.expose_secret().to_lowercase() == address.as_str() {
            return Err(NotAPassword::Address);
        }
        Ok(Self(text.clone()))
    }
}

/// What is kept of a password: an Argon2id hash in PHC form.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept(pub String);

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept(***)")
    }
}

/// Why a password could not be worked on.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many wait already.
    #[error("too many passwords are being looked at")]
    Busy,
    /// The system has no random numbers, or no memory.
    #[error("cannot work on a password")]
    System(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Does the slow work, a little of it at a time.
#[derive(Clone, Debug)]
pub struct Passwords {
    working: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    params: Params,
}

impl Default for Passwords {
    fn default() -> Self {
        Self::with(Params::new(MEMORY_KIB, PASSES, LANES, None).expect("numbers that Argon2 knows"))
    }
}

impl Passwords {
    fn with(params: Params) -> Self {
        Self { working: Arc::new(Semaphore::new(AT_ONCE)), waiting: Arc::new(Semaphore::new(WAITING_MAX)), params }
    }

    /// The least work there is, which keeps nobody from guessing: for tests, which sign in a thousand times.
    pub fn for_tests() -> Self {
        Self::with(Params::new(Params::MIN_M_COST, 1, 1, None).expect("numbers that Argon2 knows"))
    }

    /// What is kept of `password`.
    ///
    /// # Errors
    /// [`PasswordError`] when it could not be worked on.
    pub async fn keep(&self, password: Password) -> Result<Kept, PasswordError> {
        self.work(move |argon2| {
            let mut salt = [0; SALT_BYTES];
            File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut salt)).map_err(system)?;
            let hash: PasswordHash =
                argon2.hash_password_with_salt(password.0.expose_secret().as_bytes(), &salt).map_err(system)?;
            Ok(Kept(hash.to_string()))
        })
        .await
    }

    /// Whether `password` is the one that `kept` was made of. Without `kept` the same work is done, so that nobody learns from
    /// the time it takes that there is no such user.
    ///
    /// # Errors
    /// [`PasswordError`] when it could not be worked on.
    pub async fn is_it(&self, password: SecretString, kept: Option<Kept>) -> Result<bool, PasswordError> {
        self.work(move |argon2| {
            let password = password.expose_secret().as_bytes();
            let Some(kept) = kept else {
                let _: PasswordHash = argon2.hash_password_with_salt(password, &[0; SALT_BYTES]).map_err(system)?;
                return Ok(false);
            };
            // The numbers are those that stand in `kept`.
            let hash = PasswordHash::new(&kept.0).map_err(system)?;
            Ok(argon2.verify_password(password, &hash).is_ok())
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'_>) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _waits = self.waiting.try_acquire().map_err(|_| PasswordError::Busy)?;
        // Goes with the work, so that one whose asker went away counts until it is done.
        let works = Arc::clone(&self.working).acquire_owned().await.map_err(|_| PasswordError::Busy)?;
        let params = self.params.clone();
        let done = tokio::task::spawn_blocking(move || {
            let _works = works;
            work(&Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
        });
        done.await.map_err(system)?
    }
}

fn system(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> PasswordError {
    PasswordError::System(error.into())
}

impl From<io::Error> for PasswordError {
    fn from(error: io::Error) -> Self {
        system(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Address;

    fn ada() -> Address {
        Address::new("ada.lovelace@example.com").expect("an address")
    }

    fn chosen(text: &str) -> Result<Password, NotAPassword> {
        Password::chosen(&text.to_owned().into(), &ada())
    }

    #[test]
    fn what_is_guessed_first_or_cannot_be_meant_is_no_password() {
        assert!(chosen("correct horse").is_ok() && chosen("  пароль мой  ").is_ok());
        assert_eq!(chosen("eleven char").err(), Some(NotAPassword::Length));
        assert_eq!(chosen(&"x".repeat(257)).err(), Some(NotAPassword::Length));
        assert_eq!(chosen("Ada.Lovelace@example.com").err(), Some(NotAPassword::Address));
    }

    #[tokio::test]
    async fn a_password_is_known_again_and_kept_as_argon2id_with_a_salt_of_its_own() {
        let passwords = Passwords::default();
        let password = chosen("correct horse battery").expect("a password");
        let (one, two) = (passwords.keep(password.clone()).await.unwrap(), passwords.keep(password).await.unwrap());
        assert_ne!(one, two);
        assert!(one.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", one.0);
        assert!(!format!("{one:?}").contains("argon2"));
        for (text, is_it) in [("correct horse battery", true), ("correct horse batterz", false), ("", false)] {
            assert_eq!(passwords.is_it(text.to_owned().into(), Some(one.clone())).await.unwrap(), is_it, "{text}");
        }
        assert!(!passwords.is_it("correct horse battery".to_owned().into(), None).await.unwrap());
    }

    #[tokio::test]
    async fn who_would_wait_too_long_is_sent_away() {
        let passwords = Passwords::for_tests();
        let _all = Arc::clone(&passwords.working).acquire_many_owned(AT_ONCE as u32).await.expect("open");
        let asking: Vec<_> = (0..WAITING_MAX).map(|_| Box::pin(passwords.is_it("x".to_owned().into(), None))).collect();
        let mut asking = futures_util::future::join_all(asking);
        assert!(futures_util::poll!(&mut asking).is_pending());
        assert!(matches!(passwords.is_it("x".to_owned().into(), None).await, Err(PasswordError::Busy)));
        drop(asking);
        assert!(passwords.waiting.available_permits() == WAITING_MAX);
    }
}
