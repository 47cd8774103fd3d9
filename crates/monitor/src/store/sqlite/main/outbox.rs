//! The outbox: written with the decision, claimed with a lease, settled with the token of the claim.

use std::time::Duration;

use allswell_core::Wall;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::super::fault::Fault;
use super::columns::{message_kind, monitor, wall, wall_or_none};
use super::incidents::{Note, note};
use super::{attempts, gathering};
use crate::model::{AccountId, IncidentId};
use crate::store::{
    AttemptRow, Claimed, DeliveryFilter, DeliveryRow, DeliveryState, OutboxGauge, OutboxRow, Settlement,
};

/// Writes a message, unless one with its key was written before: due at once, or when those are that it goes with.
pub(super) fn insert(connection: &Connection, account: AccountId, row: &OutboxRow, at: Wall) -> Result<(), Fault> {
    let together = row.together.as_ref();
    let due = together.map_or(at, |together| together.due);
    let written = connection
        .prepare_cached(
            "INSERT INTO outbox (account, dedup, monitor, incident, channel, kind, body, created, next, gathering)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (account, dedup) DO NOTHING",
        )?
        .execute(params![
            account.0,
            row.key,
            row.incident.monitor.0,
            row.incident.seq,
            row.channel,
            row.kind.as_str(),
            row.body,
            at.ms(),
            due.ms(),
            together.map(|together| together.name.as_str())
        ])?;
    match together {
        Some(together) if written > 0 => gathering::wait(connection, account, &row.channel, together),
        _ => Ok(()),
    }
}

/// Ends every lease. Whoever held one ended before this process could take the directory.
pub(in super::super) fn free_leases(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE outbox SET lease_until = NULL WHERE lease_until IS NOT NULL AND sent IS NULL AND dead IS NULL",
        [],
    )?;
    Ok(())
}

