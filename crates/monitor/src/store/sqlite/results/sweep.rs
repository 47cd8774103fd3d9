//! The sweep: how far it is, and writing a monitor's results of one hour into its block.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::super::fault::Fault;
use super::block::{Header, read_block, write_block};
use super::heads::{Head, Heads};
use super::key::{Key, hour};
use super::sample::Sample;

/// How many monitors are swept with one commit at least; more where the sweep would otherwise outlast the hour.
pub(super) const SLICE: usize = 128;
/// In how many commits a sweep is done at most.
const SLICES: usize = 512;
/// How many rows of the tail go with one commit.
const TAIL_ROWS: u32 = 16;

/// How far the sweep is: the one row of the table of this name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sweep {
    /// Counts the slices.
    pub(super) generation: i64,
    /// Tail rows up to this one stand in blocks.
    pub(super) done: i64,
    /// Tail rows up to this one are being swept.
    pub(super) boundary: i64,
    /// Monitors up to this one are swept; -1 when none is.
    pub(super) monitor: i64,
}

impl Sweep {
    /// Reads it.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        connection.query_row("SELECT generation, done, boundary, monitor FROM sweep", [], |row| {
            Ok(Self { generation: row.get(0)?, done: row.get(1)?, boundary: row.get(2)?, monitor: row.get(3)? })
        })
    }

    /// Writes it.
    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .prepare_cached("UPDATE sweep SET generation = ?, done = ?, boundary = ?, monitor = ?")?
            .execute(params![self.generation, self.done, self.boundary, self.monitor])?;
        Ok(())
    }

    /// Takes note that the monitors up to `monitor` are swept, the last one there is if `finished`.
    pub(super) fn advance(&mut self, monitor: u32, finished: bool) {
        self.generation += 1;
        self.monitor = i64::from(monitor);
        if finished {
            self.done = self.boundary;
            self.monitor = -1;
        }
    }

    /// Begins the next sweep, over the tail up to `boundary`.
    pub(super) fn begin(&mut self, boundary: i64) {
        self.boundary = boundary;
        self.monitor = -1;
    }

    /// Deletes a few rows of the tail that stand in blocks.
    pub(super) fn trim_tail(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .prepare_cached("DELETE FROM tail WHERE id IN (SELECT id FROM tail WHERE id <= ? ORDER BY id LIMIT ?)")?
            .execute(params![self.done, TAIL_ROWS])?;
        Ok(())
    }
}

/// How many monitors belong into a slice, `least` or more, when `n` are to be swept in all.
pub(super) fn slice_size(n: usize, least: usize) -> usize {
    n.div_ceil(SLICES).max(least)
}

/// Writes the blocks of the next `size` monitors and returns the last of them; `None` when nothing is left to sweep.
pub(super) fn sweep(connection: &Connection, heads: &Heads, size: usize) -> Result<Option<u32>, Fault> {
    let mut last = None;
    for (&monitor, head) in heads.closing.iter().take(size) {
        write(connection, monitor, head)?;
        let asked = heads.asked.get(&monitor);
        connection
            .prepare_cached(
                "INSERT INTO asked (monitor, at) VALUES (?, ?) ON CONFLICT (monitor) DO UPDATE SET at = excluded.at",
            )?
            .execute(params![monitor, asked])?;
        last = Some(monitor);
    }
    Ok(last)
}

fn write(connection: &Connection, monitor: u32, head: &Head) -> Result<(), Fault> {
    let mut hours: BTreeMap<i32, Vec<Sample>> = BTreeMap::new();
    for sample in head.samples() {
        hours.entry(hour(sample.asked)).or_default().push(sample);
    }
    hours.into_iter().try_for_each(|(hour, samples)| write_hour(connection, Key { hour, monitor }, samples))
}

/// Writes a block, together with what stands there already: results that came late, or from before the clock was set back.
fn write_hour(connection: &Connection, key: Key, late: Vec<Sample>) -> Result<(), Fault> {
    let mut samples = stored(connection, key)?;
    samples.extend(late);
    samples.sort_by_key(|sample| sample.asked);
    let header = Header::of(&samples);
    let data = write_block(key.id(), &samples);
    connection
        .prepare_cached("INSERT OR REPLACE INTO block (id, n, up, sum, min, max, data) VALUES (?, ?, ?, ?, ?, ?, ?)")?
        .execute(params![key.id(), header.n, header.up, header.sum, header.min, header.max, data])?;
    Ok(())
}

fn stored(connection: &Connection, key: Key) -> Result<Vec<Sample>, Fault> {
    let data: Option<Vec<u8>> = connection
        .prepare_cached("SELECT data FROM block WHERE id = ?")?
        .query_row([key.id()], |row| row.get(0))
        .optional()?;
    let Some(data) = data else { return Ok(Vec::new()) };
    match read_block(key.id(), &data) {
        Ok(samples) => Ok(samples),
        Err(why) => {
            tracing::error!(%key, why, "a stored block is damaged; it was set aside and a new one begun");
            set_aside(connection, "block", key.id(), &data)?;
            Ok(Vec::new())
        }
    }
}

/// Keeps bytes that cannot be read, for whoever wants to look.
pub(super) fn set_aside(connection: &Connection, what: &str, key: i64, data: &[u8]) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO damaged (what, key, data) VALUES (?, ?, ?)")?
        .execute(params![what, key, data])?;
    Ok(())
}
