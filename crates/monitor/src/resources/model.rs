//! The resources in force, in memory: what is read, what it was read from, and whose it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::draft::{Finished, Outcome};
use super::{Addresses, ChannelSettings, Edited, Refused, Shown, called, plan};
use crate::config::resource::{self, Known};
use crate::config::{
    Author, ChannelConfig, Config, Defaults, FieldProblem, MaintenanceConfig, MonitorConfig, PageHost, Spec,
    StatusPageConfig, Tagged, Written,
};
use crate::model::{Gathering, Maintenance, MonitorId};
use crate::plan::Plan;
use crate::status_page::Page;
use crate::store::{Enlistment, Owner, ResourceKind, StoredResource};

/// A resource as the store keeps it.
#[derive(Clone)]
pub(super) struct Stored {
    pub kind: ResourceKind,
    pub name: String,
    pub owner: Owner,
    pub revision: u64,
    pub spec: Written,
}

impl From<StoredResource> for Stored {
    fn from(stored: StoredResource) -> Self {
        let StoredResource { kind, name, owner, revision, spec } = stored;
        Self { kind, name, owner, revision, spec: Written::stored(&spec) }
    }
}

/// A resource in force.
#[derive(Clone)]
pub(super) struct Held<C> {
    pub owner: Owner,
    pub revision: u64,
    pub spec: Written,
    /// What was read from it.
    pub config: C,
    /// Why it cannot be used, when it cannot.
    pub problem: Option<String>,
    /// The monitor's number, once it has one.
    pub id: Option<MonitorId>,
}

impl<C> Held<C> {
    pub(super) fn new(owner: Owner, revision: u64, spec: Written, config: C) -> Self {
        Self { owner, revision, spec, config, problem: None, id: None }
    }
}

/// A monitor, and what was read from it; `None` when it could not be.
pub(super) type HeldMonitor = Held<Option<MonitorConfig>>;
/// A channel.
pub(super) type HeldChannel = Held<Option<ChannelConfig>>;

/// Planned maintenance.
pub(super) type HeldMaintenance = Held<Option<Maintenance>>;

/// A status page.
pub(super) type HeldPage = Held<Option<Page>>;

/// All of them.
#[derive(Default)]
pub(super) struct Model {
    /// Who writes what is not the file's.
    pub(super) author: Author,
    /// By which the account is kept.
    pub(super) plan: Option<Plan>,
    file: Option<String>,
    file_defaults: Defaults,
    /// The interval that the file says, whatever the plan allows.
    file_interval: Duration,
    /// How long messages wait for each other, as the file says.
    gather: Duration,
    /// What pages depend on, as the file says.
    host: PageHost,
    pub(super) own_defaults: Option<Held<Defaults>>,
    pub(super) channels: BTreeMap<String, HeldChannel>,
    /// Which channels are told by tag.
    tagged: Tagged,
    pub(super) monitors: BTreeMap<String, HeldMonitor>,
    pub(super) maintenance: BTreeMap<String, HeldMaintenance>,
    pub(super) pages: BTreeMap<String, HeldPage>,
    /// The names of the file's monitors in the order of the file, then all others.
    order: Vec<String>,
    numbers: HashMap<MonitorId, String>,
    /// Stored ones that are not in force: not read yet, or the file names the same.
    waiting: Vec<Stored>,
}

impl Model {
    /// Nothing in force yet.
    pub(super) fn stored(author: Author, waiting: Vec<Stored>) -> Self {
        let file_interval = Defaults::default().interval;
        Self { author, waiting, file_interval, ..Self::default() }
    }

