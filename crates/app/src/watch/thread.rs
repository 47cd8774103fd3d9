//! The watchdog's thread: looks every 50 ms, and at what costs more once a second.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Weak};
use std::time::Duration;

use allswell_core::{Mono, time::humane};

use super::accept_queue::{AcceptQueue, accept_queue};
use super::growth::Growth;
use super::slots::{Seen, micros};
use super::{Strain, Watchdog, Worker, proc};
use crate::health::Inner;

/// How often it looks.
const TICK: Duration = Duration::from_millis(50);

/// How often it looks at what costs more than a few microseconds.
const SLOW_TICKS: u64 = 20;

/// How often memory is measured, in ticks: every 10 s.
const MEMORY_TICKS: u64 = 200;

/// A worker outside of requests is given this long: tokio's counts lag behind by up to 61 polls.
const UNNAMED_AFTER: Duration = Duration::from_secs(2);

/// How long saturation must last before it counts.
const SATURATED_AFTER: Duration = Duration::from_secs(10);

/// Starts the thread; it ends when the sender is dropped.
///
/// # Errors
/// When the system gives no thread.
pub fn start(inner: Weak<Inner>) -> std::io::Result<Sender<()>> {
    let (sender, end) = mpsc::channel();
    let look = move || {
        let mut watch = Watch::default();
        while end.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            let Some(inner) = inner.upgrade() else { return };
            watch.look(&inner);
        }
    };
    std::thread::Builder::new().name("allswell-watch".to_owned()).spawn(look)?;
    Ok(sender)
}

/// What the watchdog remembers from one look to the next.
#[derive(Default)]
struct Watch {
    ticks: u64,
    workers: Vec<Moved>,
    canary: Canary,
    blocking: Canary,
    crowded_since: Option<Mono>,
    blocking_since: Option<Mono>,
    growth: Growth,
    worry: Option<String>,
    accept_queue: Option<AcceptQueue>,
    queue_full_since: Option<Mono>,
    memory_bytes: Option<u64>,
}

/// When a worker moved last.
#[derive(Clone, Copy, Default)]
struct Moved {
    counts: (u64, Duration, Option<Seen>),
    at: Mono,
}

/// A task that says when it ran.
#[derive(Default)]
struct Canary {
    sent: Option<Mono>,
    /// In microseconds; zero while it waits.
    ran: Arc<AtomicU64>,
    lag: Duration,
}

impl Canary {
    /// Takes the answer, and sends the next one. A canary that waits is as late as it has waited.
    fn fly(&mut self, now: Mono, send: impl FnOnce(Arc<AtomicU64>)) {
        let ran = self.ran.load(Ordering::Acquire);
        match self.sent {
            Some(sent) if ran == 0 => {
                self.lag = now.since(sent);
                return;
            }
            Some(sent) => self.lag = Duration::from_micros(ran).saturating_sub(sent.since_origin()),
            None => {}
        }
        self.ran.store(0, Ordering::Release);
        self.sent = Some(now);
        send(self.ran.clone());
    }
}

impl Watch {
    fn look(&mut self, inner: &Arc<Inner>) {
        let now = inner.clock.mono();
        let clock = inner.clock;
        self.canary.fly(now, |ran| {
            inner.runtime.spawn(async move { ran.store(micros(clock.mono()), Ordering::Release) });
        });
        if self.ticks.is_multiple_of(SLOW_TICKS) {
            self.blocking.fly(now, |ran| {
                inner.runtime.spawn_blocking(move || ran.store(micros(clock.mono()), Ordering::Release));
            });
            self.accept_queue = inner.listening_on().and_then(accept_queue);
        }
        if self.ticks.is_multiple_of(MEMORY_TICKS) {
            self.measure(now);
        }
        self.ticks += 1;
        let mut strain = Strain {
            workers: self.stuck(inner, now),
            lag: self.canary.lag,
            blocking_lag: self.blocking.lag,
            accept_queue: self.accept_queue,
            memory_bytes: self.memory_bytes,
            worry: self.worry.clone(),
            saturated: self.saturated(inner, now),
            ..Strain::default()
        };
        strain.judge(inner.slots.len(), inner.settings.watchdog);
        inner.strained(strain);
    }

    fn measure(&mut self, now: Mono) {
        let Some(memory) = proc::memory() else { return };
        self.memory_bytes = Some(memory.used);
        self.growth.sample(now.since_origin(), memory.used);
        self.worry = self.growth.worry(memory.limit);
    }

