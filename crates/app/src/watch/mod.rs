//! The watchdog: a thread of its own that sees when the runtime's workers do not come back, and says where they are.
//!
//! A worker in a request is known exactly, for the layer writes route and moment into its slot around each poll. A worker in
//! something else is known by tokio's own counts, which move with each park and every 61 polls; so it is given more time.

mod accept_queue;
mod growth;
mod proc;
pub(crate) mod side_port;
mod slots;
mod thread;

use std::time::Duration;

use crate::clock::ms;
use crate::json::Json;

pub use accept_queue::AcceptQueue;
#[cfg(feature = "host")]
pub use accept_queue::accept_queue;
#[cfg(feature = "host")]
pub use growth::Growth;
#[cfg(feature = "host")]
pub use proc::Memory;
pub use proc::memory;
pub(crate) use slots::{Slots, micros};
pub(crate) use thread::start;

/// When a stuck worker counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watchdog {
    /// A worker that is in one poll of a request for longer is reported: 250 ms.
    pub report_after: Duration,
    /// A service with one worker stuck for longer is not ready: 1 s. With all workers stuck it is so at once.
    pub unready_after: Duration,
    /// A process with all workers stuck for longer is to be restarted: 60 s. Busy is not dead.
    pub dead_after: Duration,
}

impl Default for Watchdog {
    fn default() -> Self {
        Self {
            report_after: Duration::from_millis(250),
            unready_after: Duration::from_secs(1),
            dead_after: Duration::from_secs(60),
        }
    }
}

/// What the watchdog saw last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Strain {
    /// Workers that are stuck, the one that is so for longest first.
    pub workers: Vec<Worker>,
    /// Why the service must not have traffic.
    pub stuck: Option<String>,
    /// Why it must be restarted.
    pub dead: Option<String>,
    /// Why it can take no more.
    pub saturated: Option<String>,
    /// What somebody should look at.
    pub worry: Option<String>,
    /// How long a new task waited to run.
    pub lag: Duration,
    /// How long a new blocking task waited to run.
    pub blocking_lag: Duration,
    /// Connections that wait to be accepted.
    pub accept_queue: Option<AcceptQueue>,
    /// Memory in use, as the limit counts it.
    pub memory_bytes: Option<u64>,
}

/// A worker that does not come back from what it does; of a host, any of its workers.
#[derive(Clone, Debug, PartialEq)]
pub struct Worker {
    /// Its number in the runtime.
    pub index: usize,
    /// How long it has been there.
    pub stuck_for: Duration,
    /// The request it is in, `GET /report`; `None` when it is in something else.
    pub blocked_in: Option<String>,
    /// What is known of a worker that is a process; `index` is its id then.
    pub process: Option<Process>,
}

/// A worker of a service that has several processes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Process {
    /// How late its event loop was, or is, when asked for a sign of life.
    pub loop_lag: Duration,
    /// Requests that began and did not end.
    pub in_flight: i64,
}

impl Worker {
    pub(crate) fn write(&self, json: &mut Json) {
        json.object(|json| {
            match self.process {
                Some(process) => {
                    json.name("pid").whole(self.index as u64).name("loop_lag_ms").number(ms(process.loop_lag));
                    json.name("in_flight").whole(process.in_flight);
                }
                None => {
                    json.name("worker").whole(self.index as u64).name("stuck_for_ms").number(ms(self.stuck_for));
                }
            }
            json.text_field("blocked_in", self.blocked_in.as_deref());
        });
    }

    /// `worker 1 in GET /report for 2.1 s`.
    fn sentence(&self) -> String {
        let place = self.blocked_in.as_deref().map(|request| format!(" in {request}")).unwrap_or_default();
        format!("worker {}{place} for {}", self.index, allswell_core::time::humane(self.stuck_for))
    }
}
