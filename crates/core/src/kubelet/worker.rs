//! One probe of one container: when to ask, and what the answers add up to.
//!
//! Follows kubernetes v1.36 `pkg/kubelet/prober/worker.go` (`newWorker`, `doProbe`) and `prober.go` (`probe`,
//! `runProbeWithRetries`). Leaves the clock to [`super::ticker`] and asking to whoever drives it.

use crate::Wall;

/// How often one look asks before an error is thrown away: `maxProbeRetries` in `prober.go`.
pub const ATTEMPTS_MAX: u32 = 3;

/// Which of the three probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Holds the other two back until the container has started.
    Startup,
    /// Takes the pod in and out of service.
    Readiness,
    /// Restarts the container.
    Liveness,
}

impl Kind {
    /// All kinds, in the order in which they matter to a container's life.
    pub const ALL: [Self; 3] = [Self::Startup, Self::Readiness, Self::Liveness];

    /// `startup`, `readiness`, `liveness`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Readiness => "readiness",
            Self::Liveness => "liveness",
        }
    }

    /// `Startup`, `Readiness`, `Liveness`, as events write it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Startup => "Startup",
            Self::Readiness => "Readiness",
            Self::Liveness => "Liveness",
        }
    }

    /// The field of a container: `startupProbe`, `readinessProbe`, `livenessProbe`.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Startup => "startupProbe",
            Self::Readiness => "readinessProbe",
            Self::Liveness => "livenessProbe",
        }
    }

    /// What is held to be true of a container never asked before: `newWorker`.
    pub const fn initial(self) -> Cached {
        match self {
            Self::Startup => Cached::Unknown,
            Self::Readiness => Cached::Failure,
            Self::Liveness => Cached::Success,
        }
    }
}

/// What the result cache holds for one container: `pkg/kubelet/prober/results`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cached {
    /// Nothing yet; startup only.
    Unknown,
    /// The last confirmed result was a success.
    Success,
    /// The last confirmed result was a failure.
    Failure,
}

/// What one asking brought: the results of `pkg/probe`, with an error beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// All is well.
    Success,
    /// Well enough, but an event is written: a redirect that is not followed.
    Warning,
    /// Not well.
    Failure,
    /// The prober cannot tell and has no error; counts as a failure.
    Unknown,
    /// The prober itself failed: asked again at once, then thrown away.
    Error,
}

impl Answer {
    /// The result that `prober.probe` makes of it; an error is a failure that the worker throws away.
    pub const fn result(self) -> Cached {
        match self {
            Self::Success | Self::Warning => Cached::Success,
            Self::Failure | Self::Unknown | Self::Error => Cached::Failure,
        }
    }
}

/// A probe's numbers, after the API server's defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// `initialDelaySeconds`.
    pub initial_delay_s: i32,
    /// `timeoutSeconds`.
    pub timeout_s: i32,
    /// `periodSeconds`.
    pub period_s: i32,
    /// `successThreshold`.
    pub success_threshold: i32,
    /// `failureThreshold`.
    pub failure_threshold: i32,
    /// `terminationGracePeriodSeconds` of the probe itself.
    pub grace_s: Option<i64>,
}

impl Default for Spec {
    /// The API server's defaults: `SetDefaults_Probe`.
    fn default() -> Self {
        Self {
            initial_delay_s: 0,
            timeout_s: 1,
            period_s: 10,
            success_threshold: 1,
            failure_threshold: 3,
            grace_s: None,
        }
    }
}

/// What a container is doing, as the pod's status says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not running yet, or waiting to be started again.
    Waiting,
    /// Running since then. The status keeps whole seconds, and so does the worker.
    Running {
        /// When it was started.
        started_at: Wall,
    },
    /// Dead.
    Terminated {
        /// Whether it will be started again: see [`super::action::will_restart`].
        restarts: bool,
    },
}

/// One container, as a worker finds it in the pod's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Container {
    /// Tells one instance from the next.
    pub id: u64,
    /// What it is doing.
    pub state: State,
    /// Whether its startup probe has succeeded, or it has none and runs.
    pub started: bool,
    /// Whether it is an init container that keeps running.
    pub sidecar: bool,
}

/// One pod, as a worker finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Whether the phase is `Failed` or `Succeeded`.
    pub over: bool,
    /// Whether liveness and startup have been stopped: the worker's own copy of the pod carries a deletion time, or
    /// `StopLivenessAndStartup` was called.
    pub stopping: bool,
    /// The container; `None` as long as it has no ID.
    pub container: Option<Container>,
}

