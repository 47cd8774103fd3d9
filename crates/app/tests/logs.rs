//! What a service logs of its health: changes once, nothing of probes that pass, no secrets.
#![cfg(feature = "logs")]

mod common;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use allswell::{Check, Details, Health};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get as on_get;
use axum::{Router, http::StatusCode};
use common::{eventually, get, serve, until};
use tracing::Instrument as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer as _, fmt};

const SECRET: &str = "hunter2";

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn lines(&self, with: &str) -> usize {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.contains(with)).count()
    }
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
    assert_eq!(log.lines("served"), 1, "the one request of the service itself");
    assert_eq!(log.lines("seen"), 1, "an event that names the path itself");
    assert!(log.lines("failed") >= 2, "what failed is logged, also of our own paths");
    assert_eq!(log.lines("check is not well"), 1, "once, not with every failure");
    assert_eq!(log.lines(SECRET), 0);
}
