//! The watchdog: asks the event loop for signs of life, says when it shows none, finds the line that keeps it, and tells the
//! other workers and the health of this one.
//!
//! The line is found in two ways. Python is asked first, in a thread of its own: exact, but it needs the interpreter's lock. When
//! that does not answer, code in C holds the lock; then a signal has `faulthandler` write the stack, on the blocked thread itself.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use allswell::host::{AcceptQueue, Exposition, Growth, Process, Row, Strain, Worker};
use allswell::{Health, Watchdog};
use allswell_core::Mono;
use allswell_core::time::humane;
use rustix_libc_wrappers::process::SignalExt as _;

use crate::clock::{self, mono};
use crate::culprit::{self, Frame};
use crate::events::{self, Event};
use crate::group::{self, Counts, Group};
use crate::inbox::{Inbox, LAG_BOUNDS_US};

/// From one look to the next.
pub const TICK: Duration = Duration::from_millis(15);

/// How often the others are told, and read.
const SHARE_EVERY: Duration = Duration::from_millis(100);

/// How often what costs more is looked at.
const SLOW_EVERY: Duration = Duration::from_secs(1);

/// How often memory is measured.
const MEMORY_EVERY: Duration = Duration::from_secs(10);

/// A look that comes later than this was not ours to choose: the process was stopped, or had no processor.
const OVERSLEPT: Duration = Duration::from_millis(60);

/// How long Python has to say where the loop is.
const PATIENCE: Duration = Duration::from_millis(50);

/// How long a stack that was asked for by signal is waited for.
const DUMP_PATIENCE: Duration = Duration::from_millis(200);

/// How long saturation must last before it counts.
const SATURATED_AFTER: Duration = Duration::from_secs(10);

/// The signal that has a stack written: the sixth of the real-time signals.
pub const SIGNAL: i32 = 5;

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
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    looked: Option<Mono>,
    /// What of the present silence is our own doing.
    overslept: (u64, Duration),
    block: Option<Block>,
    blocks: u64,
    seconds: f64,
    last: Option<(Mono, Duration)>,
    shared: Option<Mono>,
    slowly: Option<Mono>,
    measured: Option<Mono>,
    throttled_us: u64,
    crowded: Option<Mono>,
    exhausted: Option<Mono>,
    growth: Growth,
    worry: Option<String>,
    memory: Option<u64>,
    queue: Option<AcceptQueue>,
    others: Vec<group::Worker>,
}

