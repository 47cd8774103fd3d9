//! What status pages read: as much as strangers may know. No cause, no target and no evidence leaves the store this way.

use allswell_core::{Wall, incident};
use async_trait::async_trait;

use super::StoreError;
use crate::model::{IncidentId, MonitorId};

/// Which monitors are meant: by name, by group, by tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Their names.
    pub names: Vec<String>,
    /// All of these groups.
    pub groups: Vec<String>,
    /// All with one of these tags.
    pub tags: Vec<String>,
}

/// A monitor as it is found by pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicMonitor {
    /// Its number.
    pub id: MonitorId,
    /// Its name.
    pub name: String,
    /// What it belongs to.
    pub group: Option<String>,
    /// Words it can be found by.
    pub tags: Vec<String>,
}

/// An incident without its cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicIncident {
    /// Its name.
    pub id: IncidentId,
    /// What it is or was last about.
    pub kind: incident::Kind,
    /// Whether it was about something else before.
    pub turned: bool,
    /// When the outage began.
    pub began: Wall,
    /// When it ended; `None` while it is open.
    pub ended: Option<Wall>,
    /// What people wrote for those who wait for its end, oldest first.
    pub updates: Vec<PublicUpdate>,
}

/// What somebody wrote for the public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUpdate {
    /// When.
    pub at: Wall,
    /// What.
    pub text: String,
}

/// The part of the store that status pages are made of, beside marks and the times in which somebody watched.
#[async_trait]
pub trait PublicStore: Send + Sync {
    /// The monitors that are enlisted and wanted, in the order of their enlistment.
    async fn public_monitors(&self, wanted: Wanted) -> Result<Vec<PublicMonitor>, StoreError>;

    /// The incidents of `monitors` that are open or ended at `since` or later, at most `limit`, those that began last first.
    async fn public_incidents(
        &self,
        monitors: Vec<MonitorId>,
        since: Wall,
        limit: usize,
    ) -> Result<Vec<PublicIncident>, StoreError>;
}