    /// The same resources of the store beside those of another file.
    pub(super) fn with_file(&self, config: Config) -> Self {
        let Config { monitors, channels, maintenance, status_pages, defaults, origin, server, .. } = config;
        let author = self.author;
        let host = PageHost::from(&server);
        let (gather, file_interval) = (server.gather, defaults.interval);
        let mut next =
            Self { author, file: origin, file_defaults: defaults, file_interval, gather, host, ..Self::default() };
        next.keep_to(self.plan.clone());
        for (name, channel) in channels {
            channel.enter(&name, &mut next.tagged);
            next.channels.insert(name, Held::new(Owner::File, 0, channel.spec.clone(), Some(channel)));
        }
        for config in monitors {
            next.order.push(config.name.clone());
            let held = Held::new(Owner::File, 0, config.spec.clone(), Some(config.clone()));
            next.monitors.insert(config.name, held);
        }
        for MaintenanceConfig { maintenance, spec } in maintenance {
            let name = maintenance.name.clone();
            next.maintenance.insert(name, Held::new(Owner::File, 0, spec, Some(maintenance)));
        }
        for StatusPageConfig { page, spec } in status_pages {
            next.pages.insert(page.slug.clone(), Held::new(Owner::File, 0, spec, Some(page)));
        }
        let mut stored = self.all_stored();
        stored.sort_by_key(|stored| stored.kind);
        for stored in stored {
            next.enter(stored, self);
        }
        next
    }

    /// Keeps what is written from now on to `plan`; what is there stays.
    pub(super) fn keep_to(&mut self, plan: Option<Plan>) {
        let least = plan.as_ref().and_then(|plan| plan.limits.min_interval).unwrap_or_default();
        self.file_defaults.interval = self.file_interval.max(least);
        self.plan = plan;
    }

    fn all_stored(&self) -> Vec<Stored> {
        let of = |kind, name: &str, owner, revision, spec: &Written| Stored {
            kind,
            name: name.to_owned(),
            owner,
            revision,
            spec: spec.clone(),
        };
        let defaults = self
            .own_defaults
            .iter()
            .map(|held| of(ResourceKind::Defaults, "defaults", held.owner, held.revision, &held.spec));
        let channels = self.channels.iter().filter(|(_, held)| held.owner != Owner::File);
        let channels =
            channels.map(|(name, held)| of(ResourceKind::Channel, name, held.owner, held.revision, &held.spec));
        let monitors = self.order.iter().filter_map(|name| Some((name, self.monitors.get(name)?)));
        let monitors = monitors.filter(|(_, held)| held.owner != Owner::File);
        let monitors =
            monitors.map(|(name, held)| of(ResourceKind::Monitor, name, held.owner, held.revision, &held.spec));
        let maintenance = self.maintenance.iter().filter(|(_, held)| held.owner != Owner::File);
        let maintenance =
            maintenance.map(|(name, held)| of(ResourceKind::Maintenance, name, held.owner, held.revision, &held.spec));
        let pages = self.pages.iter().filter(|(_, held)| held.owner != Owner::File);
        let pages = pages.map(|(name, held)| of(ResourceKind::StatusPage, name, held.owner, held.revision, &held.spec));
        let all = self.waiting.iter().cloned().chain(defaults).chain(channels).chain(monitors);
        all.chain(maintenance).chain(pages).collect()
    }

