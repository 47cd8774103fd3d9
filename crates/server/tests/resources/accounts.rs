//! Two accounts on one server: whatever route is asked, and by whatever number or name, what belongs to the other is not there.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::voices::{BOBS, HERS, Voice, start_two};

/// What is there for who runs the server alone.
const OF_SERVER: [&str; 2] = ["/api/v1/accounts", "/api/v1/backups"];

/// Everything that an account can have, made in that of `voice`; what it is known by, by the place where its path has a blank.
async fn everything(voice: &Voice<'_>) -> BTreeMap<&'static str, Vec<String>> {
    let (world, mark) = (voice.world, voice.mark);
    let named = |what: &str| format!("{mark}-{what}");
    let number = |value: &Value| value["id"].to_string().trim_matches('"').to_owned();
    world.state.broken.store(true, Ordering::SeqCst);
    let hook = format!("http://{}/hook", world.target);
    let channel = json!({ "name": named("hook"), "type": "webhook", "url": hook, "secret": "s3cret" });
    voice.make("/api/v1/channels", channel).await;
    let mut monitor = world.monitor(&named("api"));
    monitor["failure_threshold"] = json!(1);
    monitor["channels"] = json!([named("hook")]);
    monitor["tags"] = json!([named("tag")]);
    monitor["group"] = json!(named("group"));
    let monitor = voice.make("/api/v1/monitors", monitor).await;
    let window =
        json!({ "name": named("window"), "cron": "0 3 * * SUN", "duration": "1h", "monitors": [named("api")] });
    voice.make("/api/v1/maintenance", window).await;
    let event = voice.make("/api/v1/events", json!({ "text": named("deploy") })).await;
    let key = voice.make("/api/v1/keys", json!({ "name": named("other") })).await;
    let address = |who: &str| format!("{mark}-{who}@example.com");
    let user = json!({ "email": address("too"), "role": "viewer", "password": "correct horse battery" });
    let user = voice.make("/api/v1/users", user).await;
    let asked_in = json!({ "email": address("new"), "role": "viewer" });
    let asked_in = voice.make("/api/v1/invitations", asked_in).await;
    let sections = json!([{ "name": "All", "monitors": [{ "monitor": named("api") }] }]);
    let page = json!({ "slug": named("page"), "title": mark, "sections": sections });
    voice.make("/api/v1/status-pages", page.clone()).await;
    let preview = voice.ask("POST", "/api/v1/status-pages/preview", Some(&page)).await;
    let preview =
        preview.header("content-location").and_then(|place| place.rsplit('/').next()).expect("a place").to_owned();
    let sessions = voice.get("/api/v1/me/sessions").await;
    let (incidents, deliveries) = loop {
        let (incidents, deliveries) = (voice.get("/api/v1/incidents").await, voice.get("/api/v1/deliveries").await);
        if !deliveries["deliveries"].as_array().expect("a list").is_empty() {
            break (incidents, deliveries);
        }
        tokio::task::yield_now().await;
    };
    BTreeMap::from([
        ("/monitors/{id}", vec![number(&monitor), named("api")]),
        ("/channels/{name}", vec![named("hook")]),
        ("/maintenance/{name}", vec![named("window")]),
        ("/incidents/{id}", vec![number(&incidents["incidents"][0])]),
        ("/deliveries/{id}", vec![number(&deliveries["deliveries"][0])]),
        ("/events/{id}", vec![number(&event)]),
        ("/keys/{id}", vec![number(&key), named("other")]),
        ("/users/{id}", vec![number(&user), address("too")]),
        ("/invitations/{id}", vec![number(&asked_in)]),
        ("/status-pages/{slug}", vec![named("page")]),
        ("/preview/{id}", vec![preview]),
        ("/sessions/{id}", vec![number(&sessions["sessions"][0])]),
        // Who runs the server may ask for every account.
        ("/accounts/{id}", if mark == HERS { vec!["1".to_owned()] } else { Vec::new() }),
        ("/backups/{name}", if mark == HERS { vec![backup(voice).await] } else { Vec::new() }),
    ])
}

/// The name of a backup that was taken.
async fn backup(voice: &Voice<'_>) -> String {
    let begun = voice.make("/api/v1/backups", json!({})).await;
    begun["name"].as_str().expect("a name").to_owned()
}

/// A body that is good by itself, so that nothing but whom it is about can be refused.
fn body(operation: &str) -> Option<Value> {
    let monitor = json!({ "name": "new", "http": { "url": "https://example.com/" } });
    let channel = json!({ "type": "webhook", "url": "https://example.com/hook", "secret": "s3cret" });
    let window = json!({ "name": "new", "cron": "0 3 * * SUN", "duration": "1h" });
    Some(match operation {
        "replace_monitor" => monitor,
        "replace_channel" => channel,
        "replace_maintenance" => window,
        "replace_status_page" => json!({ "title": "Mine" }),
        "change_monitor" | "change_channel" | "change_maintenance" | "change_status_page" => json!({}),
        "acknowledge_incident" => json!({ "by": "bob" }),
        "create_note" => json!({ "text": "a note" }),
        "change_key" => json!({ "name": "mine-now" }),
        "change_user" => json!({ "name": "mine-now" }),
        "change_account" => json!({ "plan": null }),
        _ => return None,
    })
}

/// Every operation of the document, with its path and method.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let of = |(path, item): (&String, &Value)| {
        let methods = item.as_object().expect("methods").clone();
        let path = path.clone();
        methods.into_iter().map(move |(method, operation)| (path.clone(), method.to_uppercase(), operation))
    };
    paths.iter().flat_map(of).collect()
}

