//! `/api/v1/fleet`: all monitors in columns, filtered, ordered and paged out of memory; their tags and groups.

use std::collections::BTreeMap;

use allswell_core::uptime::{Presence, Shares};
use allswell_core::{Verdict, Wall};
use allswell_monitor::fleet::{Chosen, Row, Selection, millis};
use allswell_monitor::model::MonitorId;
use axum::Json;
use axum::extract::RawQuery;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::page::Wanted;
use super::{ApiState, Mine, NoQuery, Problem, Query, openapi, page};

const MOST: usize = 100_000;
/// The strips of more monitors than fit on a large screen are not asked for at once.
const STRIPS_MAX: usize = 500;

/// Monitors in columns: what stands at the same place belongs to the same monitor.
#[derive(Serialize, ToSchema)]
#[schema(as = Fleet)]
pub(super) struct Columns<'a> {
    /// Where `/api/v1/events` goes on from: give it as `after`, or as `Last-Event-ID`.
    position: String,
    /// How many monitors there are.
    total: usize,
    /// How many the filter let through.
    matched: usize,
    /// What the numbers in `status` mean.
    #[schema(value_type = Vec<String>)]
    statuses: [&'static str; 6],
    id: Vec<u32>,
    #[schema(value_type = Vec<String>)]
    name: Vec<&'a str>,
    #[schema(value_type = Vec<String>)]
    kind: Vec<&'a str>,
    /// What is asked, secrets masked.
    #[schema(value_type = Vec<String>)]
    target: Vec<&'a str>,
    #[schema(value_type = Vec<Vec<String>>)]
    tags: Vec<&'a [String]>,
    #[schema(value_type = Vec<Option<String>>)]
    group: Vec<Option<&'a str>>,
    /// Seconds from one asking to the next.
    interval_s: Vec<f64>,
    /// Indices into `statuses`.
    status: Vec<usize>,
    /// When `status` began, in milliseconds since 1970; `null` before the first answer.
    since_ms: Vec<Option<i64>>,
    /// How long the last asking took.
    latency_ms: Vec<Option<f64>>,
    /// The 95th percentile of the good ones among the last 48 askings.
    p95_ms: Vec<Option<f64>>,
    /// Uptime over the last 30 days in percent, by time. Rounded down to a hundredth, so that no failure reads as 100; `null`
    /// when nothing is known.
    uptime_percent: Vec<Option<f64>>,
    /// How many seconds of these days are known.
    known_s: Vec<Option<u64>>,
    /// Whole days until the first certificate of the chain ends, negative when one has ended.
    certificate_days_left: Vec<Option<i64>>,
    /// Why the last asking was no plain pass.
    #[schema(value_type = Vec<Option<String>>)]
    reason: Vec<Option<&'static str>>,
    /// The HTTP status of the last asking.
    code: Vec<Option<u16>>,
    /// The incident that is open.
    incident: Vec<Option<String>>,
}

impl<'a> Columns<'a> {
    fn of(chosen: &'a Chosen<'_>, position: String) -> Self {
        let (rows, now) = (&chosen.rows, chosen.now);
        Self {
            position,
            total: chosen.all,
            matched: chosen.matched,
            statuses: Presence::ALL.map(Presence::as_str),
            id: column(rows, |row| row.facts.id.0),
            name: column(rows, |row| row.facts.name.as_str()),
            kind: column(rows, |row| row.facts.kind.as_str()),
            target: column(rows, |row| row.facts.target.as_str()),
            tags: column(rows, |row| row.facts.tags.as_slice()),
            group: column(rows, |row| row.facts.group.as_deref()),
            interval_s: column(rows, |row| row.facts.interval.as_secs_f64()),
            status: column(rows, |row| row.status as usize),
            since_ms: column(rows, |row| row.since.map(Wall::ms)),
            latency_ms: column(rows, |row| row.latency().map(millis)),
            p95_ms: column(rows, |row| row.p95.map(millis)),
            uptime_percent: column(rows, |row| row.shares(now)?.uptime_rounded()),
            known_s: column(rows, |row| row.shares(now).map(known_s)),
            certificate_days_left: column(rows, |row| row.certificate_days_left(now)),
            reason: column(rows, |row| row.reason.map(|reason| reason.as_str())),
            code: column(rows, |row| row.code),
            incident: column(rows, |row| row.incident.map(|incident| incident.to_string())),
        }
    }
}

fn known_s(shares: Shares) -> u64 {
    shares.window().saturating_sub(shares.time(Presence::Unknown)).as_secs()
}

fn column<'a, T>(rows: &[&'a Row], cell: impl Fn(&'a Row) -> T) -> Vec<T> {
    rows.iter().map(|row| cell(row)).collect()
}

/// Which part of them.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document of what `Query` reads by name")]
pub(super) struct Which {
    /// How many to leave out at the beginning.
    #[param(minimum = 0, maximum = 100_000, default = 0)]
    offset: Option<usize>,
    /// At most so many.
    #[param(minimum = 1, maximum = 100_000, default = 100_000)]
    limit: Option<usize>,
}

/// All monitors in columns
///
/// Answers out of memory. `ETag` changes whenever anything of any monitor does.
#[utoipa::path(get, path = "/api/v1/fleet", operation_id = "get_fleet", tag = "monitors", params(Wanted, Which),
    responses((status = 200, body = Columns), openapi::Refusals))]
