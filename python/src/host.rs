//! What this process adds to the crate `allswell`: the loop's own metrics, the counts of all workers, a loop that can be blocked.

use std::sync::Arc;
use std::time::Duration;

use allswell::host::{Exposition, Host, Row};

use crate::inbox::{Inbox, LAG_BOUNDS_US, Message};
use crate::watch::Watch;

/// The host of one engine.
pub struct Loop {
    /// What the loop is told by.
    pub inbox: Arc<Inbox>,
    /// What is known of it.
    pub watch: Arc<Watch>,
}

impl Host for Loop {
    fn rows(&self, own: Vec<Row>) -> Vec<Row> {
        self.watch.all_rows(own)
    }

    fn write(&self, text: &mut Exposition) {
        lags(text, &self.inbox);
        self.watch.write(text);
    }

    fn late(&self, asked_for: Duration) -> Duration {
        self.watch.blocked_within(asked_for)
    }

    fn block(&self, lasting: Duration) {
        self.inbox.tell(Message::Block { seconds: lasting.as_secs_f64() });
    }
}

fn lags(text: &mut Exposition, inbox: &Inbox) {
    let name = "allswell_loop_lag_seconds";
    text.family(name, "histogram", "How late the event loop of this worker showed signs of life");
    let (buckets, sum_us) = inbox.lags.counts();
    let mut count = 0;
    for (bucket, at) in buckets.iter().zip(0..) {
        count += bucket;
        let bound = LAG_BOUNDS_US.get(at).map_or_else(|| "+Inf".to_owned(), |us| format!("{:?}", *us as f64 / 1e6));
        text.sample(&format!("{name}_bucket"), &[("le", &bound)], count as f64);
    }
    text.sample(&format!("{name}_sum"), &[], sum_us as f64 / 1e6);
    text.sample(&format!("{name}_count"), &[], count as f64);
}