/// Claims up to `limit` messages that are due at `now`, the longest due first; none to the channels in `except`, a JSON list.
pub(in super::super) fn claim(
    connection: &Connection,
    account: AccountId,
    now: Wall,
    lease: Duration,
    limit: usize,
    except: &str,
) -> Result<Vec<Claimed>, Fault> {
    gathering::close(connection, account, now, except)?;
    let mut due = connection.prepare_cached(
        "SELECT id FROM outbox AS message
         WHERE account = ?1 AND sent IS NULL AND dead IS NULL AND gathering IS NULL AND carrier IS NULL
           AND next <= ?2 AND coalesce(lease_until <= ?2, TRUE)
           AND channel NOT IN (SELECT value FROM json_each(?4))
           AND NOT EXISTS (SELECT 1 FROM outbox AS older
               WHERE older.monitor = message.monitor AND older.incident = message.incident
                 AND older.channel = message.channel AND older.id < message.id
                 AND older.sent IS NULL AND older.dead IS NULL)
         ORDER BY next, id LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let due = due
        .query_map(params![account.0, now.ms(), limit, except], |row| row.get(0))?
        .collect::<Result<Vec<i64>, _>>()?;
    let mut take = connection.prepare_cached(
        "UPDATE outbox SET token = token + 1, attempts = attempts + 1, lease_until = ? WHERE id = ?
         RETURNING id, token, dedup, channel, kind, body, monitor, incident, created, attempts",
    )?;
    let mut claim = |id| {
        let mut claimed = take.query_row(params![(now + lease).ms(), id], claimed)?;
        claimed.carried = gathering::carried(connection, id)?;
        attempts::begin(connection, account, &claimed, now)?;
        Ok(claimed)
    };
    due.into_iter().map(&mut claim).collect()
}

/// Ends a claim; `false` when another one was made since.
pub(in super::super) fn settle(
    connection: &Connection,
    account: AccountId,
    id: i64,
    token: i64,
    settlement: &Settlement,
    now: Wall,
) -> Result<bool, Fault> {
    let held = connection
        .prepare_cached(
            "SELECT monitor, incident, channel, kind, last_answer, sent IS NOT NULL OR dead IS NOT NULL FROM outbox
             WHERE id = ? AND token = ? AND account = ?",
        )?
        .query_row(params![id, token, account.0], Held::read)
        .optional()?;
    let Some(held) = held else { return Ok(false) };
    if held.over {
        // Told twice, because the first answer was lost on the way back.
        return Ok(true);
    }
    let (what, answer, next, sent, dead) = match settlement {
        Settlement::Sent { answer } => ("sent", answer, None, Some(now), None),
        Settlement::Retry { why, at } => ("retried", why, Some(*at), None, None),
        Settlement::Dead { why } => ("refused", why, None, None, Some(now)),
    };
    attempts::end(connection, id, token, now, what, answer)?;
    let ms = |moment: Option<Wall>| moment.map(Wall::ms);
    connection
        .prepare_cached(
            "UPDATE outbox SET lease_until = NULL, next = coalesce(?, next), sent = ?, dead = ?, last_answer = ? WHERE id = ?",
        )?
        .execute(params![ms(next), ms(sent), ms(dead), answer, id])?;
    if what == "retried" && held.last_answer.as_ref() == Some(answer) {
        // A channel that is broken for days says the same thing each time; the timeline says it once.
        return Ok(true);
    }
    if what != "retried" {
        gathering::settle(connection, account, id, what, answer, now)?;
    }
    let text = format!("{} to {}: {answer}", held.kind, held.channel);
    note(connection, account, held.incident, Note { at: now, what, text: &text, evidence: None })?;
    Ok(true)
}

/// When the next message that waits becomes due, a lease running out included; `except` as in [`claim`].
pub(in super::super) fn next_due(
    connection: &Connection,
    account: AccountId,
    except: &str,
) -> Result<Option<Wall>, Fault> {
    let free = connection
        .prepare_cached(
            "SELECT next FROM outbox AS message
             WHERE account = ?1 AND sent IS NULL AND dead IS NULL AND gathering IS NULL AND carrier IS NULL
               AND lease_until IS NULL
               AND channel NOT IN (SELECT value FROM json_each(?2))
               AND NOT EXISTS (SELECT 1 FROM outbox AS older
                   WHERE older.monitor = message.monitor AND older.incident = message.incident
                     AND older.channel = message.channel AND older.id < message.id
                     AND older.sent IS NULL AND older.dead IS NULL)
             ORDER BY next, id LIMIT 1",
        )?
        .query_row(params![account.0, except], |row| wall(row, 0))
        .optional()?;
    let leased = connection
        .prepare_cached(
            "SELECT min(max(next, lease_until)) FROM outbox
             WHERE account = ?1 AND sent IS NULL AND dead IS NULL AND lease_until IS NOT NULL
               AND channel NOT IN (SELECT value FROM json_each(?2))",
        )?
        .query_row(params![account.0, except], |row| wall_or_none(row, 0))?;
    let gathered = gathering::next(connection, account, except)?;
    Ok(free.into_iter().chain(leased).chain(gathered).min())
}

/// How full the outbox is.
pub(in super::super) fn gauge(connection: &Connection, account: AccountId) -> Result<OutboxGauge, Fault> {
    let (waiting, oldest) = connection
        .prepare_cached(
            "SELECT count(*), min(created) FROM outbox WHERE account = ? AND sent IS NULL AND dead IS NULL",
        )?
        .query_row([account.0], |row| Ok((row.get::<_, i64>(0)?, wall_or_none(row, 1)?)))?;
    let refused: i64 = connection
        .prepare_cached("SELECT count(*) FROM outbox WHERE account = ? AND dead IS NOT NULL")?
        .query_row([account.0], |row| row.get(0))?;
    Ok(OutboxGauge { waiting: waiting.unsigned_abs(), oldest, refused: refused.unsigned_abs() })
}

const DELIVERY: &str =
    "SELECT outbox.id, dedup, outbox.monitor, incident, monitor.name, channel, outbox.kind, outbox.created, sent, dead,
            max(next, coalesce(lease_until, next)), attempts, last_answer,
            (SELECT dedup FROM outbox AS carrier WHERE carrier.id = outbox.carrier)
     FROM outbox JOIN monitor ON monitor.id = outbox.monitor
     WHERE outbox.account = ?";

/// One delivery and all its attempts, oldest first.
pub(in super::super) fn one(
    connection: &Connection,
    account: AccountId,
    id: i64,
) -> Result<Option<(DeliveryRow, Vec<AttemptRow>)>, Fault> {
    let mut statement = connection.prepare_cached(&format!("{DELIVERY} AND outbox.id = ?"))?;
    let found = statement.query_row(params![account.0, id], delivery).optional()?;
    found.map(|row| Ok((row, attempts::of(connection, id)?))).transpose()
}

/// The newest deliveries that `filter` lets through, newest first.
pub(in super::super) fn deliveries(
    connection: &Connection,
    account: AccountId,
    filter: &DeliveryFilter,
) -> Result<Vec<DeliveryRow>, Fault> {
    let mut conditions = String::new();
    let mut values = vec![Value::from(account.0)];
    let mut only = |column: &str, value: Value| {
        conditions.push_str(&format!(" AND {column} = ?"));
        values.push(value);
    };
    if let Some(channel) = &filter.channel {
        only("channel", channel.clone().into());
    }
    if let Some(monitor) = filter.monitor {
        only("outbox.monitor", monitor.0.into());
    }
    if let Some(incident) = filter.incident {
        only("outbox.monitor", incident.monitor.0.into());
        only("incident", incident.seq.into());
    }
    conditions.push_str(match filter.state {
        None => "",
        Some(DeliveryState::Waiting) => " AND sent IS NULL AND dead IS NULL",
        Some(DeliveryState::Sent) => " AND sent IS NOT NULL",
        Some(DeliveryState::Refused) => " AND sent IS NULL AND dead IS NOT NULL",
    });
    values.push(i64::try_from(filter.limit).unwrap_or(i64::MAX).into());
    let mut statement =
        connection.prepare_cached(&format!("{DELIVERY}{conditions} ORDER BY outbox.id DESC LIMIT ?"))?;
    let rows = statement.query_map(params_from_iter(values), delivery)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Deletes what was taken before `before`, of all accounts. What was refused stays until somebody has seen to it.
pub(in super::super) fn forget(connection: &Connection, before: Wall) -> Result<(), Fault> {
    // By account, for the index is.
    connection
        .prepare_cached(
            "DELETE FROM outbox WHERE account IN (SELECT id FROM account) AND sent IS NOT NULL AND sent < ?",
        )?
        .execute([before.ms()])?;
    Ok(())
}

/// What settling must know of a message.
struct Held {
    incident: IncidentId,
    channel: String,
    kind: String,
    last_answer: Option<String>,
    over: bool,
}

impl Held {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            incident: IncidentId { monitor: monitor(row, 0)?, seq: row.get(1)? },
            channel: row.get(2)?,
            kind: row.get(3)?,
            last_answer: row.get(4)?,
            over: row.get(5)?,
        })
    }
}

