//! Opens accounts, those that are there at the start and those that people make for themselves, and takes all of them down.

use std::sync::Arc;

use allswell_core::Wall;
use allswell_monitor::access::{SignUp, SignedIn};
use allswell_monitor::audience::Bulletin;
use allswell_monitor::config::{self, Config};
use allswell_monitor::metrics::Metrics;
use allswell_monitor::model::AccountId;
use allswell_monitor::resources::FollowError;
use allswell_monitor::store::UserRow;
use futures_util::future::join_all;
use secrecy::ExposeSecret as _;
use tokio::sync::Mutex;
use tracing::{error, info};

use crate::account::{Account, Shared};
use crate::accounts::Accounts;
use crate::api::{Place, Problem};

/// All running accounts.
pub(crate) struct Keeper {
    shared: Shared,
    accounts: Accounts,
    /// What the configuration says of the server: that much of it holds for all accounts.
    server: config::Server,
    /// `None` from when on the server stops.
    running: Mutex<Option<Running>>,
    /// Held by who deletes an account, until its last message is sent and all of it is gone; `running` is free meanwhile.
    removing: Mutex<()>,
}

#[derive(Default)]
struct Running {
    accounts: Vec<Account>,
    /// One that is being deleted, and is not opened again.
    leaving: Option<AccountId>,
}

impl Keeper {
    /// Keeps `first`, and none of the others yet.
    pub(crate) fn new(shared: Shared, server: config::Server, first: Account) -> Self {
        let accounts = Accounts::from(first.state.clone());
        let running = Running { accounts: vec![first], leaving: None };
        Self { shared, accounts, server, running: Mutex::new(Some(running)), removing: Mutex::default() }
    }

    /// Whom the gate lets in, and to what.
    pub(crate) fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Opens all accounts of the store but the first.
    ///
    /// # Errors
    /// [`FollowError::Store`] when the store cannot be read.
    pub(crate) async fn open_others(&self) -> Result<(), FollowError> {
        for row in self.shared.store.accounts().await? {
            if row.id != AccountId::FIRST {
                self.open(row.id).await?;
            }
        }
        Ok(())
    }

    /// Whether people may make accounts for themselves.
    pub(crate) fn signs_up(&self) -> bool {
        self.server.sign_up.is_some() && self.shared.post.is_some()
    }

    /// Makes the account of whoever has a good link, opens it, and signs its owner in.
    ///
    /// # Errors
    /// [`Problem`]; an account that was written and could not be opened is there after the next start.
    pub(crate) async fn sign_up(&self, wanted: SignUp, place: Place, agent: &str) -> Result<SignedIn, Problem> {
        let sign_up = self.server.sign_up.as_ref().ok_or_else(Problem::no_sign_up)?;
        let (people, now) = (&self.shared.people, self.shared.clock.now().wall);
        // Who has no good link is told so at once, and keeps nobody waiting.
        people.signing_up(wanted.token.expose_secret(), now).await?;
        let owner = self.make(wanted, sign_up, now).await?;
        Ok(people.of(owner.account).begin(owner, place.from, agent, now).await?)
    }

    /// Makes an account and opens it, one after the other: so none is one too many.
    async fn make(&self, wanted: SignUp, sign_up: &config::SignUp, now: Wall) -> Result<UserRow, Problem> {
        let mut running = self.running.lock().await;
        // Before the link is used up: whoever has it comes again when the server has started.
        let running = running.as_mut().ok_or_else(Problem::busy)?;
        // Those of the store: at the start not all of them run yet.
        if self.shared.store.accounts().await?.len() >= sign_up.accounts {
            let detail = format!("there are {} accounts on this server, and it takes no more", sign_up.accounts);
            return Err(Problem::conflict(detail, "who runs it may let it take more, by `server.sign_up.accounts`"));
        }
        let (row, owner) = self.shared.people.sign_up(wanted, sign_up.plan.clone(), now).await?;
        info!(account = row.id.0, "an account was made");
        self.begin(running, row.id).await.map_err(|error| match error {
            FollowError::Store(error) => Problem::store(&error),
            FollowError::Channel { .. } | FollowError::Stopping => Problem::busy(),
        })?;
        Ok(owner)
    }