    fn stuck(&mut self, inner: &Inner, now: Mono) -> Vec<Worker> {
        let metrics = inner.runtime.metrics();
        self.workers.resize(inner.slots.len(), Moved::default());
        let mut stuck = Vec::new();
        for (index, moved) in self.workers.iter_mut().enumerate() {
            let seen = inner.slots.see(index);
            let parks = metrics.worker_park_unpark_count(index);
            let counts = (parks, metrics.worker_total_busy_duration(index), seen);
            if counts != moved.counts || moved.at == Mono::default() {
                *moved = Moved { counts, at: now };
            }
            let report_after = inner.settings.watchdog.report_after;
            let named = seen.map(|seen| (now.since(Mono::after(Duration::from_micros(seen.since_us))), seen.place));
            if let Some((stuck_for, (route, method))) = named.filter(|(stuck_for, _)| *stuck_for >= report_after) {
                stuck.push(Worker { index, stuck_for, blocked_in: inner.recorder.name(route, method), process: None });
            } else if parks.is_multiple_of(2) && now.since(moved.at) >= report_after.max(UNNAMED_AFTER) {
                // An odd count says that the worker is parked.
                stuck.push(Worker { index, stuck_for: now.since(moved.at), blocked_in: None, process: None });
            }
        }
        stuck.sort_by_key(|worker| std::cmp::Reverse(worker.stuck_for));
        stuck
    }

    fn saturated(&mut self, inner: &Inner, now: Mono) -> Option<String> {
        let limit = inner.settings.in_flight_max;
        let in_flight = limit.map_or(0, |_| inner.recorder.in_flight());
        let crowded = limit.filter(|&limit| in_flight > i64::try_from(limit).unwrap_or(i64::MAX));
        let lasting = |since: &mut Option<Mono>, holds: bool| match holds {
            true => now.since(*since.get_or_insert(now)) >= SATURATED_AFTER,
            false => {
                *since = None;
                false
            }
        };
        let crowded_out = lasting(&mut self.crowded_since, crowded.is_some());
        let blocked_out = lasting(&mut self.blocking_since, self.blocking.lag >= Duration::from_secs(1));
        let full = self.accept_queue.filter(|queue| queue.is_full());
        let queued_out = lasting(&mut self.queue_full_since, full.is_some());
        match (crowded.filter(|_| crowded_out), blocked_out, full.filter(|_| queued_out)) {
            (Some(limit), ..) => Some(format!("saturated: {in_flight} requests in flight, {limit} allowed")),
            (_, true, _) => Some(format!("saturated: no blocking thread is free since {}", humane(self.blocking.lag))),
            (.., Some(queue)) => Some(format!("saturated: {} connections wait to be accepted", queue.waiting)),
            _ => None,
        }
    }
}

impl Strain {
    /// Says what the stuck workers mean, the first of which is stuck for longest, when there are so many `workers` in all.
    pub fn judge(&mut self, workers: usize, limits: Watchdog) {
        let Some(longest) = self.workers.first() else { return };
        let all = self.workers.len() >= workers;
        if all || longest.stuck_for >= limits.unready_after {
            let sentences: Vec<_> = self.workers.iter().take(4).map(Worker::sentence).collect();
            let all = if all { "all workers stuck" } else { "workers stuck" };
            self.stuck = Some(format!("{all}: {}", sentences.join(", ")));
        }
        let shortest = self.workers.last().map(|worker| worker.stuck_for).unwrap_or_default();
        if all && shortest >= limits.dead_after {
            self.dead.clone_from(&self.stuck);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strain(stuck_ms: &[u64], workers: usize) -> Strain {
        let worker = |(index, &ms): (usize, &u64)| Worker {
            index,
            stuck_for: Duration::from_millis(ms),
            blocked_in: (index == 0).then(|| "GET /report".to_owned()),
            process: None,
        };
        let mut strain = Strain { workers: stuck_ms.iter().enumerate().map(worker).collect(), ..Strain::default() };
        strain.judge(workers, Watchdog::default());
        strain
    }

    #[test]
    fn one_stuck_worker_is_given_a_second() {
        assert_eq!(strain(&[999], 2).stuck, None);
        assert_eq!(strain(&[2_100], 2).stuck.unwrap(), "workers stuck: worker 0 in GET /report for 2.1 s");
        assert_eq!(strain(&[120_000], 2).dead, None, "busy is not dead");
    }

    #[test]
    fn all_stuck_workers_count_at_once_and_are_dead_after_a_minute() {
        let all = strain(&[400, 300], 2);
        assert_eq!(all.stuck.unwrap(), "all workers stuck: worker 0 in GET /report for 400 ms, worker 1 for 300 ms");
        assert_eq!(all.dead, None);
        assert!(strain(&[60_001, 60_000], 2).dead.is_some());
        assert!(strain(&[90_000, 59_000], 2).dead.is_none());
    }
}
