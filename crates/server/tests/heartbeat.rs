//! Heartbeats with real parts: a server, its address for calls, and what it makes of calls that come, fail and stay away.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use allswell_core::{Mono, Now, Wall};
use allswell_monitor::clock::{Clock, SystemClock};
use allswell_monitor::config;
use allswell_server::server::{Options, Server};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const TOKEN: &str = "a-token-of-the-nightly-job";

async fn server(data: &Path, heartbeat: &str) -> Server {
    let yaml = format!("monitors:\n  - {{ name: nightly, heartbeat: {{ token: {TOKEN}, {heartbeat} }} }}\n");
    let config = config::parse(&yaml, Path::new("test.yaml"), &|_| None).expect("a good configuration");
    Server::start(Options::alone(data), config).await.expect("starts")
}

/// Sends one request; status and body.
#[expect(clippy::disallowed_methods, reason = "jobs are the other side")]
async fn request(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("connects");
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all((head + body).as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status"), body.to_owned())
}

async fn call(server: &Server, what: &str, body: &str) -> u16 {
    request(server.address(), "POST", &format!("/heartbeat/{TOKEN}{what}"), body).await.0
}

async fn read(server: &Server, path: &str) -> Value {
    let (status, body) = request(server.address(), "GET", path, "").await;
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).expect("JSON")
}

