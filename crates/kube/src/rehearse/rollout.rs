//! A rolling update: which pod is made and which is deleted next.
//!
//! Follows kubernetes v1.36 `pkg/controller/deployment/rolling.go` (`reconcileNewReplicaSet`, `reconcileOldReplicaSets`),
//! `recreate.go` and `util/deployment_util.go` (`ResolveFenceposts`).

use crate::manifest::Workload;
use crate::yaml::{Node, Value};

/// A number of pods, or a share of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// That many.
    Count(usize),
    /// That many in a hundred.
    Percent(usize),
}

impl Amount {
    fn of(node: Option<&Node>) -> Self {
        let percent = |text: &str| text.strip_suffix('%')?.parse().ok().map(Self::Percent);
        match node.map(|node| &node.value) {
            Some(Value::Int(count)) => Self::Count(usize::try_from(*count).unwrap_or(0)),
            Some(Value::Text(text)) => percent(text).unwrap_or(Self::Percent(25)),
            _ => Self::Percent(25),
        }
    }

    const fn down(self, of: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => of * percent / 100,
        }
    }

    const fn up(self, of: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => (of * percent).div_ceil(100),
        }
    }
}

/// How pods are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// All old ones go before the first new one comes.
    Recreate,
    /// A few at a time.
    Rolling {
        /// How many more than wanted there may be.
        surge: Amount,
        /// How many fewer than wanted may be available.
        unavailable: Amount,
    },
}

impl Strategy {
    /// What the workload says, after defaults. A StatefulSet or DaemonSet replaces one pod after the other.
    pub(super) fn of(workload: &Workload<'_>) -> Self {
        let spec = |path: &[&str]| workload.object.node.at(path);
        if workload.object.kind != "Deployment" {
            return Self::Rolling { surge: Amount::Count(0), unavailable: Amount::Count(1) };
        }
        if spec(&["spec", "strategy", "type"]).and_then(Node::text) == Some("Recreate") {
            return Self::Recreate;
        }
        let of = |name| Amount::of(spec(&["spec", "strategy", "rollingUpdate", name]));
        Self::Rolling { surge: of("maxSurge"), unavailable: of("maxUnavailable") }
    }

    /// Pods beyond those wanted, and pods that may be missing. Both cannot be none: nothing would ever move.
    fn limits(self, wanted: usize) -> (usize, usize) {
        match self {
            Self::Recreate => (0, wanted),
            Self::Rolling { surge, unavailable } => match (surge.up(wanted), unavailable.down(wanted)) {
                (0, 0) => (0, 1),
                limits => limits,
            },
        }
    }
}

/// One pod, as the controller sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    pub(super) new: bool,
    pub(super) ready: bool,
    pub(super) deleted: bool,
    pub(super) gone: bool,
}

/// What the controller does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Create,
    Delete(usize),
}

/// What to do next; `None` when something must happen first, or all is done.
pub(super) fn next(strategy: Strategy, wanted: usize, pods: &[View]) -> Option<Step> {
    let (surge, missing) = strategy.limits(wanted);
    let alive = |new: bool| pods.iter().filter(move |pod| pod.new == new && !pod.deleted);
    let (old, new) = (alive(false).count(), alive(true).count());
    let delete = |ready: bool| pods.iter().position(|pod| !pod.new && !pod.deleted && pod.ready == ready);
    if strategy == Strategy::Recreate && pods.iter().any(|pod| !pod.new && !pod.gone) {
        return delete(true).or_else(|| delete(false)).map(Step::Delete);
    }
    if new < wanted && old + new < wanted + surge {
        return Some(Step::Create);
    }
    let not_yet = alive(true).filter(|pod| !pod.ready).count();
    if old + new <= wanted.saturating_sub(missing) + not_yet {
        return None;
    }
    // Those that serve nobody go first.
    let available = pods.iter().filter(|pod| pod.ready && !pod.deleted).count();
    let healthy = || (available > wanted.saturating_sub(missing)).then(|| delete(true)).flatten();
    delete(false).or_else(healthy).map(Step::Delete)
}

/// Whether all new pods are ready and all old ones gone.
pub(super) fn is_done(wanted: usize, pods: &[View]) -> bool {
    let new = pods.iter().filter(|pod| pod.new && pod.ready && !pod.deleted).count();
    new >= wanted && pods.iter().all(|pod| pod.new || pod.gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Strategy = Strategy::Rolling { surge: Amount::Percent(25), unavailable: Amount::Percent(25) };

    /// Plays an update in which pods become ready one by one; returns the most pods and the fewest available ones.
    fn play(strategy: Strategy, wanted: usize) -> (usize, usize) {
        let mut pods = vec![View { ready: true, ..View::default() }; wanted];
        let (mut most, mut fewest) = (wanted, wanted);
        for _ in 0..1_000 {
            while let Some(step) = next(strategy, wanted, &pods) {
                match step {
                    Step::Create => pods.push(View { new: true, ..View::default() }),
                    Step::Delete(index) => (pods[index].deleted, pods[index].ready) = (true, false),
                }
                most = most.max(pods.iter().filter(|pod| !pod.deleted).count());
                fewest = fewest.min(pods.iter().filter(|pod| pod.ready).count());
            }
            if is_done(wanted, &pods) {
                return (most, fewest);
            }
            match pods.iter().position(|pod| pod.deleted && !pod.gone) {
                Some(going) => pods[going].gone = true,
                None => pods.iter_mut().find(|pod| pod.new && !pod.ready).expect("one is on its way").ready = true,
            }
        }
        panic!("it never ends: {pods:?}");
    }

    #[test]
    fn a_rolling_update_keeps_its_limits() {
        assert_eq!(play(USUAL, 3), (4, 3));
        assert_eq!(play(USUAL, 1), (2, 1));
        assert_eq!(play(USUAL, 8), (10, 6));
        assert_eq!(play(Strategy::Rolling { surge: Amount::Count(0), unavailable: Amount::Count(1) }, 3), (3, 2));
        assert_eq!(play(Strategy::Rolling { surge: Amount::Count(0), unavailable: Amount::Count(0) }, 3), (3, 2));
        assert_eq!(play(Strategy::Recreate, 3), (3, 0));
    }
}
