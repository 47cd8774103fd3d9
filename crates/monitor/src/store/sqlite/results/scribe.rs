//! The work of the thread that writes `results.db`.

use std::fs::File;
use std::sync::Arc;

use allswell_core::Wall;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::super::fault::Fault;
use super::super::timing::Timing;
use super::super::writer::Scribe;
use super::ledger::{Ledger, SharedHeads};
use super::replay;
use super::sweep::SLICE;
use crate::store::{ResultRow, StoreError};

/// Who waits for a job.
type Answer = oneshot::Sender<Result<(), StoreError>>;

/// Something to write, and who waits for it.
pub(in super::super) enum ResultsJob {
    /// Results.
    Record(Vec<ResultRow>, Answer),
    /// The end of what is older.
    Forget(Wall, Answer),
    /// Whatever a test does to the connection.
    #[cfg(test)]
    Meddle(Box<dyn FnOnce(&Connection) + Send>, Answer),
    /// Close.
    Close(Answer),
}

/// Writes `results.db`.
pub(in super::super) struct ResultsScribe {
    ledger: Ledger,
    timing: Timing,
    lock: Arc<File>,
}

impl ResultsScribe {
    /// Replays the tail of the database behind `connection`. `lock` keeps the directory until the thread has ended.
    pub(in super::super) fn open(
        connection: &mut Connection,
        timing: Timing,
        lock: Arc<File>,
    ) -> rusqlite::Result<Self> {
        Ok(Self { ledger: replay::open(connection, SLICE)?, timing, lock })
    }

    /// The results in memory, for those who read.
    pub(in super::super) fn heads(&self) -> SharedHeads {
        self.ledger.heads()
    }

    fn record(&mut self, connection: &mut Connection, group: &mut Vec<(Vec<ResultRow>, Answer)>) {
        if group.is_empty() {
            return;
        }
        let (rows, answers): (Vec<_>, Vec<_>) = group.drain(..).unzip();
        let rows = rows.concat();
        let ledger = &mut self.ledger;
        let done = self.timing.measure("results", || ledger.record(connection, &rows));
        answer("write results", done, answers);
    }
}

impl Scribe<ResultsJob> for ResultsScribe {
    fn write(&mut self, connection: &mut Connection, jobs: Vec<ResultsJob>) {
        let mut group = Vec::new();
        for job in jobs {
            match job {
                ResultsJob::Record(rows, waiting) => group.push((rows, waiting)),
                ResultsJob::Forget(before, waiting) => {
                    self.record(connection, &mut group);
                    answer("delete old results", self.ledger.forget(connection, before), vec![waiting]);
                }
                #[cfg(test)]
                ResultsJob::Meddle(meddle, waiting) => {
                    self.record(connection, &mut group);
                    meddle(connection);
                    answer("meddle", Ok(()), vec![waiting]);
                }
                ResultsJob::Close(waiting) => answer("close", Ok(()), vec![waiting]),
            }
        }
        self.record(connection, &mut group);
    }

    fn is_last(job: &ResultsJob) -> bool {
        matches!(job, ResultsJob::Close(_))
    }

    fn finish(self, connection: Connection, last: Option<ResultsJob>) {
        let closed = connection.close().map_err(|(_, error)| Fault::from(error));
        drop(self.lock);
        if let Some(ResultsJob::Close(waiting)) = last {
            answer("close results.db", closed, vec![waiting]);
        }
    }
}

/// Tells all who waited for one transaction what came of it. They may have stopped waiting.
fn answer(what: &'static str, done: Result<(), Fault>, waiting: Vec<Answer>) {
    match done {
        Ok(()) => waiting.into_iter().for_each(|waiting| drop(waiting.send(Ok(())))),
        Err(fault) if waiting.len() == 1 => {
            let mut fault = Some(fault);
            for waiting in waiting {
                let _ = waiting.send(Err(fault.take().expect("one waits").told(what)));
            }
        }
        Err(fault) => {
            let why = fault.to_string();
            for waiting in waiting {
                let _ = waiting.send(Err(Fault::RolledBack(why.clone()).told(what)));
            }
        }
    }
}
