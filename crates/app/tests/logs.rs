//! What a service logs of its health: changes once, nothing of probes that pass, no secrets.
#![cfg(feature = "logs")]

mod common;
#[path = "common/log.rs"]
mod log;

use std::time::Duration;

use allswell::{Check, Details, Health};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get as on_get;
use axum::{Router, http::StatusCode};
use common::{eventually, get, serve, until};
use log::Log;
use tracing::Instrument as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer as _, fmt};

const SECRET: &str = "hunter2";

/// How many lines of the log have these words.
fn lines(log: &Log, with: &str) -> usize {
    log.text().lines().filter(|line| line.contains(with)).count()
}

/// An access log as services write it: a span for each request, a line at its end.
async fn access_log(request: Request, next: Next) -> Response {
    let span = tracing::info_span!("request", uri = %request.uri());
    let path = request.uri().path().to_owned();
    async move {
        let response = next.run(request).await;
        let code = response.status().as_u16();
        if response.status().is_server_error() {
            tracing::error!(code, "failed")
        } else {
            tracing::info!(code, "served")
        }
        tracing::info!(path, "seen");
        response
    }
    .instrument(span)
    .await
}

#[tokio::test]
async fn probes_that_pass_leave_no_line_and_a_change_leaves_one() {
    let failing = Check::new("database", || async {
        Err::<(), _>(format!("postgres://app:{SECRET}@db refused, password={SECRET}"))
    });
    let health =
        Health::builder().details(Details::Full).check(failing.interval(Duration::from_millis(60))).build().unwrap();
    let log = Log::default();
    let writer = {
        let log = log.clone();
        move || log.clone()
    };
    let layer = fmt::layer().with_ansi(false).with_writer(writer).with_filter(health.quiet());
    let _log = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    let app = Router::new()
        .route("/items", on_get(|| async { StatusCode::OK }))
        .merge(health.router())
        .layer(from_fn(access_log))
        .layer(health.layer());
    let address = serve(app).await;
    until(address, "/ready", |answer| answer.body.contains("check failed")).await;
    for path in ["/health", "/livez?verbose", "/metrics", "/items", "/status", "/ready/database"] {
        let answer = get(address, path).await;
        assert!(!format!("{answer:?}").contains(SECRET), "{path}");
    }
    eventually("it failed some times more", || health.result("database").unwrap().consecutive_failures > 4).await;
    assert_eq!(lines(&log, "served"), 1, "the one request of the service itself");
    assert_eq!(lines(&log, "seen"), 1, "an event that names the path itself");
    assert!(lines(&log, "failed") >= 2, "what failed is logged, also of our own paths");
    assert_eq!(lines(&log, "check is not well"), 1, "once, not with every failure");
    assert_eq!(lines(&log, SECRET), 0);
}
