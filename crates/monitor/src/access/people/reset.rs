//! A new password for who has lost theirs: by a link that is good once, and only at the address of the user.

use std::time::Duration;

use allswell_core::Wall;
use secrecy::{ExposeSecret as _, SecretString};

use super::{People, PeopleError};
use crate::access::{Address, Digest, Password, Secret};
use crate::store::{NewReset, UserRow, Which};

/// So long a link is good.
const GOOD_FOR: Duration = Duration::from_secs(3_600);

/// A way to a new password.
#[derive(Debug)]
pub struct Reset {
    /// What the link must hold; it is nowhere written down.
    pub secret: Secret,
    /// From when on it is good no more.
    pub expires: Wall,
}

impl People {
    /// Makes a way to a new password for the user with `address`, in the place of an earlier one; `None` when nobody has it.
    ///
    /// # Errors
    /// [`PeopleError::Store`] when it cannot be written.
    pub async fn forgot(&self, address: &Address, now: Wall) -> Result<Option<Reset>, PeopleError> {
        let Some(user) = self.by_address(address) else { return Ok(None) };
        let secret = Secret::random().map_err(PeopleError::Random)?;
        let expires = now + GOOD_FOR;
        let reset = NewReset { user: user.id, digest: secret.digest(), expires };
        let is_kept = self.of(user.account).store.add_reset(reset, now).await?;
        Ok(is_kept.then_some(Reset { secret, expires }))
    }

    /// Who may choose a new password with `token`.
    ///
    /// # Errors
    /// [`PeopleError::NotReset`] when it is not good.
    pub async fn resetting(&self, token: &str, now: Wall) -> Result<UserRow, PeopleError> {
        let whose = self.store.whose_reset(Digest::of(token), now).await?;
        let user = whose.and_then(|(account, user)| self.of(account).user(user));
        user.ok_or(PeopleError::NotReset)
    }

    /// Gives whoever has `token` a new password, and signs them out everywhere. The token is good no more.
    ///
    /// # Errors
    /// [`PeopleError::NotReset`] when it is not good, [`PeopleError::NotAPassword`] when the password will not do; then the token
    /// stays as good as it was.
    pub async fn reset(&self, token: &SecretString, new: &SecretString, now: Wall) -> Result<(), PeopleError> {
        let user = self.resetting(token.expose_secret(), now).await?;
        let kept = self.all.passwords.keep(Password::chosen(new, &user.user.address)?).await?;
        let people = self.of(user.account);
        let _one = people.all.changing.lock().await;
        let digest = Digest::of(token.expose_secret());
        // Two who come with the same link: the second one finds none.
        if !people.store.reset_password(digest, user.id, kept.clone(), now).await? {
            return Err(PeopleError::NotReset);
        }
        let mut known = people.write();
        if let Some(row) = known.users.get_mut(&user.id) {
            row.user.password = kept;
        }
        known.end(user.id, Which::All);
        Ok(())
    }
}
