//! Small numbers, each in or out.

/// Numbers from 0 to 63.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Set(u64);

impl Set {
    /// All numbers from `first` to `last`.
    pub fn all(first: u8, last: u8) -> Self {
        let mut set = Self::default();
        set.add(first, last, 1);
        set
    }

    /// One number.
    pub fn one(number: u8) -> Self {
        Self::all(number, number)
    }

    /// Adds every `step`th number from `first` to `last`.
    pub fn add(&mut self, first: u8, last: u8, step: u8) {
        (first..=last).step_by(step.max(1).into()).for_each(|number| self.0 |= 1 << number);
    }

    pub const fn has(self, number: u8) -> bool {
        self.0 >> number & 1 == 1
    }

    /// The numbers in order.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..64).filter(move |number| self.has(*number))
    }
}
