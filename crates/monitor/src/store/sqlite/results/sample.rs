//! One result as it is stored, and several of them one after the other.
//!
//! The stream is what the tail and the running hour hold: each result relative to the one before, about ten bytes. Per
//! result: `verdict | phases << 2 | same << 7`, then reason and status unless they are the same as before, the change of the
//! distance in time, the phases that were reached, and how much the whole exceeds their sum.

use std::time::Duration;

use allswell_core::{Phase, Phases, Reason, Verdict, Wall};

use super::bytes::{Reader, Wrong, put, zigzag};
use crate::model::MonitorId;
use crate::store::ResultRow;

/// Durations are kept in units of 10 µs, rounded down so that phases never exceed the whole.
pub(super) const TICK_US: u64 = 10;

/// One result without its detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// When the asking began, in milliseconds.
    pub(super) asked: i64,
    /// What kind of result it was.
    pub(super) state: State,
    /// The phases that were reached, in the order of [`Phase::ALL`]; others are 0.
    pub(super) ticks: [u64; 5],
    /// The whole.
    pub(super) total: u64,
}

/// What stays the same from one result to the next, most of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// What it said.
    pub(super) verdict: Verdict,
    /// Why it was no plain pass.
    pub(super) reason: Option<Reason>,
    /// The HTTP status.
    pub(super) status: Option<u16>,
    /// Which phases were reached, a bit for each.
    pub(super) reached: u8,
}

const VERDICTS: [Verdict; 4] = [Verdict::Pass, Verdict::Warn, Verdict::Fail, Verdict::Unknown];
/// The bit that says that reason and status are those of the result before.
const SAME: u8 = 0x80;

impl State {
    /// Nothing yet: what the first result of a stream is compared with.
    const START: Self = Self { verdict: Verdict::Pass, reason: None, status: None, reached: 0 };

    /// Writes all of it.
    pub(super) fn write(self, bytes: &mut Vec<u8>) {
        bytes.push(self.head());
        self.write_cause(bytes);
    }

    /// Reads what [`State::write`] wrote.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Wrong> {
        let head = reader.byte()?;
        if head & SAME != 0 {
            return Err("a state has an unknown bit");
        }
        let (reason, status) = read_cause(reader)?;
        Ok(Self { verdict: verdict(head), reason, status, reached: reached(head) })
    }

    /// Whether the phase with this index was reached.
    pub(super) const fn has(self, phase: usize) -> bool {
        self.reached & (1 << phase) != 0
    }

    fn head(self) -> u8 {
        self.verdict as u8 | self.reached << 2
    }

    fn write_cause(self, bytes: &mut Vec<u8>) {
        bytes.push(self.reason.map_or(0, Reason::code));
        put(bytes, self.status.map_or(0, |status| u64::from(status) + 1));
    }
}

fn verdict(head: u8) -> Verdict {
    VERDICTS[usize::from(head & 3)]
}

const fn reached(head: u8) -> u8 {
    (head & !SAME) >> 2
}

fn read_cause(reader: &mut Reader<'_>) -> Result<(Option<Reason>, Option<u16>), Wrong> {
    let reason = match reader.byte()? {
        0 => None,
        code => Some(Reason::from_code(code).ok_or("a reason is unknown")?),
    };
    let status = match reader.number()? {
        0 => None,
        status => Some(u16::try_from(status - 1).map_err(|_| "a status is too large")?),
    };
    Ok((reason, status))
}

impl Sample {
    /// The stored form of `row`.
    pub(super) fn of(row: &ResultRow) -> Self {
        let mut reached = 0;
        let mut all = [0; 5];
        for (index, phase) in Phase::ALL.into_iter().enumerate() {
            if let Some(took) = row.phases.of(phase) {
                reached |= 1 << index;
                all[index] = ticks(took);
            }
        }
        let state = State { verdict: row.verdict, reason: row.reason, status: row.status, reached };
        Self { asked: row.asked.ms(), state, ticks: all, total: ticks(row.total) }
    }

    /// The row that this is the stored form of, without its detail.
    pub(super) fn row(&self, monitor: MonitorId) -> ResultRow {
        let mut phases = Phases::default();
        for (index, phase) in Phase::ALL.into_iter().enumerate() {
            if self.state.has(index) {
                phases.add(phase, duration(self.ticks[index]));
            }
        }
        ResultRow {
            monitor,
            asked: Wall::from_ms(self.asked),
            verdict: self.state.verdict,
            reason: self.state.reason,
            status: self.state.status,
            phases,
            total: duration(self.total),
            detail: None,
        }
    }

    /// The phases' sum, as far as a number goes.
    pub(super) fn sum(&self) -> u64 {
        self.ticks.iter().fold(0, |sum, &ticks| sum.wrapping_add(ticks))
    }
}

fn ticks(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros() / u128::from(TICK_US)).unwrap_or(u64::MAX)
}

fn duration(ticks: u64) -> Duration {
    Duration::from_micros(ticks.saturating_mul(TICK_US))
}

/// Where a stream stands: what the next result is relative to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    asked: i64,
    distance: i64,
    state: State,
}

impl Default for Cursor {
    fn default() -> Self {
        Self { asked: 0, distance: 0, state: State::START }
    }
}

impl Cursor {
    /// Writes the next result.
    pub(super) fn write(&mut self, bytes: &mut Vec<u8>, sample: &Sample) {
        let same = (sample.state.reason, sample.state.status) == (self.state.reason, self.state.status);
        bytes.push(sample.state.head() | if same { SAME } else { 0 });
        if !same {
            sample.state.write_cause(bytes);
        }
        let distance = sample.asked.wrapping_sub(self.asked);
        put(bytes, zigzag(distance.wrapping_sub(self.distance)));
        for (phase, &ticks) in sample.ticks.iter().enumerate() {
            if sample.state.has(phase) {
                put(bytes, ticks);
            }
        }
        put(bytes, zigzag(sample.total.wrapping_sub(sample.sum()).cast_signed()));
        *self = Self { asked: sample.asked, distance, state: sample.state };
    }

    /// Reads the next result.
    pub(super) fn read(&mut self, reader: &mut Reader<'_>) -> Result<Sample, Wrong> {
        let head = reader.byte()?;
        let (reason, status) =
            if head & SAME != 0 { (self.state.reason, self.state.status) } else { read_cause(reader)? };
        let state = State { verdict: verdict(head), reason, status, reached: reached(head) };
        let distance = self.distance.wrapping_add(reader.signed()?);
        let asked = self.asked.wrapping_add(distance);
        let mut ticks = [0; 5];
        for (phase, ticks) in ticks.iter_mut().enumerate() {
            if state.has(phase) {
                *ticks = reader.number()?;
            }
        }
        let mut sample = Sample { asked, state, ticks, total: 0 };
        sample.total = sample.sum().wrapping_add(reader.signed()?.cast_unsigned());
        *self = Self { asked, distance, state };
        Ok(sample)
    }
}
