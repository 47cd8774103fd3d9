//! n in a row: the one rule all doors share.

/// How many times in a row something was so. Counting stops at the top of its range instead of wrapping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Streak(u32);

impl Streak {
    /// A streak that was kept elsewhere, for instance over a restart.
    pub const fn of(length: u32) -> Self {
        Self(length)
    }

    /// Makes the streak one longer when `holds`, else ends it. Returns its length.
    pub fn push(&mut self, holds: bool) -> u32 {
        self.0 = if holds { self.0.saturating_add(1) } else { 0 };
        self.0
    }

    /// The length of the streak.
    pub const fn length(self) -> u32 {
        self.0
    }

    /// Whether it is at least `threshold` long. A threshold of 0 counts as 1.
    pub fn reached(self, threshold: u32) -> bool {
        self.0 >= threshold.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_break_ends_a_streak() {
        let mut streak = Streak::default();
        assert_eq!(streak.push(true), 1);
        assert_eq!(streak.push(true), 2);
        assert!(streak.reached(2));
        assert!(!streak.reached(3));
        assert_eq!(streak.push(false), 0);
        assert!(!streak.reached(0));
    }

    #[test]
    fn a_streak_never_wraps() {
        let mut streak = Streak::of(u32::MAX);
        assert_eq!(streak.push(true), u32::MAX);
    }
}
