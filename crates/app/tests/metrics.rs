//! Request metrics over real sockets: counted once, to the last byte, under labels that no client can make up.
#![allow(clippy::disallowed_methods, reason = "tests open sockets")]

mod common;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use allswell::{Check, Health};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{get as on_get, post as on_post};
use common::{Answer, ask, eventually, get, get_as, serve, until};
use http_body_util::StreamBody;
use http_body_util::channel::Channel;
use hyper::body::Frame;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Semaphore;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0";

/// A body of three parts, each of which needs a permit of the gate.
fn slow_body(gate: Arc<Semaphore>) -> Body {
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
    tokio::spawn(async move {
        for _ in 0..3 {
            gate.acquire().await.unwrap().forget();
            if sender.send(Frame::data(Bytes::from_static(b"part"))).await.is_err() {
                return;
            }
        }
    });
    Body::new(body)
}

fn endless_body() -> Body {
    let frames = futures_of(|| Ok::<_, Infallible>(Frame::data(Bytes::from_static(&[b'x'; 1 << 14]))));
    Body::new(StreamBody::new(frames))
}

/// A stream that gives the same again and again.
fn futures_of<T>(next: impl Fn() -> T) -> impl futures_util::Stream<Item = T> {
    futures_util::stream::repeat_with(next)
}

async fn service() -> (SocketAddr, Health) {
    service_with(Arc::new(Semaphore::new(1_000))).await
}

/// A service whose route `/slow` sends its body as `gate` lets it.
async fn service_with(gate: Arc<Semaphore>) -> (SocketAddr, Health) {
    let health = Health::builder().version("1.2").check(Check::new("database", || async {})).build().unwrap();
    let app = Router::new()
        .route("/items/{id}", on_get(|| async { "item" }))
        .route("/items", on_post(|| async { (axum::http::StatusCode::CREATED, "made") }))
        .route("/broken", on_get(|| async { axum::http::StatusCode::INTERNAL_SERVER_ERROR }))
        .route(
            "/panic",
            on_get(|| async {
                if true {
                    panic!("on purpose")
                }
            }),
        )
        .route("/slow", on_get(move || async move { slow_body(gate.clone()) }))
        .route("/endless", on_get(|| async { endless_body() }))
        .nest("/v2", Router::new().route("/things/{id}", on_get(|| async { "thing" })))
        .merge(health.router())
        .layer(health.layer());
    (serve(app).await, health)
}

