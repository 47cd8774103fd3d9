//! One check: when it is due, whether it is under way, and what its outcomes say about the status.
//!
//! The due moments of a check lie on a grid on the wall clock: `phase + n * interval`, the phase drawn from the check's
//! seed. So many checks never start together, a restart finds the same grid again, and nothing has to be stored for it.
//! Within one run the grid is followed on the monotonic clock, so a stepped wall clock neither skips nor repeats an asking.

use std::time::Duration;

use crate::backoff::mix;
use crate::outcome::{Outcome, Reason, Verdict};
use crate::streak::Streak;
use crate::time::{Mono, Now, Wall};

/// The numbers that turn outcomes into a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// From one asking to the next, 1 s to 1 day.
    pub interval: Duration,
    /// The one deadline over all phases of an asking.
    pub timeout: Duration,
    /// Failures in a row until the status is down; warnings (or failures) in a row until it is degraded.
    pub failure_threshold: u32,
    /// Askings in a row without failure until it is down no more.
    pub success_threshold: u32,
    /// How long after it was first configured the first asking waits.
    pub initial_delay: Duration,
    /// A pass slower than this is a warning.
    pub degraded_above: Option<Duration>,
}

/// What we hold to be true of a target now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Not asked yet, or we cannot ask.
    #[default]
    Unknown,
    /// It does its job.
    Up,
    /// It does its job, but with less than all its parts or too slowly.
    Degraded,
    /// It does not do its job.
    Down,
}

impl Status {
    /// The word used in JSON, databases and pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }

    /// The status with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Unknown, Self::Up, Self::Degraded, Self::Down].into_iter().find(|status| status.as_str() == word)
    }
}

/// A change of status; the only thing that opens or closes an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// What was true before.
    pub from: Status,
    /// What is true now.
    pub to: Status,
    /// When the first outcome of the streak that confirmed it was asked for: uptime counts from here.
    pub began: Wall,
    /// When it was confirmed.
    pub at: Wall,
}

/// What must outlast a restart for the next outcome to be judged as if there had been none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The last status that outcomes confirmed. Never set back to unknown.
    pub confirmed: Status,
    /// Whether we could not ask the last time.
    pub blind: bool,
    /// When the status that is shown began.
    pub since: Wall,
    /// Failures in a row.
    pub failures: Streak,
    /// Warnings or failures in a row.
    pub troubles: Streak,
    /// Askings in a row without failure.
    pub successes: Streak,
    /// Passes in a row.
    pub passes: Streak,
    /// When the streak of failures, troubles, successes and passes began, in this order.
    pub began: [Wall; 4],
}

impl Memory {
    /// The status that is shown: unknown while we cannot ask.
    pub const fn status(&self) -> Status {
        if self.blind { Status::Unknown } else { self.confirmed }
    }

    /// The part that decides what the next outcomes do. Two memories that agree in it need not both be written.
    fn weight(&self) -> (Status, bool, u32, u32) {
        let pending_success = if self.confirmed == Status::Up { 0 } else { self.successes.length().min(1) };
        (self.confirmed, self.blind, self.failures.length(), self.troubles.length() + pending_success)
    }
}

/// What an outcome did to a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The outcome as it counts: a pass may have been too slow, a timeout may have been our own fault.
    pub outcome: Outcome,
    /// The change of status, if it is confirmed.
    pub transition: Option<Transition>,
    /// Whether the memory is worth writing: `false` for one more pass of what is up.
    pub remember: bool,
}

/// An asking that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asking {
    /// When it was due.
    pub due: Mono,
    /// When it began.
    pub started: Now,
    /// When it must have ended, on the monotonic clock.
    pub deadline: Mono,
}

/// One check and where it stands.
#[derive(Clone, Debug)]
pub struct Check {
    policy: Policy,
    seed: u64,
    due: Mono,
    asking: Option<Asking>,
    memory: Memory,
}

