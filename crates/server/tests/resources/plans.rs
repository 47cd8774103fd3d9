//! An account that is kept to a plan: refused with the limit and the way out, whichever way more is asked for.

use allswell_core::Wall;
use allswell_monitor::model::AccountId;
use allswell_monitor::store::sqlite::{SqliteStore, Timing};
use allswell_monitor::store::{AccountStore, Store};
use serde_json::{Value, json};

use super::world::World;

const PLANS: &str = "plans: { free: { monitors: 2, min_interval: 5m }, pro: { min_interval: 1m } }";

/// Keeps the first account of a server to `plan`, from its next start on.
async fn keep_to(world: &mut World, plan: Option<&str>) {
    if let Some(server) = world.server.take() {
        server.stop().await;
    }
    let store =
        SqliteStore::open(world.data.path(), Wall::from_ms(1_795_261_334_120), Timing::none()).expect("a store");
    assert!(store.set_plan(AccountId::FIRST, plan.map(str::to_owned)).await.expect("the store writes"));
    store.close().await.expect("the store closes");
    world.begin(PLANS).await;
}

fn monitor(name: &str, interval: &str) -> Value {
    json!({ "name": name, "http": { "url": "http://127.0.0.1:9/" }, "interval": interval })
}

fn told(problem: &Value) -> (&Value, &str, &str) {
    let text = |name: &str| problem[name].as_str().unwrap_or_default();
    (&problem["limit"], text("detail"), text("hint"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_the_plan_allows_is_refused_whichever_way_it_is_asked_for() {
    let mut world = World::start_with(PLANS).await;
    world.post("/api/v1/monitors", &monitor("fast", "1m")).await.expect(201);
    world.post("/api/v1/monitors/fast/pause", &json!({})).await.expect(200);
    keep_to(&mut world, Some("free")).await;
    let too_often = |problem: Value| {
        let said = "the plan `free` asks a monitor every 5m at most; this one would be asked every 1m";
        let way_out = "write `interval: 5m` or more, or ask who runs the server for another plan";
        assert_eq!(told(&problem), (&json!("min_interval"), said, way_out));
        assert_eq!(problem["field"], "/interval");
    };
    too_often(world.post("/api/v1/monitors", &monitor("new", "1m")).await.expect(403));
    too_often(world.post("/api/v1/monitors/fast/resume", &json!({})).await.expect(403));
    let resumed = json!({ "action": "resume", "ids": ["fast"] });
    too_often(world.post("/api/v1/monitors/bulk", &resumed).await.expect(403));
    let each = json!({ "action": "resume", "ids": ["fast"], "all_or_nothing": false });
    let each = world.post("/api/v1/monitors/bulk", &each).await.expect(200);
    assert_eq!(each["results"][0]["done"], false, "{each}");

    // What says nothing of its interval has the shortest that is allowed.
    let silent = json!({ "name": "silent", "http": { "url": "http://127.0.0.1:9/" } });
    assert_eq!(world.post("/api/v1/monitors", &silent).await.expect(201)["interval_s"], 300.0);
    too_often(
        world.send("PATCH", "/api/v1/monitors/silent", &[], Some(&json!({ "interval": "1m" }))).await.expect(403),
    );
    let beat = json!({ "name": "job", "heartbeat": { "period": "1m" } });
    let too_many = world.post("/api/v1/monitors", &beat).await.expect(403);
    let said = "the plan `free` allows 2 monitors; there would be 3";
    let way_out = "delete some first, or ask who runs the server for another plan";
    assert_eq!(told(&too_many), (&json!("monitors"), said, way_out));

    let file = |text: &str| json!({ "files": [{ "name": "a.yaml", "text": text }] });
    let one = "  - { name: x, interval: 10m, http: { url: \"http://127.0.0.1:9/\" } }\n";
    for path in ["/api/v1/plan", "/api/v1/apply"] {
        let too_many = world.post(path, &file(&format!("monitors:\n{one}"))).await.expect(403);
        assert_eq!(too_many["limit"], "monitors");
        too_often(world.post(path, &file("defaults: { interval: 1m }")).await.expect(403));
    }
    // In the place of what goes there is room.
    let mut instead = file(&format!("monitors:\n{one}"));
    instead["prune"] = json!(true);
    world.post("/api/v1/apply", &instead).await.expect(200);
    let me = world.get("/api/v1/me").await.expect(200);
    let plan = json!({ "name": "free", "monitors": 2, "min_interval_s": 300 });
    assert_eq!((&me["account"]["plan"], &me["account"]["monitors"]), (&plan, &json!(1)), "{me}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_there_before_the_plan_goes_on_and_another_plan_allows_more() {
    let mut world = World::start_with(PLANS).await;
    for name in ["a", "b", "c"] {
        world.post("/api/v1/monitors", &monitor(name, "30s")).await.expect(201);
    }
    keep_to(&mut world, Some("free")).await;
    let tagged = world.send("PATCH", "/api/v1/monitors/a", &[], Some(&json!({ "tags": ["eu"] }))).await.expect(200);
    assert_eq!((&tagged["tags"], &tagged["interval_s"]), (&json!(["eu"]), &json!(30.0)));
    world.send("DELETE", "/api/v1/monitors/b", &[], None).await.expect(204);
    world.post("/api/v1/monitors", &monitor("d", "5m")).await.expect(403);
    keep_to(&mut world, Some("pro")).await;
    world.post("/api/v1/monitors", &monitor("d", "1m")).await.expect(201);
    world.post("/api/v1/monitors", &monitor("e", "59s")).await.expect(403);
    keep_to(&mut world, None).await;
    world.post("/api/v1/monitors", &monitor("e", "1s")).await.expect(201);
    let me = world.get("/api/v1/me").await.expect(200);
    assert_eq!(me["account"]["plan"], Value::Null);
    // The configuration has lost the plan: nothing goes, and nothing comes.
    keep_to(&mut world, Some("gold")).await;
    assert_eq!(world.post("/api/v1/monitors", &monitor("f", "1h")).await.expect(403)["limit"], "monitors");
    assert_eq!(world.get("/api/v1/monitors").await.expect(200)["monitors"].as_array().map(Vec::len), Some(4));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_monitor_that_says_no_interval_follows_the_plan_at_once() {
    let mut world = World::start_with(PLANS).await;
    let silent = json!({ "name": "silent", "http": { "url": "http://127.0.0.1:9/" } });
    world.post("/api/v1/monitors", &silent).await.expect(201);
    world.post("/api/v1/monitors", &monitor("fast", "1s")).await.expect(201);
    let check = async |world: &World, expected: f64| {
        let intervals = ["silent", "fast"].map(|name| format!("/api/v1/monitors/{name}"));
        for (path, expected) in intervals.iter().zip([expected, 1.0]) {
            assert_eq!(world.get(path).await.expect(200)["interval_s"], expected, "{path}");
        }
    };
    for (plan, expected) in [(json!("free"), 300.0), (json!("pro"), 60.0), (json!("free"), 300.0)] {
        world.send("PATCH", "/api/v1/accounts/1", &[], Some(&json!({ "plan": plan }))).await.expect(200);
        check(&world, expected).await;
    }
    world.restart_with(PLANS).await;
    check(&world, 300.0).await;
    world.send("PATCH", "/api/v1/accounts/1", &[], Some(&json!({ "plan": null }))).await.expect(200);
    check(&world, 60.0).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_plan_holds_at_once_and_takes_nothing_away() {
    let world = World::start_with(PLANS).await;
    let keep = async |plan: Value| {
        world.send("PATCH", "/api/v1/accounts/1", &[], Some(&json!({ "plan": plan }))).await.expect(200)["plan"].clone()
    };
    world.post("/api/v1/monitors", &monitor("fast", "1s")).await.expect(201);
    assert_eq!(keep(json!("free")).await, "free");
    let me = world.get("/api/v1/me").await.expect(200);
    assert_eq!((&me["account"]["plan"]["name"], &me["account"]["monitors"]), (&json!("free"), &json!(1)));
    world.post("/api/v1/monitors", &monitor("b", "1s")).await.expect(403);
    let silent = json!({ "name": "silent", "http": { "url": "http://127.0.0.1:9/" } });
    assert_eq!(world.post("/api/v1/monitors", &silent).await.expect(201)["interval_s"], 300.0);
    assert_eq!(world.post("/api/v1/monitors", &monitor("c", "5m")).await.expect(403)["limit"], "monitors");
    assert_eq!(world.get("/api/v1/monitors/fast").await.expect(200)["interval_s"], 1.0);
    assert_eq!(keep(Value::Null).await, Value::Null);
    world.post("/api/v1/monitors", &monitor("c", "1s")).await.expect(201);
    let silent = json!({ "name": "silent, too", "http": { "url": "http://127.0.0.1:9/" } });
    assert_eq!(world.post("/api/v1/monitors", &silent).await.expect(201)["interval_s"], 60.0);

    let change = async |path: &str, body: Value| world.send("PATCH", path, &[], Some(&body)).await;
    let unknown = change("/api/v1/accounts/1", json!({ "plan": "gold" })).await.expect(422);
    assert_eq!(
        (&unknown["detail"], &unknown["hint"]),
        (&json!("there is no plan `gold`"), &json!("known are free, pro"))
    );
    assert_eq!(change("/api/v1/accounts/1", json!({})).await.expect(422)["field"], "plan");
    for nobody in ["/api/v1/accounts/99", "/api/v1/accounts/default"] {
        change(nobody, json!({ "plan": null })).await.expect(404);
    }
    let listed = world.get("/api/v1/accounts").await.expect(200);
    let one = &listed["accounts"][0];
    assert_eq!(
        (&one["name"], &one["plan"], &one["monitors"]),
        (&json!("default"), &Value::Null, &json!(4)),
        "{listed}"
    );
    assert_eq!((listed["accounts"].as_array().map(Vec::len), &listed["next"]), (Some(1), &Value::Null));
    world.stop().await;
}
