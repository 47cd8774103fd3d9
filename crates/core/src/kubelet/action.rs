//! What a pod sync does with a container.
//!
//! Follows kubernetes v1.36 `pkg/kubelet/kuberuntime/kuberuntime_manager.go` (`computePodActions`,
//! `computeInitContainerActions`) and `pkg/kubelet/container/helpers.go` (`ShouldContainerBeRestarted`).

use super::worker::{Cached, Kind};

/// Whether a container that ended is started again: the pod's or the container's `restartPolicy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RestartPolicy {
    /// Whatever its exit code.
    #[default]
    Always,
    /// Only after a failure.
    OnFailure,
    /// Not at all.
    Never,
}

/// One of a container's `restartPolicyRules`: the exit codes for which it restarts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartRule {
    /// The codes.
    pub exit_codes: Vec<i32>,
    /// `In` when true, `NotIn` when false.
    pub is_in: bool,
}

/// Whether a container that ended with `exit_code` is started again.
pub fn will_restart(policy: RestartPolicy, rules: &[RestartRule], exit_code: i32) -> bool {
    if rules.iter().any(|rule| rule.exit_codes.contains(&exit_code) == rule.is_in) {
        return true;
    }
    match policy {
        RestartPolicy::Always => true,
        RestartPolicy::OnFailure => exit_code != 0,
        RestartPolicy::Never => false,
    }
}

/// A kill that a probe asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kill {
    /// Which probe failed.
    pub by: Kind,
    /// Whether the container is started again in the same sync.
    pub restart: bool,
}

/// Whether a running container must be killed for its probes.
pub fn kill(liveness: Option<Cached>, startup: Option<Cached>, policy: RestartPolicy) -> Option<Kill> {
    let failed = |cached: Option<Cached>| cached == Some(Cached::Failure);
    let by = if failed(liveness) {
        Kind::Liveness
    } else if failed(startup) {
        Kind::Startup
    } else {
        return None;
    };
    Some(Kill { by, restart: policy != RestartPolicy::Never })
}

/// The message of the event that tells a kill.
pub fn kill_message(container: &str, by: Kind, sidecar: bool) -> String {
    let kind = by.as_str();
    match sidecar {
        true => format!("Init container {container} failed {kind} probe"),
        false => format!("Container {container} failed {kind} probe, will be restarted"),
    }
}

/// What a sync does with a running sidecar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sidecar {
    /// Nothing: it has not started yet.
    Wait,
    /// The next init container, or the main ones, may start.
    StartNext,
    /// It is killed and started again.
    Recreate,
}

/// What a sync does with a running sidecar; `startup` is `None` when it has no startup probe.
pub fn sidecar(startup: Option<Cached>, liveness: Option<Cached>) -> Sidecar {
    if kill(liveness, startup, RestartPolicy::Always).is_some() {
        return Sidecar::Recreate;
    }
    match startup {
        Some(Cached::Unknown) => Sidecar::Wait,
        _ => Sidecar::StartNext,
    }
}
