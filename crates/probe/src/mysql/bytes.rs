//! The parts of a packet: numbers, texts that end with a zero, texts behind their length.

/// What is left of a packet to be read. Every part is `None` when the packet ends before it.
pub(super) struct Bytes<'p>(pub &'p [u8]);

impl<'p> Bytes<'p> {
    pub fn take(&mut self, length: usize) -> Option<&'p [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub fn two(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    /// What stands before the next zero, or all when there is none.
    pub fn until_zero(&mut self) -> &'p [u8] {
        let length = self.0.iter().position(|byte| *byte == 0).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest.get(1..).unwrap_or_default();
        taken
    }

    /// A number of one, three, four or nine bytes.
    pub fn number(&mut self) -> Option<u64> {
        let width = match self.byte()? {
            0xfc => 2,
            0xfd => 3,
            0xfe => 8,
            small @ 0..=0xfa => return Some(small.into()),
            0xfb | 0xff => return None,
        };
        let mut eight = [0; 8];
        eight[..width].copy_from_slice(self.take(width)?);
        Some(u64::from_le_bytes(eight))
    }

    /// A value of a row; `Some(None)` is NULL.
    pub fn value(&mut self) -> Option<Option<String>> {
        if self.0.first() == Some(&0xfb) {
            self.0 = &self.0[1..];
            return Some(None);
        }
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length).map(|text| Some(String::from_utf8_lossy(text).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_each_width_are_read() {
        assert_eq!(Bytes(&[0xfa]).number(), Some(250));
        assert_eq!(Bytes(&[0xfc, 0xfb, 0]).number(), Some(251));
        assert_eq!(Bytes(&[0xfd, 1, 2, 3]).number(), Some(0x03_0201));
        assert_eq!(Bytes(&[0xfe, 0, 0, 0, 0, 0, 0, 0, 1]).number(), Some(1 << 56));
        for cut in [&[][..], &[0xfc, 1], &[0xfd, 1, 2], &[0xfe, 1], &[0xfb], &[0xff, 1, 2]] {
            assert_eq!(Bytes(cut).number(), None, "{cut:?}");
        }
    }

    #[test]
    fn values_are_text_or_null_and_never_longer_than_the_packet() {
        let mut row = Bytes(b"\x02hi\xfb\x00");
        assert_eq!(
            [row.value(), row.value(), row.value()],
            [Some(Some("hi".into())), Some(None), Some(Some("".into()))]
        );
        assert_eq!(row.value(), None);
        assert_eq!(Bytes(b"\x05hi").value(), None);
        assert_eq!(Bytes(b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff").value(), None);
    }

    #[test]
    fn a_text_ends_with_a_zero_or_with_the_packet() {
        let mut bytes = Bytes(b"one\0two");
        assert_eq!((bytes.until_zero(), bytes.until_zero(), bytes.until_zero()), (&b"one"[..], &b"two"[..], &b""[..]));
    }
}
