//! Who hears of what was written: those who show it to people.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Notify;

use crate::fleet::Fleet;
use crate::model::Maintenance;
use crate::status_page::Page;
use crate::store::{Decision, ResultRow};

/// All who hear of it; a copy is as good as the first.
#[derive(Clone)]
pub struct Audience {
    /// What is true of all monitors, at hand.
    pub fleet: Arc<Fleet>,
    /// For those who write the pages for strangers.
    pub bulletin: Arc<Bulletin>,
}

impl Audience {
    /// The list of monitors is another one than before.
    pub fn changed(&self) {
        self.fleet.changed();
        self.bulletin.change();
    }

    /// These decisions were written.
    pub fn decided(&self, decisions: &[Decision]) {
        self.fleet.decided(decisions);
        self.bulletin.change();
    }

    /// These results were written.
    pub fn recorded(&self, results: &[ResultRow]) {
        self.fleet.recorded(results);
    }
}

/// What whoever writes the pages for strangers waits for: that something changed, what is planned, and which pages there are.
#[derive(Debug, Default)]
pub struct Bulletin {
    planned: RwLock<Vec<Maintenance>>,
    pages: RwLock<Arc<[Page]>>,
    changed: Notify,
}

impl Bulletin {
    /// What the pages show may have changed.
    pub fn change(&self) {
        self.changed.notify_one();
    }

    /// This is the planned maintenance from now on.
    pub fn plan(&self, maintenance: Vec<Maintenance>) {
        *self.planned.write().unwrap_or_else(PoisonError::into_inner) = maintenance;
        self.change();
    }

    /// The planned maintenance.
    pub fn planned(&self) -> Vec<Maintenance> {
        self.planned.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// These are the pages from now on.
    pub fn show(&self, pages: Vec<Page>) {
        *self.pages.write().unwrap_or_else(PoisonError::into_inner) = pages.into();
        self.change();
    }

    /// The pages; the same as long as nobody has changed them.
    pub fn pages(&self) -> Arc<[Page]> {
        Arc::clone(&self.pages.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until something changes, or has changed since this was waited for last.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}