    /// Puts a stored resource in force; what `before` has read of it need not be read again.
    fn enter(&mut self, stored: Stored, before: &Self) {
        match stored.kind {
            ResourceKind::Defaults => {
                let read = resource::defaults(&stored.spec.spec(), self.author, &self.channel_names());
                let (config, problem) = match read {
                    Ok((defaults, _)) => (defaults, None),
                    Err(problems) => (self.file_defaults.clone(), Some(sentence(&problems))),
                };
                let held = Held::new(stored.owner, stored.revision, stored.spec, config);
                self.own_defaults = Some(Held { problem, ..held });
            }
            ResourceKind::Channel if self.channels.contains_key(&stored.name) => self.waiting.push(stored),
            ResourceKind::Channel => {
                let mut spec = stored.spec.spec();
                spec.set("name", Spec::Text(stored.name.clone()));
                let (config, problem) = match resource::channel(&spec, self.author) {
                    Ok((_, channel)) => {
                        channel.enter(&stored.name, &mut self.tagged);
                        (Some(channel), None)
                    }
                    Err(problems) => (None, Some(sentence(&problems))),
                };
                let held = Held { problem, ..Held::new(stored.owner, stored.revision, stored.spec, config) };
                self.channels.insert(stored.name, held);
            }
            ResourceKind::Monitor if self.monitors.contains_key(&stored.name) => self.waiting.push(stored),
            ResourceKind::Monitor => {
                let held = self.read(&stored, before);
                self.order.push(stored.name.clone());
                self.monitors.insert(stored.name, held);
            }
            ResourceKind::Maintenance if self.maintenance.contains_key(&stored.name) => self.waiting.push(stored),
            ResourceKind::Maintenance => {
                // It covers those of its names that are there: what the file has no more is no reason to tell of the others.
                let (config, problem) = match resource::maintenance(&stored.spec.spec(), self.author, None) {
                    Ok(read) => (Some(read.maintenance), None),
                    Err(problems) => (None, Some(sentence(&problems))),
                };
                let held = Held { problem, ..Held::new(stored.owner, stored.revision, stored.spec, config) };
                self.maintenance.insert(stored.name, held);
            }
            ResourceKind::StatusPage if self.pages.contains_key(&stored.name) => self.waiting.push(stored),
            ResourceKind::StatusPage => {
                // A relay that is taken away takes no page with it: nobody is written to then.
                let host = PageHost { has_mail: true, ..self.host.clone() };
                let (spec, author) = (stored.spec.spec(), self.author);
                let (config, problem) = match resource::status_page(&spec, author, &host, self.pages(), None) {
                    Ok(read) => (Some(read.page), None),
                    Err(problems) => (None, Some(sentence(&problems))),
                };
                let held = Held { problem, ..Held::new(stored.owner, stored.revision, stored.spec, config) };
                self.pages.insert(stored.name, held);
            }
        }
    }

    fn read(&self, stored: &Stored, before: &Self) -> HeldMonitor {
        let known = before.monitors.get(&stored.name).filter(|held| {
            let is_same = held.revision == stored.revision && held.owner == stored.owner;
            is_same && !held.spec.refers() && self.knows_the_same(before) && held.problem.is_none()
        });
        if let Some(known) = known {
            return known.clone();
        }
        let channels = self.channel_names();
        let known = Known { channels: &channels, defaults: self.defaults(), tagged: &self.tagged };
        let (config, problem) = match resource::monitor(&stored.spec.spec(), self.author, &known) {
            Ok(config) => (Some(config), None),
            Err(problems) => (None, Some(sentence(&problems))),
        };
        Held { problem, ..Held::new(stored.owner, stored.revision, stored.spec.clone(), config) }
    }

    fn knows_the_same(&self, before: &Self) -> bool {
        let is_same = self.defaults() == before.defaults() && self.channels.keys().eq(before.channels.keys());
        is_same && self.tagged == before.tagged
    }

    /// Takes the addresses of all pages, and sets those aside that lead to where another account's page is.
    pub(super) fn take_addresses(&mut self, addresses: &Addresses) {
        for held in self.pages.values_mut() {
            let Some(page) = &held.config else { continue };
            if let Err(slug) = addresses.take(page.slugs()) {
                let way_out = if slug == page.slug { "choose another slug" } else { "take it out of `formerly`" };
                held.problem = Some(format!("the address `/s/{slug}/` is taken ({way_out})"));
                held.config = None;
            }
        }
    }

    /// What could not be read, and why.
    pub(super) fn set_aside(&self) -> impl Iterator<Item = (String, &str)> {
        let channels = self.channels.iter().map(|(name, held)| (called(ResourceKind::Channel, name), &held.problem));
        let monitors = self.monitors.iter().map(|(name, held)| (called(ResourceKind::Monitor, name), &held.problem));
        let defaults = self.own_defaults.iter().map(|held| (called(ResourceKind::Defaults, ""), &held.problem));
        let windows = self.maintenance.iter();
        let windows = windows.map(|(name, held)| (called(ResourceKind::Maintenance, name), &held.problem));
        let pages = self.pages.iter().map(|(name, held)| (called(ResourceKind::StatusPage, name), &held.problem));
        let all = defaults.chain(channels).chain(monitors).chain(windows).chain(pages);
        all.filter_map(|(what, problem)| Some((what, problem.as_deref()?)))
    }

