//! One thread per database that writes, fed by a bounded queue.
//!
//! What waits in the queue is written together, in one transaction; each caller is answered after its commit.

use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::mpsc;

use crate::store::StoreError;

/// How many pieces of work may wait; whoever brings more waits for room.
const QUEUE: usize = 1024;
/// How many pieces of work share one transaction at most.
const GROUP: usize = 256;

/// The queue of a thread that writes. The thread ends when the queue is dropped or its owner says so.
pub(super) struct Writer<J> {
    queue: Option<mpsc::Sender<J>>,
    thread: Option<JoinHandle<()>>,
}

/// Who does the work that waits, on the thread that owns the connection.
pub(super) trait Scribe<J>: Send + 'static {
    /// Does the work of `jobs` in order, in as few transactions as it can, and answers each.
    fn write(&mut self, connection: &mut Connection, jobs: Vec<J>);

    /// Whether a job ends the thread; it comes last and is done alone.
    fn is_last(job: &J) -> bool;

    /// Does the last job, if there was one, when the connection is at its end.
    fn finish(self, connection: Connection, last: Option<J>);
}

impl<J: Send + 'static> Writer<J> {
    /// Starts the thread `name`; it owns `connection` and `scribe` until it ends.
    pub(super) fn start<S: Scribe<J>>(name: &str, connection: Connection, scribe: S) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || run(connection, scribe, jobs))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Puts a job into the queue, waiting for room.
    pub(super) async fn send(&self, job: J) -> Result<(), StoreError> {
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.send(job).await.map_err(|_| StoreError::Closed)
    }
}

impl<J> Drop for Writer<J> {
    /// Waits until what is in the queue is written, so that the directory is free afterwards.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported where it happened.
            let _ = thread.join();
        }
    }
}

fn run<J, S: Scribe<J>>(mut connection: Connection, mut scribe: S, mut queue: mpsc::Receiver<J>) {
    while let Some(first) = queue.blocking_recv() {
        let mut jobs = Vec::new();
        let mut next = Some(first);
        let mut last = None;
        while let Some(job) = next {
            if S::is_last(&job) {
                last = Some(job);
                break;
            }
            jobs.push(job);
            next = if jobs.len() < GROUP { queue.try_recv().ok() } else { None };
        }
        if !jobs.is_empty() {
            scribe.write(&mut connection, jobs);
        }
        if last.is_some() {
            // From here on callers are told that the store is closed.
            drop(queue);
            return scribe.finish(connection, last);
        }
    }
    scribe.finish(connection, None);
}
