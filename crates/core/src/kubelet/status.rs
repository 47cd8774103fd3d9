//! From results to `started`, `ready`, the pod's Ready condition and its endpoint.
//!
//! Follows kubernetes v1.36 `pkg/kubelet/prober/prober_manager.go` (`UpdatePodStatus`, `isContainerStarted`),
//! `pkg/kubelet/status/generate.go` (`GenerateContainersReadyCondition`, `GeneratePodReadyCondition`) and
//! `staging/src/k8s.io/endpointslice/utils.go` (`podToEndpoint`).

use super::worker::Cached;

/// A container's probe of one kind, as the status sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probed {
    /// It has no such probe.
    Absent,
    /// It has one; `None` as long as nothing was recorded for this instance.
    Present(Option<Cached>),
}

/// Whether a container counts as started.
pub fn started(running: bool, startup: Probed) -> bool {
    running && matches!(startup, Probed::Absent | Probed::Present(Some(Cached::Success)))
}

/// Whether a container counts as ready.
pub fn ready(running: bool, startup: Probed, readiness: Probed) -> bool {
    started(running, startup) && matches!(readiness, Probed::Absent | Probed::Present(Some(Cached::Success)))
}

/// Whether an init container that is no sidecar counts as ready: it has ended well.
pub fn init_ready(exit_code: Option<i32>) -> bool {
    exit_code == Some(0)
}

/// The phase of a pod, as far as its condition needs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Pending or running.
    #[default]
    Running,
    /// All containers ended well.
    Succeeded,
    /// All containers ended, one of them badly.
    Failed,
}

/// What the Ready condition is made from.
#[derive(Clone, Debug, Default)]
pub struct Facts<'a> {
    /// The phase.
    pub phase: Phase,
    /// The containers of the spec, sidecars included.
    pub containers: Vec<&'a str>,
    /// Name and readiness for each container that has a status; `None` when there are no statuses at all.
    pub statuses: Option<Vec<(&'a str, bool)>>,
    /// The readiness gates, each with the status of its condition, when there is one.
    pub gates: Vec<(&'a str, Option<&'a str>)>,
}

/// A condition of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Whether it holds.
    pub holds: bool,
    /// One word on why not.
    pub reason: &'static str,
    /// One sentence on why not.
    pub message: String,
}

impl Condition {
    fn not(reason: &'static str, message: impl Into<String>) -> Self {
        Self { holds: false, reason, message: message.into() }
    }
}

/// The Ready condition of a pod.
pub fn pod_ready(facts: &Facts<'_>) -> Condition {
    let containers = containers_ready(facts);
    if !containers.holds {
        return containers;
    }
    let unmet: Vec<String> = facts.gates.iter().filter_map(|(gate, status)| unmet_gate(gate, *status)).collect();
    match unmet.is_empty() {
        true => Condition { holds: true, ..Condition::default() },
        false => Condition::not("ReadinessGatesNotReady", unmet.join(", ")),
    }
}

fn containers_ready(facts: &Facts<'_>) -> Condition {
    let Some(statuses) = &facts.statuses else {
        return Condition::not("UnknownContainerStatuses", "");
    };
    match facts.phase {
        Phase::Succeeded => return Condition::not("PodCompleted", ""),
        Phase::Failed => return Condition::not("PodFailed", ""),
        Phase::Running => {}
    }
    let status = |name: &str| statuses.iter().find(|(other, _)| *other == name).map(|(_, ready)| *ready);
    let of = |wanted: Option<bool>| -> Vec<&str> {
        facts.containers.iter().copied().filter(|name| status(name) == wanted).collect()
    };
    let (unknown, unready) = (of(None), of(Some(false)));
    let mut why = Vec::new();
    if !unknown.is_empty() {
        why.push(format!("containers with unknown status: [{}]", unknown.join(" ")));
    }
    if !unready.is_empty() {
        why.push(format!("containers with unready status: [{}]", unready.join(" ")));
    }
    match why.is_empty() {
        true => Condition { holds: true, ..Condition::default() },
        false => Condition::not("ContainersNotReady", why.join(", ")),
    }
}

fn unmet_gate(gate: &str, status: Option<&str>) -> Option<String> {
    match status {
        Some("True") => None,
        Some(status) => Some(format!("the status of pod readiness gate \"{gate}\" is not \"True\", but {status}")),
        None => Some(format!("corresponding condition of pod readiness gate \"{gate}\" does not exist.")),
    }
}

/// The conditions of an endpoint in an EndpointSlice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether new connections come here.
    pub ready: bool,
    /// Whether the pod answers.
    pub serving: bool,
    /// Whether the pod is being deleted.
    pub terminating: bool,
}

/// The endpoint of a pod.
pub const fn endpoint(pod_ready: bool, publish_not_ready: bool, terminating: bool) -> Endpoint {
    Endpoint { ready: publish_not_ready || (pod_ready && !terminating), serving: pod_ready, terminating }
}
