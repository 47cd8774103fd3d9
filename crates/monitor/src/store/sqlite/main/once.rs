//! Requests that are done once, however often they come.

use allswell_core::Wall;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::fault::Fault;
use crate::model::AccountId;
use crate::store::{Claim, Once, Remembered};

/// Takes a request, unless it was taken before; forgets what was taken before `forget`.
pub(in super::super) fn claim_once(
    connection: &Connection,
    account: AccountId,
    once: &Once,
    now: Wall,
    forget: Wall,
) -> Result<Claim, Fault> {
    connection
        .prepare_cached("DELETE FROM once WHERE account = ? AND at < ?")?
        .execute(params![account.0, forget.ms()])?;
    let before = connection
        .prepare_cached("SELECT digest, status, headers, body FROM once WHERE account = ? AND caller = ? AND key = ?")?
        .query_row(params![account.0, once.caller, once.key], |row| Ok((row.get::<_, [u8; 32]>(0)?, remembered(row)?)))
        .optional()?;
    match before {
        Some((digest, _)) if digest != once.digest => Ok(Claim::Other),
        Some((_, Some(remembered))) => Ok(Claim::Done(remembered)),
        Some((_, None)) => Ok(Claim::Begun),
        None => {
            connection
                .prepare_cached("INSERT INTO once (account, caller, key, digest, at) VALUES (?, ?, ?, ?, ?)")?
                .execute(params![account.0, once.caller, once.key, once.digest, now.ms()])?;
            Ok(Claim::First)
        }
    }
}

fn remembered(row: &Row<'_>) -> rusqlite::Result<Option<Remembered>> {
    let Some(status) = row.get(1)? else { return Ok(None) };
    let headers = serde_json::from_str(row.get_ref(2)?.as_str()?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, error.into()))?;
    Ok(Some(Remembered { status, headers, body: row.get(3)? }))
}

/// Remembers what a request was answered, or gives it free.
pub(in super::super) fn settle_once(
    connection: &Connection,
    account: AccountId,
    once: &Once,
    answer: Option<&Remembered>,
) -> Result<(), Fault> {
    match answer {
        None => connection
            .prepare_cached("DELETE FROM once WHERE account = ? AND caller = ? AND key = ?")?
            .execute(params![account.0, once.caller, once.key])?,
        Some(answer) => connection
            .prepare_cached(
                "UPDATE once SET status = ?4, headers = ?5, body = ?6 WHERE account = ?1 AND caller = ?2 AND key = ?3",
            )?
            .execute(params![
                account.0,
                once.caller,
                once.key,
                answer.status,
                serde_json::to_string(&answer.headers).expect("pairs of texts always serialise"),
                answer.body
            ])?,
    };
    Ok(())
}