pub(super) async fn show(Mine(state): Mine, query: RawQuery, headers: HeaderMap) -> Result<Response, Problem> {
    let selection = selection(&Query::read(query, &["filter", "sort", "offset", "limit"])?)?;
    state.fleet.fresh(&*state.store).await?;
    // Before the rows: what changes meanwhile is told again, and nothing is missed.
    let position = state.fleet.live().position().to_string();
    let process = position.split('-').next().unwrap_or_default().to_owned();
    // A browser in which two people sign in after each other keeps what the first one saw.
    let account = state.store.account().0;
    let tag = |version: u64| format!("\"{account}-{process}-{version}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    let now = tag(state.fleet.version());
    if known == Some(now.as_str()) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, now)]).into_response());
    }
    Ok(state.fleet.read(&selection, |chosen| {
        ([(header::ETAG, tag(chosen.version))], Json(Columns::of(chosen, position))).into_response()
    }))
}

/// What a query asks for.
fn selection(query: &Query) -> Result<Selection, Problem> {
    let offset = match query.value("offset") {
        None => 0,
        Some(text) => text.parse().ok().filter(|offset| *offset <= MOST).ok_or_else(|| {
            let hint = format!("give a whole number from 0 to {MOST}");
            Problem::parameter("offset", format!("`offset` cannot be `{text}`"), hint)
        })?,
    };
    let limit = Some(query.limit(MOST, MOST)?);
    Ok(Selection { filter: page::filter(query)?, order: page::order(query)?, after: None, offset, limit })
}

/// The last askings of some monitors, oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Strips)]
pub(super) struct Strips {
    /// What the numbers in `outcome` mean.
    #[schema(value_type = Vec<String>)]
    outcomes: [&'static str; 4],
    /// By the monitor's number.
    strips: BTreeMap<u32, OneStrip>,
}

/// The last askings of a monitor, oldest first, 48 at most.
#[derive(Serialize, ToSchema)]
#[schema(as = Strip)]
struct OneStrip {
    /// Indices into `outcomes`.
    outcome: Vec<usize>,
    latency_ms: Vec<f64>,
}

/// Whose strips.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document of what `Query` reads by name")]
pub(super) struct Whose {
    /// The numbers of monitors, separated by commas, 500 at most; unknown ones are left out.
    #[param(required = true)]
    ids: String,
}

/// The last askings of some monitors
#[utoipa::path(get, path = "/api/v1/fleet/strips", operation_id = "get_strips", tag = "monitors", params(Whose),
    responses((status = 200, body = Strips), openapi::Refusals))]
pub(super) async fn strips(Mine(state): Mine, query: RawQuery) -> Result<Json<Strips>, Problem> {
    let query = Query::read(query, &["ids"])?;
    let wrong =
        || Problem::parameter("ids", "`ids` is no list of numbers", format!("write 1 to {STRIPS_MAX}: `ids=1,2,3`"));
    let ids: Result<Vec<u32>, _> = query.value("ids").unwrap_or_default().split(',').map(str::parse).collect();
    let ids = ids.ok().filter(|ids| ids.len() <= STRIPS_MAX).ok_or_else(wrong)?;
    let strips = ids.into_iter().filter_map(|id| Some((id, strip(&state.fleet.one(MonitorId(id))?)))).collect();
    Ok(Json(Strips { outcomes: Verdict::ALL.map(Verdict::as_str), strips }))
}

fn strip(row: &Row) -> OneStrip {
    let (outcome, latency_ms) = row.strip.iter().map(|(verdict, latency)| (place(verdict), millis(latency))).unzip();
    OneStrip { outcome, latency_ms }
}

fn place(verdict: Verdict) -> usize {
    Verdict::ALL.iter().position(|known| *known == verdict).unwrap_or_default()
}

/// What monitors are found by, and how they are.
#[derive(Serialize, ToSchema)]
#[schema(as = Labels)]
pub(super) struct Labels {
    labels: Vec<Label>,
}

/// A tag or a group.
#[derive(Serialize, ToSchema)]
struct Label {
    name: String,
    /// How many monitors have it.
    monitors: usize,
    /// How many of them are `up`, `degraded`, `down`, `unknown`, `maintenance`, `paused`.
    status: BTreeMap<&'static str, usize>,
}

async fn labels(state: &ApiState, of: impl Fn(&Row) -> Vec<String>) -> Result<Json<Labels>, Problem> {
    state.fleet.fresh(&*state.store).await?;
    Ok(state.fleet.read(&Selection::default(), |chosen| {
        let mut labels: BTreeMap<String, Label> = BTreeMap::new();
        for row in &chosen.rows {
            for name in of(row) {
                let label = labels.entry(name.clone()).or_insert(Label { name, monitors: 0, status: BTreeMap::new() });
                label.monitors += 1;
                *label.status.entry(row.status.as_str()).or_default() += 1;
            }
        }
        Json(Labels { labels: labels.into_values().collect() })
    }))
}

/// Tags
#[utoipa::path(get, path = "/api/v1/tags", operation_id = "list_tags", tag = "monitors",
    responses((status = 200, body = Labels), openapi::Refusals))]
pub(super) async fn tags(Mine(state): Mine, _: NoQuery) -> Result<Json<Labels>, Problem> {
    labels(&state, |row| row.facts.tags.clone()).await
}

/// Groups
#[utoipa::path(get, path = "/api/v1/groups", operation_id = "list_groups", tag = "monitors",
    responses((status = 200, body = Labels), openapi::Refusals))]
pub(super) async fn groups(Mine(state): Mine, _: NoQuery) -> Result<Json<Labels>, Problem> {
    labels(&state, |row| row.facts.group.clone().into_iter().collect()).await
}
