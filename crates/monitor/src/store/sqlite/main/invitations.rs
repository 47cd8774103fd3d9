//! Who was asked in and has not come yet.

use allswell_core::Wall;
use rusqlite::{Connection, Row, params};

use super::super::fault::Fault;
use super::columns::{wall, word};
use crate::access::{Address, Digest, Role};
use crate::model::AccountId;
use crate::store::{InvitationRow, NewInvitation};

const COLUMNS: &str = "id, address, role, digest, expires, made";

/// All invitations by their number.
pub(in super::super) fn invitations(connection: &Connection, account: AccountId) -> Result<Vec<InvitationRow>, Fault> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM invitation WHERE account = ? ORDER BY id"))?;
    let rows = statement.query_map([account.0], invitation)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

fn invitation(row: &Row<'_>) -> rusqlite::Result<InvitationRow> {
    let invitation = NewInvitation {
        address: word(row, 1, |text| Address::new(text).ok())?,
        role: word(row, 2, Role::from_word)?,
        digest: Digest(row.get(3)?),
        expires: wall(row, 4)?,
    };
    Ok(InvitationRow { id: row.get(0)?, invitation, made: wall(row, 5)? })
}

/// Writes an invitation in the place of the one before; forgets those that are over.
pub(in super::super) fn invite(
    connection: &Connection,
    account: AccountId,
    new: &NewInvitation,
    now: Wall,
) -> Result<InvitationRow, Fault> {
    connection
        .prepare_cached("DELETE FROM invitation WHERE account = ? AND (expires <= ? OR address = ?)")?
        .execute(params![account.0, now.ms(), new.address.as_str()])?;
    let row = connection
        .prepare_cached(&format!(
            "INSERT INTO invitation (account, address, role, digest, expires, made) VALUES (?, ?, ?, ?, ?, ?)
             RETURNING {COLUMNS}"
        ))?
        .query_row(
            params![account.0, new.address.as_str(), new.role.as_str(), new.digest.0, new.expires.ms(), now.ms()],
            invitation,
        )?;
    Ok(row)
}

/// Takes an invitation back.
pub(in super::super) fn remove_invitation(connection: &Connection, account: AccountId, id: i64) -> Result<bool, Fault> {
    let removed = connection
        .prepare_cached("DELETE FROM invitation WHERE account = ? AND id = ?")?
        .execute(params![account.0, id])?;
    Ok(removed == 1)
}

/// Whoever has come is asked in no more.
pub(super) fn came(connection: &Connection, account: AccountId, address: &Address) -> Result<(), Fault> {
    connection
        .prepare_cached("DELETE FROM invitation WHERE account = ? AND address = ?")?
        .execute(params![account.0, address.as_str()])?;
    Ok(())
}
