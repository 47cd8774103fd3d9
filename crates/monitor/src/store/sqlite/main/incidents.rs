//! Incidents: opened, turned and closed by decisions; their timeline is written beside each change.

use allswell_core::Wall;
use allswell_core::time::humane;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::fault::Fault;
use super::columns::{incident_kind, monitor, wall, wall_or_none};
use crate::model::{AccountId, IncidentId, MonitorId};
use crate::store::{
    Acknowledged, Acknowledgement, Decision, IncidentChange, IncidentFilter, IncidentRow, NewNote, TimelineRow,
};

/// Applies a decision's change to `incident`; the same change again changes nothing.
pub(super) fn change(
    connection: &Connection,
    account: AccountId,
    incident: IncidentId,
    change: &IncidentChange,
    decision: &Decision,
) -> Result<(), Fault> {
    match change {
        IncidentChange::Open { kind, began, cause, evidence } => {
            let opened = connection
                .prepare_cached(
                    "INSERT INTO incident (monitor, seq, account, kind, began, opened, cause, evidence)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (monitor, seq) DO NOTHING",
                )?
                .execute(params![
                    incident.monitor.0,
                    incident.seq,
                    account.0,
                    kind.as_str(),
                    began.ms(),
                    decision.at.ms(),
                    cause,
                    evidence
                ])?;
            note_if(
                opened,
                connection,
                account,
                incident,
                Note { at: decision.at, what: "opened", text: cause, evidence: None },
            )
        }
        IncidentChange::Turn { kind, cause, evidence } => {
            let turned = connection
                .prepare_cached(
                    "UPDATE incident SET kind = ?3 WHERE monitor = ?1 AND seq = ?2 AND ended IS NULL AND kind <> ?3",
                )?
                .execute(params![incident.monitor.0, incident.seq, kind.as_str()])?;
            let note = Note { at: decision.at, what: "turned", text: cause, evidence: Some(evidence) };
            note_if(turned, connection, account, incident, note)
        }
        IncidentChange::Close => {
            let ended = decision.transition.as_ref().map_or(decision.at, |transition| transition.began);
            close(connection, account, incident, ended, decision.at, None)
        }
    }
}

/// Closes the incident that is open, if there is one, because of `why`.
pub(super) fn close_open(
    connection: &Connection,
    account: AccountId,
    monitor: MonitorId,
    now: Wall,
    why: &str,
) -> Result<(), Fault> {
    let open: Option<u32> = connection
        .prepare_cached("SELECT seq FROM incident WHERE monitor = ? AND ended IS NULL")?
        .query_row([monitor.0], |row| row.get(0))
        .optional()?;
    open.map_or(Ok(()), |seq| close(connection, account, IncidentId { monitor, seq }, now, now, Some(why)))
}

fn close(
    connection: &Connection,
    account: AccountId,
    incident: IncidentId,
    ended: Wall,
    at: Wall,
    why: Option<&str>,
) -> Result<(), Fault> {
    let began = connection
        .prepare_cached(
            "UPDATE incident SET ended = max(began, ?3) WHERE monitor = ?1 AND seq = ?2 AND ended IS NULL RETURNING began",
        )?
        .query_row(params![incident.monitor.0, incident.seq, ended.ms()], |row| wall(row, 0))
        .optional()?;
    let Some(began) = began else { return Ok(()) };
    let lasted = format!("lasted {}", humane(ended.since(began)));
    let text = why.unwrap_or(&lasted);
    note(connection, account, incident, Note { at, what: "closed", text, evidence: None })
}

/// A line of the timeline that is to be written.
pub(super) struct Note<'a> {
    /// When.
    pub(super) at: Wall,
    /// The word of [`TimelineRow::what`].
    pub(super) what: &'static str,
    /// One sentence.
    pub(super) text: &'a str,
    /// What was seen, as JSON.
    pub(super) evidence: Option<&'a str>,
}

/// Writes a line of the timeline.
pub(super) fn note(
    connection: &Connection,
    account: AccountId,
    incident: IncidentId,
    note: Note<'_>,
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO incident_event (account, monitor, incident, at, what, text, evidence) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            account.0,
            incident.monitor.0,
            incident.seq,
            note.at.ms(),
            note.what,
            note.text,
            note.evidence
        ])?;
    Ok(())
}

/// Notes that `by` sees to `incident`, when it is open and nobody did so before.
pub(in super::super) fn acknowledge(
    connection: &Connection,
    account: AccountId,
    incident: IncidentId,
    by: &str,
    why: Option<&str>,
    now: Wall,
) -> Result<Acknowledged, Fault> {
    let known = connection
        .prepare_cached(
            "SELECT ended, acknowledged, acknowledged_by FROM incident WHERE monitor = ? AND seq = ? AND account = ?",
        )?
        .query_row(params![incident.monitor.0, incident.seq, account.0], |row| {
            Ok((wall_or_none(row, 0)?, acknowledgement(row, 1)?))
        })
        .optional()?;
    match known {
        None => return Ok(Acknowledged::Unknown),
        Some((_, Some(before))) => return Ok(Acknowledged::Before(before)),
        Some((Some(at), None)) => return Ok(Acknowledged::Ended { at }),
        Some((None, None)) => {}
    }
    connection
        .prepare_cached("UPDATE incident SET acknowledged = ?, acknowledged_by = ? WHERE monitor = ? AND seq = ?")?
        .execute(params![now.ms(), by, incident.monitor.0, incident.seq])?;
    let text = why.map_or_else(|| format!("by {by}"), |why| format!("by {by}: {why}"));
    note(connection, account, incident, Note { at: now, what: "acknowledged", text: &text, evidence: None })?;
    Ok(Acknowledged::Now)
}

