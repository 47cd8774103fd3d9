//! Who may do what: keys, their scopes, and a gate that nothing goes around.

use allswell_monitor::access::{Scope, Scopes};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::world::{NOW, World};
use super::{Answer, get, read, send};

fn request(method: &str, path: &str, key: Option<&str>, body: &Value) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:7878");
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    request.header("content-type", "application/json").body(body).expect("a good request")
}

async fn ask(world: &World, method: &str, path: &str, key: Option<&str>) -> Answer {
    send(&world.state, request(method, path, key, &Value::Null)).await
}

async fn make(world: &World, key: Option<&str>, wish: Value) -> Answer {
    send(&world.state, request("POST", "/api/v1/keys", key, &wish)).await
}

/// A world with keys, and a key of each scope.
async fn guarded() -> (World, [String; 3]) {
    let world = World::company().await;
    let mut keys = Vec::new();
    // The first must be able to write.
    for scope in [Scope::Write, Scope::Read, Scope::Heartbeat] {
        let made = world.state.keys.create(scope.to_string(), Scopes::of([scope]), None, NOW).await;
        keys.push(made.expect("a key").1.text().to_owned());
    }
    let [write, read, heartbeat] = keys.try_into().expect("three");
    (world, [heartbeat, read, write])
}

#[tokio::test]
async fn everything_is_open_until_there_is_a_key_and_then_nothing_is() {
    let world = World::company().await;
    assert_eq!(get(&world.state, "/api/v1/monitors").await.status, StatusCode::OK);
    let made = make(&world, None, json!({ "name": "admin", "scopes": ["write"] })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(made.header("location"), "/api/v1/keys/1");
    let key = made.json()["key"].as_str().expect("the secret").to_owned();
    let refused = get(&world.state, "/api/v1/monitors").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"allswell\"");
    assert_eq!(refused.json()["detail"], "a key with the scope `read` is needed");
    assert_eq!(ask(&world, "GET", "/api/v1/monitors", Some(&key)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_route_of_the_document_asks_for_its_scope_and_for_no_more() {
    let (world, keys) = guarded().await;
    let document = read(&world.state, "/api/openapi.json").await;
    let paths = document["paths"].as_object().expect("paths");
    let mut walked = 0;
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("methods") {
            let needed = match (path.as_str(), method.as_str()) {
                ("/health" | "/ready" | "/metrics" | "/api/v1/setup" | "/api/v1/sign-in" | "/api/v1/join", _) => None,
                ("/api/v1/reset" | "/api/v1/reset/password" | "/api/v1/sign-up" | "/api/v1/sign-up/account", _) => None,
                (path, _)
                    if ["keys", "users", "invitations", "accounts", "backups"]
                        .contains(&path.split('/').nth(3).unwrap_or_default()) =>
                {
                    Some(Scope::Write)
                }
                (path, _) if path.starts_with("/api/v1/me") || path == "/api/v1/sign-out" => Some(Scope::Read),
                (path, _) if path.starts_with("/api/v1/heartbeats") => Some(Scope::Heartbeat),
                (_, "get") => Some(Scope::Read),
                _ => Some(Scope::Write),
            };
            let said = operation["security"][0]["key"][0].as_str();
            assert_eq!(said, needed.map(Scope::as_str), "{method} {path}: what the document says");
            walk(&world, &keys, (method, &path.replace("{id}", "nothing-of-this-name")), needed).await;
            walked += 1;
        }
    }
    assert!(walked >= 15, "{walked}");
}

/// Asks without a key, with a wrong one, and with one of each scope.
async fn walk(world: &World, keys: &[String; 3], (method, path): (&str, &str), needed: Option<Scope>) {
    let method = method.to_uppercase();
    for key in [None, Some("aw_nobody-has-this-key-in-the-whole-world")] {
        let status = ask(world, &method, path, key).await.status;
        assert_eq!(status == StatusCode::UNAUTHORIZED, needed.is_some(), "{method} {path} with {key:?}: {status}");
    }
    for (held, key) in Scope::ALL.into_iter().zip(keys) {
        let may = needed.is_none_or(|needed| Scopes::of([held]).allow(needed));
        let answer = ask(world, &method, path, Some(key)).await;
        let refused = matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        assert_eq!(refused, !may, "{method} {path} with `{held}`: {} {}", answer.status, answer.body);
        if let (true, Some(needed)) = (refused, needed) {
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
            assert!(answer.body.contains(&format!("`{needed}`")), "{}", answer.body);
        }
    }
}

#[tokio::test]
async fn what_is_not_in_the_document_is_guarded_too() {
    let (world, keys) = guarded().await;
    for path in
        ["/", "/plain/", "/m/1", "/i/1-4", "/probe?target=127.0.0.1:1", "/nothing", "/api/v1/nothing", "/api/v2"]
    {
        let answer = ask(&world, "GET", path, None).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(!answer.body.contains("payments-api"), "{path}");
        assert!(!answer.header("content-security-policy").is_empty(), "{path}");
    }
    for path in ["/plain/assets/plain.css", "/health", "/ready", "/metrics", "/api/openapi.json"] {
        assert_eq!(ask(&world, "GET", path, None).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(ask(&world, "POST", "/heartbeat/nobody", None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ask(&world, "HEAD", "/api/v1/monitors", Some(&keys[0])).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_browser_signs_in_to_the_pages_with_a_key_as_password() {
    use base64::Engine as _;
    let (world, [_, read, write]) = guarded().await;
    let asked = get(&world.state, "/plain/").await;
    assert!(asked.header("www-authenticate").starts_with("Basic realm="), "{}", asked.header("www-authenticate"));
    let basic = |key: &str| format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("me:{key}")));
    let page = Request::get("/plain/").header("authorization", basic(&read)).body(Body::empty()).expect("a request");
    assert_eq!(send(&world.state, page).await.status, StatusCode::OK);
    // What a browser sends by itself changes nothing when another site asked for it.
    let check = async |headers: &[(&str, &str)], expected: StatusCode| {
        let mut request = Request::delete("/api/v1/keys/2").header("authorization", basic(&write));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = send(&world.state, request.body(Body::empty()).expect("a request")).await;
        assert_eq!(answer.status, expected, "{headers:?}: {}", answer.body);
    };
    let host = ("host", "status.example.com");
    check(&[host, ("origin", "https://evil.example.net")], StatusCode::FORBIDDEN).await;
    check(&[host, ("sec-fetch-site", "cross-site")], StatusCode::FORBIDDEN).await;
    check(&[host, ("sec-fetch-site", "same-site"), ("origin", "https://status.example.com")], StatusCode::FORBIDDEN)
        .await;
    check(&[host, ("origin", "https://status.example.com")], StatusCode::NO_CONTENT).await;
}

#[tokio::test]
async fn an_open_server_is_not_open_to_pages_from_elsewhere() {
    let world = World::empty().await;
    let check = async |headers: &[(&str, &str)], expected: StatusCode| {
        let mut request = Request::post("/api/v1/keys").header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = send(&world.state, request.body(Body::from("{}")).expect("a request")).await;
        assert_eq!(answer.status, expected, "{headers:?}: {}", answer.body);
    };
    // A name that was made to point here, whose page says that all is its own.
    check(&[("host", "evil.example.net:7878"), ("sec-fetch-site", "same-origin")], StatusCode::FORBIDDEN).await;
    check(&[("host", "127.0.0.1:7878"), ("origin", "https://evil.example.net")], StatusCode::FORBIDDEN).await;
    // These get as far as their body, which says too little.
    for host in ["127.0.0.1:7878", "localhost:7878", "[::1]:7878", "[::1]", "status.example.com"] {
        check(&[("host", host)], StatusCode::UNPROCESSABLE_ENTITY).await;
    }
}

#[tokio::test]
async fn a_key_expires_and_says_so() {
    let (world, [_, _, write]) = guarded().await;
    let past = make(&world, Some(&write), json!({ "name": "late", "expires": "2026-11-21T11:42:14Z" })).await;
    assert_eq!((past.status, past.json()["field"].clone()), (StatusCode::UNPROCESSABLE_ENTITY, json!("expires")));
    let soon = NOW + std::time::Duration::from_secs(60);
    let (_, secret) =
        world.state.keys.create("soon".to_owned(), Scopes::of([Scope::Read]), Some(soon), NOW).await.expect("a key");
    assert_eq!(ask(&world, "GET", "/api/v1/monitors", Some(secret.text())).await.status, StatusCode::OK);
    let (_, gone) =
        world.state.keys.create("gone".to_owned(), Scopes::of([Scope::Read]), Some(NOW), NOW).await.expect("a key");
    let answer = ask(&world, "GET", "/api/v1/monitors", Some(gone.text())).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json()["detail"], "the key expired at 2026-11-21T11:42:14.120Z");
}

#[tokio::test]
async fn keys_are_listed_without_their_secrets_and_with_their_last_use() {
    let (world, [_, read_key, write]) = guarded().await;
    ask(&world, "GET", "/api/v1/monitors", Some(&read_key)).await;
    let list = ask(&world, "GET", "/api/v1/keys", Some(&write)).await;
    for secret in [&read_key, &write] {
        assert!(!list.body.contains(secret.as_str()), "{}", list.body);
    }
    assert_eq!(
        list.json()["keys"][1],
        json!({
            "id": 2, "name": "read", "scopes": ["read"], "created": "2026-11-21T11:42:14.120Z",
            "expires": null, "expired": false, "last_used": "2026-11-21T11:42:14.120Z",
        })
    );
    assert_eq!(ask(&world, "GET", "/api/v1/keys/heartbeat", Some(&write)).await.json()["id"], 3);
    assert_eq!(list.json()["keys"][2]["last_used"], Value::Null);
}

#[tokio::test]
async fn a_deleted_key_is_worth_nothing_and_the_last_that_may_write_stays() {
    let (world, [_, read_key, write]) = guarded().await;
    assert_eq!(ask(&world, "DELETE", "/api/v1/keys/read", Some(&write)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ask(&world, "GET", "/api/v1/monitors", Some(&read_key)).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(&world, "DELETE", "/api/v1/keys/read", Some(&write)).await.status, StatusCode::NOT_FOUND);
    let last = ask(&world, "DELETE", "/api/v1/keys/write", Some(&write)).await;
    assert_eq!(
        (last.status, last.json()["detail"].clone()),
        (StatusCode::CONFLICT, json!("this is the last key that may write"))
    );
    assert_eq!(
        make(&world, Some(&write), json!({ "name": "two", "scopes": ["write"] })).await.status,
        StatusCode::CREATED
    );
    assert_eq!(ask(&world, "DELETE", "/api/v1/keys/write", Some(&write)).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_key_is_changed_without_a_new_secret_and_the_last_that_may_write_stays_one() {
    let (world, [_, read_key, write]) = guarded().await;
    let patch = async |path: &str, body: Value| {
        let request = Request::patch(path).header("host", "localhost").header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {write}"));
        send(&world.state, request.body(Body::from(body.to_string())).expect("a request")).await
    };
    let wish = json!({ "name": "grafana", "expires": "2026-12-24T00:00:00Z" });
    let changed = patch("/api/v1/keys/read", wish).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    let (name, scopes, expires) = (json!("grafana"), json!(["read"]), json!("2026-12-24T00:00:00.000Z"));
    let told = changed.json();
    assert_eq!((&told["name"], &told["scopes"], &told["expires"]), (&name, &scopes, &expires));
    assert_eq!(patch("/api/v1/keys/grafana", json!({ "expires": null })).await.json()["expires"], Value::Null);
    assert_eq!(ask(&world, "GET", "/api/v1/monitors", Some(&read_key)).await.status, StatusCode::OK);
    let taken = patch("/api/v1/keys/grafana", json!({ "name": "write" })).await;
    assert_eq!(taken.status, StatusCode::CONFLICT, "{}", taken.body);
    let last = patch("/api/v1/keys/write", json!({ "scopes": ["read"] })).await;
    assert_eq!(
        (last.status, &last.json()["detail"]),
        (StatusCode::CONFLICT, &json!("this is the last key that may write"))
    );
    for wrong in [
        json!({ "name": "" }),
        json!({ "scopes": [] }),
        json!({ "expires": "2020-01-01T00:00:00Z" }),
        json!({ "key": "x" }),
    ] {
        let answer = patch("/api/v1/keys/grafana", wrong.clone()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {}", answer.body);
    }
    assert_eq!(patch("/api/v1/keys/nobody", json!({})).await.status, StatusCode::NOT_FOUND);
    assert_eq!(patch("/api/v1/keys/grafana", json!({ "scopes": ["write"] })).await.status, StatusCode::OK);
    assert_eq!(patch("/api/v1/keys/write", json!({ "scopes": ["read"] })).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_cannot_be_a_key_is_refused_and_changes_nothing() {
    let world = World::empty().await;
    let check = async |wish: Value, status: StatusCode, field: &str| {
        let answer = make(&world, None, wish.clone()).await;
        assert_eq!(answer.status, status, "{wish}: {}", answer.body);
        assert_eq!(answer.json()["field"], field, "{wish}: {}", answer.body);
        assert!(answer.json()["hint"].is_string(), "{wish}: {}", answer.body);
    };
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    check(json!({}), refused, "name").await;
    check(json!({ "name": "" }), refused, "name").await;
    check(json!({ "name": "x".repeat(101) }), refused, "name").await;
    check(json!({ "name": "a\u{1b}[2J" }), refused, "name").await;
    check(json!({ "name": 5 }), refused, "name").await;
    check(json!({ "name": "a", "scope": "read" }), refused, "scope").await;
    check(json!({ "name": "a", "scopes": [] }), refused, "scopes").await;
    check(json!({ "name": "a", "scopes": ["all"] }), refused, "scopes").await;
    check(json!({ "name": "a", "scopes": "write" }), refused, "scopes").await;
    check(json!({ "name": "a", "scopes": ["write"], "expires": "soon" }), refused, "expires").await;
    // The first could not make another.
    check(json!({ "name": "a", "scopes": ["read"] }), refused, "scopes").await;
    let raw = async |kind: &str, body: &str| {
        let request = Request::post("/api/v1/keys").header("host", "localhost").header("content-type", kind);
        send(&world.state, request.body(Body::from(body.to_owned())).expect("a request")).await.status
    };
    assert_eq!(raw("text/plain", "{}").await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(raw("application/json", "{").await, StatusCode::BAD_REQUEST);
    assert_eq!(raw("application/json", "[]").await, StatusCode::BAD_REQUEST);
    assert_eq!(raw("application/json", &" ".repeat(9 << 20)).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(world.state.keys.is_empty());
    assert_eq!(make(&world, None, json!({ "name": "a", "scopes": ["write"] })).await.status, StatusCode::CREATED);
    assert!(!world.state.keys.is_empty());
    assert_eq!(ask(&world, Method::OPTIONS.as_str(), "/api/v1/keys", None).await.status, StatusCode::UNAUTHORIZED);
}
