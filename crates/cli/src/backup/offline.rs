//! Backups of a server that does not run.

use std::path::Path;
use std::sync::Arc;

use allswell_monitor::backup::{Backup, BackupError, Backups};
use allswell_monitor::clock::SystemClock;
use serde_json::{Value, json};

use crate::client::Failure;
use crate::place::{self, with_store};

/// Takes a backup and gives its name.
pub fn take(data: &Path, results: bool) -> anyhow::Result<String> {
    with_backups(data, async |backups| {
        let begun = backups.begin(results).await.map_err(|error| match error {
            BackupError::NoRoom { .. } | BackupError::Taken(_) => Failure::no(error.to_string()).into(),
            error => anyhow::Error::new(error),
        })?;
        Ok(begun.finish().await?.name.to_string())
    })
}

/// All backups, as the API lists them.
pub fn list(data: &Path) -> anyhow::Result<Vec<Value>> {
    with_backups(data, async |backups| Ok(backups.standing().await?.backups.iter().map(told).collect()))
}

fn told(Backup { name, bytes }: &Backup) -> Value {
    json!({ "name": name.to_string(), "taken": place::told(name.taken()), "bytes": bytes, "results": name.results() })
}

/// Deletes a backup.
pub fn remove(data: &Path, name: &str) -> anyhow::Result<()> {
    with_backups(data, async |backups| Ok(backups.remove(name).await?))
}

fn with_backups<T>(data: &Path, work: impl AsyncFnOnce(Arc<Backups>) -> anyhow::Result<T>) -> anyhow::Result<T> {
    with_store(data, async |store, _| work(Arc::new(Backups::open(data, store, Arc::new(SystemClock::new())))).await)
}
