//! The files of a data directory: who may read them, who may write them, and which schema they have.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::store::StoreError;

/// How long a connection waits for another one's lock before it gives up.
const BUSY: Duration = Duration::from_secs(5);
/// A log that grew in a burst is cut back to this size.
const WAL_BYTES_KEPT: i64 = 64 << 20;

/// One of the two databases.
#[derive(Clone, Debug)]
pub(super) struct Database {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// Whether a commit waits for the disk: `FULL` or `NORMAL`.
    synchronous: &'static str,
    /// Bytes per page.
    page_size: u32,
    /// The schema, step by step; the number of a step is its position, from 1 on.
    steps: &'static [&'static str],
}

impl Database {
    /// State, incidents and the outbox: durable when a commit returns.
    pub(super) fn main(dir: &Path) -> Self {
        Self {
            path: dir.join("main.db"),
            synchronous: "FULL",
            page_size: 4096,
            steps: &[
                include_str!("schema/main-001.sql"),
                include_str!("schema/main-002.sql"),
                include_str!("schema/main-003.sql"),
                include_str!("schema/main-004.sql"),
                include_str!("schema/main-005.sql"),
                include_str!("schema/main-006.sql"),
                include_str!("schema/main-007.sql"),
                include_str!("schema/main-008.sql"),
                include_str!("schema/main-009.sql"),
                include_str!("schema/main-010.sql"),
                include_str!("schema/main-011.sql"),
                include_str!("schema/main-012.sql"),
                include_str!("schema/main-013.sql"),
                include_str!("schema/main-014.sql"),
                include_str!("schema/main-015.sql"),
                include_str!("schema/main-016.sql"),
                include_str!("schema/main-017.sql"),
                include_str!("schema/main-018.sql"),
            ],
        }
    }

    /// Results: a power cut may cost the last second, a killed process nothing.
    pub(super) fn results(dir: &Path) -> Self {
        Self {
            path: dir.join("results.db"),
            synchronous: "NORMAL",
            // An hour of a monitor asked every 10 s takes 1 to 3 KB: on pages of 4 KB a third of the file would be empty.
            page_size: 8192,
            steps: &[include_str!("schema/results-001.sql")],
        }
    }

    /// Opens the one connection that writes, creating the file and bringing its schema up to date.
    pub(super) fn open_writer(&self) -> Result<Connection, StoreError> {
        // Created by ourselves first: SQLite gives the log and the shared memory the rights of the database.
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.path)
            .map_err(|error| cannot_open(&self.path, error))?;
        let mut connection = Connection::open(&self.path).map_err(|error| cannot_open(&self.path, error))?;
        self.prepare(&connection).map_err(|error| cannot_open(&self.path, error))?;
        self.migrate(&mut connection)?;
        Ok(connection)
    }

    /// Opens a connection that only reads.
    pub(super) fn open_reader(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY)?;
        Ok(connection)
    }

    /// Whether [`Self::open_writer`] would take it: a schema we know, and no page that is damaged. Changes nothing in it.
    pub(super) fn look(&self) -> Result<(), StoreError> {
        let connection = self.open_reader().map_err(|error| self.cannot_open(error))?;
        self.schema_of(&connection)?;
        let check = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
        match check.map_err(|error| self.cannot_open(error))?.as_str() {
            "ok" => Ok(()),
            damage => Err(self.cannot_open(damage)),
        }
    }

    /// The error that this file cannot be used.
    pub(super) fn cannot_open(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
        cannot_open(&self.path, source)
    }

    fn prepare(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "page_size", self.page_size)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", self.synchronous)?;
        connection.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "trusted_schema", false)
    }

    fn migrate(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let failed = |error| cannot_open(&self.path, error);
        let found = self.schema_of(connection)?;
        for (number, step) in (1..).zip(self.steps).skip(found as usize) {
            let transaction = connection.transaction().map_err(failed)?;
            transaction.execute_batch(step).map_err(failed)?;
            transaction.pragma_update(None, "user_version", number).map_err(failed)?;
            transaction.commit().map_err(failed)?;
        }
        Ok(())
    }

    /// The number of the schema that the file has.
    fn schema_of(&self, connection: &Connection) -> Result<u32, StoreError> {
        let found = connection.pragma_query_value(None, "user_version", |row| row.get(0));
        let found: u32 = found.map_err(|error| self.cannot_open(error))?;
        let known = u32::try_from(self.steps.len()).expect("a handful of steps");
        if found > known {
            return Err(StoreError::TooNew { path: self.path.display().to_string(), found, known });
        }
        Ok(found)
    }
}

/// Creates the data directory where it is missing and takes it for this process alone.
///
/// The lock goes when the file it returns is dropped or the process ends, however it ends.
pub(super) fn take_directory(dir: &Path) -> Result<File, StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| cannot_open(dir, error))?;
    let path = dir.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&path)
        .map_err(|error| cannot_open(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: dir.display().to_string() }),
        Err(TryLockError::Error(error)) => Err(cannot_open(&path, error)),
    }
}

/// Whether a process has the data directory for itself; changes nothing.
pub(super) fn is_taken(dir: &Path) -> Result<bool, StoreError> {
    let path = dir.join("lock");
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(cannot_open(&path, error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(cannot_open(&path, error)),
    }
}

fn cannot_open(path: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Open { path: path.display().to_string(), source: source.into() }
}
