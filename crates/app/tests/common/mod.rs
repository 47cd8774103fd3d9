//! What the tests share: a service on a real socket, a client that shows the raw answer, and waiting on a condition.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::disallowed_methods, reason = "tests stand where callers stand: they open sockets and read clocks")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    pub code: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Serves the router on a port of its own for as long as the runtime lives.
pub async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

pub async fn get(address: SocketAddr, path: &str) -> Answer {
    ask(address, "GET", path, &[]).await
}

pub async fn get_as(address: SocketAddr, path: &str, accept: &str) -> Answer {
    ask(address, "GET", path, &[("accept", accept)]).await
}

pub async fn ask(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("content-length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("answered in time").unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap();
    Answer { code, head: head.to_owned(), body: body.to_owned() }
}

/// Asks again and again until the answer is as wanted.
pub async fn until(address: SocketAddr, path: &str, wanted: impl Fn(&Answer) -> bool) -> Answer {
    let start = Instant::now();
    let mut pace = tokio::time::interval(Duration::from_millis(5));
    loop {
        pace.tick().await;
        let answer = get(address, path).await;
        if wanted(&answer) {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "{path} stays {answer:?}");
    }
}

/// Waits until the condition holds.
pub async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    let mut pace = tokio::time::interval(Duration::from_millis(2));
    while !holds() {
        pace.tick().await;
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
    }
}
