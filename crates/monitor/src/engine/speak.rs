//! What an entry says: the difference between what is true and what people were told, as messages.

use allswell_core::check::Status;
use allswell_core::telling::Telling;
use allswell_core::telling::{Open, Situation};
use allswell_core::{Now, Reason, Wall, incident};
use allswell_probe::Answer;

use super::entry::Entry;
use super::silence::{Sight, Silence};
use super::{Effect, tell};
use crate::model::IncidentId;
use crate::notification::VersionChange;
use crate::store::{Decision, OpenIncident};

/// What was seen when something changed.
#[derive(Debug)]
pub(super) struct Fresh {
    pub(super) cause: String,
    pub(super) answer: Answer,
    pub(super) version_change: Option<VersionChange>,
    pub(super) reason: Option<Reason>,
}

impl Entry {
    /// Whether it is confirmed that it does not do its job.
    pub(super) fn is_down(&self) -> bool {
        self.is_active() && self.check.memory().confirmed == Status::Down
    }

    /// Whether something is wrong with it that people were not told.
    pub(super) fn is_held(&self) -> bool {
        self.incident.is_some() && self.telling.told.is_none()
    }

    /// Whether there may be something to tell though nothing happens.
    pub(super) fn may_tell(&self) -> bool {
        self.incident.is_some() || self.telling.told.is_some()
    }

    /// When the incident was confirmed; long ago when an earlier process did so, or there is none.
    pub(super) fn failing_since(&self) -> Wall {
        self.opened.unwrap_or_default()
    }

    /// When there is something to tell though nothing happens.
    pub(super) fn telling_due(&self) -> Option<Wall> {
        let silent = self.maintenance.is_some() || !self.is_active();
        self.telling.due(self.situation(silent), self.monitor.telling)
    }

    /// Takes note that somebody sees to `incident`.
    pub(super) fn acknowledged(&mut self, incident: IncidentId) {
        if let Some(open) = self.incident.as_mut().filter(|open| open.id == incident) {
            open.acknowledged = true;
        }
    }

    /// Takes note of the window that covers it; decides when that is news.
    pub(super) fn cover(&mut self, window: Option<&str>, now: Now) -> Option<Effect> {
        let is_news = self.maintenance.is_some() != window.is_some();
        self.maintenance = window.map(str::to_owned);
        is_news.then(|| {
            let mut decision = Decision::nothing(self.monitor.id, now.wall, *self.check.memory());
            decision.maintenance = Some(self.maintenance.clone());
            Effect::Decide(Box::new(decision))
        })
    }

    /// Takes note of what `told` does to the incident, which is `open` now or was before it closed.
    pub(super) fn changed(&mut self, told: incident::Change, open: &OpenIncident, now: Now, sight: &Sight) {
        let closes = told == incident::Change::Close;
        let opens = matches!(told, incident::Change::Open(_));
        if closes || opens {
            self.telling.changed(opens, sight.silence.is_some(), now.wall, self.monitor.telling);
        }
        if opens {
            self.opened = Some(now.wall);
        }
        self.incident = (!closes).then(|| open.clone());
    }

    /// Tells what there is to tell though nothing happened.
    pub(super) fn tell(&mut self, now: Now, sight: &Sight) -> Option<Effect> {
        let mut decision = Decision::nothing(self.monitor.id, now.wall, *self.check.memory());
        let before = self.telling.clone();
        let seen = self.seen.take().filter(|_| self.incident.is_some());
        self.speak(&mut decision, before, seen.as_ref(), sight.silence.as_ref(), now, sight);
        self.seen = seen.filter(|_| self.is_held());
        let is_news = decision.telling.is_some() || decision.silence.is_some();
        is_news.then(|| Effect::Decide(Box::new(decision)))
    }

    /// Puts into `decision` what people must be told now, or why they are not told, when that is news. `before` is what they
    /// had been told before anything happened.
    pub(super) fn speak(
        &mut self,
        decision: &mut Decision,
        before: Telling,
        fresh: Option<&Fresh>,
        silence: Option<&Silence>,
        now: Now,
        sight: &Sight,
    ) {
        // What depends on others keeps silent about its outage only: people who know of it learn that it is over.
        let silence = silence.filter(|silence| matches!(silence, Silence::Maintenance(_)) || self.is_held());
        let silent = silence.is_some() || !self.is_active();
        let said = self.telling.follow(now.wall, self.situation(silent), self.monitor.telling);
        let late = self.silence.as_ref().and_then(Silence::during);
        for say in said {
            let facts = tell::Facts {
                monitor: &self.monitor,
                incident: self.incident.as_ref(),
                fresh,
                late: late.clone(),
                well_since: self.check.memory().since,
                at: now.wall,
                sight,
            };
            decision.outbox.extend(tell::messages(say, &facts, self.seq));
        }
        self.note_silence(decision, silence);
        decision.telling = (self.telling != before).then(|| self.telling.clone());
    }

    /// Remembers why nobody is told, for the message that tells why it is late, and has the timeline say so once.
    fn note_silence(&mut self, decision: &mut Decision, silence: Option<&Silence>) {
        // Waiting for an answer is a matter of moments, and no reason that people must know of.
        let waits =
            silence == Some(&Silence::Waiting) && self.silence.as_ref().is_some_and(|known| *known != Silence::Waiting);
        if waits || self.silence.as_ref() == silence {
            return;
        }
        self.silence = silence.cloned();
        // What an earlier process opened has its line.
        let open = self.incident.as_ref().filter(|_| self.opened.is_some() && self.is_held());
        decision.silence = open.zip(silence.and_then(Silence::line)).map(|(open, line)| (open.id, line));
    }

    fn situation(&self, silent: bool) -> Situation {
        let open = self.incident.as_ref().map(|open| Open {
            seq: open.id.seq,
            kind: open.kind,
            began: open.began,
            acknowledged: open.acknowledged,
        });
        Situation { open, silent }
    }
}
