//! Users and sessions in `main.db`.

use allswell_core::Wall;
use async_trait::async_trait;

use super::{SqliteStore, main};
use crate::access::{Digest, Kept, Role};
use crate::model::AccountId;
use crate::store::{
    Factor, InvitationRow, Lifetime, NewInvitation, NewReset, NewSession, NewUser, PeopleStore, SessionRow, StoreError,
    UserRow, Which,
};

#[async_trait]
impl PeopleStore for SqliteStore {
    async fn users(&self) -> Result<Vec<UserRow>, StoreError> {
        self.read("read the users", main::users).await
    }

    async fn add_user(&self, user: NewUser, now: Wall) -> Result<UserRow, StoreError> {
        self.write("write a user", move |connection, account| main::add_user(connection, account, &user, now)).await
    }

    async fn change_user(&self, id: i64, name: String, role: Role) -> Result<bool, StoreError> {
        let work = move |connection: &_, account| main::change_user(connection, account, id, &name, role);
        self.write("write a user", work).await
    }

    async fn set_password(&self, id: i64, password: Kept, ended: Which) -> Result<bool, StoreError> {
        let work = move |connection: &_, account| main::set_password(connection, account, id, &password, ended);
        self.write("write a password", work).await
    }

    async fn remove_user(&self, id: i64) -> Result<bool, StoreError> {
        self.write("delete a user", move |connection, account| main::remove_user(connection, account, id)).await
    }

    async fn sessions(&self) -> Result<Vec<SessionRow>, StoreError> {
        self.read("read the sessions", main::sessions).await
    }

    async fn add_session(&self, session: NewSession, lifetime: Lifetime, now: Wall) -> Result<SessionRow, StoreError> {
        let work = move |connection: &_, account| main::add_session(connection, account, session, lifetime, now);
        self.write("write a session", work).await
    }

    async fn session_used(&self, id: i64, at: Wall) -> Result<(), StoreError> {
        let work = move |connection: &_, account| main::session_used(connection, account, id, at);
        self.write("write that a session was used", work).await
    }

    async fn end_sessions(&self, user: i64, which: Which) -> Result<usize, StoreError> {
        let work = move |connection: &_, account| main::end_sessions(connection, account, user, which);
        self.write("end a session", work).await
    }

    async fn with_factor(&self) -> Result<Vec<i64>, StoreError> {
        self.read("read who has a second factor", main::with_factor).await
    }

    async fn factor(&self, user: i64) -> Result<Option<Factor>, StoreError> {
        self.read("read a second factor", move |connection, account| main::factor(connection, account, user)).await
    }

    async fn set_factor(&self, user: i64, factor: Option<Factor>) -> Result<bool, StoreError> {
        let work = move |connection: &_, account| main::set_factor(connection, account, user, factor.as_ref());
        self.write("write a second factor", work).await
    }

    async fn take_step(&self, user: i64, step: i64) -> Result<bool, StoreError> {
        let work = move |connection: &_, account| main::take_step(connection, account, user, step);
        self.write("take a code", work).await
    }

    async fn take_recovery(&self, user: i64, digest: Digest) -> Result<bool, StoreError> {
        let work = move |connection: &_, account| main::take_recovery(connection, account, user, digest);
        self.write("take a code on paper", work).await
    }

    async fn invitations(&self) -> Result<Vec<InvitationRow>, StoreError> {
        self.read("read the invitations", main::invitations).await
    }

    async fn invite(&self, invitation: NewInvitation, now: Wall) -> Result<InvitationRow, StoreError> {
        let work = move |connection: &_, account| main::invite(connection, account, &invitation, now);
        self.write("write an invitation", work).await
    }

    async fn remove_invitation(&self, id: i64) -> Result<bool, StoreError> {
        let work = move |connection: &_, account| main::remove_invitation(connection, account, id);
        self.write("delete an invitation", work).await
    }

    async fn add_reset(&self, reset: NewReset, now: Wall) -> Result<bool, StoreError> {
        let work = move |connection: &_, account| main::add_reset(connection, account, &reset, now);
        self.write("write a way to a new password", work).await
    }

    async fn whose_reset(&self, digest: Digest, now: Wall) -> Result<Option<(AccountId, i64)>, StoreError> {
        let work = move |connection: &_, _| main::whose_reset(connection, digest, now);
        self.read("read a way to a new password", work).await
    }

    async fn reset_password(&self, digest: Digest, user: i64, password: Kept, now: Wall) -> Result<bool, StoreError> {
        let work =
            move |connection: &_, account| main::reset_password(connection, account, digest, user, &password, now);
        self.write("write a password", work).await
    }
}
