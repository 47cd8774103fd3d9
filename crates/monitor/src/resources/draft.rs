//! A change while it is thought over: edits one after the other, each held against what the ones before it left, and nothing
//! of it in force.

mod channels;
mod named;
mod pages;
mod windows;

pub(super) use windows::covered;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::dependencies;
use super::model::{Held, HeldChannel, HeldMaintenance, HeldMonitor, HeldPage, Model};
use super::{Addresses, ChannelSettings, Refused, called};
use crate::config::resource::{self, Known};
use crate::config::{Defaults, MonitorConfig, Spec, Tagged};
use crate::model::{Maintenance, MonitorId};
use crate::plan::asked_every;
use crate::store::{Owner, ResourceKind, ResourceWrite};

/// The most monitors of one server.
const MONITORS_MAX: usize = 100_000;

/// How many users of a channel an error names.
const NAMED_MAX: usize = 5;

/// One thing to change.
#[derive(Clone)]
pub struct Edit {
    /// What it is.
    pub kind: ResourceKind,
    /// Its name; `None` for a new one, which says its name itself.
    pub name: Option<String>,
    /// What it shall be; `None` deletes it.
    pub given: Option<Given>,
    /// Only when this is the number of its last change.
    pub expected: Option<u64>,
    /// Who it belongs to from now on; `None` leaves it with its owner.
    pub owner: Option<Owner>,
}

/// What a resource shall be.
#[derive(Clone)]
pub enum Given {
    /// All of it.
    Whole(Spec),
    /// What is different (RFC 7396).
    Patch(Spec),
}

/// What became of an edit, before it has a number.
pub(super) struct Outcome {
    pub kind: ResourceKind,
    pub name: String,
    /// The number of an earlier change, when the edit changed nothing; else 0.
    pub revision: u64,
}

/// What the edits so far have made of the model.
pub(super) struct Draft<'m> {
    model: &'m Model,
    addresses: &'m Addresses,
    defaults: Option<Option<Held<Defaults>>>,
    channels: BTreeMap<String, Option<HeldChannel>>,
    /// Which channels are told by tag, once that is asked after a channel was changed.
    tagged: OnceCell<Tagged>,
    changed: BTreeMap<String, Option<HeldMonitor>>,
    maintenance: BTreeMap<String, Option<HeldMaintenance>>,
    pages: BTreeMap<String, Option<HeldPage>>,
    /// The old name of each monitor that has another one now.
    renamed: BTreeMap<String, String>,
    written: HashSet<String>,
    writes: Vec<ResourceWrite>,
    added: Vec<String>,
}

/// All that a change does, ready to be committed.
#[derive(Default)]
pub(super) struct Finished {
    pub defaults: Option<Option<Held<Defaults>>>,
    pub channels: BTreeMap<String, Option<HeldChannel>>,
    /// Which channels are told by tag from now on, where a channel was changed.
    pub tagged: Option<Tagged>,
    /// The channels before and after together, where they differ: nothing decided meanwhile may find none.
    pub channels_meanwhile: Option<ChannelSettings>,
    pub changed: BTreeMap<String, Option<HeldMonitor>>,
    pub maintenance: BTreeMap<String, Option<HeldMaintenance>>,
    pub pages: BTreeMap<String, Option<HeldPage>>,
    /// All planned maintenance from now on, where that is different.
    pub windows: Option<Vec<Maintenance>>,
    pub added: Vec<String>,
    pub writes: Vec<ResourceWrite>,
    pub monitors: Vec<MonitorConfig>,
    pub removed: Vec<MonitorId>,
    written: HashSet<String>,
}

impl Finished {
    pub(super) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Whether a monitor was written, and not only read again.
    pub(super) fn is_written(&self, name: &str) -> bool {
        self.written.contains(name)
    }
}

impl<'m> Draft<'m> {
    pub(super) fn new(model: &'m Model, addresses: &'m Addresses) -> Self {
        Self {
            model,
            addresses,
            defaults: None,
            channels: BTreeMap::new(),
            tagged: OnceCell::new(),
            changed: BTreeMap::new(),
            maintenance: BTreeMap::new(),
            pages: BTreeMap::new(),
            renamed: BTreeMap::new(),
            written: HashSet::new(),
            writes: Vec::new(),
            added: Vec::new(),
        }
    }

    /// Thinks one edit over.
    pub(super) fn take(&mut self, edit: Edit) -> Result<Outcome, Refused> {
        match edit.kind {
            ResourceKind::Defaults => self.take_defaults(edit),
            ResourceKind::Channel => self.take_channel(edit),
            ResourceKind::Monitor => self.take_monitor(edit),
            ResourceKind::Maintenance => self.take_maintenance(edit),
            ResourceKind::StatusPage => self.take_page(edit),
        }
    }

