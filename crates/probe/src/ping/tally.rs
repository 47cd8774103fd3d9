//! What became of the packets of one ping.

use std::time::Duration;

use serde_json::json;

/// What became of the packets, in the order of sending.
#[derive(Debug, Default)]
pub(super) struct Tally {
    round_trips: Vec<Option<Duration>>,
}

impl Tally {
    /// One more packet is on its way.
    pub fn sent(&mut self) {
        self.round_trips.push(None);
    }

    /// The reply to packet `index` came after `took`; a second reply to the same packet counts for nothing.
    pub fn received(&mut self, index: usize, took: Duration) {
        if let Some(round_trip @ None) = self.round_trips.get_mut(index) {
            *round_trip = Some(took);
        }
    }

    /// Whether every packet was replied to.
    pub fn is_complete(&self) -> bool {
        self.round_trips.iter().all(Option::is_some)
    }

    /// How many were sent.
    pub fn count(&self) -> usize {
        self.round_trips.len()
    }

    /// How many were not replied to.
    pub fn lost(&self) -> usize {
        self.round_trips.iter().filter(|round_trip| round_trip.is_none()).count()
    }

    /// Whether more than `percent` of a hundred were lost.
    pub fn lost_more_than(&self, percent: u32) -> bool {
        self.lost() * 100 > self.count() * percent as usize
    }

    /// The mean round trip; `None` when nothing came back.
    pub fn mean(&self) -> Option<Duration> {
        let replies = self.replies();
        let count = u32::try_from(replies.len()).ok().filter(|count| *count > 0)?;
        Some(replies.iter().sum::<Duration>() / count)
    }

    /// The mean difference from one round trip to the next.
    pub fn jitter(&self) -> Duration {
        let replies = self.replies();
        let differences: Vec<_> = replies.windows(2).map(|pair| pair[0].abs_diff(pair[1])).collect();
        let count = u32::try_from(differences.len()).unwrap_or(u32::MAX).max(1);
        differences.iter().sum::<Duration>() / count
    }

    fn replies(&self) -> Vec<Duration> {
        self.round_trips.iter().flatten().copied().collect()
    }

    /// All of it in one line of JSON, for conditions: `body.jitter_ms < 5`.
    pub fn to_json(&self) -> String {
        let ms = |duration: Option<Duration>| duration.map(|duration| (duration.as_secs_f64() * 1e6).round() / 1e3);
        let replies = self.replies();
        let line = json!({
            "sent": self.count(),
            "received": replies.len(),
            "loss_percent": (self.lost() * 1000 / self.count().max(1)) as f64 / 10.0,
            "min_ms": ms(replies.iter().min().copied()),
            "mean_ms": ms(self.mean()),
            "max_ms": ms(replies.iter().max().copied()),
            "jitter_ms": ms(Some(self.jitter())),
        });
        line.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(round_trips_ms: &[Option<u64>]) -> Tally {
        let mut tally = Tally::default();
        for (index, ms) in round_trips_ms.iter().enumerate() {
            tally.sent();
            if let Some(ms) = ms {
                tally.received(index, Duration::from_millis(*ms));
                tally.received(index, Duration::from_secs(9));
            }
        }
        tally
    }

    #[test]
    fn loss_is_counted_exactly() {
        let third = tally(&[Some(1), None, Some(1)]);
        assert_eq!((third.count(), third.lost(), third.is_complete()), (3, 1, false));
        assert!(third.lost_more_than(33) && !third.lost_more_than(34));
        assert!(!tally(&[Some(1)]).lost_more_than(0));
        assert!(tally(&[None]).lost_more_than(99));
    }

    #[test]
    fn means_are_of_what_came_back() {
        let some = tally(&[Some(10), None, Some(20), Some(18)]);
        assert_eq!(some.mean(), Some(Duration::from_millis(16)));
        assert_eq!(some.jitter(), Duration::from_millis(6));
        assert_eq!((tally(&[None]).mean(), tally(&[None]).jitter()), (None, Duration::ZERO));
        let told: serde_json::Value = serde_json::from_str(&some.to_json()).expect("JSON");
        let expected = json!({
            "sent": 4, "received": 3, "loss_percent": 25.0, "min_ms": 10.0, "mean_ms": 16.0, "max_ms": 20.0, "jitter_ms": 6.0,
        });
        assert_eq!(told, expected);
    }
}
