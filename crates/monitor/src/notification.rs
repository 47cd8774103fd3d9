//! One message about one incident, complete in itself: who delivers it reads nothing else.

mod together;

use serde::{Deserialize, Serialize};

pub use together::{Group, Other};

/// What a message tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It does its job no more.
    Down,
    /// It does its job again.
    Up,
    /// It does its job with less than all its parts or too slowly.
    Degraded,
    /// Its certificate ends soon.
    Certificate,
    /// Somebody wanted to see whether the channel works.
    Test,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Down, Self::Up, Self::Degraded, Self::Certificate, Self::Test];

    /// The word used in JSON, databases and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Certificate => "certificate",
            Self::Test => "test",
        }
    }

    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What brought a message about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// Something changed.
    #[default]
    Change,
    /// It changed while nobody was to be told, and lasts.
    Late,
    /// It lasts, and nobody sees to it.
    Reminder,
    /// It comes and goes.
    Flapping,
    /// It still comes and goes.
    Digest,
    /// It comes and goes no more.
    Settled,
}

/// All that a message may say. Times are RFC 3339 in UTC with milliseconds; durations are milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    /// What it tells.
    pub kind: Kind,
    /// What brought it about.
    #[serde(default)]
    pub occasion: Occasion,
    /// The incident's name, `12-7`; the thread that a mail belongs to.
    pub incident: String,
    /// The monitor's name.
    pub monitor: String,
    /// What is asked, secrets masked: `GET https://api.example.com/ready`.
    pub target: String,
    /// When the outage began.
    pub began: String,
    /// When this was decided.
    pub at: String,
    /// How long the outage has lasted, or lasted in the end.
    pub lasted_ms: u64,
    /// One sentence with the cause: `the app says database failed (timed out after 5 s)`.
    pub cause: String,
    /// The reason's word: `status`, `tls_expired`; `None` when it is up again.
    pub reason: Option<String>,
    /// The answer in one line: `503 in 5 031 ms: dns 4, connect 8, tls 14, first byte 5 003`.
    pub answer: Option<String>,
    /// The beginning of the body, secrets masked.
    pub body: Option<String>,
    /// The app's own checks that are not ok: name and message.
    pub failing_checks: Vec<FailingCheck>,
    /// The app's version now.
    pub version: Option<String>,
    /// The version before it, and how long before the first failure the new one was first seen.
    pub version_change: Option<VersionChange>,
    /// The names of monitors that depend on this one, are not well either, and are not told by themselves.
    #[serde(default)]
    pub dependents: Vec<String>,
    /// What others may have in common with it: `host api.example.com`, `dependency database`.
    #[serde(default)]
    pub shares: Vec<String>,
    /// All that this one message tells of, when that is more than one; then `cause` speaks of all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Other>,
    /// Days until the certificate ends.
    pub certificate_days_left: Option<i64>,
    /// Where to read more, when the server knows its own address.
    pub link: Option<String>,
    /// Where whoever reads it says that somebody is looking after the incident. Written when the message is sent: the link is
    /// made for its channel.
    #[serde(default)]
    pub acknowledge: Option<String>,
}

impl Notification {
    /// Whether somebody can say that they look after what it tells: it is not over.
    pub fn can_be_acknowledged(&self) -> bool {
        matches!(self.kind, Kind::Down | Kind::Degraded | Kind::Certificate)
    }

    /// What `allswell channel test` sends through the channel with this name at the moment `at` (RFC 3339).
    pub fn test(channel: &str, at: String) -> Self {
        let cause =
            format!("somebody tested the channel {channel}: alerts of the monitors that name it come the same way");
        Self { incident: "test".to_owned(), monitor: channel.to_owned(), ..Self::bare(Kind::Test, cause, at) }
    }

    /// What is told when decisions cannot be stored, and alerts therefore not sent.
    pub fn cannot_store(error: &crate::store::StoreError, at: allswell_core::Wall) -> Self {
        let cause = format!("this monitor {error}: alerts wait until it can, look at its disk");
        Self {
            incident: "store".to_owned(),
            monitor: "allswell".to_owned(),
            target: "the store of this monitor".to_owned(),
            reason: Some(allswell_core::Reason::OwnStore.as_str().to_owned()),
            ..Self::bare(Kind::Down, cause, rfc3339(at))
        }
    }

    /// One that says nothing but this, of what begins at `at`.
    fn bare(kind: Kind, cause: String, at: String) -> Self {
        Self {
            kind,
            occasion: Occasion::Change,
            incident: String::new(),
            monitor: String::new(),
            target: String::new(),
            began: at.clone(),
            at,
            lasted_ms: 0,
            cause,
            reason: None,
            answer: None,
            body: None,
            failing_checks: Vec::new(),
            version: None,
            version_change: None,
            dependents: Vec::new(),
            shares: Vec::new(),
            others: Vec::new(),
            certificate_days_left: None,
            link: None,
            acknowledge: None,
        }
    }

    /// The same without what an asking brought.
    pub(crate) fn without_answer(self) -> Self {
        Self {
            reason: None,
            answer: None,
            body: None,
            failing_checks: Vec::new(),
            version: None,
            version_change: None,
            certificate_days_left: None,
            ..self
        }
    }
}

/// `wall` in UTC with milliseconds, as RFC 3339 writes it.
pub fn rfc3339(wall: allswell_core::Wall) -> String {
    match jiff::Timestamp::from_millisecond(wall.ms()) {
        Ok(timestamp) => format!("{timestamp:.3}"),
        Err(_) => wall.ms().to_string(),
    }
}

/// A check of the app's own that is not ok.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailingCheck {
    /// Its name.
    pub name: String,
    /// What the app says of it.
    pub message: Option<String>,
}

/// A new version shortly before the outage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionChange {
    /// The version before.
    pub from: String,
    /// The version that failed.
    pub to: String,
    /// How long before the first failure it was first seen.
    pub before_failure_ms: u64,
}
