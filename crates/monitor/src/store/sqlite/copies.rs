//! Copies of both files, each out of one read: who writes does not wait for it, and what is written meanwhile is not in it.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::SqliteStore;
use super::fault::Fault;
use super::files::Database;
use crate::store::{CopyStore, StoreError};

/// After so many operations of SQLite's machine a copy asks whether it is still wanted: a few hundred rows.
const OPERATIONS: i32 = 1_000;

/// Makes copies, one at a time, until it is closed.
pub(super) struct Copier {
    place: Semaphore,
    closed: Arc<AtomicBool>,
}

impl Copier {
    pub(super) fn new() -> Self {
        Self { place: Semaphore::new(1), closed: Arc::default() }
    }

    async fn copy(&self, databases: Vec<Database>, into: &Path) -> Result<(), StoreError> {
        let _place = self.place.acquire().await.map_err(|_| StoreError::Closed)?;
        for database in databases {
            let (into, given_up) = (into.to_owned(), Arc::clone(&self.closed));
            let copied = tokio::task::spawn_blocking(move || database.copy(&into, given_up)).await;
            copied.map_err(|ended| StoreError::Failed { what: "copy the store", source: Box::new(ended) })??;
        }
        Ok(())
    }

    /// Ends the copy that is being made and waits for its end; later ones give [`StoreError::Closed`].
    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        // An error: it was closed before, and nothing is being made.
        let place = self.place.acquire().await;
        self.place.close();
        drop(place);
    }
}

impl Database {
    /// Writes a copy of this file into the folder `into`, without the room that deleted rows leave. Ends with an error soon after
    /// `given_up` was set.
    pub(super) fn copy(&self, into: &Path, given_up: Arc<AtomicBool>) -> Result<(), StoreError> {
        let path = into.join(self.path.file_name().expect("a database is a file"));
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| StoreError::Copy {
            path: path.display().to_string(),
            source,
        };
        // Created by ourselves first, for its rights; SQLite takes an empty file for a new one.
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(|error| failed(error.into()))?;
        let connection = self.open_reader().map_err(|error| failed(error.into()))?;
        let text = path.to_str().ok_or_else(|| failed("its path is not UTF-8".into()))?;
        vacuum_into(&connection, text, given_up).map_err(|error| failed(error.into()))?;
        file.sync_all().map_err(|error| failed(error.into()))
    }
}

fn vacuum_into(connection: &Connection, path: &str, given_up: Arc<AtomicBool>) -> rusqlite::Result<()> {
    connection.progress_handler(OPERATIONS, Some(move || given_up.load(Ordering::Relaxed)))?;
    connection.execute("VACUUM INTO ?1", [path]).map(drop)
}

fn bytes(connection: &mut Connection) -> Result<u64, Fault> {
    let pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let bytes: i64 = connection.query_row(pages, [], |row| row.get(0))?;
    Ok(bytes.unsigned_abs())
}

#[async_trait]
impl CopyStore for SqliteStore {
    async fn bytes(&self, results: bool) -> Result<u64, StoreError> {
        let what = "read how large the store is";
        let main = self.files.main_readers.read(what, bytes).await?;
        Ok(main + if results { self.files.results_readers.read(what, bytes).await? } else { 0 })
    }

    async fn copy(&self, into: &Path, results: bool) -> Result<(), StoreError> {
        // Results know monitors by number: those of one that the other file does not know yet would be the next one's.
        let results = results.then_some(&self.files.results_readers);
        let readers = results.into_iter().chain([&self.files.main_readers]);
        self.files.copier.copy(readers.map(|readers| readers.database().clone()).collect(), into).await
    }
}
