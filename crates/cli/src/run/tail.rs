//! The end of what a job says.

use std::collections::VecDeque;

/// The last so many bytes that came.
#[derive(Debug)]
pub struct Tail {
    bytes: VecDeque<u8>,
    most: usize,
    went_before: bool,
}

impl Tail {
    /// Keeps the last `most` bytes.
    pub const fn of(most: usize) -> Self {
        Self { bytes: VecDeque::new(), most, went_before: false }
    }

    /// Takes what came next.
    pub fn push(&mut self, bytes: &[u8]) {
        let last = &bytes[bytes.len().saturating_sub(self.most)..];
        let too_many = (self.bytes.len() + last.len()).saturating_sub(self.most);
        self.went_before |= too_many > 0 || last.len() < bytes.len();
        self.bytes.drain(..too_many);
        self.bytes.extend(last);
    }

    /// It as text; from a whole line on when its beginning was left out.
    pub fn text(&self) -> String {
        let bytes: Vec<_> = self.bytes.iter().copied().collect();
        let from = match bytes.iter().position(|byte| *byte == b'\n') {
            Some(end) if self.went_before && end + 1 < bytes.len() => end + 1,
            _ => 0,
        };
        String::from_utf8_lossy(&bytes[from..]).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept_from_a_whole_line_on() {
        let mut tail = Tail::of(10);
        tail.push(b"one\n");
        assert_eq!(tail.text(), "one\n");
        tail.push(b"two\nthree\n");
        assert_eq!(tail.text(), "three\n");
        tail.push(b"a line that is longer");
        assert_eq!(tail.text(), " is longer");
    }
}
