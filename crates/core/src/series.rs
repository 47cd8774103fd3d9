//! Many results as few numbers: percentiles and buckets, nothing smoothed and nothing invented.
//!
//! Latencies are those of askings that were answered well (pass, warn); how many were not is counted apart, so that a time-out
//! neither hides nor looks like a slow answer. Percentiles are by nearest rank: each is a latency that was measured.

use std::ops::Range;
use std::time::Duration;

use crate::{Verdict, Wall};

/// What one asking gave, as far as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When it began.
    pub at: Wall,
    /// What it said.
    pub verdict: Verdict,
    /// How long it took.
    pub latency: Duration,
}

/// What the askings of a stretch of time gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// How many answered well, and how long that took, shortest first.
    latencies: Vec<Duration>,
    /// How many failed.
    pub failed: u64,
    /// Of how many nobody knows, because of ourselves.
    pub unknown: u64,
}

impl Summary {
    /// Of these samples, in any order.
    pub fn of(samples: impl IntoIterator<Item = Sample>) -> Self {
        let mut summary = Self::default();
        for sample in samples {
            summary.take(sample);
        }
        summary.latencies.sort_unstable();
        summary
    }

    fn take(&mut self, sample: Sample) {
        match sample.verdict {
            Verdict::Pass | Verdict::Warn => self.latencies.push(sample.latency),
            Verdict::Fail => self.failed += 1,
            Verdict::Unknown => self.unknown += 1,
        }
    }

    /// How many askings there were.
    pub fn count(&self) -> u64 {
        self.latencies.len() as u64 + self.failed + self.unknown
    }

    /// The part of those we know of that failed, from 0 to 1; `None` where we know of none.
    pub fn failed_share(&self) -> Option<f64> {
        let known = self.latencies.len() as u64 + self.failed;
        (known > 0).then(|| self.failed as f64 / known as f64)
    }

    /// The shortest latency.
    pub fn least(&self) -> Option<Duration> {
        self.latencies.first().copied()
    }

    /// The longest latency.
    pub fn most(&self) -> Option<Duration> {
        self.latencies.last().copied()
    }

    /// The mean latency.
    pub fn mean(&self) -> Option<Duration> {
        let sum: u128 = self.latencies.iter().map(Duration::as_nanos).sum();
        let mean = sum.checked_div(self.latencies.len() as u128)?;
        Some(Duration::from_nanos(u64::try_from(mean).unwrap_or(u64::MAX)))
    }

    /// The smallest latency that at least `percent` of them (1 to 100) do not exceed.
    pub fn percentile(&self, percent: u32) -> Option<Duration> {
        let rank = (self.latencies.len() * percent as usize).div_ceil(100);
        self.latencies.get(rank.saturating_sub(1)).copied()
    }
}

/// Divides `samples`, in any order, into stretches of `step` from the beginning of `range` on. The last stretch may reach beyond
/// the range, but nothing from beyond is in it. Samples outside the range are left out; `step` is not zero.
pub fn buckets(samples: impl IntoIterator<Item = Sample>, range: &Range<Wall>, step: Duration) -> Vec<Summary> {
    let length = range.end.since(range.start).as_millis();
    let step = step.as_millis().max(1);
    let count = usize::try_from(length.div_ceil(step)).expect("the caller keeps the number of buckets small");
    let mut buckets = vec![Summary::default(); count];
    for sample in samples.into_iter().filter(|sample| range.contains(&sample.at)) {
        let index = usize::try_from(sample.at.since(range.start).as_millis() / step).unwrap_or(usize::MAX);
        if let Some(bucket) = buckets.get_mut(index) {
            bucket.take(sample);
        }
    }
    for bucket in &mut buckets {
        bucket.latencies.sort_unstable();
    }
    buckets
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> impl Strategy<Value = Sample> {
        let verdict = prop::sample::select(vec![Verdict::Pass, Verdict::Warn, Verdict::Fail, Verdict::Unknown]);
        (0_i64..2_000, verdict, 0_u64..50).prop_map(|(at, verdict, latency)| Sample {
            at: Wall::from_ms(at),
            verdict,
            latency: Duration::from_millis(latency),
        })
    }

    fn good(samples: &[Sample]) -> Vec<Duration> {
        let good = samples.iter().filter(|sample| matches!(sample.verdict, Verdict::Pass | Verdict::Warn));
        good.map(|sample| sample.latency).collect()
    }

    /// Counts for each latency how many do not exceed it, and takes the smallest that is enough.
    fn naive_percentile(latencies: &[Duration], percent: u32) -> Option<Duration> {
        let enough = |candidate: &&Duration| {
            let below = latencies.iter().filter(|latency| latency <= candidate).count();
            below * 100 >= latencies.len() * percent as usize
        };
        latencies.iter().filter(enough).min().copied()
    }

    proptest! {
        #[test]
        fn percentiles_are_those_of_a_naive_count(samples in prop::collection::vec(sample(), 0..60), percent in 1_u32..=100) {
            let summary = Summary::of(samples.iter().copied());
            let latencies = good(&samples);
            prop_assert_eq!(summary.percentile(percent), naive_percentile(&latencies, percent));
            prop_assert_eq!(summary.least(), latencies.iter().min().copied());
            prop_assert_eq!(summary.most(), latencies.iter().max().copied());
            prop_assert_eq!(summary.count(), samples.len() as u64);
        }

        #[test]
        fn each_sample_of_the_range_is_in_the_one_bucket_of_its_time(
            samples in prop::collection::vec(sample(), 0..80),
            from in 0_i64..1_000,
            length in 0_i64..1_500,
            step in 1_u64..400,
        ) {
            let range = Wall::from_ms(from)..Wall::from_ms(from + length);
            let made = buckets(samples.iter().copied(), &range, Duration::from_millis(step));
            prop_assert_eq!(made.len() as i64, (length + step as i64 - 1) / step as i64);
            for (index, bucket) in made.iter().enumerate() {
                let begin = from + (index as u64 * step) as i64;
                let end = (begin + step as i64).min(from + length);
                let within = samples.iter().copied().filter(|sample| (begin..end).contains(&sample.at.ms()));
                prop_assert_eq!(bucket, &Summary::of(within));
            }
        }
    }

    #[test]
    fn nothing_known_is_no_number() {
        let unknown = Sample { at: Wall::default(), verdict: Verdict::Unknown, latency: Duration::ZERO };
        let summary = Summary::of([unknown]);
        assert_eq!((summary.failed_share(), summary.mean(), summary.percentile(95)), (None, None, None));
        let failed = Summary::of([unknown, Sample { verdict: Verdict::Fail, ..unknown }]);
        assert_eq!((failed.failed_share(), failed.count()), (Some(1.0), 2));
    }
}
