//! One pod with one container: workers, process and back-off put together.
//!
//! Follows kubernetes v1.36 `pkg/kubelet/kubelet.go` (`syncLoopIteration`, `SyncPod`, `SyncTerminatingPod`),
//! `pkg/kubelet/pod_workers.go` and `pkg/kubelet/prober/prober_manager.go` (`AddPod`, `UpdatePodStatus`,
//! `StopLivenessAndStartup`). Whoever drives it runs the process, asks the probes and calls [`Pod::on`]; a rehearsal
//! does so in real time, [`super::simulate`] in virtual time.

mod life;
mod slot;
mod sync;

use std::time::Duration;

use super::action::{RestartPolicy, RestartRule};
use super::crash_loop::{CrashLoop, Limits};
use super::status::{self, Endpoint, Probed};
use super::worker::{Answer, Kind, Spec};
use crate::{Mono, Now};
use life::Life;
use slot::Slot;

/// What the kubelet reads about the container in the manifest, after defaults.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// `startupProbe`.
    pub startup: Option<Spec>,
    /// `readinessProbe`.
    pub readiness: Option<Spec>,
    /// `livenessProbe`.
    pub liveness: Option<Spec>,
    /// `restartPolicy` of the pod, or of the container when it has one.
    pub restart: RestartPolicy,
    /// `restartPolicyRules` of the container.
    pub rules: Vec<RestartRule>,
    /// `terminationGracePeriodSeconds` of the pod.
    pub grace_s: Option<i64>,
    /// Whether there is a preStop hook.
    pub pre_stop: bool,
    /// The waits between restarts.
    pub limits: Limits,
}

impl Plan {
    /// The numbers of one probe.
    pub const fn spec(&self, kind: Kind) -> Option<&Spec> {
        match kind {
            Kind::Startup => self.startup.as_ref(),
            Kind::Readiness => self.readiness.as_ref(),
            Kind::Liveness => self.liveness.as_ref(),
        }
    }
}

/// What differs from one pod to the next on a real node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chance {
    /// From the making of the workers to the start of the container: sandbox, image, network.
    pub lead: Duration,
    /// How far into each second the kubelet lists what runs; a death is noticed then.
    pub relist: Duration,
    /// Decides everything else that is left to chance.
    pub seed: u64,
}

impl Default for Chance {
    /// A local image on an idle node.
    fn default() -> Self {
        Self { lead: Duration::from_millis(2_300), relist: Duration::from_millis(500), seed: 0 }
    }
}

impl Chance {
    /// What chance brings with `seed`: a lead of 2.0 to 2.6 s (measured with a local image), any relist.
    pub fn of(seed: u64) -> Self {
        let fraction = |salt: u64| crate::backoff::fraction(seed.wrapping_mul(0x9E37).wrapping_add(salt));
        Self {
            lead: Duration::from_millis(2_000) + Duration::from_millis(600).mul_f64(fraction(1)),
            relist: Duration::from_secs(1).mul_f64(fraction(2)),
            seed,
        }
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Time has passed: at the latest at [`Pod::due`].
    Wake,
    /// The process that [`Action::Start`] asked for runs.
    Started,
    /// The process has ended.
    Exited {
        /// Its exit code; 128 and the signal's number when a signal ended it.
        code: i32,
    },
    /// The asking that [`Action::Ask`] wanted has ended.
    Answered {
        /// Which probe.
        kind: Kind,
        /// What it brought.
        answer: Answer,
    },
    /// The hook that [`Action::Hook`] asked for has ended, well or badly.
    HookEnded,
    /// Somebody deletes the pod.
    Delete {
        /// The grace asked for; the pod's own when `None`.
        grace_s: Option<i64>,
    },
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start the process, then tell [`Event::Started`] or [`Event::Exited`].
    Start,
    /// Ask this probe once, then tell [`Event::Answered`].
    Ask(Kind),
    /// Run the preStop hook, then tell [`Event::HookEnded`].
    Hook,
    /// Send SIGTERM.
    Terminate,
    /// Send SIGKILL.
    Kill,
    /// Nothing: something that people want to read.
    Tell(Note),
}

/// Something that people want to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// The container runs.
    Started {
        /// How often it was started before.
        restarts: u32,
    },
    /// The process ended.
    Exited {
        /// Its exit code.
        code: i32,
    },
    /// The startup probe has succeeded.
    StartupDone,
    /// The pod came into service.
    Ready,
    /// The pod went out of service.
    Unready,
    /// The container is being killed: for a probe, or because the pod is deleted.
    Killing {
        /// The probe that failed.
        by: Option<Kind>,
        /// How long it may take.
        grace: Duration,
    },
    /// The grace is over.
    GraceOver,
    /// The container waits before it is started again.
    BackOff {
        /// The nominal wait.
        delay: Duration,
        /// When the next attempt is made.
        until: Mono,
    },
    /// The pod is over: nothing will happen any more.
    Over,
}

