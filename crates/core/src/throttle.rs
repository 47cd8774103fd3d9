//! How often somebody may try: so many times at once, and then once more every so often.
//!
//! The generic cell rate algorithm: of each key only the moment is kept at which it has its whole allowance again. Keys that
//! have it are forgotten, and there is a most of those that are not.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use crate::Mono;

/// How often one key may try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// So many tries at once; at least one.
    pub burst: u32,
    /// A try that was taken comes back after this.
    pub every: Duration,
}

/// Who tried how often lately.
#[derive(Clone, Debug)]
pub struct Throttle<K> {
    limit: Limit,
    keys_max: usize,
    /// When each key has its whole allowance again.
    whole: HashMap<K, Mono>,
}

impl<K: Eq + Hash + Clone> Throttle<K> {
    /// Nobody has tried yet; of at most `keys_max` keys it is known how often they did.
    pub fn new(limit: Limit, keys_max: usize) -> Self {
        Self { limit, keys_max: keys_max.max(1), whole: HashMap::new() }
    }

    /// Takes a try of `key`, or says how long it has to wait for the next one.
    ///
    /// # Errors
    /// The time until the next try would be taken; nothing was taken now, and asking again costs nothing.
    pub fn take(&mut self, key: &K, now: Mono) -> Result<(), Duration> {
        let whole = self.whole.get(key).copied().unwrap_or(now).max(now);
        let next = whole + self.limit.every;
        let allowed = self.limit.every * self.limit.burst.max(1);
        if let Some(wait) = next.since(now).checked_sub(allowed).filter(|wait| !wait.is_zero()) {
            return Err(wait);
        }
        if !self.whole.contains_key(key) && self.whole.len() >= self.keys_max {
            self.make_room(now);
        }
        self.whole.insert(key.clone(), next);
        Ok(())
    }

    /// Gives a try back that was taken: it turned out to be a good one.
    pub fn give_back(&mut self, key: &K) {
        if let Some(whole) = self.whole.get_mut(key) {
            *whole = Mono::after(whole.since_origin().saturating_sub(self.limit.every));
        }
    }

    /// Forgets those who have their whole allowance, and where that is not enough, the half that has most of it: who tries
    /// on and on under one name cannot be forgotten by trying a few times under many others.
    fn make_room(&mut self, now: Mono) {
        self.whole.retain(|_, whole| *whole > now);
        if self.whole.len() < self.keys_max {
            return;
        }
        let mut moments: Vec<_> = self.whole.values().copied().collect();
        let middle = moments.len() / 2;
        let (_, border, _) = moments.select_nth_unstable(middle);
        let border = *border;
        self.whole.retain(|_, whole| *whole > border);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: Limit = Limit { burst: 3, every: Duration::from_secs(10) };

    fn at(seconds: u64) -> Mono {
        Mono::after(Duration::from_secs(seconds))
    }

    #[test]
    fn a_few_at_once_and_then_one_every_so_often() {
        let mut throttle = Throttle::new(LIMIT, 10);
        for _ in 0..3 {
            assert_eq!(throttle.take(&"ada", at(100)), Ok(()));
        }
        assert_eq!(throttle.take(&"ada", at(100)), Err(Duration::from_secs(10)));
        assert_eq!(throttle.take(&"ada", at(104)), Err(Duration::from_secs(6)), "asking again cost nothing");
        assert_eq!(throttle.take(&"bob", at(104)), Ok(()), "others are not meant");
        assert_eq!(throttle.take(&"ada", at(110)), Ok(()));
        assert_eq!(throttle.take(&"ada", at(110)), Err(Duration::from_secs(10)));
        for _ in 0..3 {
            assert_eq!(throttle.take(&"ada", at(200)), Ok(()), "the whole allowance is back, and no more than that");
        }
        assert_eq!(throttle.take(&"ada", at(200)), Err(Duration::from_secs(10)));
    }

    #[test]
    fn a_try_that_was_good_is_given_back() {
        let mut throttle = Throttle::new(LIMIT, 10);
        for _ in 0..100 {
            assert_eq!(throttle.take(&"ada", at(5)), Ok(()));
            throttle.give_back(&"ada");
        }
        throttle.give_back(&"nobody");
        assert_eq!(throttle.take(&"ada", at(5)), Ok(()));
    }

    #[test]
    fn many_names_do_not_wash_away_the_one_that_was_tried_on_and_on() {
        let mut throttle = Throttle::new(LIMIT, 50);
        while throttle.take(&0, at(1)).is_ok() {}
        for other in 1..5_000 {
            assert_eq!(throttle.take(&other, at(1)), Ok(()));
            assert!(throttle.whole.len() <= 50);
        }
        assert!(throttle.take(&0, at(1)).is_err());
    }

    proptest! {
        #[test]
        fn no_stretch_of_time_holds_more_than_its_share(
            burst in 1_u32..6, every in 1_u64..20, steps in prop::collection::vec(0_u64..15, 1..80),
        ) {
            let limit = Limit { burst, every: Duration::from_secs(every) };
            let mut throttle = Throttle::new(limit, 4);
            let mut now = 0;
            let mut taken: Vec<u64> = Vec::new();
            for step in steps {
                now += step;
                match throttle.take(&(), at(now)) {
                    Ok(()) => taken.push(now),
                    Err(wait) => {
                        prop_assert!(throttle.clone().take(&(), at(now) + wait).is_ok(), "who waits is let in");
                    }
                }
            }
            for (first, from) in taken.iter().enumerate() {
                for (last, to) in taken.iter().enumerate().skip(first) {
                    let most = u64::from(burst) + (to - from) / every;
                    prop_assert!((last - first + 1) as u64 <= most, "{taken:?}");
                }
            }
        }
    }
}
