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

/// What `remove_account` stands on: it deletes the rows that name an account, table after table.
#[test]
fn a_row_that_refers_to_one_of_an_account_names_the_account_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(SqliteStore::open(folder.path(), Wall::from_ms(0), Timing::none()).expect("the store opens"));
    let connection = Connection::open(folder.path().join("main.db")).expect("the file is there");
    let mut statement = connection
        .prepare(
            "SELECT child.name, parent.\"table\" FROM sqlite_schema AS child, pragma_foreign_key_list(child.name) AS parent
             WHERE child.type = 'table' AND parent.\"table\" IN
                 (SELECT name FROM sqlite_schema AS of WHERE name = 'account'
                  OR EXISTS (SELECT 1 FROM pragma_table_info(of.name) WHERE name = 'account'))",
        )
        .expect("it is read");
    let names = |table: &str| {
        let has = "SELECT count(*) FROM pragma_table_info(?) WHERE name = 'account'";
        connection.query_row(has, [table], |row| row.get::<_, i64>(0)).expect("it is read") == 1
    };
    let pairs = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("it is read");
    let pairs: Vec<(String, String)> = pairs.collect::<Result<_, _>>().expect("it is read");
    assert!(pairs.len() > 10, "{pairs:?}");
    for (child, parent) in pairs {
        assert!(names(&child), "`{child}` refers to `{parent}` and has no column `account`");
    }
}