/// What a look says to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing now.
    Wait,
    /// Ask, at most [`ATTEMPTS_MAX`] times as long as the answer is an error, and tell [`Worker::finish`].
    Probe,
    /// Never again: the worker has ended.
    End,
}

/// The worker: one for each pod, container and kind.
#[derive(Clone, Debug)]
pub struct Worker {
    kind: Kind,
    spec: Spec,
    kubelet_started: Wall,
    id: Option<u64>,
    cached: Option<Cached>,
    last: Cached,
    run: u32,
    on_hold: bool,
}

impl Worker {
    /// A worker that has not looked yet, in a kubelet that runs since `kubelet_started`.
    pub const fn new(kind: Kind, spec: Spec, kubelet_started: Wall) -> Self {
        // The zero value of the result type is Success; `lastResult` starts there.
        Self { kind, spec, kubelet_started, id: None, cached: None, last: Cached::Success, run: 0, on_hold: false }
    }

    /// Which probe it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Its numbers.
    pub const fn spec(&self) -> &Spec {
        &self.spec
    }

    /// What is held to be true of instance `id`; `None` when nothing was recorded.
    pub fn cached(&self, id: u64) -> Option<Cached> {
        self.cached.filter(|_| self.id == Some(id))
    }

    /// How many equal results in a row have been counted, over a restart too.
    pub const fn run(&self) -> u32 {
        self.run
    }

    /// Whether it waits for a new instance.
    pub const fn is_on_hold(&self) -> bool {
        self.on_hold
    }

    /// Looks at the pod at `now` and says what to do: `doProbe` up to the asking.
    pub fn look(&mut self, now: Wall, view: &View) -> Look {
        if view.over {
            return Look::End;
        }
        let Some(container) = view.container else {
            return Look::Wait;
        };
        self.meet(&container);
        if self.on_hold {
            return Look::Wait;
        }
        let State::Running { started_at } = container.state else {
            self.cached = Some(Cached::Failure);
            let ends = container.state == State::Terminated { restarts: false };
            return if ends { Look::End } else { Look::Wait };
        };
        if view.stopping && self.kind != Kind::Readiness {
            self.cached = Some(Cached::Success);
            return Look::End;
        }
        if age_s(now, started_at) < i64::from(self.spec.initial_delay_s) {
            return Look::Wait;
        }
        // Before `started` the startup probe alone runs; after it, it never runs again.
        if container.started == (self.kind == Kind::Startup) {
            return Look::Wait;
        }
        Look::Probe
    }

    /// Takes the answer of the asking that a look wanted. Returns whether what is held to be true has changed.
    pub fn finish(&mut self, answer: Answer) -> bool {
        if answer == Answer::Error {
            return false;
        }
        let result = answer.result();
        self.run = if result == self.last { self.run.saturating_add(1) } else { 1 };
        self.last = result;
        let threshold = match result {
            Cached::Failure => self.spec.failure_threshold,
            _ => self.spec.success_threshold,
        };
        if i64::from(self.run) < i64::from(threshold) {
            return false;
        }
        let changed = self.cached.replace(result) != Some(result);
        if self.kind == Kind::Startup || (self.kind == Kind::Liveness && result == Cached::Failure) {
            self.on_hold = true;
            self.run = 0;
        }
        changed
    }

    /// Notices a new instance. The counts stay: they are of the worker, not of the instance.
    fn meet(&mut self, container: &Container) {
        if self.id == Some(container.id) {
            return;
        }
        self.id = Some(container.id);
        self.on_hold = false;
        self.cached = if self.ran_before_the_kubelet(container.state) {
            let startup_of_sidecar = container.sidecar && self.kind == Kind::Startup && container.started;
            startup_of_sidecar.then_some(Cached::Success)
        } else {
            Some(self.kind.initial())
        };
    }

    /// `ChangeContainerStatusOnKubeletRestart` is off since 1.35: a container that was started more than 10 s before
    /// the kubelet keeps the status it had.
    fn ran_before_the_kubelet(&self, state: State) -> bool {
        matches!(state, State::Running { started_at } if started_at.ms() < self.kubelet_started.ms() - 10_000)
    }
}

/// Whole seconds since `started_at`, which the status manager has cut to whole seconds before.
fn age_s(now: Wall, started_at: Wall) -> i64 {
    let cut = started_at.ms().div_euclid(1_000) * 1_000;
    (now.ms() - cut) / 1_000
}
