//! Subscribers of status pages, what they were told, and the mails to them.

use std::collections::HashMap;
use std::time::Duration;

use allswell_core::Wall;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::fault::Fault;
use super::columns::{wall, wall_or_none, word};
use crate::access::Address;
use crate::model::AccountId;
use crate::store::subscriptions::{ASK_AGAIN, ASKED_FOR};
use crate::store::{News, PageMail};

/// What was told so long ago is not shown as new by any page.
const REMEMBERED: Duration = Duration::from_secs(60 * 86_400);
/// The body of a mail that asks for a yes.
const ASKS: &str = "[]";

/// Takes note of who asks for mails, and writes the one that asks back.
pub(in super::super) fn ask_subscriber(
    connection: &Connection,
    account: AccountId,
    page: &str,
    address: &Address,
    now: Wall,
) -> Result<bool, Fault> {
    connection
        .prepare_cached("DELETE FROM subscriber WHERE account = ? AND confirmed IS NULL AND asked < ?")?
        .execute(params![account.0, (now - ASKED_FOR).ms()])?;
    let asked: Option<i64> = connection
        .prepare_cached(
            "INSERT INTO subscriber (account, page, address, asked) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (account, page, address) DO UPDATE SET asked = ?4
                 WHERE confirmed IS NULL AND asked NOT BETWEEN ?5 AND ?4
             RETURNING id",
        )?
        .query_row(params![account.0, page, address.as_str(), now.ms(), (now - ASK_AGAIN).ms()], |row| row.get(0))
        .optional()?;
    if let Some(subscriber) = asked {
        write(connection, account, subscriber, ASKS, now)?;
    }
    Ok(asked.is_some())
}

fn write(connection: &Connection, account: AccountId, subscriber: i64, body: &str, now: Wall) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO page_mail (account, subscriber, body, created, next, attempts) VALUES (?1, ?2, ?3, ?4, ?4, 0)",
        )?
        .execute(params![account.0, subscriber, body, now.ms()])?;
    Ok(())
}

/// Takes note of a yes; the first one counts.
pub(in super::super) fn confirm_subscriber(
    connection: &Connection,
    account: AccountId,
    page: &str,
    address: &Address,
    now: Wall,
) -> Result<bool, Fault> {
    let known = connection
        .prepare_cached(
            "UPDATE subscriber SET confirmed = coalesce(confirmed, ?4) WHERE account = ?1 AND page = ?2 AND address = ?3",
        )?
        .execute(params![account.0, page, address.as_str(), now.ms()])?;
    Ok(known == 1)
}

/// Forgets a subscriber and the mails that were to go there.
pub(in super::super) fn remove_subscriber(
    connection: &Connection,
    account: AccountId,
    page: &str,
    address: &Address,
) -> Result<bool, Fault> {
    let removed = connection
        .prepare_cached("DELETE FROM subscriber WHERE account = ? AND page = ? AND address = ?")?
        .execute(params![account.0, page, address.as_str()])?;
    Ok(removed == 1)
}

/// How many have said yes to each page.
pub(in super::super) fn subscribers(
    connection: &Connection,
    account: AccountId,
) -> Result<HashMap<String, usize>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT page, count(*) FROM subscriber WHERE account = ? AND confirmed IS NOT NULL GROUP BY page",
    )?;
    let counts = statement.query_map([account.0], |row| Ok((row.get(0)?, row.get::<_, u32>(1)? as usize)))?;
    Ok(counts.collect::<Result<_, _>>()?)
}

/// Writes a mail with what is new to each who has said yes.
pub(in super::super) fn tell_subscribers(
    connection: &Connection,
    account: AccountId,
    page: &str,
    news: &[News],
    now: Wall,
) -> Result<usize, Fault> {
    let mut note = connection.prepare_cached(
        "INSERT INTO page_news (account, page, name, at) VALUES (?, ?, ?, ?) ON CONFLICT (account, page, name) DO NOTHING",
    )?;
    let mut is_new = |name: &str| note.execute(params![account.0, page, name, now.ms()]).map(|noted| noted == 1);
    let is_first = is_new("")?;
    let mut bodies = Vec::new();
    for one in news {
        if is_new(&one.name)? {
            bodies.push(one.body.as_str());
        }
    }
    if is_first || bodies.is_empty() {
        return Ok(0);
    }
    connection
        .prepare_cached("DELETE FROM page_news WHERE account = ? AND page = ? AND name <> '' AND at < ?")?
        .execute(params![account.0, page, (now - REMEMBERED).ms()])?;
    let written = connection
        .prepare_cached(
            "INSERT INTO page_mail (account, subscriber, body, created, next, attempts)
             SELECT account, id, ?3, ?4, ?4, 0 FROM subscriber WHERE account = ?1 AND page = ?2 AND confirmed IS NOT NULL",
        )?
        .execute(params![account.0, page, format!("[{}]", bodies.join(",")), now.ms()])?;
    Ok(written)
}

/// Mails that are due.
pub(in super::super) fn due_mails(
    connection: &Connection,
    account: AccountId,
    now: Wall,
    limit: usize,
) -> Result<Vec<PageMail>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT page_mail.id, page, address, body, created, attempts FROM page_mail
         JOIN subscriber ON subscriber.id = page_mail.subscriber
         WHERE page_mail.account = ? AND next <= ? ORDER BY next, page_mail.id LIMIT ?",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![account.0, now.ms(), limit], mail)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

fn mail(row: &Row<'_>) -> rusqlite::Result<PageMail> {
    Ok(PageMail {
        id: row.get(0)?,
        page: row.get(1)?,
        address: word(row, 2, |text| Address::new(text).ok())?,
        body: row.get(3)?,
        created: wall(row, 4)?,
        attempts: row.get(5)?,
    })
}

/// When the next mail is due.
pub(in super::super) fn next_mail(connection: &Connection, account: AccountId) -> Result<Option<Wall>, Fault> {
    let next = connection
        .prepare_cached("SELECT min(next) FROM page_mail WHERE account = ?")?
        .query_row([account.0], |row| wall_or_none(row, 0))?;
    Ok(next)
}

/// Puts a mail off, or forgets it.
pub(in super::super) fn settle_mail(
    connection: &Connection,
    account: AccountId,
    id: i64,
    again: Option<Wall>,
) -> Result<(), Fault> {
    match again {
        Some(again) => connection
            .prepare_cached("UPDATE page_mail SET next = ?3, attempts = attempts + 1 WHERE account = ?1 AND id = ?2")?
            .execute(params![account.0, id, again.ms()])?,
        None => connection
            .prepare_cached("DELETE FROM page_mail WHERE account = ? AND id = ?")?
            .execute(params![account.0, id])?,
    };
    Ok(())
}
