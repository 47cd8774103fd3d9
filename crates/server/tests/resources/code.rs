//! Configuration as code: planned, applied, exported.

use serde_json::{Value, json};

use super::world::{Answer, World};

const WHOLE: &str = r##"
channels:
  hook: { type: webhook, url: "${file:DIR/url}", headers: { X-Id: "${env:PATH}" } }
defaults: { interval: 30s, channels: [] }
monitors:
  - name: api
    tags: [eu, "a/b"]
    http: { url: "http://127.0.0.1:1/ready", expected_status: [200, 2xx] }
    conditions: ["status == 200", "time.total < duration('800ms')"]
    channels: [hook]
  - { name: "no: 5 #x", group: "0123", paused: true, tcp: { address: "127.0.0.1:1", send: "a\r\n" } }
  - { name: nightly, heartbeat: { cron: "0 3 * * *", timezone: Europe/Berlin, grace: 15m } }
maintenance:
  - { name: weekly, monitors: [api, nightly], cron: "0 2 * * SUN", timezone: Europe/Berlin, duration: 1h }
  - { tags: [a/b], groups: ["0123"], name: move, until: "2026-12-25T01:00", from: "2026-12-24T22:00" }
status_pages:
  - title: "Shop: status"
    slug: shop
    formerly: [store]
    colour: "#0f62fe"
    logo: "data:image/svg+xml;base64,PHN2Zy8+"
    access: token
    token: "${file:DIR/token}"
    sections:
      - { name: Shop, monitors: [{ monitor: api, name: Payments }, { monitor: nightly }] }
      - { tags: [eu], groups: ["0123"] }
"##;

async fn send(world: &World, what: &str, text: &str, more: Value) -> Answer {
    let text = text.replace("DIR", &place(world));
    let mut body = json!({ "files": [{ "name": "allswell.yaml", "text": text }] });
    body.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    world.post(&format!("/api/v1/{what}"), &body).await
}

/// A directory with the address of a channel and the token of a page, which nobody may read.
fn place(world: &World) -> String {
    let directory = world.data.path();
    std::fs::write(directory.join("url"), "http://127.0.0.1:1/canary").expect("written");
    std::fs::write(directory.join("token"), "canary-0123456789").expect("written");
    directory.display().to_string()
}

/// The steps in a few words each.
fn steps(plan: &Value) -> Vec<String> {
    let steps = plan["steps"].as_array().expect("steps").iter();
    let one = |step: &Value| {
        let text = |key: &str| step[key].as_str().expect("a word").to_owned();
        let changes = step["changes"].as_array().expect("changes").iter();
        let shown = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let changes =
            changes.map(|one| format!(" {} {}>{}", shown(&one["key"]), shown(&one["from"]), shown(&one["to"])));
        format!("{} {} {}{}", text("action"), text("kind"), text("name"), changes.collect::<String>())
    };
    steps.map(one).collect()
}

