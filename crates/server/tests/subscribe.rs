//! Subscribing to a status page: a real server, a real relay, a person who reads the mails.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use allswell_monitor::access::{Address, Kept, Role, Scope, Scopes, Secret};
use allswell_monitor::clock::{Clock as _, SystemClock};
use allswell_monitor::config;
use allswell_monitor::mail_catcher::{Mail, MailCatcher, Mails};
use allswell_monitor::store::sqlite::{SqliteStore, Timing};
use allswell_monitor::store::{AccountStore as _, NewAccount, NewKey, NewUser, Store as _};
use allswell_server::server::{Options, Server};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A server with a page about a service that can be made to fail, and the mails that it sends.
struct World {
    server: Server,
    well: Arc<AtomicBool>,
    mails: Mails,
    /// The key by which the API is asked, where one is needed.
    key: Option<Secret>,
    _data: tempfile::TempDir,
    _tasks: JoinSet<()>,
}

/// Another account in a data directory, and a key of it that may write.
async fn guest(data: &Path) -> Secret {
    let now = SystemClock::new().now().wall;
    let store = SqliteStore::open(data, now, Timing::none()).expect("the store opens");
    let address = Address::new("bob@example.com").expect("an address");
    let password = Kept("kept".to_owned());
    let owner = NewUser { address, name: "Bob".to_owned(), role: Role::Owner, password };
    let account = NewAccount { name: "Bob's".to_owned(), plan: None, owner };
    let (row, _) = store.add_account(account, now).await.expect("an account");
    let secret = Secret::random().expect("random numbers");
    let scopes = Scopes::of([Scope::Write]);
    let key = NewKey { name: "own".to_owned(), digest: secret.digest(), scopes, expires: None };
    store.of(row.id).add_key(key, now).await.expect("a key");
    store.close().await.expect("it closes");
    secret
}

impl World {
    async fn start(page: &str) -> Self {
        Self::start_in(tempfile::tempdir().expect("a directory"), page, None).await
    }

