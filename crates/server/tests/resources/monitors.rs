//! Monitors, written one by one.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::world::{World, config};

const MONITORS: &str = "/api/v1/monitors";

fn up(monitor: &Value) -> bool {
    monitor["status"] == "up"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_is_created_watched_changed_and_deleted() {
    let world = World::start().await;
    let created = world.post(MONITORS, &world.monitor("api")).await;
    let monitor = created.expect(201);
    assert_eq!(created.header("location"), Some("/api/v1/monitors/1"));
    assert_eq!((&monitor["owner"], &monitor["file"], &monitor["revision"]), (&json!("api"), &Value::Null, &json!(1)));
    assert!(created.header("etag").is_some_and(|tag| tag.starts_with("\"1-")), "{created:?}");
    let mut spec = world.monitor("api");
    assert_eq!(monitor["spec"], spec, "the very keys that were sent");
    world.until("/api/v1/monitors/api", up).await;

    spec["interval"] = json!("5s");
    let changed = world.send("PUT", "/api/v1/monitors/1", &[], Some(&spec)).await.expect(200);
    assert_eq!((&changed["interval_s"], &changed["id"], &changed["status"]), (&json!(5.0), &json!(1), &json!("up")));
    let patch = json!({ "failure_threshold": 3, "timeout": null, "tags": ["eu"] });
    let patched = world.send("PATCH", "/api/v1/monitors/api", &[], Some(&patch)).await.expect(200);
    assert_eq!(patched["spec"]["failure_threshold"], 3);
    assert_eq!(patched["spec"].get("timeout"), None);
    assert_eq!((&patched["spec"]["interval"], &patched["tags"]), (&json!("5s"), &json!(["eu"])));

    world.send("DELETE", "/api/v1/monitors/1", &[], None).await.expect(204);
    assert_eq!(world.get("/api/v1/monitors/1").await.status, 404);
    assert_eq!(world.get(MONITORS).await.expect(200)["monitors"], json!([]));
    let asked = world.state.asked.load(Ordering::SeqCst);
    let again = world.post(MONITORS, &world.monitor("api")).await.expect(201);
    assert_eq!(again["id"], 2, "a new one, with a new number");
    assert!(asked > 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_there_after_a_restart_and_goes_on() {
    let mut world = World::start().await;
    for name in ["one", "two", "three"] {
        world.post(MONITORS, &world.monitor(name)).await.expect(201);
    }
    world.send("DELETE", "/api/v1/monitors/two", &[], None).await.expect(204);
    world.send("PATCH", "/api/v1/monitors/three", &[], Some(&json!({ "group": "shop" }))).await.expect(200);
    let before = world.until("/api/v1/monitors/three", up).await;
    world.restart_with("").await;
    let names: Vec<_> = names(&world).await;
    assert_eq!(names, ["one", "three"]);
    let after = world.get("/api/v1/monitors/three").await.expect(200);
    for key in ["id", "spec", "revision", "created", "status", "group"] {
        assert_eq!(after[key], before[key], "{key}");
    }
    let asked = world.state.asked.load(Ordering::SeqCst);
    world.state.broken.store(true, Ordering::SeqCst);
    world.until("/api/v1/monitors/one", |monitor| monitor["status"] == "down").await;
    assert!(world.state.asked.load(Ordering::SeqCst) > asked);
    world.stop().await;
}

async fn names(world: &World) -> Vec<String> {
    let list = world.get(MONITORS).await.expect(200);
    let monitors = list["monitors"].as_array().expect("a list").iter();
    monitors.map(|monitor| monitor["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_monitor_keeps_its_number_and_its_history() {
    let mut world = World::start().await;
    world.post(MONITORS, &world.monitor("old")).await.expect(201);
    world.state.broken.store(true, Ordering::SeqCst);
    let down = world.until("/api/v1/monitors/1", |monitor| monitor["status"] == "down").await;
    let renamed = world.send("PATCH", "/api/v1/monitors/1", &[], Some(&json!({ "name": "new" }))).await.expect(200);
    assert_eq!((&renamed["id"], &renamed["name"]), (&json!(1), &json!("new")));
    assert_eq!(renamed["incident"], down["incident"], "its incident is still open");
    assert_eq!(world.get("/api/v1/monitors/old").await.status, 404);
    // Another one may have the old name now.
    let other = world.post(MONITORS, &world.monitor("old")).await.expect(201);
    assert_eq!(other["id"], 2);
    world.restart_with("").await;
    let incidents = world.get("/api/v1/incidents?monitor=new").await.expect(200);
    assert_eq!(incidents["incidents"].as_array().map(Vec::len), Some(1), "{incidents}");
    assert_eq!(names(&world).await, ["new", "old"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_renamed_in_the_file_keeps_its_number_and_its_history() {
    let before = "monitors: [{ name: old, heartbeat: { period: 1h } }]";
    let after = "monitors: [{ name: new, renamed_from: old, heartbeat: { period: 1h } }]";
    let mut world = World::start_with(before).await;
    world.server().configure(config(after)).await.expect("taken over");
    let monitor = world.get("/api/v1/monitors/new").await.expect(200);
    assert_eq!(monitor["id"], 1);
    // What it was renamed from may stay in the file: it means nothing any more.
    world.restart_with(after).await;
    assert_eq!(world.get("/api/v1/monitors/new").await.expect(200)["id"], 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_file_says_is_read_and_not_written() {
    let yaml = "channels: { ops: { type: webhook, url: \"http://127.0.0.1:9/x\" } }\n\
                monitors: [{ name: filed, heartbeat: { period: 1h }, channels: [ops] }]";
    let world = World::start_with(yaml).await;
    let monitor = world.get("/api/v1/monitors/filed").await.expect(200);
    assert_eq!((&monitor["owner"], &monitor["file"]), (&json!("file"), &json!("/etc/allswell.yaml")));
    assert_eq!(monitor["spec"], json!({ "name": "filed", "heartbeat": { "period": "1h" }, "channels": ["ops"] }));
    let spec = world.monitor("filed");
    let refused = [
        world.send("PUT", "/api/v1/monitors/filed", &[], Some(&spec)).await,
        world.send("PATCH", "/api/v1/monitors/filed", &[], Some(&json!({ "group": "x" }))).await,
        world.send("DELETE", "/api/v1/monitors/filed", &[], None).await,
        world.send("POST", "/api/v1/monitors/filed/pause", &[], None).await,
    ];
    for answer in refused {
        let problem = answer.expect(409);
        assert_eq!(problem["detail"], "the monitor `filed` is said in `/etc/allswell.yaml`");
        assert_eq!(problem["hint"], "change it in that file; the server follows it");
    }
    world.post(MONITORS, &spec).await.expect(409);
    // One of the API may name a channel of the file, and both are in force.
    let mut mine = world.monitor("mine");
    mine["channels"] = json!(["ops"]);
    world.post(MONITORS, &mine).await.expect(201);
    assert_eq!(names(&world).await, ["filed", "mine"]);
    world.server().configure(config("")).await.expect("taken over");
    assert_eq!(names(&world).await, ["mine"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changes_what_was_changed_meanwhile_is_told() {
    let world = World::start().await;
    let tag = world.post(MONITORS, &world.monitor("api")).await.header("etag").expect("a tag").to_owned();
    let patch = json!({ "group": "a" });
    let one = "/api/v1/monitors/1";
    let changed = world.send("PATCH", one, &[("If-Match", &tag)], Some(&patch)).await;
    changed.expect(200);
    let stale = world.send("PATCH", one, &[("If-Match", &tag)], Some(&json!({ "group": "b" }))).await.expect(412);
    assert_eq!(stale["detail"], "the monitor `api` was changed since: it is at revision 2 now");
    world.send("DELETE", one, &[("If-Match", &tag)], None).await.expect(412);
    let new = world.get(one).await.header("etag").expect("a tag").to_owned();
    assert!(changed.header("etag").is_some_and(|changed| changed != tag) && new != tag);
    world
        .send("PATCH", one, &[("If-Match", &format!("\"77-a\", {new}"))], Some(&json!({ "group": "c" })))
        .await
        .expect(200);
    world.send("DELETE", one, &[("If-Match", "*")], None).await.expect(204);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_kept_and_never_given_back() {
    let mut world = World::start().await;
    let mut spec = world.monitor("api");
    spec["http"]["headers"] = json!({ "X-Token": "canary-1", "X-Env": "${env:PATH}" });
    let created = world.post(MONITORS, &spec).await;
    let shown = created.expect(201)["spec"].clone();
    assert_eq!(shown["http"]["headers"], json!({ "X-Token": "***", "X-Env": "${env:PATH}" }));
    // What was read comes back as it was read, with one thing changed.
    let mut changed = shown.clone();
    changed["group"] = json!("shop");
    let put = world.send("PUT", "/api/v1/monitors/1", &[], Some(&changed)).await;
    put.expect(200);
    let patch = json!({ "http": { "headers": { "X-Token": "***" } } });
    let patched = world.send("PATCH", "/api/v1/monitors/1", &[], Some(&patch)).await;
    patched.expect(200);
    world.restart_with("").await;
    world.state.heard.lock().expect("never poisoned").clear();
    world.post("/api/v1/monitors/1/check", &Value::Null).await;
    let checked = world.send("POST", "/api/v1/monitors/1/check", &[], None).await;
    checked.expect(200);
    assert!(world.state.heard.lock().expect("never poisoned").iter().all(|token| token == "canary-1"));
    let listed = world.get(MONITORS).await;
    for answer in [created, put, patched, checked, listed] {
        assert!(!answer.body.contains("canary"), "{answer:?}");
    }
    // A mask where nothing is known stands for nothing.
    let mut new = shown;
    new["name"] = json!("other");
    let problem = world.post(MONITORS, &new).await.expect(422);
    assert_eq!(problem["field"], "/http/headers/X-Token");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("mask of a secret")), "{problem}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_monitor_is_not_asked_and_a_resumed_one_is() {
    let world = World::start().await;
    world.post(MONITORS, &world.monitor("api")).await.expect(201);
    world.until("/api/v1/monitors/1", up).await;
    let paused = world.send("POST", "/api/v1/monitors/1/pause", &[], None).await.expect(200);
    assert_eq!((&paused["status"], &paused["paused"]), (&json!("paused"), &json!(true)));
    let refused = world.send("POST", "/api/v1/monitors/1/check", &[], None).await.expect(409);
    assert_eq!(refused["detail"], "the monitor is paused");
    world.state.broken.store(true, Ordering::SeqCst);
    let resumed = world.send("POST", "/api/v1/monitors/1/resume", &[], None).await.expect(200);
    assert_eq!(resumed["spec"].get("paused"), None);
    world.until("/api/v1/monitors/1", |monitor| monitor["status"] == "down").await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_out_of_turn_answers_with_all_that_came_back() {
    let world = World::start().await;
    let mut spec = world.monitor("api");
    spec["interval"] = json!("1h");
    spec["initial_delay"] = json!("1h");
    spec["conditions"] = json!(["status == 200", "body.version == '2'"]);
    world.post(MONITORS, &spec).await.expect(201);
    let trial = world.send("POST", "/api/v1/monitors/1/check", &[], None).await.expect(200);
    assert_eq!((&trial["outcome"], &trial["reason"]), (&json!("fail"), &json!("condition")));
    assert_eq!(
        trial["conditions"][0],
        json!({ "condition": "status == 200", "held": true, "why": null, "seen": null })
    );
    assert_eq!(trial["conditions"][1]["held"], false);
    assert!(trial["conditions"][1]["why"].as_str().is_some_and(|why| why.contains("1.41.2")), "{trial}");
    let results = world.until("/api/v1/monitors/1/results", |list| list["results"][0].is_object()).await;
    assert_eq!(results["results"][0]["outcome"], "fail", "it counts");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_is_tried_without_being_saved() {
    let world = World::start().await;
    let mut spec = world.monitor("api");
    spec.as_object_mut().expect("an object").remove("name");
    let trial = world.post("/api/v1/try", &spec).await.expect(200);
    assert_eq!((&trial["outcome"], &trial["status"]), (&json!("pass"), &json!(200)));
    assert!(trial["phases_ms"]["total"].as_f64().is_some_and(|total| total > 0.0), "{trial}");
    let names: Vec<_> = trial["health"]["checks"].as_array().expect("checks").iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["database", "redis"]);
    assert!(trial["said"]["body"].as_str().is_some_and(|body| body.contains("database")), "{trial}");
    spec["conditions"] = json!(["status == 200"]);
    let trial = world.post("/api/v1/try", &spec).await.expect(200);
    let held = json!({ "condition": "status == 200", "held": true, "why": null, "seen": "status is 200" });
    assert_eq!(trial["conditions"][0], held);
    spec["http"]["url"] = json!("http://127.0.0.1:1/");
    let trial = world.post("/api/v1/try", &spec).await.expect(200);
    assert_eq!((&trial["outcome"], &trial["reason"]), (&json!("fail"), &json!("connect_refused")));
    spec["http"]["url"] = json!("gopher://x");
    assert_eq!(world.post("/api/v1/try", &spec).await.expect(422)["field"], "/http/url");
    assert_eq!(world.get(MONITORS).await.expect(200)["monitors"], json!([]));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_monitor_that_cannot_be_read_any_more_keeps_its_history() {
    let mut world = World::start_with("channels: { ops: { type: webhook, url: \"http://127.0.0.1:9/x\" } }").await;
    let mut spec = world.monitor("api");
    spec["channels"] = json!(["ops"]);
    world.post(MONITORS, &spec).await.expect(201);
    world.until("/api/v1/monitors/1", up).await;
    // The channel was taken out of the file.
    world.restart_with("").await;
    let broken = world.get("/api/v1/monitors/1").await.expect(200);
    assert_eq!(broken["status"], "paused");
    assert!(
        broken["problem"].as_str().is_some_and(|problem| problem.contains("there is no channel `ops`")),
        "{broken}"
    );
    world.send("PATCH", "/api/v1/monitors/1", &[], Some(&json!({ "channels": null }))).await.expect(200);
    let mended = world.until("/api/v1/monitors/1", up).await;
    assert_eq!((&mended["id"], &mended["problem"]), (&json!(1), &Value::Null));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_writes_nothing() {
    let world = World::start().await;
    let spec = world.monitor("api");
    let elsewhere = world.send("POST", MONITORS, &[("Origin", "https://evil.example")], Some(&spec)).await;
    elsewhere.expect(403);
    let form = world.send("POST", MONITORS, &[("Content-Type", "text/plain")], Some(&spec)).await;
    form.expect(415);
    assert_eq!(world.get(MONITORS).await.expect(200)["monitors"], json!([]));
    let own = format!("http://{}", world.server().address());
    world.send("POST", MONITORS, &[("Origin", &own)], Some(&spec)).await.expect(201);
    world.stop().await;
}
