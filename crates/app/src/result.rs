//! What is held to be true of one check now.

use std::sync::Arc;
use std::time::Duration;

use allswell_core::Wall;
use allswell_core::check::Status as Confirmed;

use crate::check::Membership;
use crate::outcome::Cause;

/// What a check says, in the words of the documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub enum Status {
    /// It does its job.
    Ok,
    /// It works, but somebody should look.
    Warn,
    /// It does not do its job.
    Error,
    /// Nothing is known: no result yet, or the last one is too old.
    Unknown,
}

impl Status {
    /// The word in documents and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Unknown => "unknown",
        }
    }
}

impl From<Confirmed> for Status {
    fn from(confirmed: Confirmed) -> Self {
        match confirmed {
            Confirmed::Up => Self::Ok,
            Confirmed::Degraded => Self::Warn,
            Confirmed::Down => Self::Error,
            Confirmed::Unknown => Self::Unknown,
        }
    }
}

/// What is held to be true of one check now, and the last outcome behind it. Reading it asks nothing.
#[derive(Clone, Debug)]
pub struct CheckResult {
    /// The check's name.
    pub name: Arc<str>,
    /// What it says.
    pub status: Status,
    /// Whether its failure makes the service not ready.
    pub critical: bool,
    /// How long the last asking took; `None` before the first.
    pub response_time: Option<Duration>,
    /// What everybody may read when it is not well.
    pub message: Option<String>,
    /// What the log says of it, with secrets taken out; for readers with the token.
    pub detail: Option<String>,
    /// When the last asking ended.
    pub time: Option<Wall>,
    /// How long ago the last asking ended.
    pub age: Option<Duration>,
    /// Failures in a row.
    pub consecutive_failures: u32,
    /// When the status that is shown began.
    pub since: Option<Wall>,
    /// What it is: `datastore`, `system`, `component`.
    pub component: &'static str,
    /// How many askings ended as a pass, a warning and a failure since it was registered.
    pub runs: [u64; 3],
    pub(crate) members: Membership,
    /// For liveness: it fails, and has done so for as long as the check's `restart_after` says.
    pub(crate) restart: bool,
    /// Passed once since it was registered.
    pub(crate) passed_once: bool,
}

impl CheckResult {
    /// Whether it does its job, perhaps with a warning.
    pub fn is_up(&self) -> bool {
        matches!(self.status, Status::Ok | Status::Warn)
    }

    /// Says something else than its outcomes do.
    pub(crate) fn overridden(&mut self, status: Status, cause: &Cause) {
        self.status = status;
        self.message = Some(cause.as_public().to_owned());
        self.detail = Some(cause.detail().to_owned());
    }
}
