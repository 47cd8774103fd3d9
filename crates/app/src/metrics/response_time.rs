//! What `X-Response-Time` carries.

use std::time::Duration;

/// Digits before the point, the point, four digits: the seconds of every duration fit.
const LENGTH: usize = 26;

/// Seconds with four digits after the point, `0.0123`. Written by hand: this is done for every request.
#[derive(Clone, Copy, Debug)]
pub struct ResponseTime {
    text: [u8; LENGTH],
    from: usize,
}

impl ResponseTime {
    /// That of a request which took so long, rounded.
    pub fn new(took: Duration) -> Self {
        let mut rest = (took.as_nanos() + 50_000) / 100_000;
        let mut text = [b'0'; LENGTH];
        let mut from = LENGTH;
        // At least one digit before the point.
        while rest > 0 || from > LENGTH - 6 {
            from -= 1;
            if from == LENGTH - 5 {
                text[from] = b'.';
                continue;
            }
            text[from] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        Self { text, from }
    }

    /// As ASCII.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text[self.from..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_four_digits_after_the_point() {
        let check = |took: Duration, text: &str| assert_eq!(ResponseTime::new(took).as_bytes(), text.as_bytes());
        check(Duration::ZERO, "0.0000");
        check(Duration::from_nanos(49_999), "0.0000");
        check(Duration::from_micros(50), "0.0001");
        check(Duration::from_micros(12_340), "0.0123");
        check(Duration::from_micros(999_960), "1.0000");
        check(Duration::from_millis(61_007), "61.0070");
        check(Duration::from_secs(31_536_000), "31536000.0000");
        check(Duration::MAX, "18446744073709551616.0000");
    }
}
