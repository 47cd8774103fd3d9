//! Planned maintenance, written through the interface and followed by the running server.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::world::World;

const MAINTENANCE: &str = "/api/v1/maintenance";

#[tokio::test(flavor = "multi_thread")]
async fn maintenance_until_somebody_says_so_is_planned_followed_ended_and_deleted() {
    let mut world = World::start().await;
    world.post("/api/v1/monitors", &world.monitor("api")).await.expect(201);
    world.until("/api/v1/monitors/api", |shown| shown["status"] == "up").await;
    let spec =
        json!({ "name": "big move", "monitors": ["api"], "from": "2026-01-01T00:00", "timezone": "Europe/Berlin" });
    let created = world.post(MAINTENANCE, &spec).await;
    let shown = created.expect(201);
    assert_eq!(created.header("location"), Some("/api/v1/maintenance/big%20move"));
    assert_eq!((&shown["state"], &shown["owner"], &shown["spec"]), (&json!("open"), &json!("api"), &spec));
    assert_eq!(shown["upcoming"], json!([{ "from": "2025-12-31T23:00:00.000Z", "until": null }]));
    world.until("/api/v1/monitors/api", |shown| shown["status"] == "maintenance").await;
    world.post(MAINTENANCE, &spec).await.expect(409);

    world.restart_with("").await;
    world.until("/api/v1/monitors/api", |shown| shown["status"] == "maintenance").await;
    let read = world.get("/api/v1/maintenance/big%20move").await;
    let stale = [("If-Match", "\"1-0\"")];
    world.send("POST", "/api/v1/maintenance/big%20move/end", &stale, None).await.expect(412);
    let fresh = [("If-Match", read.header("etag").expect("a tag"))];
    let ended = world.send("POST", "/api/v1/maintenance/big%20move/end", &fresh, None).await.expect(200);
    assert_eq!((&ended["state"], &ended["upcoming"]), (&json!("over"), &json!([])));
    world.until("/api/v1/monitors/api", |shown| shown["status"] == "up").await;
    let again = world.send("POST", "/api/v1/maintenance/big%20move/end", &[], None).await.expect(409);
    assert_eq!(again["detail"], "the maintenance `big move` is over already");

    let kept = world.send("DELETE", "/api/v1/monitors/api", &[], None).await.expect(409);
    assert_eq!(kept["detail"], "without the monitor `api` nothing would be left of the maintenance `big move`");
    world.send("DELETE", "/api/v1/maintenance/big%20move", &[], None).await.expect(204);
    world.send("DELETE", "/api/v1/monitors/api", &[], None).await.expect(204);
    assert_eq!(world.get(MAINTENANCE).await.expect(200)["maintenance"], json!([]));
    world.get("/api/v1/maintenance/big%20move").await.expect(404);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_again_names_its_next_times_and_is_changed_by_a_patch() {
    let world = World::start_with("monitors: [{ name: filed, group: shop, heartbeat: { period: 1h } }]").await;
    let spec =
        json!({ "name": "nights", "groups": ["shop"], "weekly": ["sat", "sun"], "at": "02:00", "duration": "1h" });
    let shown = world.post(MAINTENANCE, &spec).await.expect(201);
    let upcoming = shown["upcoming"].as_array().expect("a list");
    assert_eq!(upcoming.len(), 5);
    assert!(upcoming[4]["until"].as_str().is_some_and(|until| until.ends_with("T03:00:00.000Z")), "{shown}");
    let year = world.get("/api/v1/maintenance?until=9999-01-01T00:00:00Z").await.expect(200);
    assert_eq!(year["maintenance"][0]["upcoming"].as_array().map(Vec::len), Some(200));
    let none = world.get("/api/v1/maintenance?until=2000-01-01T00:00:00Z").await.expect(200);
    let none = &none["maintenance"][0];
    assert_eq!((&none["state"], &none["upcoming"]), (&shown["state"], &json!([])));
    let patch = json!({ "at": "04:30", "duration": "2h" });
    let changed = world.send("PATCH", "/api/v1/maintenance/nights", &[], Some(&patch)).await.expect(200);
    assert_eq!((&changed["spec"]["at"], &changed["spec"]["weekly"]), (&json!("04:30"), &json!(["sat", "sun"])));
    let last = changed["upcoming"][4]["until"].as_str().expect("a moment").to_owned();
    assert!(last.ends_with("T06:30:00.000Z"), "{last}");
    let refused = world.send("POST", "/api/v1/maintenance/nights/end", &[], None).await.expect(409);
    assert_eq!(refused["detail"], "the maintenance `nights` comes again and has no one end");
    let key = [("Idempotency-Key", "once")];
    let more = json!({ "name": "more", "groups": ["shop"], "from": "2036-01-01T00:00" });
    let first = world.send("POST", MAINTENANCE, &key, Some(&more)).await;
    let second = world.send("POST", MAINTENANCE, &key, Some(&more)).await;
    assert_eq!((first.status, second.status, &first.body), (201, 201, &second.body));
    assert_eq!(first.json()["state"], "planned");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn maintenance_that_cannot_be_meant_is_refused_with_its_field() {
    let yaml = "monitors: [{ name: api, tags: [eu], heartbeat: { period: 1h } }]\n\
                maintenance: [{ name: filed, monitors: [api], cron: \"0 2 * * SUN\", duration: 1h }]";
    let world = World::start_with(yaml).await;
    let check = async |change: Value, field: &str| {
        let mut spec = json!({ "name": "x", "monitors": ["api"], "cron": "0 2 * * *", "duration": "1h" });
        for (key, value) in change.as_object().expect("an object") {
            // `null` leaves the key out.
            spec[key] = value.clone();
        }
        spec.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        let problem = world.post(MAINTENANCE, &spec).await.expect(422);
        assert_eq!(problem["field"], field, "{problem}");
    };
    check(json!({ "name": null }), "").await;
    check(json!({ "name": 5 }), "/name").await;
    check(json!({ "monitors": ["apy"] }), "/monitors/0").await;
    check(json!({ "tags": ["us"] }), "/tags/0").await;
    check(json!({ "monitors": [] }), "").await;
    check(json!({ "cron": "0 25 * * *" }), "/cron").await;
    check(json!({ "duration": "0s" }), "/duration").await;
    check(json!({ "duration": null }), "/cron").await;
    check(json!({ "timezone": "Mars/Olympus" }), "/timezone").await;
    check(json!({ "until": "2026-01-01T00:00" }), "/until").await;
    check(json!({ "cron": null, "from": "soon" }), "/from").await;
    check(json!({ "cron": null, "weekly": ["someday"], "at": "02:00" }), "/weekly/0").await;
    check(json!({ "cron": null, "weekly": ["sun"], "at": "26:00" }), "/at").await;
    check(json!({ "cron": null }), "").await;
    check(json!({ "crom": "0 2 * * *" }), "/crom").await;
    let filed = world.send("DELETE", "/api/v1/maintenance/filed", &[], None).await.expect(409);
    assert_eq!(filed["detail"], "the maintenance `filed` is said in `/etc/allswell.yaml`");
    let taken = json!({ "name": "filed", "monitors": ["api"], "cron": "0 2 * * *", "duration": "1h" });
    assert_eq!(world.post(MAINTENANCE, &taken).await.expect(409)["field"], "/name");
    let renamed = world.send("PATCH", "/api/v1/maintenance/filed", &[], Some(&json!({ "name": "y" }))).await;
    renamed.expect(409);
    let all = world.get(MAINTENANCE).await.expect(200);
    assert_eq!(all["maintenance"].as_array().map(Vec::len), Some(1));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_within_maintenance_and_lasts_is_told_when_somebody_ends_it() {
    let world = World::start().await;
    let hook = json!({ "name": "hook", "type": "webhook", "url": format!("http://{}/hook", world.target) });
    world.post("/api/v1/channels", &hook).await.expect(201);
    let mut spec = world.monitor("api");
    spec["channels"] = json!(["hook"]);
    spec["failure_threshold"] = json!(1);
    world.post("/api/v1/monitors", &spec).await.expect(201);
    world.until("/api/v1/monitors/api", |shown| shown["status"] == "up").await;
    let open = json!({ "name": "work", "monitors": ["api"], "from": "2026-01-01T00:00" });
    world.post(MAINTENANCE, &open).await.expect(201);
    world.state.broken.store(true, Ordering::SeqCst);
    let listed = world
        .until("/api/v1/incidents", |shown| shown["incidents"].as_array().is_some_and(|all| !all.is_empty()))
        .await;
    assert!(listed["incidents"][0]["ended"].is_null(), "{listed}");
    assert_eq!(world.get("/api/v1/deliveries").await.expect(200)["deliveries"], json!([]));
    world.send("POST", "/api/v1/maintenance/work/end", &[], None).await.expect(200);
    let told = world.until("/api/v1/deliveries", |shown| shown["deliveries"][0]["state"] == "sent").await;
    assert_eq!(told["deliveries"].as_array().map(Vec::len), Some(1));
    assert_eq!(told["deliveries"][0]["kind"], "down");
    world.stop().await;
}
