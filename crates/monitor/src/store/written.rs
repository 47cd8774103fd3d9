//! What is written: monitors as they are named, results, and decisions with all that follows from them.

use std::time::Duration;

use allswell_core::check::Memory;
use allswell_core::telling::Telling;
use allswell_core::uptime::Presence;
use allswell_core::{Phases, Reason, Verdict, Wall, incident};

use crate::model::{IncidentId, MonitorId};
use crate::notification::Kind;

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
    /// The messages with which it goes; `None` when it goes alone.
    pub together: Option<Together>,
}

/// Messages to one channel that go as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Together {
    /// Names them within the channel.
    pub name: String,
    /// When they go; the latest that one of them says.
    pub due: Wall,
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
