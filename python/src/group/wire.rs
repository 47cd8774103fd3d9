//! What a worker's file holds: its length, a checksum, and what the worker says of itself and counted.
//!
//! Workers of an older release, whose files have another form, are not understood, and not added up.

use std::fs;
use std::path::Path;
use std::time::Duration;

use allswell::Status;
use allswell::host::{CLASSES, Ended, METHODS, Row};

use super::{Checked, Counts, Runs, Worker};

/// How often a file that changes while it is read is read again.
const READINGS_MAX: usize = 5;

/// Changes with the form.
const FORM: u8 = 2;

const STATUSES: [Status; 4] = [Status::Ok, Status::Warn, Status::Error, Status::Unknown];

/// Length and checksum before the bytes.
pub fn sealed(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("a thousand routes are some megabytes");
    [&length.to_le_bytes()[..], &checksum(bytes).to_le_bytes(), bytes].concat()
}

/// The bytes of a file, once they are whole: a reader may come while its writer writes.
pub fn unsealed(path: &Path) -> Option<Vec<u8>> {
    let one = || {
        let mut bytes = fs::read(path).ok()?;
        let (length, sum) = (bytes.first_chunk::<4>().copied()?, bytes.get(4..8)?.try_into().ok()?);
        let inside = bytes.get(8..8 + u32::from_le_bytes(length) as usize)?;
        if checksum(inside) != u32::from_le_bytes(sum) {
            return None;
        }
        bytes.truncate(8 + u32::from_le_bytes(length) as usize);
        bytes.drain(..8);
        Some(bytes)
    };
    (0..READINGS_MAX).find_map(|_| one())
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[FORM]);
    hasher.update(bytes);
    hasher.finalize()
}

/// A worker and what it counted.
pub fn encode(worker: &Worker, counts: &Counts) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(4_096);
    let us = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    let Worker { pid, began, at_ms, lag, silent, in_flight, threads, blocked_in, checks } = worker;
    for number in [u64::from(*pid), *began, *at_ms, us(*lag), us(*silent), in_flight.cast_unsigned()] {
        bytes.extend(number.to_le_bytes());
    }
    threads.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
    put_text(&mut bytes, blocked_in);
    put_length(&mut bytes, checks.len());
    for check in checks {
        put_text(&mut bytes, &check.name);
        bytes.push(STATUSES.iter().position(|status| *status == check.status).unwrap_or(0) as u8);
        bytes.extend(check.took.map_or(u64::MAX, us).to_le_bytes());
    }
    counts.lags.iter().for_each(|count| bytes.extend(count.to_le_bytes()));
    bytes.extend(counts.blocks.to_le_bytes());
    bytes.extend(us(counts.blocked).to_le_bytes());
    put_length(&mut bytes, counts.runs.len());
    for runs in &counts.runs {
        put_text(&mut bytes, &runs.check);
        runs.outcomes.iter().for_each(|count| bytes.extend(count.to_le_bytes()));
    }
    for row in &counts.rows {
        let Some(method) = METHODS.iter().position(|name| *name == row.method) else { continue };
        put_text(&mut bytes, &row.route);
        bytes.extend([method as u8, row.ended.len() as u8]);
        bytes.extend(row.cut.to_le_bytes());
        for ended in &row.ended {
            let class = CLASSES.iter().position(|name| *name == ended.class).unwrap_or(0);
            bytes.push(class as u8);
            ended.buckets.iter().for_each(|count| bytes.extend(count.to_le_bytes()));
            bytes.extend(u64::try_from(ended.sum.as_nanos()).unwrap_or(u64::MAX).to_le_bytes());
        }
    }
    bytes
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_length(bytes, text.len());
    bytes.extend(text.as_bytes());
}

fn put_length(bytes: &mut Vec<u8>, length: usize) {
    bytes.extend((length as u32).to_le_bytes());
}

/// What `encode` wrote.
pub fn decode(bytes: &[u8]) -> Option<(Worker, Counts)> {
    let mut rest = bytes;
    let us = Duration::from_micros;
    let worker = Worker {
        pid: u32::try_from(number(&mut rest)?).ok()?,
        began: number(&mut rest)?,
        at_ms: number(&mut rest)?,
        lag: us(number(&mut rest)?),
        silent: us(number(&mut rest)?),
        in_flight: number(&mut rest)?.cast_signed(),
        threads: numbers(&mut rest)?,
        blocked_in: text(&mut rest)?,
        checks: several(&mut rest, checked)?,
    };
    let mut counts = Counts { lags: numbers(&mut rest)?, ..Counts::default() };
    counts.blocks = number(&mut rest)?;
    counts.blocked = us(number(&mut rest)?);
    counts.runs = several(&mut rest, runs)?;
    while !rest.is_empty() {
        counts.rows.push(row(&mut rest)?);
    }
    Some((worker, counts))
}

fn several<T>(rest: &mut &[u8], one: fn(&mut &[u8]) -> Option<T>) -> Option<Vec<T>> {
    (0..length(rest)?).map(|_| one(rest)).collect()
}

fn checked(rest: &mut &[u8]) -> Option<Checked> {
    let name = text(rest)?;
    let [status] = *take::<1>(rest)?;
    let took = Some(number(rest)?).filter(|us| *us != u64::MAX).map(Duration::from_micros);
    Some(Checked { name, status: *STATUSES.get(status as usize)?, took })
}

fn runs(rest: &mut &[u8]) -> Option<Runs> {
    Some(Runs { check: text(rest)?, outcomes: numbers(rest)? })
}

fn row(rest: &mut &[u8]) -> Option<Row> {
    let route = text(rest)?.into();
    let [method, classes] = *take::<2>(rest)?;
    let cut = number(rest)?;
    let mut ended = Vec::new();
    for _ in 0..classes {
        let [class] = *take::<1>(rest)?;
        let buckets = numbers(rest)?;
        ended.push(Ended { class: CLASSES.get(class as usize)?, buckets, sum: Duration::from_nanos(number(rest)?) });
    }
    Some(Row { route, method: METHODS.get(method as usize)?, in_flight: 0, cut, ended })
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (chunk, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(chunk)
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    take::<8>(rest).map(|bytes| u64::from_le_bytes(*bytes))
}

fn numbers<const N: usize>(rest: &mut &[u8]) -> Option<[u64; N]> {
    let mut numbers = [0; N];
    for place in &mut numbers {
        *place = number(rest)?;
    }
    Some(numbers)
}

fn length(rest: &mut &[u8]) -> Option<usize> {
    take::<4>(rest).map(|bytes| u32::from_le_bytes(*bytes) as usize)
}

fn text(rest: &mut &[u8]) -> Option<String> {
    let length = length(rest)?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    String::from_utf8(text.to_vec()).ok()
}
