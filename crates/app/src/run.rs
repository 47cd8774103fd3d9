//! Asks the checks: one task for each, detached from every request, never two askings of one check at a time.

use std::sync::{Arc, Weak};
use std::time::Duration;

use allswell_core::check::Asking;
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout_at;

use crate::check::CheckContext;
use crate::clock::Clock;
use crate::entry::{Ended, Entry};
use crate::faults::Kind;
use crate::health::Inner;
use crate::outcome::Outcome;

/// Lateness of our own timers up to this is no sign that the process was starved.
const LATENESS_ALLOWED: Duration = Duration::from_millis(250);

/// How long what was given up has to go before it counts as not returning.
const GRACE: Duration = Duration::from_millis(50);

/// Starts the task of a check. It ends when the entry is stopped or the service's health is dropped.
pub fn start(runtime: &Handle, inner: Weak<Inner>, entry: &Arc<Entry>) {
    let task = runtime.spawn(turns(inner, Arc::downgrade(entry)));
    entry.run_by(task.abort_handle());
}

async fn turns(inner: Weak<Inner>, entry: Weak<Entry>) {
    let mut tasks = JoinSet::new();
    loop {
        let Some(entry) = entry.upgrade() else { return };
        let Some(clock) = inner.upgrade().map(|inner| inner.clock) else { return };
        match entry.due() {
            // Due or wanted: both are the time to look.
            Some(due) => drop(timeout_at(clock.instant(due), entry.wake.notified()).await),
            None => entry.wake.notified().await,
        }
        if let Some(asking) = entry.begin(clock.now()) {
            ask(&mut tasks, &inner, &entry, clock, asking).await;
        }
    }
}

/// One asking until it returned, and the moments of other askings that pass while it does not.
async fn ask(tasks: &mut JoinSet<Outcome>, inner: &Weak<Inner>, entry: &Arc<Entry>, clock: Clock, asking: Asking) {
    let task = tasks.spawn(question(entry.clone(), clock));
    let joined = timeout_at(clock.instant(asking.deadline), tasks.join_next()).await;
    let ended = joined.ok().flatten().map(answer);
    let (returned, now) = (ended.is_some(), clock.now());
    let late = now.mono.since(asking.deadline);
    let starved = if late > LATENESS_ALLOWED { late } else { Duration::ZERO };
    let starved = starved.max(host_late(inner, now.mono.since(asking.started.mono)));
    finish(inner, entry, clock, &asking, ended.unwrap_or(Ended::TooLate { again: false }), starved);
    if returned {
        return;
    }
    task.abort();
    loop {
        let moment = entry.grid_due().max(clock.mono() + GRACE);
        if timeout_at(clock.instant(moment), tasks.join_next()).await.is_ok() {
            return;
        }
        if let Some(asking) = entry.begin(clock.now()) {
            finish(inner, entry, clock, &asking, Ended::TooLate { again: true }, Duration::ZERO);
        }
    }
}

/// How late whoever hosts us was with an asking that took so long.
#[cfg_attr(not(feature = "host"), expect(unused_variables, reason = "without hosts nobody is late"))]
fn host_late(inner: &Weak<Inner>, asked_for: Duration) -> Duration {
    #[cfg(feature = "host")]
    if let Some(host) = inner.upgrade().and_then(|inner| inner.host.clone()) {
        return host.late(asked_for);
    }
    Duration::ZERO
}

/// The question itself, with the misbehaviour that a simulation asks for before it.
async fn question(entry: Arc<Entry>, clock: Clock) -> Outcome {
    match entry.troubled(clock.mono()).map(|trouble| trouble.kind) {
        Some(Kind::Slow(by)) => tokio::time::sleep(by).await,
        Some(Kind::Hang) => std::future::pending().await,
        Some(Kind::Fail) | None => {}
    }
    let context = CheckContext::new(entry.check.name.clone(), entry.check.deadline());
    (entry.check.ask)(context).await
}

fn answer(joined: Result<Outcome, JoinError>) -> Ended {
    let panic = match joined {
        Ok(outcome) => return Ended::Answered(outcome),
        Err(error) => error.try_into_panic(),
    };
    let Ok(panic) = panic else { return Ended::Answered(Outcome::fail("the runtime is shutting down")) };
    let text =
        panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned());
    Ended::Panicked(text.unwrap_or_else(|| "with a value that is no text".to_owned()))
}

fn finish(inner: &Weak<Inner>, entry: &Entry, clock: Clock, asking: &Asking, ended: Ended, starved: Duration) {
    let transition = entry.finish(clock.now(), asking, ended, starved);
    let Some(inner) = inner.upgrade() else { return };
    inner.touched();
    if let Some(transition) = transition {
        inner.tell(entry, transition);
    }
}
