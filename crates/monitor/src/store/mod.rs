//! What must outlast the process, as one trait in the monitor's own words; SQLite is the first to keep it.
//!
//! Two kinds of writes with two promises. [`Store::commit`] takes decisions (status, incident, outbox): one transaction,
//! durable when it returns. [`Store::record`] takes results: in order, durable soon; a power cut may cost the last second.

mod accounts;
mod chronicle;
#[cfg(test)]
mod conformance;
mod copies;
mod keys;
mod people;
mod public;
mod resources;
mod rows;
pub mod sqlite;
pub mod subscriptions;
mod written;

use std::ops::Range;
use std::time::Duration;

use allswell_core::Wall;
use allswell_core::uptime::Mark;
use async_trait::async_trait;

use crate::model::{AccountId, IncidentId, MonitorId};

pub use accounts::{AccountRow, AccountStore, CountedAccount, NewAccount, NewSignUp};
pub use chronicle::{ChronicleStore, MarkRow, NewMark, NewNote, Standing};
pub use copies::CopyStore;
pub use keys::{AccessStore, Claim, KeyChange, KeyRow, NewKey, Once, Remembered};
pub use people::{
    Factor, InvitationRow, Lifetime, NewInvitation, NewReset, NewSession, NewUser, PeopleStore, SessionRow, UserRow,
    Which,
};
pub use public::{PublicIncident, PublicMonitor, PublicStore, PublicUpdate, Wanted};
pub use resources::{Change, Changed, Owner, ResourceKind, ResourceWrite, StoredResource};
pub use rows::{
    Acknowledged, Acknowledgement, AttemptRow, Claimed, DeliveryFilter, DeliveryRow, DeliveryState, IncidentFilter,
    IncidentRow, MonitorRow, OutboxGauge, Settlement, TimelineRow, ToldIncident,
};
pub use subscriptions::{News, PageMail, SubscriptionStore};
pub use written::{
    Decision, Enlisted, Enlistment, IncidentChange, OpenIncident, OutboxRow, ResultRow, Together, TransitionRow,
};

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
    /// A copy could not be made: the disk is full, the file is broken, the store was closed meanwhile.
    #[error("cannot copy the store to `{path}`")]
    Copy {
        /// Where the copy was to lie.
        path: String,
        /// What the system or the database said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The writer has stopped.
    #[error("the store is closed")]
    Closed,
}

/// Keeps what must outlast the process.
///
/// What it is asked, and what it is given, belongs to one account: a store is the view of that one, and [`AccountStore::of`] gives
/// the view of another. A store that was just opened is the view of [`AccountId::FIRST`].
#[async_trait]
pub trait Store:
    AccessStore
    + AccountStore
    + ChronicleStore
    + CopyStore
    + PeopleStore
    + PublicStore
    + SubscriptionStore
    + Send
    + Sync
    + 'static
{
    /// The account whose rows these are.
    fn account(&self) -> AccountId;

    /// Makes the list of monitors equal to `monitors` and returns each as known, in the same order.
    ///
    /// A name that was there before keeps its number and all its history; one that is no longer named is retired, its history
    /// stays and its open incident is closed without a message. Named again later, it is a new monitor with a new number.
    /// Pausing and resuming are transitions of their own (to [`Presence::Paused`](allswell_core::uptime::Presence::Paused), to [`Presence::Unknown`](allswell_core::uptime::Presence::Unknown)), which count in
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
    ///
    /// Messages that go together are given as one when they are due: the oldest carries the others, from then on for good.
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
    async fn results(&self, monitor: MonitorId, range: Range<Wall>, limit: usize)
    -> Result<Vec<ResultRow>, StoreError>;

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

    /// The incidents that a message tells of, those of the messages that it carries included; none when it is not known any more.
    async fn told(&self, message: i64) -> Result<Vec<ToldIncident>, StoreError>;

    /// Notes that `by` sees to these incidents, as [`Store::acknowledge`] does for one, in one transaction; says what it did to each.
    async fn acknowledge_all(
        &self,
        incidents: Vec<IncidentId>,
        by: String,
        now: Wall,
    ) -> Result<Vec<Acknowledged>, StoreError>;

    /// Deliveries, newest first.
    async fn deliveries(&self, filter: DeliveryFilter) -> Result<Vec<DeliveryRow>, StoreError>;

    /// One delivery and its last thousand attempts, oldest first.
    async fn delivery(&self, id: i64) -> Result<Option<(DeliveryRow, Vec<AttemptRow>)>, StoreError>;

    /// Deletes the results of hours that ended before `before`, and what of the outbox was delivered before it, of all accounts.
    /// Decisions stay, and so does the detail that is still good for later results.
    async fn forget(&self, before: Wall) -> Result<(), StoreError>;

    /// Writes all that is pending and closes, for all accounts. Later calls give [`StoreError::Closed`].
    async fn close(&self) -> Result<(), StoreError>;
}
