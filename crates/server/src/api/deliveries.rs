//! `/api/v1/deliveries` and `/api/v1/deliveries/{id}`: who was told, who could not be, and each attempt to do so.

use allswell_monitor::store::{AttemptRow, DeliveryFilter, DeliveryRow, DeliveryState};
use axum::Json;
use axum::extract::RawQuery;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{ApiState, Key, Mine, NoQuery, Problem, Query, openapi, read, wire};

const DEFAULT: usize = 100;
const MOST: usize = 100_000;

/// Who was told, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Deliveries)]
pub(super) struct List {
    deliveries: Vec<One>,
}

/// One message to one channel.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
struct One {
    id: i64,
    /// The idempotency key that the other side gets.
    key: String,
    /// The id of its incident.
    incident: String,
    /// The monitor's name.
    monitor: String,
    /// The monitor's number.
    monitor_id: u32,
    /// The channel's name.
    channel: String,
    #[schema(schema_with = openapi::notification_kind)]
    kind: &'static str,
    #[schema(schema_with = openapi::delivery_state)]
    state: String,
    #[schema(format = DateTime)]
    created: String,
    /// When the other side took it.
    #[schema(format = DateTime)]
    sent: Option<String>,
    /// When it is tried next.
    #[schema(format = DateTime)]
    next: Option<String>,
    /// How often it was tried.
    attempts: u32,
    /// What the other side said last.
    last_answer: Option<String>,
    /// The key of the message that told this one too, when many came at once.
    carrier: Option<String>,
}

/// A message with every attempt to hand it over.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryInFull)]
pub(super) struct Whole {
    #[serde(flatten)]
    one: One,
    /// The last thousand, oldest first.
    tries: Vec<Try>,
}

/// One attempt to hand a message over.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryAttempt)]
struct Try {
    /// From 1 on.
    number: i64,
    #[schema(format = DateTime)]
    began: String,
    /// How long it took; `null` while it is under way, and for ever when the server was stopped meanwhile.
    took_ms: Option<u64>,
    /// `sent`, `retried`, `refused`; `null` like `took_ms`.
    result: Option<String>,
    /// What the other side said, secrets masked.
    said: Option<String>,
}

impl From<AttemptRow> for Try {
    fn from(row: AttemptRow) -> Self {
        let AttemptRow { number, began, ended, result, said } = row;
        let took_ms = ended.map(|ended| u64::try_from(ended.since(began).as_millis()).unwrap_or(u64::MAX));
        Self { number, began: wire::time(began), took_ms, result, said }
    }
}

/// Which deliveries.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document of what `Query` reads by name")]
pub(super) struct Which {
    /// Only to the channel with this name, one that is gone included.
    channel: Option<String>,
    /// Only about this monitor: its number or its name.
    monitor: Option<String>,
    /// Only about this incident: its id, `12-7`.
    incident: Option<String>,
    /// Only those that stand so.
    #[param(schema_with = openapi::delivery_state)]
    state: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 100_000, default = 100)]
    limit: Option<usize>,
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
            carrier: row.carrier,
        }
    }
}

/// Deliveries
#[utoipa::path(get, path = "/api/v1/deliveries", operation_id = "list_deliveries", tag = "incidents", params(Which),
    responses((status = 200, body = List), openapi::RefusalsOfOne))]
pub(super) async fn list(Mine(state): Mine, query: RawQuery) -> Result<Json<List>, Problem> {
    let query = Query::read(query, &["channel", "monitor", "incident", "state", "limit"])?;
    let rows = state.store.deliveries(filter(&state, &query).await?).await?;
    Ok(Json(List { deliveries: rows.into_iter().map(One::from).collect() }))
}

async fn filter(state: &ApiState, query: &Query) -> Result<DeliveryFilter, Problem> {
    let mut filter = DeliveryFilter {
        channel: query.value("channel").map(str::to_owned),
        state: query.one_of("state", "state", &DeliveryState::ALL, DeliveryState::as_str)?,
        ..DeliveryFilter::newest(query.limit(DEFAULT, MOST)?)
    };
    if let Some(key) = query.value("monitor") {
        filter.monitor = Some(read::monitor(&*state.store, key).await?.enlisted.id);
    }
    if let Some(key) = query.value("incident") {
        filter.incident = Some(read::incident(&*state.store, key).await?.id);
    }
    Ok(filter)
}

/// One delivery
#[utoipa::path(get, path = "/api/v1/deliveries/{id}", operation_id = "get_delivery", tag = "incidents", params(openapi::Delivery),
    responses((status = 200, body = Whole), openapi::RefusalsOfOne))]
pub(super) async fn one(Mine(state): Mine, key: Key, _: NoQuery) -> Result<Json<Whole>, Problem> {
    let found = match key.0.parse() {
        Ok(id) => state.store.delivery(id).await?,
        Err(_) => None,
    };
    let (row, tries) = found.ok_or_else(|| {
        Problem::not_found(format!("there is no delivery `{}`", key.0), "see /api/v1/deliveries for their ids")
    })?;
    Ok(Json(Whole { one: row.into(), tries: tries.into_iter().map(Try::from).collect() }))
}
