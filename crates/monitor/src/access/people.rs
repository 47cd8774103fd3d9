//! The users of this server and who of them is signed in, at hand: every request asks here, none waits for the disk.
//!
//! An address, and a session, belongs to one account; who signs in need not say to which. All else is done with the users of one
//! account: [`People`] is the view of that one, and [`People::of`] gives the view of another.

mod factor;
mod invite;
mod reset;
mod sessions;
mod sign_up;

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLockReadGuard};
use std::time::Duration;

use allswell_core::{Now, Wall};
use secrecy::SecretString;
use tokio::sync::watch;

use super::announced::{Announced, Changing};
use super::attempts::Attempts;
use super::rows::Rows;
use super::{Address, Kept, NotAPassword, Password, PasswordError, Passwords, Role, Secret};
use crate::model::AccountId;
use crate::store::{Lifetime, NewUser, SessionRow, Store, StoreError, UserRow, Which};

pub use self::invite::Join;
pub use self::reset::Reset;
pub use self::sign_up::{SignUp, WayIn};

/// A session that nobody uses ends after two weeks, any after three months.
pub const LIFETIME: Lifetime =
    Lifetime { idle: Duration::from_secs(14 * 86_400), whole: Duration::from_secs(90 * 86_400) };

/// Why something cannot be done with users.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such user.
    #[error("there is no such user")]
    Missing,
    /// Somebody has this address.
    #[error("there is a user `{0}` already")]
    Taken(Address),
    /// The first user could not make another.
    #[error("the first user must be an owner")]
    First,
    /// Without them, nobody could say who may do what.
    #[error("this is the last owner")]
    LastOwner,
    /// The password will not do.
    #[error(transparent)]
    NotAPassword(#[from] NotAPassword),
    /// A password could not be worked on.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Address or password are wrong; which of them is not said.
    #[error("nobody here has this address with this password")]
    Refused,
    /// The password is right, and a code of the second factor is needed beside it.
    #[error("a code is needed beside the password")]
    CodeNeeded,
    /// The code is wrong, too old, or was used before.
    #[error("this is not the code of now, or it was used before")]
    CodeWrong,
    /// There is no second factor to confirm.
    #[error("no second factor was begun within the last ten minutes")]
    NotBegun,
    /// The account has asked so many people in who have not come yet.
    #[error("{most} people who were asked in have not come yet, and an account asks in no more at a time")]
    ManyInvited {
        /// How many there may be.
        most: usize,
    },
    /// The invitation is not good.
    #[error("this invitation is not good: it was used, replaced or taken back, or is older than a week")]
    NotInvited,
    /// The link to a new password is not good.
    #[error("this link is not good: it was used, replaced, or is older than an hour")]
    NotReset,
    /// The link to an account is not good.
    #[error("this link is not good: it was used, replaced, or is older than a day")]
    NotSigningUp,
    /// There were too many guesses.
    #[error("there were too many tries")]
    TooMany {
        /// When the next one is taken.
        wait: Duration,
    },
    /// The system has no random numbers.
    #[error("the system has no random numbers")]
    Random(#[source] std::io::Error),
}

/// A user as somebody wishes it.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// By which the user is known.
    pub address: Address,
    /// What people call them; what stands before the `@` when nothing is said.
    pub name: Option<String>,
    /// What they may do.
    pub role: Role,
    /// The password.
    pub password: SecretString,
}

/// What shall be different about a user.
#[derive(Clone, Debug, Default)]
pub struct PersonChange {
    /// What people call them.
    pub name: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
    /// Another password.
    pub password: Option<SecretString>,
}

/// Somebody who wants to sign in.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Who they say they are.
    pub address: Address,
    /// How they prove it.
    pub password: SecretString,
    /// What their app shows, or a code on paper.
    pub code: Option<String>,
    /// From where.
    pub from: IpAddr,
    /// What the browser says of itself.
    pub agent: String,
}

/// Somebody who has just signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub user: UserRow,
    /// Until further notice.
    pub session: SessionRow,
    /// What the browser shows from now on; it is nowhere written down.
    pub secret: Secret,
}

/// A user whose browser asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// The account whose user it is.
    pub account: AccountId,
    /// The user's number.
    pub user: i64,
    /// The session's number.
    pub session: i64,
    /// What they may do.
    pub role: Role,
}

/// The users of one account. A copy is as good as the first.
#[derive(Clone)]
pub struct People {
    store: Arc<dyn Store>,
    all: Arc<All>,
}

/// The users of all accounts.
struct All {
    passwords: Passwords,
    attempts: Attempts,
    known: Announced<Known>,
    /// Second factors that were not confirmed yet, by user.
    begun: Mutex<HashMap<i64, factor::Begun>>,
    /// One change at a time: what a change looks at must still hold when it is written.
    changing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    users: BTreeMap<i64, UserRow>,
    sessions: Rows<SessionRow>,
}

