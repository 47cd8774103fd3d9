//! A server with its owner, and a relay that keeps what it is given.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use allswell_core::Now;
use allswell_monitor::clock::{Clock, SystemClock};
use allswell_monitor::config;
use allswell_monitor::mail_catcher::{Mail, MailCatcher, Mails};
use allswell_server::server::{Options, Server};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

pub const OLD: &str = "correct horse battery";
pub const NEW: &str = "another horse entirely";

/// A server with Ada, its owner, and the mails that it sends.
pub struct World {
    pub server: Option<Server>,
    pub mails: Mails,
    /// The cookie of the browser that asks: Ada's, to begin with.
    pub cookie: String,
    relay: Option<SocketAddr>,
    clock: Arc<Ahead>,
    data: tempfile::TempDir,
    _tasks: JoinSet<()>,
}

/// The clock of the system, put forward.
struct Ahead {
    clock: SystemClock,
    hours: AtomicU64,
}

impl Clock for Ahead {
    fn now(&self) -> Now {
        let ahead = Duration::from_secs(3_600 * self.hours.load(Ordering::SeqCst));
        let now = self.clock.now();
        Now { mono: now.mono + ahead, wall: now.wall + ahead }
    }
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl World {
    /// With a relay for the server's own mails; `more` stands among the keys of `server`.
    pub async fn start(more: &str) -> Self {
        Self::with(true, more, "").await
    }

    /// Without one.
    pub async fn without_relay() -> Self {
        Self::with(false, "", "").await
    }

    /// As [`Self::start`]; `beside` stands beside `server`.
    pub async fn with(has_relay: bool, more: &str, beside: &str) -> Self {
        let mut world = Self::without_users(has_relay, more, beside).await;
        let ada = format!(r#"{{ "email": "ada@example.com", "password": "{OLD}" }}"#);
        world.cookie = world.json("/api/v1/setup", &ada).await.cookie();
        world
    }

    /// As [`Self::with`], before Ada has come.
    pub async fn without_users(has_relay: bool, more: &str, beside: &str) -> Self {
        let mut tasks = JoinSet::new();
        let catcher = MailCatcher::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port");
        let (smtp, mails) = (catcher.address(), catcher.mails());
        tasks.spawn(catcher.run(Arc::new(SystemClock::new())));
        let clock = Arc::new(Ahead { clock: SystemClock::new(), hours: AtomicU64::new(0) });
        let data = tempfile::tempdir().expect("a directory");
        let relay = has_relay.then_some(smtp);
        let mut world = Self { server: None, mails, cookie: String::new(), relay, clock, data, _tasks: tasks };
        world.begin(more, beside).await;
        world
    }

    /// Starts the server, again when it ran before.
    pub async fn begin(&mut self, more: &str, beside: &str) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
        let mail =
            self.relay.map(|smtp| format!("mail: {{ smtp: \"smtp://{smtp}\", from: \"Acme <ops@acme.dev>\" }},"));
        let yaml = format!("server: {{ {} {more} }}\n{beside}", mail.unwrap_or_default());
        let config = config::parse(&yaml, Path::new("test.yaml"), &|_| None).expect("a good configuration");
        let options = Options { clock: self.clock.clone(), ..Options::alone(self.data.path()) };
        self.server = Some(Server::start(options, config).await.expect("starts"));
    }

    pub async fn stop(mut self) {
        self.server.take().expect("it runs").stop().await;
    }

    /// Puts the server's clock forward.
    pub fn wait_hours(&self, hours: u64) {
        self.clock.hours.fetch_add(hours, Ordering::SeqCst);
    }

    pub fn address(&self) -> SocketAddr {
        self.server.as_ref().expect("it runs").address()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "text/plain", "").await
    }

    pub async fn form(&self, path: &str, form: &str) -> Answer {
        self.send("POST", path, "application/x-www-form-urlencoded", form).await
    }

    pub async fn json(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, "application/json", body).await
    }

    pub async fn signs_in(&self, password: &str) -> bool {
        let body = format!(r#"{{ "email": "ada@example.com", "password": "{password}" }}"#);
        self.json("/api/v1/sign-in", &body).await.status == 200
    }

    /// Whether the browser is still signed in.
    pub async fn is_in(&self) -> bool {
        self.get("/api/v1/users").await.status == 200
    }

    pub async fn send(&self, method: &str, path: &str, kind: &str, body: &str) -> Answer {
        let address = self.address();
        #[expect(clippy::disallowed_methods, reason = "the test is the browser")]
        let mut stream = TcpStream::connect(address).await.expect("connects");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nConnection: close\r\nCookie: {}\r\n\
             Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            self.cookie,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("an answer");
        Answer { status: text[9..12].parse().expect("a status"), text }
    }

    /// The mail with this number, from 1 on.
    pub async fn mail(&self, number: usize) -> Arc<Mail> {
        self.mails.wait_for(number as u64).await;
        self.mails.list().into_iter().rev().nth(number - 1).expect("it came")
    }

    /// The mail with this number, and the path of the link in it.
    pub async fn link(&self, number: usize, path: &str) -> (Arc<Mail>, String) {
        let mail = self.mail(number).await;
        let text = mail.text.clone().expect("a text");
        let root = format!("http://{}", self.address());
        let links = text.split_whitespace().filter_map(|word| word.strip_prefix(&root));
        let link = links.into_iter().find(|link| link.starts_with(path)).unwrap_or_else(|| panic!("no link: {text}"));
        (mail, link.to_owned())
    }
}

impl Answer {
    pub fn cookie(&self) -> String {
        let line = self.text.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
        line.split(';').next().expect("a pair").to_owned()
    }

    pub fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").expect("a head").1
    }

    /// The document, which must have come with this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        serde_json::from_str(self.body()).unwrap_or(Value::Null)
    }
}