    /// One whose API is asked in the name of another account than the first.
    async fn start_as_guest() -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let key = guest(data.path()).await;
        Self::start_in(data, "", Some(key)).await
    }

    async fn start_in(data: tempfile::TempDir, page: &str, key: Option<Secret>) -> Self {
        let well = Arc::new(AtomicBool::new(true));
        let mut tasks = JoinSet::new();
        let target = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = target.local_addr().expect("bound");
        let said = Arc::clone(&well);
        let answer = move || async move {
            if said.load(Ordering::SeqCst) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
        };
        let router = Router::new().route("/ready", get(answer));
        tasks.spawn(async move { axum::serve(target, router).await.expect("serves") });
        let catcher = MailCatcher::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port");
        let (smtp, mails) = (catcher.address(), catcher.mails());
        tasks.spawn(catcher.run(Arc::new(SystemClock::new())));
        let yaml = format!(
            r#"
server: {{ mail: {{ smtp: "smtp://{smtp}", from: "Acme <status@acme.dev>" }} }}
monitors:
  - {{ name: payments-internal, interval: 1s, timeout: 800ms, failure_threshold: 1, http: {{ url: "http://{address}/ready" }} }}
status_pages:
  - {{ slug: acme, title: Acme, sections: [{{ monitors: [{{ monitor: payments-internal, name: Payments }}] }}]{page} }}
"#
        );
        let config = config::parse(&yaml, Path::new("test.yaml"), &|_| None).expect("a good configuration");
        let server = Server::start(Options::alone(data.path()), config).await.expect("starts");
        Self { server, well, mails, key, _data: data, _tasks: tasks }
    }

    /// The status and the text of an answer to a form.
    async fn ask(&self, method: &str, path: &str, form: &str) -> (u16, String) {
        self.send(method, path, "application/x-www-form-urlencoded", form).await
    }

    /// The status and the text of an answer to JSON.
    async fn api(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        self.send(method, path, "application/json", body).await
    }

    async fn send(&self, method: &str, path: &str, kind: &str, body: &str) -> (u16, String) {
        #[expect(clippy::disallowed_methods, reason = "the test is the browser")]
        let mut stream = TcpStream::connect(self.server.address()).await.expect("connects");
        let key = self.key.as_ref().filter(|_| path.starts_with("/api/"));
        let key = key.map(|key| format!("Authorization: Bearer {}\r\n", key.text())).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {kind}\r\n{key}Content-Length: \
             {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        (answer[9..12].parse().expect("a status"), answer)
    }

    /// The path of the link in the mail with this number that has `what` in it.
    async fn link(&self, number: usize, what: &str) -> (Arc<Mail>, String) {
        self.mails.wait_for(number as u64).await;
        let mail = self.mails.list().into_iter().rev().nth(number - 1).expect("it came");
        let text = mail.text.clone().expect("a text");
        let link =
            text.split_whitespace().find(|word| word.contains(what)).unwrap_or_else(|| panic!("no link: {text}"));
        let path = link.split_once("/s/").map(|(_, path)| format!("/s/{path}")).expect("a link to the page");
        (mail, path)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_yes_is_told_of_an_outage_and_who_leaves_is_forgotten() {
    let world = World::start("").await;
    assert!(world.ask("GET", "/s/acme/", "").await.1.contains("action=\"subscribe\""));
    let (status, said) = world.ask("POST", "/s/acme/subscribe", "address=Ann%40Example.com").await;
    assert!(status == 202 && said.contains("Look into your mail"), "{said}");
    let (asked, yes) = world.link(1, "/confirm?").await;
    assert_eq!((asked.to.as_slice(), asked.from.as_str()), (&["ann@example.com".to_owned()][..], "status@acme.dev"));
    assert_eq!(asked.subject, "Acme: do you want its news?");

    let (status, said) = world.ask("GET", &yes, "").await;
    assert!(status == 200 && said.contains("<button class=\"btn pri\">Yes, write to me</button>"), "{said}");
    assert_eq!(world.ask("POST", &yes.replace("ann", "bob"), "").await.0, 404, "a link is good for its address");
    assert_eq!(world.ask("POST", &yes.replace("confirm", "unsubscribe"), "").await.0, 404, "and for its purpose");
    assert_eq!(world.ask("POST", &yes, "").await.0, 200);
    // Asked for, and never confirmed.
    assert_eq!(world.ask("POST", "/s/acme/subscribe", "address=eve%40example.com").await.0, 202);
    world.link(2, "/confirm?").await;

    world.well.store(false, Ordering::SeqCst);
    let (news, leave) = world.link(3, "/unsubscribe?").await;
    assert_eq!(
        (news.to.as_slice(), news.subject.as_str()),
        (&["ann@example.com".to_owned()][..], "Acme: Payments is down")
    );
    let raw = String::from_utf8_lossy(&news.raw);
    assert!(raw.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"), "{raw}");
    // With a space before it: ports and signatures have such digits too.
    assert!(!raw.contains("payments-internal") && !raw.contains(" 503"), "what is inside stays inside: {raw}");
    assert_eq!(world.ask("POST", &leave, "List-Unsubscribe=One-Click").await.0, 200);
    assert_eq!(world.ask("POST", &leave, "").await.0, 200, "once more does no harm");
    assert_eq!(world.ask("POST", &yes, "").await.0, 404, "an old yes brings nobody back");
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn subscribers_stay_with_a_page_that_is_renamed_and_are_forgotten_with_it() {
    let world = World::start("").await;
    let page = r#"{ "slug": "shop", "title": "Shop", "sections": [{ "monitors": [{ "monitor": "payments-internal", "name": "Payments" }] }] }"#;
    assert_eq!(world.api("POST", "/api/v1/status-pages", page).await.0, 201);
    assert_eq!(world.ask("POST", "/s/shop/subscribe", "address=ann%40example.com").await.0, 202);
    let (_, yes) = world.link(1, "/confirm?").await;
    assert_eq!(world.api("PATCH", "/api/v1/status-pages/shop", r#"{ "slug": "market" }"#).await.0, 200);
    assert_eq!(world.ask("POST", &yes, "").await.0, 200, "a link to the old address is good");
    let shown = world.api("GET", "/api/v1/status-pages/market", "").await.1;
    assert!(shown.contains("\"subscribers\":1"), "{shown}");
    world.well.store(false, Ordering::SeqCst);
    let (news, leave) = world.link(2, "/unsubscribe?").await;
    assert_eq!(news.subject, "Shop: Payments is down");
    assert!(leave.starts_with("/s/market/"), "{leave}");
    let old = leave.replace("/market/", "/shop/");
    assert_eq!(world.ask("POST", &old, "List-Unsubscribe=One-Click").await.0, 200);
    assert_eq!(world.ask("POST", "/s/market/subscribe", "address=bob%40example.com").await.0, 202);
    let (_, yes) = world.link(3, "/confirm?").await;
    assert_eq!(world.api("DELETE", "/api/v1/status-pages/market", "").await.0, 204);
    assert_eq!(world.api("POST", "/api/v1/status-pages", page).await.0, 201);
    assert_eq!(world.ask("POST", &yes.replace("/market/", "/shop/"), "").await.0, 404, "who asked is forgotten");
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_account_has_subscribers_of_its_own() {
    let world = World::start_as_guest().await;
    // What lies around the server is not asked for others: the monitor is down as soon as it is resumed.
    let monitor = r#"{ "name": "shop-internal", "interval": "1s", "timeout": "800ms", "failure_threshold": 1, "paused": true, "tcp": { "address": "127.0.0.1:1" } }"#;
    assert_eq!(world.api("POST", "/api/v1/monitors", monitor).await.0, 201);
    let page = r#"{ "slug": "shop", "title": "Shop", "sections": [{ "monitors": [{ "monitor": "shop-internal", "name": "Checkout" }] }] }"#;
    let (status, made) = world.api("POST", "/api/v1/status-pages", page).await;
    assert_eq!(status, 201, "{made}");
    for (slug, who) in [("shop", "ann"), ("acme", "eve")] {
        let form = format!("address={who}%40example.com");
        assert_eq!(world.ask("POST", &format!("/s/{slug}/subscribe"), &form).await.0, 202);
    }
    let mut links = [world.link(1, "/confirm?").await.1, world.link(2, "/confirm?").await.1];
    links.sort_unstable();
    let [at_acme, at_shop] = links;
    assert!(at_acme.starts_with("/s/acme/") && at_shop.starts_with("/s/shop/"), "{at_acme} {at_shop}");
    assert_eq!(world.ask("POST", &at_acme.replace("/acme/", "/shop/"), "").await.0, 404, "a link is good for its page");
    assert_eq!((world.ask("POST", &at_acme, "").await.0, world.ask("POST", &at_shop, "").await.0), (200, 200));
    assert!(world.api("GET", "/api/v1/status-pages/shop", "").await.1.contains("\"subscribers\":1"));

    assert_eq!(world.api("POST", "/api/v1/monitors/shop-internal/resume", "").await.0, 200);
    let (news, leave) = world.link(3, "/unsubscribe?").await;
    assert_eq!(
        (news.to.as_slice(), news.subject.as_str()),
        (&["ann@example.com".to_owned()][..], "Shop: Checkout is down")
    );
    assert!(!String::from_utf8_lossy(&news.raw).contains("internal"), "what is inside stays inside");
    assert_eq!(world.ask("POST", &leave, "List-Unsubscribe=One-Click").await.0, 200);
    world.well.store(false, Ordering::SeqCst);
    let (news, _) = world.link(4, "/unsubscribe?").await;
    assert_eq!(
        (news.to.as_slice(), news.subject.as_str()),
        (&["eve@example.com".to_owned()][..], "Acme: Payments is down")
    );
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_see_a_page_cannot_subscribe_and_a_link_needs_no_password() {
    let world = World::start(", access: password, password: \"open sesame\"").await;
    let form = "address=ann%40example.com";
    assert_eq!(world.ask("POST", "/s/acme/subscribe", form).await.0, 401);
    assert_eq!(world.ask("GET", "/s/acme/confirm?address=ann%40example.com&until=0&signature=00", "").await.0, 404);
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_subscribers_offers_nothing_and_bad_addresses_and_floods_are_refused() {
    let closed = World::start(", subscribe: false").await;
    assert!(!closed.ask("GET", "/s/acme/", "").await.1.contains("subscribe"));
    assert_eq!(closed.ask("POST", "/s/acme/subscribe", "address=ann%40example.com").await.0, 404);
    closed.server.stop().await;
    let open = World::start("").await;
    for wrong in ["", "address=", "address=ann", "address=a%40b.c%0d%0aBcc%3a+x%40y.z"] {
        assert_eq!(open.ask("POST", "/s/acme/subscribe", wrong).await.0, 400, "{wrong}");
    }
    let mut last = 0;
    for number in 0..11 {
        last = open.ask("POST", "/s/acme/subscribe", &format!("address=ann{number}%40example.com")).await.0;
    }
    assert_eq!(last, 429);
    open.server.stop().await;
}