    fn take_defaults(&mut self, edit: Edit) -> Result<Outcome, Refused> {
        let name = "defaults".to_owned();
        let before = self.own_defaults().cloned();
        let kind = edit.kind;
        if let (Some(held), Some(expected)) = (&before, edit.expected) {
            fresh(kind, &name, held.revision, expected)?;
        }
        let Some(given) = edit.given else {
            if before.is_some() {
                self.defaults = Some(None);
                self.writes.push(ResourceWrite::Delete { kind, name: name.clone() });
            }
            return Ok(Outcome { kind, name, revision: 0 });
        };
        let old = before.as_ref().map(|held| held.spec.spec());
        let spec = whole(given, old.as_ref(), |given, _| given);
        let (defaults, written) = resource::defaults(&spec, self.model.author, &self.channel_names())
            .map_err(|problems| Refused::wrong(called(kind, &name), problems))?;
        let owner = edit.owner.or(before.as_ref().map(|held| held.owner)).unwrap_or(Owner::Api);
        if let Some(held) = before.filter(|held| held.spec == written && held.owner == owner) {
            return Ok(Outcome { kind, name, revision: held.revision });
        }
        let spec = written.as_str().to_owned();
        self.writes.push(ResourceWrite::Put { kind, name: name.clone(), before: None, owner, spec });
        self.defaults = Some(Some(Held::new(owner, 0, written, defaults)));
        Ok(Outcome { kind, name, revision: 0 })
    }

    fn take_monitor(&mut self, edit: Edit) -> Result<Outcome, Refused> {
        let kind = edit.kind;
        let before =
            self.before(kind, edit.name.as_deref(), edit.expected, |draft, name| draft.monitor(name).cloned())?;
        let Some(given) = edit.given else {
            let name = edit.name.unwrap_or_default();
            self.changed.insert(name.clone(), None);
            self.writes.push(ResourceWrite::Delete { kind, name: name.clone() });
            return Ok(Outcome { kind, name, revision: 0 });
        };
        let old = before.as_ref().map(|held| held.spec.spec());
        let spec = whole(given, old.as_ref(), resource::meant_monitor);
        let mut config = self.read(&spec, &edit.name)?;
        let name = config.name.clone();
        let old_name = edit.name.or_else(|| self.meant_by(&config)).filter(|old| *old != name);
        let before = match &old_name {
            Some(old) => {
                if self.monitor(&name).is_some() {
                    return Err(Refused::taken(kind, &name));
                }
                before.or_else(|| self.monitor(old).cloned())
            }
            None => before,
        };
        let (before, owner) =
            self.owned(kind, &name, before, edit.owner, |draft, name| draft.monitor(name).cloned())?;
        if before.is_none() && self.model.counts().0 + self.added.len() >= MONITORS_MAX {
            return Err(Refused::conflict(format!("there are {MONITORS_MAX} monitors already"), "use another server"));
        }
        self.not_too_often(before.as_ref(), &config)?;
        let is_same = |held: &HeldMonitor| held.spec == config.spec && held.owner == owner && held.config.is_some();
        if let Some(held) = before.as_ref().filter(|held| old_name.is_none() && is_same(held)) {
            return Ok(Outcome { kind, name, revision: held.revision });
        }
        let spec = config.spec.as_str().to_owned();
        self.writes.push(ResourceWrite::Put { kind, name: name.clone(), before: old_name.clone(), owner, spec });
        if let Some(old) = old_name {
            self.changed.insert(old.clone(), None);
            // Renamed twice in one change, it is still the one it was before the first time.
            let first = self.renamed.remove(&old).unwrap_or(old);
            config.renamed_from = Some(first.clone());
            self.renamed.insert(name.clone(), first);
            self.added.push(name.clone());
        } else if before.is_none() {
            config.renamed_from = None;
            self.added.push(name.clone());
        } else {
            config.renamed_from = self.renamed.get(&name).cloned();
        }
        self.written.insert(name.clone());
        let held = Held::new(owner, 0, config.spec.clone(), Some(config));
        self.changed.insert(name.clone(), Some(held));
        Ok(Outcome { kind, name, revision: 0 })
    }

    /// Refuses what is asked more often than the plan allows, and more often than before.
    fn not_too_often(&self, before: Option<&HeldMonitor>, config: &MonitorConfig) -> Result<(), Refused> {
        let Some(plan) = &self.model.plan else { return Ok(()) };
        let before = before.and_then(|held| held.config.as_ref()).and_then(asked_every);
        Ok(plan.allows_interval(before, asked_every(config))?)
    }