/// Reads who sees to an incident from the columns `acknowledged` and `acknowledged_by`, the first at `first`.
pub(super) fn acknowledgement(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Acknowledgement>> {
    let Some(at) = wall_or_none(row, first)? else { return Ok(None) };
    Ok(Some(Acknowledgement { by: row.get(first + 1)?, at }))
}

/// What [`incident_row`] reads.
const COLUMNS: &str = "SELECT incident.monitor, incident.seq, monitor.name, incident.kind, began, opened, ended, cause,
                              evidence, acknowledged, acknowledged_by";

/// The incidents that `filter` names, newest first.
pub(in super::super) fn incidents(
    connection: &Connection,
    account: AccountId,
    filter: IncidentFilter,
) -> Result<Vec<IncidentRow>, Fault> {
    // Years of closed incidents must not be read to find the few that are asked for.
    let (index, only) = match (filter.monitor, filter.open_only) {
        (None, false) => ("INDEXED BY incident_newest", "incident.account = ?1 AND ?2 IS NULL"),
        (None, true) => ("INDEXED BY incident_open_newest", "incident.account = ?1 AND ?2 IS NULL AND ended IS NULL"),
        (Some(_), false) => ("", "+incident.account = ?1 AND incident.monitor = ?2"),
        (Some(_), true) => ("", "+incident.account = ?1 AND incident.monitor = ?2 AND ended IS NULL"),
    };
    let mut statement = connection.prepare_cached(&format!(
        "{COLUMNS} FROM incident {index} JOIN monitor ON monitor.id = incident.monitor
         WHERE {only} ORDER BY opened DESC, incident.monitor DESC, incident.seq DESC LIMIT ?3"
    ))?;
    let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![account.0, filter.monitor.map(|id| id.0), limit], incident_row)?;
    let mut incidents = rows.collect::<Result<Vec<_>, _>>()?;
    for incident in &mut incidents {
        incident.timeline = timeline(connection, incident.id)?;
    }
    Ok(incidents)
}

/// One incident.
pub(in super::super) fn incident(
    connection: &Connection,
    account: AccountId,
    id: IncidentId,
) -> Result<Option<IncidentRow>, Fault> {
    let found = connection
        .prepare_cached(&format!(
            "{COLUMNS} FROM incident JOIN monitor ON monitor.id = incident.monitor
             WHERE incident.monitor = ?1 AND incident.seq = ?2 AND incident.account = ?3"
        ))?
        .query_row(params![id.monitor.0, id.seq, account.0], incident_row)
        .optional()?;
    let Some(mut incident) = found else { return Ok(None) };
    incident.timeline = timeline(connection, id)?;
    Ok(Some(incident))
}

/// Writes what a person says of an incident.
pub(in super::super) fn write_note(
    connection: &Connection,
    account: AccountId,
    id: IncidentId,
    new: &NewNote,
    now: Wall,
) -> Result<bool, Fault> {
    let is_there = connection
        .prepare_cached("SELECT 1 FROM incident WHERE monitor = ? AND seq = ? AND account = ?")?
        .exists(params![id.monitor.0, id.seq, account.0])?;
    if is_there {
        note(connection, account, id, Note { at: now, what: new.what, text: &new.text, evidence: None })?;
    }
    Ok(is_there)
}

fn incident_row(row: &Row<'_>) -> rusqlite::Result<IncidentRow> {
    Ok(IncidentRow {
        id: IncidentId { monitor: monitor(row, 0)?, seq: row.get(1)? },
        monitor_name: row.get(2)?,
        kind: incident_kind(row, 3)?,
        began: wall(row, 4)?,
        opened: wall(row, 5)?,
        ended: wall_or_none(row, 6)?,
        cause: row.get(7)?,
        evidence: row.get(8)?,
        acknowledged: acknowledgement(row, 9)?,
        timeline: Vec::new(),
    })
}

fn timeline(connection: &Connection, incident: IncidentId) -> Result<Vec<TimelineRow>, Fault> {
    let mut statement = connection
        .prepare_cached("SELECT at, what, text FROM incident_event WHERE monitor = ? AND incident = ? ORDER BY id")?;
    let rows = statement
        .query_map(params![incident.monitor.0, incident.seq], |row| {
            Ok(TimelineRow { at: wall(row, 0)?, what: row.get(1)?, text: row.get(2)? })
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

fn note_if(
    changed: usize,
    connection: &Connection,
    account: AccountId,
    incident: IncidentId,
    line: Note<'_>,
) -> Result<(), Fault> {
    if changed == 0 { Ok(()) } else { note(connection, account, incident, line) }
}