impl People {
    /// Reads the users of all accounts of `store`, and gives the view of its own.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    pub async fn open(store: Arc<dyn Store>, passwords: Passwords) -> Result<Self, StoreError> {
        let mut known = Known::default();
        for account in store.accounts().await? {
            let view = store.of(account.id);
            known.users.extend(view.users().await?.into_iter().map(|row| (row.id, row)));
            known.sessions.extend(view.sessions().await?);
        }
        let all = All {
            passwords,
            attempts: Attempts::none(),
            known: Announced::new(known),
            begun: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
        };
        Ok(Self { store, all: Arc::new(all) })
    }

    /// The users of `account`.
    pub fn of(&self, account: AccountId) -> Self {
        Self { store: self.store.of(account), all: Arc::clone(&self.all) }
    }

    /// Says when somebody comes or goes, in whatever account: a user, a session, a role.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.all.known.changes()
    }

    /// Whether there is nobody, in no account.
    pub fn is_empty(&self) -> bool {
        self.read().users.is_empty()
    }

    /// Whether somebody of the account may do everything.
    pub fn have_owner(&self) -> bool {
        self.read().of(self.store.account()).any(|row| row.user.role == Role::Owner)
    }

    /// All users of the account by their number.
    pub fn all(&self) -> Vec<UserRow> {
        self.read().of(self.store.account()).cloned().collect()
    }

    /// One user of the account.
    pub fn user(&self, id: i64) -> Option<UserRow> {
        self.read().users.get(&id).filter(|row| row.account == self.store.account()).cloned()
    }

    /// The user with this address, of whatever account.
    fn by_address(&self, address: &Address) -> Option<UserRow> {
        self.read().users.values().find(|row| row.user.address == *address).cloned()
    }

    /// Makes a user.
    ///
    /// # Errors
    /// [`PeopleError::Taken`] when somebody has the address, [`PeopleError::First`] when there is no owner yet and this is none.
    pub async fn create(&self, wish: NewPerson, now: Wall) -> Result<UserRow, PeopleError> {
        let NewPerson { address, name, role, password } = wish;
        let password = self.all.passwords.keep(Password::chosen(&password, &address)?).await?;
        let _one = self.all.changing.lock().await;
        if role != Role::Owner && !self.have_owner() {
            return Err(PeopleError::First);
        }
        if self.by_address(&address).is_some() {
            return Err(PeopleError::Taken(address));
        }
        let name = name.unwrap_or_else(|| name_of(&address));
        let row = self.store.add_user(NewUser { address, name, role, password }, now).await?;
        self.write().users.insert(row.id, row.clone());
        Ok(row)
    }

    /// Gives a user another name, role or password; the last signs them out everywhere. What is refused changes nothing.
    ///
    /// # Errors
    /// [`PeopleError::LastOwner`] when nobody could say any more who may do what, [`PeopleError::NotAPassword`] when it will not do.
    pub async fn change(&self, id: i64, change: PersonChange) -> Result<UserRow, PeopleError> {
        let PersonChange { name, role, password } = change;
        let address = self.user(id).ok_or(PeopleError::Missing)?.user.address;
        let kept = match password {
            Some(new) => Some(self.all.passwords.keep(Password::chosen(&new, &address)?).await?),
            None => None,
        };
        let _one = self.all.changing.lock().await;
        let mut row = self.user(id).ok_or(PeopleError::Missing)?;
        if role.is_some_and(|role| role != Role::Owner) {
            self.not_the_last(&row)?;
        }
        row.user.name = name.unwrap_or(row.user.name);
        row.user.role = role.unwrap_or(row.user.role);
        self.store.change_user(id, row.user.name.clone(), row.user.role).await?;
        self.write().users.insert(id, row.clone());
        if let Some(kept) = kept {
            self.keep_password(id, kept, Which::All).await?;
        }
        Ok(row)
    }

    /// Deletes a user and signs them out everywhere.
    ///
    /// # Errors
    /// [`PeopleError::LastOwner`] when nobody could say any more who may do what.
    pub async fn remove(&self, id: i64) -> Result<(), PeopleError> {
        let _one = self.all.changing.lock().await;
        self.not_the_last(&self.user(id).ok_or(PeopleError::Missing)?)?;
        self.store.remove_user(id).await?;
        let mut known = self.write();
        known.users.remove(&id);
        known.sessions.retain(|row| row.session.user != id);
        Ok(())
    }

    /// Deletes the account with all that belongs to it, and signs its users out; `false` when there is no such account.
    ///
    /// # Errors
    /// [`StoreError`] when that cannot be written; then all of it stays.
    pub async fn remove_account(&self, now: Wall) -> Result<bool, StoreError> {
        let _one = self.all.changing.lock().await;
        let account = self.store.account();
        let is_gone = self.store.remove_account(account, now).await?;
        if is_gone {
            let mut known = self.write();
            let Known { users, sessions } = &mut *known;
            sessions.retain(|row| users.get(&row.session.user).is_some_and(|user| user.account != account));
            users.retain(|_, user| user.account != account);
        }
        Ok(is_gone)
    }

    fn not_the_last(&self, row: &UserRow) -> Result<(), PeopleError> {
        let is_owner = |row: &UserRow| row.user.role == Role::Owner;
        let others = self.read().of(row.account).any(|other| other.id != row.id && is_owner(other));
        if is_owner(row) && !others { Err(PeopleError::LastOwner) } else { Ok(()) }
    }

    /// Gives a user a new password and ends `ended` of their sessions.
    ///
    /// # Errors
    /// [`PeopleError::NotAPassword`] when it will not do.
    pub async fn set_password(&self, id: i64, new: &SecretString, ended: Which) -> Result<(), PeopleError> {
        let user = self.user(id).ok_or(PeopleError::Missing)?;
        let kept = self.all.passwords.keep(Password::chosen(new, &user.user.address)?).await?;
        let _one = self.all.changing.lock().await;
        self.keep_password(id, kept, ended).await
    }

    async fn keep_password(&self, id: i64, kept: Kept, ended: Which) -> Result<(), PeopleError> {
        if !self.store.set_password(id, kept.clone(), ended).await? {
            return Err(PeopleError::Missing);
        }
        let mut known = self.write();
        if let Some(row) = known.users.get_mut(&id) {
            row.user.password = kept;
        }
        known.end(id, ended);
        Ok(())
    }

    /// Has a user who is signed in choose another password, which signs them out everywhere else.
    ///
    /// # Errors
    /// [`PeopleError::Refused`] when `current` is not the password they have.
    pub async fn change_password(
        &self,
        visitor: Visitor,
        from: IpAddr,
        current: SecretString,
        new: &SecretString,
        now: Now,
    ) -> Result<(), PeopleError> {
        self.prove(visitor.user, from, current, now).await?;
        self.set_password(visitor.user, new, Which::But(visitor.session)).await
    }

    /// Has a user who is signed in show that they know the password.
    ///
    /// # Errors
    /// [`PeopleError::Refused`] when they do not, [`PeopleError::TooMany`] when they guess.
    pub async fn prove(&self, user: i64, from: IpAddr, password: SecretString, now: Now) -> Result<(), PeopleError> {
        let row = self.user(user).ok_or(PeopleError::Missing)?;
        self.counted(from, &row.user.address, now, self.is_it(Some(&row), password)).await
    }

    /// Takes a guess before `proof` looks at it, and gives it back unless it was wrong.
    async fn counted(
        &self,
        from: IpAddr,
        address: &Address,
        now: Now,
        proof: impl Future<Output = Result<(), PeopleError>>,
    ) -> Result<(), PeopleError> {
        self.all.attempts.take(from, address, now.mono).map_err(|wait| PeopleError::TooMany { wait })?;
        let proved = proof.await;
        if !matches!(proved, Err(PeopleError::Refused | PeopleError::CodeWrong)) {
            self.all.attempts.give_back(from, address);
        }
        proved
    }

    async fn is_it(&self, user: Option<&UserRow>, password: SecretString) -> Result<(), PeopleError> {
        let kept = user.map(|row| row.user.password.clone());
        if self.all.passwords.is_it(password, kept).await? { Ok(()) } else { Err(PeopleError::Refused) }
    }

    fn begun(&self) -> MutexGuard<'_, HashMap<i64, factor::Begun>> {
        self.all.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.all.known.read()
    }

    fn write(&self) -> Changing<'_, Known> {
        self.all.known.write()
    }
}

/// What people call a user who says nothing about it.
fn name_of(address: &Address) -> String {
    address.as_str().split('@').next().unwrap_or_default().to_owned()
}

impl Known {
    /// The users of `account`.
    fn of(&self, account: AccountId) -> impl Iterator<Item = &UserRow> {
        self.users.values().filter(move |row| row.account == account)
    }

    fn end(&mut self, user: i64, which: Which) {
        self.sessions.retain(|row| {
            let is_meant = match which {
                Which::All => true,
                Which::But(session) => row.id != session,
                Which::One(session) => row.id == session,
            };
            row.session.user != user || !is_meant
        });
    }
}

#[cfg(test)]
mod tests;
