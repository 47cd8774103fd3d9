//! One page as it is shown: which components, in which sections, and the incidents of those alone.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use allswell_core::uptime::Presence;
use allswell_core::{Wall, incident};
use allswell_monitor::model::{Maintenance, MonitorId};
use allswell_monitor::status_page::{Component, Page, Section};
use allswell_monitor::store::{PublicIncident, PublicMonitor, PublicUpdate};
use sha2::{Digest as _, Sha256};

use super::gather::{Facts, Gathered};
use super::planned::{self, Work};
use super::words::{self, Summary};
use crate::pages::text::{visible, visible_lines};

/// More components than this are left out of a page.
pub(super) const COMPONENTS_MAX: usize = 300;

/// A page as it is shown.
#[derive(Debug)]
pub(super) struct View {
    /// When it was true.
    pub(super) at: Wall,
    pub(super) summary: Summary,
    pub(super) sections: Vec<SectionView>,
    /// Those that began last first.
    pub(super) incidents: Vec<IncidentView>,
    /// Soonest first.
    pub(super) planned: Vec<Work>,
    /// Monitors that the page names and that are not there.
    pub(super) missing: Vec<String>,
    /// How many components found no room.
    pub(super) left_out: usize,
}

/// A part of a page.
#[derive(Debug)]
pub(super) struct SectionView {
    pub(super) name: Option<String>,
    pub(super) components: Vec<ComponentView>,
}

/// One component.
#[derive(Debug)]
pub(super) struct ComponentView {
    /// What it is called in addresses.
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) about: Option<String>,
    pub(super) facts: Facts,
}

/// One incident.
#[derive(Debug)]
pub(super) struct IncidentView {
    /// Its name in addresses; says nothing of our numbers.
    pub(super) id: String,
    pub(super) component: String,
    /// What is true of the component while it lasts; the worst that was, when it is over.
    pub(super) presence: Presence,
    pub(super) began: Wall,
    pub(super) ended: Option<Wall>,
    /// Newest first.
    pub(super) updates: Vec<PublicUpdate>,
}

impl View {
    pub(super) fn of(page: &Page, gathered: &Gathered) -> Self {
        let mut choice = Choice::new(page, gathered);
        let sections: Vec<SectionView> = page.sections.iter().map(|section| choice.section(section)).collect();
        let components = sections.iter().flat_map(|section| &section.components);
        let states: Vec<(&str, Presence)> = components.map(|one| (one.name.as_str(), one.facts.presence)).collect();
        let incidents = gathered.incidents.iter().filter_map(|incident| {
            let (name, presence) = choice.shown.get(&incident.id.monitor)?;
            Some(IncidentView::of(page, incident, name, *presence))
        });
        Self {
            at: gathered.at,
            summary: Summary::of(&states),
            incidents: incidents.collect(),
            planned: planned::work(&gathered.planned, |window| choice.covered_by(window), gathered.at),
            missing: choice.missing,
            left_out: choice.left_out,
            sections,
        }
    }

    /// All components, section by section.
    pub(super) fn components(&self) -> impl Iterator<Item = &ComponentView> {
        self.sections.iter().flat_map(|section| &section.components)
    }

    /// When the newest thing happened that a feed tells; the moment of the page when nothing did.
    pub(super) fn updated(&self) -> Wall {
        self.incidents.iter().map(IncidentView::updated).max().unwrap_or(self.at)
    }
}

impl IncidentView {
    fn of(page: &Page, incident: &PublicIncident, component: &str, now: Presence) -> Self {
        let worst = match incident.kind {
            incident::Kind::Down => Presence::Down,
            _ if incident.turned => Presence::Down,
            _ => Presence::Degraded,
        };
        let is_trouble = matches!(now, Presence::Down | Presence::Degraded | Presence::Maintenance);
        let digest = Sha256::digest(format!("{}:{}:{}", page.origin(), incident.id.monitor, incident.id.seq));
        let update = |update: &PublicUpdate| PublicUpdate { at: update.at, text: visible_lines(&update.text) };
        Self {
            id: digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect(),
            component: component.to_owned(),
            presence: if incident.ended.is_none() && is_trouble { now } else { worst },
            began: incident.began,
            ended: incident.ended,
            updates: incident.updates.iter().rev().map(update).collect(),
        }
    }

    /// What happened, in a sentence without a full stop.
    pub(super) fn sentence(&self) -> String {
        match self.lasted() {
            Some(lasted) => words::was(&self.component, self.presence, lasted),
            None => words::is(&self.component, self.presence),
        }
    }

    /// How long it lasted; `None` while it does.
    pub(super) fn lasted(&self) -> Option<Duration> {
        self.ended.map(|ended| ended.since(self.began))
    }

    /// When the newest part of it happened.
    pub(super) fn updated(&self) -> Wall {
        let told = self.updates.iter().map(|update| update.at).max();
        self.ended.into_iter().chain(told).max().unwrap_or(self.began)
    }
}

/// Chooses monitors: each is on a page once, where it is named, or else where it is found first.
struct Choice<'a> {
    gathered: &'a Gathered,
    by_name: HashMap<&'a str, &'a PublicMonitor>,
    /// Those that the page names somewhere.
    named: HashSet<&'a str>,
    slugs: HashSet<String>,
    /// What is on the page, with its public name and what is true of it.
    shown: HashMap<MonitorId, (String, Presence)>,
    missing: Vec<String>,
    left_out: usize,
}

