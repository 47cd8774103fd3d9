//! Reading results back: blocks from the newest on, the heads beside them, and the detail that was good at each time.

use std::ops::Range;

use allswell_core::{Wall, series};
use rusqlite::{Connection, OptionalExtension, params};

use super::super::fault::{Damaged, Fault};
use super::block::read_block;
use super::key::{Key, hour};
use super::ledger::SharedHeads;
use super::sample::Sample;
use crate::model::MonitorId;
use crate::store::ResultRow;

/// The newest results of `monitor` within `range`, at most `limit`, newest first.
pub(in super::super) fn read(
    connection: &mut Connection,
    heads: &SharedHeads,
    monitor: MonitorId,
    range: &Range<Wall>,
    limit: usize,
) -> Result<Vec<ResultRow>, Fault> {
    if limit == 0 || range.is_empty() {
        return Ok(Vec::new());
    }
    let samples = newest(connection, heads, monitor, range, limit)?;
    let mut rows: Vec<ResultRow> = samples.iter().map(|sample| sample.row(monitor)).collect();
    // Read after the results: what is in memory was committed with its detail before.
    fill_details(connection, monitor, &mut rows)?;
    Ok(rows)
}

/// The newest result of each of `monitors`; `None` for one that has none.
pub(in super::super) fn last(
    connection: &mut Connection,
    heads: &SharedHeads,
    monitors: &[MonitorId],
) -> Result<Vec<Option<ResultRow>>, Fault> {
    let ever = Wall::from_ms(i64::MIN)..Wall::from_ms(i64::MAX);
    let mut last = Vec::with_capacity(monitors.len());
    // One look at the file goes as far as it can: until a slice is swept. A sweep has an end, so one look gets to the last.
    while last.len() < monitors.len() {
        let snapshot = connection.transaction()?;
        let generation = generation(&snapshot)?;
        for monitor in &monitors[last.len()..] {
            let Some(newest) = samples(&snapshot, generation, heads, *monitor, &ever, 1)? else { break };
            last.push(newest.first().map(|sample| sample.row(*monitor)));
        }
    }
    // Another look, after the results: what is in memory was committed with its detail before.
    let snapshot = connection.transaction()?;
    for row in last.iter_mut().flatten() {
        fill_details(&snapshot, row.monitor, std::slice::from_mut(row))?;
    }
    drop(snapshot);
    Ok(last)
}

/// All results of `monitor` within `range`, newest first, without their details.
pub(in super::super) fn read_samples(
    connection: &mut Connection,
    heads: &SharedHeads,
    monitor: MonitorId,
    range: &Range<Wall>,
) -> Result<Vec<series::Sample>, Fault> {
    if range.is_empty() {
        return Ok(Vec::new());
    }
    let samples = newest(connection, heads, monitor, range, usize::MAX)?;
    let told = |sample: &Sample| {
        let row = sample.row(monitor);
        series::Sample { at: row.asked, verdict: row.verdict, latency: row.total }
    };
    Ok(samples.iter().map(told).collect())
}

/// When `monitor` was asked last.
pub(in super::super) fn last_asked(heads: &SharedHeads, monitor: MonitorId) -> Option<Wall> {
    let heads = heads.read().expect("nothing panics while holding the heads");
    heads.asked.get(&monitor.0).copied().map(Wall::from_ms)
}

fn newest(
    connection: &mut Connection,
    heads: &SharedHeads,
    monitor: MonitorId,
    range: &Range<Wall>,
    limit: usize,
) -> Result<Vec<Sample>, Fault> {
    loop {
        let snapshot = connection.transaction()?;
        let generation = generation(&snapshot)?;
        if let Some(samples) = samples(&snapshot, generation, heads, monitor, range, limit)? {
            return Ok(samples);
        }
    }
}

