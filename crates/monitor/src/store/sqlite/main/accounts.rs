//! Accounts, and what belongs to which.

use allswell_core::Wall;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::fault::Fault;
use super::columns::wall;
use super::people::add_user;
use crate::access::Digest;
use crate::model::{AccountId, MonitorId};
use crate::store::{AccountRow, CountedAccount, NewAccount, UserRow};

const COLUMNS: &str = "id, coalesce(title, name), plan, created";

/// All accounts by their number.
pub(in super::super) fn accounts(connection: &Connection) -> Result<Vec<AccountRow>, Fault> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM account ORDER BY id"))?;
    let rows = statement.query_map([], account)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// The account with this number.
pub(in super::super) fn find_account(connection: &Connection, id: AccountId) -> Result<Option<AccountRow>, Fault> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM account WHERE id = ?"))?;
    Ok(statement.query_row([id.0], account).optional()?)
}

/// Accounts by their number, from `first` on and at most `limit`, with how much there is in each.
pub(in super::super) fn counted_accounts(
    connection: &Connection,
    first: AccountId,
    limit: usize,
) -> Result<Vec<CountedAccount>, Fault> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS},
            (SELECT count(*) FROM monitor WHERE monitor.account = account.id AND retired IS NULL),
            (SELECT count(*) FROM member WHERE member.account = account.id)
        FROM account WHERE id >= ? ORDER BY id LIMIT ?"
    ))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let count = |row: &Row<'_>, column: usize| row.get::<_, u32>(column).map(|count| count as usize);
    let counted =
        |row: &Row<'_>| Ok(CountedAccount { account: account(row)?, monitors: count(row, 4)?, users: count(row, 5)? });
    let rows = statement.query_map(params![first.0, limit], counted)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

fn account(row: &Row<'_>) -> rusqlite::Result<AccountRow> {
    Ok(AccountRow { id: AccountId(row.get(0)?), name: row.get(1)?, plan: row.get(2)?, created: wall(row, 3)? })
}

/// Writes an account and its owner.
pub(in super::super) fn add_account(
    connection: &Connection,
    new: &NewAccount,
    now: Wall,
) -> Result<(AccountRow, UserRow), Fault> {
    let row = connection
        .prepare_cached(&format!(
            "INSERT INTO account (id, name, title, plan, created)
            SELECT 1 + max(id), lower(hex(randomblob(16))), ?, ?, ?
            FROM (SELECT id FROM account UNION ALL SELECT id FROM former_account) RETURNING {COLUMNS}"
        ))?
        .query_row(params![new.name, new.plan, now.ms()], account)?;
    let owner = add_user(connection, row.id, &new.owner, now)?;
    Ok((row, owner))
}

/// Writes the plan of an account.
pub(in super::super) fn set_plan(
    connection: &Connection,
    account: AccountId,
    plan: Option<&str>,
) -> Result<bool, Fault> {
    let changed =
        connection.prepare_cached("UPDATE account SET plan = ?2 WHERE id = ?1")?.execute(params![account.0, plan])?;
    Ok(changed == 1)
}

/// Deletes an account and every row that names it.
pub(in super::super) fn remove_account(connection: &Connection, account: AccountId, now: Wall) -> Result<bool, Fault> {
    if account == AccountId::FIRST || find_account(connection, account)?.is_none() {
        return Ok(false);
    }
    // The rows refer to each other, and go together. What others write in the same transaction is held to it at once again.
    connection.pragma_update(None, "defer_foreign_keys", true)?;
    let removed = remove_rows(connection, account);
    connection.pragma_update(None, "defer_foreign_keys", false)?;
    removed?;
    connection.execute("INSERT INTO former_account (id, removed) VALUES (?, ?)", params![account.0, now.ms()])?;
    Ok(true)
}

/// Deletes every row that names `account`, and its own. No row of another table refers to one of them (see the test).
fn remove_rows(connection: &Connection, account: AccountId) -> Result<(), Fault> {
    let mut statement = connection.prepare(
        "SELECT of.name FROM sqlite_schema AS of JOIN pragma_table_info(of.name) AS has
        WHERE of.type = 'table' AND has.name = 'account'",
    )?;
    let tables = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    for table in tables {
        connection.execute(&format!("DELETE FROM \"{table}\" WHERE account = ?"), [account.0])?;
    }
    connection.execute("DELETE FROM account WHERE id = ?", [account.0])?;
    Ok(())
}

/// Whose monitor it is.
pub(in super::super) fn whose_monitor(connection: &Connection, monitor: MonitorId) -> Result<Option<AccountId>, Fault> {
    let mut statement = connection.prepare_cached("SELECT account FROM monitor WHERE id = ?")?;
    Ok(statement.query_row([monitor.0], |row| row.get(0).map(AccountId)).optional()?)
}

/// Whose message it is.
pub(in super::super) fn whose_message(connection: &Connection, message: i64) -> Result<Option<AccountId>, Fault> {
    let mut statement = connection.prepare_cached("SELECT account FROM outbox WHERE id = ?")?;
    Ok(statement.query_row([message], |row| row.get(0).map(AccountId)).optional()?)
}

/// Whose invitation it is.
pub(in super::super) fn whose_invitation(connection: &Connection, digest: Digest) -> Result<Option<AccountId>, Fault> {
    let mut statement = connection.prepare_cached("SELECT account FROM invitation WHERE digest = ?")?;
    Ok(statement.query_row([digest.0], |row| row.get(0).map(AccountId)).optional()?)
}
