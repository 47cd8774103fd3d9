//! What is configured through the API, and the monitors that change with it.

use allswell_core::Wall;
use rusqlite::{Connection, Row, params};

use super::super::fault::Fault;
use super::columns::word;
use super::enlist;
use crate::model::AccountId;
use crate::store::{Change, Changed, Owner, ResourceKind, ResourceWrite, StoredResource};

/// All resources, in the order in which they were created.
pub(in super::super) fn resources(connection: &Connection, account: AccountId) -> Result<Vec<StoredResource>, Fault> {
    let mut statement = connection
        .prepare_cached("SELECT kind, name, owner, revision, spec FROM resource WHERE account = ? ORDER BY id")?;
    let rows = statement.query_map([account.0], resource)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

fn resource(row: &Row<'_>) -> rusqlite::Result<StoredResource> {
    Ok(StoredResource {
        kind: word(row, 0, ResourceKind::from_word)?,
        name: row.get(1)?,
        owner: word(row, 2, Owner::from_word)?,
        revision: row.get::<_, i64>(3)?.unsigned_abs(),
        spec: row.get(4)?,
    })
}

/// Does all of `change`, and returns its number and the monitors it enlisted, in the same order; `last_asked` is left empty.
pub(in super::super) fn change(
    connection: &Connection,
    account: AccountId,
    change: &Change,
    now: Wall,
) -> Result<Changed, Fault> {
    let revision: i64 = connection
        .prepare_cached("UPDATE account SET revision = revision + 1 WHERE id = ? RETURNING revision")?
        .query_row([account.0], |row| row.get(0))?;
    for write in &change.writes {
        write_one(connection, account, write, revision, now)?;
    }
    for monitor in &change.retire {
        enlist::retire(connection, account, *monitor, now)?;
    }
    let enlisted = enlist::enlist_more(connection, account, &change.enlist, now)?;
    Ok(Changed { revision: revision.unsigned_abs(), enlisted })
}

fn write_one(
    connection: &Connection,
    account: AccountId,
    write: &ResourceWrite,
    revision: i64,
    now: Wall,
) -> Result<(), Fault> {
    match write {
        ResourceWrite::Put { kind, name, before, owner, spec } => {
            let old = before.as_ref().unwrap_or(name);
            let changed = connection
                .prepare_cached(
                    "UPDATE resource SET name = ?, owner = ?, revision = ?, spec = ?, changed = ?
                     WHERE account = ? AND kind = ? AND name = ?",
                )?
                .execute(params![name, owner.as_str(), revision, spec, now.ms(), account.0, kind.as_str(), old])?;
            if changed == 0 {
                connection
                    .prepare_cached(
                        "INSERT INTO resource (account, kind, name, owner, revision, spec, created, changed)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
                    )?
                    .execute(params![account.0, kind.as_str(), name, owner.as_str(), revision, spec, now.ms()])?;
            }
        }
        ResourceWrite::Delete { kind, name } => {
            if *kind == ResourceKind::StatusPage {
                forget_readers(connection, account, name)?;
            }
            connection
                .prepare_cached("DELETE FROM resource WHERE account = ? AND kind = ? AND name = ?")?
                .execute(params![account.0, kind.as_str(), name])?;
        }
    }
    Ok(())
}

/// Forgets who subscribes to a page that is deleted, by the name that it began with.
fn forget_readers(connection: &Connection, account: AccountId, name: &str) -> Result<(), Fault> {
    let began: String = connection
        .prepare_cached(
            "SELECT coalesce((SELECT json_extract(spec, '$.formerly[0]') FROM resource
                              WHERE account = ?1 AND kind = ?2 AND name = ?3), ?3)",
        )?
        .query_row(params![account.0, ResourceKind::StatusPage.as_str(), name], |row| row.get(0))?;
    connection
        .prepare_cached("DELETE FROM subscriber WHERE account = ? AND page = ?")?
        .execute(params![account.0, began])?;
    connection
        .prepare_cached("DELETE FROM page_news WHERE account = ? AND page = ?")?
        .execute(params![account.0, began])?;
    Ok(())
}
