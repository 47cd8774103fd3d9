//! The two things that stand in `results.db`: a tail row with the results of one commit, a block with those of one monitor
//! in one hour.
//!
//! A block is laid out in columns: the changes of the distance in time, runs of equal states, and a column for each phase
//! that was reached. Both begin with the number of their format and end with a checksum over place and bytes.

use allswell_core::Verdict;

use super::bytes::{Reader, Wrong, open, put, seal, unzigzag, zigzag};
use super::column;
use super::key::Key;
use super::sample::{Cursor, Sample, State, TICK_US};

/// The format of what is written here.
const FORMAT: u8 = 1;
/// No hour holds more results of one monitor, not even a clock that stands still for weeks; what says otherwise is damaged.
const RESULTS_MAX: u64 = 1 << 22;

/// Writes the results of one commit, each with its monitor's number.
pub(super) fn write_tail(id: i64, samples: &[(u32, Sample)]) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    put(&mut bytes, samples.len() as u64);
    let mut cursor = Cursor::default();
    for (monitor, sample) in samples {
        put(&mut bytes, u64::from(*monitor));
        cursor.write(&mut bytes, sample);
    }
    seal(bytes, id)
}

/// Reads what [`write_tail`] wrote.
pub(super) fn read_tail(id: i64, data: &[u8]) -> Result<Vec<(u32, Sample)>, Wrong> {
    let mut reader = begin(open(data, id)?)?;
    let n = count(&mut reader)?;
    let mut cursor = Cursor::default();
    let mut samples = Vec::new();
    for _ in 0..n {
        let monitor = u32::try_from(reader.number()?).map_err(|_| "a monitor's number is too large")?;
        samples.push((monitor, cursor.read(&mut reader)?));
    }
    end(&reader, samples)
}

/// Writes the results of one monitor and hour, in order of time.
pub(super) fn write_block(id: i64, samples: &[Sample]) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    put(&mut bytes, samples.len() as u64);
    column::write(&mut bytes, &times(id, samples));
    for run in samples.chunk_by(|a, b| a.state == b.state) {
        put(&mut bytes, run.len() as u64);
        run[0].state.write(&mut bytes);
    }
    for phase in 0..5 {
        let ticks: Vec<u64> =
            samples.iter().filter(|sample| sample.state.has(phase)).map(|sample| sample.ticks[phase]).collect();
        column::write(&mut bytes, &ticks);
    }
    let rests: Vec<u64> =
        samples.iter().map(|sample| zigzag(sample.total.wrapping_sub(sample.sum()).cast_signed())).collect();
    column::write(&mut bytes, &rests);
    seal(bytes, id)
}

/// Reads what [`write_block`] wrote.
pub(super) fn read_block(id: i64, data: &[u8]) -> Result<Vec<Sample>, Wrong> {
    let mut reader = begin(open(data, id)?)?;
    let n = count(&mut reader)?;
    let times = column::read(&mut reader, n)?;
    let mut samples = Vec::with_capacity(n);
    let states = states(&mut reader, n)?;
    let (mut asked, mut distance) = (Key::of(id).begins(), 0_i64);
    for (index, (change, state)) in times.into_iter().zip(states).enumerate() {
        let step = unzigzag(change).wrapping_add(distance);
        asked = asked.wrapping_add(step);
        distance = if index == 0 { 0 } else { step };
        samples.push(Sample { asked, state, ticks: [0; 5], total: 0 });
    }
    for phase in 0..5 {
        let reached = samples.iter().filter(|sample| sample.state.has(phase)).count();
        let ticks = column::read(&mut reader, reached)?;
        for (sample, ticks) in samples.iter_mut().filter(|sample| sample.state.has(phase)).zip(ticks) {
            sample.ticks[phase] = ticks;
        }
    }
    for (sample, rest) in samples.iter_mut().zip(column::read(&mut reader, n)?) {
        sample.total = sample.sum().wrapping_add(unzigzag(rest).cast_unsigned());
    }
    end(&reader, samples)
}

/// The first result's distance from the beginning of the hour, then by how much each distance differs from the one before.
fn times(id: i64, samples: &[Sample]) -> Vec<u64> {
    let (mut asked, mut distance) = (Key::of(id).begins(), 0_i64);
    let mut times = Vec::with_capacity(samples.len());
    for (index, sample) in samples.iter().enumerate() {
        let step = sample.asked.wrapping_sub(asked);
        times.push(zigzag(step.wrapping_sub(distance)));
        asked = sample.asked;
        distance = if index == 0 { 0 } else { step };
    }
    times
}

/// What a block says without being opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    /// Results.
    pub(super) n: i64,
    /// Those that passed or warned.
    pub(super) up: i64,
    /// The response times of the latter in microseconds, added up.
    pub(super) sum: i64,
    /// The shortest of them.
    pub(super) min: Option<i64>,
    /// The longest of them.
    pub(super) max: Option<i64>,
}

impl Header {
    /// The header of `samples`.
    pub(super) fn of(samples: &[Sample]) -> Self {
        let mut header = Self { n: i64::try_from(samples.len()).unwrap_or(i64::MAX), ..Self::default() };
        for sample in samples.iter().filter(|sample| matches!(sample.state.verdict, Verdict::Pass | Verdict::Warn)) {
            let total = i64::try_from(sample.total.saturating_mul(TICK_US)).unwrap_or(i64::MAX);
            header.up += 1;
            header.sum = header.sum.saturating_add(total);
            header.min = Some(header.min.map_or(total, |min| min.min(total)));
            header.max = Some(header.max.map_or(total, |max| max.max(total)));
        }
        header
    }
}

fn begin(bytes: &[u8]) -> Result<Reader<'_>, Wrong> {
    let mut reader = Reader::new(bytes);
    match reader.byte()? {
        FORMAT => Ok(reader),
        _ => Err("its format is unknown"),
    }
}

fn count(reader: &mut Reader<'_>) -> Result<usize, Wrong> {
    match reader.number()? {
        n if n <= RESULTS_MAX => Ok(n as usize),
        _ => Err("it claims too many results"),
    }
}

fn states(reader: &mut Reader<'_>, n: usize) -> Result<Vec<State>, Wrong> {
    let mut states = Vec::with_capacity(n);
    while states.len() < n {
        let run = reader.number()?;
        if run == 0 || run > (n - states.len()) as u64 {
            return Err("a run of states is too long");
        }
        let state = State::read(reader)?;
        states.extend(std::iter::repeat_n(state, run as usize));
    }
    Ok(states)
}

fn end<T>(reader: &Reader<'_>, samples: Vec<T>) -> Result<Vec<T>, Wrong> {
    if reader.is_done() { Ok(samples) } else { Err("it goes on after its end") }
}
