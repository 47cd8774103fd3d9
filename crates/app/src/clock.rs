//! The two clocks of the process, and moments as documents write them.

use std::time::{Duration, Instant, SystemTime};

use allswell_core::{Mono, Now, Wall};

/// The clocks, read together. The monotonic one counts from when this value was made.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// A clock whose origin is this moment.
    #[expect(clippy::disallowed_methods, reason = "the clock is this adapter")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The moment on both clocks.
    #[expect(clippy::disallowed_methods, reason = "the clock is this adapter")]
    pub fn now(self) -> Now {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Now { mono: self.mono(), wall: Wall::from_ms(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)) }
    }

    /// The moment on the monotonic clock alone.
    #[expect(clippy::disallowed_methods, reason = "the clock is this adapter")]
    pub fn mono(self) -> Mono {
        Mono::after(Instant::now().saturating_duration_since(self.0))
    }

    /// The moment as tokio's timers count it.
    pub fn instant(self, moment: Mono) -> tokio::time::Instant {
        (self.0 + moment.since_origin()).into()
    }
}

/// `2026-11-20T12:00:00.123+00:00`, as RFC 3339 and Python's `isoformat` write it.
pub fn rfc3339(wall: Wall) -> String {
    let (days, ms) = (wall.ms().div_euclid(86_400_000), wall.ms().rem_euclid(86_400_000));
    let (year, month, day) = civil(days);
    let (s, ms) = (ms / 1_000, ms % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{ms:03}+00:00", s / 3_600, s / 60 % 60, s % 60)
}

/// The date of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
///
/// The year is counted from March, so that the day that leap years add is its last one; 400 years have 146,097 days.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Milliseconds with two digits after the point, as documents show them.
pub fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e5).round() / 1e2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_rfc_3339_says() {
        let check = |ms: i64, text: &str| assert_eq!(rfc3339(Wall::from_ms(ms)), text);
        check(0, "1970-01-01T00:00:00.000+00:00");
        check(951_782_399_999, "2000-02-28T23:59:59.999+00:00");
        check(951_782_400_000, "2000-02-29T00:00:00.000+00:00");
        check(1_795_176_000_123, "2026-11-20T12:00:00.123+00:00");
        check(4_107_542_400_000, "2100-03-01T00:00:00.000+00:00");
        check(-1, "1969-12-31T23:59:59.999+00:00");
    }
}
