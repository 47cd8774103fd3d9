//! Why nobody is told for now: planned maintenance, or something that a monitor depends on is down.
//!
//! A failing monitor with something it depends on first has that asked, at once: when it is down, its own message names those that
//! depend on it, and they say nothing. When it is well again, they are asked, and who stays down is told then.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use allswell_core::{Now, Wall};

use super::entry::Entry;
use super::{Effect, Engine};
use crate::model::{IncidentId, MonitorId};

/// The longest that a message waits for the answer of what its monitor depends on.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// After how long something that failed once is asked again, when something that depends on it is down.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Why nobody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// Planned maintenance of this name.
    Maintenance(String),
    /// The monitor of this name, which it depends on, is down.
    Parent(String),
    /// Whether one that it depends on is down is not known yet.
    Waiting,
}

impl Silence {
    /// The line of the timeline.
    pub(super) fn line(&self) -> Option<String> {
        match self {
            Self::Maintenance(name) => Some(format!("nobody is told: planned maintenance `{name}`")),
            Self::Parent(name) => {
                Some(format!("nobody is told: caused by `{name}`, which it depends on and which is down"))
            }
            Self::Waiting => None,
        }
    }

    /// The end of the sentence that tells it late: `it began at 02:10 UTC, during planned maintenance`.
    pub(super) fn during(&self) -> Option<String> {
        match self {
            Self::Maintenance(name) => Some(format!("during planned maintenance `{name}`")),
            Self::Parent(name) => Some(format!("while `{name}`, which it depends on, was down")),
            Self::Waiting => None,
        }
    }
}

/// What an entry must know of the others to tell people.
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// Why nobody is told of an outage that begins now.
    pub(super) silence: Option<Silence>,
    /// The names of those that depend on it, are down and say nothing.
    pub(super) dependents: Vec<String>,
    /// Where people find this server's pages.
    pub(super) public_url: Option<String>,
}

/// Who depends on whom.
#[derive(Debug, Default)]
pub(super) struct Family {
    parents: BTreeMap<MonitorId, Vec<MonitorId>>,
    children: BTreeMap<MonitorId, Vec<MonitorId>>,
}

impl Family {
    /// As `entries` name each other.
    pub(super) fn of(entries: &BTreeMap<MonitorId, Entry>) -> Self {
        let by_name: HashMap<&str, MonitorId> =
            entries.iter().map(|(id, entry)| (entry.monitor.name.as_str(), *id)).collect();
        let mut family = Self::default();
        for (id, entry) in entries {
            for parent in entry.monitor.depends_on.iter().filter_map(|name| by_name.get(name.as_str())) {
                family.parents.entry(*id).or_default().push(*parent);
                family.children.entry(*parent).or_default().push(*id);
            }
        }
        family
    }

    /// What `id` depends on.
    fn above(&self, id: MonitorId) -> &[MonitorId] {
        self.parents.get(&id).map_or(&[], Vec::as_slice)
    }

    /// What depends on `id`.
    fn below(&self, id: MonitorId) -> &[MonitorId] {
        self.children.get(&id).map_or(&[], Vec::as_slice)
    }
}

impl Engine {
    /// What there is to know of the others before the entry `id` decides.
    pub(super) fn sight(&mut self, id: MonitorId, now: Now) -> Sight {
        Sight { silence: self.silence(id, now), dependents: self.dependents(id), public_url: self.public_url.clone() }
    }

    /// Why nobody is told of `id` now.
    fn silence(&mut self, id: MonitorId, now: Now) -> Option<Silence> {
        let entry = self.entries.get(&id)?;
        if let Some(name) = &entry.maintenance {
            return Some(Silence::Maintenance(name.clone()));
        }
        let parents: Vec<MonitorId> = self.family.above(id).to_vec();
        let active = |id: &MonitorId| self.entries.get(id).filter(|parent| parent.is_active());
        if let Some(parent) = parents.iter().filter_map(active).find(|parent| parent.is_down()) {
            return Some(Silence::Parent(parent.monitor.name.clone()));
        }
        let waits = self.entries.get(&id).is_some_and(Entry::is_held)
            && parents.into_iter().filter(|parent| self.must_wait(id, *parent, now)).count() > 0;
        waits.then_some(Silence::Waiting)
    }