    /// Refuses more monitors than the plan allows, and more than before.
    fn not_too_many(&self) -> Result<(), Refused> {
        let Some(plan) = &self.model.plan else { return Ok(()) };
        let before = self.model.counts().0;
        let gone = self.changed.iter().filter(|(name, held)| held.is_none() && self.model.monitors.contains_key(*name));
        let new = self.changed.iter().filter(|(name, held)| held.is_some() && !self.model.monitors.contains_key(*name));
        Ok(plan.allows_count(before, before - gone.count() + new.count())?)
    }

    /// The resource that an edit names, when it may be edited.
    fn before<C>(
        &self,
        kind: ResourceKind,
        name: Option<&str>,
        expected: Option<u64>,
        find: impl Fn(&Self, &str) -> Option<Held<C>>,
    ) -> Result<Option<Held<C>>, Refused> {
        let Some(name) = name else { return Ok(None) };
        let held = find(self, name).ok_or_else(|| Refused::missing(kind, name))?;
        self.not_of_the_file(kind, name, &held)?;
        if let Some(expected) = expected {
            fresh(kind, name, held.revision, expected)?;
        }
        Ok(Some(held))
    }

    fn not_of_the_file<C>(&self, kind: ResourceKind, name: &str, held: &Held<C>) -> Result<(), Refused> {
        if held.owner == Owner::File {
            return Err(Refused::OfFile { what: called(kind, name), file: self.model.file().to_owned() });
        }
        Ok(())
    }

    /// Who owns a resource from now on, and what it was; refuses a new one whose name is taken. Who applies a configuration
    /// takes over what has its name.
    fn owned<C>(
        &self,
        kind: ResourceKind,
        name: &str,
        before: Option<Held<C>>,
        owner: Option<Owner>,
        find: impl Fn(&Self, &str) -> Option<Held<C>>,
    ) -> Result<(Option<Held<C>>, Owner), Refused> {
        if let Some(held) = before {
            self.not_of_the_file(kind, name, &held)?;
            let owner = owner.unwrap_or(held.owner);
            return Ok((Some(held), owner));
        }
        match (find(self, name), owner) {
            (Some(held), Some(Owner::Apply)) => {
                self.not_of_the_file(kind, name, &held)?;
                Ok((Some(held), Owner::Apply))
            }
            (Some(_), _) => Err(Refused::taken(kind, name)),
            (None, owner) => Ok((None, owner.unwrap_or(Owner::Api))),
        }
    }

    /// The monitor that a new one says it was before, when it may be meant.
    fn meant_by(&self, config: &MonitorConfig) -> Option<String> {
        let old = config.renamed_from.as_ref().filter(|_| self.monitor(&config.name).is_none())?;
        self.monitor(old).filter(|held| held.owner != Owner::File).map(|_| old.clone())
    }

    fn read(&self, spec: &Spec, name: &Option<String>) -> Result<MonitorConfig, Refused> {
        let channels = self.channel_names();
        let known = Known { channels: &channels, defaults: self.defaults_in_force(), tagged: self.tagged() };
        let kind = ResourceKind::Monitor;
        resource::monitor(spec, self.model.author, &known).map_err(|problems| {
            let written = name.clone().or_else(|| spec.text("name").map(str::to_owned));
            Refused::wrong(self.subject(kind, &written), problems)
        })
    }

    fn subject(&self, kind: ResourceKind, name: &Option<String>) -> String {
        match name {
            Some(name) => called(kind, &name.chars().take(128).collect::<String>()),
            None => format!("the {}", kind.title()),
        }
    }

    /// All edits were taken: reads again what depends on them, and gathers what is to be done.
    pub(super) fn finish(mut self) -> Result<Finished, Refused> {
        self.channels_are_not_missed()?;
        self.dependencies_hold()?;
        self.names_follow()?;
        self.windows_hold()?;
        self.pages_hold()?;
        if self.defaults.is_some() || self.tagged() != self.model.tagged() {
            self.read_again()?;
        }
        self.not_too_many()?;
        Ok(self.finished())
    }

    /// What is to be done.
    fn finished(mut self) -> Finished {
        let monitors = self.changed.values().flatten().filter_map(|held| held.config.clone()).collect();
        let kept: BTreeSet<&String> = self.renamed.values().collect();
        let gone = self.changed.iter().filter(|(name, held)| held.is_none() && !kept.contains(name));
        let removed = gone.filter_map(|(name, _)| self.model.id(name)).collect();
        let tagged = (!self.channels.is_empty()).then(|| self.tagged().clone());
        let channels_meanwhile = (!self.channels.is_empty()).then(|| self.channels_meanwhile());
        self.added.retain(|name| self.changed.get(name).is_some_and(Option::is_some));
        let windows = (!self.maintenance.is_empty()).then(|| self.all_windows());
        let Self { defaults, channels, changed, maintenance, pages, written, writes, added, .. } = self;
        Finished {
            defaults,
            channels,
            tagged,
            channels_meanwhile,
            changed,
            maintenance,
            pages,
            windows,
            added,
            writes,
            monitors,
            removed,
            written,
        }
    }

