//! What names monitors follows them: a window or a page that names one that is renamed names it by its new name, in the same
//! change; one that is deleted is taken out of them, unless nothing would be left.
//!
//! What the server's own file says is not written here: a window of the file holds its monitors, a page of the file shows one
//! that is gone without data.

use std::collections::BTreeMap;

use super::{Draft, NAMED_MAX, Refused, called};
use crate::config::{PageHost, Spec, resource};
use crate::model::Maintenance;
use crate::resources::model::Held;
use crate::status_page::Page;
use crate::store::{Owner, ResourceKind, ResourceWrite};

/// Monitors that are not there any more under this name, and the name they have now.
type Gone = BTreeMap<String, Option<String>>;

impl Draft<'_> {
    /// Has windows and pages follow the monitors that they name.
    pub(super) fn names_follow(&mut self) -> Result<(), Refused> {
        let gone = self.gone();
        if gone.is_empty() {
            return Ok(());
        }
        let mut empty = Vec::new();
        self.windows_follow(&gone, &mut empty)?;
        self.pages_follow(&gone, &mut empty)?;
        if empty.is_empty() {
            return Ok(());
        }
        let more = empty.len().saturating_sub(NAMED_MAX);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        empty.truncate(NAMED_MAX);
        let names: Vec<_> = gone.iter().filter(|(_, now)| now.is_none()).map(|(name, _)| name).collect();
        let without = match names.as_slice() {
            [one] => format!("without the monitor `{one}`"),
            _ => "without these monitors".to_owned(),
        };
        let why = format!("{without} nothing would be left of {}{more}", empty.join(", "));
        Err(Refused::conflict(why, "delete them first, or have them name something else"))
    }

    fn gone(&self) -> Gone {
        let gone = self.changed.iter().filter(|(_, held)| held.is_none()).map(|(name, _)| name);
        let now = |old: &String| self.renamed.iter().find(|(_, first)| *first == old).map(|(new, _)| new.clone());
        gone.map(|old| (old.clone(), now(old))).collect()
    }

    fn windows_follow(&mut self, gone: &Gone, empty: &mut Vec<String>) -> Result<(), Refused> {
        let kind = ResourceKind::Maintenance;
        for Maintenance { name, monitors, groups, tags, .. } in self.all_windows() {
            let Some(held) = self.window(&name).filter(|held| held.owner != Owner::File) else { continue };
            if !monitors.iter().any(|monitor| gone.contains_key(monitor)) {
                continue;
            }
            let kept = followed(&monitors, gone);
            if kept.is_empty() && groups.is_empty() && tags.is_empty() {
                empty.push(called(kind, &name));
                continue;
            }
            let (mut spec, owner) = (held.spec.spec(), held.owner);
            set_or_remove(&mut spec, "monitors", kept.into_iter().map(Spec::Text).collect());
            let read = resource::maintenance(&spec, self.model.author, None)
                .map_err(|problems| Refused::wrong(called(kind, &name), problems))?;
            let spec = read.spec.as_str().to_owned();
            self.writes.push(ResourceWrite::Put { kind, name: name.clone(), before: None, owner, spec });
            self.maintenance.insert(name, Some(Held::new(owner, 0, read.spec, Some(read.maintenance))));
        }
        Ok(())
    }

    fn pages_follow(&mut self, gone: &Gone, empty: &mut Vec<String>) -> Result<(), Refused> {
        let kind = ResourceKind::StatusPage;
        let names = |page: &Page| {
            page.sections.iter().flat_map(|section| &section.components).any(|one| gone.contains_key(&one.monitor))
        };
        let own = self.all_pages().filter(|held| held.owner != Owner::File);
        let meant = own.filter_map(|held| Some((held.config.as_ref().filter(|page| names(page))?, held)));
        let meant: Vec<_> = meant.map(|(page, held)| (page.slug.clone(), held.spec.spec(), held.owner)).collect();
        for (slug, mut spec, owner) in meant {
            let sections = list(&spec, "sections").to_vec();
            let kept: Vec<_> = sections.into_iter().filter_map(|section| section_now(section, gone)).collect();
            if kept.iter().all(is_empty) {
                empty.push(called(kind, &slug));
                continue;
            }
            spec.set("sections", Spec::List(kept));
            // Nobody need change a page because the relay to its subscribers was taken away.
            let host = PageHost { has_mail: true, ..self.model.host().clone() };
            let read = resource::status_page(&spec, self.model.author, &host, [], None)
                .map_err(|problems| Refused::wrong(called(kind, &slug), problems))?;
            self.put_page(slug, None, owner, read);
        }
        Ok(())
    }
}

/// What a section of a page shows.
const SHOWN: [&str; 3] = ["monitors", "groups", "tags"];

/// A section with its monitors as they are called now; `None` when nothing is left of it.
fn section_now(mut section: Spec, gone: &Gone) -> Option<Spec> {
    let components = list(&section, "monitors");
    let now = components.iter().filter_map(|component| match gone.get(component.text("monitor")?) {
        None => Some(component.clone()),
        Some(None) => None,
        Some(Some(name)) => {
            let mut component = component.clone();
            component.set("monitor", Spec::Text(name.clone()));
            Some(component)
        }
    });
    let now: Vec<_> = now.collect();
    let has_lost = now.len() < components.len();
    set_or_remove(&mut section, "monitors", now);
    (!has_lost || !is_empty(&section)).then_some(section)
}

fn is_empty(section: &Spec) -> bool {
    SHOWN.into_iter().all(|key| list(section, key).is_empty())
}

fn list<'s>(spec: &'s Spec, key: &str) -> &'s [Spec] {
    if let Some(Spec::List(items)) = spec.get(key) { items } else { &[] }
}

fn set_or_remove(spec: &mut Spec, key: &str, items: Vec<Spec>) {
    if items.is_empty() {
        spec.remove(key);
    } else {
        spec.set(key, Spec::List(items));
    }
}

/// The names as they are now, each once.
fn followed(names: &[String], gone: &Gone) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for name in names.iter().filter_map(|name| gone.get(name).map_or(Some(name), Option::as_ref)) {
        if !kept.contains(name) {
            kept.push(name.clone());
        }
    }
    kept
}
