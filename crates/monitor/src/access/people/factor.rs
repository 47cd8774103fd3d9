//! The second factor of users: begun, confirmed by a first code, asked for, taken away.

use std::net::IpAddr;
use std::time::Duration;

use allswell_core::{Mono, Now, Wall};
use secrecy::SecretString;

use super::{People, PeopleError};
use crate::access::second_factor::{recovery_codes, recovery_digest};
use crate::access::{Address, FactorSecret};
use crate::store::Factor;

/// Who begins has so long to confirm.
const PATIENCE: Duration = Duration::from_secs(600);

/// A second factor that nothing asks for yet.
pub(super) struct Begun {
    secret: FactorSecret,
    at: Mono,
}

impl People {
    /// Makes a secret for a user who shows that they know the password. Nothing is asked for until they confirm it.
    ///
    /// # Errors
    /// [`PeopleError::Refused`] when they do not, [`PeopleError::TooMany`] when they guess.
    pub async fn begin_factor(
        &self,
        user: i64,
        from: IpAddr,
        password: SecretString,
        now: Now,
    ) -> Result<(FactorSecret, Address), PeopleError> {
        self.prove(user, from, password, now).await?;
        let address = self.user(user).ok_or(PeopleError::Missing)?.user.address;
        let secret = FactorSecret::random().map_err(PeopleError::Random)?;
        let mut begun = self.begun();
        begun.retain(|_, begun| now.mono.since(begun.at) < PATIENCE);
        begun.insert(user, Begun { secret: secret.clone(), at: now.mono });
        Ok((secret, address))
    }

    /// Has signing in ask for codes from now on, and gives the codes on paper.
    ///
    /// # Errors
    /// [`PeopleError::CodeWrong`] when `code` is none of the secret that was made, [`PeopleError::NotBegun`] when none was.
    pub async fn confirm_factor(&self, user: i64, code: &str, now: Now) -> Result<Vec<String>, PeopleError> {
        let in_time = |begun: &&Begun| now.mono.since(begun.at) < PATIENCE;
        let secret = self.begun().get(&user).filter(in_time).map(|begun| begun.secret.clone());
        let secret = secret.ok_or(PeopleError::NotBegun)?;
        let step = secret.step_of(&without_spaces(code), now.wall).ok_or(PeopleError::CodeWrong)?;
        let codes = recovery_codes().map_err(PeopleError::Random)?;
        let recovery = codes.iter().map(|code| recovery_digest(code)).collect();
        if !self.store.set_factor(user, Some(Factor { secret, step, recovery })).await? {
            return Err(PeopleError::Missing);
        }
        self.begun().remove(&user);
        Ok(codes)
    }

    /// Has signing in ask a user for no code any more.
    ///
    /// # Errors
    /// [`PeopleError::Store`] when that cannot be written.
    pub async fn drop_factor(&self, user: i64) -> Result<(), PeopleError> {
        self.store.set_factor(user, None).await?;
        Ok(())
    }

    /// Looks at the code of a user whose password was right. No code is taken twice.
    pub(super) async fn check_factor(&self, user: i64, code: Option<&str>, now: Wall) -> Result<(), PeopleError> {
        let Some(factor) = self.store.factor(user).await? else { return Ok(()) };
        let code = code.map(without_spaces).filter(|code| !code.is_empty()).ok_or(PeopleError::CodeNeeded)?;
        let is_taken = match factor.secret.step_of(&code, now) {
            Some(step) => self.store.take_step(user, step).await?,
            None => self.store.take_recovery(user, recovery_digest(&code)).await?,
        };
        if is_taken { Ok(()) } else { Err(PeopleError::CodeWrong) }
    }
}

fn without_spaces(code: &str) -> String {
    code.split_whitespace().collect()
}
