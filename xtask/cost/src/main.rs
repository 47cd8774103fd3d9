//! The service that `cargo xtask bench` measures.
//!
//! `xtask-cost count KIND CHECKS REQUESTS` answers so many requests over one connection in memory and prints the CPU time of each in
//! nanoseconds; under callgrind, the difference of two runs of different length is what a request costs in instructions.
//! `xtask-cost serve KIND CHECKS WORKERS` serves on a free port until it is killed, and prints the ports.
//!
//! Kinds: `health` and `ready` are our endpoints; `bare-health` and `bare-ready` handlers that return the same bytes; `layer` is
//! `bare-ready` with the metrics layer around it; `all` is everything, with `/block/{ms}`, which blocks its worker.

use std::net::Ipv4Addr;
use std::time::Duration;

use allswell::{Check, Health};
use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::runtime::Builder;
use tower::ServiceExt as _;

const USAGE: &str = "xtask-cost count KIND CHECKS REQUESTS, or xtask-cost serve KIND CHECKS WORKERS";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [verb, kind, checks, number] = arguments.as_slice() else { panic!("{USAGE}") };
    let (checks, number) = (checks.parse().expect(USAGE), number.parse().expect(USAGE));
    match verb.as_str() {
        "count" => {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(count(kind, checks, number));
        }
        "serve" => {
            let runtime = Builder::new_multi_thread().worker_threads(number).enable_all().build().expect("a runtime");
            // Blocking on it from here takes no worker away.
            runtime.block_on(serve(kind.clone(), checks));
        }
        _ => panic!("{USAGE}"),
    }
}

/// Everything but `all` has one path, which is all that is asked for.
async fn service(kind: &str, checks: usize) -> (Router, Health, &'static str) {
    let health = health(checks).await;
    let path = if kind.ends_with("health") { "/health" } else { "/ready" };
    let app = match kind {
        "bare-health" | "bare-ready" => bare(&health, path).await,
        "layer" => bare(&health, path).await.layer(health.layer()),
        "health" | "ready" => health.router(),
        "all" => Router::new().route("/block/{ms}", get(block)).merge(health.router()).layer(health.layer()),
        _ => panic!("{USAGE}"),
    };
    (app, health, path)
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

#[expect(clippy::disallowed_methods, reason = "blocking the worker is what is asked for")]
async fn block(Path(ms): Path<u64>) -> &'static str {
    std::thread::sleep(Duration::from_millis(ms));
    "blocked"
}

async fn serve(kind: String, checks: usize) {
    let (app, health, _) = service(&kind, checks).await;
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let main = listener.local_addr().expect("it is bound");
    health.watch_listener(main);
    let side = health.side_port((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    println!("main {main}\nside {side}");
    #[expect(clippy::disallowed_methods, reason = "connections are accepted by a worker, as services do")]
    tokio::spawn(axum::serve(listener, app).into_future()).await.expect("no panic").expect("it accepts");
}

async fn count(kind: &str, checks: usize, requests: usize) {
    let (app, _health, path) = service(kind, checks).await;
    let (client, server) = tokio::io::duplex(64 << 10);
    #[expect(clippy::disallowed_methods, reason = "the server runs beside the client")]
    tokio::spawn(answer(server, app));
    let before = cpu_ns();
    ask(client, path, requests).await;
    println!("{}", (cpu_ns() - before) / requests.max(1) as u64);
}

/// CPU time of this thread, from `/proc/thread-self/schedstat` (proc(5)).
fn cpu_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or_default()
}

async fn answer(stream: DuplexStream, app: Router) {
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
