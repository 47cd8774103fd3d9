//! How long to wait before trying again.

use std::time::Duration;

/// The first wait.
pub const FIRST: Duration = Duration::from_secs(5);
/// The longest wait.
pub const LONGEST: Duration = Duration::from_secs(300);

/// The wait after `attempts` failed attempts: 5 s, doubled each time up to 5 min, shortened by up to a fifth.
///
/// `seed` spreads those who failed together; the same seed and count give the same wait.
pub fn delay(attempts: u32, seed: u64) -> Duration {
    let doubled = FIRST.saturating_mul(1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX));
    let full = doubled.min(LONGEST);
    full - full.mul_f64(0.2 * fraction(seed ^ u64::from(attempts)))
}

/// A number in [0, 1) that looks random and depends on `seed` alone (splitmix64).
pub fn fraction(seed: u64) -> f64 {
    (mix(seed) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Spreads the bits of `seed` (splitmix64's finaliser).
pub(crate) fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn waits_double_from_five_seconds_to_five_minutes() {
        for (attempts, seconds) in [(1, 5), (2, 10), (3, 20), (6, 160), (7, 300), (40, 300)] {
            let full = Duration::from_secs(seconds);
            let waited = delay(attempts, 42);
            assert!(waited <= full && waited >= full.mul_f64(0.8), "{attempts}: {waited:?}");
        }
    }

    proptest! {
        #[test]
        fn every_wait_is_within_bounds(attempts in 0_u32.., seed: u64) {
            let waited = delay(attempts, seed);
            prop_assert!(waited >= FIRST.mul_f64(0.8) && waited <= LONGEST);
            prop_assert_eq!(waited, delay(attempts, seed));
        }
    }
}
