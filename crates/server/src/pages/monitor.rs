//! `/m/{id}`: one monitor. What is wrong, how its time divides by phase, what the app says of its own parts, its certificate,
//! what the other side said at the first failure, and the results one by one.

use std::time::Duration;

use allswell_core::time::humane;
use allswell_core::uptime::{Presence, Shares};
use allswell_core::{Now, Phase};
use allswell_monitor::store::{IncidentFilter, IncidentRow, MonitorRow, ResultRow};
use allswell_probe::health;
use askama::Template;
use axum::extract::RawQuery;
use axum::response::Response;

use super::evidence::Evidence;
use super::seen::{self, Detail};
use super::strip::{self, Chart, Run};
use super::text::{self, UptimeCell};
use super::{Page, certificate, incident};
use crate::accounts::Mine;
use crate::api::read::{self, UptimeReader, WINDOWS};
use crate::api::{ApiState, Key, Problem, Query};

/// Columns of the chart.
const COLUMNS: usize = 60;
/// Results in the table.
const ROWS: usize = 30;
/// Incidents in the list.
const INCIDENTS: usize = 10;

#[derive(Template)]
#[template(path = "monitor.html", whitespace = "minimize")]
struct MonitorPage {
    page: Page,
    id: u32,
    name: String,
    target: String,
    every: String,
    shape: &'static str,
    word: &'static str,
    since: String,
    trouble: Option<incident::Item>,
    latest: Option<Latest>,
    chart: Chart,
    /// What the full height of the chart stands for.
    top: String,
    span: (String, String),
    lanes: Vec<Lane>,
    app: Option<String>,
    uptime: Vec<Window>,
    certificate: Option<certificate::View>,
    evidence: Option<Evidence>,
    incidents: Vec<incident::Item>,
    results: Vec<Row>,
}

/// The newest answer by phase.
struct Latest {
    total: String,
    time: String,
    phases: Vec<(&'static str, &'static str, String)>,
}

/// One of the app's own checks over the columns of the chart.
struct Lane {
    shape: &'static str,
    name: String,
    says: String,
    runs: Vec<Run>,
}

/// One window of uptime with its parts.
struct Window {
    name: String,
    cell: UptimeCell,
    parts: String,
}

/// One result in the table.
struct Row {
    time: String,
    shape: &'static str,
    word: String,
    bars: Vec<(usize, f64, f64)>,
    total: String,
    version: String,
    detail: String,
}

pub(super) async fn show(Mine(state): Mine, key: Result<Key, Problem>, query: RawQuery) -> Response {
    let now = state.now();
    super::shown(&state, monitor(&state, key, query, now).await, "../", now.wall)
}

async fn monitor(state: &ApiState, key: Result<Key, Problem>, query: RawQuery, now: Now) -> Result<Response, Problem> {
    let follow = Query::read(query, &["follow"])?.flag("follow")?;
    let store = &*state.store;
    let monitor = read::monitor(store, &key?.0).await?;
    let id = monitor.enlisted.id;
    let results = read::last_results(store, id, COLUMNS).await?;
    let details: Vec<Detail> = read_details(&results);
    let uptime = UptimeReader::at(store, now.wall).await?.of(id).await?;
    let filter = IncidentFilter { monitor: Some(id), open_only: false, limit: INCIDENTS };
    let incidents = store.incidents(filter).await?;
    let presence = monitor.presence();
    let latest = details.first().cloned().unwrap_or_default();
    let chart = strip::chart(&results, COLUMNS);
    Ok(super::html(&MonitorPage {
        page: Page::new(state, "../", now.wall).refreshing(follow, ""),
        id: id.0,
        name: text::visible(&monitor.enlistment.name),
        target: text::visible(&monitor.enlistment.target),
        every: humane(monitor.enlistment.interval),
        shape: text::shape(presence),
        word: text::word(presence),
        since: monitor.since(uptime.since).map(|since| text::age(since, now.wall)).unwrap_or_default(),
        trouble: incidents.iter().find(|incident| incident.ended.is_none()).map(|row| incident::item(row, now.wall)),
        latest: results.first().map(|result| newest(result, now)),
        top: humane(chart.top),
        chart,
        span: span(&results, now),
        lanes: lanes(&details),
        app: app_line(&latest),
        uptime: windows(&uptime.windows),
        certificate: details.iter().find_map(|detail| certificate::view(detail.certificate.as_ref()?, now.wall)),
        evidence: first_evidence(&incidents, &monitor, now),
        incidents: incidents.iter().map(|row| incident::item(row, now.wall)).collect(),
        results: rows(&results, &details, now),
    }))
}

