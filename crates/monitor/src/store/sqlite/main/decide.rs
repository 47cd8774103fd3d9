//! Decisions: state, transition, incident and outbox of one outcome, all or nothing, once.

use allswell_core::check::Memory;
use rusqlite::{Connection, OptionalExtension, params};

use super::super::fault::Fault;
use super::{incidents, outbox, status, told};
use crate::model::{AccountId, MonitorId};
use crate::store::{Decision, TransitionRow};

/// Takes `decisions` in order. One whose transition is already written changes nothing, as a whole.
pub(in super::super) fn commit(
    connection: &Connection,
    account: AccountId,
    decisions: &[Decision],
) -> Result<(), Fault> {
    decisions.iter().try_for_each(|decision| decide(connection, account, decision))
}

fn decide(connection: &Connection, account: AccountId, decision: &Decision) -> Result<(), Fault> {
    let id = decision.monitor;
    let (seq, retired) = standing(connection, account, id)?;
    if retired {
        // Its last outcome was under way when it was taken out of the configuration.
        return Ok(());
    }
    if let Some(transition) = &decision.transition {
        if transition.seq <= seq {
            return already_taken(connection, id, transition);
        }
        if transition.seq != seq + 1 {
            let number = transition.seq;
            return Err(Fault::Refused(format!("transition {number} of monitor {id} does not follow {seq}")));
        }
        status::insert(connection, account, id, transition)?;
    }
    remember(connection, id, &decision.memory)?;
    if let Some((incident, change)) = &decision.incident {
        incidents::change(connection, account, *incident, change, decision)?;
    }
    if let Some(telling) = &decision.telling {
        connection
            .prepare_cached("UPDATE monitor_state SET telling = ? WHERE monitor = ?")?
            .execute(params![told::written(telling), id.0])?;
    }
    match &decision.maintenance {
        None => {}
        Some(Some(name)) => status::begin_maintenance(connection, account, id, name, decision.at)?,
        Some(None) => status::end_maintenance(connection, id, decision.at)?,
    }
    if let Some((incident, text)) = &decision.silence {
        let note = incidents::Note { at: decision.at, what: "silenced", text, evidence: None };
        incidents::note(connection, account, *incident, note)?;
    }
    decision.outbox.iter().try_for_each(|row| outbox::insert(connection, account, row, decision.at))
}

/// Writes where a check stands.
fn remember(connection: &Connection, monitor: MonitorId, memory: &Memory) -> Result<(), Fault> {
    let [failures_began, troubles_began, successes_began, passes_began] = memory.began;
    connection
        .prepare_cached(
            "UPDATE monitor_state SET confirmed = ?, blind = ?, since = ?,
                 failures = ?, troubles = ?, successes = ?, passes = ?,
                 failures_began = ?, troubles_began = ?, successes_began = ?, passes_began = ?
             WHERE monitor = ?",
        )?
        .execute(params![
            memory.confirmed.as_str(),
            memory.blind,
            memory.since.ms(),
            memory.failures.length(),
            memory.troubles.length(),
            memory.successes.length(),
            memory.passes.length(),
            failures_began.ms(),
            troubles_began.ms(),
            successes_began.ms(),
            passes_began.ms(),
            monitor.0
        ])?;
    Ok(())
}

/// How many transitions the monitor has had, and whether it is retired.
fn standing(connection: &Connection, account: AccountId, id: MonitorId) -> Result<(u32, bool), Fault> {
    connection
        .prepare_cached(
            "SELECT seq, retired IS NOT NULL FROM monitor JOIN monitor_state ON monitor_state.monitor = monitor.id
             WHERE monitor.id = ? AND monitor.account = ?",
        )?
        .query_row(params![id.0, account.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .ok_or_else(|| Fault::Refused(format!("monitor {id} was never enlisted")))
}

/// The same decision again is no news. Another one with the same number came too late: the first one stays.
fn already_taken(connection: &Connection, id: MonitorId, late: &TransitionRow) -> Result<(), Fault> {
    let same: bool = connection
        .prepare_cached(
            "SELECT was = ? AND became = ? AND began = ? AND at = ? FROM transition WHERE monitor = ? AND seq = ?",
        )?
        .query_row(
            params![late.from.as_str(), late.to.as_str(), late.began.ms(), late.at.ms(), id.0, late.seq],
            |row| row.get(0),
        )
        .optional()?
        .unwrap_or(false);
    if !same {
        tracing::error!(monitor.id = %id, seq = late.seq, "a decision came after another one took its number; it was dropped");
    }
    Ok(())
}
