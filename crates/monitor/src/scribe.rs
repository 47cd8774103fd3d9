//! Writes down what the engine decided, in order, and does not give up.
//!
//! Decisions are never dropped: their queue is bounded, and when it is full the engine waits, which shows as lateness and as
//! time that nobody watched. Results are dropped when the store falls too far behind, and the loss is counted.

use std::sync::Arc;
use std::time::Duration;

use allswell_core::{Mono, Wall};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;
use tracing::{error, info, warn};

use crate::audience::Audience;
use crate::clock::Clock;
use crate::gathered::Gathered;
use crate::health::ServerHealth;
use crate::metrics::Metrics;
use crate::model::Gathering;
use crate::store::{Decision, ResultRow, Store, StoreError};

/// Batches of decisions that may wait for the store.
const DECISIONS_WAITING: usize = 1_024;
/// Batches of results that may wait for the store: a batch is one tick's.
const RESULTS_WAITING: usize = 4_096;
/// How long to wait after the store has failed.
const RETRY: Duration = Duration::from_secs(1);
/// How long the store may fail until people are told without it.
const EMERGENCY: Duration = Duration::from_secs(30);

/// Called once when the store has failed for too long, with what it said.
pub type Emergency = Box<dyn Fn(&StoreError) + Send + Sync>;

/// What stands by for the writers.
pub struct Scribe {
    decisions: mpsc::Sender<Entry>,
    results: mpsc::Sender<Vec<ResultRow>>,
    metrics: Arc<Metrics>,
    writers: [JoinHandle<()>; 2],
}

enum Entry {
    Decisions(Vec<Decision>),
    Gather(Gathering),
    Watching { started: Wall, seen: Wall },
    Flush(oneshot::Sender<()>),
}

impl Scribe {
    /// Starts the writers. `committed` is poked after each commit that put something into the outbox.
    #[expect(clippy::disallowed_methods, reason = "the scribe owns its two writers and joins them in `stop`")]
    pub fn start(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
        health: Arc<ServerHealth>,
        audience: Audience,
        committed: Arc<Notify>,
        emergency: Emergency,
    ) -> Self {
        let (decisions, decisions_in) = mpsc::channel(DECISIONS_WAITING);
        let (results, results_in) = mpsc::channel(RESULTS_WAITING);
        let writer = DecisionWriter {
            store: Arc::clone(&store),
            clock,
            health,
            audience: audience.clone(),
            committed,
            emergency,
            gathered: Gathered::default(),
        };
        let writers =
            [tokio::spawn(writer.run(decisions_in)), tokio::spawn(write_results(store, audience, results_in))];
        Self { decisions, results, metrics, writers }
    }

    /// Hands over decisions; waits while too many are waiting already.
    pub async fn decide(&self, decisions: Vec<Decision>) {
        self.enter(Entry::Decisions(decisions)).await;
    }

    /// Has these messages go together from now on.
    pub async fn gather(&self, gathering: Gathering) {
        self.enter(Entry::Gather(gathering)).await;
    }

    /// Hands over results, or drops and counts them when too many are waiting already.
    pub fn record(&self, results: Vec<ResultRow>) {
        let count = results.len();
        if self.results.try_send(results).is_err() {
            self.metrics.results_dropped(count);
        }
    }

    /// Takes note that this process was watching from `started` until `seen`.
    pub fn watching(&self, started: Wall, seen: Wall) {
        // A full queue means that the store is failing: then nobody can say that we watched.
        let _ = self.decisions.try_send(Entry::Watching { started, seen });
    }

    /// Returns when every decision handed over so far was committed.
    pub async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        self.enter(Entry::Flush(done)).await;
        let _ = flushed.await;
    }

    /// Writes what is waiting and stops.
    pub async fn stop(self) {
        let Self { decisions, results, writers, .. } = self;
        drop((decisions, results));
        for writer in writers {
            if let Err(error) = writer.await {
                error!(%error, "a writer of the store broke");
            }
        }
    }

    async fn enter(&self, entry: Entry) {
        if self.decisions.send(entry).await.is_err() {
            error!("the writer of decisions has stopped; the process must be restarted");
        }
    }
}

struct DecisionWriter {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    health: Arc<ServerHealth>,
    audience: Audience,
    committed: Arc<Notify>,
    emergency: Emergency,
    gathered: Gathered,
}

impl DecisionWriter {
    async fn run(mut self, mut entries: mpsc::Receiver<Entry>) {
        while let Some(entry) = entries.recv().await {
            match entry {
                Entry::Decisions(decisions) => self.commit(decisions).await,
                Entry::Gather(gathering) => self.gathered.follow(gathering),
                Entry::Watching { started, seen } => {
                    if let Err(error) = self.store.watching(started, seen).await {
                        self.health.store_failed(self.clock.now());
                        warn!(error = &error as &dyn std::error::Error, "cannot note that we are watching");
                    } else {
                        self.health.store_worked();
                    }
                }
                Entry::Flush(done) => drop(done.send(())),
            }
        }
    }

    async fn commit(&mut self, mut decisions: Vec<Decision>) {
        let mut failing: Option<Failing> = None;
        let mut gathered = self.placed(&mut decisions);
        while let Err(error) = self.store.commit(decisions.clone()).await {
            let now = self.clock.now();
            let failing = failing.get_or_insert_with(|| {
                error!(
                    error = &error as &dyn std::error::Error,
                    "cannot commit decisions, trying again until it works"
                );
                Failing { since: now.mono, told: false }
            });
            self.health.store_failed(now);
            if !failing.told && now.mono.since(failing.since) >= EMERGENCY {
                failing.told = true;
                (self.emergency)(&error);
            }
            tokio::time::sleep(RETRY).await;
            gathered = self.placed(&mut decisions);
        }
        self.gathered = gathered;
        if failing.is_some() {
            info!(decisions = decisions.len(), "decisions are committed again");
        }
        self.health.store_worked();
        self.audience.decided(&decisions);
        if decisions.iter().any(|decision| !decision.outbox.is_empty()) {
            self.committed.notify_one();
        }
    }

    /// Says which messages go together, were they written now; what is to be remembered of it once they are.
    fn placed(&self, decisions: &mut [Decision]) -> Gathered {
        let mut gathered = self.gathered.clone();
        gathered.place(decisions, self.clock.now().wall);
        gathered
    }
}

struct Failing {
    since: Mono,
    told: bool,
}

async fn write_results(store: Arc<dyn Store>, audience: Audience, mut batches: mpsc::Receiver<Vec<ResultRow>>) {
    let mut failing = false;
    while let Some(batch) = batches.recv().await {
        while let Err(error) = store.record(batch.clone()).await {
            if !std::mem::replace(&mut failing, true) {
                warn!(error = &error as &dyn std::error::Error, "cannot keep results, trying again until it works");
            }
            tokio::time::sleep(RETRY).await;
        }
        audience.recorded(&batch);
        if std::mem::take(&mut failing) {
            info!("results are kept again");
        }
    }
}
