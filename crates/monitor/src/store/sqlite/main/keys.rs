//! API keys.

use allswell_core::Wall;
use rusqlite::{Connection, Row, params};

use super::super::fault::Fault;
use super::columns::{wall, wall_or_none, word};
use crate::access::{Digest, Scopes};
use crate::model::AccountId;
use crate::store::{KeyRow, NewKey};

const COLUMNS: &str = "id, name, digest, scopes, created, expires, used, account";

/// All keys by their number.
pub(in super::super) fn keys(connection: &Connection, account: AccountId) -> Result<Vec<KeyRow>, Fault> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM api_key WHERE account = ? ORDER BY id"))?;
    let rows = statement.query_map([account.0], key)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

fn key(row: &Row<'_>) -> rusqlite::Result<KeyRow> {
    Ok(KeyRow {
        id: row.get(0)?,
        account: AccountId(row.get(7)?),
        name: row.get(1)?,
        digest: Digest(row.get(2)?),
        scopes: word(row, 3, Scopes::from_words)?,
        created: wall(row, 4)?,
        expires: wall_or_none(row, 5)?,
        used: wall_or_none(row, 6)?,
    })
}

/// Writes a key.
pub(in super::super) fn add_key(
    connection: &Connection,
    account: AccountId,
    new: &NewKey,
    now: Wall,
) -> Result<KeyRow, Fault> {
    let row = connection
        .prepare_cached(&format!(
            "INSERT INTO api_key (account, name, digest, scopes, created, expires) VALUES (?, ?, ?, ?, ?, ?) RETURNING {COLUMNS}"
        ))?
        .query_row(
            params![
                account.0,
                new.name,
                new.digest.0,
                new.scopes.words().join(" "),
                now.ms(),
                new.expires.map(Wall::ms)
            ],
            key,
        )?;
    Ok(row)
}

/// Writes what may be changed of a key.
pub(in super::super) fn change_key(connection: &Connection, account: AccountId, key: &KeyRow) -> Result<bool, Fault> {
    let changed = connection
        .prepare_cached("UPDATE api_key SET name = ?, scopes = ?, expires = ? WHERE account = ? AND id = ?")?
        .execute(params![key.name, key.scopes.words().join(" "), key.expires.map(Wall::ms), account.0, key.id])?;
    Ok(changed == 1)
}

/// Deletes a key.
pub(in super::super) fn remove_key(connection: &Connection, account: AccountId, id: i64) -> Result<bool, Fault> {
    let removed = connection
        .prepare_cached("DELETE FROM api_key WHERE account = ? AND id = ?")?
        .execute(params![account.0, id])?;
    Ok(removed == 1)
}

/// Takes note that a key was used.
pub(in super::super) fn key_used(connection: &Connection, account: AccountId, id: i64, at: Wall) -> Result<(), Fault> {
    connection.prepare_cached("UPDATE api_key SET used = ?3 WHERE account = ?1 AND id = ?2")?.execute(params![
        account.0,
        id,
        at.ms()
    ])?;
    Ok(())
}
