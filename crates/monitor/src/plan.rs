//! What an account may have: the limits of its plan, and whether a change keeps to them.
//!
//! A limit refuses more, and never takes away: what was there before the plan became smaller goes on as it is.

use std::time::Duration;

use crate::config::MonitorConfig;

/// The limits of a plan; none where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The most monitors, those that are paused included.
    pub monitors: Option<usize>,
    /// The shortest time from one asking of a monitor to the next.
    pub min_interval: Option<Duration>,
}

/// The plan of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it is called.
    pub name: String,
    /// What it allows.
    pub limits: Limits,
}

/// More than a plan allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exceeded {
    /// There would be too many monitors.
    Monitors {
        /// The plan.
        plan: String,
        /// The most it allows.
        most: usize,
        /// How many there would be.
        wanted: usize,
    },
    /// A monitor would be asked too often.
    Interval {
        /// The plan.
        plan: String,
        /// The shortest it allows.
        least: Duration,
        /// What is wished.
        wanted: Duration,
    },
}

impl Plan {
    /// A plan that the configuration does not know: it allows nothing more than what is there.
    pub const fn unknown(name: String) -> Self {
        Self { name, limits: Limits { monitors: Some(0), min_interval: None } }
    }

    /// Whether there may be `after` monitors where there were `before`.
    ///
    /// # Errors
    /// [`Exceeded::Monitors`] when there are more, and too many.
    pub fn allows_count(&self, before: usize, after: usize) -> Result<(), Exceeded> {
        match self.limits.monitors {
            Some(most) if after > most && after > before => {
                Err(Exceeded::Monitors { plan: self.name.clone(), most, wanted: after })
            }
            _ => Ok(()),
        }
    }

    /// Whether a monitor may be asked every `after` that was asked every `before`; `None` where it is not asked.
    ///
    /// # Errors
    /// [`Exceeded::Interval`] when that is more often, and too often.
    pub fn allows_interval(&self, before: Option<Duration>, after: Option<Duration>) -> Result<(), Exceeded> {
        let (Some(least), Some(after)) = (self.limits.min_interval, after) else { return Ok(()) };
        if after >= least || before.is_some_and(|before| after >= before) {
            return Ok(());
        }
        Err(Exceeded::Interval { plan: self.name.clone(), least, wanted: after })
    }
}

/// How often a monitor is asked; `None` for one that is paused, and one that waits to be called.
pub fn asked_every(config: &MonitorConfig) -> Option<Duration> {
    let is_asked = !config.paused && config.question.heartbeat().is_none();
    is_asked.then_some(config.policy.interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn free() -> Plan {
        let limits = Limits { monitors: Some(25), min_interval: Some(MINUTE * 5) };
        Plan { name: "free".to_owned(), limits }
    }

    #[test]
    fn there_may_be_so_many_and_no_more_and_what_is_there_may_stay() {
        let check = |before, after, is_good| {
            assert_eq!(free().allows_count(before, after).is_ok(), is_good, "{before} {after}")
        };
        check(0, 25, true);
        check(25, 26, false);
        check(40, 39, true);
        check(40, 40, true);
        check(40, 41, false);
        assert_eq!(Plan { limits: Limits::default(), ..free() }.allows_count(0, 100_000), Ok(()));
        assert_eq!(Plan::unknown("gone".to_owned()).allows_count(3, 3), Ok(()));
        assert!(Plan::unknown("gone".to_owned()).allows_count(3, 4).is_err());
    }

    #[test]
    fn nothing_is_asked_more_often_than_the_plan_says_but_what_was_before() {
        let check = |before: Option<u32>, after: Option<u32>, is_good| {
            let [before, after] = [before, after].map(|minutes| minutes.map(|minutes| MINUTE * minutes));
            assert_eq!(free().allows_interval(before, after).is_ok(), is_good, "{before:?} {after:?}");
        };
        check(None, Some(5), true);
        check(None, Some(4), false);
        check(Some(10), Some(4), false);
        // The plan became smaller, and something else of the monitor changes.
        check(Some(1), Some(1), true);
        check(Some(1), Some(2), true);
        check(Some(2), Some(1), false);
        // Paused, and resumed.
        check(Some(1), None, true);
        check(None, Some(1), false);
    }
}
