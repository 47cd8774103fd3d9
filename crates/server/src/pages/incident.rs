//! `/i/{id}`: one outage. How long, what happened in order, what the other side said, who was told.

use allswell_core::time::humane;
use allswell_core::uptime::Presence;
use allswell_core::{Now, Wall, incident};
use allswell_monitor::store::{DeliveryFilter, IncidentRow, TimelineRow};
use askama::Template;
use axum::extract::RawQuery;
use axum::response::Response;

use super::evidence::Evidence;
use super::seen;
use super::{Page, certificate, monitor, text, told};
use crate::accounts::Mine;
use crate::api::{ApiState, Key, Problem, Query, read};

/// Deliveries that are looked through for those of this incident.
const DELIVERIES_READ: usize = 2_000;

#[derive(Template)]
#[template(path = "incident.html", whitespace = "minimize")]
struct IncidentPage {
    page: Page,
    item: Item,
    /// The monitor's number, while it is watched.
    monitor: Option<u32>,
    name: String,
    noticed: String,
    told: String,
    timeline: Vec<Line>,
    evidence: Option<Evidence>,
    checks: Vec<Check>,
    version: String,
    certificate: Option<certificate::View>,
    deliveries: Vec<told::Line>,
}

/// An incident in a list.
pub(super) struct Item {
    pub(super) id: String,
    pub(super) shape: &'static str,
    /// `Down`, `Degraded`, `Certificate`.
    pub(super) word: &'static str,
    pub(super) cause: String,
    pub(super) is_open: bool,
    pub(super) began: String,
    /// When it ended; empty while it is open.
    pub(super) ended: String,
    pub(super) lasted: String,
}

pub(super) fn item(row: &IncidentRow, now: Wall) -> Item {
    let presence = if row.kind == incident::Kind::Down { Presence::Down } else { Presence::Degraded };
    Item {
        id: row.id.to_string(),
        shape: text::shape(presence),
        word: match row.kind {
            incident::Kind::Down => "Down",
            incident::Kind::Degraded => "Degraded",
            incident::Kind::Certificate => "Certificate",
        },
        cause: text::sentence(cause_now(row)),
        is_open: row.ended.is_none(),
        began: text::clock(row.began, now),
        ended: row.ended.map(|ended| text::clock(ended, now)).unwrap_or_default(),
        lasted: text::age(row.began, row.ended.unwrap_or(now)),
    }
}

/// The sentence that says what the incident is or was last about: it may have turned since it was opened.
pub(super) fn cause_now(row: &IncidentRow) -> &str {
    let told = row.timeline.iter().rev().find(|line| matches!(line.what.as_str(), "opened" | "turned"));
    told.map_or(&row.cause, |line| &line.text)
}

/// One line of the timeline.
struct Line {
    time: String,
    shape: &'static str,
    word: String,
    text: String,
}

/// One of the app's own checks at the first failure.
struct Check {
    shape: &'static str,
    name: String,
    message: String,
}

pub(super) async fn show(Mine(state): Mine, key: Result<Key, Problem>, query: RawQuery) -> Response {
    let now = state.now();
    super::shown(&state, page(&state, key, query, now).await, "../", now.wall)
}

async fn page(state: &ApiState, key: Result<Key, Problem>, query: RawQuery, now: Now) -> Result<Response, Problem> {
    let follow = Query::read(query, &["follow"])?.flag("follow")?;
    let row = read::incident(&*state.store, &key?.0).await?;
    let about = DeliveryFilter { incident: Some(row.id), ..DeliveryFilter::newest(DELIVERIES_READ) };
    let deliveries = state.store.deliveries(about).await?;
    let all = deliveries.len() < DELIVERIES_READ;
    let watched = state.store.monitor(&row.id.monitor.to_string()).await?;
    let watched = watched.is_some_and(|monitor| monitor.enlisted.id == row.id.monitor);
    let seen = seen::Evidence::read(&row.evidence);
    let page = Page::new(state, "../", now.wall);
    let evidence = Evidence::of(&seen, &row, now.wall);
    Ok(super::html(&IncidentPage {
        page: if row.ended.is_none() { page.refreshing(follow, "") } else { page },
        item: item(&row, now.wall),
        monitor: watched.then_some(row.id.monitor.0),
        name: text::visible(&row.monitor_name),
        noticed: humane(row.opened.since(row.began)),
        told: told::summary(deliveries.iter(), all),
        timeline: row.timeline.iter().map(|line| timeline(line, now.wall)).collect(),
        evidence: (!evidence.is_empty()).then_some(evidence),
        checks: checks(&seen),
        version: text::visible(seen.detail.version().unwrap_or_default()),
        certificate: seen.detail.certificate.as_ref().and_then(|seen| certificate::view(seen, now.wall)),
        deliveries: deliveries.iter().map(|delivery| told::line(delivery, now.wall)).collect(),
    }))
}

fn timeline(row: &TimelineRow, now: Wall) -> Line {
    let (shape, word) = match row.what.as_str() {
        "opened" => ("d", "Opened"),
        "turned" => ("w", "Changed"),
        "acknowledged" => ("n", "Seen to"),
        "silenced" => ("n", "Nobody told"),
        "closed" => ("u", "Over"),
        "note" => ("n", "Note"),
        "update" => ("n", "Update"),
        "sent" => ("u", "Told"),
        "retried" => ("w", "Not yet told"),
        "refused" => ("d", "Refused"),
        other => ("n", other),
    };
    let (word, text) = (text::visible(word), text::visible(&row.text));
    Line { time: text::clock(row.at, now), shape, word, text }
}

fn checks(seen: &seen::Evidence) -> Vec<Check> {
    let checks = seen.detail.health.iter().flat_map(|health| &health.checks);
    let view = |check: &allswell_probe::health::Check| Check {
        shape: monitor::health_shape(check.status),
        name: text::visible(&check.name),
        message: text::visible(check.message.as_deref().unwrap_or_default()),
    };
    checks.map(view).collect()
}
