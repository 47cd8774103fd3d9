//! Users at the interface's door: made, signed in, and allowed what their role allows.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use allswell_core::{Mono, Now, Wall};
use allswell_monitor::access::{Address, NewPerson, Role, Scope, Scopes};
use allswell_monitor::clock::Clock;
use allswell_server::api::router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::world::{DAY, NOW, World};
use super::{Answer, get, read, send};

pub const PASSWORD: &str = "correct horse battery";
pub const HERE: &str = "https://status.example.com";

/// A browser: where it is, and what it has been given.
pub struct Browser<'a> {
    world: &'a World,
    from: SocketAddr,
    origin: Option<&'static str>,
    cookie: String,
}

impl<'a> Browser<'a> {
    pub fn at(world: &'a World, from: &str) -> Self {
        let from = format!("{from}:50000").parse().expect("an address");
        Self { world, from, origin: Some(HERE), cookie: String::new() }
    }

    /// One in which the user with this role is signed in.
    pub async fn of(world: &'a World, role: Role) -> Self {
        let mut browser = Self::at(world, "192.0.2.7");
        let answer = browser.sign_in(&format!("{role}@example.com"), PASSWORD).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        browser
    }

    pub async fn ask(&mut self, method: &str, path: &str, body: Value) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        request = request.header("host", "status.example.com").header("user-agent", "Firefox");
        if let Some(origin) = self.origin {
            request = request.header("origin", origin);
        }
        if !self.cookie.is_empty() {
            request = request.header("cookie", &self.cookie);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let mut request = request.body(body).expect("a good request");
        request.extensions_mut().insert(ConnectInfo(self.from));
        let answer = send(&self.world.state, request).await;
        if let Some(pair) = answer.header("set-cookie").split(';').next().filter(|pair| !pair.is_empty()) {
            self.cookie = pair.to_owned();
        }
        answer
    }

    pub async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.ask("POST", "/api/v1/sign-in", json!({ "email": email, "password": password })).await
    }

    pub async fn status(&mut self, method: &str, path: &str) -> StatusCode {
        self.ask(method, path, Value::Null).await.status
    }
}

/// A world with a user of each role.
pub async fn peopled() -> World {
    let world = World::company().await;
    for role in [Role::Owner, Role::Editor, Role::Viewer] {
        let address = Address::new(&format!("{role}@example.com")).expect("an address");
        let wish = NewPerson { address, name: None, role, password: PASSWORD.to_owned().into() };
        world.state.people.create(wish, NOW).await.expect("a user");
    }
    world
}

