//! Ways to an account of one's own: one for each address at most, known by a digest.

use allswell_core::Wall;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::fault::Fault;
use super::accounts;
use super::columns::word;
use crate::access::{Address, Digest};
use crate::store::{AccountRow, NewAccount, NewSignUp, UserRow};

/// Writes one in the place of the one before; forgets those that are over.
pub(in super::super) fn add_sign_up(connection: &Connection, new: &NewSignUp, now: Wall) -> Result<(), Fault> {
    connection.prepare_cached("DELETE FROM sign_up WHERE expires <= ?")?.execute([now.ms()])?;
    connection
        .prepare_cached(
            "INSERT INTO sign_up (address, digest, expires) VALUES (?, ?, ?)
             ON CONFLICT (address) DO UPDATE SET digest = excluded.digest, expires = excluded.expires",
        )?
        .execute(params![new.address.as_str(), new.digest.0, new.expires.ms()])?;
    Ok(())
}

/// The address of a good one.
pub(in super::super) fn whose_sign_up(
    connection: &Connection,
    digest: Digest,
    now: Wall,
) -> Result<Option<Address>, Fault> {
    let found = connection
        .prepare_cached("SELECT address FROM sign_up WHERE digest = ? AND expires > ?")?
        .query_row(params![digest.0, now.ms()], |row| word(row, 0, |text| Address::new(text).ok()))
        .optional()?;
    Ok(found)
}

/// Takes a good one of the owner's address and writes the account; `None` when there is none.
pub(in super::super) fn sign_up(
    connection: &Connection,
    digest: Digest,
    new: &NewAccount,
    now: Wall,
) -> Result<Option<(AccountRow, UserRow)>, Fault> {
    let taken = connection
        .prepare_cached("DELETE FROM sign_up WHERE digest = ? AND address = ? AND expires > ?")?
        .execute(params![digest.0, new.owner.address.as_str(), now.ms()])?;
    if taken == 1 { accounts::add_account(connection, new, now).map(Some) } else { Ok(None) }
}

/// Whoever is a user needs no account of their own.
pub(super) fn came(connection: &Connection, address: &Address) -> Result<(), Fault> {
    connection.prepare_cached("DELETE FROM sign_up WHERE address = ?")?.execute([address.as_str()])?;
    Ok(())
}
