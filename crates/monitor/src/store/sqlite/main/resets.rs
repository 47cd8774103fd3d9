//! Ways to a new password: one for each user at most, known by a digest.

use allswell_core::Wall;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::fault::Fault;
use super::people;
use crate::access::{Digest, Kept};
use crate::model::AccountId;
use crate::store::{NewReset, Which};

/// Writes one in the place of the one before; forgets those that are over. `false` when there is no such user.
pub(in super::super) fn add_reset(
    connection: &Connection,
    account: AccountId,
    reset: &NewReset,
    now: Wall,
) -> Result<bool, Fault> {
    connection.prepare_cached("DELETE FROM reset WHERE expires <= ?")?.execute([now.ms()])?;
    let written = connection
        .prepare_cached(
            "INSERT INTO reset (member, account, digest, expires) SELECT id, account, ?3, ?4 FROM member
             WHERE account = ?1 AND id = ?2
             ON CONFLICT (member) DO UPDATE SET digest = excluded.digest, expires = excluded.expires",
        )?
        .execute(params![account.0, reset.user, reset.digest.0, reset.expires.ms()])?;
    Ok(written == 1)
}

/// The account and the user of a good one, of whatever account.
pub(in super::super) fn whose_reset(
    connection: &Connection,
    digest: Digest,
    now: Wall,
) -> Result<Option<(AccountId, i64)>, Fault> {
    let found = connection
        .prepare_cached("SELECT account, member FROM reset WHERE digest = ? AND expires > ?")?
        .query_row(params![digest.0, now.ms()], |row| Ok((AccountId(row.get(0)?), row.get(1)?)))
        .optional()?;
    Ok(found)
}

/// Takes a good one, writes the password and ends all sessions; `false` when there is none.
pub(in super::super) fn reset_password(
    connection: &Connection,
    account: AccountId,
    digest: Digest,
    user: i64,
    password: &Kept,
    now: Wall,
) -> Result<bool, Fault> {
    let taken = connection
        .prepare_cached("DELETE FROM reset WHERE account = ? AND member = ? AND digest = ? AND expires > ?")?
        .execute(params![account.0, user, digest.0, now.ms()])?;
    Ok(taken == 1 && people::set_password(connection, account, user, password, Which::All)?)
}

/// Whoever has another password needs no way to one.
pub(super) fn over(connection: &Connection, user: i64) -> Result<(), Fault> {
    connection.prepare_cached("DELETE FROM reset WHERE member = ?")?.execute([user])?;
    Ok(())
}
