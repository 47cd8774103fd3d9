//! How the server itself is: `/health`, `/ready`, `/metrics`.

use std::time::Duration;

use allswell_monitor::metrics::Format;
use allswell_monitor::store::StoreError;
use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::health::Document;
use super::{ApiState, Mine};

/// How long a scrape waits for the store before it shows the counters without it.
const STORE_PATIENCE: Duration = Duration::from_secs(2);

/// Whether the process is of use at all
#[utoipa::path(get, path = "/health", operation_id = "get_health", tag = "server", responses(
    (status = 200, body = Document), (status = 503, description = "the scheduler stands still", body = Document)))]
pub(super) async fn health(Mine(state): Mine) -> Response {
    answer(Document::of_liveness(&state.health.look(state.now())))
}

/// Whether the server does its whole work
#[utoipa::path(get, path = "/ready", operation_id = "get_readiness", tag = "server", responses(
    (status = 200, body = Document), (status = 503, description = "`reason` says why not", body = Document)))]
pub(super) async fn ready(Mine(state): Mine) -> Response {
    answer(Document::of_readiness(&state.health.look(state.now())))
}

fn answer(document: Document) -> Response {
    let status = if document.is_well() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(document)).into_response()
}

/// What is counted, for Prometheus
#[utoipa::path(get, path = "/metrics", operation_id = "get_metrics", tag = "server", responses((status = 200, content(
    (String = "text/plain"), (String = "application/openmetrics-text")))))]
pub(super) async fn metrics(Mine(state): Mine, headers: HeaderMap) -> Response {
    // A store that fails or hangs must not hide the numbers that show it; what was read last stays in place.
    if let Ok(Err(error)) = tokio::time::timeout(STORE_PATIENCE, count_stored(&state)).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "cannot read the store for metrics");
    }
    let format = Format::accepted(headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()));
    ([(header::CONTENT_TYPE, format.content_type())], state.metrics.write(format)).into_response()
}

async fn count_stored(state: &ApiState) -> Result<(), StoreError> {
    state.metrics.fleet(&state.store.monitors().await?);
    state.metrics.outbox(&state.store.outbox().await?, state.now().wall);
    Ok(())
}
