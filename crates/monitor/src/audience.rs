//! Who hears of what was written: those who show it to people.

use std::sync::Arc;

use crate::fleet::Fleet;
use crate::status_page::StatusPages;
use crate::store::{Decision, ResultRow};

/// All who hear of it; a copy is as good as the first.
#[derive(Clone)]
pub struct Audience {
    /// What is true of all monitors, at hand.
    pub fleet: Arc<Fleet>,
    /// The pages for strangers.
    pub status_pages: Arc<StatusPages>,
}

impl Audience {
    /// The list of monitors is another one than before.
    pub fn changed(&self) {
        self.fleet.changed();
        self.status_pages.changed();
    }

    /// These decisions were written.
    pub fn decided(&self, decisions: &[Decision]) {
        self.fleet.decided(decisions);
        self.status_pages.changed();
    }

    /// These results were written.
    pub fn recorded(&self, results: &[ResultRow]) {
        self.fleet.recorded(results);
    }
}
