//! What applying a configuration would do, and doing it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::draft::{Draft, Finished, covered};
use super::model::Model;
use super::{Addresses, Edit, Given, Refused};
use crate::config::document::{self, Around, Documents};
use crate::config::{Spec, Written, resource};
use crate::store::{Owner, ResourceKind, ResourceWrite};

/// What applying a configuration does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Plan {
    /// What changes, channels and defaults before monitors, and those before maintenance and status pages.
    pub steps: Vec<Step>,
    /// Names this plan: the same files against a server that changed meanwhile make another one.
    pub fingerprint: String,
    /// How many resources stay as they are.
    pub unchanged: usize,
    /// The names of what was written by people and is in no file; it stays.
    pub kept: Vec<String>,
}

/// One resource that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Step {
    /// `create`, `change` or `delete`.
    pub action: &'static str,
    /// `monitor`, `channel`, `maintenance`, `status_page` or `defaults`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// The name it had, where it is renamed.
    pub renamed_from: Option<String>,
    /// How it asks and what, for a new monitor; the type of a new channel; when new maintenance is; the title of a new page.
    pub about: Option<String>,
    /// What is different in it.
    pub changes: Vec<Difference>,
}

/// A value that is different, secrets as `***`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Difference {
    /// Which: `http.url`.
    pub key: String,
    /// What it is now; `null` where it is not written.
    pub from: Option<String>,
    /// What it would be; `null` where it would not be written.
    pub to: Option<String>,
}

/// Thinks over what `files` would do; with `prune` also what people wrote goes when no file says it.
pub(super) fn think(
    model: &Model,
    addresses: &Addresses,
    files: Vec<(String, String)>,
    prune: bool,
) -> Result<(Plan, Finished), Refused> {
    let stays = |owner: Owner| owner == Owner::File || owner == Owner::Api && !prune;
    let kept = model.channels.iter().filter(|(_, held)| stays(held.owner)).map(|(name, _)| name.as_str());
    let inherited = model.own_defaults.as_ref().filter(|held| stays(held.owner));
    let inherited = inherited.map_or(model.file_defaults(), |held| &held.config);
    let monitors = model.monitors.iter().filter(|(_, held)| stays(held.owner));
    let around = Around {
        channels: &kept.collect(),
        inherited,
        covered: &covered(monitors),
        host: model.host(),
        author: model.author,
    };
    let documents = document::documents(files, around).map_err(Refused::Unreadable)?;
    let mut draft = Draft::new(model, addresses);
    for edit in edits(model, documents, prune) {
        draft.take(edit)?;
    }
    let finished = draft.finish()?;
    let steps: Vec<_> = finished.writes.iter().map(|write| step(model, &finished, write)).collect();
    let changed: BTreeSet<_> = steps.iter().map(|step| (step.kind, step.name.as_str())).collect();
    let of_people = model
        .monitors
        .iter()
        .filter(|(name, held)| held.owner == Owner::Api && !changed.contains(&("monitor", name.as_str())));
    let kept: Vec<_> = of_people.map(|(name, _)| name.clone()).collect();
    let applied = model.monitors.values().filter(|held| held.owner == Owner::Apply).count()
        + model.channels.values().filter(|held| held.owner == Owner::Apply).count()
        + model.maintenance.values().filter(|held| held.owner == Owner::Apply).count()
        + model.pages.values().filter(|held| held.owner == Owner::Apply).count();
    let touched = steps.iter().filter(|step| step.action != "create").count();
    let fingerprint = fingerprint(&finished.writes, &steps);
    Ok((Plan { steps, fingerprint, unchanged: applied.saturating_sub(touched), kept }, finished))
}

