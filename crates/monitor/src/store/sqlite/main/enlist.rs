//! The list of monitors, made equal to the configuration's.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::time::Duration;

use allswell_core::Wall;
use allswell_core::check::Status;
use allswell_core::uptime::{Mark, Presence};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::fault::Fault;
use super::columns::{self, incident_kind, memory, milliseconds, presence, wall, wall_or_none, words};
use super::{incidents, status, told};
use crate::model::{AccountId, IncidentId, MonitorId};
use crate::store::{Enlisted, Enlistment, MonitorRow, OpenIncident};

/// Makes the list equal to `named` and returns each as known, in the same order; `last_asked` is left empty.
pub(in super::super) fn enlist(
    connection: &Connection,
    account: AccountId,
    named: &[Enlistment],
    now: Wall,
) -> Result<Vec<Enlisted>, Fault> {
    let mut names = HashSet::new();
    if let Some(twice) = named.iter().find(|enlistment| !names.insert(enlistment.name.as_str())) {
        return Err(Fault::Refused(format!("the name `{}` is given to two monitors", twice.name)));
    }
    let mut listed: HashMap<String, MonitorId> = listed(connection, account)?.into_iter().collect();
    for enlistment in named {
        let old = enlistment.renamed_from.as_ref().filter(|old| !names.contains(old.as_str()));
        if let Some(id) = old.filter(|_| !listed.contains_key(&enlistment.name)).and_then(|old| listed.remove(old)) {
            rename(connection, account, id, &enlistment.name)?;
        }
    }
    for (name, monitor) in listed {
        if !names.contains(name.as_str()) {
            retire(connection, account, monitor, now)?;
        }
    }
    for (position, enlistment) in named.iter().enumerate() {
        enlist_one(connection, account, Some(position), enlistment, now)?;
    }
    Ok(monitors(connection, account)?.into_iter().map(|row| row.enlisted).collect())
}

/// Enlists `named` beside all others and returns each as known, in the same order; `last_asked` is left empty.
pub(super) fn enlist_more(
    connection: &Connection,
    account: AccountId,
    named: &[Enlistment],
    now: Wall,
) -> Result<Vec<Enlisted>, Fault> {
    let mut enlisted = Vec::with_capacity(named.len());
    for enlistment in named {
        if let Some(old) = &enlistment.renamed_from
            && by_name(connection, account, &enlistment.name)?.is_none()
            && let Some((id, _)) = by_name(connection, account, old)?
        {
            rename(connection, account, id, &enlistment.name)?;
        }
        let id = enlist_one(connection, account, None, enlistment, now)?;
        enlisted.extend(one(connection, account, id)?.map(|row| row.enlisted));
    }
    Ok(enlisted)
}

/// Gives a monitor another name, and remembers the one it had.
fn rename(connection: &Connection, account: AccountId, monitor: MonitorId, name: &str) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO former_name (monitor, name, account) SELECT id, name, account FROM monitor WHERE id = ? AND account = ?
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![monitor.0, account.0])?;
    connection.prepare_cached("UPDATE monitor SET name = ? WHERE id = ?")?.execute(params![name, monitor.0])?;
    Ok(())
}

/// The monitors that are enlisted, in the order of their enlistment; `last_asked` is left empty.
pub(in super::super) fn monitors(connection: &Connection, account: AccountId) -> Result<Vec<MonitorRow>, Fault> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} ORDER BY position, monitor.id"))?;
    let mut rows = statement.query_map([account.0], monitor_row)?.collect::<Result<Vec<_>, _>>()?;
    let mut former: HashMap<MonitorId, Vec<String>> = HashMap::new();
    let mut statement = connection.prepare_cached("SELECT monitor, name FROM former_name WHERE account = ?")?;
    for row in statement.query_map([account.0], |row| Ok((columns::monitor(row, 0)?, row.get(1)?)))? {
        let (id, name) = row?;
        former.entry(id).or_default().push(name);
    }
    for row in &mut rows {
        row.enlisted.former_names = former.remove(&row.enlisted.id).unwrap_or_default();
    }
    Ok(rows)
}

