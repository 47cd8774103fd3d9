//! What one commit of results does to the database, and, once it is written, to the heads.

use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use allswell_core::Wall;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::super::fault::Fault;
use super::block::write_tail;
use super::heads::{Heads, Slice};
use super::key::{Key, hour};
use super::sample::Sample;
use super::sweep::{Sweep, slice_size, sweep};
use crate::store::ResultRow;

/// The results that stand in no block yet, shared with those who read.
pub(in super::super) type SharedHeads = Arc<RwLock<Heads>>;

/// What stands between results and their database.
pub(super) struct Ledger {
    heads: SharedHeads,
    sweep: Sweep,
    /// The last row of the tail.
    tail: i64,
    /// How many monitors the sweep under way takes per commit.
    slice: usize,
    /// How many a sweep takes per commit at least.
    least: usize,
}

/// What a transaction changes, to be done in memory when it is written.
struct Change {
    sweep: Sweep,
    tail: i64,
    turn: Option<Turn>,
    samples: Vec<(u32, Sample)>,
}

/// The end of the running hour.
#[derive(Clone, Copy)]
struct Turn {
    /// The hour that runs from now on; `None` until the next result says which.
    to: Option<i32>,
}

impl Ledger {
    /// The ledger of a database whose tail, up to row `tail`, was replayed into `heads`. It sweeps `least` monitors with each
    /// commit, or more.
    pub(super) fn new(heads: Heads, sweep: Sweep, tail: i64, least: usize) -> Self {
        let slice = slice_size(heads.closing.len(), least);
        Self { heads: Arc::new(RwLock::new(heads)), sweep, tail, slice, least }
    }

    /// The heads, for those who read.
    pub(super) fn heads(&self) -> SharedHeads {
        Arc::clone(&self.heads)
    }

    /// Writes results in one transaction, in their order, and sweeps a slice with it.
    pub(super) fn record(&mut self, connection: &mut Connection, rows: &[ResultRow]) -> Result<(), Fault> {
        let samples: Vec<_> = rows.iter().map(|row| (row.monitor.0, Sample::of(row))).collect();
        let Some(newest) = samples.iter().map(|(_, sample)| hour(sample.asked)).max() else { return Ok(()) };
        let turn = self.read().hour.filter(|&running| turns(running, newest)).map(|_| Turn { to: Some(newest) });
        // A sweep that is not over when the next hour turns ends with it.
        let size = if turn.is_some() { usize::MAX } else { self.slice };
        self.transact(connection, size, |connection, change| {
            if let Some(turn) = turn {
                change.turn(turn);
            }
            change.tail += 1;
            connection
                .prepare_cached("INSERT INTO tail (id, data) VALUES (?, ?)")?
                .execute(params![change.tail, write_tail(change.tail, &samples)])?;
            change.samples = samples;
            rows.iter().try_for_each(|row| keep_detail(connection, row))
        })
    }

