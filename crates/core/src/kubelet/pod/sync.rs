//! What one sync of the pod does: status, triggers, kills.

use super::life::Life;
use super::slot::{Finished, Slot};
use super::{Action, Note, Pod};
use crate::Now;
use crate::kubelet::grace::Why;
use crate::kubelet::worker::{Answer, Cached, Container, Kind, State, View};
use crate::kubelet::{action, status};

impl Pod {
    /// Does what is due until nothing is.
    pub(super) fn settle(&mut self, now: Now, actions: &mut Vec<Action>) {
        loop {
            let mut busy = self.live(now, actions);
            if self.resync_at <= now.mono {
                self.resync_at = now.mono + self.resync_after();
                self.dirty = true;
            }
            if std::mem::take(&mut self.dirty) {
                self.sync(now, actions);
                busy = true;
            }
            busy |= self.look(now, actions);
            if !busy || self.life.is_over() {
                return;
            }
        }
    }

    /// Takes the answer of one asking.
    pub(super) fn answered(&mut self, kind: Kind, answer: Answer, actions: &mut Vec<Action>) {
        let Some(slot) = &mut self.slots[kind as usize] else {
            return;
        };
        match slot.finish(answer) {
            Finished::Again => actions.push(Action::Ask(kind)),
            Finished::Done { changed } => {
                let cached = slot.worker.cached(self.instances);
                self.dirty |= changed && asks_for_sync(kind, cached);
            }
        }
    }

    /// Lets every worker look whose time has come. Returns whether one did.
    fn look(&mut self, now: Now, actions: &mut Vec<Action>) -> bool {
        let view = self.view();
        let mut looked = false;
        for kind in Kind::ALL {
            let Some(slot) = self.slots[kind as usize].as_mut().filter(|s| s.is_free() && s.next() <= now.mono) else {
                continue;
            };
            looked = true;
            let before = slot.worker.cached(self.instances);
            if slot.look(now, &view) {
                actions.push(Action::Ask(kind));
            }
            let after = slot.worker.cached(self.instances);
            self.dirty |= before != after && asks_for_sync(kind, after);
        }
        looked
    }

    /// Brings the status up to date and acts on it: `UpdatePodStatus`, then `computePodActions`.
    fn sync(&mut self, now: Now, actions: &mut Vec<Action>) {
        self.update_status(actions);
        let Life::Running { .. } = self.life else {
            return;
        };
        if self.started
            && !self.ready
            && let Some(slot) = &mut self.slots[Kind::Readiness as usize]
        {
            slot.trigger();
        }
        let cached = |kind| self.slot(kind).and_then(|slot: &Slot| slot.worker.cached(self.instances));
        let kill = action::kill(cached(Kind::Liveness), cached(Kind::Startup), self.plan.restart);
        if let Some(kill) = kill.filter(|_| self.deleted.is_none()) {
            self.stop(now, Why::Probe(kill.by), actions);
        }
    }

    fn update_status(&mut self, actions: &mut Vec<Action>) {
        let running = matches!(self.state(), Some(State::Running { .. }));
        let (startup, readiness) = (self.probed(Kind::Startup), self.probed(Kind::Readiness));
        let started = status::started(running, startup);
        if started && !self.started && self.plan.startup.is_some() {
            actions.push(Action::Tell(Note::StartupDone));
        }
        self.started = started;
        let ready = status::ready(running, startup, readiness);
        if ready != self.ready {
            self.ready = ready;
            // The change is written to the API server, which brings the pod back for another sync.
            self.dirty = true;
            actions.push(Action::Tell(if ready { Note::Ready } else { Note::Unready }));
        }
    }

    fn view(&self) -> View {
        let container =
            self.state().map(|state| Container { id: self.instances, state, started: self.started, sidecar: false });
        View { over: self.life.is_over(), stopping: self.deleted.is_some(), container }
    }

    /// What the status says of the newest instance; `None` before the first.
    fn state(&self) -> Option<State> {
        match self.life {
            Life::Running { started_at } | Life::Dying { started_at, .. } => Some(State::Running { started_at }),
            Life::Stopping(stop) => Some(State::Running { started_at: stop.started_at }),
            _ if self.instances == 0 => None,
            _ => Some(State::Waiting),
        }
    }
}

/// The sync loop takes every change of readiness and startup, and failures of liveness.
fn asks_for_sync(kind: Kind, cached: Option<Cached>) -> bool {
    kind != Kind::Liveness || cached == Some(Cached::Failure)
}
