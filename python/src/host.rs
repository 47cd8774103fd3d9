//! What this process adds to the crate `allswell`: the metrics of all workers, a loop that can be blocked.

use std::sync::Arc;
use std::time::Duration;

use allswell::CheckResult;
use allswell::host::{Exposition, Host, Row};

use crate::inbox::{Inbox, Message};
use crate::watch::Watch;

/// The host of one engine.
pub struct Loop {
    /// What the loop is told by.
    pub inbox: Arc<Inbox>,
    /// What is known of it.
    pub watch: Arc<Watch>,
}

impl Host for Loop {
    fn rows(&self, own: Vec<Row>, checks: &[CheckResult]) -> Vec<Row> {
        self.watch.scrape(own, checks)
    }

    fn write_checks(&self, text: &mut Exposition) {
        self.watch.write_checks(text);
    }

    fn write(&self, text: &mut Exposition) {
        self.watch.write(text);
    }

    fn late(&self, asked_for: Duration) -> Duration {
        self.watch.blocked_within(asked_for)
    }

    fn block(&self, lasting: Duration) {
        self.inbox.tell(Message::Block { seconds: lasting.as_secs_f64() });
    }
}