/// The monitor that is enlisted with this number, or else under this name; `last_asked` is left empty.
pub(in super::super) fn monitor(
    connection: &Connection,
    account: AccountId,
    key: &str,
) -> Result<Option<MonitorRow>, Fault> {
    if let Ok(id) = key.parse()
        && let Some(row) = one(connection, account, MonitorId(id))?
    {
        return Ok(Some(row));
    }
    let Some((id, _)) = by_name(connection, account, key)? else { return Ok(None) };
    one(connection, account, id)
}

/// Those of `wanted` that are enlisted, in that order, each with what was true of it within `window`; `last_asked` is left empty.
pub(in super::super) fn histories(
    connection: &Connection,
    account: AccountId,
    wanted: &[MonitorId],
    window: &Range<Wall>,
) -> Result<Vec<(MonitorRow, Vec<Mark>)>, Fault> {
    // All at one moment; a look at the file for each statement would cost more than the statements.
    let snapshot = connection.unchecked_transaction()?;
    let history = |id: &MonitorId| {
        let Some(monitor) = one(&snapshot, account, *id)? else { return Ok(None) };
        Ok(Some((monitor, status::marks(&snapshot, account, *id, window)?)))
    };
    wanted.iter().filter_map(|id| history(id).transpose()).collect()
}

/// The monitor that is enlisted with this number; `last_asked` is left empty.
fn one(connection: &Connection, account: AccountId, id: MonitorId) -> Result<Option<MonitorRow>, Fault> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} AND monitor.id = ?"))?;
    let Some(mut row) = statement.query_row(params![account.0, id.0], monitor_row).optional()? else { return Ok(None) };
    let mut statement = connection.prepare_cached("SELECT name FROM former_name WHERE monitor = ? ORDER BY name")?;
    row.enlisted.former_names = statement.query_map([id.0], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(Some(row))
}

/// Monitors that are enlisted, as `monitor_row` reads them.
const SELECT: &str = "
    SELECT monitor.id, monitor.name, monitor.kind, target, interval_ms, paused, created,
           monitor_state.seq, became, incident.seq, incident.kind, incident.began, incident.cause,
           confirmed, blind, since, failures, troubles, successes, passes,
           failures_began, troubles_began, successes_began, passes_began, tags, belongs_to,
           incident.acknowledged IS NOT NULL, telling, maintenance_span.began
    FROM monitor
    JOIN monitor_state ON monitor_state.monitor = monitor.id
    LEFT JOIN transition ON transition.monitor = monitor.id AND transition.seq = monitor_state.seq
    LEFT JOIN incident ON incident.monitor = monitor.id AND incident.ended IS NULL
    LEFT JOIN maintenance_span ON maintenance_span.monitor = monitor.id AND maintenance_span.ended IS NULL
    WHERE monitor.account = ? AND retired IS NULL";

fn monitor_row(row: &Row<'_>) -> rusqlite::Result<MonitorRow> {
    let id = columns::monitor(row, 0)?;
    let incident = match row.get(9)? {
        None => None,
        Some(seq) => Some(OpenIncident {
            id: IncidentId { monitor: id, seq },
            kind: incident_kind(row, 10)?,
            began: wall(row, 11)?,
            cause: row.get(12)?,
            acknowledged: row.get(26)?,
        }),
    };
    let seq = row.get(7)?;
    let enlistment = Enlistment {
        name: row.get(1)?,
        kind: row.get(2)?,
        target: row.get(3)?,
        interval: Duration::from_millis(row.get::<_, i64>(4)?.unsigned_abs()),
        tags: words(row, 24)?,
        group: row.get(25)?,
        paused: row.get(5)?,
        renamed_from: None,
    };
    let presence = if seq == 0 { None } else { Some(presence(row, 8)?) };
    let (created, memory) = (wall(row, 6)?, memory(row, 13)?);
    let former_names = Vec::new();
    let (telling, maintenance) = (told::telling(row, 27)?, wall_or_none(row, 28)?);
    let last_asked = None;
    let enlisted =
        Enlisted { id, created, memory, seq, presence, incident, telling, maintenance, last_asked, former_names };
    Ok(MonitorRow { enlistment, enlisted })
}

