//! What is known of the runtime's workers.

use std::time::Duration;

use crate::clock::ms;
use crate::json::Json;

/// A worker of the runtime that does not come back from what it does.
#[derive(Clone, Debug, PartialEq)]
pub struct Worker {
    /// Its number in the runtime.
    pub index: usize,
    /// How long it has been there.
    pub stuck_for: Duration,
    /// The request it is in, `GET /report`; `None` when it is in something else.
    pub blocked_in: Option<String>,
}

impl Worker {
    pub(crate) fn write(&self, json: &mut Json) {
        json.object(|json| {
            json.name("worker").whole(self.index as u64);
            json.name("stuck_for_ms").number(ms(self.stuck_for));
            json.text_field("blocked_in", self.blocked_in.as_deref());
        });
    }
}
