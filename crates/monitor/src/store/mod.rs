//! What must outlast the process, as one trait in the monitor's own words; SQLite is the first to keep it.
//!
//! Two kinds of writes with two promises. [`Store::commit`] takes decisions (status, incident, outbox): one transaction,
//! durable when it returns. [`Store::record`] takes results: in order, durable soon; a power cut may cost the last second.

mod chronicle;
#[cfg(test)]
mod conformance;
mod keys;
mod public;
mod resources;
pub mod sqlite;

use std::ops::Range;
use std::time::Duration;

use allswell_core::check::Memory;
use allswell_core::telling::Telling;
use allswell_core::uptime::{Mark, Presence};
use allswell_core::{Phases, Reason, Verdict, Wall, incident};
use async_trait::async_trait;

use crate::model::{AccountId, IncidentId, MonitorId};
use crate::notification::Kind;

pub use chronicle::{ChronicleStore, MarkRow, NewMark, NewNote, Standing};
pub use keys::{AccessStore, Claim, KeyChange, KeyRow, NewKey, Once, Remembered};
pub use public::{PublicIncident, PublicMonitor, PublicStore, PublicUpdate, Wanted};
pub use resources::{Change, Changed, Owner, ResourceKind, ResourceWrite, StoredResource};

/// Why the store could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data directory or a file in it cannot be used.
    #[error("cannot open the store at `{path}`")]
    Open {
        /// Where.
        path: String,
        /// What the system said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another process has the data directory open.
    #[error(
        "the data directory `{path}` is in use by another process; stop that one, or give this one its own directory"
    )]
    InUse {
        /// Where.
        path: String,
    },
    /// The files were written by a newer version.
    #[error(
        "the store at `{path}` has schema {found}, this version knows up to {known}; run the newer version, or restore a backup"
    )]
    TooNew {
        /// Where.
        path: String,
        /// The schema's number in the file.
        found: u32,
        /// The newest number this version knows.
        known: u32,
    },
    /// A read or write failed: the disk is full, the file is locked or broken.
    #[error("cannot {what}")]
    Failed {
        /// What was attempted.
        what: &'static str,
        /// What the database said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The writer has stopped.
    #[error("the store is closed")]
    Closed,
}

/// A monitor as the configuration names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enlistment {
    /// Its name, the key within the account.
    pub name: String,
    /// `http`, `tcp`, `tls`.
    pub kind: String,
    /// What is asked, secrets masked.
    pub target: String,
    /// Seconds between askings, for those who only read.
    pub interval: Duration,
    /// Words it can be found by, sorted, each once.
    pub tags: Vec<String>,
    /// What it belongs to.
    pub group: Option<String>,
    /// Whether it is not asked for now.
    pub paused: bool,
    /// The name it had before: when no monitor has `name` and one that is named no more had this, that one is meant.
    pub renamed_from: Option<String>,
}

/// A monitor as the store knows it, with all that its next outcome depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enlisted {
    /// Its number.
    pub id: MonitorId,
    /// When it was first enlisted.
    pub created: Wall,
    /// Where its check stands.
    pub memory: Memory,
    /// How many transitions it has had.
    pub seq: u32,
    /// What the last transition led to; `None` before the first.
    pub presence: Option<Presence>,
    /// The incident that is open.
    pub incident: Option<OpenIncident>,
    /// What people were told of it.
    pub telling: Telling,
    /// Since when planned maintenance covers it.
    pub maintenance: Option<Wall>,
    /// When it was last asked.
    pub last_asked: Option<Wall>,
    /// What it was called before.
    pub former_names: Vec<String>,
}

/// What the engine must know of an incident that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenIncident {
    /// Its name.
    pub id: IncidentId,
    /// What it is about now.
    pub kind: incident::Kind,
    /// When the outage began.
    pub began: Wall,
    /// The sentence that opened it.
    pub cause: String,
    /// Whether somebody sees to it.
    pub acknowledged: bool,
}

