//! The attempts of each delivery: begun with the claim, ended when it is settled.

use allswell_core::Wall;
use rusqlite::{Connection, params};

use super::super::fault::Fault;
use super::columns::{wall, wall_or_none};
use crate::model::AccountId;
use crate::store::{AttemptRow, Claimed};

/// So many attempts of one delivery are kept, the newest: a channel that is broken for days is tried every five minutes.
const KEPT: i64 = 1_000;

/// Takes note that an attempt begins.
pub(super) fn begin(connection: &Connection, account: AccountId, claimed: &Claimed, now: Wall) -> Result<(), Fault> {
    connection
        .prepare_cached("INSERT INTO attempt (delivery, number, account, began) VALUES (?, ?, ?, ?)")?
        .execute(params![claimed.id, claimed.token, account.0, now.ms()])?;
    connection
        .prepare_cached("DELETE FROM attempt WHERE delivery = ? AND number <= ?")?
        .execute(params![claimed.id, claimed.token - KEPT])?;
    Ok(())
}

/// Takes note of how it ended.
pub(super) fn end(
    connection: &Connection,
    delivery: i64,
    number: i64,
    now: Wall,
    result: &str,
    said: &str,
) -> Result<(), Fault> {
    connection
        .prepare_cached("UPDATE attempt SET ended = ?, result = ?, said = ? WHERE delivery = ? AND number = ?")?
        .execute(params![now.ms(), result, said, delivery, number])?;
    Ok(())
}

/// The attempts of a delivery, oldest first.
pub(super) fn of(connection: &Connection, delivery: i64) -> Result<Vec<AttemptRow>, Fault> {
    let mut statement = connection
        .prepare_cached("SELECT number, began, ended, result, said FROM attempt WHERE delivery = ? ORDER BY number")?;
    let rows = statement.query_map([delivery], |row| {
        Ok(AttemptRow {
            number: row.get(0)?,
            began: wall(row, 1)?,
            ended: wall_or_none(row, 2)?,
            result: row.get(3)?,
            said: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