/// What is to be edited so that the resources are those of the files.
fn edits(model: &Model, documents: Documents, prune: bool) -> Vec<Edit> {
    let Documents { defaults, channels, monitors, maintenance, status_pages } = documents;
    let put = |kind, name: Option<String>, spec| Edit {
        kind,
        name,
        given: Some(Given::Whole(spec)),
        expected: None,
        owner: Some(Owner::Apply),
    };
    let delete =
        |kind, name: &str| Edit { kind, name: Some(name.to_owned()), given: None, expected: None, owner: None };
    let goes = |owner: Owner| owner == Owner::Apply || owner == Owner::Api && prune;
    let mut edits = Vec::new();
    let mut gone = Vec::new();
    for (name, held) in &model.channels {
        if goes(held.owner) && !channels.contains_key(name) {
            gone.push(delete(ResourceKind::Channel, name));
        }
    }
    for (name, mut spec) in channels {
        let known = model.channels.contains_key(&name);
        spec.set("name", Spec::Text(name.clone()));
        edits.push(put(ResourceKind::Channel, known.then_some(name), spec));
    }
    match (defaults, &model.own_defaults) {
        (Some(spec), _) => edits.push(put(ResourceKind::Defaults, None, spec)),
        (None, Some(held)) if goes(held.owner) => edits.push(delete(ResourceKind::Defaults, "defaults")),
        (None, _) => {}
    }
    let named: BTreeSet<String> = monitors.iter().filter_map(|spec| spec.text("name").map(str::to_owned)).collect();
    let renamed = monitors.iter().filter_map(|spec| {
        let is_new = !model.monitors.contains_key(spec.text("name")?);
        spec.text("renamed_from").filter(|_| is_new).map(str::to_owned)
    });
    let renamed: BTreeSet<String> = renamed.collect();
    let absent = model
        .monitors
        .iter()
        .filter(|(name, held)| goes(held.owner) && !named.contains(*name) && !renamed.contains(*name));
    let absent: Vec<_> = absent.map(|(name, _)| delete(ResourceKind::Monitor, name)).collect();
    for spec in monitors {
        let name = spec.text("name").filter(|name| model.monitors.contains_key(*name)).map(str::to_owned);
        edits.push(put(ResourceKind::Monitor, name, spec));
    }
    edits.extend(absent);
    // Last: it may cover a monitor that is new.
    let windows: BTreeSet<String> =
        maintenance.iter().filter_map(|spec| spec.text("name").map(str::to_owned)).collect();
    for spec in maintenance {
        let name = spec.text("name").filter(|name| model.maintenance.contains_key(*name)).map(str::to_owned);
        edits.push(put(ResourceKind::Maintenance, name, spec));
    }
    let over = model.maintenance.iter().filter(|(name, held)| goes(held.owner) && !windows.contains(*name));
    edits.extend(over.map(|(name, _)| delete(ResourceKind::Maintenance, name)));
    let pages: BTreeSet<String> = status_pages.iter().flat_map(slugs).collect();
    for spec in status_pages {
        let slug = spec.text("slug").filter(|slug| model.pages.contains_key(*slug)).map(str::to_owned);
        edits.push(put(ResourceKind::StatusPage, slug, spec));
    }
    let over = model.pages.iter().filter(|(slug, held)| goes(held.owner) && !pages.contains(*slug));
    edits.extend(over.map(|(slug, _)| delete(ResourceKind::StatusPage, slug)));
    edits.extend(gone);
    edits
}

/// What a page is called and was called: the one with such a slug is that page.
pub(super) fn slugs(page: &Spec) -> Vec<String> {
    page.text("slug").map(str::to_owned).into_iter().chain(formerly(page)).collect()
}

/// What a page was called.
pub(super) fn formerly(page: &Spec) -> Vec<String> {
    let slugs = if let Some(Spec::List(slugs)) = page.get("formerly") { slugs.as_slice() } else { &[] };
    slugs.iter().filter_map(Spec::as_text).map(str::to_owned).collect()
}

