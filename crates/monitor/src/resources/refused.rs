//! Why an edit was not done, and why a configuration is not in force.

use crate::config::{Errors, FieldProblem};
use crate::notify::ChannelError;
use crate::plan::Exceeded;
use crate::store::{ResourceKind, StoreError};

use super::called;

/// Why an edit was not done; nothing was changed then.
#[derive(Debug)]
pub enum Refused {
    /// What is written cannot be meant.
    Wrong {
        /// What: "the monitor `api`".
        what: String,
        /// All that is wrong with it.
        problems: Vec<FieldProblem>,
    },
    /// There is no such resource.
    Missing {
        /// What it would be.
        kind: ResourceKind,
        /// What it was looked for by.
        key: String,
    },
    /// It is said in the server's own file.
    OfFile {
        /// What it is.
        what: String,
        /// The file.
        file: String,
    },
    /// Another one has that name.
    Taken {
        /// The one that has it.
        what: String,
        /// The key that says it: `name`.
        key: &'static str,
    },
    /// Another account's status page has that address.
    AddressTaken {
        /// The slug.
        slug: String,
        /// The key that says it: `slug` or `formerly`.
        key: &'static str,
    },
    /// It was changed since it was read.
    Stale {
        /// What.
        what: String,
        /// The number of its last change.
        revision: u64,
    },
    /// It does not go with how things are.
    Conflict {
        /// What does not go.
        why: String,
        /// The way out.
        way_out: String,
    },
    /// It is more than the plan of the account allows.
    OverPlan(Exceeded),
    /// Files cannot be read; each with all that is wrong with it.
    Unreadable(Vec<Errors>),
    /// The store failed.
    Store(StoreError),
    /// The server is stopping.
    Stopping,
    /// One of many edits was refused.
    At {
        /// Which, from 0 on.
        index: usize,
        /// Why.
        refused: Box<Refused>,
    },
}

impl Refused {
    pub(super) fn wrong(what: impl Into<String>, problems: Vec<FieldProblem>) -> Self {
        Self::Wrong { what: what.into(), problems }
    }

    pub(super) fn missing(kind: ResourceKind, key: &str) -> Self {
        Self::Missing { kind, key: key.to_owned() }
    }

    pub(super) fn taken(kind: ResourceKind, name: &str) -> Self {
        let key = if kind == ResourceKind::StatusPage { "slug" } else { "name" };
        Self::Taken { what: called(kind, name), key }
    }

    pub(super) fn conflict(why: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self::Conflict { why: why.into(), way_out: way_out.into() }
    }

    pub(super) fn channel(name: &str, error: &ChannelError) -> Self {
        Self::conflict(format!("the channel `{name}` cannot be used: {error}"), "change that channel first")
    }

    pub(super) fn at(self, index: usize) -> Self {
        Self::At { index, refused: Box::new(self) }
    }

    /// Why, without which one of many it was.
    pub fn alone(self) -> Self {
        match self {
            Self::At { refused, .. } => refused.alone(),
            other => other,
        }
    }
}

impl From<Exceeded> for Refused {
    fn from(exceeded: Exceeded) -> Self {
        Self::OverPlan(exceeded)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Why a configuration is not in force.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A channel cannot be used.
    #[error("channel `{name}`")]
    Channel {
        /// Which.
        name: String,
        /// Why.
        #[source]
        source: ChannelError,
    },
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
}

/// The engine takes no orders any more.
pub(super) struct Stopping;

impl From<Stopping> for FollowError {
    fn from(_: Stopping) -> Self {
        Self::Stopping
    }
}

impl From<Stopping> for Refused {
    fn from(_: Stopping) -> Self {
        Self::Stopping
    }
}