/// One result.
#[derive(Clone, Debug, PartialEq)]
pub struct ResultRow {
    /// Whose.
    pub monitor: MonitorId,
    /// When the asking began.
    pub asked: Wall,
    /// What it said.
    pub verdict: Verdict,
    /// Why it was no plain pass.
    pub reason: Option<Reason>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The phases.
    pub phases: Phases,
    /// The whole.
    pub total: Duration,
    /// What else is known (message, address, version, the app's checks, certificate) as JSON; given only when it differs from
    /// the last one given for this monitor, and good until the next one.
    pub detail: Option<String>,
}

/// One change of what is true of a monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransitionRow {
    /// Its number within the monitor, from 1 on.
    pub seq: u32,
    /// What was true before.
    pub from: Presence,
    /// What is true from `began` on.
    pub to: Presence,
    /// When it began; never before the last transition's.
    pub began: Wall,
    /// When it was confirmed.
    pub at: Wall,
    /// Why.
    pub reason: Option<Reason>,
}

/// What a decision does to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncidentChange {
    /// It begins.
    Open {
        /// What it is about.
        kind: incident::Kind,
        /// When the outage began.
        began: Wall,
        /// One sentence.
        cause: String,
        /// What was seen at the first failure, as JSON.
        evidence: String,
    },
    /// It is now about something else.
    Turn {
        /// What it is about now.
        kind: incident::Kind,
        /// One sentence.
        cause: String,
        /// What was seen, as JSON.
        evidence: String,
    },
    /// It ends.
    Close,
}

/// One message to one channel, to be delivered at least once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// The idempotency key; a second row with the same key is not written.
    pub key: String,
    /// The incident that it is about.
    pub incident: IncidentId,
    /// The channel's name.
    pub channel: String,
    /// What it tells.
    pub kind: Kind,
    /// The [`Notification`](crate::notification::Notification) as JSON.
    pub body: String,
}

/// All that one outcome decided about one monitor; written in one transaction or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whose.
    pub monitor: MonitorId,
    /// When it was decided.
    pub at: Wall,
    /// Where its check stands now.
    pub memory: Memory,
    /// The change of status.
    pub transition: Option<TransitionRow>,
    /// The incident it concerns, and what happens to it.
    pub incident: Option<(IncidentId, IncidentChange)>,
    /// One sentence for the timeline of an incident, on why nobody is told.
    pub silence: Option<(IncidentId, String)>,
    /// What people were told, this decision included; `None` when that did not change.
    pub telling: Option<Telling>,
    /// Planned maintenance covers it from now on, by the name of the window, or does so no more.
    pub maintenance: Option<Option<String>>,
    /// Who is told.
    pub outbox: Vec<OutboxRow>,
}

impl Decision {
    /// A decision that changes nothing yet.
    pub fn nothing(monitor: MonitorId, at: Wall, memory: Memory) -> Self {
        Self {
            monitor,
            at,
            memory,
            transition: None,
            incident: None,
            silence: None,
            telling: None,
            maintenance: None,
            outbox: Vec::new(),
        }
    }
}

/// A row of the outbox that was claimed for sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The row's number.
    pub id: i64,
    /// The fencing token: settling with an older one changes nothing.
    pub token: i64,
    /// The row.
    pub row: OutboxRow,
    /// When it was written.
    pub created: Wall,
    /// How often it was tried before.
    pub attempts: u32,
}

/// How an attempt to deliver ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The other side took it.
    Sent {
        /// What it said.
        answer: String,
    },
    /// Not now; again at `at`.
    Retry {
        /// What happened.
        why: String,
        /// When to try again.
        at: Wall,
    },
    /// Never: the other side refused for good.
    Dead {
        /// What it said.
        why: String,
    },
}

/// A monitor for those who read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitorRow {
    /// As it was enlisted.
    pub enlistment: Enlistment,
    /// What the engine knows.
    pub enlisted: Enlisted,
}

