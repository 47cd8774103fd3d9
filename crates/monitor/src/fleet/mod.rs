//! What is true of all monitors now, at hand: who lists, filters or follows a hundred thousand of them waits for no disk.
//!
//! The scribe tells what was written ([`Fleet::decided`], [`Fleet::recorded`]), the runner that the list has changed
//! ([`Fleet::changed`]). [`Fleet::follow`] takes over a changed list and hands on, at most ten times a second, what is new;
//! who reads before that takes the list over himself ([`Fleet::fresh`]).

mod filter;
mod index;
mod live;
mod order;
mod row;
mod select;
mod texts;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use allswell_core::Wall;
use allswell_core::uptime::Rolling;
use tokio::sync::{Notify, watch};
use tracing::warn;

pub use filter::{Filter, NotAFilter};
use index::Index;
pub use live::{Live, Position};
pub use order::{Cursor, NotACursor, Order};
pub use row::{Facts, Row, Strip, millis};
use select::Page;
pub use select::Selection;

use crate::clock::Clock;
use crate::model::MonitorId;
use crate::store::{Decision, MonitorRow, ResultRow, Store, StoreError};

/// The shortest time between two batches of news.
const BEAT: Duration = Duration::from_millis(100);
/// Of how many monitors the last results are looked for at a time, so that news do not wait for all of them.
const FILLED: usize = 500;
/// How many results of a monitor are at hand.
pub const STRIP: usize = 48;
/// The window over which uptime is at hand.
pub const WINDOW: Duration = Duration::from_secs(30 * 86_400);
/// How long uptime is moved on before it is measured again, however little happened.
const MEASURED_FOR: Duration = Duration::from_secs(3_600);
/// After which time a monitor that could not be read is read again.
const ASIDE_FOR: Duration = Duration::from_secs(60);

