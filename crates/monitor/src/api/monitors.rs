//! `/api/v1/monitors` and `/api/v1/monitors/{id}`: what is watched, and what is true of it now.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;

use super::read::{self, UptimeReader};
use super::results::OneResult;
use super::uptime::Number;
use super::{ApiState, Key, Problem, Query, wire};
use crate::store::{MonitorRow, Store};

#[derive(Serialize)]
pub(super) struct List {
    monitors: Vec<One>,
}

#[derive(Serialize)]
pub(super) struct One {
    id: u32,
    name: String,
    kind: String,
    target: String,
    status: &'static str,
    since: Option<String>,
    paused: bool,
    interval_s: f64,
    created: String,
    last_result: Option<OneResult>,
    uptime: BTreeMap<&'static str, Number>,
    incident: Option<String>,
}

pub(super) async fn list(State(state): State<ApiState>, query: RawQuery) -> Result<Json<List>, Problem> {
    Query::read(query, &[])?;
    let reader = UptimeReader::at(&*state.store, state.now().wall).await?;
    let mut monitors = Vec::new();
    for monitor in state.store.monitors().await? {
        monitors.push(one_of(&*state.store, &reader, monitor).await?);
    }
    Ok(Json(List { monitors }))
}

pub(super) async fn one(State(state): State<ApiState>, key: Key, query: RawQuery) -> Result<Json<One>, Problem> {
    Query::read(query, &[])?;
    let monitor = read::monitor(&*state.store, &key.0).await?;
    let reader = UptimeReader::at(&*state.store, state.now().wall).await?;
    Ok(Json(one_of(&*state.store, &reader, monitor).await?))
}

async fn one_of(store: &dyn Store, reader: &UptimeReader<'_>, monitor: MonitorRow) -> Result<One, Problem> {
    let id = monitor.enlisted.id;
    let uptime = reader.of(id).await?;
    let last_result = read::last_results(store, id, 1).await?.pop();
    Ok(One {
        id: id.0,
        status: read::presence(&monitor).as_str(),
        since: read::since(&monitor, uptime.since).map(wire::time),
        uptime: Number::all(&uptime.windows),
        last_result: last_result.map(OneResult::from),
        created: wire::time(monitor.enlisted.created),
        incident: monitor.enlisted.incident.map(|incident| incident.id.to_string()),
        paused: monitor.enlistment.paused,
        interval_s: monitor.enlistment.interval.as_secs_f64(),
        name: monitor.enlistment.name,
        kind: monitor.enlistment.kind,
        target: monitor.enlistment.target,
    })
}
