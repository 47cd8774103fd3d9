//! The two clocks, as two types that do not mix, and durations as people write them.
//!
//! What is due is decided on [`Mono`], which no one can step; [`Wall`] only stamps what people read.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// A moment on the monotonic clock, counted from an origin that only this process knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(Duration);

impl Mono {
    /// The moment `since_origin` after the origin.
    pub const fn after(since_origin: Duration) -> Self {
        Self(since_origin)
    }

    /// How long after the origin this moment lies.
    pub const fn since_origin(self) -> Duration {
        self.0
    }

    /// The time from `earlier` to this moment; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Mono {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

/// A moment on the wall clock in milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wall(i64);

impl Wall {
    /// The moment `ms` milliseconds after the epoch.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the epoch.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// The time from `earlier` to this moment; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for Wall {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Wall {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// One moment, read from both clocks at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// For deciding what is due and how long something took.
    pub mono: Mono,
    /// For stamping.
    pub wall: Wall,
}

impl Add<Duration> for Now {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self { mono: self.mono + duration, wall: self.wall + duration }
    }
}

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotADuration(pub String);

impl fmt::Display for NotADuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no duration; write a number with ms, s, m, h or d, like 500ms, 30s or 1m30s", self.0)
    }
}

impl std::error::Error for NotADuration {}

/// Reads a duration as people write it: one or more whole or decimal numbers with `ms`, `s`, `m`, `h` or `d`.
///
/// # Errors
/// [`NotADuration`] with the text, when a unit is missing or unknown, or the value overflows.
pub fn parse_duration(text: &str) -> Result<Duration, NotADuration> {
    let wrong = || NotADuration(text.to_owned());
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let (digits, after) = rest.split_at(number);
        let unit = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let seconds_per_unit = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return Err(wrong()),
        };
        let value: f64 = digits.parse().map_err(|_| wrong())?;
        let part = Duration::try_from_secs_f64(value * seconds_per_unit).map_err(|_| wrong())?;
        total = total.checked_add(part).ok_or_else(wrong)?;
        rest = after.trim_start();
    }
    Ok(total)
}

/// Writes a duration for a person: `640 ms`, `5.0 s`, `4 m 12 s`, `3 h 5 m`, `12 d 4 h`.
pub fn humane(duration: Duration) -> String {
    let ms = duration.as_millis();
    let s = duration.as_secs();
    match s {
        _ if ms < 1 && !duration.is_zero() => format!("{:.1} ms", duration.as_secs_f64() * 1e3),
        _ if ms < 1_000 => format!("{ms} ms"),
        _ if ms < 10_000 => format!("{}.{} s", s, ms % 1_000 / 100),
        0..=59 => format!("{s} s"),
        60..=3_599 => two(s / 60, "m", s % 60, "s"),
        3_600..=86_399 => two(s / 3_600, "h", s % 3_600 / 60, "m"),
        _ => two(s / 86_400, "d", s % 86_400 / 3_600, "h"),
    }
}

fn two(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        let check = |text: &str, ms: u64| assert_eq!(parse_duration(text), Ok(Duration::from_millis(ms)), "{text}");
        check("60s", 60_000);
        check("800ms", 800);
        check("1m30s", 90_000);
        check("1m 30s", 90_000);
        check("1.5h", 5_400_000);
        check("1d", 86_400_000);
        for wrong in ["", "60", "s", "5 s", "5x", "-5s", "1..5s", "1e400s", "99999999999999999999d"] {
            assert_eq!(parse_duration(wrong), Err(NotADuration(wrong.to_owned())), "{wrong}");
        }
    }

    #[test]
    fn durations_are_written_for_people() {
        let check = |ms: u64, text: &str| assert_eq!(humane(Duration::from_millis(ms)), text);
        check(0, "0 ms");
        check(640, "640 ms");
        check(5_031, "5.0 s");
        check(34_000, "34 s");
        check(252_000, "4 m 12 s");
        check(240_000, "4 m");
        check(11_100_000, "3 h 5 m");
        check(1_051_200_000, "12 d 4 h");
        assert_eq!(humane(Duration::from_micros(420)), "0.4 ms");
    }

    #[test]
    fn time_never_runs_backwards() {
        assert_eq!(Wall::from_ms(5).since(Wall::from_ms(9)), Duration::ZERO);
        assert_eq!(Mono::default().since(Mono::default() + Duration::from_secs(1)), Duration::ZERO);
    }
}
