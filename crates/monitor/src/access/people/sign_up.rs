//! An account of one's own: for who has an address, by a link that is good once.

use std::time::Duration;

use allswell_core::Wall;
use secrecy::{ExposeSecret as _, SecretString};

use super::{People, PeopleError, name_of};
use crate::access::{Address, Digest, Password, Role, Secret};
use crate::store::{AccountRow, NewAccount, NewSignUp, NewUser, UserRow};

/// So long a link is good.
const GOOD_FOR: Duration = Duration::from_secs(86_400);

/// A way to an account of one's own.
#[derive(Debug)]
pub struct WayIn {
    /// What the link must hold; it is nowhere written down.
    pub secret: Secret,
    /// From when on it is good no more.
    pub expires: Wall,
    /// Whether somebody has the address: then the link leads nowhere, and they are told where to sign in.
    pub is_known: bool,
}

/// Somebody who makes an account.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// What the link holds.
    pub token: SecretString,
    /// The password they choose.
    pub password: SecretString,
    /// What people call them; what stands before the `@` when nothing is said.
    pub name: Option<String>,
    /// What the account is called; the address when nothing is said.
    pub account: Option<String>,
}

impl People {
    /// Makes a way to an account for `address`, in the place of an earlier one.
    ///
    /// # Errors
    /// [`PeopleError::Store`] when it cannot be written.
    pub async fn wants_account(&self, address: Address, now: Wall) -> Result<WayIn, PeopleError> {
        let secret = Secret::random().map_err(PeopleError::Random)?;
        let expires = now + GOOD_FOR;
        let _one = self.all.changing.lock().await;
        let is_known = self.by_address(&address).is_some();
        if !is_known {
            self.store.add_sign_up(NewSignUp { address, digest: secret.digest(), expires }, now).await?;
        }
        Ok(WayIn { secret, expires, is_known })
    }

    /// Who may make an account with `token`.
    ///
    /// # Errors
    /// [`PeopleError::NotSigningUp`] when it is not good.
    pub async fn signing_up(&self, token: &str, now: Wall) -> Result<Address, PeopleError> {
        self.store.whose_sign_up(Digest::of(token), now).await?.ok_or(PeopleError::NotSigningUp)
    }

    /// Makes the account of whoever has the token, kept by `plan`, and its owner. The token is good no more.
    ///
    /// # Errors
    /// [`PeopleError::NotSigningUp`] when it is not good, [`PeopleError::NotAPassword`] when the password will not do; then the
    /// token stays as good as it was.
    pub async fn sign_up(&self, wanted: SignUp, plan: String, now: Wall) -> Result<(AccountRow, UserRow), PeopleError> {
        let SignUp { token, password, name, account } = wanted;
        let address = self.signing_up(token.expose_secret(), now).await?;
        let password = self.all.passwords.keep(Password::chosen(&password, &address)?).await?;
        let _one = self.all.changing.lock().await;
        let name = name.unwrap_or_else(|| name_of(&address));
        let account = account.unwrap_or_else(|| address.to_string());
        let owner = NewUser { address, name, role: Role::Owner, password };
        let account = NewAccount { name: account, plan: Some(plan), owner };
        // Two who come with the same link: the second one finds none.
        let made = self.store.sign_up(Digest::of(token.expose_secret()), account, now).await?;
        let (account, owner) = made.ok_or(PeopleError::NotSigningUp)?;
        self.write().users.insert(owner.id, owner.clone());
        Ok((account, owner))
    }
}