/// What of the monitors could not be taken over.
#[derive(Debug, thiserror::Error)]
pub enum NotCaughtUp {
    /// The list.
    #[error("cannot read the list of monitors")]
    List(#[source] StoreError),
    /// The last results of one of them; it is left out for a while.
    #[error("cannot read the last results of monitor {0}")]
    Results(MonitorId, #[source] StoreError),
    /// Since when all of them are watched.
    #[error("cannot read when the monitors were watched")]
    Watched(#[source] StoreError),
    /// What was true of one of them; it is left out for a while.
    #[error("cannot read what was true of monitor {0}")]
    Marks(MonitorId, #[source] StoreError),
}

/// All monitors, as they are now.
pub struct Fleet {
    clock: Arc<dyn Clock>,
    rows: RwLock<Rows>,
    live: Arc<Live>,
    /// Counts how often the list of the store became another one.
    changes: AtomicU64,
    /// Which of these was taken over last. Held while the list is read.
    taken: tokio::sync::Mutex<u64>,
    /// Counts what was decided, so that a list that was read before it is read again.
    decisions: AtomicU64,
    poked: Notify,
}

#[derive(Default)]
struct Rows {
    /// In the order of the configuration.
    rows: Vec<Row>,
    index: Index,
    /// Counts up with each change.
    version: u64,
    /// What nobody was told of yet.
    news: BTreeSet<MonitorId>,
    /// Whose last results were not looked for yet.
    unfilled: Vec<MonitorId>,
    /// Whose uptime is to be measured.
    unmeasured: BTreeSet<MonitorId>,
    /// When the first of the others is to be measured again.
    measure: Option<Wall>,
    aside: Aside,
}

/// Monitors that could not be read. The others do not wait for them.
#[derive(Default)]
struct Aside {
    unfilled: Vec<MonitorId>,
    unmeasured: Vec<MonitorId>,
    /// When they are read again; `None` where there are none.
    until: Option<Wall>,
}

impl Fleet {
    /// Without monitors, until [`Self::follow`] reads them. The moment tells this process from others.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            rows: RwLock::default(),
            live: Arc::new(Live::new(clock.now().wall)),
            clock,
            changes: AtomicU64::new(1),
            taken: tokio::sync::Mutex::default(),
            decisions: AtomicU64::new(0),
            poked: Notify::new(),
        }
    }

    /// The list of monitors is another one than before.
    pub fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
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
                if decision.transition.is_some() || decision.maintenance.is_some() {
                    rows.unmeasured.insert(decision.monitor);
                }
            }
        });
    }

    /// The news, for those who follow.
    pub fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// Chooses and orders rows and hands them to `work`, together with the version that they are of.
    pub fn read<T>(&self, selection: &Selection, work: impl FnOnce(&Chosen<'_>) -> T) -> T {
        let now = self.clock.now().wall;
        let rows = self.lock();
        let Page { rows: chosen, matched, next } = selection.choose(&rows.rows, &rows.index, now);
        work(&Chosen { rows: chosen, matched, next, all: rows.rows.len(), version: rows.version, now })
    }

    /// One monitor.
    pub fn one(&self, id: MonitorId) -> Option<Row> {
        let rows = self.lock();
        rows.index.place(id).map(|place| rows.rows[place].clone())
    }

    /// Counts up with each change.
    pub fn version(&self) -> u64 {
        self.lock().version
    }

    /// Reads the monitors of `store` whenever they changed and hands on what is new, until `stop` says so.
    pub async fn follow(&self, store: Arc<dyn Store>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow_and_update() {
            if let Err(error) = self.catch_up(&*store).await {
                warn!(error = &error as &dyn std::error::Error, "the monitors are not all as they are in the store");
            }
            self.hand_on();
            tokio::select! {
                _ = stop.changed() => break,
                () = tokio::time::sleep(BEAT) => {}
            }
            tokio::select! {
                _ = stop.changed() => break,
                () = self.poked.notified() => {}
                () = tokio::time::sleep(MEASURED_FOR) => {}
            }
        }
        self.live.close();
    }

    /// Takes the monitors of `store` over when they are others by now; what is at hand of their results stays.
    ///
    /// Who changed the list, and asks after the answer, finds the change. Who stops waiting leaves the list to the next one.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read; then nothing changed.
    pub async fn fresh(&self, store: &dyn Store) -> Result<(), StoreError> {
        let mut taken = self.taken.lock().await;
        let changes = self.changes.load(Ordering::Acquire);
        if *taken == changes {
            return Ok(());
        }
        let before = self.decisions.load(Ordering::Acquire);
        let monitors = store.monitors().await.inspect_err(|_| self.poked.notify_one())?;
        self.lock_mut().take(monitors);
        *taken = changes;
        if self.decisions.load(Ordering::Acquire) != before {
            self.changed();
        }
        self.live.push("reload", "{}");
        self.poked.notify_one();
        Ok(())
    }

    /// The same, looks for the last results of some that are new here, and measures the uptime of some.
    ///
    /// # Errors
    /// [`NotCaughtUp`] when the store cannot be read. One monitor that cannot be read holds no other up.
    pub async fn catch_up(&self, store: &dyn Store) -> Result<(), NotCaughtUp> {
        self.fresh(store).await.map_err(NotCaughtUp::List)?;
        let now = self.clock.now().wall;
        self.lock_mut().take_back(now);
        let filled = self.fill(store, now).await;
        let measured = self.measure(store, now).await;
        let is_done = {
            let rows = self.lock();
            rows.unfilled.is_empty() && rows.unmeasured.is_empty()
        };
        if !is_done {
            self.poked.notify_one();
        }
        filled.and(measured)
    }

    async fn fill(&self, store: &dyn Store, now: Wall) -> Result<(), NotCaughtUp> {
        let mut unfilled = {
            let mut rows = self.lock_mut();
            let rest = rows.unfilled.len().saturating_sub(FILLED);
            rows.unfilled.split_off(rest).into_iter()
        };
        while let Some(id) = unfilled.next() {
            let results = match store.results(id, Wall::from_ms(i64::MIN)..Wall::from_ms(i64::MAX), STRIP).await {
                Ok(results) => results,
                Err(cause) => {
                    let mut rows = self.lock_mut();
                    rows.unfilled.extend(unfilled);
                    rows.put_aside(now).unfilled.push(id);
                    return Err(NotCaughtUp::Results(id, cause));
                }
            };
            if results.is_empty() {
                continue;
            }
            self.update(|rows| {
                // Newest first; what came meanwhile is in the list already.
                rows.with(id, |row| row.refill(results.iter().rev()));
            });
        }
        Ok(())
    }

    /// Reads the marks of those whose uptime cannot be moved on any more.
    async fn measure(&self, store: &dyn Store, now: Wall) -> Result<(), NotCaughtUp> {
        let some = self.lock_mut().next_to_measure(now);
        if some.is_empty() {
            return Ok(());
        }
        let window = now - WINDOW..now;
        let watched = match store.watched(window.clone()).await {
            Ok(watched) => watched,
            Err(cause) => {
                self.lock_mut().unmeasured.extend(some);
                return Err(NotCaughtUp::Watched(cause));
            }
        };
        // What begins with the very end of the window, or lasts beyond it, goes on.
        let marked = window.start..window.end + Duration::from_millis(1);
        let mut measured = Vec::with_capacity(some.len());
        let (mut some, mut failed) = (some.into_iter(), None);
        for id in some.by_ref() {
            match store.marks(id, marked.clone()).await {
                Ok(marks) => measured.push((id, Rolling::of(&marks, &watched, window.clone()))),
                Err(cause) => {
                    failed = Some((id, cause));
                    break;
                }
            }
        }
        let mut rows = self.lock_mut();
        rows.measured(measured, now);
        rows.unmeasured.extend(some);
        let Some((id, cause)) = failed else { return Ok(()) };
        rows.put_aside(now).unmeasured.push(id);
        Err(NotCaughtUp::Marks(id, cause))
    }

    fn hand_on(&self) {
        let batch = {
            let mut rows = self.lock_mut();
            let news = std::mem::take(&mut rows.news);
            let row = |id| rows.index.place(id).map(|place| rows.rows[place].news());
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
    fn take(&mut self, monitors: Vec<MonitorRow>) {
        let mut before: HashMap<MonitorId, Row> = self.rows.drain(..).map(|row| (row.facts.id, row)).collect();
        let is_new = |monitor: &MonitorRow, before: &HashMap<_, _>| !before.contains_key(&monitor.enlisted.id);
        let new = monitors.iter().filter(|monitor| is_new(monitor, &before)).map(|monitor| monitor.enlisted.id);
        self.unfilled.extend(new);
        // Pausing and resuming are no decisions: they come with the list.
        let same =
            |monitor: &MonitorRow| before.get(&monitor.enlisted.id).map(|row| row.status) == Some(monitor.presence());
        self.unmeasured.extend(monitors.iter().filter(|monitor| !same(monitor)).map(|monitor| monitor.enlisted.id));
        self.rows = monitors.into_iter().map(|monitor| Row::of(monitor, &mut before)).collect();
        self.index.renew(&self.rows);
        self.version += 1;
        self.news.clear();
    }

    /// Some whose uptime is to be measured at `now`: those of whom something changed before those that only grow old.
    fn next_to_measure(&mut self, now: Wall) -> Vec<MonitorId> {
        if self.measure.is_some_and(|at| at <= now) {
            let old = self.rows.iter().filter(|row| row.measured_until().is_some_and(|until| until <= now));
            self.unmeasured.extend(old.map(|row| row.facts.id));
            self.measure_after(now);
        }
        let some: Vec<_> = self.unmeasured.iter().copied().take(FILLED).collect();
        for id in &some {
            self.unmeasured.remove(id);
        }
        some
    }

    fn measured(&mut self, measured: Vec<(MonitorId, Rolling)>, now: Wall) {
        for (id, fared) in measured {
            let Some(place) = self.index.place(id) else { continue };
            self.rows[place].fared = Some(fared);
        }
        self.version += 1;
        self.measure_after(now);
    }

    /// Says when to look again for those whose uptime is too old; those of whom it is so `now` are known.
    fn measure_after(&mut self, now: Wall) {
        self.measure = self.rows.iter().filter_map(Row::measured_until).filter(|until| *until > now).min();
    }

    /// Where to put who cannot be read `now`.
    fn put_aside(&mut self, now: Wall) -> &mut Aside {
        self.aside.until.get_or_insert(now + ASIDE_FOR);
        &mut self.aside
    }

    /// Has those read again who were aside for long enough.
    fn take_back(&mut self, now: Wall) {
        if self.aside.until.is_some_and(|until| until <= now) {
            let Aside { unfilled, unmeasured, .. } = std::mem::take(&mut self.aside);
            self.unfilled.extend(unfilled);
            self.unmeasured.extend(unmeasured);
        }
    }

    fn with(&mut self, id: MonitorId, work: impl FnOnce(&mut Row)) {
        if let Some(place) = self.index.place(id) {
            self.index.change(&mut self.rows, place, work);
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
    /// Where the next page goes on; `None` when there is none.
    pub next: Option<Cursor>,
    /// How many monitors there are.
    pub all: usize,
    /// What they are of.
    pub version: u64,
    /// When they were chosen.
    pub now: Wall,
}

#[cfg(test)]
mod tests;
