//! Planned maintenance.

use std::collections::HashSet;

use allswell_core::Wall;
use allswell_core::calendar::Calendar;
use allswell_core::maintenance::Window;
use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;

use super::keys::MAINTENANCE;
use super::monitor::{name_is_good, unknown};
use super::problem::{Code, Found};
use super::read::{Fields, Reader};
use super::resource::Written;
use super::source::quotable;
use super::spec::Spec;
use crate::model::Maintenance;

/// Planned maintenance as it is configured.
#[derive(Clone, Debug)]
pub struct MaintenanceConfig {
    /// What it is.
    pub maintenance: Maintenance,
    /// As it is written.
    pub spec: Written,
}

/// The names that a window may cover: of all monitors that are written, so that a mistake in one does not make its windows wrong.
#[derive(Clone, Debug, Default)]
pub struct Covered {
    monitors: HashSet<String>,
    groups: HashSet<String>,
    tags: HashSet<String>,
}

impl Covered {
    /// What the blocks of `monitors` have.
    pub(super) fn of(monitors: &[&Fields<'_>]) -> Self {
        let mut covered = Self::default();
        for fields in monitors {
            let tags = fields.texts("tags").unwrap_or_default().into_iter().map(|(_, tag)| tag.to_owned());
            covered.add(fields.text("name").unwrap_or_default(), fields.text("group"), tags);
        }
        covered
    }

    /// A monitor more.
    pub fn add(&mut self, name: &str, group: Option<&str>, tags: impl IntoIterator<Item = String>) {
        self.monitors.insert(name.to_owned());
        self.groups.extend(group.map(str::to_owned));
        self.tags.extend(tags);
    }

    /// The names of all monitors.
    pub(super) const fn monitors(&self) -> &HashSet<String> {
        &self.monitors
    }

    /// The first name of `maintenance` that is here and not in `other`, and what it names.
    pub fn lost<'m>(&self, other: &Self, maintenance: &'m Maintenance) -> Option<(&'static str, &'m str)> {
        let lost = |here: &HashSet<String>, there: &HashSet<String>, name: &&String| {
            here.contains(*name) && !there.contains(*name)
        };
        let monitor = maintenance.monitors.iter().find(|name| lost(&self.monitors, &other.monitors, name));
        let group = maintenance.groups.iter().find(|name| lost(&self.groups, &other.groups, name));
        let tag = maintenance.tags.iter().find(|name| lost(&self.tags, &other.tags, name));
        let named = monitor.map(|name| ("monitor", name));
        let named = named.or_else(|| group.map(|name| ("group", name))).or_else(|| tag.map(|name| ("tag", name)));
        named.map(|(what, name)| (what, name.as_str()))
    }
}

/// Reads one window; `None` when something is wrong with it, which was told. Without `covered` any name will do.
pub(super) fn maintenance(
    fields: &Fields<'_>,
    covered: Option<&Covered>,
    names: &mut HashSet<String>,
    reader: &mut Reader<'_>,
) -> Option<MaintenanceConfig> {
    let before = reader.problems.count();
    let name = fields.text("name").filter(|name| name_is_good(name, fields.span("name"), reader));
    if let Some(name) = name
        && !names.insert(name.to_owned())
    {
        let message = format!("two windows of maintenance are named `{}`", quotable(name));
        let found = Found::new(Code::WrongName, fields.span("name"), message);
        reader.problems.push(found.label("name them differently"));
    }
    let monitors = listed(fields, "monitors", "monitor", covered.map(|covered| &covered.monitors), reader);
    let groups = listed(fields, "groups", "group", covered.map(|covered| &covered.groups), reader);
    let tags = listed(fields, "tags", "tag", covered.map(|covered| &covered.tags), reader);
    if fields.sound
        && ["monitors", "groups", "tags"].into_iter().all(|key| fields.texts(key).unwrap_or_default().is_empty())
    {
        let found = Found::new(Code::Contradiction, fields.node.span, "the maintenance covers nothing");
        reader.problems.push(found.help("add `monitors: [...]`, `groups: [...]` or `tags: [...]`"));
    }
    let window = window(fields, reader);
    let sound = fields.sound && reader.problems.count() == before;
    let (name, window) = (name?.to_owned(), window?);
    let spec = Written::of(&Spec::of(fields.node, &MAINTENANCE));
    sound.then_some(MaintenanceConfig { maintenance: Maintenance { name, window, monitors, groups, tags }, spec })
}

/// The names under `key`, each of which must be among `known`.
fn listed(
    fields: &Fields<'_>,
    key: &str,
    what: &str,
    known: Option<&HashSet<String>>,
    reader: &mut Reader<'_>,
) -> Vec<String> {
    let written = fields.texts(key).unwrap_or_default();
    if let Some(known) = known {
        for (node, name) in written.iter().filter(|(_, name)| !known.contains(*name)) {
            unknown(what, name, node.span, known.iter().map(String::as_str), reader);
        }
    }
    written.into_iter().map(|(_, name)| name.to_owned()).collect()
}

