//! A few connections that only read, so that no read waits behind a writer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::fault::Fault;
use super::files::Database;
use crate::store::StoreError;

/// How many reads of one database run at the same time.
const AT_ONCE: usize = 4;

/// Lends connections to reads, each for one read.
pub(super) struct Readers {
    database: Database,
    idle: Mutex<Vec<Connection>>,
    places: Semaphore,
    closed: AtomicBool,
}

impl Readers {
    /// Readers of `database`; a connection is opened when the first read needs it.
    pub(super) fn new(database: Database) -> Arc<Self> {
        Arc::new(Self {
            database,
            idle: Mutex::default(),
            places: Semaphore::new(AT_ONCE),
            closed: AtomicBool::new(false),
        })
    }

    /// What is read.
    pub(super) const fn database(&self) -> &Database {
        &self.database
    }

    /// Does `read` on a thread where it may wait for the disk; `what` names it in an error.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        what: &'static str,
        read: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _place = self.places.acquire().await.map_err(|_| StoreError::Closed)?;
        let readers = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || {
            let mut connection = readers.lend()?;
            let done = read(&mut connection);
            readers.give_back(connection);
            done
        });
        match done.await {
            Ok(done) => done.map_err(|fault| fault.told(what)),
            Err(ended) => Err(StoreError::Failed { what, source: Box::new(ended) }),
        }
    }

    /// Waits for the reads under way and closes their connections; later reads give [`StoreError::Closed`].
    pub(super) async fn close(&self) {
        if let Ok(places) = self.places.acquire_many(AT_ONCE as u32).await {
            self.closed.store(true, Ordering::Release);
            self.places.close();
            drop(places);
        }
        self.idle().clear();
    }

    fn lend(&self) -> Result<Connection, Fault> {
        let idle = self.idle().pop();
        Ok(match idle {
            Some(connection) => connection,
            None => self.database.open_reader()?,
        })
    }

    fn give_back(&self, connection: Connection) {
        if !self.closed.load(Ordering::Acquire) {
            self.idle().push(connection);
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().expect("nothing panics while holding the list")
    }
}
