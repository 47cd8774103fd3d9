//! The store in two SQLite files under one directory.
//!
//! `main.db` holds what must be durable when a call returns, `results.db` what every asking gave. Each is written by one
//! thread that puts what waits into one transaction, and read by a few connections that never wait for it. The directory
//! belongs to one process at a time.

mod access;
mod accounts;
mod chronicle;
mod copies;
mod fault;
mod files;
mod main;
mod people;
mod public;
mod readers;
mod results;
mod subscriptions;
#[cfg(test)]
mod tests;
mod timing;
mod writer;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use allswell_core::Wall;
use allswell_core::uptime::Mark;
use async_trait::async_trait;
use rusqlite::Connection;
use tokio::sync::oneshot;

pub use timing::Timing;

use self::copies::Copier;
use self::fault::Fault;
use self::files::{Database, is_taken, take_directory};
use self::main::{MainJob, MainScribe};
use self::readers::Readers;
use self::results::{ResultsJob, ResultsScribe, SharedHeads};
use self::writer::Writer;
use super::{
    Acknowledged, AttemptRow, Change, Changed, Claimed, Decision, DeliveryFilter, DeliveryRow, Enlisted, Enlistment,
    IncidentFilter, IncidentRow, MonitorRow, OutboxGauge, ResultRow, Settlement, Store, StoreError, StoredResource,
    ToldIncident,
};
use crate::model::{AccountId, IncidentId, MonitorId};

/// The store of a server that stands alone, as one account sees it.
pub struct SqliteStore {
    account: AccountId,
    files: Arc<Open>,
}

/// What all views of a store share.
struct Open {
    main: Writer<MainJob>,
    main_readers: Arc<Readers>,
    results: Writer<ResultsJob>,
    results_readers: Arc<Readers>,
    heads: SharedHeads,
    copier: Copier,
}

impl SqliteStore {
    /// Opens the store in `dir`, creating what is missing; `timing` is told how long each transaction takes.
    ///
    /// What an earlier process left unfinished is taken up: results go back into memory, leases on messages end. Dropping
    /// the store, or [`Store::close`], waits until what was given to it is written.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while another process has the directory open, [`StoreError::TooNew`] when a newer version wrote
    /// it, [`StoreError::Open`] when a file cannot be used.
    pub fn open(dir: &Path, now: Wall, timing: Timing) -> Result<Self, StoreError> {
        let lock = Arc::new(take_directory(dir)?);
        let account = AccountId::FIRST;
        let (main_db, results_db) = (Database::main(dir), Database::results(dir));
        let main = main_db.open_writer()?;
        main::found(&main, account, now).map_err(|error| main_db.cannot_open(error))?;
        let mut results = results_db.open_writer()?;
        let scribe = ResultsScribe::open(&mut results, timing.clone(), Arc::clone(&lock))
            .map_err(|error| results_db.cannot_open(error))?;
        let heads = scribe.heads();
        let files = Open {
            main: Writer::start("store-main", main, MainScribe { timing, lock })
                .map_err(|error| main_db.cannot_open(error))?,
            main_readers: Readers::new(main_db),
            results: Writer::start("store-results", results, scribe).map_err(|error| results_db.cannot_open(error))?,
            results_readers: Readers::new(results_db),
            heads,
            copier: Copier::new(),
        };
        Ok(Self { account, files: Arc::new(files) })
    }

    /// The same store as `account` sees it.
    fn view(&self, account: AccountId) -> Self {
        Self { account, files: Arc::clone(&self.files) }
    }

    /// Looks whether [`Self::open`] would take the store in `dir`, and writes nothing.
    ///
    /// # Errors
    /// Those of [`Self::open`]; also when `main.db` is damaged.
    pub fn look(dir: &Path) -> Result<(), StoreError> {
        if is_taken(dir)? {
            return Err(StoreError::InUse { path: dir.display().to_string() });
        }
        Database::main(dir).look()?;
        // Its pages carry their own checksums and are looked at when they are read: the whole of it may be gigabytes.
        let results = Database::results(dir);
        if results.path.exists() {
            results.open_reader().map(drop).map_err(|error| results.cannot_open(error))
        } else {
            Ok(())
        }
    }

