//! The SQLite store keeps every promise of [`Store`], and leaves both files sound.

mod copies;
mod kill;
mod trouble;

use std::path::Path;
use std::sync::Arc;

use allswell_core::Wall;
use rusqlite::Connection;

use super::{SqliteStore, Timing};
use crate::store::{Store, conformance};

conformance::tests!(open, check);

fn open(dir: &Path) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(dir, Wall::from_ms(0), Timing::none()).expect("the store opens"))
}

fn check(dir: &Path) {
    for file in ["main.db", "results.db"] {
        let connection = Connection::open(dir.join(file)).expect("the file is there");
        let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("it is read");
        assert_eq!(sound, "ok", "{file}");
        let orphans =
            connection.prepare("PRAGMA foreign_key_check").expect("it is read").exists([]).expect("it is read");
        assert!(!orphans, "{file}");
    }
}