    /// Whether `child`, which is down, must wait for an answer of `parent`, or for one of its own after `parent` recovered.
    fn must_wait(&mut self, child: MonitorId, parent: MonitorId, now: Now) -> bool {
        let (Some(failing), Some(above)) = (self.entries.get(&child), self.entries.get(&parent)) else { return false };
        if !above.is_active() {
            return false;
        }
        let recovered = above.check.memory().since;
        let (ask, moment) = if !failing.is_awaited() && failing.is_down() && failing.asked < Some(recovered) {
            (child, now.mono)
        } else {
            let since = failing.failing_since();
            let is_known = above.asked >= Some(since) && above.check.memory().failures.length() == 0;
            if above.is_awaited() || is_known || now.wall.since(since) >= WAIT_MAX {
                return false;
            }
            let again = above.asked >= Some(since);
            (parent, if again { now.mono + ASK_AGAIN } else { now.mono })
        };
        self.hasten(ask, moment);
        true
    }

    fn hasten(&mut self, id: MonitorId, moment: allswell_core::Mono) {
        if let Some(entry) = self.entries.get_mut(&id).filter(|entry| entry.check.due() > moment) {
            entry.check.hasten(moment);
            self.due.push(std::cmp::Reverse((entry.check.due(), id)));
        }
    }

    /// The names of those that depend on `id`, are down and say nothing.
    fn dependents(&self, id: MonitorId) -> Vec<String> {
        let children = self.family.below(id).iter().filter_map(|child| self.entries.get(child));
        children.filter(|child| child.is_held()).map(|child| child.monitor.name.clone()).collect()
    }

    /// What follows from the effects of `id`: those that depend on it may be told now, and it is looked at again in time.
    pub(super) fn followed(&mut self, id: MonitorId, mut effects: Vec<Effect>, now: Now) -> Vec<Effect> {
        self.plan(id, now);
        // Itself, when it waits for the answer of what it depends on; and who waited for its own.
        let own = Some(id).filter(|id| !self.family.above(*id).is_empty());
        let concerned: Vec<MonitorId> = own.into_iter().chain(self.family.below(id).iter().copied()).collect();
        for id in concerned {
            if self.entries.get(&id).is_some_and(Entry::is_held) {
                effects.extend(self.tell(id, now));
            }
        }
        effects
    }

    /// Tells what there is to tell of `id` though nothing happened to it.
    fn tell(&mut self, id: MonitorId, now: Now) -> Option<Effect> {
        let sight = self.sight(id, now);
        let effect = self.entries.get_mut(&id)?.tell(now, &sight);
        self.plan(id, now);
        effect
    }

    /// Notes when to look at `id` again.
    fn plan(&mut self, id: MonitorId, now: Now) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        if let Some(before) = entry.wake.take() {
            self.wakes.remove(&(before, id));
        }
        let waits = (entry.silence == Some(Silence::Waiting)).then(|| now.wall + ASK_AGAIN);
        entry.wake = entry.telling_due().into_iter().chain(waits).min();
        self.wakes.extend(entry.wake.map(|wake| (wake, id)));
    }

    /// Whoever is to be looked at now: a reminder is due, a wait is over.
    pub(super) fn wake(&mut self, now: Now) -> Vec<Effect> {
        let mut effects = Vec::new();
        while let Some(&(wake, id)) = self.wakes.first().filter(|(wake, _)| *wake <= now.wall) {
            self.wakes.remove(&(wake, id));
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.wake = None;
            }
            effects.extend(self.tell(id, now));
        }
        effects
    }

    /// Has everybody know which window covers them, and tells what was not told.
    pub(super) fn cover(&mut self, now: Now) -> Vec<Effect> {
        let mut effects = Vec::new();
        for entry in self.entries.values_mut() {
            effects.extend(entry.cover(self.planned.covers(&entry.monitor), now));
        }
        let waiting: Vec<MonitorId> =
            self.entries.iter().filter(|(_, entry)| entry.may_tell()).map(|(id, _)| *id).collect();
        for id in waiting {
            effects.extend(self.tell(id, now));
        }
        effects
    }

    pub(super) fn acknowledged(&mut self, incident: IncidentId, now: Now) -> Vec<Effect> {
        if let Some(entry) = self.entries.get_mut(&incident.monitor) {
            entry.acknowledged(incident);
            self.plan(incident.monitor, now);
        }
        Vec::new()
    }
}

/// When the last asking of a monitor began; earlier than any when there was none.
pub(super) type Asked = Option<Wall>;
