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
    running: Mutex<Option<Vec<Account>>>,
}

impl Keeper {
    /// Keeps `first`, and none of the others yet.
    pub(crate) fn new(shared: Shared, server: config::Server, first: Account) -> Self {
        let accounts = Accounts::from(first.state.clone());
        Self { shared, accounts, server, running: Mutex::new(Some(vec![first])) }
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

    async fn begin(&self, running: &mut Vec<Account>, id: AccountId) -> Result<(), FollowError> {
        if self.accounts.of(id).is_some() {
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
        running.push(account);
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
        let mut running = self.running.lock().await;
        let running = running.as_mut().ok_or_else(Problem::busy)?;
        let Shared { people, keys, clock, health, .. } = &self.shared;
        self.accounts.leave(id);
        if let Some(at) = running.iter().position(|account| account.state.store.account() == id) {
            running.swap_remove(at).finish(Some(health)).await;
        }
        let is_gone = match people.of(id).remove_account(clock.now().wall).await {
            Ok(is_gone) => is_gone,
            Err(error) => {
                if let Err(error) = self.begin(running, id).await {
                    let error = &error as &dyn std::error::Error;
                    error!(error, account = id.0, "an account that could not be deleted is there again after a start");
                }
                return Err(Problem::store(&error));
            }
        };
        keys.of(id).account_is_gone().await;
        self.shared.status_pages.take_down(id);
        self.shared.addresses.of(id).keep([]);
        if is_gone {
            info!(account = id.0, "an account was deleted");
        }
        Ok(is_gone)
    }

    /// Has all accounts finish, at the same time.
    pub(crate) async fn finish(&self) {
        let running = self.running.lock().await.take().unwrap_or_default();
        join_all(running.into_iter().map(|account| account.finish(None))).await;
    }
}

#[cfg(test)]
mod tests;
