//! A new password and an invitation by mail: a real server, a real relay, a person who reads the mails.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use allswell_monitor::clock::SystemClock;
use allswell_monitor::config;
use allswell_monitor::mail_catcher::{Mail, MailCatcher, Mails};
use allswell_server::server::{Options, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const OLD: &str = "correct horse battery";
const NEW: &str = "another horse entirely";

/// A server with Ada, its owner, and the mails that it sends.
struct World {
    server: Server,
    mails: Mails,
    /// The cookie of Ada's browser.
    cookie: String,
    _data: tempfile::TempDir,
    _tasks: JoinSet<()>,
}

/// What came back.
struct Answer {
    status: u16,
    text: String,
}

impl World {
    /// With a relay for the server's own mails, or without one.
    async fn start(has_relay: bool) -> Self {
        let mut tasks = JoinSet::new();
        let catcher = MailCatcher::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port");
        let (smtp, mails) = (catcher.address(), catcher.mails());
        tasks.spawn(catcher.run(Arc::new(SystemClock::new())));
        let relay = match has_relay {
            true => format!("server: {{ mail: {{ smtp: \"smtp://{smtp}\", from: \"Acme <ops@acme.dev>\" }} }}"),
            false => String::new(),
        };
        let config = config::parse(&relay, Path::new("test.yaml"), &|_| None).expect("a good configuration");
        let data = tempfile::tempdir().expect("a directory");
        let server = Server::start(Options::alone(data.path()), config).await.expect("starts");
        let mut world = Self { server, mails, cookie: String::new(), _data: data, _tasks: tasks };
        let ada = format!(r#"{{ "email": "ada@example.com", "password": "{OLD}" }}"#);
        world.cookie = world.json("/api/v1/setup", &ada).await.cookie();
        world
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "text/plain", "").await
    }

    async fn form(&self, path: &str, form: &str) -> Answer {
        self.send("POST", path, "application/x-www-form-urlencoded", form).await
    }

    async fn json(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, "application/json", body).await
    }

    async fn signs_in(&self, password: &str) -> bool {
        let body = format!(r#"{{ "email": "ada@example.com", "password": "{password}" }}"#);
        self.json("/api/v1/sign-in", &body).await.status == 200
    }

    /// Whether Ada's first browser is still signed in.
    async fn is_in(&self) -> bool {
        self.get("/api/v1/users").await.status == 200
    }

    async fn send(&self, method: &str, path: &str, kind: &str, body: &str) -> Answer {
        let address = self.server.address();
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

    /// The mail with this number, and the path of the link in it.
    async fn link(&self, number: usize, path: &str) -> (Arc<Mail>, String) {
        self.mails.wait_for(number as u64).await;
        let mail = self.mails.list().into_iter().rev().nth(number - 1).expect("it came");
        let text = mail.text.clone().expect("a text");
        let root = format!("http://{}", self.server.address());
        let links = text.split_whitespace().filter_map(|word| word.strip_prefix(&root));
        let link = links.into_iter().find(|link| link.starts_with(path)).unwrap_or_else(|| panic!("no link: {text}"));
        (Arc::clone(&mail), link.to_owned())
    }
}

impl Answer {
    fn cookie(&self) -> String {
        let line = self.text.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
        line.split(';').next().expect("a pair").to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_password_is_replaced_by_the_link_of_a_mail() {
    let world = World::start(true).await;
    assert!(world.get("/sign-in").await.text.contains("<a href=\"reset\">Forgot your password?</a>"));
    assert!(world.get("/reset").await.text.contains("<button>Write to me</button>"));
    let asked = world.form("/reset", "email=Ada%40Example.com").await;
    assert!(asked.status == 202 && asked.text.contains("Look into your mail"), "{}", asked.text);
    let (mail, link) = world.link(1, "/reset?token=aw_").await;
    assert_eq!((mail.to.as_slice(), mail.from.as_str()), (&["ada@example.com".to_owned()][..], "ops@acme.dev"));
    assert!(mail.subject.ends_with(": choose a new password"), "{}", mail.subject);
    assert!(mail.html.as_ref().is_some_and(|html| html.contains("Choose a new password</a>")), "both parts are there");

    let shown = world.get(&link).await;
    assert!(shown.status == 200 && shown.text.contains("For ada@example.com"), "{}", shown.text);
    assert!(!shown.text.contains("<script") && shown.text.contains("content-security-policy: default-src 'none'"));
    assert!(world.is_in().await && world.signs_in(OLD).await, "looking changes nothing");
    let token = link.split_once('=').expect("a token").1;
    let short = world.form("/reset", &format!("token={token}&password=short")).await;
    assert!(short.status == 422 && short.text.contains("For ada@example.com"), "{}", short.text);
    assert!(world.is_in().await, "it is as good as before");
    let chosen = world.form("/reset", &format!("token={token}&password={}", NEW.replace(' ', "+"))).await;
    assert!(chosen.status == 200 && chosen.text.contains("You have a new password"), "{}", chosen.text);
    assert!(!world.is_in().await, "signed out everywhere");
    assert!(!world.signs_in(OLD).await && world.signs_in(NEW).await);
    let again = world.form("/reset", &format!("token={token}&password={}", NEW.replace(' ', "+"))).await;
    assert!(again.status == 404 && again.text.contains("This link is not good"), "{}", again.text);
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_do_the_same_and_nobody_learns_who_is_a_user() {
    let world = World::start(true).await;
    let ask = async |email: &str| world.json("/api/v1/reset", &format!(r#"{{ "email": "{email}" }}"#)).await;
    let body = |answer: Answer| answer.text.split_once("\r\n\r\n").expect("a head").1.to_owned();
    let (unknown, known) = (ask("nobody@example.com").await, ask("ada@example.com").await);
    assert_eq!((unknown.status, known.status), (202, 202));
    assert_eq!(body(unknown), body(known));
    let (mail, link) = world.link(1, "/reset?token=aw_").await;
    assert_eq!(mail.to, ["ada@example.com"], "nobody else is written to");
    let token = link.split_once('=').expect("a token").1;
    let choose = async |token: &str, password: &str| {
        let body = format!(r#"{{ "token": "{token}", "password": "{password}" }}"#);
        world.json("/api/v1/reset/password", &body).await.status
    };
    assert_eq!(choose("aw_guessed-guessed-guessed-guessed", NEW).await, 404);
    assert_eq!(choose(token, "short").await, 422);
    assert_eq!(choose(token, NEW).await, 204);
    assert!(!world.signs_in(OLD).await && world.signs_in(NEW).await);
    assert_eq!(ask("no address").await.status, 422);
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_gets_three_letters_and_one_place_asks_ten_times() {
    let world = World::start(true).await;
    let ask = async |email: &str| world.form("/reset", &format!("email={email}")).await.status;
    for _ in 0..6 {
        assert_eq!(ask("ada%40example.com").await, 202, "alike, written or not");
    }
    let all = async |from: usize, to: usize| {
        for number in from..to {
            assert_eq!(ask(&format!("nobody{number}%40example.com")).await, 202);
        }
    };
    all(6, 10).await;
    assert_eq!(ask("bob%40example.com").await, 429);
    // An invitation is written after all of those.
    let invited = world.json("/api/v1/invitations", r#"{ "email": "eve@example.com", "role": "viewer" }"#).await;
    assert_eq!(invited.status, 201, "{}", invited.text);
    world.mails.wait_for(4).await;
    let to: Vec<_> = world.mails.list().iter().flat_map(|mail| mail.to.clone()).collect();
    assert_eq!(to.iter().filter(|to| *to == "ada@example.com").count(), 3, "{to:?}");
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_asked_in_gets_the_link_by_mail_and_comes_with_it() {
    let world = World::start(true).await;
    let wish = r#"{ "email": "eve@example.com", "role": "viewer" }"#;
    let made = world.json("/api/v1/invitations", wish).await;
    assert!(made.status == 201 && made.text.contains("\"mailed\":true"), "{}", made.text);
    let (mail, link) = world.link(1, "/join?token=aw_").await;
    assert_eq!(mail.to, ["eve@example.com"]);
    assert!(made.text.contains(&link), "the API gives the same link");
    assert!(mail.html.as_ref().is_some_and(|html| html.contains("You are asked in")), "both parts are there");
    assert!(world.get(&link).await.text.contains("You will sign in as eve@example.com"));
    let token = link.split_once('=').expect("a token").1;
    let joined = world.form("/join", &format!("token={token}&password={}", NEW.replace(' ', "+"))).await;
    assert_eq!(joined.status, 303, "{}", joined.text);
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_relay_the_pages_say_who_can_help() {
    let world = World::start(false).await;
    let sign_in = world.get("/sign-in").await.text;
    assert!(sign_in.contains("allswell user password EMAIL") && !sign_in.contains("href=\"reset\""), "{sign_in}");
    for page in [world.get("/reset").await, world.form("/reset", "email=ada%40example.com").await] {
        assert!(page.status == 200 && page.text.contains("allswell user password EMAIL"), "{}", page.text);
    }
    let asked = world.json("/api/v1/reset", r#"{ "email": "ada@example.com" }"#).await;
    assert!(asked.status == 409 && asked.text.contains("`server.mail` says no relay"), "{}", asked.text);
    let made = world.json("/api/v1/invitations", r#"{ "email": "eve@example.com", "role": "viewer" }"#).await;
    assert!(made.status == 201 && made.text.contains("\"mailed\":false"), "{}", made.text);
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_site_asks_for_nothing() {
    let world = World::start(true).await;
    let address = world.server.address();
    #[expect(clippy::disallowed_methods, reason = "the test is the browser")]
    let mut stream = TcpStream::connect(address).await.expect("connects");
    let form = "email=ada%40example.com";
    let request = format!(
        "POST /reset HTTP/1.1\r\nHost: {address}\r\nOrigin: https://evil.example\r\nConnection: close\r\nContent-Type: \
         application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("an answer");
    assert_eq!(&text[9..12], "403", "{text}");
    assert_eq!(world.mails.taken(), 0);
    world.server.stop().await;
}
