//! `/api/v1/deliveries`: who was told, and who could not be.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;

use super::{ApiState, Problem, Query, wire};
use crate::store::DeliveryRow;

const DEFAULT: usize = 100;
const MOST: usize = 100_000;

#[derive(Serialize)]
pub(super) struct List {
    deliveries: Vec<One>,
}

#[derive(Serialize)]
struct One {
    id: i64,
    key: String,
    incident: String,
    monitor: String,
    monitor_id: u32,
    channel: String,
    kind: &'static str,
    state: String,
    created: String,
    sent: Option<String>,
    next: Option<String>,
    attempts: u32,
    last_answer: Option<String>,
}

impl From<DeliveryRow> for One {
    fn from(row: DeliveryRow) -> Self {
        Self {
            id: row.id,
            key: row.key,
            incident: row.incident.to_string(),
            monitor: row.monitor_name,
            monitor_id: row.incident.monitor.0,
            channel: row.channel,
            kind: row.kind.as_str(),
            state: row.state,
            created: wire::time(row.created),
            sent: row.sent.map(wire::time),
            next: row.next.map(wire::time),
            attempts: row.attempts,
            last_answer: row.last_answer,
        }
    }
}

pub(super) async fn list(State(state): State<ApiState>, query: RawQuery) -> Result<Json<List>, Problem> {
    let query = Query::read(query, &["limit"])?;
    let rows = state.store.deliveries(query.limit(DEFAULT, MOST)?).await?;
    Ok(Json(List { deliveries: rows.into_iter().map(One::from).collect() }))
}
