//! Whether memory grows without end: the median of all slopes (Theil and Sen), and whether it goes up at all (Mann and
//! Kendall), over ten minutes. Steps, waves and the growth of a start are no leaks.

use std::collections::VecDeque;
use std::time::Duration;

use allswell_core::time::humane;

/// How many samples are looked at: ten minutes at one each 10 s.
const WINDOW: usize = 60;

/// How sure the trend must be, in standard deviations.
const CERTAIN: f64 = 2.6;

/// A limit that is further away is no worry.
const HORIZON: Duration = Duration::from_secs(4 * 3_600);

/// How many times in a row it must look like a leak.
const CONFIRMATIONS: u32 = 8;

/// The memory of the last ten minutes.
#[derive(Debug, Default)]
pub struct Growth {
    samples: VecDeque<(f64, f64)>,
    suspicions: u32,
    slope: f64,
}

impl Growth {
    /// Takes a measurement: when, and how many bytes.
    pub fn sample(&mut self, at: Duration, bytes: u64) {
        self.samples.push_back((at.as_secs_f64(), bytes as f64));
        if self.samples.len() > WINDOW {
            self.samples.pop_front();
        }
    }

    /// A sentence when memory grows towards its limit. To be asked once after each sample.
    pub fn worry(&mut self, limit: Option<u64>) -> Option<String> {
        let left = self.left(limit?);
        self.suspicions = if left.is_some() { self.suspicions.saturating_add(1) } else { 0 };
        let left = left.filter(|_| self.suspicions >= CONFIRMATIONS)?;
        let per_minute = self.slope * 60.0 / f64::from(1 << 20);
        Some(format!("memory grows by {per_minute:.1} MiB a minute and reaches its limit in {}", humane(left)))
    }

    /// The time until the limit, when there is a trend.
    fn left(&mut self, limit: u64) -> Option<Duration> {
        if self.samples.len() < WINDOW {
            return None;
        }
        let (older, newer) = self.samples.as_slices();
        let all = [older, newer].concat();
        let slope = median_slope(&all);
        if slope <= 0.0 || trend(&all) < CERTAIN || slows_down(&all) || !floor_rises(&all, slope) {
            return None;
        }
        self.slope = slope;
        let (_, now) = *all.last()?;
        let left = Duration::try_from_secs_f64((limit as f64 - now).max(0.0) / slope).ok()?;
        (left < HORIZON).then_some(left)
    }
}

/// A start grows quickly and then slowly; a leak goes on.
fn slows_down(samples: &[(f64, f64)]) -> bool {
    let (first, second) = samples.split_at(samples.len() / 2);
    median_slope(second) < 0.6 * median_slope(first)
}

/// A leak raises the lowest points too; waves come back to them.
fn floor_rises(samples: &[(f64, f64)], slope: f64) -> bool {
    let (first, second) = samples.split_at(samples.len() / 2);
    let floor = |half: &[(f64, f64)]| half.iter().map(|(_, bytes)| *bytes).fold(f64::INFINITY, f64::min);
    let seconds = second[0].0 - first[0].0;
    floor(second) - floor(first) >= 0.5 * slope * seconds
}

/// Bytes a second.
fn median_slope(samples: &[(f64, f64)]) -> f64 {
    let mut slopes: Vec<f64> = pairs(samples).map(|((t0, y0), (t1, y1))| (y1 - y0) / (t1 - t0)).collect();
    slopes.retain(|slope| slope.is_finite());
    if slopes.is_empty() {
        return 0.0;
    }
    let middle = slopes.len() / 2;
    *slopes.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// How many standard deviations more pairs go up than down.
fn trend(samples: &[(f64, f64)]) -> f64 {
    let n = samples.len() as f64;
    let sign = |rise: f64| if rise == 0.0 { 0.0 } else { rise.signum() };
    let ups: f64 = pairs(samples).map(|((_, y0), (_, y1))| sign(y1 - y0)).sum();
    let variance = n * (n - 1.0) * (2.0 * n + 5.0) / 18.0;
    (ups - sign(ups)) / variance.sqrt()
}

type Sample = (f64, f64);

fn pairs(samples: &[Sample]) -> impl Iterator<Item = (Sample, Sample)> + '_ {
    samples.iter().enumerate().flat_map(|(at, first)| samples[at + 1..].iter().map(move |second| (*first, *second)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: f64 = 1_048_576.0;

    /// Whether an hour of this trace, with some noise, is ever called a leak.
    fn leaks(trace: impl Fn(f64) -> f64) -> bool {
        let mut growth = Growth::default();
        let mut noise = 7_u64;
        (0..360).any(|n| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let jitter = ((noise >> 33) as f64 / f64::from(1_u32 << 31) - 0.5) * 2.0 * MIB;
            let minutes = f64::from(n) / 6.0;
            growth.sample(Duration::from_secs(10 * n as u64), (trace(minutes) * MIB + jitter) as u64);
            growth.worry(Some(512 << 20)).is_some()
        })
    }

    #[test]
    fn a_leak_is_found() {
        assert!(leaks(|minutes| 100.0 + 3.0 * minutes));
        assert!(leaks(|minutes| 100.0 + 6.0 * minutes));
    }

    #[test]
    fn what_does_not_go_on_is_no_leak() {
        assert!(!leaks(|_| 200.0), "flat");
        assert!(!leaks(|minutes| 200.0 + 30.0 * (minutes / 5.0).fract()), "sawtooth");
        assert!(!leaks(|minutes| if minutes < 20.0 { 150.0 } else { 250.0 }), "step");
        assert!(!leaks(|minutes| 100.0 + 150.0 * (1.0 - (-minutes / 4.0).exp())), "start");
    }

    #[test]
    fn a_limit_far_away_is_no_worry() {
        assert!(!leaks(|minutes| 100.0 + 0.5 * minutes));
    }
}
