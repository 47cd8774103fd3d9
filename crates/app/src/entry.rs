//! A registered check and where it stands: `core::check` decides, this keeps what documents show beside the decision.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use allswell_core::check::{Asking, Check as Core, Memory, Transition};
use allswell_core::time::humane;
use allswell_core::{Mono, Now, Reason, Verdict};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::check::{Check, Timing};
use crate::faults::Trouble;
use crate::outcome::{Cause, Outcome};
use crate::result::{CheckResult, Status};

/// How one asking ended.
#[derive(Debug)]
pub enum Ended {
    /// With an outcome of its own.
    Answered(Outcome),
    /// It panicked, with this text.
    Panicked(String),
    /// Not within its time. `again` when it is the same asking that was too late before.
    TooLate { again: bool },
}

/// A check that is registered.
pub struct Entry {
    /// The check.
    pub check: Check,
    /// Wakes its task before the next asking is due.
    pub wake: Notify,
    /// Told after each asking.
    pub asked: Notify,
    turn: Mutex<Turn>,
    task: Mutex<Option<AbortHandle>>,
    damped: AtomicBool,
}

struct Turn {
    core: Core,
    last: Option<Last>,
    passed_once: bool,
    runs: [u64; 3],
    trouble: Option<Trouble>,
}

struct Last {
    at: Now,
    took: Duration,
    cause: Option<Cause>,
}

impl Entry {
    /// A check registered at `now`. Its first asking is due after its initial delay, and its first outcome counts at once.
    pub fn new(check: Check, seed: u64, now: Now) -> Self {
        let mut core = Core::new(check.policy(true), seed, Memory::default(), None, now);
        core.hasten(now.mono + check.initial_delay);
        let turn = Turn { core, last: None, passed_once: false, runs: [0; 3], trouble: None };
        Self {
            check,
            wake: Notify::new(),
            asked: Notify::new(),
            turn: Mutex::new(turn),
            task: Mutex::new(None),
            damped: AtomicBool::new(false),
        }
    }

    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over the task that asks, so that it ends with the entry.
    pub fn run_by(&self, task: AbortHandle) {
        *self.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
    }

