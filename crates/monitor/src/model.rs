//! The monitor's own words: what is watched, and who is told.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use allswell_core::check::Policy;
use allswell_core::maintenance::Window;
use allswell_core::telling;

/// The number of a monitor; given once by the store and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonitorId(pub u32);

impl fmt::Display for MonitorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of an account. Every row belongs to one; a server alone has just the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u32);

impl AccountId {
    /// The one account of a server that has not been given more.
    pub const FIRST: Self = Self(1);
}

/// One outage of one monitor, named by the transition that opened it, so that deciding it twice gives the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncidentId {
    /// Whose outage it is.
    pub monitor: MonitorId,
    /// The transition that opened it.
    pub seq: u32,
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.monitor, self.seq)
    }
}

impl FromStr for IncidentId {
    type Err = NotAnIncident;
    fn from_str(text: &str) -> Result<Self, NotAnIncident> {
        let wrong = || NotAnIncident(text.to_owned());
        let (monitor, seq) = text.split_once('-').ok_or_else(wrong)?;
        Ok(Self { monitor: MonitorId(monitor.parse().map_err(|_| wrong())?), seq: seq.parse().map_err(|_| wrong())? })
    }
}

/// Why a text names no incident.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no incident; they are written like 12-7, the monitor's number and the transition's")]
pub struct NotAnIncident(pub String);

/// A configured outside check: what to ask, by which numbers to judge, and whom to tell.
#[derive(Clone, Debug)]
pub struct Monitor {
    /// Its number in the store.
    pub id: MonitorId,
    /// Its name, unique within the account.
    pub name: String,
    /// What is asked.
    pub question: Arc<allswell_probe::Question>,
    /// The numbers that turn outcomes into a status.
    pub policy: Policy,
    /// The names of the channels that are told, each once.
    pub channels: Vec<String>,
    /// Words it can be found by, sorted, each once.
    pub tags: Vec<String>,
    /// What it belongs to: a service, a customer, a team.
    pub group: Option<String>,
    /// How the people on its channels want to be told.
    pub telling: telling::Policy,
    /// The names of the monitors without which it cannot be well.
    pub depends_on: Vec<String>,
    /// Whether it is not asked for now.
    pub paused: bool,
}

/// Planned maintenance: while its window is open, nobody is told of the monitors that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maintenance {
    /// Its name, unlike any other.
    pub name: String,
    /// When it is open.
    pub window: Window,
    /// The names of monitors.
    pub monitors: Vec<String>,
    /// All monitors of these groups.
    pub groups: Vec<String>,
    /// All monitors with one of these tags.
    pub tags: Vec<String>,
}

impl Maintenance {
    /// Whether `monitor` is meant.
    pub fn covers(&self, monitor: &Monitor) -> bool {
        self.means(&monitor.name, monitor.group.as_deref(), &monitor.tags)
    }

    /// Whether a monitor is meant that has this name, group and tags.
    pub fn means(&self, name: &str, group: Option<&str>, tags: &[String]) -> bool {
        self.monitors.iter().any(|monitor| monitor == name)
            || group.is_some_and(|group| self.groups.iter().any(|meant| meant == group))
            || tags.iter().any(|tag| self.tags.contains(tag))
    }
}

/// Which messages go together, and for how long they wait for each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathering {
    /// How long those that follow the first are gathered; zero gathers nothing.
    pub window: Duration,
    /// The names of the channels whose messages are gathered: those that people read.
    pub channels: BTreeSet<String>,
}
