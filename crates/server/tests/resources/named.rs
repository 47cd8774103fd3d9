//! What names monitors follows them: windows of maintenance and status pages.

use serde_json::{Value, json};

use super::world::World;

const WINDOW: &str = "/api/v1/maintenance/night";
const PAGE: &str = "/api/v1/status-pages/acme";

/// A server with monitors `api` and `db`, and a window and a page that name them.
async fn world() -> World {
    let world = World::start().await;
    for name in ["api", "db"] {
        world.post("/api/v1/monitors", &json!({ "name": name, "heartbeat": { "period": "1h" } })).await.expect(201);
    }
    let window = json!({ "name": "night", "monitors": ["api", "db"], "cron": "0 2 * * *", "duration": "1h" });
    world.post("/api/v1/maintenance", &window).await.expect(201);
    let page = json!({ "slug": "acme", "title": "Acme", "sections": [
        { "name": "Shop", "monitors": [{ "monitor": "api", "name": "Payments" }] },
        { "name": "Below", "monitors": [{ "monitor": "db" }] },
    ] });
    world.post("/api/v1/status-pages", &page).await.expect(201);
    world
}

async fn spec(world: &World, path: &str, key: &str) -> Value {
    world.get(path).await.expect(200)["spec"][key].clone()
}

async fn rename(world: &World, old: &str, new: &str) -> u16 {
    world.send("PATCH", &format!("/api/v1/monitors/{old}"), &[], Some(&json!({ "name": new }))).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_that_is_renamed_keeps_its_place_in_windows_and_on_pages() {
    let mut world = world().await;
    let before = world.get(WINDOW).await.expect(200)["revision"].clone();
    assert_eq!(rename(&world, "api", "payments-eu").await, 200);
    let sections = json!([
        { "name": "Shop", "monitors": [{ "monitor": "payments-eu", "name": "Payments" }] },
        { "name": "Below", "monitors": [{ "monitor": "db" }] },
    ]);
    assert_eq!(spec(&world, WINDOW, "monitors").await, json!(["payments-eu", "db"]));
    assert_eq!(spec(&world, PAGE, "sections").await, sections);
    let monitor = world.get("/api/v1/monitors/payments-eu").await.expect(200)["revision"].clone();
    let after = world.get(WINDOW).await.expect(200)["revision"].clone();
    assert!(after == monitor && after != before, "one change: {after} {monitor} {before}");
    world.restart_with("").await;
    assert_eq!(spec(&world, WINDOW, "monitors").await, json!(["payments-eu", "db"]));
    assert_eq!(spec(&world, PAGE, "sections").await, sections);
    let shown = world.get("/s/acme/").await;
    assert!(shown.body.contains("Payments") && !shown.body.contains("payments-eu"), "{}", shown.body);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_that_is_deleted_is_taken_out_unless_nothing_would_be_left() {
    let world = world().await;
    world.send("DELETE", "/api/v1/monitors/api", &[], None).await.expect(204);
    assert_eq!(spec(&world, WINDOW, "monitors").await, json!(["db"]));
    assert_eq!(
        spec(&world, PAGE, "sections").await,
        json!([{ "name": "Below", "monitors": [{ "monitor": "db" }] }]),
        "a heading without anything below it goes too"
    );
    let refused = world.send("DELETE", "/api/v1/monitors/db", &[], None).await.expect(409);
    assert_eq!(
        refused["detail"],
        "without the monitor `db` nothing would be left of the maintenance `night`, the status page `acme`"
    );
    world.get("/api/v1/monitors/db").await.expect(200);
    let tagged = json!({ "sections": [{ "monitors": [{ "monitor": "db" }], "tags": ["public"] }] });
    world.send("PATCH", PAGE, &[], Some(&tagged)).await.expect(200);
    world.send("DELETE", WINDOW, &[], None).await.expect(204);
    world.send("DELETE", "/api/v1/monitors/db", &[], None).await.expect(204);
    assert_eq!(spec(&world, PAGE, "sections").await, json!([{ "tags": ["public"] }]));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_go_at_once_are_taken_out_at_once() {
    let world = world().await;
    let delete = json!({ "action": "delete", "ids": ["api", "db"] });
    let refused = world.post("/api/v1/monitors/bulk", &delete).await.expect(409);
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.starts_with("without these monitors nothing")));
    assert_eq!(spec(&world, WINDOW, "monitors").await, json!(["api", "db"]));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_rename_and_drop_monitors_bring_the_windows_of_others_along() {
    let world = World::start().await;
    let apply = async |yaml: &str| {
        let body = json!({ "files": [{ "name": "a.yaml", "text": yaml }] });
        world.post("/api/v1/apply", &body).await.expect(200)
    };
    let own = "monitors: [{ name: api, heartbeat: { period: 1h } }, { name: db, heartbeat: { period: 1h } }]";
    apply(own).await;
    let window = json!({ "name": "night", "monitors": ["api", "db"], "cron": "0 2 * * *", "duration": "1h" });
    world.post("/api/v1/maintenance", &window).await.expect(201);
    let plan = apply("monitors: [{ name: web, renamed_from: api, heartbeat: { period: 1h } }]").await;
    let steps: Vec<_> = plan["steps"].as_array().expect("steps").iter().map(|step| &step["name"]).collect();
    assert_eq!(steps, ["web", "db", "night"], "{plan}");
    let shown = world.get(WINDOW).await.expect(200);
    assert_eq!((&shown["owner"], &shown["spec"]["monitors"]), (&json!("api"), &json!(["web"])));
    world.stop().await;
}
