//! What is true of all monitors now, at hand: who lists, filters or follows a hundred thousand of them waits for no disk.
//!
//! The scribe tells what was written ([`Fleet::decided`], [`Fleet::recorded`]), the runner that the list has changed
//! ([`Fleet::changed`]). [`Fleet::follow`] takes over a changed list and hands on, at most ten times a second, what is new.

mod filter;
mod live;
mod row;
mod select;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use allswell_core::Wall;
use tokio::sync::{Notify, watch};
use tracing::warn;

pub use filter::{Filter, NotAFilter};
pub(crate) use live::{Live, Position};
pub(crate) use row::millis;
pub use row::{Facts, Row, Strip};
pub use select::{Order, Selection};

use crate::model::MonitorId;
use crate::store::{Decision, ResultRow, Store, StoreError};

/// The shortest time between two batches of news.
const BEAT: Duration = Duration::from_millis(100);
/// How many results of a monitor are at hand.
pub const STRIP: usize = 48;

/// All monitors, as they are now.
pub struct Fleet {
    rows: RwLock<Rows>,
    live: Arc<Live>,
    stale: AtomicBool,
    /// Counts what was decided, so that a list that was read before it is read again.
    decisions: AtomicU64,
    poked: Notify,
}

#[derive(Default)]
struct Rows {
    /// In the order of the configuration.
    rows: Vec<Row>,
    index: HashMap<MonitorId, usize>,
    /// Counts up with each change.
    version: u64,
    /// What nobody was told of yet.
    news: BTreeSet<MonitorId>,
}

impl Fleet {
    /// Without monitors, until [`Self::follow`] reads them. `started` tells this process from others.
    pub fn new(started: Wall) -> Self {
        Self {
            rows: RwLock::default(),
            live: Arc::new(Live::new(started)),
            stale: AtomicBool::new(true),
            decisions: AtomicU64::new(0),
            poked: Notify::new(),
        }
    }

    /// The list of monitors is another one than before.
    pub fn changed(&self) {
        self.stale.store(true, Ordering::Release);
        self.poked.notify_one();
    }

    /// These results were written.
    pub fn recorded(&self, results: &[ResultRow]) {
        self.update(|rows| {
            for result in results {
                rows.with(result.monitor, |row| row.record(result));
            }
        });
    }

    /// These decisions were written.
    pub fn decided(&self, decisions: &[Decision]) {
        self.decisions.fetch_add(1, Ordering::AcqRel);
        self.update(|rows| {
            for decision in decisions {
                rows.with(decision.monitor, |row| row.decide(decision));
            }
        });
    }

    /// The news, for those who follow.
    pub(crate) fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// Chooses and orders rows and hands them to `work`, together with the version that they are of.
    pub fn read<T>(&self, selection: &Selection, work: impl FnOnce(&Chosen<'_>) -> T) -> T {
        let rows = self.lock();
        let (chosen, matched) = selection.choose(&rows.rows);
        work(&Chosen { rows: chosen, matched, all: rows.rows.len(), version: rows.version })
    }

    /// One monitor.
    pub fn one(&self, id: MonitorId) -> Option<Row> {
        let rows = self.lock();
        rows.index.get(&id).map(|index| rows.rows[*index].clone())
    }

    /// Counts up with each change.
    pub fn version(&self) -> u64 {
        self.lock().version
    }

    /// Reads the monitors of `store` whenever they changed and hands on what is new, until `stop` says so.
    pub async fn follow(&self, store: Arc<dyn Store>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow_and_update() {
            if self.stale.swap(false, Ordering::AcqRel)
                && let Err(error) = self.load(&*store).await
            {
                self.stale.store(true, Ordering::Release);
                warn!(error = &error as &dyn std::error::Error, "cannot read the list of monitors");
            }
            self.hand_on();
            tokio::select! {
                _ = stop.changed() => break,
                () = tokio::time::sleep(BEAT) => {}
            }
            tokio::select! {
                _ = stop.changed() => break,
                () = self.poked.notified() => {}
            }
        }
        self.live.close();
    }

    /// Takes the monitors of `store` over; what is at hand of their results stays.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read; then nothing changed.
    pub async fn load(&self, store: &dyn Store) -> Result<(), StoreError> {
        let before = self.decisions.load(Ordering::Acquire);
        let monitors = store.monitors().await?;
        let empty: Vec<MonitorId> = {
            let mut rows = self.lock_mut();
            let rows = &mut *rows;
            let mut before: HashMap<MonitorId, Row> = rows.rows.drain(..).map(|row| (row.facts.id, row)).collect();
            rows.rows = monitors.into_iter().map(|monitor| Row::of(monitor, &mut before)).collect();
            rows.index = rows.rows.iter().enumerate().map(|(index, row)| (row.facts.id, index)).collect();
            rows.version += 1;
            rows.news.clear();
            rows.rows.iter().filter(|row| row.strip.is_empty()).map(|row| row.facts.id).collect()
        };
        if self.decisions.load(Ordering::Acquire) != before {
            self.changed();
        }
        self.live.push("reload", "{}");
        for id in empty {
            let results = store.results(id, Wall::from_ms(i64::MIN)..Wall::from_ms(i64::MAX), STRIP).await?;
            if results.is_empty() {
                continue;
            }
            self.update(|rows| {
                // Newest first; what came meanwhile is in the list already.
                rows.with(id, |row| row.refill(results.iter().rev().map(|result| &result.row)));
            });
        }
        Ok(())
    }

    fn hand_on(&self) {
        let batch = {
            let mut rows = self.lock_mut();
            let news = std::mem::take(&mut rows.news);
            let row = |id| rows.index.get(&id).map(|index| rows.rows[*index].news());
            news.into_iter().filter_map(row).collect::<Vec<_>>()
        };
        if !batch.is_empty() {
            self.live.push("results", &format!("[{}]", batch.join(",")));
        }
    }

    fn update(&self, work: impl FnOnce(&mut Rows)) {
        let is_new = {
            let mut rows = self.lock_mut();
            work(&mut rows);
            !rows.news.is_empty()
        };
        if is_new {
            self.poked.notify_one();
        }
    }

    fn lock(&self) -> RwLockReadGuard<'_, Rows> {
        self.rows.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_mut(&self) -> RwLockWriteGuard<'_, Rows> {
        self.rows.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    fn with(&mut self, id: MonitorId, work: impl FnOnce(&mut Row)) {
        if let Some(index) = self.index.get(&id) {
            work(&mut self.rows[*index]);
            self.version += 1;
            self.news.insert(id);
        }
    }
}

/// Rows that were chosen.
pub struct Chosen<'a> {
    /// One page of them, in order.
    pub rows: Vec<&'a Row>,
    /// How many the filter let through.
    pub matched: usize,
    /// How many monitors there are.
    pub all: usize,
    /// What they are of.
    pub version: u64,
}

#[cfg(test)]
mod tests;
