//! What is read: messages to send, and all that was written, for those who show it.

use allswell_core::check::Status;
use allswell_core::uptime::Presence;
use allswell_core::{Wall, incident};

use super::written::{Enlisted, Enlistment, OutboxRow};
use crate::model::{IncidentId, MonitorId};
use crate::notification::Kind;

/// A row of the outbox that was claimed for sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The row's number.
    pub id: i64,
    /// The fencing token: settling with an older one changes nothing.
    pub token: i64,
    /// The row.
    pub row: OutboxRow,
    /// The messages that it carries: they go as one with it, and end as it does.
    pub carried: Vec<OutboxRow>,
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

impl MonitorRow {
    /// The word for what is true of it now, when it is paused too.
    pub fn presence(&self) -> Presence {
        match self.enlisted.memory.status() {
            _ if self.enlistment.paused => Presence::Paused,
            _ if self.enlisted.maintenance.is_some() => Presence::Maintenance,
            Status::Up => Presence::Up,
            Status::Degraded => Presence::Degraded,
            Status::Down => Presence::Down,
            Status::Unknown => Presence::Unknown,
        }
    }

    /// When what is true now began; `None` before the first answer. `marked` is what the marks say.
    pub fn since(&self, marked: Option<Wall>) -> Option<Wall> {
        match self.presence() {
            // The engine's memory stands still while a monitor is paused; the marks know when that began.
            Presence::Paused => marked,
            Presence::Maintenance => self.enlisted.maintenance,
            _ => Some(self.enlisted.memory.since).filter(|since| *since > Wall::default()),
        }
    }
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

/// An incident that a message tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldIncident {
    /// Its name.
    pub id: IncidentId,
    /// The monitor's name.
    pub monitor_name: String,
    /// When it ended; `None` while it is open.
    pub ended: Option<Wall>,
    /// Who sees to it.
    pub acknowledged: Option<Acknowledgement>,
}

impl ToldIncident {
    /// Whether it is open and nobody sees to it.
    pub const fn needs_somebody(&self) -> bool {
        self.ended.is_none() && self.acknowledged.is_none()
    }
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
    /// The key of the message that carries this one.
    pub carrier: Option<String>,
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

/// The states of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It has not been taken yet.
    Waiting,
    /// The other side took it.
    Sent,
    /// The other side refused it for good.
    Refused,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Sent, Self::Refused];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Refused => "refused",
        }
    }
}

/// Which deliveries to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Only to the channel with this name.
    pub channel: Option<String>,
    /// Only about this monitor.
    pub monitor: Option<MonitorId>,
    /// Only about this incident.
    pub incident: Option<IncidentId>,
    /// Only those that stand so.
    pub state: Option<DeliveryState>,
    /// At most so many, newest first.
    pub limit: usize,
}

impl DeliveryFilter {
    /// The newest `limit` of all.
    pub const fn newest(limit: usize) -> Self {
        Self { channel: None, monitor: None, incident: None, state: None, limit }
    }
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
