//! The work of the thread that writes `main.db`: each job in its savepoint, all that wait in one transaction.

use std::fs::File;
use std::sync::Arc;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::super::fault::Fault;
use super::super::timing::Timing;
use super::super::writer::Scribe;
use crate::store::StoreError;

/// Something to write, and who waits for it.
pub(in super::super) enum MainJob {
    /// Work on the database.
    Write(Box<dyn Write>),
    /// Close.
    Close(oneshot::Sender<Result<(), StoreError>>),
}

/// A piece of work that remembers what came of it until the transaction has ended.
pub(in super::super) trait Write: Send {
    /// Does the work; on `false` it is to be undone.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Tells whoever waits what came of it. `lost` says why the transaction as a whole was not written.
    fn answer(self: Box<Self>, lost: Option<&str>);
}

struct Work<T, F> {
    what: &'static str,
    work: Option<F>,
    done: Option<Result<T, Fault>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl MainJob {
    /// The job that does `work` and sends what came of it to `answer`; `what` names it in an error.
    pub(in super::super) fn write<T: Send + 'static>(
        what: &'static str,
        answer: oneshot::Sender<Result<T, StoreError>>,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Self {
        Self::Write(Box::new(Work { what, work: Some(work), done: None, answer }))
    }
}

impl<T: Send, F: FnOnce(&Connection) -> Result<T, Fault> + Send> Write for Work<T, F> {
    fn run(&mut self, connection: &Connection) -> bool {
        let Some(work) = self.work.take() else { return true };
        let done = work(connection);
        let well = done.is_ok();
        self.done = Some(done);
        well
    }

    fn answer(self: Box<Self>, lost: Option<&str>) {
        let done = match (self.done, lost) {
            (Some(Err(fault)), _) => Err(fault),
            (Some(Ok(value)), None) => Ok(value),
            (_, lost) => Err(Fault::RolledBack(lost.unwrap_or("it did not come to this one").to_owned())),
        };
        // Whoever asked may have stopped waiting.
        let _ = self.answer.send(done.map_err(|fault| fault.told(self.what)));
    }
}

/// Writes `main.db`.
pub(in super::super) struct MainScribe {
    /// Who is told how long each transaction took.
    pub(in super::super) timing: Timing,
    /// Keeps the directory for this process until the thread has ended.
    pub(in super::super) lock: Arc<File>,
}

impl Scribe<MainJob> for MainScribe {
    fn write(&mut self, connection: &mut Connection, jobs: Vec<MainJob>) {
        let mut writes: Vec<Box<dyn Write>> = jobs
            .into_iter()
            .filter_map(|job| match job {
                MainJob::Write(write) => Some(write),
                MainJob::Close(_) => None,
            })
            .collect();
        let done = self.timing.measure("main", || together(connection, &mut writes));
        let lost = done.err().map(|error| error.to_string());
        for write in writes {
            write.answer(lost.as_deref());
        }
    }

    fn is_last(job: &MainJob) -> bool {
        matches!(job, MainJob::Close(_))
    }

    fn finish(self, connection: Connection, last: Option<MainJob>) {
        let closed = connection.close().map_err(|(_, error)| Fault::from(error).told("close main.db"));
        drop(self.lock);
        if let Some(MainJob::Close(answer)) = last {
            let _ = answer.send(closed);
        }
    }
}

fn together(connection: &mut Connection, writes: &mut [Box<dyn Write>]) -> rusqlite::Result<()> {
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for write in writes {
        let savepoint = transaction.savepoint()?;
        if write.run(&savepoint) {
            savepoint.commit()?;
        } else {
            // Rolls back what this one did.
            drop(savepoint);
        }
        // A full disk makes SQLite undo the whole transaction by itself; what follows must not run outside of one.
        still_open(&transaction)?;
    }
    transaction.commit()
}

fn still_open(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    if transaction.is_autocommit() {
        return Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT),
            Some("the database undid it by itself".to_owned()),
        ));
    }
    Ok(())
}
