//! Numbers as bytes: varints, zigzag, packed bits, and a reader that believes nothing.

/// Why bytes could not be read.
pub(super) type Wrong = &'static str;

/// Writes `value` in groups of seven bits, the lowest first.
pub(super) fn put(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Folds a number with a sign into one without, small ones staying small.
pub(super) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// The number that [`zigzag`] folded.
pub(super) const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

/// Writes the lowest `width` bits of each value, one after the other.
pub(super) fn pack(bytes: &mut Vec<u8>, values: impl Iterator<Item = u64>, width: u32) {
    let (mut waiting, mut held) = (0_u128, 0_u32);
    for value in values {
        waiting |= u128::from(low(value, width)) << held;
        held += width;
        while held >= 8 {
            bytes.push(waiting as u8);
            waiting >>= 8;
            held -= 8;
        }
    }
    if held > 0 {
        bytes.push(waiting as u8);
    }
}

/// The lowest `width` bits of `value`.
pub(super) const fn low(value: u64, width: u32) -> u64 {
    if width >= 64 { value } else { value & ((1 << width) - 1) }
}

/// Reads bytes from front to back.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads `bytes`.
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether all was read.
    pub(super) const fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// Reads one byte.
    pub(super) fn byte(&mut self) -> Result<u8, Wrong> {
        let (first, rest) = self.rest.split_first().ok_or("it ends too early")?;
        self.rest = rest;
        Ok(*first)
    }

    /// Reads what [`put`] wrote.
    pub(super) fn number(&mut self) -> Result<u64, Wrong> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err("a number is too large");
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err("a number is too long")
    }

    /// Reads a number that folds a sign.
    pub(super) fn signed(&mut self) -> Result<i64, Wrong> {
        self.number().map(unzigzag)
    }

    /// Reads `n` values of `width` bits each.
    pub(super) fn packed(&mut self, n: usize, width: u32) -> Result<Vec<u64>, Wrong> {
        let length = n.checked_mul(width as usize).ok_or("a column is too long")?.div_ceil(8);
        let (mut bytes, rest) = self.rest.split_at_checked(length).ok_or("a column is cut off")?;
        self.rest = rest;
        let (mut waiting, mut held) = (0_u128, 0_u32);
        let mut values = Vec::with_capacity(n);
        for _ in 0..n {
            while held < width {
                let (first, rest) = bytes.split_first().ok_or("a column is cut off")?;
                waiting |= u128::from(*first) << held;
                held += 8;
                bytes = rest;
            }
            values.push(low(waiting as u64, width));
            waiting >>= width;
            held -= width;
        }
        Ok(values)
    }
}

/// Puts a checksum behind `bytes`; `key` says where they will stand, so that bytes in the wrong place are found out.
pub(super) fn seal(mut bytes: Vec<u8>, key: i64) -> Vec<u8> {
    let sum = checksum(&bytes, key);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

/// Takes the checksum off what [`seal`] gave.
pub(super) fn open(sealed: &[u8], key: i64) -> Result<&[u8], Wrong> {
    let (bytes, sum) = sealed.split_last_chunk::<4>().ok_or("it is shorter than its checksum")?;
    if u32::from_le_bytes(*sum) != checksum(bytes, key) {
        return Err("its checksum is wrong");
    }
    Ok(bytes)
}

fn checksum(bytes: &[u8], key: i64) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&key.to_le_bytes());
    hasher.update(bytes);
    hasher.finalize()
}