/// A stored result with the detail that was good at its time.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredResult {
    /// The result; its `detail` is always filled when one is known.
    pub row: ResultRow,
}

/// An incident for those who read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentRow {
    /// Its name.
    pub id: IncidentId,
    /// The monitor's name.
    pub monitor_name: String,
    /// What it is or was last about.
    pub kind: incident::Kind,
    /// When the outage began.
    pub began: Wall,
    /// When it was confirmed.
    pub opened: Wall,
    /// When it ended, by the first good outcome; `None` while it is open.
    pub ended: Option<Wall>,
    /// One sentence.
    pub cause: String,
    /// What was seen at the first failure, as JSON.
    pub evidence: String,
    /// Who sees to it.
    pub acknowledged: Option<Acknowledgement>,
    /// What happened: each change with its moment, oldest first.
    pub timeline: Vec<TimelineRow>,
}

/// One line of an incident's timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineRow {
    /// When.
    pub at: Wall,
    /// `opened`, `turned`, `closed`, `acknowledged`, `silenced`, `note`, `update`, `sent`, `retried`, `refused`.
    pub what: String,
    /// One sentence.
    pub text: String,
}

/// Somebody sees to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Who.
    pub by: String,
    /// Since when.
    pub at: Wall,
}

/// What an acknowledgement did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acknowledged {
    /// It was noted.
    Now,
    /// Somebody did so before; nothing changed.
    Before(Acknowledgement),
    /// The incident had ended already; nothing changed.
    Ended {
        /// When.
        at: Wall,
    },
    /// There is no such incident.
    Unknown,
}

/// A delivery for those who read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// The row's number.
    pub id: i64,
    /// Its idempotency key.
    pub key: String,
    /// Its incident.
    pub incident: IncidentId,
    /// The monitor's name.
    pub monitor_name: String,
    /// The channel.
    pub channel: String,
    /// What it tells.
    pub kind: Kind,
    /// `waiting`, `sent`, `refused`.
    pub state: String,
    /// When it was written.
    pub created: Wall,
    /// When it was taken.
    pub sent: Option<Wall>,
    /// When it is tried next.
    pub next: Option<Wall>,
    /// How often it was tried.
    pub attempts: u32,
    /// What the other side said last.
    pub last_answer: Option<String>,
}

/// One attempt to deliver a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// Its number, from 1 on.
    pub number: i64,
    /// When it began.
    pub began: Wall,
    /// When it ended; `None` while it is under way, and for ever when the server was stopped meanwhile.
    pub ended: Option<Wall>,
    /// `sent`, `retried`, `refused`.
    pub result: Option<String>,
    /// What the other side said.
    pub said: Option<String>,
}

/// How full the outbox is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxGauge {
    /// Messages not yet taken, refused ones not counted.
    pub waiting: u64,
    /// When the oldest of them was written.
    pub oldest: Option<Wall>,
    /// Messages refused for good.
    pub refused: u64,
}

/// Which incidents to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncidentFilter {
    /// Only of this monitor.
    pub monitor: Option<MonitorId>,
    /// Only those that are open.
    pub open_only: bool,
    /// At most so many, newest first.
    pub limit: usize,
}