/// All that the voice is told in lists.
async fn lists(voice: &Voice<'_>, document: &Value) -> Vec<(String, String)> {
    let mut told = Vec::new();
    for (path, method, operation) in operations(document) {
        let needs_query =
            operation["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["required"] == true));
        if method == "GET" && path.starts_with("/api/v1/") && !path.contains('{') && !needs_query {
            let answer = voice.ask("GET", &path, None).await;
            // Who runs the server is told which accounts and which backups there are, and nobody else.
            if OF_SERVER.contains(&&*path) {
                assert_eq!(answer.status, if voice.mark == HERS { 200 } else { 404 }, "{path}: {}", answer.body);
                continue;
            }
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            told.push((path, answer.body));
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_belongs_to_another_account_is_not_there_at_any_route_of_the_document() {
    let (world, keys) = start_two("").await;
    let [hers, bobs] = Voice::of_both(&world, &keys).await;
    let (known_of_hers, known_of_bobs) = (everything(&hers).await, everything(&bobs).await);
    world.state.broken.store(false, Ordering::SeqCst);
    let document = hers.get("/api/openapi.json").await;
    for (voice, foreign) in [(&bobs, &known_of_hers), (&hers, &known_of_bobs)] {
        walk(voice, foreign, &document).await;
        stands_in_bodies_and_queries(voice, foreign).await;
    }
    bobs.ask("GET", "/probe?target=127.0.0.1", None).await.expect(404);

    for (voice, foreign) in [(&bobs, HERS), (&hers, BOBS)] {
        for (path, told) in lists(voice, &document).await {
            assert!(!told.contains(foreign), "{path} tells {} of {foreign}: {told}", voice.mark);
            let is_listed =
                ["monitors", "channels", "maintenance", "events", "keys", "users", "invitations", "fleet", "tags"]
                    .iter()
                    .any(|list| path == format!("/api/v1/{list}"));
            assert!(!is_listed || told.contains(voice.mark), "{path} is as it was: {told}");
        }
        assert_eq!(voice.get("/api/v1/incidents").await["incidents"][0]["acknowledged"], Value::Null);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_runs_the_server_is_told_of_all_accounts_page_by_page() {
    let (world, keys) = start_two("").await;
    let [hers, bobs] = Voice::of_both(&world, &keys).await;
    for name in ["api", "shop"] {
        bobs.make("/api/v1/monitors", world.monitor(name)).await;
    }
    let user = json!({ "email": "too@example.com", "role": "viewer", "password": "correct horse battery" });
    hers.make("/api/v1/users", user).await;
    let first = hers.get("/api/v1/accounts?limit=1").await;
    let second = hers.get(first["next"].as_str().expect("there is another page")).await;
    let told = |page: &Value| {
        assert_eq!(page["accounts"].as_array().map(Vec::len), Some(1), "{page}");
        let one = &page["accounts"][0];
        (one["name"].clone(), one["monitors"].clone(), one["users"].clone())
    };
    assert_eq!(told(&first), (json!("default"), json!(0), json!(2)));
    assert_eq!(told(&second), (json!("bobs@example.com"), json!(2), json!(1)));
    assert_eq!(second["next"], Value::Null);
    let both = hers.get("/api/v1/accounts").await;
    assert_eq!((both["accounts"].as_array().map(Vec::len), &both["next"]), (Some(2), &Value::Null));
    for wrong in ["cursor=somewhere", "limit=0", "limit=1001", "page=2"] {
        hers.ask("GET", &format!("/api/v1/accounts?{wrong}"), None).await.expect(400);
    }
    world.stop().await;
}

/// Asks every route of the document for what belongs to another account, which is `foreign` there.
async fn walk(voice: &Voice<'_>, foreign: &BTreeMap<&'static str, Vec<String>>, document: &Value) {
    let mut walked = 0;
    for (path, method, operation) in operations(document) {
        let Some(at) = path.find('{') else { continue };
        let end = at + path[at..].find('}').expect("a blank ends") + 1;
        let place = path[..end].rmatch_indices('/').nth(1).map(|(at, _)| &path[at..end]).expect("a collection");
        let Some(foreign) = foreign.get(place) else { panic!("nothing was made that {path} could be asked for") };
        let id = operation["operationId"].as_str().expect("an id");
        let body = body(id);
        assert_eq!(body.is_some(), operation["requestBody"].is_object(), "say what a good body of {id} is");
        for foreign in foreign {
            let with = |blank: &str| format!("{}{blank}{}", &path[..at], &path[end..]);
            let answer = voice.ask(&method, &with(foreign), body.as_ref()).await;
            assert_eq!(answer.status, 404, "{method} {path} {foreign}: {}", answer.body);
            let unknown = voice.ask(&method, &with("4000000"), body.as_ref()).await;
            let told = answer.body.replace(&format!("`{foreign}`"), "`4000000`");
            let is_of_server = OF_SERVER.iter().any(|list| path.starts_with(list));
            assert!(is_of_server || told == unknown.body, "{method} {path}: another's is not like nobody's: {told}");
            walked += 1;
        }
    }
    assert!(walked > 40, "{walked}");
}

/// Numbers and names that stand elsewhere than in the path.
async fn stands_in_bodies_and_queries(voice: &Voice<'_>, foreign: &BTreeMap<&'static str, Vec<String>>) {
    let incident = &foreign["/incidents/{id}"][0];
    for monitor in &foreign["/monitors/{id}"] {
        for path in ["/api/v1/incidents?monitor=", "/api/v1/deliveries?monitor="] {
            voice.ask("GET", &format!("{path}{monitor}"), None).await.expect(404);
        }
        let bulk = json!({ "action": "delete", "ids": [monitor] });
        voice.ask("POST", "/api/v1/monitors/bulk", Some(&bulk)).await.expect(404);
        let each = json!({ "action": "pause", "ids": [monitor], "all_or_nothing": false });
        let told = voice.ask("POST", "/api/v1/monitors/bulk", Some(&each)).await.expect(200);
        assert_eq!((&told["results"][0]["done"], &told["results"][0]["id"]), (&json!(false), &Value::Null), "{told}");
        let event = json!({ "text": "a deploy", "monitor": monitor });
        voice.ask("POST", "/api/v1/events", Some(&event)).await.expect(404);
        let trial = json!({ "http": { "url": "https://example.com/" } });
        voice.ask("POST", &format!("/api/v1/try?monitor={monitor}"), Some(&trial)).await.expect(404);
    }
    voice.ask("GET", &format!("/api/v1/deliveries?incident={incident}"), None).await.expect(404);
    let strips = voice.get(&format!("/api/v1/fleet/strips?ids={}", foreign["/monitors/{id}"][0])).await;
    assert_eq!(strips["strips"], json!({}));
    let target = json!({ "url": "https://example.com/" });
    let (channel, monitor) = (&foreign["/channels/{name}"], &foreign["/monitors/{id}"][1..]);
    for wrong in [json!({ "channels": channel }), json!({ "depends_on": monitor })] {
        let mut monitor = json!({ "name": "mine", "http": target });
        monitor.as_object_mut().expect("an object").extend(wrong.as_object().expect("an object").clone());
        let answer = voice.ask("POST", "/api/v1/monitors", Some(&monitor)).await;
        assert!([409, 422].contains(&answer.status), "{}", answer.body);
    }
    // What is taken there is free here.
    voice.make("/api/v1/monitors", json!({ "name": "mine", "http": target })).await;
    voice
        .make(
            "/api/v1/maintenance",
            json!({ "name": "window", "cron": "0 3 * * SUN", "duration": "1h", "monitors": ["mine"] }),
        )
        .await;
    voice
        .make(
            "/api/v1/channels",
            json!({ "name": "hook", "type": "webhook", "url": "https://example.com/", "secret": "s" }),
        )
        .await;
}