    /// Keeps an account to a plan from now on, `None` for no limits; `false` when there is no such account.
    ///
    /// # Errors
    /// [`Problem`] when the configuration has no such plan, or the store cannot be written.
    pub(crate) async fn keep_to(&self, account: AccountId, plan: Option<String>) -> Result<bool, Problem> {
        let known = &self.shared.plans;
        if let Some(name) = plan.as_ref().filter(|name| !known.contains_key(*name)) {
            let names: Vec<_> = known.keys().map(String::as_str).collect();
            let way_out = match names.as_slice() {
                [] => "name it under `plans` in the server's own file, and start the server again".to_owned(),
                names => format!("known are {}", names.join(", ")),
            };
            return Err(Problem::field("plan", format!("there is no plan `{name}`"), way_out));
        }
        // One after the other, so that what holds is what was written last.
        let _running = self.running.lock().await;
        if !self.shared.store.set_plan(account, plan.clone()).await? {
            return Ok(false);
        }
        if let Some(open) = self.accounts.of(account) {
            // It is written and holds: what is changed next, and what the next start reads, goes by it.
            if let Err(error) = open.resources.keep_to(plan.map(|name| self.shared.plan(name))).await {
                error!(
                    ?error,
                    account = account.0,
                    "monitors keep the intervals of the plan before until the next change"
                );
            }
        }
        Ok(true)
    }

    /// Opens an account that is not open: from now on it is there for its people, and what it watches is asked.
    ///
    /// # Errors
    /// [`FollowError::Store`] when the store cannot be read. What else is wrong with it is its own trouble, and logged.
    pub(crate) async fn open(&self, id: AccountId) -> Result<(), FollowError> {
        let mut running = self.running.lock().await;
        self.begin(running.as_mut().ok_or(FollowError::Stopping)?, id).await
    }

    async fn begin(&self, running: &mut Running, id: AccountId) -> Result<(), FollowError> {
        if self.accounts.of(id).is_some() || running.leaving == Some(id) {
            return Ok(());
        }
        // Read while nobody changes it: another plan holds for an account that is only just opened.
        let Some(row) = self.shared.store.find_account(id).await? else { return Ok(()) };
        let metrics = Arc::new(Metrics::new(env!("CARGO_PKG_VERSION")));
        let account = Account::open(&self.shared, row, metrics, Arc::new(Bulletin::default())).await?;
        match account.follow(Config { server: self.server.clone(), ..Config::default() }).await {
            Ok(()) => {}
            Err(error @ (FollowError::Store(_) | FollowError::Stopping)) => return Err(error),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                error!(error, account = id.0, "what is configured in an account is not in force");
            }
        }
        account.state.press.publish_now().await;
        self.accounts.enter(account.state.clone());
        running.accounts.push(account);
        Ok(())
    }

    /// Takes an account down and deletes all that belongs to it; `false` when there is no such account.
    ///
    /// # Errors
    /// [`Problem`] for the first account, which stays, and when the store cannot be written: then the account goes on.
    pub(crate) async fn remove(&self, id: AccountId) -> Result<bool, Problem> {
        if id == AccountId::FIRST {
            let way_out = "delete what is in it; without the server, its data directory is all there is of it";
            return Err(Problem::conflict("the first account is that of who runs the server, and stays", way_out));
        }
        // One after the other: who wants the same one gone finds that it is.
        let _removing = self.removing.lock().await;
        let Shared { people, keys, clock, health, .. } = &self.shared;
        if let Some(account) = self.take_out(id).await? {
            // Its last message takes as long as a relay likes, for which no other account waits.
            account.finish(Some(health)).await;
        }
        let removed = people.of(id).remove_account(clock.now().wall).await;
        if removed.is_ok() {
            keys.of(id).account_is_gone().await;
            self.shared.status_pages.take_down(id);
            self.shared.addresses.of(id).keep([]);
        }
        self.has_left(id, removed.is_ok()).await;
        if let Ok(true) = removed {
            info!(account = id.0, "an account was deleted");
        }
        Ok(removed?)
    }

    /// Takes an account out of those that run, if it does. Nobody opens it again until [`Self::has_left`].
    async fn take_out(&self, id: AccountId) -> Result<Option<Account>, Problem> {
        let mut running = self.running.lock().await;
        let running = running.as_mut().ok_or_else(Problem::busy)?;
        running.leaving = Some(id);
        self.accounts.leave(id);
        let at = running.accounts.iter().position(|account| account.state.store.account() == id);
        Ok(at.map(|at| running.accounts.swap_remove(at)))
    }

    /// An account that was taken out is gone, or goes on.
    async fn has_left(&self, id: AccountId, is_gone: bool) {
        let mut running = self.running.lock().await;
        // A server that stops opens it when it starts again.
        let Some(running) = running.as_mut() else { return };
        running.leaving = None;
        if is_gone {
            return;
        }
        if let Err(error) = self.begin(running, id).await {
            let error = &error as &dyn std::error::Error;
            error!(error, account = id.0, "an account that could not be deleted is there again after a start");
        }
    }

    /// Has all accounts finish, at the same time, and waits for one that is being deleted.
    pub(crate) async fn finish(&self) {
        let Running { accounts, .. } = self.running.lock().await.take().unwrap_or_default();
        join_all(accounts.into_iter().map(|account| account.finish(None))).await;
        drop(self.removing.lock().await);
    }
}

#[cfg(test)]
mod tests;
