//! A check that waits to be called: when the next call is expected, and what it means when none comes.
//!
//! Moments are on the wall clock, because that is where jobs are scheduled. Nobody can call us while we do not listen: a call that
//! was expected then is `unknown`, never missed.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::calendar::Calendar;
use crate::outcome::{Outcome, Reason};
use crate::time::Wall;

/// A call that came in time may be handed on this late, when much comes at once.
pub const SLACK: Duration = Duration::from_secs(2);
/// How many runs of one job are followed at once; the oldest is forgotten first.
const RUNS_MAX: usize = 16;

/// When calls are expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rhythm {
    /// Each time this long after the one before.
    Period(Duration),
    /// By the calendar.
    Calendar(Box<Calendar>, TimeZone),
}

/// The numbers that turn calls, and their absence, into outcomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// When calls are expected.
    pub rhythm: Rhythm,
    /// How much later than expected a call is still in time.
    pub grace: Duration,
    /// How long a run may take from its start; `grace` when not given, and then never less than the schedule leaves.
    pub max_run: Option<Duration>,
}

/// What a caller says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// A run has begun.
    Start,
    /// A run went well.
    Success,
    /// A run failed.
    Fail,
    /// Something worth keeping, which changes nothing.
    Log,
}

/// A call that did not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    /// When it was expected.
    pub expected: Wall,
    /// Until when it would have been in time: the failure began then.
    pub deadline: Wall,
    /// A failure; unknown when nobody could have called us.
    pub outcome: Outcome,
}

/// One heartbeat and where it stands.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    policy: Policy,
    /// Every call expected up to here has come or was given up.
    settled: Wall,
    /// The runs under way, each with its start.
    runs: BTreeMap<u128, Wall>,
}

impl Heartbeat {
    /// A heartbeat whose last call, or else whose beginning, was at `settled`.
    pub const fn new(policy: Policy, settled: Wall) -> Self {
        Self { policy, settled, runs: BTreeMap::new() }
    }

    /// Follows other numbers from now on.
    pub fn follow(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// When the next call is expected; `None` when the calendar has come to its end.
    pub fn expected(&self) -> Option<Wall> {
        self.next(self.settled)
    }

    /// Until when something must have come.
    pub fn deadline(&self) -> Option<Wall> {
        let by_schedule = self.expected().map(|expected| expected + self.policy.grace);
        let longest = self.runs.values().min();
        match (longest, self.policy.max_run) {
            (None, _) => by_schedule,
            (Some(started), Some(max_run)) => Some(*started + max_run),
            (Some(started), None) => by_schedule.map(|deadline| deadline.max(*started + self.policy.grace)),
        }
    }

    /// When to look whether the next call has come.
    pub fn due(&self) -> Option<Wall> {
        self.deadline().map(|deadline| deadline + SLACK)
    }

    /// Takes a call that came in at `at`. `run` tells the runs of a job apart that may overlap; 0 when it does not say.
    ///
    /// The outcome's latency is the time from the run's start, when that was called in.
    pub fn beat(&mut self, beat: Beat, run: u128, at: Wall) -> Option<Outcome> {
        match beat {
            Beat::Log => None,
            Beat::Start => {
                if self.runs.len() >= RUNS_MAX
                    && let Some(oldest) = self.runs.iter().min_by_key(|(_, started)| **started).map(|(run, _)| *run)
                {
                    self.runs.remove(&oldest);
                }
                self.runs.insert(run, at);
                None
            }
            Beat::Success | Beat::Fail => {
                let took = self.runs.remove(&run).map(|started| at.since(started)).unwrap_or_default();
                self.settle(at);
                Some(match beat {
                    Beat::Success => Outcome::pass(took),
                    _ => Outcome::fail(Reason::HeartbeatFailed, took),
                })
            }
        }
    }

    /// Says that a call did not come, once for each that was expected.
    ///
    /// `listening_since`: from when on calls could have reached us without a break.
    pub fn expire(&mut self, now: Wall, listening_since: Wall) -> Option<Missed> {
        let deadline = self.deadline().filter(|deadline| now >= *deadline + SLACK)?;
        let hung = self.runs.iter().min_by_key(|(_, started)| **started).map(|(run, started)| (*run, *started));
        if let Some((run, started)) = hung {
            self.runs.remove(&run);
            // A run that hangs is not the next one that is expected, unless that time has come as well.
            if self.expected().is_none_or(|expected| expected > deadline) {
                let outcome = self.outcome(started, listening_since);
                return Some(Missed { expected: started, deadline, outcome });
            }
        }
        let expected = self.expected()?;
        let outcome = self.outcome(self.opens(expected), listening_since);
        self.settled = match outcome.reason {
            Some(Reason::OwnAbsence) => expected.max(listening_since),
            _ => expected,
        };
        Some(Missed { expected, deadline, outcome })
    }

    fn outcome(&self, opens: Wall, listening_since: Wall) -> Outcome {
        match listening_since > opens {
            true => Outcome::unknown(Reason::OwnAbsence, Duration::ZERO),
            false => Outcome::fail(Reason::HeartbeatMissed, Duration::ZERO),
        }
    }

    /// From when on a call counts for the one that is expected: the caller's clock may be ahead of ours.
    fn opens(&self, expected: Wall) -> Wall {
        let half = expected.since(self.settled) / 2;
        expected - self.policy.grace.min(half)
    }

    fn settle(&mut self, at: Wall) {
        let early = match (&self.policy.rhythm, self.expected()) {
            (Rhythm::Calendar(..), Some(expected)) if at < expected && at >= self.opens(expected) => Some(expected),
            _ => None,
        };
        self.settled = self.settled.max(early.unwrap_or(at));
    }

    fn next(&self, after: Wall) -> Option<Wall> {
        match &self.policy.rhythm {
            Rhythm::Period(period) => Some(after + *period),
            Rhythm::Calendar(calendar, zone) => calendar.next(after, zone),
        }
    }
}

#[cfg(test)]
mod tests;
