//! What happened for feed readers (RSS 2.0, Atom, JSON Feed 1.1), and what is true for programs.

use allswell_core::uptime::Shares;
use allswell_monitor::status_page::Page;
use askama::Template;
use serde_json::{Value, json};

use super::planned::Work;
use super::view::{ComponentView, IncidentView, View};
use super::{planned, words};
use crate::api::read::WINDOWS;
use crate::api::wire;

/// How many incidents a feed has at most.
const ENTRIES_MAX: usize = 50;

/// A feed before it is written.
#[derive(Debug)]
pub(super) struct Feed<'a> {
    page: &'a Page,
    base: &'a str,
    view: &'a View,
}

struct Entry {
    title: String,
    path: String,
    guid: String,
    began: String,
    began_822: String,
    updated: String,
    text: String,
}

impl<'a> Feed<'a> {
    /// Of a page whose own address is `base`, with a slash at its end.
    pub(super) const fn of(page: &'a Page, base: &'a str, view: &'a View) -> Self {
        Self { page, base, view }
    }

    fn entries(&self) -> Vec<Entry> {
        self.view.incidents.iter().take(ENTRIES_MAX).map(|incident| self.entry(incident)).collect()
    }

    fn entry(&self, incident: &IncidentView) -> Entry {
        Entry {
            title: incident.sentence(),
            path: if incident.ended.is_none() {
                format!("#{}", incident.id)
            } else {
                format!("history#{}", incident.id)
            },
            guid: format!("{}#{}", self.base, incident.id),
            began: wire::time(incident.began),
            began_822: words::rfc822(incident.began),
            updated: wire::time(incident.updated()),
            text: text(incident),
        }
    }

    fn description(&self) -> &str {
        self.page.description.as_deref().unwrap_or("What happened, and what was done about it.")
    }

    /// RSS 2.0.
    pub(super) fn rss(&self) -> String {
        let page = Rss {
            title: &self.page.title,
            base: self.base,
            description: self.description(),
            updated: words::rfc822(self.view.updated()),
            entries: self.entries(),
        };
        page.render().expect("writing to a string cannot fail")
    }

    /// Atom (RFC 4287).
    pub(super) fn atom(&self) -> String {
        let page = Atom {
            title: &self.page.title,
            base: self.base,
            id: self.base,
            description: self.description(),
            updated: wire::time(self.view.updated()),
            entries: self.entries(),
        };
        page.render().expect("writing to a string cannot fail")
    }

    /// JSON Feed 1.1.
    pub(super) fn json(&self) -> String {
        let items = self.entries().into_iter().map(|entry| {
            json!({
                "id": entry.guid, "url": format!("{}{}", self.base, entry.path), "title": entry.title,
                "content_text": entry.text, "date_published": entry.began, "date_modified": entry.updated,
            })
        });
        json!({
            "version": "https://jsonfeed.org/version/1.1", "title": self.page.title, "description": self.description(),
            "home_page_url": self.base, "feed_url": format!("{}feed.json", self.base), "items": items.collect::<Vec<_>>(),
        })
        .to_string()
    }

    /// What is planned, for calendars.
    pub(super) fn calendar(&self) -> String {
        planned::calendar(&self.page.title, self.base, &self.view.planned, self.view.at)
    }

    /// What is true now, for programs.
    pub(super) fn status(&self) -> String {
        let view = self.view;
        let sections: Vec<Value> = view.sections.iter().map(|section| {
            json!({ "name": section.name, "components": section.components.iter().map(component).collect::<Vec<_>>() })
        }).collect();
        json!({
            "page": { "title": self.page.title, "url": self.base },
            "as_of": wire::time(view.at),
            "status": words::code(view.summary.worst), "headline": view.summary.headline,
            "sections": sections,
            "incidents": view.incidents.iter().take(ENTRIES_MAX).map(incident).collect::<Vec<_>>(),
            "planned": view.planned.iter().map(work).collect::<Vec<_>>(),
        })
        .to_string()
    }
}

#[derive(Template)]
#[template(path = "status/rss.xml")]
struct Rss<'a> {
    title: &'a str,
    base: &'a str,
    description: &'a str,
    updated: String,
    entries: Vec<Entry>,
}

#[derive(Template)]
#[template(path = "status/atom.xml")]
struct Atom<'a> {
    title: &'a str,
    base: &'a str,
    id: &'a str,
    description: &'a str,
    updated: String,
    entries: Vec<Entry>,
}

/// What a reader sees of an incident: the updates, newest first, or when it began and ended.
fn text(incident: &IncidentView) -> String {
    let ended = incident.ended.map(|ended| format!("Over at {} UTC.", words::time(ended, incident.began)));
    let updates = incident
        .updates
        .iter()
        .map(|update| format!("{} UTC: {}", words::time(update.at, incident.began), update.text));
    let began = format!(
        "Began on {} at {} UTC.",
        words::whole_day(incident.began),
        words::time(incident.began, incident.began)
    );
    ended.into_iter().chain(updates).chain([began]).collect::<Vec<_>>().join("\n\n")
}

fn component(component: &ComponentView) -> Value {
    let facts = &component.facts;
    let uptime = WINDOWS.iter().zip(&facts.windows).map(|((name, _), shares)| ((*name).to_owned(), number(shares)));
    json!({
        "id": component.slug, "name": component.name, "about": component.about,
        "status": words::code(facts.presence), "uptime": uptime.collect::<serde_json::Map<_, _>>(),
    })
}

fn work(work: &Work) -> Value {
    let (from, until) = (work.opening.from, work.opening.until);
    json!({ "components": work.components, "from": wire::time(from), "until": until.map(wire::time) })
}

fn number(shares: &Shares) -> Value {
    json!({ "percent": shares.uptime(), "text": shares.uptime_text(), "coverage_percent": shares.coverage() })
}

fn incident(incident: &IncidentView) -> Value {
    let updates = incident.updates.iter().map(|update| json!({ "at": wire::time(update.at), "text": update.text }));
    json!({
        "id": incident.id, "component": incident.component, "status": words::code(incident.presence),
        "began": wire::time(incident.began), "ended": incident.ended.map(wire::time),
        "updates": updates.collect::<Vec<_>>(),
    })
}