impl Check {
    /// A check that starts or goes on at `now`.
    ///
    /// `memory` and `last_asked` come from before a restart, or are empty for a new check. What became due while nobody
    /// asked is asked soon, spread over at most ten seconds, and never earlier than half an interval after the last asking.
    pub fn new(policy: Policy, seed: u64, memory: Memory, last_asked: Option<Wall>, now: Now) -> Self {
        let wait = match last_asked {
            None => policy.initial_delay + spread(seed, policy.interval.min(Duration::from_secs(10))),
            // A last asking in the future tells of a clock that was set back, and of nothing else.
            Some(last) if last > now.wall => to_grid(seed, policy.interval, now.wall),
            Some(last) => {
                let next = last + to_grid(seed, policy.interval, last);
                if next > now.wall {
                    next.since(now.wall)
                } else {
                    let soon = spread(seed, policy.interval.min(Duration::from_secs(10)));
                    soon.max((last + policy.interval / 2).since(now.wall))
                }
            }
        };
        Self { due: now.mono + wait, policy, seed, asking: None, memory }
    }

    /// The numbers it follows.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Follows other numbers from now on; what is known of the target stays known.
    pub fn follow(&mut self, policy: Policy, now: Now) {
        if policy.interval != self.policy.interval {
            self.due = self.due.min(now.mono + to_grid(self.seed, policy.interval, now.wall));
        }
        self.policy = policy;
    }

    /// What must be kept over a restart.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The status that is shown.
    pub fn status(&self) -> Status {
        self.memory.status()
    }

    /// When it is to be asked next.
    pub fn due(&self) -> Mono {
        self.due
    }

    /// The asking under way.
    pub fn asking(&self) -> Option<&Asking> {
        self.asking.as_ref()
    }

    /// Has the next asking due at `moment`, when that is earlier than it would have been.
    ///
    /// For a service that cannot be ready before it knows, and for a result that somebody waits for. The grid goes on as it was.
    pub fn hasten(&mut self, moment: Mono) {
        self.due = self.due.min(moment);
    }

    /// Begins an asking when it is due and none is under way, and says until when it must end.
    ///
    /// The next one is due at the next moment of the grid that lies in the future. Moments that passed while an asking was
    /// under way are not made up for.
    pub fn start(&mut self, now: Now) -> Option<Asking> {
        if self.asking.is_some() || now.mono < self.due {
            return None;
        }
        let asking = Asking { due: self.due, started: now, deadline: now.mono + self.policy.timeout };
        self.asking = Some(asking);
        self.due = self.next(now);
        Some(asking)
    }

    /// The first asking of a check lies anywhere, the next ones lead to the grid, and from then on they lie on it. Two are never
    /// less than half an interval apart, nor more than one.
    fn next(&self, now: Now) -> Mono {
        let on_grid = now.wall + to_grid(self.seed, self.policy.interval, now.wall);
        let wait = on_grid.since(now.wall);
        let late = now.mono.since(self.due);
        if late > self.policy.interval || wait <= self.policy.interval / 2 {
            // Joining the grid: at its next moment, or half-way to the one after when that is too soon.
            let wait = if wait < self.policy.interval / 2 { (wait + self.policy.interval) / 2 } else { wait };
            return now.mono + wait;
        }
        // On the grid already: step along it on the monotonic clock, so lateness never adds up.
        let next = self.due + self.policy.interval;
        let drift = (now.mono + wait).since(next).max(next.since(now.mono + wait));
        if drift >= self.policy.interval / 4 { now.mono + wait } else { next }
    }

    /// Takes the outcome of the asking under way and says what changed.
    ///
    /// `now` is the moment the outcome was known; `starved` is how late our own timers were meanwhile: a timeout while they
    /// were late by more than a fifth of the timeout is our fault. An outcome without an asking under way changes nothing.
    #[must_use = "a transition opens or closes an incident"]
    pub fn finish(&mut self, now: Now, outcome: Outcome, starved: Duration) -> Option<Finished> {
        let asking = self.asking.take()?;
        let outcome = if outcome.reason.is_some_and(Reason::is_timeout) && starved > self.policy.timeout / 5 {
            Outcome::unknown(Reason::OwnStarved, outcome.latency)
        } else {
            outcome.slower_than(self.policy.degraded_above)
        };
        Some(self.conclude(asking.started.wall, now, outcome))
    }

