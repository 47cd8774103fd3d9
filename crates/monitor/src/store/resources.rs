//! What is configured through the API, as the store keeps it.

use super::{Enlisted, Enlistment};
use crate::model::MonitorId;

/// The kinds of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceKind {
    /// What monitors have that do not say it themselves; there is one.
    Defaults,
    /// A way to people.
    Channel,
    /// Something that is watched.
    Monitor,
    /// Planned maintenance.
    Maintenance,
    /// What strangers are told.
    StatusPage,
}

impl ResourceKind {
    /// All of them, in the order in which they are read: each may name those before it.
    pub const ALL: [Self; 5] = [Self::Defaults, Self::Channel, Self::Monitor, Self::Maintenance, Self::StatusPage];

    /// The word for it, in the store and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Defaults => "defaults",
            Self::Channel => "channel",
            Self::Monitor => "monitor",
            Self::Maintenance => "maintenance",
            Self::StatusPage => "status_page",
        }
    }

    /// What people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::StatusPage => "status page",
            other => other.as_str(),
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Who says what a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// The server's own file. Such a resource is not in the store.
    File,
    /// Configuration as code: `allswell apply`.
    Apply,
    /// A person or a program, one by one.
    Api,
}

impl Owner {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::File, Self::Apply, Self::Api];

    /// The word for it, in the store and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Apply => "apply",
            Self::Api => "api",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|owner| owner.as_str() == word)
    }
}

/// A resource that was written through the API. Holds secrets, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredResource {
    /// What it is.
    pub kind: ResourceKind,
    /// Its name, unlike any other of its kind.
    pub name: String,
    /// Who wrote it.
    pub owner: Owner,
    /// The number of the change that wrote it last.
    pub revision: u64,
    /// As it is written, as JSON.
    pub spec: String,
}

/// One resource to write. Holds secrets, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub enum ResourceWrite {
    /// It is so from now on.
    Put {
        /// What it is.
        kind: ResourceKind,
        /// Its name.
        name: String,
        /// The name it had until now, where it is renamed.
        before: Option<String>,
        /// Who writes it.
        owner: Owner,
        /// As it is written, as JSON.
        spec: String,
    },
    /// It is no more.
    Delete {
        /// What it is.
        kind: ResourceKind,
        /// Its name.
        name: String,
    },
}

/// Resources to write and the monitors that change with them: all in one transaction, or nothing.
#[derive(Clone, Default)]
pub struct Change {
    /// What is written.
    pub writes: Vec<ResourceWrite>,
    /// Monitors that are new or different; the others stay as they are.
    pub enlist: Vec<Enlistment>,
    /// Monitors that are no more.
    pub retire: Vec<MonitorId>,
}

/// What a change led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its number; later changes have higher ones.
    pub revision: u64,
    /// The monitors of [`Change::enlist`] as known, in the same order.
    pub enlisted: Vec<Enlisted>,
}
