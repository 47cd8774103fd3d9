//! Secrets planted in addresses, error texts, panics and requests never show up: not in a body, a header, a metric or the log.
#![cfg(feature = "full")]

mod common;
#[path = "common/log.rs"]
mod log;

use std::net::SocketAddr;

use std::time::Duration;

use allswell::{Cause, Check, Details, FaultAccess, Health, Outcome, Style, checks};
use axum::Router;
use common::{ask, eventually, serve};
use log::Log;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer as _, fmt};

/// What must never be seen: passwords, tokens, and the user of an address.
const SECRETS: [&str; 5] = ["hunter2", "p%40ssw0rd", "p@ssw0rd", "sesame", "fault-token"];

/// Has the log take everything that this crate logs, and from `info` on what anybody does.
fn install(log: &Log) {
    let log = log.clone();
    let levels = Targets::new().with_default(LevelFilter::INFO).with_target("allswell", LevelFilter::TRACE);
    let layer = fmt::layer().with_ansi(false).with_writer(move || log.clone()).with_filter(levels);
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
}

fn grep(place: &str, text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "`{secret}` in {place}:\n{text}");
    }
}

/// Checks whose addresses and errors are full of secrets; all of them fail.
fn planted() -> Vec<Check> {
    // Port 1 of this machine refuses.
    let postgres = sqlx::PgPool::connect_lazy("postgres://app:hunter2@127.0.0.1:1/orders").unwrap();
    let mysql = sqlx::MySqlPool::connect_lazy("mysql://app:p%40ssw0rd@127.0.0.1:1/orders").unwrap();
    let client = redis::Client::open("redis://app:hunter2@127.0.0.1:1/").unwrap();
    let config = redis::aio::ConnectionManagerConfig::new().set_number_of_retries(0);
    let redis = redis::aio::ConnectionManager::new_lazy_with_config(client, config).unwrap();
    vec![
        checks::sqlx(postgres).named("postgres"),
        checks::sqlx(mysql).named("mysql"),
        checks::redis(redis),
        checks::http("http://app:hunter2@127.0.0.1:1/health").named("neighbour"),
        checks::http("ftp://app:hunter2@127.0.0.1/").named("no-http"),
        checks::tcp("app:hunter2@127.0.0.1:1"),
        Check::new("error", || async {
            let inner =
                "postgres://app:p@ssw0rd@db:5432/orders?sslmode=require refused: password=hunter2, token: sesame";
            Err::<(), _>(std::io::Error::new(std::io::ErrorKind::ConnectionRefused, inner))
        }),
        Check::new("key-values", || async {
            Outcome::fail(r#"host=db user=app password='hunter2' {"secret": "sesame", "api_key":"hunter2"}"#)
        }),
        Check::new("public", || async { Outcome::warn(Cause::public("redis://:hunter2@cache is slow")) }),
        Check::new("panic", || async {
            if true {
                panic!("cannot use amqp://app:hunter2@queue/ with token=sesame")
            }
        }),
    ]
}

async fn read_everything(address: SocketAddr, authorization: Option<&str>) {
    let headers: Vec<_> = authorization.iter().map(|value| ("authorization", *value)).collect();
    let probes =
        ["/health", "/ready", "/startup", "/status", "/health?full", "/ready/all", "/ready/error", "/ready/public"];
    let forms =
        ["", "format=json", "format=health", "format=problem", "format=spring", "format=microprofile", "verbose"];
    for probe in probes {
        for form in forms {
            let joint = if probe.contains('?') { '&' } else { '?' };
            let path = format!("{probe}{joint}{form}");
            grep(&path, &format!("{:?}", ask(address, "GET", &path, &headers).await));
        }
    }
    for accept in ["text/plain", "application/openmetrics-text", "application/json"] {
        let metrics = ask(address, "GET", "/metrics", &[("accept", accept)]).await;
        grep("/metrics", &format!("{metrics:?}"));
    }
    // What strangers plant comes back nowhere either, but for the paths that say what is wrong with them.
    for path in ["/nowhere/hunter2?password=hunter2", "/ready/hunter2?token=sesame", "/faults/fail/redis?for=hunter2"] {
        let method = if path.starts_with("/faults") { "POST" } else { "GET" };
        let answer = ask(address, method, path, &headers).await;
        grep(path, &format!("{answer:?}").replace("`hunter2`", ""));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_seen_nowhere() {
    let log = Log::default();
    install(&log);
    for (details, style) in
        [(Details::None, Style::Uptime), (Details::Names, Style::Kubernetes), (Details::Full, Style::Uptime)]
    {
        let checks = planted();
        let names: Vec<String> = checks.iter().map(|check| check.name().to_owned()).collect();
        let builder = Health::builder().details(details).style(style).details_token("sesame").group("all", &names);
        let builder = builder.fault_endpoints(FaultAccess::Token("fault-token".to_owned()));
        grep("the builder", &format!("{builder:?}"));
        let brisk = |check: Check| check.interval(Duration::from_secs(2)).timeout(Duration::from_secs(1));
        let builder = checks.into_iter().fold(builder, |builder, check| builder.check(brisk(check)));
        let health = builder.build().unwrap();
        let side = health.side_port("127.0.0.1:0").unwrap();
        let app: Router = health.router();
        let address = serve(app.layer(health.layer())).await;
        eventually("all were asked", || health.results().iter().all(|result| result.time.is_some())).await;
        for authorization in [None, Some("Bearer hunter2"), Some("Bearer sesame"), Some("Bearer fault-token")] {
            read_everything(address, authorization).await;
            read_everything(side, authorization).await;
        }
        grep("the handle", &format!("{health:?}"));
        grep("the results", &format!("{:?}", health.results()));
        grep("the report", &format!("{:?}", health.report(allswell::Probe::Status, Details::Full)));
        assert!(health.results().iter().all(|result| !result.is_up() || &*result.name == "public"), "all are planted");
    }
    let text = log.text();
    assert!(text.contains("check is not well") && text.contains("***"), "the log tells something: {text}");
    grep("the log", &text);
}
