//! Planned maintenance among the edits.

use super::{Draft, Edit, Outcome, Refused, called, whole};
use crate::config::{Covered, Spec, resource};
use crate::model::Maintenance;
use crate::resources::model::{Held, HeldMaintenance, HeldMonitor};
use crate::store::{ResourceKind, ResourceWrite};

/// The most windows of one server.
const WINDOWS_MAX: usize = 1_000;

impl Draft<'_> {
    pub(super) fn take_maintenance(&mut self, edit: Edit) -> Result<Outcome, Refused> {
        let kind = edit.kind;
        let find = |draft: &Self, name: &str| draft.window(name).cloned();
        let before = self.before(kind, edit.name.as_deref(), edit.expected, find)?;
        let Some(given) = edit.given else {
            let name = edit.name.unwrap_or_default();
            self.maintenance.insert(name.clone(), None);
            self.writes.push(ResourceWrite::Delete { kind, name: name.clone() });
            return Ok(Outcome { kind, name, revision: 0 });
        };
        let old = before.as_ref().map(|held| held.spec.spec());
        let mut spec = whole(given, old.as_ref(), |given, _| given);
        if let (Some(name), None) = (&edit.name, spec.get("name")) {
            spec.set("name", Spec::Text(name.clone()));
        }
        let read = resource::maintenance(&spec, self.model.author, Some(&self.covered()))
            .map_err(|problems| Refused::wrong(self.subject(kind, &edit.name), problems))?;
        let name = read.maintenance.name.clone();
        if let Some(old) = edit.name.filter(|old| *old != name) {
            let way_out = "leave `name` out, or create one with the new name and delete this one";
            return Err(Refused::conflict(format!("maintenance keeps its name: this is `{old}`"), way_out));
        }
        let (before, owner) = self.owned(kind, &name, before, edit.owner, find)?;
        if before.is_none() && self.all_windows().len() >= WINDOWS_MAX {
            let why = format!("there are {WINDOWS_MAX} windows of maintenance already");
            return Err(Refused::conflict(why, "delete one first"));
        }
        if let Some(held) = before.filter(|held| held.spec == read.spec && held.owner == owner) {
            return Ok(Outcome { kind, name, revision: held.revision });
        }
        let spec = read.spec.as_str().to_owned();
        self.writes.push(ResourceWrite::Put { kind, name: name.clone(), before: None, owner, spec });
        self.maintenance.insert(name.clone(), Some(Held::new(owner, 0, read.spec, Some(read.maintenance))));
        Ok(Outcome { kind, name, revision: 0 })
    }

    /// Refuses to take away what maintenance covers by its name; monitors have been followed where that can be.
    pub(super) fn windows_hold(&self) -> Result<(), Refused> {
        let windows = self.all_windows();
        if self.changed.is_empty() || windows.is_empty() {
            return Ok(());
        }
        let (before, after) = (covered(self.model.monitors.iter()), self.covered());
        for maintenance in windows {
            if let Some((what, name)) = before.lost(&after, &maintenance) {
                let window = called(ResourceKind::Maintenance, &maintenance.name);
                let why = format!("{window} covers the {what} `{name}`, which would not be there any more");
                return Err(Refused::conflict(why, "take it out of the maintenance first"));
            }
        }
        Ok(())
    }

    /// All windows after the edits.
    pub(super) fn all_windows(&self) -> Vec<Maintenance> {
        let stay = self.model.maintenance.iter().filter(|(name, _)| !self.maintenance.contains_key(*name));
        let held = stay.map(|(_, held)| held).chain(self.maintenance.values().flatten());
        held.filter_map(|held| held.config.clone()).collect()
    }

    pub(super) fn window(&self, name: &str) -> Option<&HeldMaintenance> {
        match self.maintenance.get(name) {
            Some(edited) => edited.as_ref(),
            None => self.model.maintenance.get(name),
        }
    }

    /// What maintenance may cover after the edits.
    pub(super) fn covered(&self) -> Covered {
        let stay = self.model.monitors.iter().filter(|(name, _)| !self.changed.contains_key(*name));
        let edited = self.changed.iter().filter_map(|(name, held)| Some((name, held.as_ref()?)));
        covered(stay.chain(edited))
    }
}

/// What `monitors` are called, and what they belong to.
pub(in crate::resources) fn covered<'m>(monitors: impl Iterator<Item = (&'m String, &'m HeldMonitor)>) -> Covered {
    let mut covered = Covered::default();
    for (name, held) in monitors {
        let config = held.config.as_ref();
        let group = config.and_then(|config| config.group.as_deref());
        covered.add(name, group, config.map(|config| config.tags.clone()).unwrap_or_default());
    }
    covered
}