/// A silence of the loop that is long enough to be told.
#[derive(Clone, Debug)]
struct Block {
    number: u64,
    /// The last sign of life before.
    pong: u64,
    asked: Mono,
    signalled: Option<(Mono, u64)>,
    place: Option<String>,
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
            state: Mutex::default(),
        }
    }

    /// Stacks may be asked for by signal; they are written to what this file reads.
    pub fn stacks_in(&self, file: File) {
        self.stacks.set(file).ok();
    }

    /// Whether this worker is the one that serves the side port.
    pub fn leads(&self) -> bool {
        self.group.as_ref().is_none_or(Group::leads)
    }

    /// Looks at everything that is due, and says when to look again at the latest.
    pub fn look(&self, health: &Health) -> Duration {
        let now = mono();
        let mut state = self.state();
        self.oversleep(&mut state, now);
        let silent = self.silent_for(&state);
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
        self.inbox.ping();
        let left = self.limits.map(|limits| limits.report_after.saturating_sub(silent));
        left.filter(|left| !left.is_zero() && !silent.is_zero()).map_or(TICK, |left| left.min(TICK))
    }

    /// For how long the loop is silent, without what this whole process did not do.
    fn silent_for(&self, state: &State) -> Duration {
        let (pong, overslept) = state.overslept;
        let silent = self.inbox.silent_for();
        if pong == self.inbox.last_pong() { silent.saturating_sub(overslept) } else { silent }
    }

    fn oversleep(&self, state: &mut State, now: Mono) {
        let late = state.looked.replace(now).map_or(Duration::ZERO, |before| now.since(before).saturating_sub(TICK));
        if late > OVERSLEPT {
            let (pong, before) = state.overslept;
            let same = pong == self.inbox.last_pong();
            state.overslept = (self.inbox.last_pong(), if same { before + late } else { late });
        }
    }

    /// Begins, follows and ends blocks. `true` when there is something to tell at once.
    fn judge(&self, state: &mut State, now: Mono, silent: Duration) -> bool {
        let Some(limits) = self.limits else { return false };
        let pong = self.inbox.last_pong();
        if let Some(block) = state.block.take_if(|block| block.pong != pong || silent < limits.report_after) {
            let lasted = Duration::from_micros(pong.saturating_sub(block.pong));
            state.last = Some((now, lasted));
            state.seconds += lasted.as_secs_f64();
            let place = block.place.as_deref().unwrap_or("unknown");
            tracing::warn!(blocked_in = place, lasted_ms = lasted.as_millis() as u64, "the event loop moves again");
            return true;
        }
        if silent < limits.report_after {
            return false;
        }
        let Some(mut block) = state.block.take() else {
            state.blocks += 1;
            let place = self.not_the_code(state, silent);
            state.block = Some(Block { number: state.blocks, pong, asked: now, signalled: None, place });
            events::tell(Event::Look { engine: self.engine, block: state.blocks });
            return true;
        };
        let found = block.place.is_none() && self.find(&mut block, now);
        state.block = Some(block);
        found
    }

    /// What blocks the loop though no line of code does: garbage collection, or a control group without processor time.
    fn not_the_code(&self, state: &mut State, silent: Duration) -> Option<String> {
        if self.collecting.load(Ordering::Acquire) {
            return Some("garbage collection".to_owned());
        }
        let throttled_us = throttled_us().saturating_sub(state.throttled_us);
        let throttled = Duration::from_micros(throttled_us);
        (throttled > silent / 2).then(|| format!("CPU throttling by the control group ({})", humane(throttled)))
    }

    /// Asks by signal when Python did not say it in time, and reads what was written.
    fn find(&self, block: &mut Block, now: Mono) -> bool {
        let Some(stacks) = self.stacks.get() else { return false };
        let written = stacks.metadata().map_or(0, |metadata| metadata.len());
        let Some((asked, from)) = block.signalled else {
            if now.since(block.asked) >= PATIENCE {
                block.signalled = Some((now, written));
                signal_ourselves();
            }
            return false;
        };
        if written <= from || now.since(asked) > DUMP_PATIENCE {
            return false;
        }
        let mut text = vec![0; usize::try_from(written - from).unwrap_or(0).min(65_536)];
        let length = stacks.read_at(&mut text, from).unwrap_or(0);
        let frames = culprit::frames(&String::from_utf8_lossy(&text[..length]));
        block.place = culprit::culprit_in(frames);
        self.say(block);
        block.place.is_some()
    }

    fn say(&self, block: &Block) {
        if let Some(place) = &block.place {
            tracing::error!(blocked_in = %place, "the event loop is blocked");
        }
    }

    /// Takes what Python saw of the loop's stack, unless the block is over.
    pub fn looked(&self, number: u64, frames: Vec<Frame>) {
        let mut state = self.state();
        let pong = self.inbox.last_pong();
        let Some(block) = state.block.as_mut().filter(|block| block.number == number && block.pong == pong) else {
            return;
        };
        if block.place.is_none() {
            block.place = culprit::culprit_in(frames);
            self.say(block);
            // Told with the next look.
            state.shared = None;
        }
    }

    /// For how long the loop was blocked within the last so many seconds.
    pub fn blocked_within(&self, window: Duration) -> Duration {
        let state = self.state();
        let last =
            state.last.filter(|(ended, _)| mono().since(*ended) < window).map_or(Duration::ZERO, |(_, lasted)| lasted);
        self.silent_for(&state).max(last)
    }

    /// Tells the others and the health of this process, and reads the others.
    fn share(&self, state: &mut State, silent: Duration, health: &Health) {
        let ours = group::Worker {
            pid: std::process::id(),
            began: self.began,
            at_ms: clock::wall_ms(),
            lag: self.inbox.lags.last().max(silent),
            silent,
            in_flight: self.in_flight.load(Ordering::Relaxed),
            blocked_in: state.block.as_ref().and_then(|block| block.place.clone()).unwrap_or_default(),
        };
        if let Some(group) = &self.group {
            group.write(&ours, &self.counts(health.recorder().rows()));
            state.others = group.others().0;
        }
        let mut workers = vec![ours];
        workers.extend(state.others.iter().cloned());
        health.strained(self.strain(state, &workers));
    }

    fn counts(&self, rows: Vec<Row>) -> Counts {
        let (buckets, sum) = self.inbox.lags.counts();
        let mut lags = [0; LAG_BOUNDS_US.len() + 2];
        lags[..buckets.len()].copy_from_slice(&buckets);
        lags[buckets.len()] = sum;
        Counts { rows, lags }
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

    fn saturated(&self, state: &State) -> Option<String> {
        let lasting = |since: Option<Mono>| since.is_some_and(|since| mono().since(since) >= SATURATED_AFTER);
        if lasting(state.crowded) {
            let in_flight = self.in_flight.load(Ordering::Relaxed);
            return Some(format!("saturated: {in_flight} requests in flight, {} allowed", self.in_flight_max?));
        }
        let [used, _, waiting] = [0, 1, 2].map(|at: usize| self.threads[at].load(Ordering::Relaxed));
        lasting(state.exhausted)
            .then(|| format!("saturated: all {used} threads in use, {waiting} requests wait for one"))
    }

    fn look_slowly(&self, state: &mut State, now: Mono) {
        let [used, total, waiting] = [0, 1, 2].map(|at: usize| self.threads[at].load(Ordering::Relaxed));
        let crowded = self.in_flight_max.is_some_and(|max| self.in_flight.load(Ordering::Relaxed) > max as i64);
        since(&mut state.crowded, crowded, now);
        since(&mut state.exhausted, waiting > 0 && used >= total, now);
        state.throttled_us = throttled_us();
        if let Some(group) = &self.group
            && let Err(error) = group.fold()
        {
            tracing::warn!(%error, "cannot keep the counts of workers that are gone");
        }
        if state.measured.is_none_or(|measured| now.since(measured) >= MEMORY_EVERY) {
            state.measured = Some(now);
            let Some(memory) = allswell::host::memory() else { return };
            state.memory = Some(memory.used);
            state.growth.sample(now.since_origin(), memory.used);
            state.worry = state.growth.worry(memory.limit);
        }
    }

    /// The counts of all workers that are and were.
    pub fn all_rows(&self, own: Vec<Row>) -> Vec<Row> {
        let Some(group) = &self.group else { return own };
        let mut counts = self.counts(own);
        counts.add(group.others().1);
        counts.rows
    }

    /// Writes the metrics of the loop and of the workers.
    pub fn write(&self, text: &mut Exposition) {
        let state = self.state();
        let pid = std::process::id();
        let workers: Vec<(u32, i64, Duration)> =
            std::iter::once((pid, self.in_flight.load(Ordering::Relaxed), self.silent_for(&state)))
                .chain(state.others.iter().map(|worker| (worker.pid, worker.in_flight, worker.stuck_for())))
                .collect();
        text.family("http_requests_in_flight", "gauge", "Requests that began and did not end, by worker");
        for (pid, in_flight, _) in &workers {
            text.sample("http_requests_in_flight", &[("pid", &pid.to_string())], *in_flight as f64);
        }
        let report_after = self.limits.map_or(Duration::MAX, |limits| limits.report_after);
        text.gauge("allswell_workers", "Workers that live", workers.len() as f64);
        let blocked = workers.iter().filter(|(.., silent)| *silent >= report_after).count();
        text.gauge("allswell_workers_blocked", "Workers whose event loop is blocked", blocked as f64);
        text.counter("allswell_loop_blocks", "How often the event loop of this worker was blocked");
        text.sample("allswell_loop_blocks_total", &[], state.blocks as f64);
        text.counter("allswell_loop_blocked_seconds", "How long the event loop of this worker was blocked");
        text.sample("allswell_loop_blocked_seconds_total", &[], state.seconds);
        let [used, total, waiting] = [0, 1, 2].map(|at: usize| self.threads[at].load(Ordering::Relaxed) as f64);
        text.gauge("allswell_threads_used", "Threads of this worker's pool in use", used);
        text.gauge("allswell_threads", "Threads of this worker's pool", total);
        text.gauge("allswell_threads_waiting", "Calls that wait for a thread of this worker's pool", waiting);
        if let Some(queue) = state.queue {
            text.gauge(
                "allswell_accept_queue_connections",
                "Connections that wait to be accepted",
                queue.waiting as f64,
            );
            if let Some(limit) = queue.limit {
                text.gauge("allswell_accept_queue_limit_connections", "How many may wait", limit as f64);
            }
        }
        if let Some(bytes) = state.memory {
            text.gauge("allswell_memory_bytes", "Memory in use, as the limit counts it", bytes as f64);
        }
    }

    /// Has the accept queue of the service's own port looked at.
    pub fn queue(&self, connections: Option<AcceptQueue>) {
        self.state().queue = connections;
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

fn since(moment: &mut Option<Mono>, holds: bool, now: Mono) {
    *moment = holds.then(|| moment.unwrap_or(now));
}

/// Sent to the process, a signal goes to its main thread as long as that does not block it (`complete_signal` in Linux).
fn signal_ourselves() {
    let Some(signal) = rustix::process::Signal::rt(SIGNAL) else { return };
    if let Err(error) = rustix::process::kill_process(rustix::process::getpid(), signal) {
        tracing::warn!(%error, "cannot ask for the stack of the event loop");
    }
}

/// For how long this control group was kept from running, since it was made.
fn throttled_us() -> u64 {
    let text = std::fs::read_to_string("/sys/fs/cgroup/cpu.stat").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("throttled_usec "));
    line.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}
