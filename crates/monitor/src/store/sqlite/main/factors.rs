//! Second factors of users.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::fault::Fault;
use crate::access::{Digest, FactorSecret};
use crate::model::AccountId;
use crate::store::Factor;

/// The users who have one.
pub(in super::super) fn with_factor(connection: &Connection, account: AccountId) -> Result<Vec<i64>, Fault> {
    let mut statement =
        connection.prepare_cached("SELECT member FROM second_factor WHERE account = ? ORDER BY member")?;
    let users = statement.query_map([account.0], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(users)
}

/// That of one user.
pub(in super::super) fn factor(
    connection: &Connection,
    account: AccountId,
    user: i64,
) -> Result<Option<Factor>, Fault> {
    let found = connection
        .prepare_cached("SELECT secret, step FROM second_factor WHERE account = ? AND member = ?")?
        .query_row(params![account.0, user], |row| Ok((FactorSecret(row.get(0)?), row.get(1)?)))
        .optional()?;
    let Some((secret, step)) = found else { return Ok(None) };
    let mut statement = connection
        .prepare_cached("SELECT digest FROM recovery_code WHERE account = ? AND member = ? ORDER BY digest")?;
    let digests = statement.query_map(params![account.0, user], |row| row.get(0).map(Digest))?;
    Ok(Some(Factor { secret, step, recovery: digests.collect::<Result<_, _>>()? }))
}

/// Writes that of a user in the place of the one before, or takes it away.
pub(in super::super) fn set_factor(
    connection: &Connection,
    account: AccountId,
    user: i64,
    factor: Option<&Factor>,
) -> Result<bool, Fault> {
    connection
        .prepare_cached("DELETE FROM recovery_code WHERE account = ? AND member = ?")?
        .execute(params![account.0, user])?;
    let removed = connection
        .prepare_cached("DELETE FROM second_factor WHERE account = ? AND member = ?")?
        .execute(params![account.0, user])?;
    let Some(Factor { secret, step, recovery }) = factor else { return Ok(removed == 1) };
    let written = connection
        .prepare_cached(
            "INSERT INTO second_factor (member, account, secret, step)
             SELECT id, account, ?3, ?4 FROM member WHERE account = ?1 AND id = ?2",
        )?
        .execute(params![account.0, user, secret.0, step])?;
    for digest in recovery {
        connection
            .prepare_cached("INSERT INTO recovery_code (member, digest, account) VALUES (?, ?, ?)")?
            .execute(params![user, digest.0, account.0])?;
    }
    Ok(written == 1)
}

/// Takes the code of a half minute, unless one of it or a later one was taken.
pub(in super::super) fn take_step(
    connection: &Connection,
    account: AccountId,
    user: i64,
    step: i64,
) -> Result<bool, Fault> {
    let taken = connection
        .prepare_cached("UPDATE second_factor SET step = ?3 WHERE account = ?1 AND member = ?2 AND step < ?3")?
        .execute(params![account.0, user, step])?;
    Ok(taken == 1)
}

/// Takes a code on paper, unless it was taken.
pub(in super::super) fn take_recovery(
    connection: &Connection,
    account: AccountId,
    user: i64,
    digest: Digest,
) -> Result<bool, Fault> {
    let taken = connection
        .prepare_cached("DELETE FROM recovery_code WHERE account = ? AND member = ? AND digest = ?")?
        .execute(params![account.0, user, digest.0])?;
    Ok(taken == 1)
}
