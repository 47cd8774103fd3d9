//! Real time, for a tool that watches real processes.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How often a condition is looked at again.
const LOOK: Duration = Duration::from_millis(50);

/// Milliseconds since the Unix epoch.
pub fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Looks at a condition until it gives a value or `limit` has passed; then says `what` was waited for.
pub fn wait_for<T>(
    what: &str,
    limit: Duration,
    mut look: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        anyhow::ensure!(start.elapsed() < limit, "waited {} s for {what}", limit.as_secs());
        thread::sleep(LOOK);
    }
}

/// Milliseconds since the Unix epoch of an RFC 3339 time in UTC: `2026-11-21T10:59:15.123Z`.
pub fn from_rfc3339(text: &str) -> Option<i64> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let mut clock = clock.splitn(3, ':');
    let hours: i64 = clock.next()?.parse().ok()?;
    let minutes: i64 = clock.next()?.parse().ok()?;
    let seconds: f64 = clock.next()?.parse().ok()?;
    let minutes = (days_from_civil(year, month, day) * 24 + hours) * 60 + minutes;
    Some(minutes * 60_000 + (seconds * 1_000.0).round() as i64)
}

/// Days since 1970-01-01 in the Gregorian calendar; years begin in March, so that a leap day ends one.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_3339_times_are_read() {
        assert_eq!(from_rfc3339("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(from_rfc3339("2024-02-29T12:34:56.789Z"), Some(1_709_210_096_789));
        assert_eq!(from_rfc3339("2026-11-21T10:59:15.123Z"), Some(1_795_258_755_123));
        assert_eq!(from_rfc3339("yesterday"), None);
    }
}