/// Keeps what must outlast the process.
///
/// Every method belongs to one account, given when the store was opened ([`AccountId::FIRST`] for now).
#[async_trait]
pub trait Store: AccessStore + ChronicleStore + PublicStore + Send + Sync + 'static {
    /// The account whose rows these are.
    fn account(&self) -> AccountId;

    /// Makes the list of monitors equal to `monitors` and returns each as known, in the same order.
    ///
    /// A name that was there before keeps its number and all its history; one that is no longer named is retired, its history
    /// stays and its open incident is closed without a message. Named again later, it is a new monitor with a new number.
    /// Pausing and resuming are transitions of their own (to [`Presence::Paused`], to [`Presence::Unknown`]), which count in
    /// `seq`: what was decided before belongs committed before, and what is decided after goes on from what this returns.
    async fn enlist(&self, monitors: Vec<Enlistment>, now: Wall) -> Result<Vec<Enlisted>, StoreError>;

    /// What was configured through the API, in the order in which it was created.
    async fn resources(&self) -> Result<Vec<StoredResource>, StoreError>;

    /// Writes resources and the monitors that change with them; what it does not name stays as it is.
    async fn change(&self, change: Change, now: Wall) -> Result<Changed, StoreError>;

    /// Writes decisions in one transaction. Writing the same decisions again changes nothing: one whose transition's number is
    /// taken is left out as a whole, and so is one of a monitor that was retired. One that leaves a number out is refused.
    async fn commit(&self, decisions: Vec<Decision>) -> Result<(), StoreError>;

    /// Writes results in order of time for each monitor.
    async fn record(&self, results: Vec<ResultRow>) -> Result<(), StoreError>;

    /// Takes note that this process has been watching from `started` until `seen`.
    async fn watching(&self, started: Wall, seen: Wall) -> Result<(), StoreError>;

    /// Claims up to `limit` messages that are due, until `lease` has passed. Per incident and channel only the oldest
    /// undelivered message is given, so that none overtakes another. Messages to the channels in `except` stay.
    async fn claim(
        &self,
        now: Wall,
        lease: Duration,
        limit: usize,
        except: &[String],
    ) -> Result<Vec<Claimed>, StoreError>;

    /// Ends the claim of one message. Returns `false` when the token is no longer the newest, and nothing was changed.
    async fn settle(&self, id: i64, token: i64, settlement: Settlement, now: Wall) -> Result<bool, StoreError>;

    /// When the next message that waits becomes due, a lease running out included; messages to the channels in `except`
    /// do not count.
    async fn next_due(&self, except: &[String]) -> Result<Option<Wall>, StoreError>;

    /// How full the outbox is.
    async fn outbox(&self) -> Result<OutboxGauge, StoreError>;

    /// The monitors that are enlisted, in the order of their enlistment.
    async fn monitors(&self) -> Result<Vec<MonitorRow>, StoreError>;

    /// The newest results of a monitor within `range`, at most `limit`, newest first.
    async fn results(
        &self,
        monitor: MonitorId,
        range: Range<Wall>,
        limit: usize,
    ) -> Result<Vec<StoredResult>, StoreError>;

    /// What was true of a monitor within `window`, the mark before the window included, for [`Shares::of`](allswell_core::uptime::Shares::of).
    async fn marks(&self, monitor: MonitorId, window: Range<Wall>) -> Result<Vec<Mark>, StoreError>;

    /// When a process was watching within `window`, in order and not overlapping.
    async fn watched(&self, window: Range<Wall>) -> Result<Vec<Range<Wall>>, StoreError>;

    /// Incidents, newest first.
    async fn incidents(&self, filter: IncidentFilter) -> Result<Vec<IncidentRow>, StoreError>;

    /// Notes that `by` sees to an incident that is open, and puts it on the timeline with the note. Only the first one counts.
    async fn acknowledge(
        &self,
        incident: IncidentId,
        by: String,
        note: Option<String>,
        now: Wall,
    ) -> Result<Acknowledged, StoreError>;

    /// Deliveries, newest first.
    async fn deliveries(&self, limit: usize) -> Result<Vec<DeliveryRow>, StoreError>;

    /// One delivery and its last thousand attempts, oldest first.
    async fn delivery(&self, id: i64) -> Result<Option<(DeliveryRow, Vec<AttemptRow>)>, StoreError>;

    /// Deletes the results of hours that ended before `before`, and what of the outbox was delivered before it. Decisions stay,
    /// and so does the detail that is still good for later results.
    async fn forget(&self, before: Wall) -> Result<(), StoreError>;

    /// Writes all that is pending and closes. Later calls give [`StoreError::Closed`].
    async fn close(&self) -> Result<(), StoreError>;
}
