//! The worker's clock: a Go ticker, which keeps one missed tick and loses the others.
//!
//! Follows kubernetes v1.36 `pkg/kubelet/prober/worker.go` (`run`): the first look comes at once, then one at each
//! tick, and one at each manual trigger, which also resets the ticker.

use std::time::Duration;

use crate::Mono;

/// Ticks at the moment of its making and every `period` after it.
#[derive(Clone, Copy, Debug)]
pub struct Ticker {
    next: Mono,
    period: Duration,
}

impl Ticker {
    /// A ticker made at `start`; its first tick comes one `period` later.
    pub fn new(start: Mono, period: Duration) -> Self {
        let period = period.max(Duration::from_nanos(1));
        Self { next: start + period, period }
    }

    /// When the next tick can be taken. A moment in the past means that one is waiting.
    pub const fn next(&self) -> Mono {
        self.next
    }

    /// Takes the tick that waits at `now`; the others that fell due since the last one are lost.
    pub fn take(&mut self, now: Mono) {
        if self.next > now {
            return;
        }
        let lost = nanos(now.since(self.next)) / nanos(self.period);
        self.next = self.next + Duration::from_nanos(nanos(self.period).saturating_mul(lost + 1));
    }

    /// Starts anew at `now`, as a manual trigger does.
    pub fn reset(&mut self, now: Mono) {
        *self = Self::new(now, self.period);
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(period_ms: u64, probe_ms: u64, count: usize) -> Vec<u64> {
        let mut ticker = Ticker::new(Mono::default(), Duration::from_millis(period_ms));
        let mut now = Mono::default();
        let mut starts = vec![0];
        while starts.len() < count {
            now = ticker.next().max(now + Duration::from_millis(probe_ms));
            ticker.take(now);
            starts.push(u64::try_from(now.since_origin().as_millis()).expect("small"));
        }
        starts
    }

    #[test]
    fn a_slow_probe_is_followed_at_once_by_the_next() {
        assert_eq!(starts(1_000, 1_500, 5), [0, 1_500, 3_000, 4_500, 6_000]);
        assert_eq!(starts(1_000, 2_500, 4), [0, 2_500, 5_000, 7_500]);
        assert_eq!(starts(1_000, 300, 4), [0, 1_000, 2_000, 3_000]);
    }

    #[test]
    fn a_reset_moves_every_later_tick() {
        let mut ticker = Ticker::new(Mono::default(), Duration::from_secs(10));
        let trigger = Mono::after(Duration::from_millis(3_200));
        ticker.reset(trigger);
        assert_eq!(ticker.next(), trigger + Duration::from_secs(10));
    }
}
