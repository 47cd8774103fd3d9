//! The results that stand in no block yet, in memory: those of the running hour and those that are being swept.
//!
//! Shared between the thread that writes and those that read. A reader looks at the database first and here second; the
//! generation of the sweep tells it which results it has seen there already.

use std::collections::{BTreeMap, HashMap};

use super::bytes::Reader;
use super::key::hour;
use super::sample::{Cursor, Sample};

/// The results of one monitor, encoded.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    bytes: Vec<u8>,
    cursor: Cursor,
}

impl Head {
    /// Adds a result.
    pub(super) fn push(&mut self, sample: &Sample) {
        self.cursor.write(&mut self.bytes, sample);
    }

    /// All results in the order of their coming.
    pub(super) fn samples(&self) -> Vec<Sample> {
        let mut reader = Reader::new(&self.bytes);
        let mut cursor = Cursor::default();
        let mut samples = Vec::new();
        while !reader.is_done() {
            samples.push(cursor.read(&mut reader).expect("written by ourselves and never left memory"));
        }
        samples
    }
}

/// A slice of the sweep: the monitors up to this one are written in this generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    /// The generation that makes it visible in the database.
    pub(super) generation: i64,
    /// The last monitor of the slice.
    pub(super) monitor: u32,
}

/// All heads.
#[derive(Debug, Default)]
pub(in super::super) struct Heads {
    /// The newest hour of the running results.
    pub(super) hour: Option<i32>,
    /// Results since the hour turned.
    pub(super) running: HashMap<u32, Head>,
    /// Results from before the hour turned, not yet swept.
    pub(super) closing: BTreeMap<u32, Head>,
    /// The slice that is being written.
    pub(super) slice: Option<Slice>,
    /// The generation up to which swept results are gone from here.
    pub(super) generation: i64,
    /// When each monitor was asked last.
    pub(super) asked: HashMap<u32, i64>,
}

impl Heads {
    /// Takes a result of the running hour.
    pub(super) fn push(&mut self, monitor: u32, sample: &Sample) {
        self.hour = self.hour.max(Some(hour(sample.asked)));
        self.running.entry(monitor).or_default().push(sample);
        self.asked.insert(monitor, sample.asked);
    }

    /// Takes a result from before the hour turned, when the tail is replayed; one that is `swept` stands in a block.
    pub(super) fn push_closing(&mut self, monitor: u32, sample: &Sample, swept: bool) {
        if !swept {
            self.closing.entry(monitor).or_default().push(sample);
        }
        self.asked.insert(monitor, sample.asked);
    }

    /// The heads of `monitor` that a reader has not seen who looked at the database in `generation`; `None` when results
    /// went from here to there since, and the reader must look again.
    pub(super) fn beside(&self, generation: i64, monitor: u32) -> Option<Vec<Head>> {
        if self.generation > generation {
            return None;
        }
        let seen = self.slice.is_some_and(|slice| slice.generation <= generation && monitor <= slice.monitor);
        let closing = self.closing.get(&monitor).filter(|_| !seen);
        Some(closing.into_iter().chain(self.running.get(&monitor)).cloned().collect())
    }

    /// Ends a slice that was written.
    pub(super) fn end_slice(&mut self) {
        if let Some(slice) = self.slice.take() {
            self.closing = match slice.monitor.checked_add(1) {
                Some(next) => self.closing.split_off(&next),
                None => BTreeMap::new(),
            };
            self.generation = slice.generation;
        }
    }

    /// Turns the hour: what ran is to be swept, and `hour` runs.
    pub(super) fn turn(&mut self, hour: Option<i32>) {
        debug_assert!(self.closing.is_empty(), "the last sweep ends before the next begins");
        self.closing = self.running.drain().collect();
        self.hour = hour;
    }
}