    /// Takes an outcome that came by itself, unasked, and holds for the moment `at`; says what changed.
    #[must_use = "a transition opens or closes an incident"]
    pub fn note(&mut self, at: Wall, now: Now, outcome: Outcome) -> Finished {
        self.conclude(at, now, outcome.slower_than(self.policy.degraded_above))
    }

    fn conclude(&mut self, asked: Wall, now: Now, outcome: Outcome) -> Finished {
        let before = self.memory;
        self.count(outcome.verdict, asked);
        let confirmed_since = self.confirm();
        let transition = self.transition(&before, confirmed_since, asked, now.wall);
        let remember = transition.is_some() || before.weight() != self.memory.weight();
        Finished { outcome, transition, remember }
    }

    /// Gives up the asking under way: it will bring no outcome.
    pub fn abandon(&mut self) {
        self.asking = None;
    }

    fn count(&mut self, verdict: Verdict, asked: Wall) {
        let memory = &mut self.memory;
        memory.blind = verdict == Verdict::Unknown;
        let holds = match verdict {
            Verdict::Unknown => return,
            Verdict::Pass => [false, false, true, true],
            Verdict::Warn => [false, true, true, false],
            Verdict::Fail => [true, true, false, false],
        };
        let streaks = [&mut memory.failures, &mut memory.troubles, &mut memory.successes, &mut memory.passes];
        for ((streak, holds), began) in streaks.into_iter().zip(holds).zip(&mut memory.began) {
            if streak.push(holds) == 1 {
                *began = asked;
            }
        }
    }

    /// Moves the confirmed status where the streaks say, and returns when the deciding streak began.
    fn confirm(&mut self) -> Option<Wall> {
        let Memory { confirmed, failures, troubles, successes, passes, began, .. } = self.memory;
        let (down, well) = (self.policy.failure_threshold, self.policy.success_threshold);
        let (to, since) = match confirmed {
            _ if confirmed != Status::Down && failures.reached(down) => (Status::Down, began[0]),
            Status::Unknown if passes.length() > 0 => (Status::Up, began[3]),
            Status::Up | Status::Unknown if troubles.reached(down) => (Status::Degraded, began[1]),
            Status::Down if passes.reached(well) => (Status::Up, began[3]),
            Status::Down if successes.reached(well) => (Status::Degraded, began[2]),
            Status::Degraded if passes.reached(well) => (Status::Up, began[3]),
            _ => return None,
        };
        self.memory.confirmed = to;
        Some(since)
    }

    fn transition(
        &mut self,
        before: &Memory,
        confirmed_since: Option<Wall>,
        asked: Wall,
        at: Wall,
    ) -> Option<Transition> {
        let (from, to) = (before.status(), self.memory.status());
        if from == to {
            return None;
        }
        // Turning blind or seeing again begins with this asking, unless a streak says otherwise; never before the last change.
        let began = match confirmed_since {
            Some(since) if !self.memory.blind && !before.blind => since,
            _ => asked,
        };
        let began = began.max(before.since).min(at.max(before.since));
        self.memory.since = began;
        Some(Transition { from, to, began, at })
    }
}

/// How far after `wall` the next moment of the grid lies; never zero.
fn to_grid(seed: u64, interval: Duration, wall: Wall) -> Duration {
    let interval_ms = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX).max(1);
    let phase = i64::try_from(mix(seed) % interval_ms.unsigned_abs()).unwrap_or(0);
    let into = (wall.ms() - phase).rem_euclid(interval_ms);
    Duration::from_millis((interval_ms - into).unsigned_abs())
}

/// A part of `over` that depends on `seed` alone.
fn spread(seed: u64, over: Duration) -> Duration {
    over.mul_f64(crate::backoff::fraction(seed))
}

#[cfg(test)]
mod tests;
