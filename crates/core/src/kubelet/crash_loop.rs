//! How long a dead container waits before it is started again.
//!
//! Follows kubernetes v1.36 `pkg/kubelet/kuberuntime/kuberuntime_manager.go` (`doBackOff`), `pkg/kubelet/kubelet.go`
//! (`newCrashLoopBackOff`) and `client-go/util/flowcontrol/backoff.go` (`Next`, `IsInBackOffSince`, `hasExpired`).

use std::time::Duration;

use crate::Mono;

/// An entry older than this at the container's end starts anew, whatever the longest wait is.
const EXPIRY: Duration = Duration::from_secs(600);

/// The first and the longest wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The first wait.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// How long after the last step a container must have lived for the count to start anew.
    pub expiry: Duration,
}

impl Default for Limits {
    /// 10 s up to 5 min.
    fn default() -> Self {
        Self::of_node(None, false)
    }
}

impl Limits {
    /// The limits of a node with `maxContainerRestartPeriod` and the gate `ReduceDefaultCrashLoopBackOffDecay`.
    pub fn of_node(longest: Option<Duration>, reduced: bool) -> Self {
        let (first, usual) = if reduced { (1, 60) } else { (10, 300) };
        let longest = longest.unwrap_or(Duration::from_secs(usual));
        Self { first: Duration::from_secs(first).min(longest), longest, expiry: EXPIRY }
    }
}

/// The entry of one container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    delay: Duration,
    updated: Mono,
}

/// The waits of one container.
#[derive(Clone, Debug, Default)]
pub struct CrashLoop {
    limits: Limits,
    entry: Option<Entry>,
}

impl CrashLoop {
    /// No wait yet.
    pub const fn new(limits: Limits) -> Self {
        Self { limits, entry: None }
    }

    /// The wait now in force; zero when there is none.
    pub fn delay(&self) -> Duration {
        self.entry.map_or(Duration::ZERO, |entry| entry.delay)
    }

    /// Until when a container that ended at `finished` has to wait; `None` when it may be started.
    ///
    /// `finished` is the end of the newest dead instance that was known before this sync: a container that was
    /// killed by a probe in this very sync is not known yet.
    pub fn waits_until(&self, now: Mono, finished: Mono) -> Option<Mono> {
        let entry = self.entry.filter(|entry| !self.expired(entry, finished))?;
        (now.since(finished) < entry.delay).then(|| finished + entry.delay)
    }

    /// Counts one start at `now` after an end at `finished`: the next wait is twice as long.
    pub fn step(&mut self, now: Mono, finished: Mono) {
        let delay = match self.entry {
            Some(entry) if !self.expired(&entry, finished) => entry.delay.saturating_mul(2).min(self.limits.longest),
            _ => self.limits.first,
        };
        self.entry = Some(Entry { delay, updated: now });
    }

    fn expired(&self, entry: &Entry, finished: Mono) -> bool {
        finished.since(entry.updated) > self.limits.expiry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Mono {
        Mono::after(Duration::from_secs(seconds))
    }

    #[test]
    fn ten_quiet_minutes_start_the_count_anew() {
        let mut waits = CrashLoop::default();
        waits.step(at(0), at(0));
        waits.step(at(10), at(10));
        assert_eq!(waits.delay(), Duration::from_secs(20));
        waits.step(at(611), at(610));
        assert_eq!(waits.delay(), Duration::from_secs(40));
        assert_eq!(waits.waits_until(at(1_212), at(1_212)), None);
        waits.step(at(1_212), at(1_212));
        assert_eq!(waits.delay(), Duration::from_secs(10));
    }
}