/// The value of the sample that has all these parts in its line.
fn sample(metrics: &Answer, parts: &[&str]) -> Option<f64> {
    let mut samples = metrics.body.lines().filter(|line| !line.starts_with('#'));
    let line = samples.find(|line| parts.iter().all(|part| line.contains(part)))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[tokio::test]
async fn requests_are_counted_by_method_route_and_class() {
    let (address, _health) = service().await;
    for path in ["/items/1", "/items/2", "/v2/things/9", "/broken", "/nowhere", "/nowhere/else"] {
        get(address, path).await;
    }
    ask(address, "POST", "/items", &[]).await;
    ask(address, "HEAD", "/items/1", &[]).await;
    ask(address, "FOOBAR", "/items", &[]).await;
    let metrics = get(address, "/metrics").await;
    let check = |method: &str, route: &str, status: &str, count: f64| {
        let labels = format!(r#"_count{{method="{method}",route="{route}",status="{status}"}}"#);
        assert_eq!(sample(&metrics, &[&labels]), Some(count), "{labels} in {}", metrics.body);
    };
    check("GET", "/items/{id}", "2xx", 2.0);
    check("GET", "/v2/things/{id}", "2xx", 1.0);
    check("GET", "/broken", "5xx", 1.0);
    check("GET", "_unmatched", "4xx", 2.0);
    check("POST", "/items", "2xx", 1.0);
    check("HEAD", "/items/{id}", "2xx", 1.0);
    check("_OTHER", "/items", "4xx", 1.0);
    assert!(!metrics.body.contains("FOOBAR") && !metrics.body.contains("/nowhere"));
    assert_eq!(sample(&metrics, &["in_flight", r#"route="/metrics""#]), Some(1.0), "this request itself");
}

#[tokio::test]
async fn the_time_runs_to_the_last_byte() {
    let gate = Arc::new(Semaphore::new(0));
    let (address, _health) = service_with(gate.clone()).await;
    let slow = tokio::spawn(get(address, "/slow"));
    until(address, "/metrics", |metrics| sample(metrics, &["in_flight", r#"route="/slow""#]) == Some(1.0)).await;
    let begun = Instant::now();
    let metrics = get(address, "/metrics").await;
    let sum = r#"_sum{method="GET",route="/slow""#;
    assert_eq!(sample(&metrics, &[sum]), None, "its body is not taken yet");
    let held = begun.elapsed();
    gate.add_permits(3);
    let answer = slow.await.unwrap();
    assert!(answer.header("x-response-time").is_some() && answer.body.contains("part"), "{answer:?}");
    let body = sample(&get(address, "/metrics").await, &[sum]).unwrap();
    assert!(body >= held.as_secs_f64(), "{body} s to the last byte, held for {held:?}");
}

#[tokio::test]
async fn a_panic_is_counted_once_and_ends_the_request() {
    let (address, _health) = service().await;
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /panic HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    let labels = r#"_count{method="GET",route="/panic",status="panicked"}"#;
    let metrics = until(address, "/metrics", |metrics| sample(metrics, &[labels]).is_some()).await;
    assert_eq!(sample(&metrics, &[labels]), Some(1.0));
    assert_eq!(sample(&metrics, &["in_flight", r#"route="/panic""#]), Some(0.0));
    assert_eq!(metrics.body.matches(r#"_count{method="GET",route="/panic""#).count(), 1);
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing_in_flight() {
    let (address, _health) = service().await;
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /endless HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    let in_flight = |metrics: &Answer| sample(metrics, &["in_flight", r#"route="/endless""#]);
    until(address, "/metrics", |metrics| in_flight(metrics) == Some(1.0)).await;
    drop(stream);
    let metrics = until(address, "/metrics", |metrics| in_flight(metrics) == Some(0.0)).await;
    assert_eq!(sample(&metrics, &["requests_cut_total", r#"route="/endless""#]), Some(1.0));
    assert_eq!(sample(&metrics, &["requests_cut_total", r#"route="/metrics""#]), Some(0.0));
}

#[tokio::test]
async fn a_request_that_is_given_up_before_its_answer_is_counted_once() {
    static NEVER: Semaphore = Semaphore::const_new(0);
    let health = Health::builder().build().unwrap();
    let hang = on_get(|| async { drop(NEVER.acquire().await) });
    let app = Router::new().route("/hang", hang).merge(health.router()).layer(health.layer());
    let address = serve(app).await;
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /hang HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    until(address, "/metrics", |metrics| sample(metrics, &["in_flight", "/hang"]) == Some(1.0)).await;
    drop(stream);
    let metrics = until(address, "/metrics", |metrics| sample(metrics, &["in_flight", "/hang"]) == Some(0.0)).await;
    assert_eq!(sample(&metrics, &["_count", "/hang", "abandoned"]), Some(1.0));
}

#[tokio::test]
async fn the_short_form_is_that_of_the_guides() {
    let (address, _health) = service().await;
    let none = get_as(address, "/metrics", "application/json").await.json();
    assert_eq!(none, serde_json::json!({"requests_total": 0, "errors_total": 0, "avg_latency_seconds": 0.0}));
    get(address, "/slow").await;
    get(address, "/broken").await;
    let some = get_as(address, "/metrics", "application/json").await.json();
    assert_eq!((&some["requests_total"], &some["errors_total"]), (&3.into(), &1.into()));
    assert!(some["avg_latency_seconds"].as_f64().unwrap() > 0.0, "{some}");
}

#[tokio::test]
async fn checks_and_the_service_are_metrics_too() {
    let (address, health) = service().await;
    let metrics = until(address, "/metrics", |metrics| {
        sample(metrics, &[r#"allswell_check_status{check="database",status="ok"}"#]) == Some(1.0)
    });
    let metrics = metrics.await;
    assert_eq!(sample(&metrics, &["allswell_up "]), Some(1.0));
    let text = health.metrics_text();
    assert!(text.contains(r#"allswell_check_status{check="database",status="ok"} 1"#), "{text}");
    assert_eq!(sample(&metrics, &[r#"allswell_build_info{version="1.2""#]), Some(1.0));
    assert!(sample(&metrics, &["allswell_runtime_workers "]).unwrap() >= 1.0);
}

mod needs_promtool {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    #[tokio::test]
    async fn prometheus_has_nothing_to_say_against_the_text() {
        let (address, _health) = service().await;
        for path in ["/items/1", "/broken", "/nowhere"] {
            get(address, path).await;
        }
        let text = get(address, "/metrics").await.body;
        let promtool = std::env::var_os("ALLSWELL_TEST_PROMTOOL").unwrap_or_else(|| "promtool".into());
        let mut lint = Command::new(promtool);
        lint.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = lint.spawn().expect("promtool runs");
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{said}\n{text}");
    }

    #[tokio::test]
    async fn open_metrics_ends_as_it_must() {
        let (address, _health) = service().await;
        let answer = get_as(address, "/metrics", OPEN_METRICS).await;
        assert!(answer.header("content-type").unwrap().starts_with("application/openmetrics-text"));
        assert!(answer.body.ends_with("# EOF\n") && answer.body.contains("# TYPE allswell_check_runs counter"));
    }
}

mod needs_prometheus {
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// A Prometheus that ends with the test.
    struct Prometheus(Child);

    impl Drop for Prometheus {
        fn drop(&mut self) {
            self.0.kill().ok();
            self.0.wait().ok();
        }
    }

    impl Prometheus {
        /// One that scrapes `target` each second and answers at `own`.
        fn start(target: SocketAddr, own: SocketAddr, folder: &Path) -> Self {
            let config = folder.join("prometheus.yml");
            let jobs = format!("[{{job_name: app, scrape_interval: 1s, static_configs: [{{targets: ['{target}']}}]}}]");
            std::fs::write(&config, format!("scrape_configs: {jobs}\n")).unwrap();
            let prometheus = std::env::var_os("ALLSWELL_TEST_PROMETHEUS").unwrap_or_else(|| "prometheus".into());
            let mut command = Command::new(prometheus);
            command.arg(format!("--config.file={}", config.display())).arg(format!("--web.listen-address={own}"));
            command.arg(format!("--storage.tsdb.path={}", folder.join("data").display()));
            Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("prometheus runs"))
        }
    }

    #[tokio::test]
    async fn a_real_prometheus_scrapes_it() {
        let (address, _health) = service().await;
        get(address, "/items/1").await;
        let folder = tempfile::tempdir().unwrap();
        let own = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let _prometheus = Prometheus::start(address, own, folder.path());
        eventually("it listens", || std::net::TcpStream::connect(own).is_ok()).await;
        let counts = "/api/v1/query?query=http_request_duration_seconds_count";
        let answer = until(own, counts, |answer| answer.body.contains("/items/{id}")).await;
        assert_eq!(answer.json()["status"], "success");
        let up = get(own, "/api/v1/query?query=up").await.json();
        assert_eq!(up["data"]["result"][0]["value"][1], "1", "{up}");
    }
}