impl<'a> Choice<'a> {
    fn new(page: &'a Page, gathered: &'a Gathered) -> Self {
        let named = page.sections.iter().flat_map(|section| &section.components);
        Self {
            gathered,
            by_name: gathered.monitors.iter().map(|monitor| (monitor.name.as_str(), monitor)).collect(),
            named: named.map(|component| component.monitor.as_str()).collect(),
            slugs: HashSet::new(),
            shown: HashMap::new(),
            missing: Vec::new(),
            left_out: 0,
        }
    }

    fn section(&mut self, section: &Section) -> SectionView {
        let mut components = Vec::new();
        for component in &section.components {
            let monitor = self.by_name.get(component.monitor.as_str()).copied();
            if monitor.is_none() {
                self.missing.push(component.monitor.clone());
            }
            components.extend(self.component(monitor, component));
        }
        for monitor in &self.gathered.monitors {
            let is_found = monitor.group.as_ref().is_some_and(|group| section.groups.contains(group))
                || monitor.tags.iter().any(|tag| section.tags.contains(tag));
            if is_found && !self.named.contains(monitor.name.as_str()) && !self.shown.contains_key(&monitor.id) {
                let own = Component { monitor: monitor.name.clone(), name: monitor.name.clone(), about: None };
                components.extend(self.component(Some(monitor), &own));
            }
        }
        SectionView { name: section.name.as_deref().map(visible), components }
    }

    fn component(&mut self, monitor: Option<&PublicMonitor>, as_shown: &Component) -> Option<ComponentView> {
        if self.slugs.len() >= COMPONENTS_MAX {
            self.left_out += 1;
            return None;
        }
        let facts = monitor.and_then(|monitor| self.gathered.facts.get(&monitor.id)).cloned();
        let facts = facts.unwrap_or_else(|| Facts::nothing(self.gathered.at));
        let name = visible(&as_shown.name);
        if let Some(monitor) = monitor {
            self.shown.insert(monitor.id, (name.clone(), facts.presence));
        }
        Some(ComponentView { slug: self.slug(&name), about: as_shown.about.as_deref().map(visible), name, facts })
    }

    /// What is on the page and meant by planned maintenance, by its public names.
    fn covered_by(&self, window: &Maintenance) -> Vec<String> {
        let meant =
            self.gathered.monitors.iter().filter(|one| window.means(&one.name, one.group.as_deref(), &one.tags));
        meant.filter_map(|monitor| self.shown.get(&monitor.id)).map(|(name, _)| name.clone()).collect()
    }

    /// A name as an address has it, unlike any other on the page.
    fn slug(&mut self, name: &str) -> String {
        let mut slug = String::with_capacity(name.len());
        for c in name.to_lowercase().chars() {
            match c {
                c if c.is_ascii_alphanumeric() => slug.push(c),
                _ if slug.ends_with('-') || slug.is_empty() => {}
                _ => slug.push('-'),
            }
        }
        let slug = slug.trim_end_matches('-');
        let slug = if slug.is_empty() { "component" } else { slug };
        let numbered = (2..).map(|number| format!("{slug}-{number}"));
        let free = std::iter::once(slug.to_owned()).chain(numbered).find(|slug| !self.slugs.contains(slug));
        let slug = free.expect("numbers do not end");
        self.slugs.insert(slug.clone());
        slug
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status_page::tests::page;

    fn monitor(id: u32, name: &str, group: &str, tags: &[&str]) -> PublicMonitor {
        PublicMonitor {
            id: MonitorId(id),
            name: name.to_owned(),
            group: Some(group.to_owned()),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        }
    }

    fn shown(view: &View) -> Vec<Vec<(String, String)>> {
        let names = |one: &'_ ComponentView| (one.slug.clone(), one.name.clone());
        view.sections.iter().map(|section| section.components.iter().map(names).collect()).collect()
    }

    #[test]
    fn a_monitor_is_shown_once_where_it_is_named_or_else_found_first() {
        let gathered = Gathered {
            monitors: vec![
                monitor(1, "api-7", "shop", &["public"]),
                monitor(2, "web", "shop", &[]),
                monitor(3, "db", "internal", &["public"]),
            ],
            ..Gathered::default()
        };
        let named = |monitor: &str, name: &str| Component { monitor: monitor.into(), name: name.into(), about: None };
        let sections = vec![
            Section { tags: vec!["public".into()], ..Section::default() },
            Section { groups: vec!["shop".into()], ..Section::default() },
            Section { components: vec![named("api-7", "API"), named("gone", "A P I")], ..Section::default() },
        ];
        let view = View::of(&page("acme", sections), &gathered);
        let expected = [vec![("db", "db")], vec![("web", "web")], vec![("api", "API"), ("a-p-i", "A P I")]];
        let owned = |section: Vec<(&str, &str)>| -> Vec<(String, String)> {
            section.into_iter().map(|(slug, name)| (slug.to_owned(), name.to_owned())).collect()
        };
        assert_eq!(shown(&view), expected.map(owned));
        assert_eq!(view.missing, ["gone"]);
    }

    #[test]
    fn names_that_give_the_same_address_are_numbered() {
        let named = |name: &str| Component { monitor: name.into(), name: name.into(), about: None };
        let components = ["Ü–", "a b", "A/B", "a  b!"].map(named).to_vec();
        let view = View::of(&page("acme", vec![Section { components, ..Section::default() }]), &Gathered::default());
        assert_eq!(
            view.components().map(|one| one.slug.as_str()).collect::<Vec<_>>(),
            ["component", "a-b", "a-b-2", "a-b-3"]
        );
    }
}
