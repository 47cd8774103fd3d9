//! Who may do what is kept by a running server, or in the store of one that does not run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use allswell_core::Wall;
use allswell_monitor::clock::{Clock, SystemClock};
use allswell_monitor::store::sqlite::{SqliteStore, Timing};
use allswell_monitor::store::{Store, StoreError};
use anyhow::Context;
use http::Method;
use serde_json::Value;

use crate::client::{Client, Reach};
use crate::table::Format;

/// Where it is, among the arguments of a command.
#[derive(Debug, clap::Args)]
pub struct Place {
    /// The data directory of a server that does not run, instead of a running server
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    #[command(flatten)]
    pub reach: Reach,
}

/// The arguments of a list of what is kept there.
#[derive(Debug, clap::Args)]
pub struct Ls {
    #[command(flatten)]
    pub format: Format,
    #[command(flatten)]
    pub place: Place,
}

impl Place {
    /// The list `name` of what the server has at `path`, page after page, or what `offline` reads in the store.
    ///
    /// # Errors
    /// When either cannot be asked.
    pub fn list(
        &self,
        path: &str,
        name: &str,
        offline: impl FnOnce(&Path) -> anyhow::Result<Vec<Value>>,
    ) -> anyhow::Result<Vec<Value>> {
        match &self.data {
            Some(data) => offline(data),
            None => online(&self.reach.client()?, path, name),
        }
    }

    /// Deletes what the server has at `path`, or has `offline` do it in the store.
    ///
    /// # Errors
    /// When either refuses or cannot be asked.
    pub fn delete(&self, path: &str, offline: impl FnOnce(&Path) -> anyhow::Result<()>) -> anyhow::Result<()> {
        match &self.data {
            Some(data) => offline(data),
            None => {
                self.reach.client()?.send(Method::DELETE, path, None, &[])?;
                Ok(())
            }
        }
    }
}

/// A moment as the API tells it.
pub fn told(wall: Wall) -> Option<String> {
    jiff::Timestamp::from_millisecond(wall.ms()).map(|moment| format!("{moment:.3}")).ok()
}

fn online(client: &Client, path: &str, name: &str) -> anyhow::Result<Vec<Value>> {
    let (mut all, mut next) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = next {
        let page = client.send(Method::GET, &path, None, &[])?;
        all.extend(page.list(name)?);
        next = page.json::<Value>()?["next"].as_str().map(str::to_owned);
    }
    Ok(all)
}

/// Does `work` with the store in `data`, which nobody else has open meanwhile.
pub fn with_store<T>(
    data: &Path,
    work: impl AsyncFnOnce(Arc<SqliteStore>, Wall) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let now = SystemClock::new().now().wall;
    let store = match SqliteStore::open(data, now, Timing::none()) {
        Ok(store) => Arc::new(store),
        Err(error @ StoreError::InUse { .. }) => {
            return Err(anyhow::Error::new(error).context("its server runs: leave --data out to ask it"));
        }
        Err(error) => return Err(error.into()),
    };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(async {
        let done = work(Arc::clone(&store), now).await;
        store.close().await?;
        done
    })
}
