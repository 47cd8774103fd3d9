//! What was true of monitors and when: transitions, and the stretches in which a process was watching.

use std::ops::Range;

use allswell_core::Wall;
use allswell_core::uptime::{Mark, Presence, overlay};
use rusqlite::{Connection, OptionalExtension, params};

use super::super::fault::Fault;
use super::columns::{presence, wall};
use crate::model::{AccountId, MonitorId};
use crate::store::TransitionRow;

/// Writes a transition and counts it.
pub(super) fn insert(
    connection: &Connection,
    account: AccountId,
    monitor: MonitorId,
    transition: &TransitionRow,
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO transition (monitor, seq, account, was, became, began, at, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            monitor.0,
            transition.seq,
            account.0,
            transition.from.as_str(),
            transition.to.as_str(),
            transition.began.ms(),
            transition.at.ms(),
            transition.reason.map(|reason| reason.as_str()),
        ])?;
    connection
        .prepare_cached("UPDATE monitor_state SET seq = ? WHERE monitor = ?")?
        .execute(params![transition.seq, monitor.0])?;
    Ok(())
}

/// Writes a change that nobody's answer brought about: paused, resumed, retired. Returns when it began:
/// at `now`, or with the last transition where the clock was set back behind that.
pub(super) fn declare(
    connection: &Connection,
    account: AccountId,
    monitor: MonitorId,
    to: Presence,
    now: Wall,
) -> Result<Wall, Fault> {
    let last = last(connection, monitor)?;
    let (seq, from, began) = last.map_or((0, Presence::Unknown, now), |(seq, mark)| (seq, mark.presence, mark.from));
    let row = TransitionRow { seq: seq + 1, from, to, began: began.max(now), at: now, reason: None };
    insert(connection, account, monitor, &row)?;
    Ok(row.began)
}

/// The last transition's number, and what it led to.
pub(super) fn last(connection: &Connection, monitor: MonitorId) -> Result<Option<(u32, Mark)>, Fault> {
    Ok(connection
        .prepare_cached("SELECT seq, became, began FROM transition WHERE monitor = ? ORDER BY seq DESC LIMIT 1")?
        .query_row([monitor.0], |row| Ok((row.get(0)?, Mark { from: wall(row, 2)?, presence: presence(row, 1)? })))
        .optional()?)
}

/// Planned maintenance covers `monitor` from `now` on, unless it does already.
pub(super) fn begin_maintenance(
    connection: &Connection,
    account: AccountId,
    monitor: MonitorId,
    name: &str,
    now: Wall,
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO maintenance_span (monitor, began, account, name) VALUES (?, ?, ?, ?)
             ON CONFLICT (monitor, began) DO UPDATE SET ended = NULL
             ON CONFLICT (monitor) WHERE ended IS NULL DO NOTHING",
        )?
        .execute(params![monitor.0, now.ms(), account.0, name])?;
    Ok(())
}

/// Planned maintenance covers `monitor` no more, when it did.
pub(super) fn end_maintenance(connection: &Connection, monitor: MonitorId, now: Wall) -> Result<(), Fault> {
    connection
        .prepare_cached("UPDATE maintenance_span SET ended = max(began, ?) WHERE monitor = ? AND ended IS NULL")?
        .execute(params![now.ms(), monitor.0])?;
    Ok(())
}

/// What was true of `monitor` within `window`, the mark before it included.
pub(in super::super) fn marks(
    connection: &Connection,
    account: AccountId,
    monitor: MonitorId,
    window: &Range<Wall>,
) -> Result<Vec<Mark>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT became, began FROM transition WHERE monitor = ?1 AND account = ?2 AND began < ?4 AND seq >= coalesce(
             (SELECT max(seq) FROM transition WHERE monitor = ?1 AND began <= ?3), 0)
         ORDER BY seq",
    )?;
    let marks = statement
        .query_map(params![monitor.0, account.0, window.start.ms(), window.end.ms()], |row| {
            Ok(Mark { from: wall(row, 1)?, presence: presence(row, 0)? })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(overlay(&marks, &maintenance(connection, monitor, window)?))
}

/// When planned maintenance covered `monitor` within `window`, in order.
fn maintenance(connection: &Connection, monitor: MonitorId, window: &Range<Wall>) -> Result<Vec<Range<Wall>>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT began, coalesce(ended, ?3) FROM maintenance_span
         WHERE monitor = ?1 AND began < ?3 AND coalesce(ended > ?2, TRUE) ORDER BY began",
    )?;
    let spans = statement
        .query_map(params![monitor.0, window.start.ms(), window.end.ms()], |row| Ok(wall(row, 0)?..wall(row, 1)?))?
        .collect::<Result<_, _>>()?;
    Ok(spans)
}

/// Takes note that a process has been watching from `started` until `seen`.
pub(in super::super) fn watching(
    connection: &Connection,
    account: AccountId,
    started: Wall,
    seen: Wall,
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO span (account, started, seen) VALUES (?, ?, max(?2, ?3))
             ON CONFLICT (account, started) DO UPDATE SET seen = max(seen, excluded.seen)",
        )?
        .execute(params![account.0, started.ms(), seen.ms()])?;
    Ok(())
}

/// When a process was watching within `window`.
pub(in super::super) fn watched(
    connection: &Connection,
    account: AccountId,
    window: &Range<Wall>,
) -> Result<Vec<Range<Wall>>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT max(started, ?2), min(seen, ?3) FROM span
         WHERE account = ?1 AND seen > ?2 AND started < ?3 AND started < seen ORDER BY started",
    )?;
    let spans = statement
        .query_map(params![account.0, window.start.ms(), window.end.ms()], |row| Ok(wall(row, 0)?..wall(row, 1)?))?;
    // Runs overlap where the clock was set back between them.
    let mut merged: Vec<Range<Wall>> = Vec::new();
    for span in spans {
        let span = span?;
        match merged.last_mut() {
            Some(before) if span.start <= before.end => before.end = before.end.max(span.end),
            _ => merged.push(span),
        }
    }
    Ok(merged)
}
