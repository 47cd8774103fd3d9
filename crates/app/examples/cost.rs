//! What an endpoint costs: `cost bare|health|ready CHECKS REQUESTS` answers so many requests over one connection in memory.
//!
//! `cargo xtask health-cost` counts its instructions; the difference of two runs of different length is the cost of a request
//! with everything a server does for it.

use std::time::Duration;

use allswell::{Check, Health};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tower::ServiceExt as _;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, kind, checks, requests] = arguments.as_slice() else {
        panic!("cost bare|health|ready|layer CHECKS REQUESTS")
    };
    let health = health(checks.parse().expect("a number of checks")).await;
    let path = if matches!(kind.as_str(), "health" | "bare-health") { "/health" } else { "/ready" };
    let app = match kind.as_str() {
        "bare" | "bare-health" => bare(&health, path).await,
        "layer" => bare(&health, path).await.layer(health.layer()),
        _ => health.router(),
    };
    let (client, server) = tokio::io::duplex(64 << 10);
    #[expect(clippy::disallowed_methods, reason = "the server runs beside the client")]
    tokio::spawn(serve(server, app));
    ask(client, path, requests.parse().expect("a number of requests")).await;
}

async fn health(checks: usize) -> Health {
    let hour = Duration::from_secs(3_600);
    let check = |n: usize| Check::new(format!("check-{n}"), || async {}).interval(hour);
    let builder = (0..checks).fold(Health::builder().version("1.0.0"), |builder, n| builder.check(check(n)));
    let health = builder.build().expect("fits");
    while health.results().iter().any(|result| result.time.is_none()) {
        tokio::task::yield_now().await;
    }
    health
}

/// A handler that returns the same bytes and says the same of them.
async fn bare(health: &Health, path: &'static str) -> Router {
    let request = axum::http::Request::get(path).body(Body::empty()).expect("a path");
    let answer = health.router::<()>().oneshot(request).await.expect("never fails");
    let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("in memory");
    let headers = [("content-type", "application/json"), ("cache-control", "no-store")];
    Router::new().route(path, get(move || async move { (headers, bytes.clone()) }))
}

async fn serve(stream: DuplexStream, app: Router) {
    let service =
        service_fn(move |request: hyper::Request<hyper::body::Incoming>| app.clone().oneshot(request.map(Body::new)));
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
}

/// Answers have one length: nothing in them grows.
async fn ask(mut stream: DuplexStream, path: &str, requests: usize) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: cost\r\n\r\n");
    let mut buffer = vec![0; 64 << 10];
    for _ in 0..requests {
        stream.write_all(request.as_bytes()).await.expect("in memory");
        let mut read = 0;
        while !complete(&buffer[..read]) {
            read += stream.read(&mut buffer[read..]).await.expect("in memory");
        }
    }
}

/// Bodies end with `}`, which no head does.
fn complete(answer: &[u8]) -> bool {
    answer.last() == Some(&b'}')
}
