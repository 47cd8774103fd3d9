//! The whole way with real parts: a target that fails, a server that notices, mail and webhook that tell, and a restart in
//! the middle of it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use allswell_monitor::clock::SystemClock;
use allswell_monitor::config::{self, Config};
use allswell_monitor::mail_catcher::{MailCatcher, Mails};
use allswell_monitor::store::StoreError;
use allswell_server::server::{Options, ServeError, Server};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// A target that can be made to fail, a receiver of webhooks, and a mail catcher.
struct World {
    target: SocketAddr,
    well: Arc<AtomicBool>,
    receiver: SocketAddr,
    hooks: Arc<Hooks>,
    smtp: SocketAddr,
    mails: Mails,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct Hooks {
    got: Mutex<Vec<(String, String)>>,
    came: Notify,
}

impl Hooks {
    /// The kinds and keys of what came, once there are `count`.
    async fn wait_for(&self, count: usize) -> Vec<(String, String)> {
        loop {
            let came = self.came.notified();
            let got = self.got.lock().expect("never poisoned").clone();
            if got.len() >= count {
                return got;
            }
            came.await;
        }
    }
}

impl World {
    async fn start() -> Self {
        let well = Arc::new(AtomicBool::new(true));
        let hooks = Arc::new(Hooks::default());
        let mut tasks = JoinSet::new();
        let target = serve(&mut tasks, Router::new().route("/ready", get(ready)).with_state(Arc::clone(&well))).await;
        let receiver = serve(&mut tasks, Router::new().route("/hook", post(hook)).with_state(Arc::clone(&hooks))).await;
        let catcher = MailCatcher::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port");
        let (smtp, mails) = (catcher.address(), catcher.mails());
        tasks.spawn(catcher.run(Arc::new(SystemClock::new())));
        Self { target, well, receiver, hooks, smtp, mails, _tasks: tasks }
    }

    fn config(&self, more: &str) -> Config {
        let Self { target, receiver, smtp, .. } = self;
        let yaml = format!(
            r#"
defaults: {{ interval: 1s, timeout: 800ms, failure_threshold: 2, channels: [mail, hook] }}
channels:
  mail: {{ type: email, smtp: "smtp://{smtp}", from: "allswell@example.com", to: ["ops@example.com"] }}
  hook: {{ type: webhook, url: "http://{receiver}/hook", secret: "s3cret" }}
monitors:
  - {{ name: api, http: {{ url: "http://{target}/ready" }}{more} }}
"#
        );
        config::parse(&yaml, Path::new("test.yaml"), &|_| None).expect("a good configuration")
    }

    async fn server(&self, data: &Path) -> Result<Server, ServeError> {
        Server::start(Options::alone(data), self.config("")).await
    }
}

async fn serve(tasks: &mut JoinSet<()>, router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    tasks.spawn(async move { axum::serve(listener, router).await.expect("serves") });
    address
}

async fn ready(State(well): State<Arc<AtomicBool>>) -> (StatusCode, Json<Value>) {
    if well.load(Ordering::SeqCst) {
        (StatusCode::OK, Json(json!({ "status": "healthy", "version": "1.0.0", "checks": { "database": "ok" } })))
    } else {
        let document = json!({ "status": "unhealthy", "version": "1.0.0", "checks": { "database": "error" } });
        (StatusCode::SERVICE_UNAVAILABLE, Json(document))
    }
}

async fn hook(State(hooks): State<Arc<Hooks>>, headers: HeaderMap, body: String) -> StatusCode {
    assert!(headers.contains_key("allswell-signature"));
    let key = headers["idempotency-key"].to_str().expect("text").to_owned();
    let body: Value = serde_json::from_str(&body).expect("JSON");
    hooks.got.lock().expect("never poisoned").push((body["kind"].as_str().expect("a kind").to_owned(), key));
    hooks.came.notify_waiters();
    StatusCode::OK
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_told_once_over_a_restart_and_so_is_its_end() {
    let world = World::start().await;
    let data = tempfile::tempdir().expect("a directory");
    let server = world.server(data.path()).await.expect("starts");
    world.well.store(false, Ordering::SeqCst);
    world.mails.wait_for(1).await;
    let told = world.hooks.wait_for(1).await;
    assert_eq!(told[0].0, "down");
    server.stop().await;

    let server = world.server(data.path()).await.expect("starts again");
    world.well.store(true, Ordering::SeqCst);
    world.mails.wait_for(2).await;
    let told = world.hooks.wait_for(2).await;
    let kinds: Vec<&str> = told.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["down", "up"], "the restart told nobody again");
    server.stop().await;
    let subjects: Vec<String> = world.mails.list().iter().rev().map(|mail| mail.subject.clone()).collect();
    assert!(subjects[0].contains("database"), "the cause is in the subject: {subjects:?}");
    assert_eq!(subjects.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_monitor_is_not_asked_and_a_resumed_one_is() {
    let world = World::start().await;
    let data = tempfile::tempdir().expect("a directory");
    let server = world.server(data.path()).await.expect("starts");
    server.configure(world.config(", paused: true")).await.expect("pauses");
    world.well.store(false, Ordering::SeqCst);
    server.configure(world.config(", failure_threshold: 1")).await.expect("resumes");
    assert_eq!(world.hooks.wait_for(1).await[0].0, "down");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_do_not_share_a_directory() {
    let world = World::start().await;
    let data = tempfile::tempdir().expect("a directory");
    let server = world.server(data.path()).await.expect("starts");
    let second = world.server(data.path()).await.err().expect("is refused");
    assert!(matches!(second, ServeError::Store(StoreError::InUse { .. })), "{second}");
    server.stop().await;
    world.server(data.path()).await.expect("free again").stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_hears_of_results_as_they_come_and_the_end_of_the_server_waits_for_nobody() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let world = World::start().await;
    let data = tempfile::tempdir().expect("a directory");
    let server = world.server(data.path()).await.expect("starts");
    #[expect(clippy::disallowed_methods, reason = "the test is the browser")]
    let mut stream = tokio::net::TcpStream::connect(server.address()).await.expect("connects");
    let request = "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut heard = String::new();
    while !heard.contains("event: results\ndata: [[1,0,") {
        let mut bytes = [0; 1_024];
        let read = stream.read(&mut bytes).await.expect("news");
        assert!(read > 0, "it ended after {heard}");
        heard.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    assert!(heard.contains("content-type: text/event-stream\r\n"), "{heard}");
    assert!(heard.contains("x-accel-buffering: no\r\n"), "{heard}");
    server.stop().await;
}
