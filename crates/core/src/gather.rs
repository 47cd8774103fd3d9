//! Many messages at once become few: the first goes at once, those that follow are gathered.
//!
//! A burst is a run of messages with no quiet time between them as long as the policy's window. Its first message waits for nothing.
//! What comes within the window after it goes together when the window ends; what comes later goes together as soon as it is
//! quiet, or has waited long enough. So two thousand at once are three messages: one, what the window brought, the rest.

use std::time::Duration;

use crate::time::Wall;

/// What is gathered late waits for a quiet time at most so many windows.
const WINDOWS_MAX: u32 = 30;

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On its way, at once.
    Now,
    /// Together with others.
    With {
        /// When the burst began; with `number` it names those that go together.
        burst: Wall,
        /// Which of the burst's gatherings, from 1 on.
        number: u32,
        /// When they go; a later one of them may say a later moment.
        due: Wall,
    },
}

/// Messages of one kind to one channel, as they come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Burst {
    run: Option<Run>,
}

/// A burst that is not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    began: Wall,
    last: Wall,
    /// Which gathering is the last one; 0 before the first.
    number: u32,
    /// When the first message of that gathering came.
    opened: Wall,
    /// When that gathering goes.
    due: Wall,
}

impl Burst {
    /// Says where a message goes that is written at `now`. A window of zero gathers nothing.
    #[must_use = "the message goes where it says"]
    pub fn place(&mut self, now: Wall, window: Duration) -> Place {
        let Some(run) = self.run.as_mut().filter(|run| run.goes_on(now, window)) else {
            self.run = Some(Run { began: now, last: now, number: 0, opened: now, due: now });
            return Place::Now;
        };
        run.join(now, window);
        Place::With { burst: run.began, number: run.number, due: run.due }
    }
}

impl Run {
    fn goes_on(&self, now: Wall, window: Duration) -> bool {
        // A clock that was set back ends it.
        now >= self.last && (now.since(self.last) < window || now < self.due)
    }

    /// Joins the gathering that waits, or opens another one when that has gone.
    fn join(&mut self, now: Wall, window: Duration) {
        self.last = now;
        if now >= self.due {
            self.number += 1;
            self.opened = now;
        }
        self.due = match self.number {
            1 => self.began + window,
            _ => (now + window).min(self.opened + window * WINDOWS_MAX),
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(10);

    fn at(ms: u64) -> Wall {
        Wall::from_ms(1_795_000_000_000) + Duration::from_millis(ms)
    }

    /// Where messages at these moments go: 0 is at once, 1 and more the gathering, each with the moment at which it goes.
    fn places(moments: impl IntoIterator<Item = u64>) -> Vec<(u32, Wall)> {
        let mut burst = Burst::default();
        let place = |ms| match burst.place(at(ms), WINDOW) {
            Place::Now => (0, at(ms)),
            Place::With { number, due, .. } => (number, due),
        };
        moments.into_iter().map(place).collect()
    }

    #[test]
    fn one_alone_waits_for_nothing() {
        assert_eq!(places([0, 20_000, 40_000]), [(0, at(0)), (0, at(20_000)), (0, at(40_000))]);
    }

    #[test]
    fn those_that_follow_go_together_when_the_window_ends() {
        assert_eq!(places([0, 10, 9_999, 30_000]), [(0, at(0)), (1, at(10_000)), (1, at(10_000)), (0, at(30_000))]);
    }

    #[test]
    fn what_comes_later_goes_when_it_is_quiet_or_has_waited_long_enough() {
        let lasting = places((0..400).map(|second| second * 1_000));
        assert_eq!((lasting[9], lasting[10], lasting[11]), ((1, at(10_000)), (2, at(20_000)), (2, at(21_000))));
        let second: Vec<_> = lasting.iter().filter(|place| place.0 == 2).collect();
        assert_eq!(second.last().map(|place| place.1), Some(at(310_000)), "five minutes after its first");
        assert_eq!(lasting[310].0, 3);
    }

    #[test]
    fn two_thousand_that_fail_over_a_minute_are_three_messages() {
        let mut groups = places((0..2_000).map(|number| number * 30));
        groups.dedup_by_key(|place| place.0);
        assert_eq!(groups.iter().map(|place| place.0).collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn without_a_window_each_goes_alone() {
        let mut burst = Burst::default();
        assert_eq!([0, 0, 1].map(|ms| burst.place(at(ms), Duration::ZERO)), [Place::Now; 3]);
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nothing_back() {
        let mut burst = Burst::default();
        let _ = burst.place(at(5_000_000), WINDOW);
        assert_eq!(burst.place(at(0), WINDOW), Place::Now);
    }

    proptest! {
        #[test]
        fn nothing_waits_longer_than_it_may_and_gatherings_come_one_after_the_other(
            waits in proptest::collection::vec(0_u64..15_000, 0..200),
        ) {
            let mut burst = Burst::default();
            let (mut ms, mut last) = (0, (Wall::default(), 0, Wall::default()));
            for wait in waits {
                ms += wait;
                if let Place::With { burst, number, due } = burst.place(at(ms), WINDOW) {
                    prop_assert!(due > at(ms) && due.since(at(ms)) <= WINDOW);
                    if (burst, number) == (last.0, last.1) {
                        prop_assert!(due >= last.2);
                    } else {
                        prop_assert!(at(ms) >= last.2, "the one before has gone");
                    }
                    last = (burst, number, due);
                }
            }
        }
    }
}
