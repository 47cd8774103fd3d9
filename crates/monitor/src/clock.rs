//! The clocks, as a port: who needs the moment asks here, so that a test may say what time it is.

use allswell_core::{Mono, Now, Wall};

/// Reads both clocks at once.
pub trait Clock: Send + Sync + 'static {
    /// The moment.
    fn now(&self) -> Now;
}

/// The clocks of the machine.
#[derive(Clone, Debug)]
pub struct SystemClock {
    origin: std::time::Instant,
}

impl SystemClock {
    /// The machine's clocks; the monotonic one counts from here.
    #[expect(clippy::disallowed_methods, reason = "this is the clock's adapter")]
    pub fn new() -> Self {
        Self { origin: std::time::Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock's adapter")]
    fn now(&self) -> Now {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Now {
            mono: Mono::after(self.origin.elapsed()),
            wall: Wall::from_ms(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_s_clock_counts_from_its_origin_and_knows_the_year() {
        let clock = SystemClock::new();
        let (first, second) = (clock.now(), clock.now());
        assert!(second.mono >= first.mono);
        assert!(first.wall > Wall::from_ms(1_767_225_600_000), "after 2026-01-01: {:?}", first.wall);
    }
}
