//! `/api/v1/monitors/{id}/results`: what the askings of a monitor gave, newest first.

use allswell_core::Wall;
use allswell_monitor::store::ResultRow;
use axum::Json;
use axum::extract::RawQuery;
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::wire::{self, PhasesMs};
use super::{Key, Mine, Problem, Query, openapi, read};

const DEFAULT: usize = 100;
const MOST: usize = 1_000;

/// What the askings of a monitor gave, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Results)]
pub(super) struct List {
    /// The monitor's number.
    id: u32,
    /// The monitor's name.
    name: String,
    results: Vec<OneResult>,
    /// Where the older ones are, when there may be some.
    next: Option<String>,
}

/// What one asking gave.
#[derive(Serialize, ToSchema)]
#[schema(as = Result)]
pub(super) struct OneResult {
    /// When it began.
    #[schema(format = DateTime)]
    time: String,
    #[schema(schema_with = openapi::outcome)]
    outcome: &'static str,
    /// Why it was no plain pass.
    #[schema(schema_with = openapi::reason)]
    reason: Option<&'static str>,
    /// The HTTP status.
    status: Option<u16>,
    phases_ms: PhasesMs,
    /// What else is known: message, address, version, the app's own checks, certificate.
    detail: Option<Value>,
}

/// Which results.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document of what `Query` reads by name")]
pub(super) struct Range {
    /// From this moment on, RFC 3339.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Before this moment, RFC 3339.
    #[param(format = DateTime)]
    to: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<usize>,
}

impl From<ResultRow> for OneResult {
    fn from(row: ResultRow) -> Self {
        Self {
            time: wire::time(row.asked),
            outcome: row.verdict.as_str(),
            reason: row.reason.map(|reason| reason.as_str()),
            status: row.status,
            phases_ms: PhasesMs::new(&row.phases, row.total),
            detail: row.detail.map(|detail| serde_json::from_str(&detail).unwrap_or(Value::String(detail))),
        }
    }
}

/// The results of a monitor
#[utoipa::path(get, path = "/api/v1/monitors/{id}/results", operation_id = "list_results", tag = "monitors", params(openapi::Monitor, Range),
    responses((status = 200, body = List), openapi::RefusalsOfOne))]
pub(super) async fn list(Mine(state): Mine, key: Key, query: RawQuery) -> Result<Json<List>, Problem> {
    let query = Query::read(query, &["from", "to", "limit"])?;
    let limit = query.limit(DEFAULT, MOST)?;
    let (from, to) = read::range(&query)?;
    let monitor = read::monitor(&*state.store, &key.0).await?;
    let rows = state.store.results(monitor.enlisted.id, from..to, limit).await?;
    let oldest = rows.last().filter(|_| rows.len() == limit).map(|oldest| oldest.asked);
    Ok(Json(List {
        id: monitor.enlisted.id.0,
        name: monitor.enlistment.name,
        next: oldest.map(|oldest| next(monitor.enlisted.id.0, query.value("from"), oldest, limit)),
        results: rows.into_iter().map(OneResult::from).collect(),
    }))
}

/// The range ends before its end, so what follows begins with the next older one.
fn next(id: u32, from: Option<&str>, oldest: Wall, limit: usize) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(from) = from {
        query.append_pair("from", from);
    }
    query.append_pair("to", &wire::time(oldest)).append_pair("limit", &limit.to_string());
    format!("/api/v1/monitors/{id}/results?{}", query.finish())
}