    async fn write<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Connection, AccountId) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let account = self.account;
        self.files.main.send(MainJob::write(what, answer, move |connection| work(connection, account))).await?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Whether a monitor is no other account's: `results.db` knows them by their number alone.
    async fn may_read(&self, monitor: MonitorId) -> Result<bool, StoreError> {
        let work = move |connection: &_, account| {
            Ok(main::whose_monitor(connection, monitor)?.is_none_or(|whose| whose == account))
        };
        self.read("read whose a monitor is", work).await
    }

    async fn write_results(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<(), StoreError>>) -> ResultsJob,
    ) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        self.files.results.send(job(answer)).await?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    async fn read<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Connection, AccountId) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let account = self.account;
        self.files.main_readers.read(what, move |connection| work(connection, account)).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn account(&self) -> AccountId {
        self.account
    }

    async fn enlist(&self, monitors: Vec<Enlistment>, now: Wall) -> Result<Vec<Enlisted>, StoreError> {
        let work = move |connection: &_, account| main::enlist(connection, account, &monitors, now);
        let mut enlisted = self.write("write the list of monitors", work).await?;
        for monitor in &mut enlisted {
            monitor.last_asked = results::last_asked(&self.files.heads, monitor.id);
        }
        Ok(enlisted)
    }

    async fn resources(&self) -> Result<Vec<StoredResource>, StoreError> {
        self.read("read what is configured", main::resources).await
    }

    async fn change(&self, change: Change, now: Wall) -> Result<Changed, StoreError> {
        let work = move |connection: &_, account| main::change(connection, account, &change, now);
        let mut changed = self.write("write what is configured", work).await?;
        for monitor in &mut changed.enlisted {
            monitor.last_asked = results::last_asked(&self.files.heads, monitor.id);
        }
        Ok(changed)
    }

    async fn commit(&self, decisions: Vec<Decision>) -> Result<(), StoreError> {
        self.write("write decisions", move |connection, account| main::commit(connection, account, &decisions)).await
    }

    async fn record(&self, results: Vec<ResultRow>) -> Result<(), StoreError> {
        self.write_results(|answer| ResultsJob::Record(results, answer)).await
    }

    async fn watching(&self, started: Wall, seen: Wall) -> Result<(), StoreError> {
        let work = move |connection: &_, account| main::watching(connection, account, started, seen);
        self.write("write since when we are watching", work).await
    }

    async fn claim(
        &self,
        now: Wall,
        lease: Duration,
        limit: usize,
        except: &[String],
    ) -> Result<Vec<Claimed>, StoreError> {
        let except = serde_json::Value::from(except).to_string();
        let work = move |connection: &_, account| main::claim(connection, account, now, lease, limit, &except);
        self.write("claim messages", work).await
    }

    async fn settle(&self, id: i64, token: i64, settlement: Settlement, now: Wall) -> Result<bool, StoreError> {
        let work = move |connection: &_, account| main::settle(connection, account, id, token, &settlement, now);
        self.write("write what came of a message", work).await
    }

    async fn next_due(&self, except: &[String]) -> Result<Option<Wall>, StoreError> {
        let except = serde_json::Value::from(except).to_string();
        let work = move |connection: &_, account| main::next_due(connection, account, &except);
        self.read("read when the next message is due", work).await
    }

    async fn outbox(&self) -> Result<OutboxGauge, StoreError> {
        self.read("read how full the outbox is", main::gauge).await
    }

    async fn monitors(&self) -> Result<Vec<MonitorRow>, StoreError> {
        let mut monitors = self.read("read the monitors", main::monitors).await?;
        for monitor in &mut monitors {
            monitor.enlisted.last_asked = results::last_asked(&self.files.heads, monitor.enlisted.id);
        }
        Ok(monitors)
    }

    async fn results(
        &self,
        monitor: MonitorId,
        range: Range<Wall>,
        limit: usize,
    ) -> Result<Vec<ResultRow>, StoreError> {
        if !self.may_read(monitor).await? {
            return Ok(Vec::new());
        }
        let heads = Arc::clone(&self.files.heads);
        let work = move |connection: &mut _| results::read(connection, &heads, monitor, &range, limit);
        self.files.results_readers.read("read results", work).await
    }

    async fn marks(&self, monitor: MonitorId, window: Range<Wall>) -> Result<Vec<Mark>, StoreError> {
        let work = move |connection: &_, account| main::marks(connection, account, monitor, &window);
        self.read("read what was true of a monitor", work).await
    }

    async fn watched(&self, window: Range<Wall>) -> Result<Vec<Range<Wall>>, StoreError> {
        self.read("read when we were watching", move |connection, account| main::watched(connection, account, &window))
            .await
    }

    async fn incidents(&self, filter: IncidentFilter) -> Result<Vec<IncidentRow>, StoreError> {
        self.read("read incidents", move |connection, account| main::incidents(connection, account, filter)).await
    }

    async fn acknowledge(
        &self,
        incident: IncidentId,
        by: String,
        note: Option<String>,
        now: Wall,
    ) -> Result<Acknowledged, StoreError> {
        let work =
            move |connection: &_, account| main::acknowledge(connection, account, incident, &by, note.as_deref(), now);
        self.write("note who sees to an incident", work).await
    }

    async fn told(&self, message: i64) -> Result<Vec<ToldIncident>, StoreError> {
        self.read("read what a message tells of", move |connection, account| main::told(connection, account, message))
            .await
    }

    async fn acknowledge_all(
        &self,
        incidents: Vec<IncidentId>,
        by: String,
        now: Wall,
    ) -> Result<Vec<Acknowledged>, StoreError> {
        let work = move |connection: &_, account| {
            let one = |id: &IncidentId| main::acknowledge(connection, account, *id, &by, None, now);
            incidents.iter().map(one).collect()
        };
        self.write("note who sees to incidents", work).await
    }

    async fn deliveries(&self, filter: DeliveryFilter) -> Result<Vec<DeliveryRow>, StoreError> {
        self.read("read deliveries", move |connection, account| main::deliveries(connection, account, &filter)).await
    }

    async fn delivery(&self, id: i64) -> Result<Option<(DeliveryRow, Vec<AttemptRow>)>, StoreError> {
        self.read("read a delivery", move |connection, account| main::delivery(connection, account, id)).await
    }

    async fn forget(&self, before: Wall) -> Result<(), StoreError> {
        let work = move |connection: &_, _| main::forget(connection, before);
        self.write("delete messages that were sent long ago", work).await?;
        self.write_results(|answer| ResultsJob::Forget(before, answer)).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.files.copier.close().await;
        // Readers first: the last connection of a database to close folds the log into it.
        self.files.main_readers.close().await;
        self.files.results_readers.close().await;
        let results = self.write_results(ResultsJob::Close).await;
        let (answer, answered) = oneshot::channel();
        self.files.main.send(MainJob::Close(answer)).await?;
        answered.await.map_err(|_| StoreError::Closed)??;
        results
    }
}
