//! `/api/v1/monitors` and `/api/v1/monitors/{id}`: what is watched, and what is true of it now.

use std::collections::BTreeMap;

use allswell_monitor::store::Standing;
use axum::Json;
use axum::extract::RawQuery;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::change::{InFull, in_full};
use super::page::{PARAMETERS, Page, Part, Wanted, page};
use super::read::UptimeReader;
use super::results::OneResult;
use super::uptime::Number;
use super::{Key, Mine, NoQuery, Problem, Query, openapi, wire};

/// Monitors, in the order that was asked for.
#[derive(Serialize, ToSchema)]
#[schema(as = Monitors)]
pub(super) struct List {
    monitors: Vec<One>,
    /// How many monitors there are.
    total: usize,
    /// How many the filter let through.
    matched: usize,
    /// Where the next page is; `null` on the last one.
    next: Option<String>,
}

/// A monitor, and what is true of it now.
#[derive(Serialize, ToSchema)]
#[schema(as = Monitor)]
pub(super) struct One {
    /// Its number; it stays with the monitor for good.
    id: u32,
    name: String,
    /// How it asks: `http`, `tcp`, `tls`, ...
    kind: String,
    /// What is asked, secrets masked.
    target: String,
    #[schema(schema_with = openapi::status)]
    status: &'static str,
    /// When `status` began; `null` before the first answer.
    #[schema(format = DateTime)]
    since: Option<String>,
    paused: bool,
    /// Words it can be found by, sorted.
    tags: Vec<String>,
    /// What it belongs to; `null` when to nothing.
    group: Option<String>,
    /// Seconds from one asking to the next.
    interval_s: f64,
    /// When it was first watched.
    #[schema(format = DateTime)]
    created: String,
    /// `null` before the first.
    last_result: Option<OneResult>,
    /// By the length of the window: `24h`, `7d`, `30d`, `90d`.
    uptime: BTreeMap<&'static str, Number>,
    /// The id of the incident that is open.
    incident: Option<String>,
}

/// Monitors
///
/// All of them, or a page of those that the filter lets through. A page goes on where the one before ended, whatever was added or
/// taken away meanwhile.
#[utoipa::path(get, path = "/api/v1/monitors", operation_id = "list_monitors", tag = "monitors", params(Wanted, Part),
    responses((status = 200, body = List), openapi::Refusals))]
pub(super) async fn list(Mine(state): Mine, path: Uri, query: RawQuery) -> Result<Json<List>, Problem> {
    let Page { ids, total, matched, next } = page(&state, &Query::read(query, &PARAMETERS)?, &path).await?;
    let reader = UptimeReader::at(&*state.store, state.now().wall).await?;
    let standings = state.store.standings(ids, reader.longest()).await?;
    let monitors = standings.into_iter().map(|standing| One::of(standing, &reader)).collect();
    Ok(Json(List { monitors, total, matched, next }))
}

/// One monitor
#[utoipa::path(get, path = "/api/v1/monitors/{id}", operation_id = "get_monitor", tag = "monitors", params(openapi::Monitor),
    responses((status = 200, body = InFull, headers(("ETag" = String))), openapi::RefusalsOfOne))]
pub(super) async fn one(Mine(state): Mine, key: Key, _: NoQuery) -> Result<Response, Problem> {
    in_full(&state, &key.0, StatusCode::OK).await
}

impl One {
    pub(super) fn of(standing: Standing, reader: &UptimeReader<'_>) -> Self {
        let Standing { monitor, marks, last } = standing;
        let uptime = reader.divide(&marks);
        Self {
            id: monitor.enlisted.id.0,
            status: monitor.presence().as_str(),
            since: monitor.since(uptime.since).map(wire::time),
            uptime: Number::all(&uptime.windows),
            last_result: last.map(OneResult::from),
            created: wire::time(monitor.enlisted.created),
            incident: monitor.enlisted.incident.map(|incident| incident.id.to_string()),
            paused: monitor.enlistment.paused,
            tags: monitor.enlistment.tags,
            group: monitor.enlistment.group,
            interval_s: monitor.enlistment.interval.as_secs_f64(),
            name: monitor.enlistment.name,
            kind: monitor.enlistment.kind,
            target: monitor.enlistment.target,
        }
    }
}