    /// The names of all monitors, those that can be asked before those that cannot; and what the runner needs of both.
    pub(super) fn all_monitors(&self) -> (Vec<String>, Vec<MonitorConfig>, Vec<Enlistment>) {
        let held = self.order.iter().filter_map(|name| Some((name, self.monitors.get(name)?)));
        let (good, broken): (Vec<_>, Vec<_>) = held.partition(|(_, held)| held.config.is_some());
        let names = good.iter().chain(&broken).map(|(name, _)| (*name).clone()).collect();
        let configs = good.into_iter().filter_map(|(_, held)| held.config.clone()).collect();
        (names, configs, broken.into_iter().map(|(name, held)| aside(name, held)).collect())
    }

    /// Says which numbers monitors have.
    pub(super) fn number(&mut self, numbers: impl IntoIterator<Item = (String, MonitorId)>) {
        for (name, id) in numbers {
            if let Some(held) = self.monitors.get_mut(&name) {
                held.id = Some(id);
                self.numbers.insert(id, name);
            }
        }
    }

    /// What holds for monitors that are not the file's.
    pub(super) fn defaults(&self) -> &Defaults {
        self.own_defaults.as_ref().map_or(&self.file_defaults, |held| &held.config)
    }

    /// What holds where nothing was written through the API.
    pub(super) fn file_defaults(&self) -> &Defaults {
        &self.file_defaults
    }

    pub(super) fn channel_names(&self) -> BTreeSet<&str> {
        self.channels.keys().map(String::as_str).collect()
    }

    pub(super) fn channel_settings(&self) -> ChannelSettings {
        let usable = self.channels.iter();
        usable.filter_map(|(name, held)| Some((name.clone(), held.config.as_ref()?.settings.clone()))).collect()
    }

    /// Which channels are told by tag.
    pub(super) const fn tagged(&self) -> &Tagged {
        &self.tagged
    }

    /// Which messages go together, those to people through `channels`.
    pub(super) fn gathering(&self, channels: &ChannelSettings) -> Gathering {
        let people = channels.iter().filter(|(_, settings)| settings.is_read_by_people());
        Gathering { window: self.gather, channels: people.map(|(name, _)| name.clone()).collect() }
    }

    /// All planned maintenance in force.
    pub(super) fn windows(&self) -> Vec<Maintenance> {
        self.maintenance.values().filter_map(|held| held.config.clone()).collect()
    }

    /// All status pages in force.
    pub(super) fn pages(&self) -> impl Iterator<Item = &Page> {
        self.pages.values().filter_map(|held| held.config.as_ref())
    }

    /// The slugs of all pages, of those as well that are set aside or wait.
    pub(super) fn slugs(&self) -> Vec<String> {
        let waiting = self.waiting.iter().filter(|stored| stored.kind == ResourceKind::StatusPage);
        let specs = self.pages.values().map(|held| &held.spec).chain(waiting.map(|stored| &stored.spec));
        specs.flat_map(|spec| plan::slugs(&spec.spec())).collect()
    }

    /// What the pages depend on.
    pub(super) const fn host(&self) -> &PageHost {
        &self.host
    }

    pub(super) fn monitor(&self, id: MonitorId) -> Option<&HeldMonitor> {
        self.monitors.get(self.numbers.get(&id)?)
    }

    pub(super) fn name(&self, id: MonitorId) -> Option<&str> {
        self.numbers.get(&id).map(String::as_str)
    }

    pub(super) fn id(&self, name: &str) -> Option<MonitorId> {
        self.monitors.get(name)?.id
    }

    pub(super) fn counts(&self) -> (usize, usize) {
        (self.monitors.len(), self.channels.len())
    }

    /// The file, as it was named.
    pub(super) fn file(&self) -> &str {
        self.file.as_deref().unwrap_or("the command line")
    }

    pub(super) fn shown<C>(&self, name: &str, held: &Held<C>, spec: Spec) -> Shown {
        let is_file = held.owner == Owner::File;
        Shown {
            name: name.to_owned(),
            owner: held.owner,
            file: is_file.then(|| self.file().to_owned()),
            revision: (!is_file).then_some(held.revision),
            spec,
            problem: held.problem.clone(),
        }
    }