/// How often was swept what `snapshot` sees.
fn generation(snapshot: &Connection) -> Result<i64, Fault> {
    Ok(snapshot.prepare_cached("SELECT generation FROM sweep")?.query_row([], |row| row.get(0))?)
}

/// `None` when a slice was swept while we looked; looking again sees it.
fn samples(
    snapshot: &Connection,
    generation: i64,
    heads: &SharedHeads,
    monitor: MonitorId,
    range: &Range<Wall>,
    limit: usize,
) -> Result<Option<Vec<Sample>>, Fault> {
    let (beside, running) = {
        let heads = heads.read().expect("nothing panics while holding the heads");
        (heads.beside(generation, monitor.0), heads.hour)
    };
    let Some(beside) = beside else { return Ok(None) };
    let within = |sample: &Sample| range.contains(&Wall::from_ms(sample.asked));
    let mut found: Vec<Sample> = beside.iter().flat_map(|head| head.samples()).filter(within).collect();
    // No block is of the running hour, so none has what is newer.
    let is_last = limit == 1 && found.iter().any(|sample| Some(hour(sample.asked)) == running);
    let last_hour = Key { hour: hour(range.end.ms().saturating_sub(1)), monitor: monitor.0 };
    let mut next = (!is_last).then_some(last_hour);
    let first = hour(range.start.ms());
    while let Some(key) = next.filter(|key| key.hour >= first && !enough(&found, *key, limit)) {
        let Some((stored, data)) = newest_block(snapshot, key)? else { break };
        let hour = match data {
            Some(data) => {
                let block = read_block(stored.id(), &data).map_err(|why| Damaged { place: stored.to_string(), why })?;
                found.extend(block.into_iter().filter(within));
                stored.hour.checked_sub(1)
            }
            None if stored.hour == key.hour => key.hour.checked_sub(1),
            // Another monitor's, of an earlier hour: in between there is nothing.
            None => Some(stored.hour),
        };
        next = hour.map(|hour| Key { hour, ..key });
    }
    found.sort_by_key(|sample| std::cmp::Reverse(sample.asked));
    found.truncate(limit);
    Ok(Some(found))
}

/// A block's place, and its data where it was asked for.
type Stored = (Key, Option<Vec<u8>>);

/// Whether no block of `key`'s hour or before can be among the newest `limit`.
fn enough(found: &[Sample], key: Key, limit: usize) -> bool {
    found.len() >= limit && found.iter().filter(|sample| hour(sample.asked) > key.hour).take(limit).count() == limit
}

/// The last block at or before `key`, with its data if it is one of `key`'s monitor.
fn newest_block(connection: &Connection, key: Key) -> Result<Option<Stored>, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT id, CASE WHEN id & 4294967295 = ?2 THEN data END FROM block WHERE id <= ?1 ORDER BY id DESC LIMIT 1",
        )?
        .query_row(params![key.id(), key.monitor], |row| Ok((Key::of(row.get(0)?), row.get(1)?)))
        .optional()?)
}

/// Gives each of `rows`, newest first, the detail that was good at its time.
fn fill_details(connection: &Connection, monitor: MonitorId, rows: &mut [ResultRow]) -> Result<(), Fault> {
    let (Some(newest), Some(oldest)) = (rows.first(), rows.last()) else { return Ok(()) };
    let mut statement = connection.prepare_cached(
        "SELECT asked, json FROM detail WHERE monitor = ?1 AND asked <= ?2 AND asked >= coalesce(
             (SELECT max(asked) FROM detail WHERE monitor = ?1 AND asked <= ?3), ?3)
         ORDER BY asked DESC",
    )?;
    let details = statement
        .query_map(params![monitor.0, newest.asked.ms(), oldest.asked.ms()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(i64, String)>, _>>()?;
    let mut details = details.into_iter().peekable();
    for row in rows {
        while details.next_if(|(since, _)| *since > row.asked.ms()).is_some() {}
        row.detail = details.peek().map(|(_, json)| json.clone());
    }
    Ok(())
}
