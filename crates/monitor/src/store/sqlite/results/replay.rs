//! Opening `results.db`: what the tail holds and no block does goes back into memory.

use std::collections::HashMap;

use rusqlite::Connection;

use super::block::read_tail;
use super::heads::Heads;
use super::ledger::Ledger;
use super::sweep::{Sweep, set_aside};

/// Replays the tail. A row that cannot be read is set aside and told; the others are not lost by it. The ledger sweeps `least`
/// monitors with each commit, or more.
pub(super) fn open(connection: &mut Connection, least: usize) -> rusqlite::Result<Ledger> {
    let transaction = connection.transaction()?;
    let sweep = Sweep::read(&transaction)?;
    let mut heads = Heads { generation: sweep.generation, asked: asked(&transaction)?, ..Heads::default() };
    let mut tail = sweep.boundary.max(sweep.done);
    let mut damaged = Vec::new();
    let mut statement = transaction.prepare("SELECT id, data FROM tail WHERE id > ? ORDER BY id")?;
    let mut rows = statement.query([sweep.done])?;
    while let Some(row) = rows.next()? {
        let (id, data): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        tail = tail.max(id);
        match read_tail(id, &data) {
            Ok(samples) => {
                for (monitor, sample) in samples {
                    if id > sweep.boundary {
                        heads.push(monitor, &sample);
                    } else {
                        heads.push_closing(monitor, &sample, i64::from(monitor) <= sweep.monitor);
                    }
                }
            }
            Err(why) => damaged.push((id, data, why)),
        }
    }
    drop(rows);
    drop(statement);
    for (id, data, why) in damaged {
        tracing::error!(tail.id = id, why, "a row of the tail in results.db is damaged; it was set aside");
        set_aside(&transaction, "tail", id, &data)?;
        transaction.execute("DELETE FROM tail WHERE id = ?", [id])?;
    }
    transaction.commit()?;
    Ok(Ledger::new(heads, sweep, tail, least))
}

fn asked(connection: &Connection) -> rusqlite::Result<HashMap<u32, i64>> {
    connection.prepare("SELECT monitor, at FROM asked")?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
