//! The service itself: its state, its routes, its health.

use std::time::Duration;

use allswell::{Check, CheckName, Checked, FaultAccess, Health, Required, checks};
use anyhow::{Context as _, Result};
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

/// Where everything is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// PostgreSQL.
    pub database_url: String,
    /// Redis.
    pub redis_url: String,
    /// The liveness of the price service.
    pub prices_url: String,
    /// Who may simulate faults; nobody when it is not set.
    pub fault_token: Option<String>,
}

impl Settings {
    /// From the variables `DATABASE_URL`, `REDIS_URL`, `PRICES_URL` and `FAULT_TOKEN`, with defaults on this machine.
    pub fn from_environment() -> Self {
        let or = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
        Self {
            database_url: or("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres"),
            redis_url: or("REDIS_URL", "redis://127.0.0.1:6379"),
            prices_url: or("PRICES_URL", "http://127.0.0.1:8081/health"),
            fault_token: std::env::var("FAULT_TOKEN").ok(),
        }
    }
}

/// What handlers share.
#[derive(Clone)]
struct App {
    health: Health,
    pool: PgPool,
}

impl FromRef<App> for Health {
    fn from_ref(app: &App) -> Self {
        app.health.clone()
    }
}

struct Database;
impl CheckName for Database {
    const NAME: &'static str = "database";
}

struct Prices;
impl CheckName for Prices {
    const NAME: &'static str = "prices";
}

/// Puts the service together. Nothing is connected to yet; the checks do that.
///
/// # Errors
/// When a URL cannot be read, or the health was put together wrongly.
pub fn build(settings: &Settings) -> Result<(Router, Health)> {
    // The error of a URL may hold the URL and so a password: it is not told.
    let options = settings.database_url.parse().ok().context("DATABASE_URL is no URL of PostgreSQL")?;
    let pool = PgPoolOptions::new().max_connections(10).connect_lazy_with(options);
    let client = redis::Client::open(settings.redis_url.as_str()).ok().context("REDIS_URL is no URL of Redis")?;
    let redis = ConnectionManager::new_lazy_with_config(client, ConnectionManagerConfig::new())?;

    let mut health = Health::builder()
        .version(env!("CARGO_PKG_VERSION"))
        .check(checks::sqlx(pool.clone()).timeout(Duration::from_secs(2)).interval(Duration::from_secs(5)))
        .check(checks::redis(redis).degrades())
        .check(checks::http(&settings.prices_url).named("prices").degrades())
        .check(checks::memory(90.0))
        .check(Check::new("worker", || async {}).internal().liveness());
    if let Some(token) = &settings.fault_token {
        health = health.fault_endpoints(FaultAccess::Token(token.clone()));
    }
    let health = health.build()?;

    let app = Router::new()
        .route("/", get(|| async { "orders" }))
        .route("/orders/count", get(count))
        .route("/quote", get(quote))
        .merge(health.router())
        .layer(health.layer())
        .with_state(App { health: health.clone(), pool });
    Ok((app, health))
}

/// Is not even tried while the database is known to be down.
async fn count(_: Required<Database>, State(app): State<App>) -> Result<Json<Value>, StatusCode> {
    let row: Result<(i64,), _> = sqlx::query_as("SELECT count(*) FROM pg_class").fetch_one(&app.pool).await;
    let (count,) = row.map_err(|error| {
        tracing::error!(%error, "cannot count the orders");
        StatusCode::SERVICE_UNAVAILABLE
    })?;
    Ok(Json(json!({ "count": count })))
}

/// Does with less when the price service is down.
async fn quote(prices: Checked<Prices>) -> Json<Value> {
    Json(json!({ "price": 42, "fresh": prices.is_up() }))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    /// A service whose neighbours are all gone: port 1 of this machine refuses.
    fn alone() -> (Router, Health) {
        let settings = Settings {
            database_url: "postgres://app:hunter2@127.0.0.1:1/orders".to_owned(),
            redis_url: "redis://:hunter2@127.0.0.1:1".to_owned(),
            prices_url: "http://127.0.0.1:1/health".to_owned(),
            fault_token: None,
        };
        build(&settings).unwrap()
    }

    async fn get(app: &Router, path: &str) -> (StatusCode, String) {
        let response = app.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let code = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (code, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn without_its_neighbours_it_lives_and_is_not_ready() {
        let (app, health) = alone();
        let mut pace = tokio::time::interval(Duration::from_millis(10));
        while health.results().iter().any(|result| result.time.is_none()) {
            pace.tick().await;
        }
        let (code, body) = get(&app, "/ready").await;
        assert_eq!(code, StatusCode::SERVICE_UNAVAILABLE);
        assert!(body.contains("check failed: database") && !body.contains("hunter2"), "{body}");
        assert_eq!(get(&app, "/health").await.0, StatusCode::OK);
        let (code, body) = get(&app, "/orders/count").await;
        assert_eq!((code, body.as_str()), (StatusCode::SERVICE_UNAVAILABLE, r#"{"detail":"Database not available"}"#));
        assert_eq!(get(&app, "/quote").await.1, r#"{"fresh":false,"price":42}"#);
        let metrics = get(&app, "/metrics").await.1;
        assert!(metrics.contains(r#"http_request_duration_seconds_count{method="GET",route="/quote",status="2xx"} 1"#));
    }
}