fn listed(connection: &Connection, account: AccountId) -> Result<Vec<(String, MonitorId)>, Fault> {
    let mut statement =
        connection.prepare_cached("SELECT name, id FROM monitor WHERE account = ? AND retired IS NULL")?;
    let rows = statement
        .query_map([account.0], |row| Ok((row.get(0)?, columns::monitor(row, 1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Takes a monitor out of the list: its open incident ends without a message.
pub(super) fn retire(connection: &Connection, account: AccountId, monitor: MonitorId, now: Wall) -> Result<(), Fault> {
    connection.prepare_cached("UPDATE monitor SET retired = ? WHERE id = ?")?.execute(params![now.ms(), monitor.0])?;
    incidents::close_open(connection, account, monitor, now, "the monitor was taken out of the configuration")?;
    status::end_maintenance(connection, monitor, now)?;
    // Nobody watches it from now on; without a mark it would stay up for ever.
    status::declare(connection, account, monitor, Presence::Unknown, now)?;
    Ok(())
}

fn enlist_one(
    connection: &Connection,
    account: AccountId,
    position: Option<usize>,
    enlistment: &Enlistment,
    now: Wall,
) -> Result<MonitorId, Fault> {
    let known = by_name(connection, account, &enlistment.name)?;
    let position = position.map(|position| i64::try_from(position).unwrap_or(i64::MAX));
    let (id, paused) = match known {
        Some(known) => known,
        None => (insert(connection, account, enlistment, now)?, false),
    };
    connection
        .prepare_cached(
            "UPDATE monitor SET position = coalesce(?, position), kind = ?, target = ?, interval_ms = ?, tags = ?,
                 belongs_to = ?, paused = ?
             WHERE id = ?",
        )?
        .execute(params![
            position,
            enlistment.kind,
            enlistment.target,
            milliseconds(enlistment.interval),
            serde_json::Value::from(enlistment.tags.as_slice()).to_string(),
            enlistment.group,
            enlistment.paused,
            id.0
        ])?;
    match (paused, enlistment.paused) {
        (false, true) => look_away(connection, account, id, Presence::Paused, now)?,
        (true, false) => look_away(connection, account, id, Presence::Unknown, now)?,
        _ => {}
    }
    Ok(id)
}

/// The number of a monitor that is enlisted, and whether it is paused.
fn by_name(connection: &Connection, account: AccountId, name: &str) -> Result<Option<(MonitorId, bool)>, Fault> {
    Ok(connection
        .prepare_cached("SELECT id, paused FROM monitor WHERE account = ? AND name = ? AND retired IS NULL")?
        .query_row(params![account.0, name], |row| Ok((columns::monitor(row, 0)?, row.get(1)?)))
        .optional()?)
}

fn insert(connection: &Connection, account: AccountId, enlistment: &Enlistment, now: Wall) -> Result<MonitorId, Fault> {
    connection
        .prepare_cached(
            "INSERT INTO monitor (account, position, name, kind, target, interval_ms, paused, created)
             VALUES (?, 9223372036854775807, ?, '', '', 0, 0, ?)",
        )?
        .execute(params![account.0, enlistment.name, now.ms()])?;
    let id = u32::try_from(connection.last_insert_rowid())
        .map(MonitorId)
        .map_err(|_| Fault::Refused("4 294 967 295 monitors have been enlisted; there is no number left".to_owned()))?;
    connection
        .prepare_cached(
            "INSERT INTO monitor_state (monitor, account, seq, confirmed, blind, since, failures, troubles, successes, passes,
                 failures_began, troubles_began, successes_began, passes_began)
             VALUES (?, ?, 0, ?, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
        )?
        .execute(params![id.0, account.0, Status::Unknown.as_str()])?;
    Ok(id)
}

/// Pauses or resumes: from now on we are blind until the next outcome, and what was in a row is so no more.
fn look_away(
    connection: &Connection,
    account: AccountId,
    monitor: MonitorId,
    to: Presence,
    now: Wall,
) -> Result<(), Fault> {
    let since = status::declare(connection, account, monitor, to, now)?;
    connection
        .prepare_cached(
            "UPDATE monitor_state SET blind = 1, since = ?, failures = 0, troubles = 0, successes = 0, passes = 0
             WHERE monitor = ?",
        )?
        .execute(params![since.ms(), monitor.0])?;
    Ok(())
}
