//! Where a block stands: `hour << 32 | monitor`, so that one hour's blocks of all monitors lie together.

use std::fmt;

/// The length of a window.
const HOUR_MS: i64 = 3_600_000;

/// The hour that `asked` lies in, counted from 1970. Moments that no clock shows (245 000 years away) share the last one.
pub(super) fn hour(asked: i64) -> i32 {
    let hour = asked.div_euclid(HOUR_MS);
    i32::try_from(hour).unwrap_or(if hour < 0 { i32::MIN } else { i32::MAX })
}

/// The place of one monitor's results of one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The hour since 1970.
    pub(super) hour: i32,
    /// The monitor's number.
    pub(super) monitor: u32,
}

impl Key {
    /// The key with this number.
    pub(super) const fn of(id: i64) -> Self {
        Self { hour: (id >> 32) as i32, monitor: id as u32 }
    }

    /// Its number.
    pub(super) const fn id(self) -> i64 {
        (self.hour as i64) << 32 | self.monitor as i64
    }

    /// When the hour begins, in milliseconds.
    pub(super) const fn begins(self) -> i64 {
        self.hour as i64 * HOUR_MS
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "block {} (monitor {}, hour {})", self.id(), self.monitor, self.hour)
    }
}