fn window(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<Window> {
    let zone = zone(fields, reader)?;
    let written = ["from", "weekly", "cron"].map(|key| fields.entry(key).is_some());
    match written {
        [true, false, false] => once(fields, &zone, reader),
        [false, true, false] => again("weekly", weekly(fields, reader)?, zone, fields, reader),
        [false, false, true] => {
            let calendar = Calendar::cron(fields.text("cron")?);
            let calendar = calendar.map_err(|wrong| tell("cron", wrong.to_string(), fields, reader)).ok()?;
            again("cron", calendar, zone, fields, reader)
        }
        _ => {
            let message = "the maintenance must say when, and once";
            let found = Found::new(Code::Contradiction, fields.node.span, message);
            reader.problems.push(found.help("write one of `from`, `weekly` and `cron`"));
            None
        }
    }
}

fn once(fields: &Fields<'_>, zone: &TimeZone, reader: &mut Reader<'_>) -> Option<Window> {
    nothing_of(&["at"], "from", fields, reader);
    let from = moment("from", fields, zone, reader)?;
    let until = match (fields.entry("until"), fields.duration("duration")) {
        (None, duration) => duration.map(|duration| from + duration),
        (Some(_), None) => Some(moment("until", fields, zone, reader)?),
        (Some(_), Some(_)) => {
            tell("duration", "`duration` says the end, and `until` does so too".to_owned(), fields, reader);
            return None;
        }
    };
    if until.is_some_and(|until| until <= from) {
        tell("until", "`until` is not after `from`".to_owned(), fields, reader);
        return None;
    }
    Some(Window::Once { from, until })
}

fn again(
    key: &str,
    calendar: Calendar,
    zone: TimeZone,
    fields: &Fields<'_>,
    reader: &mut Reader<'_>,
) -> Option<Window> {
    nothing_of(if key == "cron" { &["until", "at"] } else { &["until"] }, key, fields, reader);
    let Some(duration) = fields.duration("duration") else {
        if fields.entry("duration").is_none() {
            tell(
                key,
                format!("`{key}` says when it begins, and not how long it lasts; add `duration: 1h`"),
                fields,
                reader,
            );
        }
        return None;
    };
    Some(Window::Again { calendar: Box::new(calendar), zone, duration })
}

/// Days and a time of day, as a line of cron.
fn weekly(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<Calendar> {
    let days: Vec<_> = fields.texts("weekly")?.into_iter().map(|(_, day)| day).collect();
    if days.is_empty() && !fields.sound {
        return None;
    }
    if days.is_empty() {
        tell("weekly", "`weekly` names no day; write one like `[sun]`".to_owned(), fields, reader);
        return None;
    }
    let Some(text) = fields.text("at") else {
        tell("weekly", "`weekly` says the days, and not the time; add `at: \"02:00\"`".to_owned(), fields, reader);
        return None;
    };
    let time = Time::strptime("%H:%M", text).map_err(|_| {
        let message = format!("`at: {}` is no time of day; write it like `02:00`", quotable(text));
        tell("at", message, fields, reader);
    });
    let time = time.ok()?;
    let line = format!("{} {} * * {}", time.minute(), time.hour(), days.join(","));
    Some(Calendar::cron(&line).expect("numbers and days that a clock and a week have"))
}

/// A moment: by the clock of `zone`, or with an offset of its own.
fn moment(key: &str, fields: &Fields<'_>, zone: &TimeZone, reader: &mut Reader<'_>) -> Option<Wall> {
    let text = fields.text(key)?;
    let absolute = text.parse::<Timestamp>().ok();
    let local = || text.parse::<DateTime>().ok()?.to_zoned(zone.clone()).ok().map(|moment| moment.timestamp());
    let found = absolute.or_else(local);
    if found.is_none() {
        let message = format!("`{key}: {}` is no moment; write it like `2026-12-24T22:00`", quotable(text));
        tell(key, message, fields, reader);
    }
    found.map(|moment| Wall::from_ms(moment.as_millisecond()))
}

fn zone(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<TimeZone> {
    let Some(name) = fields.text("timezone") else { return Some(TimeZone::UTC) };
    let zone = TimeZone::get(name).ok();
    if zone.is_none() {
        let message = format!("`{}` is no time zone; write one like Europe/Berlin or UTC", quotable(name));
        tell("timezone", message, fields, reader);
    }
    zone
}

/// Tells which of `keys` mean nothing beside `beside`.
fn nothing_of(keys: &[&str], beside: &str, fields: &Fields<'_>, reader: &mut Reader<'_>) {
    for key in keys.iter().filter(|key| fields.entry(key).is_some()) {
        tell(key, format!("`{key}` means nothing beside `{beside}`; leave it out"), fields, reader);
    }
}

fn tell(key: &str, message: String, fields: &Fields<'_>, reader: &mut Reader<'_>) {
    reader.problems.push(Found::new(Code::Contradiction, fields.span(key), message));
}
