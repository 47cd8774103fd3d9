//! Many monitors changed at once.

use serde_json::{Value, json};

use super::world::World;

const BULK: &str = "/api/v1/monitors/bulk";

async fn three(yaml: &str) -> World {
    let world = World::start_with(yaml).await;
    for name in ["one", "two", "three"] {
        let mut spec = json!({ "name": name, "heartbeat": { "period": "1h" } });
        if name != "one" {
            spec["tags"] = json!(["eu"]);
        }
        world.post("/api/v1/monitors", &spec).await.expect(201);
    }
    world
}

async fn spec(world: &World, name: &str) -> Value {
    world.get(&format!("/api/v1/monitors/{name}")).await.expect(200)["spec"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_paused_tagged_changed_and_deleted_together() {
    let world = three("").await;
    let paused = world.post(BULK, &json!({ "action": "pause", "filter": { "tag": "eu" } })).await.expect(200);
    let done = |name: &str, id: u32| json!({ "name": name, "id": id, "done": true, "problem": null });
    assert_eq!(paused["results"], json!([done("three", 3), done("two", 2)]));
    assert_eq!(spec(&world, "two").await["paused"], true);
    assert_eq!(spec(&world, "one").await.get("paused"), None);
    world.post(BULK, &json!({ "action": "resume", "ids": ["2", "three"] })).await.expect(200);
    assert_eq!(spec(&world, "two").await.get("paused"), None);
    world.post(BULK, &json!({ "action": "tag", "ids": ["1", "2"], "tags": ["eu", "db"] })).await.expect(200);
    assert_eq!(spec(&world, "one").await["tags"], json!(["eu", "db"]));
    world.post(BULK, &json!({ "action": "untag", "ids": ["1"], "tags": ["eu", "db"] })).await.expect(200);
    assert_eq!(spec(&world, "one").await.get("tags"), None);
    let patch = json!({ "heartbeat": { "grace": "5m" } });
    world.post(BULK, &json!({ "action": "change", "filter": { "search": "t" }, "patch": patch })).await.expect(200);
    assert_eq!(spec(&world, "three").await["heartbeat"], json!({ "period": "1h", "grace": "5m" }));
    world.post(BULK, &json!({ "action": "delete", "filter": {} })).await.expect(200);
    assert_eq!(world.get("/api/v1/monitors").await.expect(200)["monitors"], json!([]));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_refused_keeps_all_from_being_done_unless_each_is_for_itself() {
    let world = three("monitors: [{ name: filed, heartbeat: { period: 1h } }]").await;
    let ids = json!(["one", "filed", "nobody"]);
    let refused = world.post(BULK, &json!({ "action": "pause", "ids": ids })).await.expect(409);
    assert_eq!(refused["detail"], "the monitor `filed` is said in `/etc/allswell.yaml`");
    assert_eq!(spec(&world, "one").await.get("paused"), None);
    let each = world.post(BULK, &json!({ "action": "pause", "ids": ids, "all_or_nothing": false })).await.expect(200);
    let done: Vec<_> = each["results"].as_array().expect("results").iter().map(|one| &one["done"]).collect();
    assert_eq!(done, [true, false, false]);
    assert_eq!(each["results"][2]["problem"], "there is no monitor `nobody`");
    assert_eq!(spec(&world, "one").await["paused"], true);
    for (body, field) in [
        (json!({ "action": "pause" }), "/ids"),
        (json!({ "action": "tag", "ids": ["1"] }), "/tags"),
        (json!({ "action": "change", "ids": ["1"] }), "/patch"),
        (json!({ "action": "dance", "ids": ["1"] }), ""),
        (json!({ "action": "pause", "filter": [null, null, null] }), ""),
        (json!(["pause", ["1"]]), ""),
    ] {
        assert_eq!(world.post(BULK, &body).await.expect(422)["field"], field, "{body}");
    }
    world.stop().await;
}