fn claimed(row: &Row<'_>) -> rusqlite::Result<Claimed> {
    Ok(Claimed {
        id: row.get(0)?,
        token: row.get(1)?,
        row: OutboxRow {
            key: row.get(2)?,
            incident: IncidentId { monitor: monitor(row, 6)?, seq: row.get(7)? },
            channel: row.get(3)?,
            kind: message_kind(row, 4)?,
            body: row.get(5)?,
            together: None,
        },
        carried: Vec::new(),
        created: wall(row, 8)?,
        attempts: row.get::<_, u32>(9)?.saturating_sub(1),
    })
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<DeliveryRow> {
    let (sent, dead) = (wall_or_none(row, 8)?, wall_or_none(row, 9)?);
    let state = match (sent, dead) {
        (Some(_), _) => "sent",
        (None, Some(_)) => "refused",
        (None, None) => "waiting",
    };
    Ok(DeliveryRow {
        id: row.get(0)?,
        key: row.get(1)?,
        incident: IncidentId { monitor: monitor(row, 2)?, seq: row.get(3)? },
        monitor_name: row.get(4)?,
        channel: row.get(5)?,
        kind: message_kind(row, 6)?,
        state: state.to_owned(),
        created: wall(row, 7)?,
        sent,
        next: if state == "waiting" { Some(wall(row, 10)?) } else { None },
        attempts: row.get(11)?,
        last_answer: row.get(12)?,
        carrier: row.get(13)?,
    })
}
