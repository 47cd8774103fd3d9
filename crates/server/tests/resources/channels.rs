//! Channels, written one by one and tried.

use serde_json::{Value, json};

use super::world::World;

const CHANNELS: &str = "/api/v1/channels";

/// A monitor with a tag that nothing answers.
fn gone(name: &str, tag: &str) -> Value {
    json!({ "name": name, "tcp": { "address": "127.0.0.1:1" }, "tags": [tag], "interval": "1s", "timeout": "500ms",
        "failure_threshold": 1 })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_created_used_changed_and_deleted() {
    let mut world = World::start().await;
    let url = format!("http://{}/hook", world.target);
    let channel = json!({ "name": "on call", "type": "webhook", "url": url, "secret": "canary" });
    let created = world.post(CHANNELS, &channel).await;
    let shown = created.expect(201);
    assert_eq!(created.header("location"), Some("/api/v1/channels/on%20call"));
    assert_eq!(shown["spec"], json!({ "type": "webhook", "url": "***", "secret": "***" }));
    assert_eq!((&shown["owner"], &shown["type"]), (&json!("api"), &json!("webhook")));
    world.post(CHANNELS, &channel).await.expect(409);
    let tested = world.send("POST", "/api/v1/channels/on%20call/test", &[], None).await.expect(200);
    assert_eq!(tested["accepted"], true, "{tested}");
    let mut spec = world.monitor("api");
    spec["channels"] = json!(["on call"]);
    world.post("/api/v1/monitors", &spec).await.expect(201);
    let used = world.send("DELETE", "/api/v1/channels/on%20call", &[], None).await.expect(409);
    assert_eq!(used["detail"], "the channel `on call` is named by `api`");

    // A mask that comes back keeps the secret, so the channel still leads where it did.
    let put = json!({ "type": "webhook", "url": "***", "headers": { "X-A": "b" } });
    let changed = world.send("PUT", "/api/v1/channels/on%20call", &[], Some(&put)).await.expect(200);
    assert_eq!(changed["spec"], json!({ "type": "webhook", "url": "***", "headers": { "X-A": "***" } }));
    world.restart_with("").await;
    let tested = world.send("POST", "/api/v1/channels/on%20call/test", &[], None).await.expect(200);
    assert_eq!(tested["accepted"], true, "{tested}");
    world.send("PATCH", "/api/v1/monitors/api", &[], Some(&json!({ "channels": [] }))).await.expect(200);
    world.send("DELETE", "/api/v1/channels/on%20call", &[], None).await.expect(204);
    assert_eq!(world.get(CHANNELS).await.expect(200)["channels"], json!([]));
    assert_eq!(world.get("/api/v1/channels/on%20call").await.status, 404);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_told_of_monitors_with_its_tags_from_now_on() {
    let mut world = World::start().await;
    world.post("/api/v1/monitors", &gone("gone", "eu")).await.expect(201);
    let channel = json!({ "name": "ops", "type": "webhook", "url": format!("http://{}/hook", world.target) });
    world.post(CHANNELS, &channel).await.expect(201);
    world.until("/api/v1/incidents", |list| list["incidents"].as_array().is_some_and(|all| all.len() == 1)).await;
    assert_eq!(world.get("/api/v1/deliveries").await.expect(200)["deliveries"], json!([]), "nobody was named");
    world.send("PATCH", "/api/v1/channels/ops", &[], Some(&json!({ "tags": ["eu", "us"] }))).await.expect(200);
    world.post("/api/v1/monitors", &gone("gone too", "us")).await.expect(201);
    let told = |name: &'static str| {
        move |list: &Value| {
            list["deliveries"].as_array().is_some_and(|all| all.iter().any(|one| one["monitor"] == name))
        }
    };
    world.until("/api/v1/deliveries?channel=ops", told("gone too")).await;
    // It is in what is exported, and in force after a restart.
    let export = world.get("/api/v1/export").await.body;
    assert!(export.contains("tags: [eu, us]"), "{export}");
    world.restart_with("").await;
    world.post("/api/v1/monitors", &gone("gone as well", "eu")).await.expect(201);
    world.until("/api/v1/deliveries?channel=ops", told("gone as well")).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_cannot_be_meant_is_refused_with_its_field() {
    let world = World::start_with("channels: { ops: { type: webhook, url: \"http://127.0.0.1:9/x\" } }").await;
    let check = async |channel: Value, field: &str| {
        let problem = world.post(CHANNELS, &channel).await.expect(422);
        assert_eq!(problem["field"], field, "{problem}");
    };
    check(json!({ "type": "webhook", "url": "http://127.0.0.1:1/" }), "/name").await;
    check(json!({ "name": 5, "type": "webhook" }), "/name").await;
    check(json!({ "name": "x", "type": "fax" }), "/type").await;
    check(json!({ "name": "x", "type": "webhook", "url": "http://127.0.0.1:1/", "tags": ["e u"] }), "/tags/0").await;
    check(json!({ "name": "x", "url": "http://127.0.0.1:1/" }), "").await;
    check(json!({ "name": "x", "type": "webhook", "url": "ftp://canary" }), "/url").await;
    check(json!({ "name": "x", "type": "webhook", "url": 5 }), "/url").await;
    check(json!({ "name": "x", "type": "email", "smtp": "smtp://127.0.0.1", "from": "a@b.c", "to": "d@e.f" }), "/to")
        .await;
    assert_eq!(world.get(CHANNELS).await.expect(200)["channels"].as_array().map(Vec::len), Some(1));
    let filed = world.send("PATCH", "/api/v1/channels/ops", &[], Some(&json!({ "secret": "x" }))).await.expect(409);
    assert_eq!(filed["detail"], "the channel `ops` is said in `/etc/allswell.yaml`");
    world.stop().await;
}