    /// Refuses what would leave a monitor depending on one that is not there, or on itself.
    fn dependencies_hold(&self) -> Result<(), Refused> {
        if self.changed.is_empty() {
            return Ok(());
        }
        let names = self.model.monitors.keys().filter(|name| !self.changed.contains_key(*name));
        let names = names.chain(self.changed.iter().filter(|(_, held)| held.is_some()).map(|(name, _)| name));
        let above = |name: &'_ String| {
            let config = self.monitor(name).and_then(|held| held.config.as_ref());
            config.map_or_else(Vec::new, |config| config.depends_on.iter().map(String::as_str).collect())
        };
        dependencies::hold(names.map(|name| (name.as_str(), above(name))).collect())
    }

    /// Reads every monitor again that inherits from the defaults; those that are set aside come back where they can be read now.
    fn read_again(&mut self) -> Result<(), Refused> {
        let names = self.model.monitors.iter().filter(|(_, held)| held.owner != Owner::File).map(|(name, _)| name);
        let names: BTreeSet<String> = names.chain(self.changed.keys()).cloned().collect();
        for name in names {
            let Some(held) = self.monitor(&name).cloned() else { continue };
            let renamed_from = held.config.as_ref().and_then(|config| config.renamed_from.clone());
            let read = self.read(&held.spec.spec(), &Some(name.clone()));
            let read = read.and_then(|config| self.not_too_often(Some(&held), &config).map(|()| config));
            let config = match read {
                Ok(config) => MonitorConfig { renamed_from, ..config },
                // One that is set aside already is no reason to refuse what others wait for.
                Err(_) if held.config.is_none() => continue,
                Err(refused) => return Err(refused),
            };
            self.changed.insert(name, Some(Held { config: Some(config), problem: None, ..held }));
        }
        Ok(())
    }

    /// No edit: every monitor that has another interval when it is read again, because it inherits it.
    pub(super) fn with_other_intervals(mut self) -> Finished {
        for (name, held) in &self.model.monitors {
            let Some(config) = held.config.as_ref().filter(|_| held.owner != Owner::File) else { continue };
            // What cannot be read any more goes on as it is.
            let Ok(read) = self.read(&held.spec.spec(), &Some(name.clone())) else { continue };
            if read.policy.interval != config.policy.interval {
                let read = MonitorConfig { renamed_from: config.renamed_from.clone(), ..read };
                self.changed.insert(name.clone(), Some(Held { config: Some(read), ..held.clone() }));
            }
        }
        self.finished()
    }

    fn own_defaults(&self) -> Option<&Held<Defaults>> {
        match &self.defaults {
            Some(changed) => changed.as_ref(),
            None => self.model.own_defaults.as_ref(),
        }
    }

    fn defaults_in_force(&self) -> &Defaults {
        self.own_defaults().map_or(self.model.file_defaults(), |held| &held.config)
    }

    fn channel(&self, name: &str) -> Option<&HeldChannel> {
        self.channels.get(name).map_or_else(|| self.model.channels.get(name), Option::as_ref)
    }

    fn monitor(&self, name: &str) -> Option<&HeldMonitor> {
        self.changed.get(name).map_or_else(|| self.model.monitors.get(name), Option::as_ref)
    }

    fn channel_names(&self) -> BTreeSet<&str> {
        let kept = self.model.channels.keys().filter(|name| !self.channels.contains_key(*name));
        let new = self.channels.iter().filter(|(_, held)| held.is_some()).map(|(name, _)| name);
        kept.chain(new).map(String::as_str).collect()
    }
}

/// All of what a resource shall be; `meant` puts secrets in place of their masks.
fn whole(given: Given, old: Option<&Spec>, meant: impl Fn(Spec, &Spec) -> Spec) -> Spec {
    match (given, old) {
        (Given::Whole(spec), Some(old)) => meant(spec, old),
        (Given::Whole(spec), None) => spec,
        (Given::Patch(patch), old) => {
            let mut spec = old.cloned().unwrap_or_else(Spec::empty);
            spec.patch(patch);
            match old {
                Some(old) => meant(spec, old),
                None => spec,
            }
        }
    }
}

fn fresh(kind: ResourceKind, name: &str, revision: u64, expected: u64) -> Result<(), Refused> {
    if revision == expected {
        return Ok(());
    }
    Err(Refused::Stale { what: called(kind, name), revision })
}
