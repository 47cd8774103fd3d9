//! Who follows what happens is let go when they may read no more, and goes on as long as they may.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use allswell_core::{Now, Wall};
use allswell_monitor::clock::{Clock, SystemClock};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::world::World;

const EVENTS: &str = "/api/v1/events";
const PASSWORD: &str = "correct horse battery";
/// Much longer than it takes, and much shorter than until anything else ends the stream.
const PATIENCE: Duration = Duration::from_secs(10);

/// Somebody who follows.
pub struct Follower {
    stream: TcpStream,
    told: String,
}

impl Follower {
    /// Follows with these headers.
    pub async fn begin(world: &World, headers: &str) -> Self {
        let address = world.server().address();
        #[expect(clippy::disallowed_methods, reason = "the test is the browser")]
        let mut stream = TcpStream::connect(address).await.expect("connects");
        let accept = "Accept: text/event-stream\r\nConnection: close";
        let request = format!("GET {EVENTS} HTTP/1.1\r\nHost: {address}\r\n{accept}\r\n{headers}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut follower = Self { stream, told: String::new() };
        follower.hears("retry: 2000").await;
        follower
    }

    /// Waits until `text` was told.
    pub async fn hears(&mut self, text: &str) {
        let hearing = async {
            let mut bytes = [0; 4_096];
            while !self.told.contains(text) {
                let read = self.stream.read(&mut bytes).await.expect("it reads");
                assert!(read > 0, "the stream has ended: {}", self.told);
                self.told.push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
        };
        let heard = tokio::time::timeout(PATIENCE, hearing).await;
        heard.unwrap_or_else(|_| panic!("`{text}` was never told"));
    }

    /// Waits until the server ends it.
    pub async fn ends(mut self, why: &str) {
        let mut rest = Vec::new();
        let end = tokio::time::timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await;
        end.unwrap_or_else(|_| panic!("{why}, and the stream goes on")).expect("it ends well");
    }
}

/// The machine's clock; its wall clock stands where it is put.
struct Hand(SystemClock, Mutex<Wall>);

impl Hand {
    fn at(wall: Wall) -> Arc<Self> {
        Arc::new(Self(SystemClock::new(), Mutex::new(wall)))
    }

    fn put(&self, wall: Wall) {
        *self.1.lock().expect("never poisoned") = wall;
    }
}

impl Clock for Hand {
    fn now(&self) -> Now {
        Now { wall: *self.1.lock().expect("never poisoned"), ..self.0.now() }
    }
}

/// An owner of a server, who is asked for by the cookie that comes back.
async fn with_owner(world: World) -> (World, Browser) {
    let owner = json!({ "email": "owner@example.com", "password": PASSWORD });
    let made = world.post("/api/v1/setup", &owner).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let browser = Browser::with(made.header("set-cookie"));
    (world, browser)
}

/// What a browser sends.
struct Browser(String);

impl Browser {
    fn with(cookie: Option<&str>) -> Self {
        Self(cookie.and_then(|cookie| cookie.split(';').next()).expect("a cookie").to_owned())
    }

    async fn signed_in(world: &World, email: &str) -> Self {
        let answer = world.post("/api/v1/sign-in", &json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        Self::with(answer.header("set-cookie"))
    }

    async fn ask(&self, world: &World, method: &str, path: &str, body: Value) -> Value {
        let headers = [("Cookie", self.0.as_str()), ("Sec-Fetch-Site", "same-origin")];
        let answer = world.send(method, path, &headers, (!body.is_null()).then_some(&body)).await;
        assert!(answer.status < 300, "{method} {path}: {}", answer.body);
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    async fn follows(&self, world: &World) -> Follower {
        Follower::begin(world, &format!("Cookie: {}", self.0)).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_signed_out_anyhow_follows_no_more_and_all_others_do() {
    let (world, owner) = with_owner(World::start().await).await;
    let mut stays = owner.follows(&world).await;
    let user = json!({ "email": "ann@example.com", "role": "editor", "password": PASSWORD });
    let ann = owner.ask(&world, "POST", "/api/v1/users", user).await["id"].to_string();
    let of_ann = format!("/api/v1/users/{ann}");

    let here = Browser::signed_in(&world, "ann@example.com").await;
    let follows = here.follows(&world).await;
    let mut elsewhere = Browser::signed_in(&world, "ann@example.com").await.follows(&world).await;
    here.ask(&world, "POST", "/api/v1/sign-out", Value::Null).await;
    follows.ends("she signed out").await;

    let here = Browser::signed_in(&world, "ann@example.com").await;
    let mut stays_too = here.follows(&world).await;
    owner.ask(&world, "PATCH", &of_ann, json!({ "role": "viewer" })).await;
    owner.ask(&world, "POST", EVENTS, json!({ "text": "first deploy" })).await;
    for follower in [&mut stays, &mut stays_too, &mut elsewhere] {
        follower.hears("first deploy").await;
    }
    let change = json!({ "current": PASSWORD, "new": "another horse battery" });
    here.ask(&world, "POST", "/api/v1/me/password", change).await;
    elsewhere.ends("she chose another password in another browser").await;
    owner.ask(&world, "POST", EVENTS, json!({ "text": "second deploy" })).await;
    stays_too.hears("second deploy").await;
    owner.ask(&world, "DELETE", &format!("{of_ann}/sessions"), Value::Null).await;
    stays_too.ends("an owner signed her out").await;

    owner.ask(&world, "PATCH", &of_ann, json!({ "password": PASSWORD })).await;
    let follows = Browser::signed_in(&world, "ann@example.com").await.follows(&world).await;
    owner.ask(&world, "DELETE", &of_ann, Value::Null).await;
    follows.ends("she was deleted").await;
    owner.ask(&world, "POST", EVENTS, json!({ "text": "third deploy" })).await;
    stays.hears("third deploy").await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_deleted_changed_or_expired_follows_no_more() {
    let now = Wall::from_ms(1_795_261_334_120);
    let clock = Hand::at(now);
    let (world, owner) = with_owner(World::start_at(clock.clone()).await).await;
    let keys = "/api/v1/keys";
    let follow = async |key: &Value| {
        let headers = format!("Authorization: Bearer {}", key["key"].as_str().expect("a key"));
        Follower::begin(&world, &headers).await
    };
    let key = owner.ask(&world, "POST", keys, json!({ "name": "a", "scopes": ["read"] })).await;
    let follows = follow(&key).await;
    owner.ask(&world, "DELETE", &format!("{keys}/a"), Value::Null).await;
    follows.ends("the key was deleted").await;

    let key = owner.ask(&world, "POST", keys, json!({ "name": "b", "scopes": ["read"] })).await;
    let mut follows = follow(&key).await;
    owner.ask(&world, "PATCH", &format!("{keys}/b"), json!({ "name": "c" })).await;
    owner.ask(&world, "POST", EVENTS, json!({ "text": "a deploy" })).await;
    follows.hears("a deploy").await;
    owner.ask(&world, "PATCH", &format!("{keys}/c"), json!({ "scopes": ["heartbeat"] })).await;
    follows.ends("the key may not read any more").await;

    let wish = json!({ "name": "d", "scopes": ["read"], "expires": "2026-11-21T11:42:14.121Z" });
    let key = owner.ask(&world, "POST", keys, wish).await;
    let mut follows = follow(&key).await;
    owner.ask(&world, "POST", EVENTS, json!({ "text": "the last deploy" })).await;
    follows.hears("the last deploy").await;
    clock.put(now + Duration::from_millis(1));
    follows.ends("the key expired").await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_followed_while_everything_was_open_is_let_go_when_it_is_closed() {
    let world = World::start().await;
    let follows = Follower::begin(&world, "X-Nothing: 1").await;
    world.post("/api/v1/keys", &json!({ "name": "first", "scopes": ["write"] })).await.expect(201);
    follows.ends("from now on everybody is asked").await;
    world.stop().await;
}
