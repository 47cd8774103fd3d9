//! `/`: what is wrong now, in sentences; then everything that is watched; then who was told.

use allswell_core::time::humane;
use allswell_core::uptime::Presence;
use allswell_core::{Now, Verdict, Wall};
use allswell_monitor::store::{DeliveryFilter, DeliveryRow, IncidentFilter, IncidentRow, MonitorRow, ResultRow};
use askama::Template;
use axum::extract::RawQuery;
use axum::response::Response;

use super::strip::{self, Strip};
use super::text::{self, UptimeCell};
use super::{Page, incident, seen, told};
use crate::accounts::Mine;
use crate::api::read::{self, UptimeReader};
use crate::api::{ApiState, Problem, Query};

/// Bars in a strip.
const BARS: usize = 24;
/// Characters of a target before the rest is left to the monitor's own page.
const TARGET: usize = 64;
/// Monitors on one page: what a person reads, and what fits into 40 kB.
const ROWS: usize = 100;
/// Troubles that are told in sentences before the rest is only counted.
const TROUBLES: usize = 20;
/// Deliveries at the foot of the page.
const DELIVERIES: usize = 10;
/// Deliveries that are looked through for who was told of an incident.
const DELIVERIES_READ: usize = 500;

#[derive(Template)]
#[template(path = "overview.html", whitespace = "minimize")]
struct Overview {
    page: Page,
    /// `(2 down) ` before the name in the tab.
    mark: String,
    headline: String,
    subline: String,
    /// What is wrong with ourselves.
    ours: Option<String>,
    troubles: Vec<Trouble>,
    troubles_more: usize,
    monitors: Vec<Row>,
    range: Option<Paging>,
    deliveries: Vec<told::Line>,
}

/// One trouble in a sentence.
struct Trouble {
    shape: &'static str,
    word: &'static str,
    id: u32,
    name: String,
    cause: String,
    incident: Option<String>,
    age: String,
    told: String,
}

/// One monitor in the list.
struct Row {
    shape: &'static str,
    word: &'static str,
    age: String,
    id: u32,
    name: String,
    target: String,
    strip: Strip,
    now: String,
    is_bad: bool,
    uptime: [UptimeCell; 4],
}

/// Which monitors of how many are on this page.
struct Paging {
    first: usize,
    last: usize,
    all: usize,
    before: Option<usize>,
    after: Option<usize>,
}

pub(super) async fn show(Mine(state): Mine, query: RawQuery) -> Response {
    let now = state.now();
    super::shown(&state, overview(&state, query, now).await, "", now.wall)
}

async fn overview(state: &ApiState, query: RawQuery, now: Now) -> Result<Response, Problem> {
    let query = Query::read(query, &["page", "follow"])?;
    let number = query.number("page", 1)?;
    let kept = if number > 1 { format!("page={number}") } else { String::new() };
    let store = &*state.store;
    let mut monitors = store.monitors().await?;
    let incidents =
        store.incidents(IncidentFilter { monitor: None, open_only: true, limit: monitors.len().max(1) }).await?;
    let deliveries = store.deliveries(DeliveryFilter::newest(DELIVERIES_READ)).await?;
    monitors.sort_by_key(|monitor| rank(monitor.presence()));
    let ours = state.health.look(now).trouble();
    let counts = Counts::of(&monitors);
    let mut troubles = incident_troubles(&incidents, &monitors, &deliveries, now.wall);
    troubles.extend(blind_troubles(state, &monitors, now.wall).await?);
    let overview = Overview {
        page: Page::new(state, "", now.wall).refreshing(query.flag("follow")?, &kept),
        mark: counts.mark(),
        headline: counts.headline(),
        subline: counts.subline(&monitors, now.wall),
        ours: ours.map(|trouble| text::sentence(&trouble)),
        troubles_more: troubles.len().saturating_sub(TROUBLES),
        troubles: { troubles }.into_iter().take(TROUBLES).collect(),
        range: Paging::of(number, monitors.len()),
        monitors: rows(state, monitors.iter().skip((number - 1) * ROWS).take(ROWS), now.wall).await?,
        deliveries: deliveries.iter().take(DELIVERIES).map(|row| told::line(row, now.wall)).collect(),
    };
    Ok(super::html(&overview))
}

/// Trouble first, what is paused last.
const fn rank(presence: Presence) -> u8 {
    match presence {
        Presence::Down => 0,
        Presence::Degraded => 1,
        Presence::Unknown => 2,
        Presence::Maintenance => 3,
        Presence::Up => 4,
        Presence::Paused => 5,
    }
}

/// One trouble for each open incident, the worst first.
fn incident_troubles(
    incidents: &[IncidentRow],
    monitors: &[MonitorRow],
    deliveries: &[DeliveryRow],
    now: Wall,
) -> Vec<Trouble> {
    let mut troubles: Vec<(u8, Trouble)> = Vec::new();
    for incident in incidents {
        let Some(monitor) = monitors.iter().find(|monitor| monitor.enlisted.id == incident.id.monitor) else {
            continue;
        };
        // While we cannot ask, the incident stays what it was last about.
        let presence = match incident.kind {
            allswell_core::incident::Kind::Down => Presence::Down,
            _ => Presence::Degraded,
        };
        let of_incident = deliveries.iter().filter(|delivery| delivery.incident == incident.id);
        let trouble = Trouble {
            shape: text::shape(presence),
            word: text::word(presence),
            id: incident.id.monitor.0,
            name: text::visible(&monitor.enlistment.name),
            cause: text::sentence(incident::cause_now(incident)),
            incident: Some(incident.id.to_string()),
            age: text::age(incident.began, now),
            told: told::summary(of_incident, deliveries.len() < DELIVERIES_READ),
        };
        troubles.push((rank(presence), trouble));
    }
    troubles.sort_by_key(|(rank, _)| *rank);
    troubles.into_iter().map(|(_, trouble)| trouble).collect()
}

