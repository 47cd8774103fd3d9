//! The watchdog: asks the event loop for signs of life, says when it shows none, finds the line that keeps it, and tells the
//! other workers and the health of this one.

mod block;
mod expose;
mod resources;

use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use allswell::host::{AcceptQueue, Growth, Process, Row, Strain, Worker};
use allswell::{CheckResult, Health, Watchdog};
use allswell_core::Mono;

use self::block::Block;
pub use self::block::SIGNAL;
use self::expose::Scraped;
use crate::clock::{self, mono};
use crate::group::{self, Checked, Counts, Group, Runs};
use crate::inbox::Inbox;
use crate::listeners::Listeners;
use crate::throttle::Throttle;

/// From one look to the next while the service has something to do.
const TICK: Duration = Duration::from_millis(15);

/// From one look to the next while it has not.
const SLOW_TICK: Duration = Duration::from_millis(80);

/// For how long after a request it counts as having something to do.
const BUSY_FOR: Duration = Duration::from_secs(1);

/// How often the others are told, and read.
const SHARE_EVERY: Duration = Duration::from_millis(100);

/// How often what costs more is looked at.
const SLOW_EVERY: Duration = Duration::from_secs(1);

/// A look that comes later than this was not ours to choose: the process was stopped, or had no processor.
const OVERSLEPT: Duration = Duration::from_millis(60);

/// What is known of the loop.
pub struct Watch {
    engine: u64,
    inbox: Arc<Inbox>,
    limits: Option<Watchdog>,
    in_flight_max: Option<usize>,
    group: Option<Group>,
    began: u64,
    /// Requests under way.
    pub in_flight: AtomicI64,
    /// Threads of the pool that are in use, that there are, and requests that wait for one.
    pub threads: [AtomicU64; 3],
    /// Whether Python collects garbage.
    pub collecting: AtomicBool,
    /// Where stacks are written to.
    stacks: OnceLock<File>,
    throttle: Throttle,
    /// The side port, as long as this process serves it.
    side_port: Mutex<Option<u16>>,
    /// What was read of the others for the scrape under way.
    scraped: Mutex<Scraped>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    looked: Option<Mono>,
    /// How long the sleep since then was meant to be.
    sleep: Duration,
    /// For how long the whole process did nothing after this sign of life.
    overslept: (u64, Duration),
    block: Option<Block>,
    blocks: u64,
    /// How long they lasted together.
    blocked: Duration,
    last: Option<(Mono, Duration)>,
    shared: Option<Mono>,
    slowly: Option<Mono>,
    measured: Option<Mono>,
    /// For how long the control group had been throttled when the silence after this sign of life began.
    throttled: (u64, Duration),
    crowded: Option<Mono>,
    exhausted: Option<Mono>,
    growth: Growth,
    worry: Option<String>,
    memory: Option<u64>,
    listeners: Listeners,
    queue: Option<AcceptQueue>,
    others: Vec<group::Worker>,
}

impl State {
    /// For how long the whole process did nothing after this sign of life.
    fn overslept_since(&self, pong: u64) -> Duration {
        let (at, overslept) = self.overslept;
        if at == pong { overslept } else { Duration::ZERO }
    }
}

impl Watch {
    /// Watches the loop of an engine.
    pub fn new(
        engine: u64,
        inbox: Arc<Inbox>,
        limits: Option<Watchdog>,
        in_flight_max: Option<usize>,
        group: Option<Group>,
    ) -> Self {
        Self {
            engine,
            inbox,
            limits,
            in_flight_max,
            group,
            began: group::began(std::process::id()).unwrap_or(0),
            in_flight: AtomicI64::new(0),
            threads: Default::default(),
            collecting: AtomicBool::new(false),
            stacks: OnceLock::new(),
            throttle: Throttle::of_this_process(),
            side_port: Mutex::default(),
            scraped: Mutex::default(),
            state: Mutex::default(),
        }
    }

    /// Whether this worker is the one that serves the side port.
    pub fn leads(&self) -> bool {
        self.group.as_ref().is_none_or(Group::leads)
    }

