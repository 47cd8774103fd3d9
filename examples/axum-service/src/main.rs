//! An order service on PostgreSQL, Redis and a price service, with everything the crate `allswell` gives.
//!
//! ```sh
//! DATABASE_URL=postgres://app:app@127.0.0.1:5432/orders REDIS_URL=redis://127.0.0.1:6379 \
//! PRICES_URL=http://127.0.0.1:8081/health cargo run -p example-axum-service
//! ```
//!
//! It starts without any of the three: then `/ready` says what is missing, and `/health` says that it lives.

#![expect(clippy::disallowed_methods, reason = "a service starts its own tasks")]

mod service;

use anyhow::{Context as _, Result};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use service::{Service, Settings};

#[tokio::main]
async fn main() -> Result<()> {
    let settings = Settings::from_environment()?;
    let Service { app, health, pool } = service::build(&settings)?;
    tracing_subscriber::registry().with(fmt::layer().with_filter(health.quiet())).init();

    let listener = tokio::net::TcpListener::bind(&settings.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", settings.listen))?;
    let address = listener.local_addr()?;
    health.watch_listener(address);
    health
        .side_port(&*settings.side_port)
        .with_context(|| format!("cannot open the side port {}", settings.side_port))?;

    // Not started before the tables are there and the first answers, asked for in the process, are no 5xx.
    tokio::spawn(service::migrate(pool, health.startup_hold("migrations")));
    health.warm_up(app.clone(), ["/", "/quote"]);
    tracing::info!(%address, "serving");
    axum::serve(listener, app)
        .with_graceful_shutdown(health.drained(settings.drain_delay))
        .await
        .context("cannot serve")
}