/// One trouble for each monitor that we could not ask and that has no incident.
async fn blind_troubles(state: &ApiState, monitors: &[MonitorRow], now: Wall) -> Result<Vec<Trouble>, Problem> {
    let blind = |monitor: &&MonitorRow| {
        monitor.presence() == Presence::Unknown && monitor.enlisted.memory.blind && monitor.enlisted.incident.is_none()
    };
    let mut troubles = Vec::new();
    for monitor in monitors.iter().filter(blind).take(TROUBLES) {
        let last = read::last_results(&*state.store, monitor.enlisted.id, 1).await?.pop();
        let why = last.map(|last| why(&last)).unwrap_or_default();
        troubles.push(Trouble {
            shape: text::shape(Presence::Unknown),
            word: text::word(Presence::Unknown),
            id: monitor.enlisted.id.0,
            name: text::visible(&monitor.enlistment.name),
            cause: text::sentence(&format!("we could not ask, so nothing is known: {why}")),
            incident: None,
            age: text::age(monitor.enlisted.memory.since, now),
            told: "nobody, it is our own trouble".to_owned(),
        });
    }
    Ok(troubles)
}

/// What went wrong, in the words of the asking.
fn why(result: &ResultRow) -> String {
    let detail = seen::Detail::read(result.detail.as_deref());
    detail.message.unwrap_or_else(|| text::result(result))
}

async fn rows<'a>(
    state: &ApiState,
    monitors: impl Iterator<Item = &'a MonitorRow>,
    now: Wall,
) -> Result<Vec<Row>, Problem> {
    let reader = UptimeReader::at(&*state.store, now).await?;
    let mut rows = Vec::new();
    for monitor in monitors {
        let results = read::last_results(&*state.store, monitor.enlisted.id, BARS).await?;
        let uptime = reader.of(monitor.enlisted.id).await?;
        let since = monitor.since(uptime.since);
        rows.push(Row {
            shape: text::shape(monitor.presence()),
            word: text::word(monitor.presence()),
            age: since.map(|since| text::age(since, now)).unwrap_or_default(),
            id: monitor.enlisted.id.0,
            name: text::visible(&monitor.enlistment.name),
            target: text::cut(&text::visible(&monitor.enlistment.target), TARGET),
            strip: strip::of_results(&results, BARS),
            now: last_word(monitor, results.first()),
            is_bad: results.first().is_some_and(|last| last.verdict == Verdict::Fail),
            uptime: text::uptime_cells(&uptime.windows),
        });
    }
    Ok(rows)
}

/// How long the last answer took, or why there was none.
fn last_word(monitor: &MonitorRow, last: Option<&ResultRow>) -> String {
    match last {
        Some(_) if monitor.enlistment.paused => "–".to_owned(),
        Some(last) if matches!(last.verdict, Verdict::Pass | Verdict::Warn) => humane(last.total),
        Some(last) => text::result(last),
        None => "–".to_owned(),
    }
}

impl Paging {
    /// The page with this number, from 1 on; `None` when there is only one.
    fn of(number: usize, all: usize) -> Option<Self> {
        let pages = all.div_ceil(ROWS);
        (all > ROWS || number > 1).then(|| Self {
            first: ((number - 1) * ROWS + 1).min(all),
            last: (number * ROWS).min(all),
            all,
            before: (number > 1).then(|| (number - 1).min(pages.max(1))),
            after: (number < pages).then_some(number + 1),
        })
    }
}

/// How many monitors are how.
struct Counts {
    all: usize,
    by_presence: [usize; 6],
}

impl Counts {
    fn of(monitors: &[MonitorRow]) -> Self {
        let mut by_presence = [0; 6];
        for monitor in monitors {
            by_presence[monitor.presence() as usize] += 1;
        }
        Self { all: monitors.len(), by_presence }
    }

    const fn number(&self, presence: Presence) -> usize {
        self.by_presence[presence as usize]
    }

    /// What the tab says before the name.
    fn mark(&self) -> String {
        match (self.number(Presence::Down), self.number(Presence::Degraded)) {
            (0, 0) => String::new(),
            (0, degraded) => format!("({degraded} degraded) "),
            (down, _) => format!("({down} down) "),
        }
    }

    fn headline(&self) -> String {
        let unknown = self.number(Presence::Unknown);
        let parts: Vec<String> = [
            (self.number(Presence::Down), "down"),
            (self.number(Presence::Degraded), "degraded"),
            (unknown, "without data"),
        ]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
        match self.all {
            0 => "Nothing is watched yet".to_owned(),
            all if all == self.number(Presence::Paused) => "Everything is paused".to_owned(),
            all if unknown == all => "No answers yet".to_owned(),
            _ if parts.is_empty() => "All's well".to_owned(),
            _ => parts.join(", "),
        }
    }

    fn subline(&self, monitors: &[MonitorRow], now: Wall) -> String {
        let last = monitors.iter().filter_map(|monitor| monitor.enlisted.last_asked).max();
        let heard = match last {
            Some(last) => format!("Last asked {} ago.", text::age(last, now)),
            None => "Nothing was asked yet.".to_owned(),
        };
        let verb = if self.all == 1 { "is" } else { "are" };
        match self.all {
            0 => "Name a URL, or write a configuration.".to_owned(),
            all => format!("{} of {} {verb} up. {heard}", self.number(Presence::Up), text::count(all, "monitor")),
        }
    }
}
