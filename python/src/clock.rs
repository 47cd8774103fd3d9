//! The clock of this process, and seconds as Python counts them.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use allswell_core::Mono;

static ORIGIN: LazyLock<Instant> = LazyLock::new(now);

#[expect(clippy::disallowed_methods, reason = "the clock is this adapter")]
fn now() -> Instant {
    Instant::now()
}

/// The moment on the monotonic clock, counted from the first call.
pub fn mono() -> Mono {
    let origin = *ORIGIN;
    Mono::after(now().saturating_duration_since(origin))
}

/// The moment on the wall clock, in milliseconds since the epoch.
#[expect(clippy::disallowed_methods, reason = "the clock is this adapter")]
pub fn wall_ms() -> u64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    since_epoch.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// In microseconds, never zero, so that zero can say "not yet".
pub fn micros(moment: Mono) -> u64 {
    u64::try_from(moment.since_origin().as_micros()).unwrap_or(u64::MAX).max(1)
}

/// A duration of Python; `None` for what is negative, not finite or beyond all clocks.
pub fn seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}