/// The detail of each result; neighbours mostly share it, so each text is read once.
fn read_details(results: &[ResultRow]) -> Vec<Detail> {
    let mut details: Vec<Detail> = Vec::with_capacity(results.len());
    for (index, result) in results.iter().enumerate() {
        let same = index > 0 && results[index - 1].detail == result.detail;
        let detail = match details.last() {
            Some(last) if same => last.clone(),
            _ => Detail::read(result.detail.as_deref()),
        };
        details.push(detail);
    }
    details
}

fn newest(result: &ResultRow, now: Now) -> Latest {
    let phase = |phase: Phase| Some((class(phase), label(phase), humane(result.phases.of(phase)?)));
    Latest {
        total: humane(result.total),
        time: text::clock(result.asked, now.wall),
        phases: Phase::ALL.into_iter().rev().filter_map(phase).collect(),
    }
}

fn span(results: &[ResultRow], now: Now) -> (String, String) {
    let clock = |result: Option<&ResultRow>| result.map(|result| text::clock(result.asked, now.wall));
    (clock(results.last()).unwrap_or_default(), clock(results.first()).unwrap_or_default())
}

/// One lane for each check that the app named lately, in the order of its newest document.
fn lanes(details: &[Detail]) -> Vec<Lane> {
    let mut names: Vec<&health::Check> = Vec::new();
    for check in details.iter().filter_map(|detail| detail.health.as_ref()).flat_map(|health| &health.checks) {
        if !names.iter().any(|known| known.name == check.name) {
            names.push(check);
        }
    }
    names.into_iter().map(|newest| lane(newest, details)).collect()
}

fn lane(newest: &health::Check, details: &[Detail]) -> Lane {
    let state = |detail: &Detail| {
        let checks = &detail.health.as_ref()?.checks;
        checks.iter().find(|check| check.name == newest.name).map(|check| health_shape(check.status))
    };
    let states: Vec<_> = details.iter().rev().map(state).collect();
    let took = newest.response_time_ms.filter(|ms| ms.is_finite() && (0.0..1e9).contains(ms));
    let took = took.map(|ms| humane(Duration::from_secs_f64(ms / 1e3)));
    let says = [newest.message.as_deref().map(text::visible), took].into_iter().flatten().collect::<Vec<_>>();
    Lane {
        shape: states.last().copied().flatten().unwrap_or("n"),
        name: text::visible(&newest.name),
        says: says.join(" · "),
        runs: strip::of_states(&states, COLUMNS),
    }
}

pub(super) const fn health_shape(status: health::Status) -> &'static str {
    match status {
        health::Status::Ok => "u",
        health::Status::Warn => "w",
        health::Status::Error => "d",
        health::Status::Unknown => "n",
    }
}

/// `version 1.42.0 · release 3f2c1ab · HTTP/2 from 127.0.0.1:443`.
fn app_line(detail: &Detail) -> Option<String> {
    let health = detail.health.as_ref();
    let version = health.and_then(|health| health.version.as_ref()).map(|version| format!("version {version}"));
    let release = health.and_then(|health| health.release_id.as_ref()).map(|release| format!("release {release}"));
    let from = detail.address.as_ref().map(|address| match &detail.http_version {
        Some(http) => format!("{http} from {address}"),
        None => format!("from {address}"),
    });
    let moved = detail.final_url.as_ref().map(|url| format!("redirected to {url}"));
    let parts: Vec<String> = [version, release, from, moved].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| text::visible(&parts.join(" · ")))
}

