//! The service itself: its state, its routes, its health.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use allswell::{Check, CheckName, Checked, FaultAccess, Health, Hold, Outcome, Required, checks};
use anyhow::{Context as _, Result};
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

/// Where everything is, and how patient we are. Each field has a variable of its name in capitals.
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
    /// Where requests come in.
    pub listen: String,
    /// Where operators ask.
    pub side_port: String,
    /// From one look at a dependency to the next.
    pub check_interval: Duration,
    /// Until the load balancer has noticed that we are not ready any more.
    pub drain_delay: Duration,
}

impl Settings {
    /// From the environment, with defaults on this machine.
    ///
    /// # Errors
    /// When a number of seconds is none.
    pub fn from_environment() -> Result<Self> {
        let or = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
        let seconds = |name: &str, default: &str| -> Result<Duration> {
            let text = or(name, default);
            let number = text.parse().ok().and_then(|number| Duration::try_from_secs_f64(number).ok());
            number.with_context(|| format!("{name}={text} is no number of seconds"))
        };
        Ok(Self {
            database_url: or("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres"),
            redis_url: or("REDIS_URL", "redis://127.0.0.1:6379"),
            prices_url: or("PRICES_URL", "http://127.0.0.1:8081/health"),
            fault_token: std::env::var("FAULT_TOKEN").ok(),
            listen: or("LISTEN", "127.0.0.1:8080"),
            side_port: or("SIDE_PORT", "127.0.0.1:9091"),
            check_interval: seconds("CHECK_INTERVAL", "5")?,
            drain_delay: seconds("DRAIN_DELAY", "10")?,
        })
    }
}

/// The service, put together.
#[derive(Debug)]
pub struct Service {
    /// Its routes.
    pub app: Router,
    /// Its health.
    pub health: Health,
    /// Its database.
    pub pool: PgPool,
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
    const NAME: &'static str = "external_service";
}

/// Puts the service together. Nothing is connected to yet; the checks do that.
///
/// # Errors
/// When a URL cannot be read, or the health was put together wrongly.
pub fn build(settings: &Settings) -> Result<Service> {
    // The error of a URL may hold the URL and so a password: it is not told.
    let options = settings.database_url.parse().ok().context("DATABASE_URL is no URL of PostgreSQL")?;
    let pool = PgPoolOptions::new().max_connections(10).connect_lazy_with(options);
    let client = redis::Client::open(settings.redis_url.as_str()).ok().context("REDIS_URL is no URL of Redis")?;
    let redis = ConnectionManager::new_lazy_with_config(client, ConnectionManagerConfig::new())?;

    let beat = Arc::new(AtomicU64::new(0));
    let (every, timeout) = (settings.check_interval, settings.check_interval.mul_f64(0.4));
    let brisk = |check: Check| check.interval(every).timeout(timeout);
    let mut health = Health::builder()
        .version(env!("CARGO_PKG_VERSION"))
        .check(brisk(checks::sqlx(pool.clone())))
        .check(brisk(checks::redis(redis).degrades()))
        .check(brisk(checks::http(&settings.prices_url).named(Prices::NAME).degrades()))
        .check(checks::memory(90.0))
        .check(worker(beat.clone()))
        .group("storage", ["database", "redis"]);
    if let Some(token) = &settings.fault_token {
        health = health.fault_endpoints(FaultAccess::Token(token.clone()));
    }
    let health = health.build()?;

    tokio::spawn(work(beat));

    let document = health.openapi();
    let app = Router::new()
        .route("/", get(|| async { "orders" }))
        .route("/orders/count", get(count))
        .route("/quote", get(quote))
        .route("/openapi.json", get(move || async move { Json(document) }))
        .merge(health.router())
        .layer(health.layer())
        .with_state(App { health: health.clone(), pool: pool.clone() });
    Ok(Service { app, health, pool })
}

/// Work beside requests. Each round leaves its mark.
async fn work(beat: Arc<AtomicU64>) {
    let mut rounds = tokio::time::interval(Duration::from_secs(1));
    loop {
        rounds.tick().await;
        beat.fetch_add(1, Ordering::Relaxed);
    }
}

/// Fails liveness when the work beside requests has ended, for only a restart brings it back.
fn worker(beat: Arc<AtomicU64>) -> Check {
    let seen = AtomicU64::new(u64::MAX);
    let moved = move || {
        let now = beat.load(Ordering::Relaxed);
        let moved = seen.swap(now, Ordering::Relaxed) != now;
        async move { if moved { Outcome::pass() } else { Outcome::fail("no round of work since the last look") } }
    };
    Check::new("worker", moved).internal().liveness().interval(Duration::from_secs(10))
}

/// Makes the tables, however often it takes, and then lets the service start.
pub async fn migrate(pool: PgPool, hold: Hold) {
    let mut pace = tokio::time::interval(Duration::from_secs(1));
    loop {
        pace.tick().await;
        match sqlx::query("CREATE TABLE IF NOT EXISTS orders (id bigint PRIMARY KEY)").execute(&pool).await {
            Ok(_) => return hold.release(),
            Err(error) => tracing::warn!(%error, "cannot make the tables; trying again"),
        }
    }
}

/// Is not even tried while the database is known to be down.
async fn count(_: Required<Database>, State(app): State<App>) -> Result<Json<Value>, StatusCode> {
    let row: Result<(i64,), _> = sqlx::query_as("SELECT count(*) FROM orders").fetch_one(&app.pool).await;
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
    fn alone() -> Service {
        let settings = Settings {
            database_url: "postgres://app:hunter2@127.0.0.1:1/orders".to_owned(),
            redis_url: "redis://:hunter2@127.0.0.1:1".to_owned(),
            prices_url: "http://127.0.0.1:1/health".to_owned(),
            fault_token: None,
            listen: "127.0.0.1:0".to_owned(),
            side_port: "127.0.0.1:0".to_owned(),
            check_interval: Duration::from_secs(5),
            drain_delay: Duration::ZERO,
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
        let Service { app, health, .. } = alone();
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
        let quote: Value = serde_json::from_str(&get(&app, "/quote").await.1).unwrap();
        assert_eq!(quote, json!({ "price": 42, "fresh": false }));
        let document: Value = serde_json::from_str(&get(&app, "/openapi.json").await.1).unwrap();
        assert!(document["paths"]["/ready"]["get"]["responses"]["503"].is_object(), "{document}");
        let metrics = get(&app, "/metrics").await.1;
        assert!(metrics.contains(r#"http_request_duration_seconds_count{method="GET",route="/quote",status="2xx"} 1"#));
    }
}