/// One pod with one container.
#[derive(Clone, Debug)]
pub struct Pod {
    plan: Plan,
    chance: Chance,
    created: Now,
    slots: [Option<Slot>; 3],
    life: Life,
    instances: u64,
    deleted: Option<Option<i64>>,
    started: bool,
    ready: bool,
    dirty: bool,
    resync_at: Mono,
    known_death: Option<Mono>,
    waits: CrashLoop,
    rolled: u64,
}

impl Pod {
    /// A pod whose workers are made `now`; its container starts `chance.lead` later.
    pub fn new(plan: Plan, now: Now, chance: Chance) -> Self {
        let slot = |kind: Kind| plan.spec(kind).map(|spec| Slot::new(kind, *spec, now));
        let slots = Kind::ALL.map(slot);
        let waits = CrashLoop::new(plan.limits);
        let life = Life::Waiting { start_at: now.mono + chance.lead };
        let mut pod = Self {
            plan,
            chance,
            created: now,
            slots,
            life,
            instances: 0,
            deleted: None,
            started: false,
            ready: false,
            dirty: false,
            resync_at: now.mono,
            known_death: None,
            waits,
            rolled: 0,
        };
        pod.resync_at = now.mono + pod.resync_after();
        pod
    }

    /// Takes what happened and adds what to do to `actions`. `now` never lies before that of the previous call.
    pub fn on(&mut self, now: Now, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::Wake => {}
            Event::Started => self.began(now, actions),
            Event::Exited { code } => self.ended(now, code, actions),
            Event::Answered { kind, answer } => self.answered(kind, answer, actions),
            Event::HookEnded => self.terminate(now, actions),
            Event::Delete { grace_s } => self.delete(now, grace_s, actions),
        }
        self.settle(now, actions);
    }

    /// When something falls due without anything happening; `None` when nothing will.
    pub fn due(&self) -> Option<Mono> {
        let timer = self.life.due();
        if self.life.is_over() {
            return None;
        }
        let looks = self.slots.iter().flatten().filter(|slot| slot.is_free()).map(Slot::next);
        looks.chain(timer).chain([self.resync_at]).min()
    }

    /// What the kubelet reads.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What chance brought.
    pub const fn chance(&self) -> Chance {
        self.chance
    }

    /// Whether the pod is in service.
    pub const fn is_ready(&self) -> bool {
        self.ready
    }

    /// Whether the container counts as started.
    pub const fn is_started(&self) -> bool {
        self.started
    }

    /// How many equal results of this probe were counted in a row; 0 when they have just had their effect.
    pub fn run(&self, kind: Kind) -> u32 {
        self.slot(kind).map_or(0, |slot| slot.worker.run())
    }

    /// Whether nothing will happen any more.
    pub const fn is_over(&self) -> bool {
        self.life.is_over()
    }

    /// How often the container was started again.
    pub fn restarts(&self) -> u32 {
        u32::try_from(self.instances.saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// The pod's endpoint in the slices of its services.
    pub const fn endpoint(&self, publish_not_ready: bool) -> Endpoint {
        status::endpoint(self.ready, publish_not_ready, self.deleted.is_some())
    }

    fn slot(&self, kind: Kind) -> Option<&Slot> {
        self.slots[kind as usize].as_ref()
    }

    fn probed(&self, kind: Kind) -> Probed {
        match self.slot(kind) {
            None => Probed::Absent,
            Some(slot) => Probed::Present(slot.worker.cached(self.instances)),
        }
    }

    /// A number in [0, 1), another one each time.
    fn roll(&mut self) -> f64 {
        self.rolled += 1;
        crate::backoff::fraction(self.chance.seed ^ (self.rolled << 20))
    }

    /// Each pod is synced again after 60 s and up to half as much again: `workQueue` with `backOffPeriod` and jitter.
    fn resync_after(&mut self) -> Duration {
        Duration::from_secs(60).mul_f64(1.0 + 0.5 * self.roll())
    }
}

#[cfg(test)]
mod tests;
