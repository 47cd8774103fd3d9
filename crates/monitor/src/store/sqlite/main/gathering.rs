//! Messages that go together: they wait under one name, and when that is due the oldest carries the others for good.

use std::time::Duration;

use allswell_core::Wall;
use rusqlite::{Connection, Row, params};

use super::super::fault::Fault;
use super::columns::{message_kind, monitor, wall_or_none};
use super::incidents::{Note, acknowledgement, note};
use crate::model::{AccountId, IncidentId};
use crate::store::{OutboxRow, Together, ToldIncident};

/// After how long it is looked again whether what must not overtake another message may go.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// A message that waits and must not overtake an earlier one about its incident, which goes by another way.
const BLOCKED: &str = "EXISTS (SELECT 1 FROM outbox AS older
    WHERE older.monitor = outbox.monitor AND older.incident = outbox.incident
      AND older.channel = outbox.channel AND older.id < outbox.id
      AND older.sent IS NULL AND older.dead IS NULL AND older.gathering IS NOT outbox.gathering)";

/// Has a gathering wait for a message that came.
pub(super) fn wait(
    connection: &Connection,
    account: AccountId,
    channel: &str,
    together: &Together,
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO gathering (account, channel, name, due) VALUES (?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET due = max(due, excluded.due)",
        )?
        .execute(params![account.0, channel, together.name, together.due.ms()])?;
    Ok(())
}

/// Closes the gatherings that are due at `now`, those to the channels in `except`, a JSON list, excepted: the oldest message of
/// each carries the others from now on, for good, so that it is the same message under the same key however often it must be sent.
pub(super) fn close(connection: &Connection, account: AccountId, now: Wall, except: &str) -> Result<(), Fault> {
    let due = connection
        .prepare_cached(
            "SELECT channel, name FROM gathering
             WHERE account = ? AND due <= ? AND channel NOT IN (SELECT value FROM json_each(?)) ORDER BY due",
        )?
        .query_map(params![account.0, now.ms(), except], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(String, String)>, _>>()?;
    due.iter().try_for_each(|(channel, name)| close_one(connection, account, channel, name, now))
}

fn close_one(connection: &Connection, account: AccountId, channel: &str, name: &str, now: Wall) -> Result<(), Fault> {
    let free = format!("account = ?1 AND channel = ?2 AND gathering = ?3 AND NOT {BLOCKED}");
    let free: Vec<i64> = connection
        .prepare_cached(&format!("SELECT id FROM outbox WHERE {free} ORDER BY id"))?
        .query_map(params![account.0, channel, name], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut take =
        connection.prepare_cached("UPDATE outbox SET gathering = NULL, carrier = nullif(?1, id) WHERE id = ?2")?;
    for id in &free {
        take.execute(params![free[0], id])?;
    }
    // What is not free to go stays together, and goes once it is.
    let stays: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM outbox WHERE account = ? AND channel = ? AND gathering = ?)")?
        .query_row(params![account.0, channel, name], |row| row.get(0))?;
    let then = if stays {
        "UPDATE gathering SET due = ?4 WHERE account = ?1 AND channel = ?2 AND name = ?3"
    } else {
        "DELETE FROM gathering WHERE account = ?1 AND channel = ?2 AND name = ?3 AND due < ?4"
    };
    connection.prepare_cached(then)?.execute(params![account.0, channel, name, (now + LOOK_AGAIN).ms()])?;
    Ok(())
}

/// The messages that `carrier` carries, oldest first.
pub(super) fn carried(connection: &Connection, carrier: i64) -> Result<Vec<OutboxRow>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT dedup, monitor, incident, channel, kind, body FROM outbox WHERE carrier = ? ORDER BY id",
    )?;
    let rows = statement.query_map([carrier], row)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

fn row(row: &Row<'_>) -> rusqlite::Result<OutboxRow> {
    Ok(OutboxRow {
        key: row.get(0)?,
        incident: IncidentId { monitor: monitor(row, 1)?, seq: row.get(2)? },
        channel: row.get(3)?,
        kind: message_kind(row, 4)?,
        body: row.get(5)?,
        together: None,
    })
}

/// What `carrier` carries ended with it: `sent` or `refused`.
pub(super) fn settle(
    connection: &Connection,
    account: AccountId,
    carrier: i64,
    what: &'static str,
    answer: &str,
    now: Wall,
) -> Result<(), Fault> {
    let ended = connection
        .prepare_cached(
            "UPDATE outbox SET sent = iif(?2 = 'sent', ?3, NULL), dead = iif(?2 = 'sent', NULL, ?3), last_answer = ?4,
                 attempts = (SELECT attempts FROM outbox AS carrier WHERE carrier.id = ?1)
             WHERE carrier = ?1 RETURNING monitor, incident, channel, kind",
        )?
        .query_map(params![carrier, what, now.ms(), answer], |row| {
            let incident = IncidentId { monitor: monitor(row, 0)?, seq: row.get(1)? };
            Ok((incident, row.get(2)?, row.get(3)?))
        })?
        .collect::<Result<Vec<(IncidentId, String, String)>, _>>()?;
    for (incident, channel, kind) in ended {
        let text = format!("{kind} to {channel}, together with others: {answer}");
        note(connection, account, incident, Note { at: now, what, text: &text, evidence: None })?;
    }
    Ok(())
}

/// The incidents that a message and those that it carries tell of, each once, in the order in which they were told.
pub(in super::super) fn told(
    connection: &Connection,
    account: AccountId,
    message: i64,
) -> Result<Vec<ToldIncident>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT incident.monitor, incident.seq, monitor.name, incident.ended, incident.acknowledged, incident.acknowledged_by
         FROM outbox
         JOIN incident ON incident.monitor = outbox.monitor AND incident.seq = outbox.incident
         JOIN monitor ON monitor.id = outbox.monitor
         WHERE outbox.account = ?1 AND (outbox.id = ?2 OR outbox.carrier = ?2)
         GROUP BY incident.monitor, incident.seq ORDER BY min(outbox.id)",
    )?;
    let told = |row: &Row<'_>| {
        Ok(ToldIncident {
            id: IncidentId { monitor: monitor(row, 0)?, seq: row.get(1)? },
            monitor_name: row.get(2)?,
            ended: wall_or_none(row, 3)?,
            acknowledged: acknowledgement(row, 4)?,
        })
    };
    let rows = statement.query_map(params![account.0, message], told)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// When the next gathering is due; those of the channels in `except`, a JSON list, do not count.
pub(super) fn next(connection: &Connection, account: AccountId, except: &str) -> Result<Option<Wall>, Fault> {
    let next = connection
        .prepare_cached(
            "SELECT min(due) FROM gathering
             WHERE account = ?1 AND channel NOT IN (SELECT value FROM json_each(?2))",
        )?
        .query_row(params![account.0, except], |row| wall_or_none(row, 0))?;
    Ok(next)
}
