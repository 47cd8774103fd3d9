//! Who has an account on the server of somebody else names nothing of that server: neither its variables nor its files, whichever way
//! the text comes in.

use serde_json::{Value, json};

use super::voices::{Voice, start_two, store_of};

const REFUSED: &str = "only who runs the server can name its variables and files";

/// Monitors and channels that name something of the server, and what they name.
fn naming() -> [(&'static str, &'static str, Value); 10] {
    let asked = |more: Value| json!({ "name": "new", "http": more });
    let url = "https://example.com/";
    let hook =
        |more: &str, value: &str| json!({ "name": "new", "type": "webhook", "url": url, "secret": "s", more: value });
    [
        ("monitors", "/http/url", asked(json!({ "url": "https://example.com/${env:PATH}" }))),
        ("monitors", "/http/headers/x-a", asked(json!({ "url": url, "headers": { "x-a": "${file:/etc/hostname}" } }))),
        ("monitors", "/http/body", asked(json!({ "url": url, "body": "${PATH}" }))),
        (
            "monitors",
            "/http/tls/ca",
            asked(json!({ "url": url, "tls": { "ca": "/etc/ssl/certs/ca-certificates.crt" } })),
        ),
        ("monitors", "/http/tls/client_key", asked(json!({ "url": url, "tls": { "client_key": "key.pem" } }))),
        ("monitors", "/interval", json!({ "name": "new", "http": { "url": url }, "interval": "${env:PATH}" })),
        ("monitors", "/http/expected_status/0", asked(json!({ "url": url, "expected_status": ["${env:PATH}"] }))),
        ("channels", "/secret", hook("secret", "${env:PATH}")),
        ("channels", "/ca", hook("ca", "/etc/ssl/certs/ca-certificates.crt")),
        ("channels", "/type", json!({ "name": "new", "type": "${env:PATH}" })),
    ]
}

/// A file with this monitor or channel.
fn file(kind: &str, given: &Value) -> Value {
    let mut given = given.clone();
    let named = if kind == "channels" {
        let name = given.as_object_mut().expect("an object").remove("name").expect("a name");
        json!({ name.as_str().expect("text"): given })
    } else {
        json!([given])
    };
    json!({ "files": [{ "name": "guest.yaml", "text": json!({ kind: named }).to_string() }] })
}

/// All ways to send it: method, path and body, and whether the answer names the field by a pointer.
fn ways(kind: &str, given: &Value) -> Vec<(&'static str, String, Value, bool)> {
    let own = format!("/api/v1/{kind}/own");
    let mut patch = given.clone();
    patch["name"] = json!("own");
    let mut ways = vec![
        ("POST", format!("/api/v1/{kind}"), given.clone(), true),
        ("PUT", own.clone(), patch.clone(), true),
        ("PATCH", own, patch.clone(), true),
        ("POST", "/api/v1/plan".to_owned(), file(kind, given), false),
        ("POST", "/api/v1/apply".to_owned(), file(kind, given), false),
    ];
    if kind == "monitors" {
        ways.push(("POST", "/api/v1/try".to_owned(), given.clone(), true));
        patch.as_object_mut().expect("an object").remove("name");
        let bulk = json!({ "action": "change", "ids": ["own"], "patch": patch });
        ways.push(("POST", "/api/v1/monitors/bulk".to_owned(), bulk, true));
    }
    ways
}

async fn own_resources(voice: &Voice<'_>) {
    voice.make("/api/v1/monitors", json!({ "name": "own", "http": { "url": "https://example.com/" } })).await;
    let channel = json!({ "name": "own", "type": "webhook", "url": "https://example.com/", "secret": "s" });
    voice.make("/api/v1/channels", channel).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_names_no_variable_and_no_file_whichever_way() {
    let (world, keys) = start_two("").await;
    let [hers, bobs] = Voice::of_both(&world, &keys).await;
    own_resources(&bobs).await;
    let path = std::env::var("PATH").expect("a variable");
    for (kind, pointer, given) in naming() {
        for (method, way, body, has_pointer) in ways(kind, &given) {
            let answer = bobs.ask(method, &way, Some(&body)).await;
            let case = format!("{method} {way} {pointer}: {}", answer.body);
            assert_eq!(answer.status, 422, "{case}");
            assert!(answer.body.contains(REFUSED) && !answer.body.contains(&path), "{case}");
            let told = answer.json();
            let first = &told["errors"][0];
            assert!(
                first["hint"].as_str().is_some_and(|hint| hint.starts_with("write") || hint == "leave it out"),
                "{case}"
            );
            assert!(!has_pointer || first["pointer"] == pointer, "{case}");
            assert!(has_pointer || first["line"].is_number(), "{case}");
        }
    }
    let defaults = json!({ "files": [{ "name": "a.yaml", "text": "defaults: { interval: \"${env:PATH}\" }" }] });
    assert!(bobs.ask("POST", "/api/v1/apply", Some(&defaults)).await.body.contains(REFUSED));
    let window = json!({ "name": "${env:PATH}", "cron": "0 3 * * SUN", "duration": "1h" });
    assert!(bobs.ask("POST", "/api/v1/maintenance", Some(&window)).await.body.contains(REFUSED));
    let listed = bobs.get("/api/v1/monitors").await;
    assert_eq!(listed["monitors"].as_array().map(Vec::len), Some(1), "nothing came of it: {listed}");
    // What is no reference is text, and who runs the server names what they like.
    bobs.make("/api/v1/monitors", json!({ "name": "$${env:X}", "http": { "url": "https://example.com/" } })).await;
    hers.make(
        "/api/v1/monitors",
        json!({ "name": "hers", "http": { "url": "https://example.com/", "body": "${env:PATH}" } }),
    )
    .await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_guest_wrote_before_is_kept_and_read_by_the_same_rule() {
    use allswell_core::Wall;
    use allswell_monitor::store::{AccountStore as _, Change, Owner, ResourceKind, ResourceWrite, Store as _};
    let (mut world, keys) = start_two("").await;
    world.server.take().expect("it runs").stop().await;
    let now = Wall::from_ms(1_795_261_334_121);
    let store = store_of(&world);
    let account = store.accounts().await.expect("the store reads").pop().expect("two").id;
    let spec = json!({ "name": "old", "http": { "url": "https://example.com/${env:PATH}" } }).to_string();
    let (kind, owner) = (ResourceKind::Monitor, Owner::Api);
    let write = ResourceWrite::Put { kind, name: "old".to_owned(), before: None, owner, spec };
    let change = Change { writes: vec![write], ..Change::default() };
    store.of(account).change(change, now).await.expect("it is written");
    store.close().await.expect("the store closes");
    world.begin("").await;
    let [_, bobs] = Voice::of_both(&world, &keys).await;
    let old = bobs.get("/api/v1/monitors/old").await;
    assert!(old.to_string().contains(REFUSED), "it says why it is not in force: {old}");
    let text = json!({ "http": { "url": "https://example.com/" } });
    bobs.ask("PATCH", "/api/v1/monitors/old", Some(&text)).await.expect(200);
    assert!(!bobs.get("/api/v1/monitors/old").await.to_string().contains(REFUSED));
    world.stop().await;
}
