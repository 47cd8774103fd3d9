//! Who is signed in: sessions begin, are used, and end.

use std::net::IpAddr;
use std::time::Duration;

use allswell_core::{Now, Wall};

use super::{LIFETIME, People, PeopleError, SignIn, SignedIn, Visitor};
use crate::access::{Digest, Secret};
use crate::store::{NewSession, SessionRow, UserRow, Which};

/// That a session was used is written down at most so often.
const USED: Duration = Duration::from_secs(60);
/// One who signs in more often than this signs the oldest session out.
pub(super) const SESSIONS_MAX: usize = 100;
/// So much of what a browser says of itself is kept.
const AGENT_CHARACTERS_MAX: usize = 200;

impl People {
    /// Signs somebody in, to the account that they belong to.
    ///
    /// # Errors
    /// [`PeopleError::Refused`] when address or password are wrong, [`PeopleError::CodeNeeded`] and [`PeopleError::CodeWrong`]
    /// where there is a second factor, [`PeopleError::TooMany`] when something was wrong too often.
    pub async fn sign_in(&self, attempt: SignIn, now: Now) -> Result<SignedIn, PeopleError> {
        let SignIn { address, password, code, from, agent } = attempt;
        let user = self.by_address(&address);
        let proof = async {
            self.is_it(user.as_ref(), password).await?;
            let user = user.as_ref().ok_or(PeopleError::Refused)?;
            self.of(user.account).check_factor(user.id, code.as_deref(), now.wall).await
        };
        self.counted(from, &address, now, proof).await?;
        let user = user.ok_or(PeopleError::Refused)?;
        self.of(user.account).begin(user, from, &agent, now.wall).await
    }

    /// Begins a session of `user`, one of the account, whose password was looked at.
    ///
    /// # Errors
    /// [`PeopleError::Refused`] when the password was changed meanwhile.
    pub async fn begin(&self, user: UserRow, from: IpAddr, agent: &str, now: Wall) -> Result<SignedIn, PeopleError> {
        let _one = self.all.changing.lock().await;
        // A password that was changed while we looked at it would begin a session that the change should have ended.
        let user =
            self.user(user.id).filter(|row| row.user.password == user.user.password).ok_or(PeopleError::Refused)?;
        let secret = Secret::random().map_err(PeopleError::Random)?;
        let session = NewSession {
            user: user.id,
            digest: secret.digest(),
            from: from.to_canonical().to_string(),
            agent: agent.chars().filter(|c| !c.is_control()).take(AGENT_CHARACTERS_MAX).collect(),
        };
        let session = self.store.add_session(session, LIFETIME, now).await?;
        self.write().sessions.put(session.clone());
        self.end_the_oldest(user.id, now).await?;
        Ok(SignedIn { user, session, secret })
    }

    async fn end_the_oldest(&self, user: i64, now: Wall) -> Result<(), PeopleError> {
        let sessions = self.sessions_of(user, now);
        if sessions.len() > SESSIONS_MAX {
            let oldest = sessions.iter().min_by_key(|row| (row.used, row.id)).expect("there are many");
            self.end_unlocked(user, Which::One(oldest.id)).await?;
        }
        Ok(())
    }

    /// Who shows `text`, if anybody of whatever account does who is signed in. Takes note that the session was used.
    pub async fn admit(&self, text: &str, now: Wall) -> Option<Visitor> {
        let digest = Digest::of(text);
        let (visitor, used) = {
            let known = self.read();
            let row = known.sessions.by_digest(digest).filter(|row| !row.is_over(LIFETIME, now))?;
            let user = known.users.get(&row.session.user)?;
            (Visitor { account: user.account, user: user.id, session: row.id, role: user.user.role }, row.used)
        };
        if now.since(used) >= USED {
            self.of(visitor.account).note_use(digest, visitor.session, now).await;
        }
        Some(visitor)
    }

    async fn note_use(&self, digest: Digest, id: i64, now: Wall) {
        // At hand first: of many requests at once only one writes.
        if let Some(row) = self.all.known.note().sessions.by_digest_mut(digest) {
            row.used = now;
        }
        if let Err(error) = self.store.session_used(id, now).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "cannot note that a session was used");
        }
    }

    /// The sessions of a user that are not over, the one that was used last first.
    pub fn sessions_of(&self, user: i64, now: Wall) -> Vec<SessionRow> {
        if self.user(user).is_none() {
            return Vec::new();
        }
        let known = self.read();
        let is_meant = |row: &&SessionRow| row.session.user == user && !row.is_over(LIFETIME, now);
        let mut rows: Vec<_> = known.sessions.all().filter(is_meant).cloned().collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.used, row.id)));
        rows
    }

    /// A session of a user that is not over.
    pub fn session(&self, user: i64, id: i64, now: Wall) -> Option<SessionRow> {
        self.user(user)?;
        let known = self.read();
        let row = known.sessions.by_id(id)?;
        (row.session.user == user && !row.is_over(LIFETIME, now)).then(|| row.clone())
    }

    /// Ends sessions of a user and says how many there were.
    ///
    /// # Errors
    /// [`PeopleError::Store`] when that cannot be written; then they go on.
    pub async fn end(&self, user: i64, which: Which) -> Result<usize, PeopleError> {
        let _one = self.all.changing.lock().await;
        self.end_unlocked(user, which).await
    }

    async fn end_unlocked(&self, user: i64, which: Which) -> Result<usize, PeopleError> {
        if self.user(user).is_none() {
            return Ok(0);
        }
        let ended = self.store.end_sessions(user, which).await?;
        self.write().end(user, which);
        Ok(ended)
    }
}