async fn export(world: &World) -> String {
    let answer = world.get("/api/v1/export").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/yaml")));
    answer.body
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_exported_makes_the_same_on_an_empty_server() {
    let first = World::start().await;
    send(&first, "apply", WHOLE, json!({})).await.expect(200);
    let exported = export(&first).await;
    let second = World::start().await;
    send(&second, "apply", &exported, json!({})).await.expect(200);
    assert_eq!(export(&second).await, exported, "byte by byte");
    assert!(exported.contains("name: \"no: 5 #x\"") && exported.contains("cron: \"0 3 * * *\""), "{exported}");
    for world in [&first, &second] {
        let plan = send(world, "plan", &exported, json!({})).await.expect(200);
        assert_eq!((steps(&plan), &plan["unchanged"]), (vec![], &json!(7)), "{plan}");
    }
    first.stop().await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_shows_what_apply_does_and_does_nothing_itself() {
    let mut world = World::start().await;
    let created = send(&world, "plan", WHOLE, json!({})).await.expect(200);
    let planned = [
        "create channel hook",
        "create defaults defaults",
        "create monitor api",
        "create monitor no: 5 #x",
        "create monitor nightly",
        "create maintenance weekly",
        "create maintenance move",
        "create status_page shop",
    ];
    assert_eq!(steps(&created), planned);
    assert_eq!(created["steps"][2]["about"], "http  GET http://127.0.0.1:1/ready");
    assert_eq!(created["steps"][5]["about"], "cron  0 2 * * SUN");
    assert_eq!(created["steps"][7]["about"], "Shop: status");
    assert_eq!(world.get("/api/v1/monitors").await.expect(200)["monitors"], json!([]));
    let fingerprint = json!({ "fingerprint": created["fingerprint"] });
    let applied = send(&world, "apply", WHOLE, fingerprint.clone()).await.expect(200);
    assert_eq!(steps(&applied), planned);
    assert_eq!(world.get("/api/v1/monitors/api").await.expect(200)["owner"], "apply");
    send(&world, "apply", WHOLE, fingerprint).await.expect(409);

    world.restart_with("").await;
    let changed = WHOLE.replace("interval: 30s", "interval: 1m").replace("0 3 * * *", "0 4 * * *");
    let changed = changed.replace("name: api", "name: web\n    renamed_from: api");
    let changed = changed.replace("tags: [eu, \"a/b\"]", "tags: [eu]").replace("[api, nightly]", "[web]");
    let changed = changed.replace("monitor: api", "monitor: web").replace("slug: shop", "slug: market");
    let changed = changed.replace("formerly: [store]", "formerly: [store, shop]");
    let lost = send(&world, "plan", &changed, json!({})).await.expect(422);
    assert_eq!(lost["errors"][0]["detail"], "there is no tag `a/b`", "it went with the monitor that had it");
    let changed = changed.replace("tags: [a/b], ", "");
    let plan = send(&world, "plan", &changed, json!({})).await.expect(200);
    let expected = [
        "change defaults defaults interval 30s>1m",
        "change monitor web name api>web tags [\"eu\",\"a/b\"]>[\"eu\"]",
        "change monitor nightly heartbeat.cron 0 3 * * *>0 4 * * *",
        "change maintenance weekly monitors [\"api\",\"nightly\"]>[\"web\"]",
        "change maintenance move tags [\"a/b\"]>-",
        "change status_page market formerly [\"store\"]>[\"store\",\"shop\"] sections [{\"name\":\"Shop\",\"monitors\":\
         [{\"monitor\":\"api\",\"name\":\"Payments\"},{\"monitor\":\"nightly\"}]},{\"groups\":[\"0123\"],\"tags\":[\"eu\"]}]>\
         [{\"name\":\"Shop\",\"monitors\":[{\"monitor\":\"web\",\"name\":\"Payments\"},{\"monitor\":\"nightly\"}]},\
         {\"groups\":[\"0123\"],\"tags\":[\"eu\"]}] slug shop>market",
    ];
    assert_eq!(steps(&plan), expected);
    let id = world.get("/api/v1/monitors/api").await.expect(200)["id"].clone();
    send(&world, "apply", &changed, json!({})).await.expect(200);
    let web = world.get("/api/v1/monitors/web").await.expect(200);
    assert_eq!((&web["id"], &web["interval_s"]), (&id, &json!(60.0)), "renamed, and what it inherits follows");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_does_not_own_stays_unless_it_is_pruned() {
    let world = World::start_with("monitors: [{ name: filed, heartbeat: { period: 1h } }]").await;
    world.post("/api/v1/monitors", &world.monitor("mine")).await.expect(201);
    let two = "monitors: [{ name: one, heartbeat: { period: 1h } }, { name: two, heartbeat: { period: 1h } }]";
    let one = "monitors: [{ name: one, heartbeat: { period: 1h } }]";
    send(&world, "apply", two, json!({})).await.expect(200);
    let plan = send(&world, "apply", one, json!({})).await.expect(200);
    assert_eq!((steps(&plan), &plan["kept"]), (vec!["delete monitor two".to_owned()], &json!(["mine"])));
    let pruned = send(&world, "apply", one, json!({ "prune": true })).await.expect(200);
    assert_eq!(steps(&pruned), ["delete monitor mine"]);
    world.get("/api/v1/monitors/filed").await.expect(200);
    let refused = send(&world, "apply", "monitors: [{ name: filed, heartbeat: { period: 2h } }]", json!({})).await;
    assert_eq!(refused.expect(409)["detail"], "the monitor `filed` is said in `/etc/allswell.yaml`");
    // What a person wrote is taken over when a file says it.
    world.post("/api/v1/monitors", &json!({ "name": "two", "heartbeat": { "period": "1h" } })).await.expect(201);
    let plan = send(&world, "apply", two, json!({})).await.expect(200);
    assert_eq!(steps(&plan), ["change monitor two owner api>apply"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_with_file_and_line_and_nothing_is_changed() {
    let world = World::start().await;
    send(&world, "apply", WHOLE, json!({})).await.expect(200);
    let before = export(&world).await;
    let body = json!({ "files": [
        { "name": "a.yaml", "text": "channels: { hook: { type: webhook, url: \"http://127.0.0.1:1/\" } }\nmonitors:\n  - { name: a, tcp: { address: nowhere }, intervall: 5s }\n" },
        { "name": "b.yaml", "text": "monitors:\n  - { name: a, heartbeat: { period: 1h } }\n  - { name: b, name: c, heartbeat: { period: 1h }, channels: [hok] }\nserver: { retention: 90d }\n" },
    ] });
    let problem = world.post("/api/v1/plan", &body).await.expect(422);
    let errors = problem["errors"].as_array().expect("errors").iter();
    let told: Vec<_> = errors
        .map(|one| {
            format!("{}:{} {}", one["file"].as_str().unwrap_or("-"), one["line"], one["code"].as_str().unwrap_or("-"))
        })
        .collect();
    assert_eq!(
        told,
        ["a.yaml:3 V020", "a.yaml:3 V012", "b.yaml:2 V017", "b.yaml:3 V011", "b.yaml:3 V018", "b.yaml:4 V012"],
        "{problem}"
    );
    world.post("/api/v1/apply", &body).await.expect(422);
    assert_eq!(export(&world).await, before);
    let used = "monitors: [{ name: api, heartbeat: { period: 1h }, channels: [hook] }]";
    let gone = send(&world, "plan", used, json!({})).await.expect(422);
    assert_eq!(gone["errors"][0]["detail"], "there is no channel `hook`", "it goes with the files that had it");
    let no_form = world.post("/api/v1/plan", &json!({ "file": [] })).await.expect(422);
    assert!(no_form["detail"].as_str().is_some_and(|detail| detail.contains("unknown field `file`")), "{no_form}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_exported_as_a_mask_stays_what_it_was() {
    let world = World::start().await;
    let secret = "channels: { hook: { type: webhook, url: \"${file:DIR/url}\", secret: canary } }";
    send(&world, "apply", secret, json!({})).await.expect(200);
    let exported = export(&world).await;
    assert!(exported.contains("secret: \"***\"") && !exported.contains("canary"), "{exported}");
    let plan = send(&world, "plan", &exported, json!({})).await.expect(200);
    assert_eq!(steps(&plan), Vec::<String>::new());
    let changed = send(&world, "plan", &secret.replace("secret: canary", "secret: canary2"), json!({})).await;
    assert_eq!(steps(&changed.expect(200)), ["change channel hook secret ***>***"]);
    assert!(!changed.body.contains("canary"), "{}", changed.body);
    let empty = World::start().await;
    let refused = send(&empty, "apply", &exported, json!({})).await.expect(422);
    assert!(
        refused["detail"].as_str().is_some_and(|detail| detail.contains("`secret` is the mask of a secret")),
        "{refused}"
    );
    empty.stop().await;
    world.stop().await;
}
