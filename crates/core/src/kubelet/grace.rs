//! How long a container may take to end.
//!
//! Follows kubernetes v1.36 `pkg/kubelet/kuberuntime/kuberuntime_container.go` (`setTerminationGracePeriod`,
//! `killContainer`).

use std::time::Duration;

use super::worker::{Kind, Spec};

/// The least time between SIGTERM and SIGKILL: `minimumGracePeriodInSeconds`.
pub const SHORTEST: Duration = Duration::from_secs(2);

/// Why a container is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its pod is deleted, with a grace of its own when the deletion names one.
    Deleted {
        /// The grace that the deletion asks for.
        grace_s: Option<i64>,
    },
    /// A probe failed.
    Probe(Kind),
    /// Anything else.
    Other,
}

/// The grace for a kill: the deletion's, else the failed probe's own, else the pod's, else the shortest.
pub fn period(pod_s: Option<i64>, liveness: Option<&Spec>, startup: Option<&Spec>, why: Why) -> Duration {
    let probe_s = match why {
        Why::Probe(Kind::Liveness) => liveness.and_then(|spec| spec.grace_s),
        Why::Probe(Kind::Startup) => startup.and_then(|spec| spec.grace_s),
        _ => None,
    };
    let deletion_s = match why {
        Why::Deleted { grace_s } => grace_s,
        _ => None,
    };
    let seconds = deletion_s.or(probe_s).or(pod_s);
    seconds.map_or(SHORTEST, |seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// What SIGTERM leaves of `grace` after the preStop hook took `hook`.
pub fn after_hook(grace: Duration, hook: Duration) -> Duration {
    grace.saturating_sub(hook).max(SHORTEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_hook_leaves_two_seconds_to_end() {
        let s = Duration::from_secs;
        assert_eq!(after_hook(s(6), s(5)), s(2));
        assert_eq!(after_hook(s(30), s(5)), s(25));
        assert_eq!(after_hook(s(5), s(9)), s(2));
    }
}
