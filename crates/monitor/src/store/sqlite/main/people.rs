//! Users and their sessions.

use allswell_core::Wall;
use rusqlite::{Connection, Row, params};

use super::super::fault::Fault;
use super::columns::{wall, word};
use super::invitations::came;
use super::{resets, sign_ups};
use crate::access::{Address, Digest, Kept, Role};
use crate::model::AccountId;
use crate::store::{Lifetime, NewSession, NewUser, SessionRow, UserRow, Which};

const USER: &str = "id, address, name, role, password, created, account";
const SESSION: &str = "id, member, digest, came_from, agent, began, used";

/// All users by their number.
pub(in super::super) fn users(connection: &Connection, account: AccountId) -> Result<Vec<UserRow>, Fault> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {USER} FROM member WHERE account = ? ORDER BY id"))?;
    let rows = statement.query_map([account.0], user)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

fn user(row: &Row<'_>) -> rusqlite::Result<UserRow> {
    let user = NewUser {
        address: word(row, 1, |text| Address::new(text).ok())?,
        name: row.get(2)?,
        role: word(row, 3, Role::from_word)?,
        password: Kept(row.get(4)?),
    };
    Ok(UserRow { id: row.get(0)?, account: AccountId(row.get(6)?), user, created: wall(row, 5)? })
}

/// Writes a user, whose invitation is good no more, nor a way to an account of their own.
pub(in super::super) fn add_user(
    connection: &Connection,
    account: AccountId,
    new: &NewUser,
    now: Wall,
) -> Result<UserRow, Fault> {
    came(connection, account, &new.address)?;
    sign_ups::came(connection, &new.address)?;
    let NewUser { address, name, role, password } = new;
    let row = connection
        .prepare_cached(&format!(
            "INSERT INTO member (account, address, name, role, password, created) VALUES (?, ?, ?, ?, ?, ?) RETURNING {USER}"
        ))?
        .query_row(params![account.0, address.as_str(), name, role.as_str(), password.0, now.ms()], user)?;
    Ok(row)
}

/// Writes what may be changed of a user.
pub(in super::super) fn change_user(
    connection: &Connection,
    account: AccountId,
    id: i64,
    name: &str,
    role: Role,
) -> Result<bool, Fault> {
    let changed = connection
        .prepare_cached("UPDATE member SET name = ?3, role = ?4 WHERE account = ?1 AND id = ?2")?
        .execute(params![account.0, id, name, role.as_str()])?;
    Ok(changed == 1)
}

/// Writes a password; those who signed in with the one before are signed out.
pub(in super::super) fn set_password(
    connection: &Connection,
    account: AccountId,
    id: i64,
    password: &Kept,
    ended: Which,
) -> Result<bool, Fault> {
    let changed = connection
        .prepare_cached("UPDATE member SET password = ?3 WHERE account = ?1 AND id = ?2")?
        .execute(params![account.0, id, password.0])?;
    end_sessions(connection, account, id, ended)?;
    resets::over(connection, id)?;
    Ok(changed == 1)
}

/// Deletes a user; the sessions go with it.
pub(in super::super) fn remove_user(connection: &Connection, account: AccountId, id: i64) -> Result<bool, Fault> {
    let removed = connection
        .prepare_cached("DELETE FROM member WHERE account = ? AND id = ?")?
        .execute(params![account.0, id])?;
    Ok(removed == 1)
}

/// All sessions by their number.
pub(in super::super) fn sessions(connection: &Connection, account: AccountId) -> Result<Vec<SessionRow>, Fault> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {SESSION} FROM session WHERE account = ? ORDER BY id"))?;
    let rows = statement.query_map([account.0], session)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

fn session(row: &Row<'_>) -> rusqlite::Result<SessionRow> {
    let session = NewSession { user: row.get(1)?, digest: Digest(row.get(2)?), from: row.get(3)?, agent: row.get(4)? };
    Ok(SessionRow { id: row.get(0)?, session, began: wall(row, 5)?, used: wall(row, 6)? })
}

/// Writes a session; forgets those that are over.
pub(in super::super) fn add_session(
    connection: &Connection,
    account: AccountId,
    new: NewSession,
    lifetime: Lifetime,
    now: Wall,
) -> Result<SessionRow, Fault> {
    connection
        .prepare_cached("DELETE FROM session WHERE account = ?1 AND (used <= ?2 OR began <= ?3)")?
        .execute(params![account.0, (now - lifetime.idle).ms(), (now - lifetime.whole).ms()])?;
    let row = connection
        .prepare_cached(&format!(
            "INSERT INTO session (account, member, digest, came_from, agent, began, used)
             SELECT ?1, id, ?3, ?4, ?5, ?6, ?6 FROM member WHERE account = ?1 AND id = ?2 RETURNING {SESSION}"
        ))?
        .query_row(params![account.0, new.user, new.digest.0, new.from, new.agent, now.ms()], session)?;
    Ok(row)
}

/// Takes note that a session was used.
pub(in super::super) fn session_used(
    connection: &Connection,
    account: AccountId,
    id: i64,
    at: Wall,
) -> Result<(), Fault> {
    connection
        .prepare_cached("UPDATE session SET used = max(used, ?3) WHERE account = ?1 AND id = ?2")?
        .execute(params![account.0, id, at.ms()])?;
    Ok(())
}

/// Deletes sessions.
pub(in super::super) fn end_sessions(
    connection: &Connection,
    account: AccountId,
    user: i64,
    which: Which,
) -> Result<usize, Fault> {
    let (condition, session) = match which {
        Which::All => ("id IS NOT ?3", None),
        Which::But(session) => ("id IS NOT ?3", Some(session)),
        Which::One(session) => ("id IS ?3", Some(session)),
    };
    let ended = connection
        .prepare_cached(&format!("DELETE FROM session WHERE account = ?1 AND member = ?2 AND {condition}"))?
        .execute(params![account.0, user, session])?;
    Ok(ended)
}
