//! What strangers may know: monitors by what they are found by, incidents without their causes.

use allswell_core::Wall;
use rusqlite::{Connection, Row, params};

use super::super::fault::Fault;
use super::columns::{incident_kind, monitor, wall, wall_or_none, words};
use crate::model::{AccountId, IncidentId, MonitorId};
use crate::store::{PublicIncident, PublicMonitor, PublicUpdate, Wanted};

/// The monitors that are wanted, in the order of their enlistment.
pub(in super::super) fn public_monitors(
    connection: &Connection,
    account: AccountId,
    wanted: &Wanted,
) -> Result<Vec<PublicMonitor>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT id, name, belongs_to, tags FROM monitor
         WHERE account = ?1 AND retired IS NULL
             AND (name IN (SELECT value FROM json_each(?2)) OR belongs_to IN (SELECT value FROM json_each(?3))
                 OR EXISTS (SELECT 1 FROM json_each(monitor.tags) AS tag
                            WHERE tag.value IN (SELECT value FROM json_each(?4))))
         ORDER BY position, id",
    )?;
    let list = |words: &[String]| serde_json::Value::from(words).to_string();
    let parameters = params![account.0, list(&wanted.names), list(&wanted.groups), list(&wanted.tags)];
    let found = statement.query_map(parameters, |row| {
        Ok(PublicMonitor { id: monitor(row, 0)?, name: row.get(1)?, group: row.get(2)?, tags: words(row, 3)? })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Incidents of `monitors` that are open or ended at `since` or later, those that began last first.
pub(in super::super) fn public_incidents(
    connection: &Connection,
    account: AccountId,
    monitors: &[MonitorId],
    since: Wall,
    limit: usize,
) -> Result<Vec<PublicIncident>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT monitor, seq, kind, began, ended,
             EXISTS (SELECT 1 FROM incident_event AS event
                     WHERE event.monitor = incident.monitor AND event.incident = incident.seq AND event.what = 'turned')
         FROM incident
         WHERE +account = ?1 AND monitor IN (SELECT value FROM json_each(?2)) AND (ended IS NULL OR ended >= ?3)
         ORDER BY began DESC, monitor DESC, seq DESC LIMIT ?4",
    )?;
    let numbers = serde_json::Value::from(monitors.iter().map(|id| id.0).collect::<Vec<_>>()).to_string();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = statement.query_map(params![account.0, numbers, since.ms(), limit], public_incident)?;
    let mut incidents = found.collect::<Result<Vec<_>, _>>()?;
    for incident in &mut incidents {
        incident.updates = updates(connection, incident.id)?;
    }
    Ok(incidents)
}

fn public_incident(row: &Row<'_>) -> rusqlite::Result<PublicIncident> {
    Ok(PublicIncident {
        id: IncidentId { monitor: monitor(row, 0)?, seq: row.get(1)? },
        kind: incident_kind(row, 2)?,
        turned: row.get(5)?,
        began: wall(row, 3)?,
        ended: wall_or_none(row, 4)?,
        updates: Vec::new(),
    })
}

fn updates(connection: &Connection, incident: IncidentId) -> Result<Vec<PublicUpdate>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT at, text FROM incident_event WHERE monitor = ? AND incident = ? AND what = 'update' ORDER BY id",
    )?;
    let found = statement.query_map(params![incident.monitor.0, incident.seq], |row| {
        Ok(PublicUpdate { at: wall(row, 0)?, text: row.get(1)? })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}
