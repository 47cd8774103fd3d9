//! What people add to what was seen: notes on incidents, marks on the charts; and results without what they said.

use std::ops::Range;

use allswell_core::Wall;
use allswell_core::series::Sample;
use allswell_core::uptime::Mark;
use async_trait::async_trait;

use super::{IncidentRow, MonitorRow, ResultRow, StoreError};
use crate::model::{IncidentId, MonitorId};

/// Something that happened elsewhere: a deploy, a migration, a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMark {
    /// When.
    pub at: Wall,
    /// What it was, in a word: `deploy`.
    pub kind: String,
    /// One sentence.
    pub text: String,
    /// Where more is told.
    pub link: Option<String>,
    /// Whom it concerns; `None` for all.
    pub monitor: Option<MonitorId>,
}

/// A mark that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkRow {
    /// Its number.
    pub id: i64,
    /// What it says.
    pub mark: NewMark,
}

/// What a person says of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNote {
    /// `note` for those who work on it, `update` for those who wait for its end.
    pub what: &'static str,
    /// What they say.
    pub text: String,
}

/// A monitor with what a list tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// What it is.
    pub monitor: MonitorRow,
    /// What was true of it, as [`Store::marks`](super::Store::marks) has it.
    pub marks: Vec<Mark>,
    /// Its newest result.
    pub last: Option<ResultRow>,
}

/// The part of the store that people write, and that charts read.
#[async_trait]
pub trait ChronicleStore: Send + Sync {
    /// The monitor that has this number, or else the one with this name.
    async fn monitor(&self, key: &str) -> Result<Option<MonitorRow>, StoreError>;

    /// What a list tells of these monitors, in this order, read at once; those that are not enlisted are left out.
    async fn standings(&self, monitors: Vec<MonitorId>, window: Range<Wall>) -> Result<Vec<Standing>, StoreError>;

    /// What was true of these monitors, in this order, read at once and without their results; those that are not enlisted are
    /// left out.
    async fn histories(
        &self,
        monitors: Vec<MonitorId>,
        window: Range<Wall>,
    ) -> Result<Vec<(MonitorRow, Vec<Mark>)>, StoreError>;

    /// One incident with its timeline.
    async fn incident(&self, id: IncidentId) -> Result<Option<IncidentRow>, StoreError>;

    /// Writes a line into an incident's timeline, open or not; `false` when there is no such incident.
    async fn note(&self, id: IncidentId, note: NewNote, now: Wall) -> Result<bool, StoreError>;

    /// Writes a mark and returns it with its number.
    async fn add_mark(&self, mark: NewMark) -> Result<MarkRow, StoreError>;

    /// The newest marks within `range`, at most `limit`, newest first.
    async fn added_marks(&self, range: Range<Wall>, limit: usize) -> Result<Vec<MarkRow>, StoreError>;

    /// Deletes a mark; `false` when there is none.
    async fn remove_mark(&self, id: i64) -> Result<bool, StoreError>;

    /// All results of a monitor within `range`, newest first, without their details.
    async fn samples(&self, monitor: MonitorId, range: Range<Wall>) -> Result<Vec<Sample>, StoreError>;
}