fn windows(windows: &[Shares; 4]) -> Vec<Window> {
    let cells = text::uptime_cells(windows);
    let named = WINDOWS.iter().zip(windows).zip(cells);
    named
        .map(|(((_, length), shares), cell)| Window { name: window_name(*length), cell, parts: parts(shares) })
        .collect()
}

/// `24 h` for the shortest, `7 d`, `30 d`, `90 d` for the others.
fn window_name(length: Duration) -> String {
    match length.as_secs() / 3_600 {
        24 => "24 h".to_owned(),
        hours => format!("{} d", hours / 24),
    }
}

/// How the window divides: `up 23 h 12 m, down 4 m, no data 44 m`.
fn parts(shares: &Shares) -> String {
    let part = |presence: Presence| {
        let time = shares.time(presence);
        (!time.is_zero()).then(|| format!("{} {}", text::word(presence).to_lowercase(), humane(time)))
    };
    Presence::ALL.into_iter().filter_map(part).collect::<Vec<_>>().join(", ")
}

fn first_evidence(incidents: &[IncidentRow], monitor: &MonitorRow, now: Now) -> Option<Evidence> {
    let incident = incidents.iter().find(|row| row.ended.is_none()).or(incidents.first())?;
    // What happened to a monitor of the same name before it was retired is not this one's evidence.
    (incident.id.monitor == monitor.enlisted.id)
        .then(|| Evidence::of(&seen::Evidence::read(&incident.evidence), incident, now.wall))
}

fn rows(results: &[ResultRow], details: &[Detail], now: Now) -> Vec<Row> {
    results.iter().zip(details).take(ROWS).map(|(result, detail)| row(result, detail, now)).collect()
}

fn row(result: &ResultRow, detail: &Detail, now: Now) -> Row {
    Row {
        time: text::clock(result.asked, now.wall),
        shape: text::verdict_shape(result.verdict),
        word: text::result(result),
        bars: bars(result),
        total: humane(result.total),
        version: text::visible(detail.version().unwrap_or_default()),
        detail: text::visible(&says(detail)),
    }
}

/// Each phase's place in a bar of a hundred units: its class, where it begins, how wide it is.
fn bars(result: &ResultRow) -> Vec<(usize, f64, f64)> {
    let total = result.total.as_secs_f64().max(1e-6);
    let mut from = 0.0;
    let mut bars = Vec::new();
    for (index, phase) in Phase::ALL.into_iter().enumerate() {
        let Some(took) = result.phases.of(phase) else { continue };
        let width = (took.as_secs_f64() / total * 100.0).min(100.0 - from);
        if width >= 0.5 {
            bars.push((index, (from * 10.0).round() / 10.0, (width * 10.0).round() / 10.0));
        }
        from += width;
    }
    bars
}

/// What the app says of its parts that are not well, else what went wrong, else that all parts are well.
fn says(detail: &Detail) -> String {
    let checks = detail.health.as_ref().map(|health| health.checks.as_slice()).unwrap_or_default();
    let bad = |check: &&health::Check| matches!(check.status, health::Status::Error | health::Status::Warn);
    let bad: Vec<String> = checks.iter().filter(bad).map(named).collect();
    match &detail.message {
        _ if !bad.is_empty() => bad.join(", "),
        Some(message) => message.clone(),
        None if checks.is_empty() => String::new(),
        None => format!("{} ok", text::count(checks.len(), "check")),
    }
}

/// `database: timed out after 5 s`.
fn named(check: &health::Check) -> String {
    match &check.message {
        Some(message) => format!("{}: {message}", check.name),
        None => check.name.clone(),
    }
}

const fn class(phase: Phase) -> &'static str {
    match phase {
        Phase::Dns => "p0",
        Phase::Connect => "p1",
        Phase::Tls => "p2",
        Phase::FirstByte => "p3",
        Phase::Transfer => "p4",
    }
}

const fn label(phase: Phase) -> &'static str {
    match phase {
        Phase::Dns => "DNS",
        Phase::Connect => "Connect",
        Phase::Tls => "TLS",
        Phase::FirstByte => "First byte",
        Phase::Transfer => "Transfer",
    }
}
