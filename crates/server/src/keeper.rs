//! Opens accounts, those that are there at the start and those that come later, and takes all of them down.

use std::sync::Arc;

use allswell_monitor::audience::Bulletin;
use allswell_monitor::config::{self, Config};
use allswell_monitor::metrics::Metrics;
use allswell_monitor::model::AccountId;
use allswell_monitor::resources::FollowError;
use allswell_monitor::store::AccountRow;
use futures_util::future::join_all;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tracing::error;

use crate::account::{Account, Shared};
use crate::accounts::Accounts;

/// All running accounts.
pub(crate) struct Keeper {
    shared: Shared,
    accounts: Accounts,
    /// What the configuration says of the server: that much of it holds for all accounts.
    server: config::Server,
    running: Mutex<Vec<Account>>,
}

impl Keeper {
    /// Keeps `first`, and none of the others yet.
    pub(crate) fn new(shared: Shared, server: config::Server, first: Account) -> Self {
        let accounts = Accounts::from(first.state.clone());
        Self { shared, accounts, server, running: Mutex::new(vec![first]) }
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
                self.open(row).await?;
            }
        }
        Ok(())
    }

    /// Opens an account: from now on it is there for its people, and what it watches is asked.
    ///
    /// # Errors
    /// [`FollowError::Store`] when the store cannot be read. What else is wrong with it is its own trouble, and logged.
    pub(crate) async fn open(&self, row: AccountRow) -> Result<(), FollowError> {
        let metrics = Arc::new(Metrics::new(env!("CARGO_PKG_VERSION")));
        let id = row.id;
        let account = Account::open(&self.shared, row, metrics, Arc::new(Bulletin::default())).await?;
        match account.follow(Config { server: self.server.clone(), ..Config::default() }).await {
            Ok(()) => {}
            Err(error @ (FollowError::Store(_) | FollowError::Stopping)) => return Err(error),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                error!(error, account = id.0, "what is configured in an account is not in force");
            }
        }
        self.accounts.enter(account.state.clone());
        self.running.lock().await.push(account);
        Ok(())
    }

    /// Has all accounts finish, at the same time; what follows their news ends when the server says so.
    pub(crate) async fn finish(&self) -> Vec<JoinHandle<()>> {
        let running = std::mem::take(&mut *self.running.lock().await);
        join_all(running.into_iter().map(Account::finish)).await
    }
}
