//! A server that starts with nothing, a target that answers, and a way to ask over HTTP.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use allswell_monitor::clock::{Clock, SystemClock};
use allswell_monitor::config::{self, Config};
use allswell_server::server::{Options, Server};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What a target knows of itself.
#[derive(Default)]
pub struct Target {
    pub broken: AtomicBool,
    pub asked: AtomicUsize,
    pub heard: std::sync::Mutex<Vec<String>>,
}

/// A server, its directory, and a target.
pub struct World {
    pub server: Option<Server>,
    clock: Arc<dyn Clock>,
    pub data: TempDir,
    pub target: SocketAddr,
    pub state: Arc<Target>,
    _tasks: JoinSet<()>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    head: String,
    pub body: String,
    /// The body where it is no text.
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The document, which must have come with this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        if self.body.is_empty() { Value::Null } else { self.json() }
    }
}

impl World {
    pub async fn start() -> Self {
        Self::start_with("").await
    }

    /// Starts with `yaml` as the server's own file.
    pub async fn start_with(yaml: &str) -> Self {
        Self::start_as(yaml, Arc::new(SystemClock::new())).await
    }

    /// Starts at the time that `clock` says.
    pub async fn start_at(clock: Arc<dyn Clock>) -> Self {
        Self::start_as("", clock).await
    }

    async fn start_as(yaml: &str, clock: Arc<dyn Clock>) -> Self {
        let state = Arc::new(Target::default());
        let mut tasks = JoinSet::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let target = listener.local_addr().expect("bound");
        let router = Router::new()
            .route("/ready", get(ready))
            .route("/hook", post(async || StatusCode::OK))
            .with_state(Arc::clone(&state));
        tasks.spawn(async move { axum::serve(listener, router).await.expect("serves") });
        let data = tempfile::tempdir().expect("a directory");
        let server = serve(data.path(), yaml, Arc::clone(&clock)).await;
        Self { server: Some(server), clock, data, target, state, _tasks: tasks }
    }

    pub fn server(&self) -> &Server {
        self.server.as_ref().expect("it runs")
    }

    /// Stops the server and starts it again with `yaml` as its own file.
    pub async fn restart_with(&mut self, yaml: &str) {
        self.server.take().expect("it runs").stop().await;
        self.begin(yaml).await;
    }

    /// Starts the server, which does not run, with `yaml` as its own file.
    pub async fn begin(&mut self, yaml: &str) {
        self.server = Some(serve(self.data.path(), yaml, Arc::clone(&self.clock)).await);
    }

    pub async fn stop(mut self) {
        self.server.take().expect("it runs").stop().await;
    }

    /// A monitor that asks the target.
    pub fn monitor(&self, name: &str) -> Value {
        json!({ "name": name, "http": { "url": format!("http://{}/ready", self.target) }, "interval": "1s", "timeout": "800ms" })
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[], Some(body)).await
    }

    /// Sends one request with a body of whatever text.
    pub async fn raw(&self, method: &str, path: &str, body: &str) -> Answer {
        self.exchange(method, path, &[("Content-Type", "application/json")], body).await
    }

    /// Sends one request.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut headers = headers.to_vec();
        if !body.is_empty() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            headers.push(("Content-Type", "application/json"));
        }
        self.exchange(method, path, &headers, &body).await
    }

    /// Sends one request over a connection of its own.
    #[expect(clippy::disallowed_methods, reason = "clients are the other side")]
    async fn exchange(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let address = self.server().address();
        let mut stream = tokio::net::TcpStream::connect(address).await.expect("connects");
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head.push_str(&format!("Host: {address}\r\n"));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        // A server that has read enough answers before all of it was sent.
        let _ = stream.write_all(head.as_bytes()).await;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("an answer");
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let (head, bytes) = (String::from_utf8_lossy(&answer[..end]).into_owned(), answer[end + 4..].to_vec());
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Answer { status, head, body: String::from_utf8_lossy(&bytes).into_owned(), bytes }
    }

    /// What the API says of `path` once `holds`; asking again and again is the waiting.
    pub async fn until(&self, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let waiting = async {
            loop {
                last = self.get(path).await.expect(200);
                if holds(&last) {
                    return last.clone();
                }
                tokio::task::yield_now().await;
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(30), waiting).await;
        found.unwrap_or_else(|_| panic!("{path} never said so: {last}"))
    }
}

/// A configuration out of `yaml`.
pub fn config(yaml: &str) -> Config {
    config::parse(yaml, Path::new("/etc/allswell.yaml"), &|_| None).expect("a good configuration")
}

async fn serve(data: &Path, yaml: &str, clock: Arc<dyn Clock>) -> Server {
    Server::start(Options { clock, ..Options::alone(data) }, config(yaml)).await.expect("starts")
}

async fn ready(State(state): State<Arc<Target>>, headers: HeaderMap) -> (StatusCode, Json<Value>) {
    state.asked.fetch_add(1, Ordering::SeqCst);
    if let Some(token) = headers.get("x-token") {
        state.heard.lock().expect("never poisoned").push(token.to_str().expect("text").to_owned());
    }
    let well = !state.broken.load(Ordering::SeqCst);
    let (status, word, database) =
        if well { (StatusCode::OK, "healthy", "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "unhealthy", "error") };
    let checks = json!({ "database": { "status": database, "response_time_ms": 3.1 }, "redis": { "status": "ok" } });
    (status, Json(json!({ "status": word, "version": "1.41.2", "checks": checks })))
}
