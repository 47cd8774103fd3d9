//! An order service on PostgreSQL, Redis and a price service, with everything the crate `allswell` gives.
//!
//! ```sh
//! DATABASE_URL=postgres://app:app@127.0.0.1:5432/orders REDIS_URL=redis://127.0.0.1:6379 \
//! PRICES_URL=http://127.0.0.1:8081/health cargo run -p example-axum-service
//! ```
//!
//! It starts without any of the three: then `/ready` says what is missing, and `/health` says that it lives.

mod service;

use std::time::Duration;

use anyhow::{Context as _, Result};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

/// Until the load balancer has noticed that we are not ready any more.
const DRAIN_DELAY: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<()> {
    let (app, health) = service::build(&service::Settings::from_environment())?;
    tracing_subscriber::registry().with(fmt::layer().with_filter(health.quiet())).init();

    let address = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener =
        tokio::net::TcpListener::bind(&address).await.with_context(|| format!("cannot listen on {address}"))?;
    health.watch_listener(listener.local_addr()?);
    let side = std::env::var("SIDE_PORT").unwrap_or_else(|_| "127.0.0.1:9091".to_owned());
    health.side_port(&*side).with_context(|| format!("cannot open the side port {side}"))?;

    // Asked in the process before anybody else may ask.
    health.warm_up(app.clone(), ["/"]);
    tracing::info!(address, "serving");
    axum::serve(listener, app).with_graceful_shutdown(health.drained(DRAIN_DELAY)).await.context("cannot serve")
}
