//! Checks on demand: a request that wants a fresh result waits for one asking, however many wait with it.

use std::pin::pin;
use std::time::Duration;

use crate::check::{Check, Timing};
use crate::endpoints::Door;
use crate::entry::Entry;
use crate::health::Health;
use crate::judge::Probe;

/// How long the side port waits for a fresh result.
const SIDE_PATIENCE: Duration = Duration::from_millis(30);

impl Check {
    /// Whether the probe looks at it.
    pub(crate) fn looked_at_by(&self, probe: Probe) -> bool {
        match probe {
            Probe::Liveness => self.members.liveness,
            Probe::Readiness => self.members.readiness,
            Probe::Startup => self.members.startup,
            Probe::Status => true,
        }
    }
}

impl Health {
    /// Has the checks on demand that `which` names asked, if their results are too old, and waits for them until the probe's
    /// deadline at the latest. At the side port it waits a moment only: it must answer at once when nobody else does.
    pub(crate) async fn refresh(&self, door: Door, which: impl Fn(&Check) -> bool) {
        let now = self.0.clock.mono();
        let entries = self.0.entries();
        let wanted = |entry: &Entry| matches!(entry.check.timing, Timing::OnDemand { .. }) && which(&entry.check);
        // A runtime that is stuck asks nothing; whoever waits for it waits in vain.
        let stuck = || self.0.strain().stuck.is_some();
        if !entries.iter().any(|entry| wanted(entry) && entry.is_old(now)) || stuck() {
            return;
        }
        let patience = match door {
            Door::Main => self.0.settings.probe_deadline,
            Door::Side => self.0.settings.probe_deadline.min(SIDE_PATIENCE),
        };
        let deadline = self.0.clock.instant(now + patience);
        let old: Vec<_> = entries.iter().filter(|entry| wanted(entry) && entry.is_old(now)).collect();
        // All are told first, so that they are asked at the same time.
        old.iter().for_each(|entry| entry.want(now));
        for entry in old {
            let _ = tokio::time::timeout_at(deadline, fresh(entry, now)).await;
        }
    }
}

/// Waits until the result is not older than `wanted` says any more.
async fn fresh(entry: &Entry, wanted: allswell_core::Mono) {
    loop {
        let mut asked = pin!(entry.asked.notified());
        // Registered before looking, so that no asking ends unnoticed in between.
        asked.as_mut().enable();
        if !entry.is_old(wanted) {
            return;
        }
        asked.await;
    }
}