    /// The side port, as long as this process serves it.
    pub fn side_port(&self) -> Option<u16> {
        *self.side_port.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This process serves the side port.
    pub fn serves(&self, side_port: Option<u16>) {
        *self.side_port.lock().unwrap_or_else(PoisonError::into_inner) = side_port;
    }

    /// Looks at everything that is due, and says when to look again at the latest.
    pub fn look(&self, health: &Health) -> Duration {
        let now = mono();
        let mut state = self.state();
        self.oversleep(&mut state, now);
        let silent = self.silent_for(&state, now);
        let told = self.judge(&mut state, now, silent);
        if told || state.shared.is_none_or(|shared| now.since(shared) >= SHARE_EVERY) {
            state.shared = Some(now);
            self.share(&mut state, silent, health);
        }
        if state.slowly.is_none_or(|slowly| now.since(slowly) >= SLOW_EVERY) {
            state.slowly = Some(now);
            self.look_slowly(&mut state, now);
        }
        drop(state);
        let idle =
            self.in_flight.load(Ordering::Relaxed) == 0 && now.since_origin() > self.inbox.last_touch() + BUSY_FOR;
        self.inbox.ping(idle);
        let tick = if idle && silent.is_zero() { SLOW_TICK } else { TICK };
        let left = self.limits.map(|limits| limits.report_after.saturating_sub(silent));
        let sleep = left.filter(|left| !left.is_zero() && !silent.is_zero()).map_or(tick, |left| left.min(tick));
        self.state().sleep = sleep;
        sleep
    }

    /// For how long the loop was silent at `now`, without what this whole process did not do.
    fn silent_for(&self, state: &State, now: Mono) -> Duration {
        self.inbox.silent_for(now).saturating_sub(state.overslept_since(self.inbox.last_pong()))
    }

    fn oversleep(&self, state: &mut State, now: Mono) {
        let late =
            state.looked.replace(now).map_or(Duration::ZERO, |before| now.since(before).saturating_sub(state.sleep));
        if late > OVERSLEPT {
            let (pong, before) = state.overslept;
            let same = pong == self.inbox.last_pong();
            state.overslept = (self.inbox.last_pong(), if same { before + late } else { late });
            if let Some(block) = &mut state.block {
                block.not_ours += late;
            }
        }
    }

    /// For how long the loop was blocked within the last so many seconds.
    pub fn blocked_within(&self, window: Duration) -> Duration {
        let state = self.state();
        let last =
            state.last.filter(|(ended, _)| mono().since(*ended) < window).map_or(Duration::ZERO, |(_, lasted)| lasted);
        self.silent_for(&state, mono()).max(last)
    }

    /// Tells the others and the health of this process, and reads the others.
    fn share(&self, state: &mut State, silent: Duration, health: &Health) {
        let checks = health.results();
        let ours = self.ourselves(state, silent, &checks);
        if let Some(group) = &self.group {
            group.write(&ours, &self.counts(state, health.recorder().rows(), &checks));
            state.others = group.others().0;
        }
        let mut workers = vec![ours];
        workers.extend(state.others.iter().cloned());
        health.strained(self.strain(state, &workers));
    }

    /// What this worker says of itself.
    fn ourselves(&self, state: &State, silent: Duration, checks: &[CheckResult]) -> group::Worker {
        let checked = |result: &CheckResult| Checked {
            name: result.name.to_string(),
            status: result.status,
            took: result.response_time,
        };
        group::Worker {
            pid: std::process::id(),
            began: self.began,
            at_ms: clock::wall_ms(),
            lag: self.inbox.lags.last().max(silent),
            silent,
            in_flight: self.in_flight.load(Ordering::Relaxed),
            threads: [0, 1, 2].map(|at: usize| self.threads[at].load(Ordering::Relaxed)),
            blocked_in: state.block.as_ref().and_then(|block| block.place.clone()).unwrap_or_default(),
            checks: checks.iter().map(checked).collect(),
        }
    }

    /// What this worker counted.
    fn counts(&self, state: &State, rows: Vec<Row>, checks: &[CheckResult]) -> Counts {
        let runs = |result: &CheckResult| Runs { check: result.name.to_string(), outcomes: result.runs };
        Counts {
            rows,
            lags: self.inbox.lags.counts(),
            blocks: state.blocks,
            blocked: state.blocked,
            runs: checks.iter().map(runs).collect(),
        }
    }

    fn strain(&self, state: &State, workers: &[group::Worker]) -> Strain {
        let mut all: Vec<Worker> = workers.iter().map(shown).collect();
        all.sort_by_key(|worker| std::cmp::Reverse(worker.stuck_for));
        let report_after = self.limits.map_or(Duration::MAX, |limits| limits.report_after);
        let stuck = all.iter().filter(|worker| worker.stuck_for >= report_after).cloned().collect();
        let mut strain = Strain {
            workers: stuck,
            lag: self.inbox.lags.last(),
            worry: state.worry.clone(),
            accept_queue: state.queue,
            memory_bytes: state.memory,
            saturated: self.saturated(state),
            ..Strain::default()
        };
        if let Some(limits) = self.limits {
            strain.judge(all.len(), limits);
        }
        strain.workers = all;
        strain
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn shown(worker: &group::Worker) -> Worker {
    Worker {
        index: worker.pid as usize,
        stuck_for: worker.stuck_for(),
        blocked_in: (!worker.blocked_in.is_empty()).then(|| worker.blocked_in.clone()),
        process: Some(Process { loop_lag: worker.lag, in_flight: worker.in_flight }),
    }
}
