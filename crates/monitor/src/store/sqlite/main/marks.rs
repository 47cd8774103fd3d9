//! Marks that people put on the charts.

use std::ops::Range;

use allswell_core::Wall;
use rusqlite::{Connection, Row, params};

use super::super::fault::Fault;
use super::columns::wall;
use crate::model::{AccountId, MonitorId};
use crate::store::{MarkRow, NewMark};

/// Writes a mark.
pub(in super::super) fn add_mark(connection: &Connection, account: AccountId, mark: NewMark) -> Result<MarkRow, Fault> {
    let id = connection
        .prepare_cached(
            "INSERT INTO mark (account, at, kind, text, link, monitor) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        )?
        .query_row(
            params![account.0, mark.at.ms(), mark.kind, mark.text, mark.link, mark.monitor.map(|id| id.0)],
            |row| row.get(0),
        )?;
    Ok(MarkRow { id, mark })
}

/// The newest marks within `range`, newest first.
pub(in super::super) fn added_marks(
    connection: &Connection,
    account: AccountId,
    range: &Range<Wall>,
    limit: usize,
) -> Result<Vec<MarkRow>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT id, at, kind, text, link, monitor FROM mark WHERE account = ?1 AND at >= ?2 AND at < ?3
         ORDER BY at DESC, id DESC LIMIT ?4",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![account.0, range.start.ms(), range.end.ms(), limit], mark)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn mark(row: &Row<'_>) -> rusqlite::Result<MarkRow> {
    Ok(MarkRow {
        id: row.get(0)?,
        mark: NewMark {
            at: wall(row, 1)?,
            kind: row.get(2)?,
            text: row.get(3)?,
            link: row.get(4)?,
            monitor: row.get::<_, Option<u32>>(5)?.map(MonitorId),
        },
    })
}

/// Deletes a mark.
pub(in super::super) fn remove_mark(connection: &Connection, account: AccountId, id: i64) -> Result<bool, Fault> {
    let removed =
        connection.prepare_cached("DELETE FROM mark WHERE account = ? AND id = ?")?.execute(params![account.0, id])?;
    Ok(removed == 1)
}
