//! `/api/v1/incidents` and `/api/v1/incidents/{id}`: the outages, and what happened in one.

use allswell_core::Wall;
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::{ApiState, Key, Problem, Query, openapi, read, wire};
use crate::store::{IncidentFilter, IncidentRow, TimelineRow};

const DEFAULT: usize = 100;
const MOST: usize = 100_000;

/// The outages, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Incidents)]
pub(super) struct List {
    incidents: Vec<One>,
}

/// An outage.
#[derive(Serialize, ToSchema)]
#[schema(as = Incident)]
struct One {
    /// The monitor's number and the transition's, `12-7`.
    id: String,
    /// The monitor's name.
    monitor: String,
    /// The monitor's number.
    monitor_id: u32,
    #[schema(schema_with = openapi::incident_kind)]
    kind: &'static str,
    open: bool,
    /// The first failure.
    #[schema(format = DateTime)]
    began: String,
    /// When it was confirmed.
    #[schema(format = DateTime)]
    opened: String,
    /// The first good answer; `null` while it is open.
    #[schema(format = DateTime)]
    ended: Option<String>,
    lasted_ms: u64,
    /// Who sees to it; `null` while nobody said so.
    acknowledged: Option<Acknowledgement>,
    /// One sentence.
    cause: String,
    /// Its page.
    link: Option<String>,
}

/// Somebody sees to an outage.
#[derive(Serialize, ToSchema)]
struct Acknowledgement {
    /// Who.
    by: String,
    /// Since when.
    #[schema(format = DateTime)]
    time: String,
}

/// An outage with all that is known of it.
#[derive(Serialize, ToSchema)]
#[schema(as = IncidentInFull)]
pub(super) struct Whole {
    #[serde(flatten)]
    one: One,
    /// Oldest first.
    timeline: Vec<Line>,
    /// What was seen at the first failure.
    evidence: Value,
}

/// What happened at one moment of an incident.
#[derive(Serialize, ToSchema)]
#[schema(as = IncidentLine)]
struct Line {
    #[schema(format = DateTime)]
    time: String,
    /// `opened`, `turned`, `closed`, `acknowledged`, `silenced`, `sent`, `retried`, `refused`.
    what: String,
    text: String,
}

/// Which incidents.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document of what `Query` reads by name")]
pub(super) struct Which {
    /// Only those that are open.
    #[param(default = false)]
    open: Option<bool>,
    /// Only of this monitor: its number or its name.
    monitor: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 100_000, default = 100)]
    limit: Option<usize>,
}

impl From<TimelineRow> for Line {
    fn from(row: TimelineRow) -> Self {
        Self { time: wire::time(row.at), what: row.what, text: row.text }
    }
}

/// Incidents
#[utoipa::path(get, path = "/api/v1/incidents", operation_id = "list_incidents", tag = "incidents", params(Which),
    responses((status = 200, body = List), openapi::RefusalsOfOne))]
pub(super) async fn list(State(state): State<ApiState>, query: RawQuery) -> Result<Json<List>, Problem> {
    let query = Query::read(query, &["open", "monitor", "limit"])?;
    let mut filter =
        IncidentFilter { monitor: None, open_only: query.flag("open")?, limit: query.limit(DEFAULT, MOST)? };
    if let Some(key) = query.value("monitor") {
        filter.monitor = Some(read::monitor(&*state.store, key).await?.enlisted.id);
    }
    let rows = state.store.incidents(filter).await?;
    let now = state.now().wall;
    Ok(Json(List { incidents: rows.into_iter().map(|row| one_of(&state, row, now)).collect() }))
}

/// One incident
#[utoipa::path(get, path = "/api/v1/incidents/{id}", operation_id = "get_incident", tag = "incidents", params(openapi::Incident),
    responses((status = 200, body = Whole), openapi::RefusalsOfOne))]
pub(super) async fn one(State(state): State<ApiState>, key: Key, query: RawQuery) -> Result<Json<Whole>, Problem> {
    Query::read(query, &[])?;
    let mut row = read::incident(&*state.store, &key.0).await?;
    let timeline = std::mem::take(&mut row.timeline).into_iter().map(Line::from).collect();
    let evidence = std::mem::take(&mut row.evidence);
    let evidence = serde_json::from_str(&evidence).unwrap_or(Value::String(evidence));
    Ok(Json(Whole { one: one_of(&state, row, state.now().wall), timeline, evidence }))
}

fn one_of(state: &ApiState, row: IncidentRow, now: Wall) -> One {
    let base = state.public_url.as_deref().map(|base| base.trim_end_matches('/'));
    One {
        id: row.id.to_string(),
        monitor: row.monitor_name,
        monitor_id: row.id.monitor.0,
        kind: row.kind.as_str(),
        open: row.ended.is_none(),
        began: wire::time(row.began),
        opened: wire::time(row.opened),
        ended: row.ended.map(wire::time),
        lasted_ms: wire::whole_ms(row.ended.unwrap_or(now).since(row.began)),
        acknowledged: row.acknowledged.map(|done| Acknowledgement { by: done.by, time: wire::time(done.at) }),
        cause: row.cause,
        link: base.map(|base| format!("{base}/i/{}", row.id)),
    }
}
