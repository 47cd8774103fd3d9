//! How the model's words stand in columns.

use std::time::Duration;

use allswell_core::check::{Memory, Status};
use allswell_core::streak::Streak;
use allswell_core::uptime::Presence;
use allswell_core::{Wall, incident};
use rusqlite::Row;
use rusqlite::types::Type;

use crate::model::MonitorId;
use crate::notification;

/// Reads a moment.
pub(super) fn wall(row: &Row<'_>, column: usize) -> rusqlite::Result<Wall> {
    row.get(column).map(Wall::from_ms)
}

/// Reads a moment that may be missing.
pub(super) fn wall_or_none(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Wall>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Wall::from_ms))
}

/// Reads a monitor's number.
pub(super) fn monitor(row: &Row<'_>, column: usize) -> rusqlite::Result<MonitorId> {
    row.get(column).map(MonitorId)
}

/// Reads a presence.
pub(super) fn presence(row: &Row<'_>, column: usize) -> rusqlite::Result<Presence> {
    word(row, column, |word| Presence::ALL.into_iter().find(|presence| presence.as_str() == word))
}

/// Reads what an incident is about.
pub(super) fn incident_kind(row: &Row<'_>, column: usize) -> rusqlite::Result<incident::Kind> {
    word(row, column, incident::Kind::from_word)
}

/// Reads what a message tells.
pub(super) fn message_kind(row: &Row<'_>, column: usize) -> rusqlite::Result<notification::Kind> {
    word(row, column, notification::Kind::from_word)
}

/// Reads where a check stands from the columns `confirmed` to `passes_began` of `monitor_state`, the first at `first`.
pub(super) fn memory(row: &Row<'_>, first: usize) -> rusqlite::Result<Memory> {
    let streak = |column| row.get(first + column).map(Streak::of);
    let moment = |column| wall(row, first + column);
    Ok(Memory {
        confirmed: word(row, first, Status::from_word)?,
        blind: row.get(first + 1)?,
        since: moment(2)?,
        failures: streak(3)?,
        troubles: streak(4)?,
        successes: streak(5)?,
        passes: streak(6)?,
        began: [moment(7)?, moment(8)?, moment(9)?, moment(10)?],
    })
}

/// Reads a JSON list of words.
pub(super) fn words(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    serde_json::from_str(row.get_ref(column)?.as_str()?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into()))
}

/// A duration in whole milliseconds.
pub(super) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Reads a word of a closed list.
pub(super) fn word<T>(row: &Row<'_>, column: usize, parse: impl Fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    parse(text).ok_or_else(|| {
        let message = format!("`{text}` is no word of this version's");
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, message.into())
    })
}