    /// Ends its task and the asking under way.
    pub fn stop(&self) {
        if let Some(task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }

    /// When the next asking is due; `None` for a check that waits to be wanted.
    pub fn due(&self) -> Option<Mono> {
        let turn = self.turn();
        let waits = matches!(self.check.timing, Timing::OnDemand { .. }) && turn.last.is_some();
        (!waits).then(|| turn.core.due())
    }

    /// When the next moment of its grid is, wanted or not.
    pub fn grid_due(&self) -> Mono {
        self.turn().core.due()
    }

    /// Begins an asking.
    pub fn begin(&self, now: Now) -> Option<Asking> {
        self.turn().core.start(now)
    }

    /// Whether a request that wants it must have it asked first.
    pub fn is_old(&self, now: Mono) -> bool {
        let Timing::OnDemand { max_age } = self.check.timing else { return false };
        self.turn().last.as_ref().is_none_or(|last| now.since(last.at.mono) > max_age)
    }

    /// Has it asked now. The asking under way, if there is one, is young enough for whoever wants it.
    pub fn want(&self, now: Mono) {
        let mut turn = self.turn();
        if turn.core.asking().is_some() {
            return;
        }
        turn.core.hasten(now);
        drop(turn);
        self.wake.notify_one();
    }

    /// Takes how the asking ended, and returns the change of status, if any.
    ///
    /// `starved` is how late our own timer was: a timeout that we slept through says nothing about what was asked.
    pub fn finish(&self, now: Now, asking: &Asking, ended: Ended, starved: Duration) -> Option<Transition> {
        let took = now.mono.since(asking.started.mono);
        let (outcome, mut cause) = self.judge(ended, took);
        let mut turn = self.turn();
        let finished = turn.core.finish(now, outcome, starved)?;
        if finished.outcome.reason == Some(Reason::Slow) {
            let limit = self.check.degraded_above.unwrap_or_default();
            cause = Some(Cause::public(format!("slower than {}", humane(limit))));
        }
        match finished.outcome.verdict {
            Verdict::Pass => turn.runs[0] += 1,
            Verdict::Warn => turn.runs[1] += 1,
            Verdict::Fail => turn.runs[2] += 1,
            Verdict::Unknown => cause = Some(Cause::public("this process was starved of CPU")),
        }
        turn.passed_once |= matches!(finished.outcome.verdict, Verdict::Pass | Verdict::Warn);
        turn.last = Some(Last { at: now, took, cause });
        if finished.transition.is_some() && !self.damped.swap(true, Ordering::Relaxed) {
            turn.core.follow(self.check.policy(false), now);
        }
        drop(turn);
        self.asked.notify_waiters();
        finished.transition
    }

    fn judge(&self, ended: Ended, took: Duration) -> (allswell_core::Outcome, Option<Cause>) {
        use allswell_core::Outcome as Judged;
        match ended {
            Ended::Answered(Outcome { verdict, cause }) => match verdict {
                Verdict::Pass => (Judged::pass(took), None),
                Verdict::Warn => (Judged::warn(Reason::Expectation, took), cause),
                Verdict::Fail => (Judged::fail(Reason::Expectation, took), cause),
                Verdict::Unknown => (Judged::unknown(Reason::OwnFault, took), cause),
            },
            Ended::Panicked(text) => (Judged::fail(Reason::Expectation, took), Some(Cause::new("panicked", &text))),
            Ended::TooLate { again } => {
                let text = format!("timed out after {}", plain_seconds(self.check.deadline()));
                let more = if again { ", and has not returned yet" } else { "" };
                let cause = Cause::public(text.clone()).with_detail(&format!("{text}{more}"));
                (Judged::fail(Reason::FirstByteTimeout, took), Some(cause))
            }
        }
    }

    /// Makes it misbehave, or lets it be again.
    pub fn trouble(&self, trouble: Option<Trouble>) {
        self.turn().trouble = trouble;
    }

    /// How it is to misbehave in an asking that begins now.
    pub fn troubled(&self, now: Mono) -> Option<Trouble> {
        self.turn().trouble.filter(|trouble| trouble.until > now)
    }

    /// What is held to be true of it now. A result that is too old is `unknown`, never "still fine".
    pub fn result(&self, now: Now) -> CheckResult {
        let turn = self.turn();
        let memory = turn.core.memory();
        let last = turn.last.as_ref();
        let age = last.map(|last| now.mono.since(last.at.mono));
        let status = Status::from(turn.core.status());
        let failing_for = now.wall.since(memory.began[0]);
        let cause = last.and_then(|last| last.cause.as_ref());
        let mut result = CheckResult {
            name: self.check.name.clone(),
            status,
            critical: self.check.weight == crate::check::Weight::Critical,
            response_time: last.map(|last| last.took),
            message: cause.map(|cause| cause.as_public().to_owned()),
            detail: cause.map(|cause| cause.detail().to_owned()),
            time: last.map(|last| last.at.wall),
            age,
            consecutive_failures: memory.failures.length(),
            since: last.map(|_| memory.since),
            component: self.check.component,
            members: self.check.members,
            restart: status == Status::Error && self.check.restart_after.is_none_or(|limit| failing_for >= limit),
            passed_once: turn.passed_once,
            runs: turn.runs,
        };
        match age {
            None => result.overridden(Status::Unknown, &Cause::public("no result yet")),
            Some(age) if age > self.check.stale_after() => {
                result.overridden(Status::Unknown, &Cause::public(format!("stale, last run {} ago", humane(age))));
            }
            Some(_) => {}
        }
        if turn.trouble.is_some_and(|trouble| trouble.fails(now.mono)) {
            result.overridden(Status::Error, &Cause::public("simulated failure"));
        }
        result
    }
}

/// `5 s`, `0.5 s`: without the digits that say nothing.
fn plain_seconds(duration: Duration) -> Cow<'static, str> {
    format!("{} s", duration.as_secs_f64()).into()
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.stop();
    }
}