/// What the API says of `path` once `holds`; reading it again and again is the waiting.
async fn until(server: &Server, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    let waiting = async {
        loop {
            last = read(server, path).await;
            if holds(&last) {
                return last.clone();
            }
            tokio::task::yield_now().await;
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(30), waiting).await;
    found.unwrap_or_else(|_| panic!("{path} never said so: {last}"))
}

fn status(monitor: &Value) -> &str {
    monitor["status"].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_stays_away_is_down_from_its_deadline_on_and_up_when_it_comes() {
    let data = tempfile::tempdir().expect("a directory");
    let server = server(data.path(), "period: 1s, grace: 500ms").await;
    assert_eq!(call(&server, "", "").await, 200);
    until(&server, "/api/v1/monitors/1", |monitor| status(monitor) == "up").await;
    until(&server, "/api/v1/monitors/1", |monitor| status(monitor) == "down").await;
    let incidents =
        until(&server, "/api/v1/incidents", |list| !list["incidents"].as_array().is_none_or(Vec::is_empty)).await;
    let incident = &incidents["incidents"][0];
    assert!(incident["cause"].as_str().is_some_and(|cause| cause.starts_with("no call came for")), "{incident}");
    let results = read(&server, "/api/v1/monitors/1/results").await;
    let results = results["results"].as_array().expect("results");
    let moment =
        |result: &Value| -> jiff::Timestamp { result["time"].as_str().expect("a time").parse().expect("a time") };
    let called = results.iter().find(|result| result["outcome"] == "pass").expect("the call is kept");
    let missed = results.iter().rfind(|result| result["outcome"] == "fail").expect("its absence is kept");
    assert_eq!(missed["reason"], "heartbeat_missed");
    let later = moment(missed).as_millisecond() - moment(called).as_millisecond();
    assert_eq!(later, 1_500, "it began when the grace was over, not when we looked");
    assert_eq!(call(&server, "", "").await, 200);
    until(&server, "/api/v1/monitors/1", |monitor| status(monitor) == "up").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_call_learns_where_and_when() {
    let data = tempfile::tempdir().expect("a directory");
    let server = server(data.path(), "period: 1h, grace: 10m").await;
    assert_eq!(call(&server, "", "").await, 200);
    let list = until(&server, "/api/v1/heartbeats", |list| {
        let one = &list["heartbeats"][0];
        one["status"] == "up" && !one["last"].is_null()
    })
    .await;
    let one = &list["heartbeats"][0];
    let moment = |key: &str| -> jiff::Timestamp { one[key].as_str().expect("a time").parse().expect("a time") };
    assert_eq!(
        (&one["name"], &one["schedule"], &one["status"]),
        (&"nightly".into(), &"every 1 h".into(), &"up".into())
    );
    assert_eq!(moment("expected").as_millisecond() - moment("last").as_millisecond(), 3_600_000);
    assert_eq!(moment("deadline").as_millisecond() - moment("expected").as_millisecond(), 600_000);
    // The address is one to call.
    let path = one["url"].as_str().and_then(|url| url.find("/heartbeat/").map(|at| &url[at..])).expect("an address");
    assert_eq!(request(server.address(), "POST", &format!("{path}/fail"), "").await.0, 200);
    until(&server, "/api/v1/heartbeats", |list| list["heartbeats"][0]["status"] == "down").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_job_says_is_kept_and_an_exit_code_is_a_failure() {
    let data = tempfile::tempdir().expect("a directory");
    let server = server(data.path(), "period: 1h").await;
    let run = "?rid=0198c2f0-0000-7000-8000-000000000001";
    assert_eq!(call(&server, &format!("/start{run}"), "").await, 200);
    assert_eq!(call(&server, &format!("/3{run}"), "disk full\nwhile writing").await, 200);
    until(&server, "/api/v1/monitors/1", |monitor| status(monitor) == "down").await;
    let incidents = read(&server, "/api/v1/incidents").await;
    assert_eq!(incidents["incidents"][0]["cause"], "the job ended with exit code 3");
    let id = incidents["incidents"][0]["id"].as_str().expect("an id").to_owned();
    let incident = read(&server, &format!("/api/v1/incidents/{id}")).await.to_string();
    assert!(incident.contains("disk full"), "{incident}");
    assert!(!incident.contains(TOKEN), "{incident}");
    assert_eq!(call(&server, "/log", "half done").await, 200);
    assert_eq!(call(&server, "/0", &"x".repeat(50_000)).await, 200);
    until(&server, "/api/v1/monitors/1", |monitor| status(monitor) == "up").await;
    for method in ["GET", "HEAD"] {
        assert_eq!(request(server.address(), method, &format!("/heartbeat/{TOKEN}"), "").await.0, 200, "{method}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_cannot_be_meant_is_refused_and_changes_nothing() {
    let data = tempfile::tempdir().expect("a directory");
    let server = server(data.path(), "period: 1h").await;
    for (path, wanted) in [
        ("/heartbeat/another-token-than-that", 404),
        (&format!("/heartbeat/{TOKEN}/stop")[..], 404),
        (&format!("/heartbeat/{TOKEN}/256"), 404),
        (&format!("/heartbeat/{TOKEN}?rid=mine"), 400),
    ] {
        let (status, body) = request(server.address(), "GET", path, "").await;
        assert_eq!(status, wanted, "{path}");
        assert!(body.contains("\"hint\"") && !body.contains(TOKEN), "{body}");
    }
    assert_eq!(request(server.address(), "DELETE", &format!("/heartbeat/{TOKEN}"), "").await.0, 405);
    assert_eq!(status(&read(&server, "/api/v1/monitors/1").await), "unknown");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_while_the_server_was_down_is_unknown() {
    let data = tempfile::tempdir().expect("a directory");
    let first = server(data.path(), "period: 1s, grace: 1s").await;
    assert_eq!(call(&first, "", "").await, 200);
    until(&first, "/api/v1/monitors/1", |monitor| status(monitor) == "up").await;
    first.stop().await;
    // A clock that is an hour ahead: the server was away for that long.
    let yaml = format!("monitors:\n  - {{ name: nightly, heartbeat: {{ token: {TOKEN}, period: 1s, grace: 1s }} }}\n");
    let config = config::parse(&yaml, Path::new("test.yaml"), &|_| None).expect("a good configuration");
    let clock = Arc::new(Ahead(SystemClock::new()));
    let options = Options { clock, ..Options::alone(data.path()) };
    let second = Server::start(options, config).await.expect("starts");
    let seen = until(&second, "/api/v1/monitors/1", |monitor| status(monitor) != "up").await;
    assert_eq!(status(&seen), "unknown");
    let incidents = read(&second, "/api/v1/incidents").await;
    assert_eq!(incidents["incidents"].as_array().map(Vec::len), Some(0), "nobody is told: {incidents}");
    second.stop().await;
}

/// The system's clock, an hour ahead.
struct Ahead(SystemClock);

impl Clock for Ahead {
    fn now(&self) -> Now {
        let Now { mono, wall } = self.0.now();
        Now { mono: Mono::after(mono.since_origin()), wall: Wall::from_ms(wall.ms() + 3_600_000) }
    }
}
