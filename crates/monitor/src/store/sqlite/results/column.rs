//! A column of numbers: frame of reference, bits packed, the few that stick out beside it.
//!
//! `minimum, width, n exceptions, packed (value - minimum), [gap, high bits] per exception`. The width is the one that
//! makes the whole smallest: one timeout of 5 s among answers of 30 ms does not make all of them wide.

use super::bytes::{Reader, Wrong, low, pack, put};

/// Writes `values`; their count is not written.
pub(super) fn write(bytes: &mut Vec<u8>, values: &[u64]) {
    let Some(&minimum) = values.iter().min() else { return };
    let width = best_width(values, minimum);
    let sticks_out = |value: u64| low(value, width) != value;
    let exceptions = values.iter().filter(|&&value| sticks_out(value - minimum)).count();
    put(bytes, minimum);
    bytes.push(width as u8);
    put(bytes, exceptions as u64);
    pack(bytes, values.iter().map(|value| value - minimum), width);
    let mut last = 0;
    for (position, value) in values.iter().map(|value| value - minimum).enumerate() {
        if sticks_out(value) {
            put(bytes, (position - last) as u64);
            put(bytes, value >> width);
            last = position;
        }
    }
}

/// Reads `n` values.
pub(super) fn read(reader: &mut Reader<'_>, n: usize) -> Result<Vec<u64>, Wrong> {
    if n == 0 {
        return Ok(Vec::new());
    }
    let minimum = reader.number()?;
    let width = u32::from(reader.byte()?);
    if width > 64 {
        return Err("a column is wider than a number");
    }
    let exceptions = reader.number()?;
    let mut values = reader.packed(n, width)?;
    let mut position = 0_usize;
    for _ in 0..exceptions {
        let gap = usize::try_from(reader.number()?).map_err(|_| "an exception lies outside of its column")?;
        position = position.checked_add(gap).ok_or("an exception lies outside of its column")?;
        let value = values.get_mut(position).ok_or("an exception lies outside of its column")?;
        let high = reader.number()?;
        *value |=
            high.checked_shl(width).filter(|shifted| shifted >> width == high).ok_or("an exception is too large")?;
    }
    for value in &mut values {
        *value = value.checked_add(minimum).ok_or("a value is too large")?;
    }
    Ok(values)
}

/// The width with which values and exceptions together take the fewest bits.
fn best_width(values: &[u64], minimum: u64) -> u32 {
    let mut lengths = [0_usize; 65];
    for value in values {
        lengths[bits(value - minimum) as usize] += 1;
    }
    let longest = (0..=64_u32).rfind(|&length| lengths[length as usize] > 0).unwrap_or(0);
    let cost = |width: u32| {
        let exceptions = (width + 1..=longest).map(|length| lengths[length as usize] * exception_bits(length - width));
        values.len() * width as usize + exceptions.sum::<usize>()
    };
    (0..=longest).min_by_key(|&width| cost(width)).unwrap_or(longest)
}

const fn bits(value: u64) -> u32 {
    u64::BITS - value.leading_zeros()
}

/// A gap of one byte, and the high bits as a varint.
const fn exception_bits(high: u32) -> usize {
    8 + 8 * high.div_ceil(7) as usize
}
