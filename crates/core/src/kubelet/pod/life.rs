//! What the container is doing, and how it is stopped: `killContainer`.

use std::time::Duration;

use super::{Action, Note, Pod};
use crate::kubelet::action;
use crate::kubelet::grace::{self, Why};
use crate::kubelet::worker::Kind;
use crate::{Mono, Now, Wall};

/// What the container is doing.
#[derive(Clone, Copy, Debug)]
pub(super) enum Life {
    /// Never started.
    Waiting { start_at: Mono },
    /// The process was asked for.
    Starting,
    /// It runs.
    Running { started_at: Wall },
    /// It is being killed.
    Stopping(Stop),
    /// It has ended, and the kubelet has not noticed yet.
    Dying { started_at: Wall, finished: Mono, code: i32, seen_at: Mono },
    /// It has ended and waits to be started again.
    Dead { try_at: Mono },
    /// Nothing will happen any more.
    Over,
}

/// A kill under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    pub(super) started_at: Wall,
    since: Mono,
    grace: Duration,
    /// Until when the preStop hook may run; `None` when it is over.
    hook_until: Option<Mono>,
    /// When SIGKILL follows; `None` before SIGTERM and after SIGKILL.
    kill_at: Option<Mono>,
}

impl Life {
    pub(super) const fn is_over(&self) -> bool {
        matches!(self, Self::Over)
    }

    /// When it changes by itself.
    pub(super) fn due(&self) -> Option<Mono> {
        match self {
            Self::Waiting { start_at } => Some(*start_at),
            Self::Dying { seen_at, .. } => Some(*seen_at),
            Self::Dead { try_at } => Some(*try_at),
            Self::Stopping(stop) => stop.hook_until.or(stop.kill_at),
            Self::Starting | Self::Running { .. } | Self::Over => None,
        }
    }
}

impl Pod {
    /// The process runs.
    pub(super) fn began(&mut self, now: Now, actions: &mut Vec<Action>) {
        if !matches!(self.life, Life::Starting) {
            return;
        }
        self.instances += 1;
        self.life = Life::Running { started_at: now.wall };
        self.dirty = true;
        actions.push(Action::Tell(Note::Started { restarts: self.restarts() }));
        if self.deleted.is_some() {
            self.stop(now, Why::Deleted { grace_s: self.deleted.flatten() }, actions);
        }
    }

    /// The process ended.
    pub(super) fn ended(&mut self, now: Now, code: i32, actions: &mut Vec<Action>) {
        actions.push(Action::Tell(Note::Exited { code }));
        match self.life {
            Life::Running { started_at } => {
                let seen_at = self.next_relist(now.mono);
                self.life = Life::Dying { started_at, finished: now.mono, code, seen_at };
            }
            Life::Stopping(_) if self.deleted.is_none() && self.restarts_after(code) => {
                // The back-off looks at the death before this one: this one is not known in this sync.
                self.start_or_wait(now.mono, actions);
                self.known_death = Some(now.mono);
            }
            Life::Starting => {
                self.instances += 1;
                self.life =
                    Life::Dying { started_at: now.wall, finished: now.mono, code, seen_at: self.next_relist(now.mono) };
            }
            _ => self.finish_all(actions),
        }
        self.dirty = true;
    }

    /// Somebody deletes the pod.
    pub(super) fn delete(&mut self, now: Now, grace_s: Option<i64>, actions: &mut Vec<Action>) {
        if self.deleted.is_some() || self.life.is_over() {
            return;
        }
        self.deleted = Some(grace_s);
        for kind in [Kind::Startup, Kind::Liveness] {
            if let Some(slot) = &mut self.slots[kind as usize] {
                slot.end();
            }
        }
        match self.life {
            Life::Running { .. } => self.stop(now, Why::Deleted { grace_s }, actions),
            Life::Stopping(_) | Life::Starting => {}
            _ => self.finish_all(actions),
        }
        self.dirty = true;
    }