#[tokio::test]
async fn the_first_visitor_on_the_machine_itself_becomes_the_owner_and_closes_the_server() {
    let world = World::company().await;
    let setup = json!({ "email": "Ada@Example.com", "password": PASSWORD });
    assert_eq!(read(&world.state, "/api/v1/setup").await, json!({ "open": true, "users": false, "sign_up": false }));
    let mut elsewhere = Browser::at(&world, "192.0.2.7");
    assert_eq!(elsewhere.ask("POST", "/api/v1/setup", setup.clone()).await.status, StatusCode::FORBIDDEN);
    let mut here = Browser::at(&world, "127.0.0.1");
    let weak = here.ask("POST", "/api/v1/setup", json!({ "email": "ada@example.com", "password": "short" })).await;
    assert_eq!((weak.status, &weak.json()["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("password")));
    let made = here.ask("POST", "/api/v1/setup", setup.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(made.json()["user"]["email"], "ada@example.com");
    assert_eq!(made.json()["may"], json!(["heartbeat", "read", "write", "own"]));
    let cookie = made.header("set-cookie");
    assert!(cookie.starts_with("__Host-allswell-") && cookie.ends_with("HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    assert_eq!(get(&world.state, "/api/v1/monitors").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(here.status("GET", "/api/v1/monitors").await, StatusCode::OK);
    let mut second = Browser::at(&world, "127.0.0.1");
    assert_eq!(second.ask("POST", "/api/v1/setup", setup).await.status, StatusCode::CONFLICT);
    assert_eq!(read(&world.state, "/api/v1/setup").await, json!({ "open": false, "users": true, "sign_up": false }));
}

#[tokio::test]
async fn a_server_with_a_key_or_behind_a_proxy_is_not_set_up_by_whoever_comes() {
    let setup = || json!({ "email": "ada@example.com", "password": PASSWORD });
    let world = World::empty().await;
    let request = Request::post("/api/v1/setup").header("host", "localhost").header("content-type", "application/json");
    let mut relayed =
        request.header("x-forwarded-for", "198.51.100.1").body(Body::from(setup().to_string())).expect("a request");
    relayed.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 5))));
    assert_eq!(send(&world.state, relayed).await.status, StatusCode::FORBIDDEN);
    world.state.keys.create("admin".to_owned(), Scopes::of([Scope::Write]), None, NOW).await.expect("a key");
    let mut here = Browser::at(&world, "127.0.0.1");
    assert_eq!(here.ask("POST", "/api/v1/setup", setup()).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn every_route_of_the_document_lets_each_role_do_what_it_may_and_no_more() {
    let world = peopled().await;
    let document = read(&world.state, "/api/openapi.json").await;
    let mut walked = 0;
    for role in Role::ALL {
        let mut browser = Browser::of(&world, role).await;
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("methods") {
                let is_own = ["users", "keys", "invitations", "accounts", "backups"]
                    .contains(&path.split('/').nth(3).unwrap_or_default());
                let scope = operation["security"][0]["key"][0].as_str();
                let may = match (role, scope) {
                    (Role::Owner, _) | (_, None) => true,
                    (Role::Editor, _) => !is_own,
                    (Role::Viewer, scope) => !is_own && scope == Some("read"),
                };
                if path == "/api/v1/sign-out" || path == "/api/v1/events" {
                    continue;
                }
                let (method, path) = (method.to_uppercase(), path.replace("{id}", "nothing-of-this-name"));
                let answer = browser.ask(&method, &path, Value::Null).await;
                assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{role} {method} {path}: {}", answer.body);
                assert_eq!(answer.status != StatusCode::FORBIDDEN, may, "{role} {method} {path}: {}", answer.body);
                walked += 1;
            }
        }
    }
    assert!(walked > 100, "{walked}");
}

#[tokio::test]
async fn what_a_browser_sends_by_itself_changes_nothing_for_pages_from_elsewhere() {
    let world = peopled().await;
    let mut browser = Browser::of(&world, Role::Owner).await;
    for origin in [None, Some("https://evil.example.net"), Some("null")] {
        browser.origin = origin;
        assert_eq!(browser.status("DELETE", "/api/v1/users/viewer@example.com").await, StatusCode::FORBIDDEN);
        assert_eq!(browser.status("GET", "/api/v1/users").await, StatusCode::OK, "reading is no change");
    }
    let refused = browser.sign_in("owner@example.com", PASSWORD).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "nor is anybody signed in as somebody else");
    browser.origin = Some(HERE);
    assert_eq!(browser.status("DELETE", "/api/v1/users/viewer@example.com").await, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn signing_in_says_nothing_of_who_there_is_and_is_slowed_down() {
    let world = peopled().await;
    let mut browser = Browser::at(&world, "192.0.2.8");
    let wrong = browser.sign_in("owner@example.com", "wrong horse battery").await;
    let nobody = browser.sign_in("nobody@example.com", PASSWORD).await;
    assert_eq!((wrong.status, wrong.body.clone()), (StatusCode::UNAUTHORIZED, nobody.body.clone()));
    assert_eq!((nobody.status, wrong.header("set-cookie")), (StatusCode::UNAUTHORIZED, ""));
    for _ in 0..9 {
        browser.sign_in("owner@example.com", "wrong horse battery").await;
    }
    let slowed = browser.sign_in("owner@example.com", PASSWORD).await;
    assert_eq!((slowed.status, slowed.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "60"), "{}", slowed.body);
    assert_eq!(browser.sign_in("editor@example.com", PASSWORD).await.status, StatusCode::OK);
    let field = browser.sign_in("no address", PASSWORD).await;
    assert_eq!((field.status, &field.json()["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("email")));
}

#[tokio::test]
async fn one_sees_where_one_is_signed_in_and_signs_out_there() {
    let world = peopled().await;
    let mut here = Browser::of(&world, Role::Viewer).await;
    let mut there = Browser::of(&world, Role::Viewer).await;
    let mut other = Browser::of(&world, Role::Editor).await;
    let list = here.ask("GET", "/api/v1/me/sessions", Value::Null).await.json();
    let sessions = list["sessions"].as_array().expect("a list");
    assert_eq!(sessions.iter().map(|session| session["current"] == true).collect::<Vec<_>>(), [false, true]);
    assert_eq!((&sessions[1]["from"], &sessions[1]["agent"]), (&json!("192.0.2.7"), &json!("Firefox")));
    let path = format!("/api/v1/me/sessions/{}", sessions[0]["id"]);
    assert_eq!(other.status("DELETE", &path).await, StatusCode::NOT_FOUND, "it is not theirs");
    assert_eq!(here.status("DELETE", &path).await, StatusCode::NO_CONTENT);
    assert_eq!(there.status("GET", "/api/v1/me").await, StatusCode::UNAUTHORIZED);
    let mut there = Browser::of(&world, Role::Viewer).await;
    assert_eq!(here.status("DELETE", "/api/v1/me/sessions").await, StatusCode::NO_CONTENT);
    assert_eq!(there.status("GET", "/api/v1/me").await, StatusCode::UNAUTHORIZED);
    let shown = here.cookie.clone();
    let out = here.ask("POST", "/api/v1/sign-out", Value::Null).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT, "{}", out.body);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    here.cookie = shown;
    assert_eq!(here.status("GET", "/api/v1/me").await, StatusCode::UNAUTHORIZED, "also who kept the cookie");
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it_and_by_an_owner() {
    let world = peopled().await;
    let mut viewer = Browser::of(&world, Role::Viewer).await;
    let mut there = Browser::of(&world, Role::Viewer).await;
    let wrong = viewer.ask("POST", "/api/v1/me/password", json!({ "current": "no", "new": "another good one" })).await;
    assert_eq!((wrong.status, &wrong.json()["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("current")));
    let weak = viewer.ask("POST", "/api/v1/me/password", json!({ "current": PASSWORD, "new": "short" })).await;
    assert_eq!((weak.status, &weak.json()["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("new")));
    let changed =
        viewer.ask("POST", "/api/v1/me/password", json!({ "current": PASSWORD, "new": "another good one" })).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{}", changed.body);
    assert_eq!(viewer.status("GET", "/api/v1/me").await, StatusCode::OK);
    assert_eq!(there.status("GET", "/api/v1/me").await, StatusCode::UNAUTHORIZED);
    let mut owner = Browser::of(&world, Role::Owner).await;
    let patch = json!({ "password": "the owner's choice", "name": "Vera", "role": "editor" });
    let patched = owner.ask("PATCH", "/api/v1/users/viewer@example.com", patch).await;
    assert_eq!((patched.status, &patched.json()["role"]), (StatusCode::OK, &json!("editor")), "{}", patched.body);
    assert_eq!(viewer.status("GET", "/api/v1/me").await, StatusCode::UNAUTHORIZED, "signed out everywhere");
    assert_eq!(viewer.sign_in("viewer@example.com", "the owner's choice").await.json()["user"]["name"], "Vera");
}

#[tokio::test]
async fn owners_make_users_and_the_last_owner_stays() {
    let world = peopled().await;
    let mut owner = Browser::of(&world, Role::Owner).await;
    let wish = json!({ "email": "new@example.com", "role": "viewer", "password": PASSWORD });
    let made = owner.ask("POST", "/api/v1/users", wish.clone()).await;
    assert_eq!((made.status, made.header("location")), (StatusCode::CREATED, "/api/v1/users/4"), "{}", made.body);
    let list = owner.ask("GET", "/api/v1/users", Value::Null).await;
    assert!(!list.body.contains("argon2"), "{}", list.body);
    assert_eq!(
        list.json()["users"][0],
        json!({ "id": 1, "email": "owner@example.com", "name": "owner", "role": "owner", "sessions": 1,
            "second_factor": false, "created": "2026-11-21T11:42:14.120Z", "last_seen": "2026-11-21T11:42:14.120Z" })
    );
    let check = async |owner: &mut Browser<'_>, wish: Value, status: StatusCode, field: &str| {
        let answer = owner.ask("POST", "/api/v1/users", wish.clone()).await;
        assert_eq!((answer.status, &answer.json()["field"]), (status, &json!(field)), "{wish}: {}", answer.body);
        assert!(!answer.body.contains("horse"), "{}", answer.body);
    };
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    check(&mut owner, wish, StatusCode::CONFLICT, "email").await;
    check(&mut owner, json!({}), refused, "email").await;
    check(&mut owner, json!({ "email": "x@example.com", "password": PASSWORD }), refused, "role").await;
    check(&mut owner, json!({ "email": "x@example.com", "role": "viewer" }), refused, "password").await;
    check(&mut owner, json!({ "email": "x@example.com", "role": "boss", "password": PASSWORD }), refused, "role").await;
    check(&mut owner, json!({ "email": "x@example.com", "role": "viewer", "password": 5 }), refused, "password").await;
    let last = owner.ask("PATCH", "/api/v1/users/1", json!({ "role": "viewer" })).await;
    assert_eq!((last.status, &last.json()["detail"]), (StatusCode::CONFLICT, &json!("this is the last owner")));
    let both = json!({ "password": "never to be seen", "name": "Vera", "role": "viewer" });
    assert_eq!(owner.ask("PATCH", "/api/v1/users/1", both).await.status, StatusCode::CONFLICT);
    let weak = json!({ "password": "short", "name": "Vera" });
    assert_eq!(owner.ask("PATCH", "/api/v1/users/1", weak).await.status, refused);
    let kept = owner.ask("GET", "/api/v1/users/1", Value::Null).await.json();
    assert_eq!((&kept["name"], &kept["role"]), (&json!("owner"), &json!("owner")), "nothing was changed");
    assert_eq!(owner.status("DELETE", "/api/v1/users/1").await, StatusCode::CONFLICT);
    assert_eq!(owner.status("DELETE", "/api/v1/users/4/sessions").await, StatusCode::NO_CONTENT);
    assert_eq!(owner.status("DELETE", "/api/v1/users/4").await, StatusCode::NO_CONTENT);
    assert_eq!(owner.status("GET", "/api/v1/users/4").await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn with_an_owner_the_last_key_may_go_and_the_first_need_not_write() {
    let world = peopled().await;
    let mut owner = Browser::of(&world, Role::Owner).await;
    let made = owner.ask("POST", "/api/v1/keys", json!({ "name": "grafana", "scopes": ["read"] })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    owner.ask("POST", "/api/v1/keys", json!({ "name": "deploys", "scopes": ["write"] })).await;
    assert_eq!(owner.status("DELETE", "/api/v1/keys/deploys").await, StatusCode::NO_CONTENT);
    assert_eq!(owner.status("DELETE", "/api/v1/keys/grafana").await, StatusCode::NO_CONTENT);
    assert_eq!(get(&world.state, "/api/v1/monitors").await.status, StatusCode::UNAUTHORIZED, "users close it too");
}

#[tokio::test]
async fn a_key_is_no_user() {
    let world = peopled().await;
    let made = world.state.keys.create("admin".to_owned(), Scopes::of([Scope::Write]), None, NOW).await;
    let key = made.expect("a key").1;
    let ask = async |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {}", key.text()));
        send(&world.state, request.body(Body::from("{}")).expect("a request")).await
    };
    let me = ask("GET", "/api/v1/me").await.json();
    assert_eq!((&me["user"], &me["may"]), (&Value::Null, &json!(["heartbeat", "read", "write", "own"])));
    assert_eq!(ask("POST", "/api/v1/me/password").await.status, StatusCode::CONFLICT);
    assert_eq!(ask("GET", "/api/v1/me/sessions").await.json(), json!({ "sessions": [] }));
    assert_eq!(ask("POST", "/api/v1/sign-out").await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_page_leads_to_the_form_and_the_form_back_to_the_page() {
    let world = peopled().await;
    let page = Request::get("/m/1?range=24h").header("accept", "text/html,*/*").body(Body::empty()).expect("a request");
    let sent = send(&world.state, page).await;
    assert_eq!(
        (sent.status, sent.header("location")),
        (StatusCode::SEE_OTHER, "../sign-in?next=%2Fm%2F1%3Frange%3D24h")
    );
    let form = get(&world.state, "/sign-in?next=%2Fm%2F1%3Frange%3D24h").await;
    assert!(form.status == StatusCode::OK && form.body.contains("value=\"/m/1?range=24h\""), "{}", form.body);
    assert!(form.header("content-security-policy").contains("form-action 'self'"));
    let post = async |origin: &str, password: &str, next: &str| {
        let body = format!("email=owner%40example.com&password={}&next={next}", password.replace(' ', "+"));
        let request = Request::post("/sign-in").header("host", "status.example.com").header("origin", origin);
        send(&world.state, request.body(Body::from(body)).expect("a request")).await
    };
    let wrong = post(HERE, "wrong horse battery", "%2Fm%2F1").await;
    assert_eq!((wrong.status, wrong.header("set-cookie")), (StatusCode::UNAUTHORIZED, ""));
    assert!(wrong.body.contains("role=\"alert\"") && !wrong.body.contains("horse"), "{}", wrong.body);
    assert_eq!(post("https://evil.example.net", PASSWORD, "").await.status, StatusCode::FORBIDDEN);
    let signed = post(HERE, PASSWORD, "%2Fm%2F1").await;
    assert_eq!((signed.status, signed.header("location")), (StatusCode::SEE_OTHER, "./m/1"));
    assert_eq!(post(HERE, PASSWORD, "%2F%2Fevil.example.net").await.header("location"), "./");
    let cookie = signed.header("set-cookie").split(';').next().expect("a pair").to_owned();
    let page = Request::get("/plain/").header("cookie", cookie).body(Body::empty()).expect("a request");
    assert_eq!(send(&world.state, page).await.status, StatusCode::OK);
    // Programs are asked for a key as before.
    assert!(get(&world.state, "/plain/").await.header("www-authenticate").starts_with("Basic realm="));
}

#[tokio::test]
async fn what_holds_a_secret_is_not_remembered() {
    let world = peopled().await;
    for path in ["/api/v1/sign-in", "/api/v1/users", "/api/v1/me/password"] {
        let request = Request::post(path).header("content-type", "application/json").header("origin", HERE);
        let made =
            world.state.keys.create(path.to_owned(), Scopes::of([Scope::Write]), None, NOW).await.expect("a key");
        let request =
            request.header("authorization", format!("Bearer {}", made.1.text())).header("idempotency-key", "a");
        let request = request.header("host", "status.example.com");
        let answer = send(&world.state, request.body(Body::from("{}")).expect("a request")).await;
        assert_eq!(
            (answer.status, &answer.json()["field"]),
            (StatusCode::BAD_REQUEST, &json!("idempotency-key")),
            "{path}"
        );
    }
}

/// A clock that stands where it is put.
struct Hand(Mutex<Wall>);

impl Hand {
    fn put(&self, wall: Wall) {
        *self.0.lock().expect("never poisoned") = wall;
    }
}

impl Clock for Hand {
    fn now(&self) -> Now {
        Now { wall: *self.0.lock().expect("never poisoned"), mono: Mono::default() }
    }
}

#[tokio::test]
async fn who_follows_is_let_go_when_the_session_ends_by_itself() {
    let mut world = peopled().await;
    let clock = Arc::new(Hand(Mutex::new(NOW)));
    world.state.clock = clock.clone();
    let end = NOW + DAY * 90;
    let mut browser = Browser::of(&world, Role::Viewer).await;
    for times in 1..=6 {
        clock.put(NOW + DAY * 13 * times);
        assert_eq!(browser.status("GET", "/api/v1/me").await, StatusCode::OK);
    }
    clock.put(end - Duration::from_millis(1));
    let request =
        Request::get("/api/v1/events").header("accept", "text/event-stream").header("cookie", &browser.cookie);
    let request = request.body(Body::empty()).expect("a good request");
    let following = router(world.state.clone()).oneshot(request).await.expect("the router never fails");
    assert_eq!(following.status(), StatusCode::OK);
    let mut told = following.into_body().into_data_stream();
    let first = told.next().await.expect("it goes on until then").expect("it reads");
    assert!(first.starts_with(b"retry:"), "{first:?}");
    clock.put(end);
    let rest = tokio::time::timeout(Duration::from_secs(20), told.count()).await;
    rest.expect("the stream ends");
    assert_eq!(browser.status("GET", "/api/v1/me").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn two_servers_on_one_machine_take_no_sign_in_from_each_other() {
    let (one, other) = (peopled().await, peopled().await);
    let (mut at_one, mut at_other) = (Browser::of(&one, Role::Viewer).await, Browser::of(&other, Role::Editor).await);
    let name = |browser: &Browser<'_>| browser.cookie.split('=').next().unwrap_or_default().to_owned();
    assert_ne!(name(&at_one), name(&at_other), "what a browser keeps for one is not what it keeps for the other");
    // It sends both to both.
    let both = format!("{}; {}", at_one.cookie, at_other.cookie);
    (at_one.cookie, at_other.cookie) = (both.clone(), both);
    for (browser, role) in [(&mut at_one, "viewer"), (&mut at_other, "editor")] {
        assert_eq!(browser.ask("GET", "/api/v1/me", Value::Null).await.json()["user"]["role"], role);
    }
    let document = read(&one.state, "/api/openapi.json").await;
    assert_eq!(document["components"]["securitySchemes"]["session"]["name"], name(&at_one));
}

#[tokio::test]
async fn everybody_may_give_themselves_another_name_and_nothing_else() {
    let world = peopled().await;
    let mut viewer = Browser::of(&world, Role::Viewer).await;
    let change = async |browser: &mut Browser<'_>, body: Value| browser.ask("PATCH", "/api/v1/me", body).await;
    let changed = change(&mut viewer, json!({ "name": " Vera Viewer " })).await;
    assert_eq!((changed.status, &changed.json()["user"]["name"]), (StatusCode::OK, &json!("Vera Viewer")));
    assert_eq!(viewer.ask("GET", "/api/v1/me", Value::Null).await.body, changed.body);
    for (wrong, field) in [
        (json!({}), "name"),
        (json!({ "name": "" }), "name"),
        (json!({ "name": "x".repeat(101) }), "name"),
        (json!({ "name": "Vera", "role": "owner" }), "role"),
        (json!({ "email": "vera@example.com" }), "email"),
    ] {
        let refused = change(&mut viewer, wrong.clone()).await;
        assert_eq!(
            (refused.status, &refused.json()["field"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)),
            "{wrong}"
        );
    }
    let mut owner = Browser::of(&world, Role::Owner).await;
    let seen = owner.ask("GET", "/api/v1/users/viewer@example.com", Value::Null).await.json();
    assert_eq!((&seen["name"], &seen["role"]), (&json!("Vera Viewer"), &json!("viewer")));
    viewer.origin = Some("https://evil.example");
    assert_eq!(change(&mut viewer, json!({ "name": "Eve" })).await.status, StatusCode::FORBIDDEN);
    let made = owner.ask("POST", "/api/v1/keys", json!({ "name": "k", "scopes": ["write"] })).await.json();
    let key = format!("Bearer {}", made["key"].as_str().expect("a key"));
    let request = Request::patch("/api/v1/me").header("authorization", key).header("content-type", "application/json");
    let refused = send(&world.state, request.body(Body::from("{\"name\":\"K\"}")).expect("a good request")).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
}