    /// Deletes the results of hours that ended before `before`.
    pub(super) fn forget(&mut self, connection: &mut Connection, before: Wall) -> Result<(), Fault> {
        let kept = hour(before.ms());
        if self.read().hour.is_some_and(|running| running < kept) {
            self.sweep_all(connection)?;
        }
        // One hour at a time, so that the log stays small.
        while let Some(oldest) = oldest_hour(connection)?.filter(|&oldest| oldest < kept) {
            let last = Key { hour: oldest, monitor: u32::MAX }.id();
            connection.prepare_cached("DELETE FROM block WHERE id <= ?")?.execute([last])?;
        }
        // The newest detail from before is still good for what came after.
        connection
            .prepare_cached(
                "DELETE FROM detail WHERE asked < ?1 AND EXISTS (SELECT 1 FROM detail AS later
                     WHERE later.monitor = detail.monitor AND later.asked > detail.asked AND later.asked <= ?1)",
            )?
            .execute([before.ms()])?;
        Ok(())
    }

    fn sweep_all(&mut self, connection: &mut Connection) -> Result<(), Fault> {
        self.transact(connection, usize::MAX, |_, change| {
            change.turn(Turn { to: None });
            Ok(())
        })?;
        self.transact(connection, usize::MAX, |_, _| Ok(()))
    }

    /// Sweeps a slice and does `work` in one transaction, then does the same to the heads.
    fn transact(
        &mut self,
        connection: &mut Connection,
        size: usize,
        work: impl FnOnce(&Connection, &mut Change) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut change = Change { sweep: self.sweep.clone(), tail: self.tail, turn: None, samples: Vec::new() };
        let written = self.write(connection, size, &mut change, work);
        if written.is_err() {
            self.change().slice = None;
            return written;
        }
        let mut heads = self.change();
        heads.end_slice();
        if let Some(turn) = change.turn {
            heads.turn(turn.to);
        }
        for (monitor, sample) in &change.samples {
            heads.push(*monitor, sample);
        }
        let closing = heads.closing.len();
        drop(heads);
        if change.turn.is_some() {
            self.slice = slice_size(closing, self.least);
        }
        (self.sweep, self.tail) = (change.sweep, change.tail);
        Ok(())
    }

    fn write(
        &self,
        connection: &mut Connection,
        size: usize,
        change: &mut Change,
        work: impl FnOnce(&Connection, &mut Change) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.sweep_slice(&transaction, size, change)?;
        work(&transaction, change)?;
        change.sweep.trim_tail(&transaction)?;
        if change.sweep != self.sweep {
            change.sweep.write(&transaction)?;
        }
        Ok(transaction.commit()?)
    }

    fn sweep_slice(&self, connection: &Connection, size: usize, change: &mut Change) -> Result<(), Fault> {
        let heads = self.read();
        let Some(monitor) = sweep(connection, &heads, size)? else { return Ok(()) };
        let finished = heads.closing.last_key_value().is_none_or(|(&last, _)| last <= monitor);
        drop(heads);
        change.sweep.advance(monitor, finished);
        self.change().slice = Some(Slice { generation: change.sweep.generation, monitor });
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, Heads> {
        self.heads.read().expect("nothing panics while holding the heads")
    }

    fn change(&self) -> RwLockWriteGuard<'_, Heads> {
        self.heads.write().expect("nothing panics while holding the heads")
    }
}

impl Change {
    fn turn(&mut self, turn: Turn) {
        self.turn = Some(turn);
        self.sweep.begin(self.tail);
    }
}

/// Whether results of the hour `newest` end the `running` one. A result that comes late does not; a clock that was set back
/// by hours does, or else nothing would be swept until it is there again.
const fn turns(running: i32, newest: i32) -> bool {
    newest > running || newest < running.saturating_sub(1)
}

/// Keeps what else is known of a result, unless it is known already.
fn keep_detail(connection: &Connection, row: &ResultRow) -> Result<(), Fault> {
    let Some(json) = &row.detail else { return Ok(()) };
    let known: Option<String> = connection
        .prepare_cached("SELECT json FROM detail WHERE monitor = ? AND asked <= ? ORDER BY asked DESC LIMIT 1")?
        .query_row(params![row.monitor.0, row.asked.ms()], |row| row.get(0))
        .optional()?;
    if known.as_ref() != Some(json) {
        connection
            .prepare_cached(
                "INSERT INTO detail (monitor, asked, json) VALUES (?, ?, ?)
                 ON CONFLICT (monitor, asked) DO UPDATE SET json = excluded.json",
            )?
            .execute(params![row.monitor.0, row.asked.ms(), json])?;
    }
    Ok(())
}

fn oldest_hour(connection: &Connection) -> Result<Option<i32>, Fault> {
    let id: Option<i64> = connection.prepare_cached("SELECT min(id) FROM block")?.query_row([], |row| row.get(0))?;
    Ok(id.map(|id| Key::of(id).hour))
}
