//! Users and their sessions, as the store keeps them.

use std::time::Duration;

use allswell_core::Wall;
use async_trait::async_trait;

use super::StoreError;
use crate::access::{Address, Digest, FactorSecret, Kept, Role};
use crate::model::AccountId;

/// A user that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// By which the user is known; no two of one server have the same.
    pub address: Address,
    /// What people call them.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// What is known of the password.
    pub password: Kept,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// Their number, never given again.
    pub id: i64,
    /// The account they belong to, for good.
    pub account: AccountId,
    /// Who they are.
    pub user: NewUser,
    /// Since when they are one.
    pub created: Wall,
}

/// A session that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// Whose.
    pub user: i64,
    /// What is known of the text that the browser shows.
    pub digest: Digest,
    /// From where it was begun: an IP address.
    pub from: String,
    /// What the browser said of itself.
    pub agent: String,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Its number, never given again.
    pub id: i64,
    /// What it is.
    pub session: NewSession,
    /// When it began.
    pub began: Wall,
    /// When it was used last, give or take a minute.
    pub used: Wall,
}

/// How long a session without an end of its own lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// So long after it was used last.
    pub idle: Duration,
    /// So long after it began.
    pub whole: Duration,
}

impl SessionRow {
    /// Whether it is over at `now`.
    pub fn is_over(&self, lifetime: Lifetime, now: Wall) -> bool {
        now.since(self.used) >= lifetime.idle || now.since(self.began) >= lifetime.whole
    }
}

/// Which sessions of a user are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// All but this one.
    But(i64),
    /// This one.
    One(i64),
}

/// The second factor of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// What the user's app knows too.
    pub secret: FactorSecret,
    /// The half minute, counted from 1970, whose code was taken last: none is taken twice.
    pub step: i64,
    /// What is known of the codes on paper that were not used yet.
    pub recovery: Vec<Digest>,
}

/// An invitation that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewInvitation {
    /// Who is asked in.
    pub address: Address,
    /// What they may do.
    pub role: Role,
    /// What is known of the text that the link holds.
    pub digest: Digest,
    /// From when on it is good no more.
    pub expires: Wall,
}

/// An invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationRow {
    /// Its number, never given again.
    pub id: i64,
    /// What it is.
    pub invitation: NewInvitation,
    /// When it was made.
    pub made: Wall,
}

/// A way to a new password that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReset {
    /// Whose.
    pub user: i64,
    /// What is known of the text that the link holds.
    pub digest: Digest,
    /// From when on it is good no more.
    pub expires: Wall,
}

/// The part of the store that knows the people of an account.
#[async_trait]
pub trait PeopleStore: Send + Sync {
    /// All users by their number.
    async fn users(&self) -> Result<Vec<UserRow>, StoreError>;

    /// Writes a user and returns it with its number; an invitation of theirs goes. An address that is taken is an error.
    async fn add_user(&self, user: NewUser, now: Wall) -> Result<UserRow, StoreError>;

    /// Writes a user's name and role; `false` when there is none.
    async fn change_user(&self, id: i64, name: String, role: Role) -> Result<bool, StoreError>;

    /// Writes a user's password and ends `ended` of the sessions, together; `false` when there is no such user.
    async fn set_password(&self, id: i64, password: Kept, ended: Which) -> Result<bool, StoreError>;

    /// Deletes a user with all sessions; `false` when there is none.
    async fn remove_user(&self, id: i64) -> Result<bool, StoreError>;

    /// All sessions by their number, also those that are over.
    async fn sessions(&self) -> Result<Vec<SessionRow>, StoreError>;

    /// Writes a session and returns it with its number. Deletes those of all users that are over by `lifetime`.
    async fn add_session(&self, session: NewSession, lifetime: Lifetime, now: Wall) -> Result<SessionRow, StoreError>;

    /// Takes note that a session was used.
    async fn session_used(&self, id: i64, at: Wall) -> Result<(), StoreError>;

    /// Deletes sessions of a user and says how many there were.
    async fn end_sessions(&self, user: i64, which: Which) -> Result<usize, StoreError>;

    /// The numbers of the users who have a second factor.
    async fn with_factor(&self) -> Result<Vec<i64>, StoreError>;

    /// The second factor of a user.
    async fn factor(&self, user: i64) -> Result<Option<Factor>, StoreError>;

    /// Writes the second factor of a user in the place of the one before; `None` takes it away. `false` when there is no such
    /// user, or was nothing to take away.
    async fn set_factor(&self, user: i64, factor: Option<Factor>) -> Result<bool, StoreError>;

    /// Takes the code of a half minute, durably; `false` when one of it or of a later one was taken before.
    async fn take_step(&self, user: i64, step: i64) -> Result<bool, StoreError>;

    /// Takes a code on paper, durably; `false` when there is none like it, or it was taken before.
    async fn take_recovery(&self, user: i64, digest: Digest) -> Result<bool, StoreError>;

    /// All invitations by their number, also those that are over.
    async fn invitations(&self) -> Result<Vec<InvitationRow>, StoreError>;

    /// Writes an invitation in the place of an earlier one to the same address. Deletes those that are over.
    async fn invite(&self, invitation: NewInvitation, now: Wall) -> Result<InvitationRow, StoreError>;

    /// Deletes an invitation; `false` when there is none.
    async fn remove_invitation(&self, id: i64) -> Result<bool, StoreError>;

    /// Writes a way to a new password in the place of an earlier one of the same user; another password by another way takes it
    /// away. `false` when there is no such user.
    async fn add_reset(&self, reset: NewReset, now: Wall) -> Result<bool, StoreError>;

    /// The user of whatever account who may choose a new password with what `digest` is of.
    async fn whose_reset(&self, digest: Digest, now: Wall) -> Result<Option<(AccountId, i64)>, StoreError>;

    /// Takes a way to a new password, writes the password and ends all sessions of `user`, together; `false` when it is not good.
    async fn reset_password(&self, digest: Digest, user: i64, password: Kept, now: Wall) -> Result<bool, StoreError>;
}