    /// Whether a monitor can be asked out of its turn.
    pub(super) fn may_be_asked(&self, id: MonitorId) -> Result<(), Refused> {
        let held = self.monitor(id).ok_or_else(|| Refused::missing(ResourceKind::Monitor, &id.to_string()))?;
        let Some(config) = &held.config else {
            let why = held.problem.clone().unwrap_or_default();
            return Err(Refused::conflict(format!("the monitor cannot be asked: {why}"), "mend it first"));
        };
        if config.paused {
            return Err(Refused::conflict("the monitor is paused", "resume it first, or try it with POST /api/v1/try"));
        }
        if config.question.heartbeat().is_some() {
            return Err(Refused::conflict("a heartbeat is not asked; it waits to be called", "call its address"));
        }
        Ok(())
    }

    /// Takes over what was committed as change `revision`; `ids` are the numbers of the monitors it enlisted.
    pub(super) fn take(&mut self, draft: &Finished, revision: u64, ids: &[MonitorId]) {
        if let Some(defaults) = &draft.defaults {
            self.own_defaults = defaults.clone().map(|held| Held { revision, ..held });
        }
        for (name, channel) in &draft.channels {
            match channel {
                Some(held) => drop(self.channels.insert(name.clone(), Held { revision, ..held.clone() })),
                None => drop(self.channels.remove(name)),
            }
        }
        if let Some(tagged) = &draft.tagged {
            self.tagged = tagged.clone();
        }
        for (name, window) in &draft.maintenance {
            match window {
                Some(held) => drop(self.maintenance.insert(name.clone(), Held { revision, ..held.clone() })),
                None => drop(self.maintenance.remove(name)),
            }
        }
        for (name, page) in &draft.pages {
            match page {
                Some(held) => drop(self.pages.insert(name.clone(), Held { revision, ..held.clone() })),
                None => drop(self.pages.remove(name)),
            }
        }
        for (name, monitor) in &draft.changed {
            let before = self.monitors.remove(name);
            if let Some(id) = before.and_then(|held| held.id) {
                self.numbers.remove(&id);
            }
            if let Some(held) = monitor {
                let revision = if draft.is_written(name) { revision } else { held.revision };
                self.monitors.insert(name.clone(), Held { revision, ..held.clone() });
            }
        }
        self.number(draft.monitors.iter().map(|config| config.name.clone()).zip(ids.iter().copied()));
        self.keep_order(draft);
    }

    /// New ones come last; nothing is looked for where only settings changed.
    fn keep_order(&mut self, draft: &Finished) {
        if draft.changed.values().any(Option::is_none) {
            self.order.retain(|name| self.monitors.contains_key(name));
        }
        self.order.extend(draft.added.iter().cloned());
    }

    /// What became of an edit.
    pub(super) fn edited(&self, outcome: Outcome, revision: u64) -> Edited {
        let Outcome { kind, name, revision: before } = outcome;
        let id = if kind == ResourceKind::Monitor { self.id(&name) } else { None };
        Edited { name, id, revision: if before == 0 { revision } else { before } }
    }
}

/// A monitor that cannot be asked: its number and its history wait for the day it can.
fn aside(name: &str, held: &HeldMonitor) -> Enlistment {
    let spec = held.spec.spec();
    let kind = allswell_probe::Question::KINDS.into_iter().find(|kind| spec.get(kind).is_some());
    Enlistment {
        name: name.to_owned(),
        kind: kind.unwrap_or("http").to_owned(),
        target: format!("cannot be asked: {}", held.problem.as_deref().unwrap_or_default()),
        interval: Duration::from_secs(60),
        tags: Vec::new(),
        group: None,
        paused: true,
        renamed_from: None,
    }
}

/// What is wrong with a resource, in a sentence.
fn sentence(problems: &[FieldProblem]) -> String {
    let one = |problem: &FieldProblem| match &problem.way_out {
        Some(way_out) => format!("{} ({way_out})", problem.message),
        None => problem.message.clone(),
    };
    problems.iter().map(one).collect::<Vec<_>>().join("; ")
}
