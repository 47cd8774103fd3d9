//! Ninety days of a component, each by the worst that was true in it.

use std::ops::Range;
use std::time::Duration;

use allswell_core::Wall;
use allswell_core::uptime::{Mark, Presence, Shares};

/// How many days a page shows, today included.
pub(super) const DAYS: usize = 90;
const DAY: Duration = Duration::from_secs(86_400);

/// One day (UTC), or today as far as it is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Day {
    /// Midnight.
    pub(super) begin: Wall,
    shares: Shares,
}

/// How a day looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Look {
    /// Nobody watched.
    Nothing,
    /// What was seen was well.
    Well,
    /// It was not.
    Trouble {
        /// The worst that was true.
        worst: Presence,
        /// For how long.
        lasted: Duration,
        /// For how much of the day.
        share: f64,
    },
}

impl Day {
    pub(super) fn look(&self) -> Look {
        let worst = [Presence::Down, Presence::Degraded, Presence::Maintenance];
        match worst.into_iter().find(|presence| !self.shares.time(*presence).is_zero()) {
            Some(worst) => {
                let lasted = self.shares.time(worst);
                Look::Trouble { worst, lasted, share: (lasted.as_secs_f64() / DAY.as_secs_f64()).min(1.0) }
            }
            None if self.shares.time(Presence::Up).is_zero() => Look::Nothing,
            None => Look::Well,
        }
    }
}

/// The days up to `now`, oldest first.
pub(super) fn days(marks: &[Mark], watched: &[Range<Wall>], now: Wall) -> Vec<Day> {
    let first = span(now).start;
    let day = |index: u32| {
        let begin = first + DAY * index;
        Day { begin, shares: Shares::of(marks, watched, begin..(begin + DAY).min(now)) }
    };
    (0..DAYS as u32).map(day).collect()
}

/// From the first midnight of the days to `now`.
pub(super) fn span(now: Wall) -> Range<Wall> {
    let midnight = Wall::from_ms(now.ms() - now.ms().rem_euclid(DAY.as_millis() as i64));
    midnight - DAY * (DAYS as u32 - 1)..now
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(index: i64) -> Wall {
        Wall::from_ms(index * 86_400_000)
    }

    fn mark(from: Wall, presence: Presence) -> Mark {
        Mark { from, presence }
    }

    #[test]
    fn a_day_looks_like_the_worst_that_was_true_in_it() {
        let noon = day(1_000) + DAY / 2;
        let marks = [
            mark(day(990), Presence::Up),
            mark(day(998) + DAY / 4, Presence::Degraded),
            mark(day(998) + DAY / 2, Presence::Down),
            mark(day(998) + DAY * 3 / 4, Presence::Up),
            mark(day(1_000), Presence::Maintenance),
        ];
        let days = days(&marks, &[day(0)..noon], noon);
        assert_eq!((days.len(), days[0].begin, days[89].begin), (90, day(911), day(1_000)));
        assert_eq!(days[78].look(), Look::Nothing, "before the first mark");
        assert_eq!(days[79].look(), Look::Well);
        assert_eq!(days[87].look(), Look::Trouble { worst: Presence::Down, lasted: DAY / 4, share: 0.25 });
        assert_eq!(days[88].look(), Look::Well);
        assert_eq!(days[89].look(), Look::Trouble { worst: Presence::Maintenance, lasted: DAY / 2, share: 0.5 });
    }

    #[test]
    fn what_nobody_watched_is_not_well() {
        let days = days(&[mark(day(0), Presence::Up)], &[day(950)..day(951)], day(1_000));
        let well = days.iter().filter(|day| day.look() == Look::Well).count();
        assert_eq!((well, days[39].look(), days[40].look()), (1, Look::Well, Look::Nothing));
        assert_eq!(days[39].begin, day(950));
    }
}