fn step(model: &Model, finished: &Finished, write: &ResourceWrite) -> Step {
    match write {
        ResourceWrite::Delete { kind, name } => Step {
            action: "delete",
            kind: kind.as_str(),
            name: name.clone(),
            renamed_from: None,
            about: None,
            changes: Vec::new(),
        },
        ResourceWrite::Put { kind, name, before, owner, spec } => {
            let old_name = before.as_ref().unwrap_or(name);
            let old = match kind {
                ResourceKind::Defaults => model.own_defaults.as_ref().map(|held| (&held.spec, held.owner)),
                ResourceKind::Channel => model.channels.get(old_name).map(|held| (&held.spec, held.owner)),
                ResourceKind::Monitor => model.monitors.get(old_name).map(|held| (&held.spec, held.owner)),
                ResourceKind::Maintenance => model.maintenance.get(old_name).map(|held| (&held.spec, held.owner)),
                ResourceKind::StatusPage => model.pages.get(old_name).map(|held| (&held.spec, held.owner)),
            };
            let new = Written::stored(spec).spec();
            Step {
                action: if old.is_some() { "change" } else { "create" },
                kind: kind.as_str(),
                name: name.clone(),
                renamed_from: before.clone(),
                about: if old.is_none() { about(finished, *kind, name, &new) } else { None },
                changes: old.map(|(spec, by)| differences(*kind, &spec.spec(), &new, by, *owner)).unwrap_or_default(),
            }
        }
    }
}

fn about(finished: &Finished, kind: ResourceKind, name: &str, spec: &Spec) -> Option<String> {
    match kind {
        ResourceKind::Defaults => None,
        ResourceKind::Channel => spec.text("type").map(str::to_owned),
        ResourceKind::Maintenance => when(spec),
        ResourceKind::StatusPage => spec.text("title").map(str::to_owned),
        ResourceKind::Monitor => {
            let held = finished.changed.get(name)?.as_ref()?;
            let question = &held.config.as_ref()?.question;
            Some(format!("{}  {}", question.kind(), question.target()))
        }
    }
}

/// When maintenance is, in its own words: `cron 0 2 * * SUN`.
fn when(spec: &Spec) -> Option<String> {
    let said = ["from", "weekly", "cron"].into_iter().find_map(|key| Some((key, spec.get(key)?)));
    said.map(|(key, value)| format!("{key}  {}", plain(value)))
}

/// All values that are different, in the order of their keys.
fn differences(kind: ResourceKind, old: &Spec, new: &Spec, by: Owner, owner: Owner) -> Vec<Difference> {
    let shown = |spec: &Spec| match kind {
        ResourceKind::Defaults | ResourceKind::Maintenance => spec.clone(),
        ResourceKind::Channel => resource::shown_channel(spec),
        ResourceKind::Monitor => resource::shown_monitor(spec),
        ResourceKind::StatusPage => resource::shown_status_page(spec),
    };
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    leaves("", old, &shown(old), &mut before);
    leaves("", new, &shown(new), &mut after);
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let different =
        keys.into_iter().filter(|key| before.get(*key).map(|leaf| &leaf.0) != after.get(*key).map(|leaf| &leaf.0));
    let mut differences: Vec<_> = different
        .map(|key| Difference {
            key: key.clone(),
            from: before.get(key).map(|leaf| leaf.1.clone()),
            to: after.get(key).map(|leaf| leaf.1.clone()),
        })
        .collect();
    if by != owner {
        let (from, to) = (Some(by.as_str().to_owned()), Some(owner.as_str().to_owned()));
        differences.push(Difference { key: "owner".to_owned(), from, to });
    }
    differences
}

/// The values of a tree by their keys: each as it is, and as it may be shown.
fn leaves(key: &str, spec: &Spec, shown: &Spec, found: &mut BTreeMap<String, (String, String)>) {
    match (spec, shown) {
        (Spec::Block(entries), Spec::Block(_)) if !entries.is_empty() => {
            for (name, value) in entries {
                let below = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                leaves(&below, value, shown.get(name).unwrap_or(&Spec::Nothing), found);
            }
        }
        _ => drop(found.insert(key.to_owned(), (spec.to_json(), plain(shown)))),
    }
}

fn plain(spec: &Spec) -> String {
    match spec {
        Spec::Text(text) => text.clone(),
        other => other.to_json(),
    }
}

/// A digest of all that a plan writes. Only good for comparing.
fn fingerprint(writes: &[ResourceWrite], steps: &[Step]) -> String {
    let mut digest = Sha256::new();
    for (write, step) in writes.iter().zip(steps) {
        digest.update(serde_json::to_vec(step).expect("plain structures always serialise"));
        if let ResourceWrite::Put { spec, .. } = write {
            digest.update(spec.as_bytes());
        }
        digest.update([0]);
    }
    digest.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
