//! Planned maintenance: when a window is open.
//!
//! A window that comes again begins by a cron line in its time zone, so both days a year on which clocks are moved follow
//! [`Calendar`]; it lasts for a duration of real time, so it is as long on those days as on others. Who is concerned, and what
//! follows, is decided elsewhere.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::calendar::Calendar;
use crate::time::Wall;

/// Windows that overlap are followed for so many occurrences; then it is time to look again.
const OVERLAPS_MAX: usize = 64;

/// When a window is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Window {
    /// Once, from a moment on until another one, or until somebody ends it.
    Once {
        /// The first moment.
        from: Wall,
        /// The first moment after it; `None` while nobody knows.
        until: Option<Wall>,
    },
    /// From each of these moments on for so long.
    Again {
        /// The moments.
        calendar: Box<Calendar>,
        /// Whose clock the calendar follows.
        zone: TimeZone,
        /// How long, in real time.
        duration: Duration,
    },
}

/// What holds from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Whether the window is open.
    pub is_open: bool,
    /// Until when that is certain; `None` for ever. Not later than the next change, and earlier only where windows overlap
    /// without end.
    pub until: Option<Wall>,
}

/// One time that a window is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The first moment.
    pub from: Wall,
    /// The first moment after it; `None` while nobody knows.
    pub until: Option<Wall>,
}

impl Window {
    /// The times that it is open, from the one that holds `at` on, else from the next one; windows that overlap are one, from the
    /// first of them that is not over.
    pub fn openings(&self, at: Wall) -> impl Iterator<Item = Opening> {
        std::iter::successors(self.opening(at), |last| self.opening(last.until?))
    }

    fn opening(&self, at: Wall) -> Option<Opening> {
        match self {
            Self::Once { from, until } => {
                let is_over = until.is_some_and(|until| at >= until);
                (!is_over).then_some(Opening { from: *from, until: *until })
            }
            Self::Again { calendar, zone, duration } => {
                let from = calendar.next(at - *duration, zone)?;
                Some(Opening { from, until: Some(end(calendar, zone, *duration, from)) })
            }
        }
    }

    /// What holds at `at`.
    pub fn state(&self, at: Wall) -> State {
        match self {
            Self::Once { from, until } => once(*from, *until, at),
            Self::Again { calendar, zone, duration } => again(calendar, zone, *duration, at),
        }
    }
}

fn once(from: Wall, until: Option<Wall>, at: Wall) -> State {
    if at < from {
        return State { is_open: false, until: Some(from) };
    }
    match until {
        Some(until) if at >= until => State { is_open: false, until: None },
        until => State { is_open: true, until },
    }
}

fn again(calendar: &Calendar, zone: &TimeZone, duration: Duration, at: Wall) -> State {
    // The first beginning that is not over at `at`: a window that began exactly one duration ago has just ended.
    let begin = calendar.next(at - duration, zone);
    let Some(begin) = begin.filter(|begin| *begin <= at) else { return State { is_open: false, until: begin } };
    State { is_open: true, until: Some(end(calendar, zone, duration, begin)) }
}

/// When what began at `begin` is over, those that begin meanwhile included.
fn end(calendar: &Calendar, zone: &TimeZone, duration: Duration, begin: Wall) -> Wall {
    let (mut last, mut end) = (begin, begin + duration);
    for _ in 0..OVERLAPS_MAX {
        match calendar.next(last, zone) {
            Some(next) if next <= end => {
                last = next;
                end = next + duration;
            }
            _ => break,
        }
    }
    end
}

#[cfg(test)]
mod tests;
