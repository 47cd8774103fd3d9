//! `/api/v1/incidents` and `/api/v1/incidents/{id}`: the outages, and what happened in one.

use allswell_core::Wall;
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use serde_json::Value;

use super::{ApiState, Key, Problem, Query, read, wire};
use crate::store::{IncidentFilter, IncidentRow, TimelineRow};

const DEFAULT: usize = 100;
const MOST: usize = 100_000;

#[derive(Serialize)]
pub(super) struct List {
    incidents: Vec<One>,
}

#[derive(Serialize)]
struct One {
    id: String,
    monitor: String,
    monitor_id: u32,
    kind: &'static str,
    open: bool,
    began: String,
    opened: String,
    ended: Option<String>,
    lasted_ms: u64,
    cause: String,
    link: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Whole {
    #[serde(flatten)]
    one: One,
    timeline: Vec<Line>,
    evidence: Value,
}

#[derive(Serialize)]
struct Line {
    time: String,
    what: String,
    text: String,
}

impl From<TimelineRow> for Line {
    fn from(row: TimelineRow) -> Self {
        Self { time: wire::time(row.at), what: row.what, text: row.text }
    }
}

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
        cause: row.cause,
        link: base.map(|base| format!("{base}/i/{}", row.id)),
    }
}