    /// Begins to kill the container: the hook first when there is one, inside the grace.
    pub(super) fn stop(&mut self, now: Now, why: Why, actions: &mut Vec<Action>) {
        let Life::Running { started_at } = self.life else {
            return;
        };
        let grace = grace::period(self.plan.grace_s, self.plan.liveness.as_ref(), self.plan.startup.as_ref(), why);
        let by = match why {
            Why::Probe(kind) => Some(kind),
            _ => None,
        };
        actions.push(Action::Tell(Note::Killing { by, grace }));
        let hook = self.plan.pre_stop && !grace.is_zero();
        let hook_until = hook.then(|| now.mono + grace);
        self.life = Life::Stopping(Stop { started_at, since: now.mono, grace, hook_until, kill_at: None });
        if hook {
            actions.push(Action::Hook);
        } else {
            self.send_term(now, actions);
        }
    }

    /// The hook is over, or its time is.
    pub(super) fn terminate(&mut self, now: Now, actions: &mut Vec<Action>) {
        if matches!(self.life, Life::Stopping(Stop { hook_until: Some(_), .. })) {
            self.send_term(now, actions);
        }
    }

    fn send_term(&mut self, now: Now, actions: &mut Vec<Action>) {
        if let Life::Stopping(stop) = &mut self.life {
            stop.hook_until = None;
            stop.kill_at = Some(now.mono + grace::after_hook(stop.grace, now.mono.since(stop.since)));
            actions.push(Action::Terminate);
        }
    }

    /// Does what fell due on the way of the container. Returns whether anything did.
    pub(super) fn live(&mut self, now: Now, actions: &mut Vec<Action>) -> bool {
        if self.life.due().is_none_or(|due| due > now.mono) {
            return false;
        }
        match &mut self.life {
            Life::Waiting { .. } => self.start(actions),
            Life::Dying { finished, code, .. } => {
                let (finished, code) = (*finished, *code);
                self.known_death = Some(finished);
                if self.restarts_after(code) && self.deleted.is_none() {
                    self.start_or_wait(now.mono, actions);
                } else {
                    self.finish_all(actions);
                }
                self.dirty = true;
            }
            Life::Dead { .. } => self.start_or_wait(now.mono, actions),
            Life::Stopping(Stop { hook_until: Some(_), .. }) => self.on_hook_overdue(now, actions),
            Life::Stopping(stop) => {
                stop.kill_at = None;
                actions.extend([Action::Tell(Note::GraceOver), Action::Kill]);
            }
            Life::Starting | Life::Running { .. } | Life::Over => return false,
        }
        true
    }

    fn on_hook_overdue(&mut self, now: Now, actions: &mut Vec<Action>) {
        self.terminate(now, actions);
    }

    fn restarts_after(&self, code: i32) -> bool {
        action::will_restart(self.plan.restart, &self.plan.rules, code)
    }

    fn start(&mut self, actions: &mut Vec<Action>) {
        self.life = Life::Starting;
        actions.push(Action::Start);
    }

    /// Starts the container again, or lets it wait: `doBackOff`.
    fn start_or_wait(&mut self, now: Mono, actions: &mut Vec<Action>) {
        let Some(finished) = self.known_death else {
            return self.start(actions);
        };
        let Some(until) = self.waits.waits_until(now, finished) else {
            self.waits.step(now, finished);
            return self.start(actions);
        };
        // The pod worker comes back after what is left and up to half as much again, at most one resync later.
        let left = until.since(now).mul_f64(1.0 + 0.5 * self.roll());
        let try_at = now + left.min(self.resync_after());
        if !matches!(self.life, Life::Dead { .. }) {
            actions.push(Action::Tell(Note::BackOff { delay: self.waits.delay(), until: try_at }));
        }
        self.life = Life::Dead { try_at };
    }

    fn finish_all(&mut self, actions: &mut Vec<Action>) {
        if self.life.is_over() {
            return;
        }
        self.life = Life::Over;
        self.started = false;
        if std::mem::take(&mut self.ready) {
            actions.push(Action::Tell(Note::Unready));
        }
        self.slots.iter_mut().flatten().for_each(super::slot::Slot::end);
        actions.push(Action::Tell(Note::Over));
    }

    /// The kubelet lists what runs once a second: `genericPlegRelistPeriod`.
    fn next_relist(&self, now: Mono) -> Mono {
        let since = now.since(self.created.mono + self.chance.relist);
        self.created.mono + self.chance.relist + Duration::from_secs(since.as_secs() + 1)
    }
}
