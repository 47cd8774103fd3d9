//! Asking somebody in by a link that is good once.

use std::net::IpAddr;
use std::time::Duration;

use allswell_core::Wall;
use secrecy::SecretString;

use super::{NewPerson, People, PeopleError, SignedIn};
use crate::access::{Address, Digest, Role, Secret};
use crate::model::AccountId;
use crate::store::{InvitationRow, NewInvitation};

/// So many people whom an account but the first asked in may have not come yet: each gets a mail.
const WAITING_OF_OTHERS_MAX: usize = 50;
/// So long an invitation is good.
const GOOD_FOR: Duration = Duration::from_secs(7 * 86_400);

/// Somebody who comes with an invitation.
#[derive(Clone, Debug)]
pub struct Join {
    /// What the link holds.
    pub token: SecretString,
    /// What people call them; what stands before the `@` when nothing is said.
    pub name: Option<String>,
    /// The password they choose.
    pub password: SecretString,
    /// From where.
    pub from: IpAddr,
    /// What the browser says of itself.
    pub agent: String,
}

impl People {
    /// Asks somebody in, in the place of an earlier invitation. What the link must hold is given here and never again.
    ///
    /// # Errors
    /// [`PeopleError::Taken`] when somebody has the address, [`PeopleError::First`] when there is no owner yet and this is none,
    /// [`PeopleError::ManyInvited`] when an account but the first wants to ask in too many.
    pub async fn invite(
        &self,
        address: Address,
        role: Role,
        now: Wall,
    ) -> Result<(InvitationRow, Secret), PeopleError> {
        let _one = self.all.changing.lock().await;
        if role != Role::Owner && !self.have_owner() {
            return Err(PeopleError::First);
        }
        if self.by_address(&address).is_some() {
            return Err(PeopleError::Taken(address));
        }
        if self.store.account() != AccountId::FIRST {
            self.few_wait_beside(&address, now).await?;
        }
        let secret = Secret::random().map_err(PeopleError::Random)?;
        let invitation = NewInvitation { address, role, digest: secret.digest(), expires: now + GOOD_FOR };
        Ok((self.store.invite(invitation, now).await?, secret))
    }

    async fn few_wait_beside(&self, address: &Address, now: Wall) -> Result<(), PeopleError> {
        let others = self.invitations(now).await?.iter().filter(|row| row.invitation.address != *address).count();
        let most = WAITING_OF_OTHERS_MAX;
        if others < most { Ok(()) } else { Err(PeopleError::ManyInvited { most }) }
    }

    /// The invitations of the account that are good, by their number.
    ///
    /// # Errors
    /// [`PeopleError::Store`] when they cannot be read.
    pub async fn invitations(&self, now: Wall) -> Result<Vec<InvitationRow>, PeopleError> {
        let mut rows = self.store.invitations().await?;
        rows.retain(|row| row.invitation.expires > now);
        Ok(rows)
    }

    /// The good invitation that holds `token`, of whatever account.
    ///
    /// # Errors
    /// [`PeopleError::NotInvited`] when there is none.
    pub async fn invitation(&self, token: &str, now: Wall) -> Result<InvitationRow, PeopleError> {
        self.inviting(token).await?.own_invitation(token, now).await
    }

    /// The people of the account that asked in who has `token`.
    async fn inviting(&self, token: &str) -> Result<Self, PeopleError> {
        let account = self.store.whose_invitation(Digest::of(token)).await?;
        Ok(self.of(account.ok_or(PeopleError::NotInvited)?))
    }

    async fn own_invitation(&self, token: &str, now: Wall) -> Result<InvitationRow, PeopleError> {
        let digest = Digest::of(token);
        let mut good = self.invitations(now).await?.into_iter();
        good.find(|row| row.invitation.digest == digest).ok_or(PeopleError::NotInvited)
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// [`PeopleError::NotInvited`] when there is none.
    pub async fn take_back(&self, id: i64) -> Result<(), PeopleError> {
        let _one = self.all.changing.lock().await;
        if self.store.remove_invitation(id).await? { Ok(()) } else { Err(PeopleError::NotInvited) }
    }

    /// Makes whoever comes with an invitation a user of the account that asked them in, and signs them in. The invitation is good no more.
    ///
    /// # Errors
    /// [`PeopleError::NotInvited`] when it is not good.
    pub async fn join(&self, join: Join, now: Wall) -> Result<SignedIn, PeopleError> {
        use secrecy::ExposeSecret as _;
        let Join { token, name, password, from, agent } = join;
        let people = self.inviting(token.expose_secret()).await?;
        let invitation = people.own_invitation(token.expose_secret(), now).await?.invitation;
        let wish = NewPerson { address: invitation.address, name, role: invitation.role, password };
        // Two who come with the same link: the address is taken for the second one.
        let user = people.create(wish, now).await?;
        people.begin(user, from, &agent, now).await
    }
}
