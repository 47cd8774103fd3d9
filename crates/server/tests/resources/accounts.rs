//! Two accounts on one server: whatever route is asked, and by whatever number or name, what belongs to the other is not there.

use std::collections::BTreeMap;

use allswell_core::Wall;
use allswell_monitor::access::{Address, NewPerson, Passwords, People, Role, Scope, Scopes, Secret};
use allswell_monitor::model::AccountId;
use allswell_monitor::store::sqlite::{SqliteStore, Timing};
use allswell_monitor::store::{AccountStore, NewAccount, NewKey, NewUser, Store};
use serde_json::{Value, json};

use super::world::{Answer, World};

const PASSWORD: &str = "correct horse battery";
/// Stands in every name of the first account, and in none of the second.
const MARK: &str = "hers";

/// What is asked in the name of an account.
pub(super) struct Voice<'w> {
    pub(super) world: &'w World,
    pub(super) key: String,
    pub(super) cookie: String,
}

impl Voice<'_> {
    pub(super) async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let key = format!("Bearer {}", self.key);
        let origin = format!("http://{}", self.world.server().address());
        // What belongs to a user is asked for by one who has signed in.
        let who = if path.starts_with("/api/v1/me") {
            [("Cookie", self.cookie.as_str()), ("Origin", origin.as_str())]
        } else {
            [("Authorization", key.as_str()), ("Origin", origin.as_str())]
        };
        self.world.send(method, path, &who, body).await
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        self.ask("GET", path, None).await.expect(200)
    }

    pub(super) async fn make(&self, path: &str, body: Value) -> Value {
        let answer = self.ask("POST", path, Some(&body)).await;
        assert!(answer.status < 300, "{path}: {}", answer.body);
        answer.json()
    }
}

/// Writes two accounts into the store of a server that does not run, each with an owner and a key that may write.
pub(super) async fn two_accounts(world: &World) -> [String; 2] {
    let now = Wall::from_ms(1_795_261_334_120);
    let store = SqliteStore::open(world.data.path(), now, Timing::none()).expect("the store opens");
    let first = std::sync::Arc::new(store);
    let people = People::open(first.clone(), Passwords::for_tests()).await.expect("the store reads");
    let address = |text: &str| Address::new(text).expect("an address");
    let wish = |email: &str| NewPerson {
        address: address(email),
        name: None,
        role: Role::Owner,
        password: PASSWORD.to_owned().into(),
    };
    let ada = people.create(wish("hers@example.com"), now).await.expect("an owner");
    let owner = NewUser {
        address: address("bob@example.com"),
        name: "Bob".to_owned(),
        role: Role::Owner,
        password: ada.user.password.clone(),
    };
    let account = NewAccount { name: "bob@example.com".to_owned(), plan: None, owner };
    let (row, _) = first.add_account(account, now).await.expect("an account");
    assert_ne!(row.id, AccountId::FIRST);
    let mut keys = [String::new(), String::new()];
    for (text, store) in keys.iter_mut().zip([first.of(AccountId::FIRST), first.of(row.id)]) {
        let secret = Secret::random().expect("random numbers");
        let scopes = Scopes::of([Scope::Write]);
        let key = NewKey { name: "hers-key".to_owned(), digest: secret.digest(), scopes, expires: None };
        let key = if store.account() == AccountId::FIRST { key } else { NewKey { name: "own".to_owned(), ..key } };
        store.add_key(key, now).await.expect("a key");
        *text = secret.text().to_owned();
    }
    first.close().await.expect("the store closes");
    keys
}

async fn signed_in(world: &World, email: &str) -> String {
    let who = json!({ "email": email, "password": PASSWORD });
    let answer = world.post("/api/v1/sign-in", &who).await;
    answer.expect(200);
    let cookie = answer.header("set-cookie").expect("a cookie");
    cookie.split(';').next().unwrap_or_default().to_owned()
}

/// Everything that an account can have, made in the first one; what it is known by, by the place where its path has a blank.
async fn everything(hers: &Voice<'_>) -> BTreeMap<&'static str, Vec<String>> {
    let world = hers.world;
    let number = |value: &Value| value["id"].to_string().trim_matches('"').to_owned();
    world.state.broken.store(true, std::sync::atomic::Ordering::SeqCst);
    let hook = format!("http://{}/hook", world.target);
    hers.make("/api/v1/channels", json!({ "name": "hers-hook", "type": "webhook", "url": hook, "secret": "s3cret" }))
        .await;
    let mut monitor = world.monitor("hers-api");
    monitor["channels"] = json!(["hers-hook"]);
    monitor["tags"] = json!(["hers-tag"]);
    monitor["group"] = json!("hers-group");
    let monitor = hers.make("/api/v1/monitors", monitor).await;
    let window = json!({ "name": "hers-window", "cron": "0 3 * * SUN", "duration": "1h", "monitors": ["hers-api"] });
    hers.make("/api/v1/maintenance", window).await;
    let event = hers.make("/api/v1/events", json!({ "text": "hers-deploy" })).await;
    let key = hers.make("/api/v1/keys", json!({ "name": "hers-other" })).await;
    let user = json!({ "email": "hers-too@example.com", "role": "viewer", "password": PASSWORD });
    let user = hers.make("/api/v1/users", user).await;
    let asked_in = hers.make("/api/v1/invitations", json!({ "email": "hers-new@example.com", "role": "viewer" })).await;
    let page = json!({ "slug": "hers-page", "title": "Hers", "sections": [{ "name": "All", "monitors": [{ "monitor": "hers-api" }] }] });
    hers.make("/api/v1/status-pages", page.clone()).await;
    let preview = hers.ask("POST", "/api/v1/status-pages/preview", Some(&page)).await;
    let preview =
        preview.header("content-location").and_then(|place| place.rsplit('/').next()).expect("a place").to_owned();
    let sessions = hers.get("/api/v1/me/sessions").await;
    let (incidents, deliveries) = loop {
        let (incidents, deliveries) = (hers.get("/api/v1/incidents").await, hers.get("/api/v1/deliveries").await);
        if !deliveries["deliveries"].as_array().expect("a list").is_empty() {
            break (incidents, deliveries);
        }
        tokio::task::yield_now().await;
    };
    BTreeMap::from([
        ("/monitors/{id}", vec![number(&monitor), "hers-api".to_owned()]),
        ("/channels/{name}", vec!["hers-hook".to_owned()]),
        ("/maintenance/{name}", vec!["hers-window".to_owned()]),
        ("/incidents/{id}", vec![number(&incidents["incidents"][0])]),
        ("/deliveries/{id}", vec![number(&deliveries["deliveries"][0])]),
        ("/events/{id}", vec![number(&event)]),
        ("/keys/{id}", vec![number(&key), "hers-other".to_owned()]),
        ("/users/{id}", vec![number(&user), "hers-too@example.com".to_owned()]),
        ("/invitations/{id}", vec![number(&asked_in)]),
        ("/status-pages/{slug}", vec!["hers-page".to_owned()]),
        ("/preview/{id}", vec![preview]),
        ("/sessions/{id}", vec![number(&sessions["sessions"][0])]),
    ])
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
async fn lists(voice: &Voice<'_>, document: &Value) -> Vec<(String, Value)> {
    let mut told = Vec::new();
    for (path, method, operation) in operations(document) {
        let needs_query =
            operation["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["required"] == true));
        if method == "GET" && path.starts_with("/api/v1/") && !path.contains('{') && !needs_query {
            let answer = voice.ask("GET", &path, None).await;
            if answer.status == 404 && path == "/api/v1/status-pages" {
                continue;
            }
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            told.push((path, Value::String(answer.body)));
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_belongs_to_another_account_is_not_there_at_any_route_of_the_document() {
    let mut world = World::start().await;
    world.server.take().expect("it runs").stop().await;
    let keys = two_accounts(&world).await;
    world.begin("").await;
    let cookies = [signed_in(&world, "hers@example.com").await, signed_in(&world, "bob@example.com").await];
    let [hers, bobs] = [0, 1].map(|one| Voice { world: &world, key: keys[one].clone(), cookie: cookies[one].clone() });
    let known = everything(&hers).await;
    world.state.broken.store(false, std::sync::atomic::Ordering::SeqCst);
    let document = hers.get("/api/openapi.json").await;

    let mut walked = 0;
    for (path, method, operation) in operations(&document) {
        let Some(at) = path.find('{') else { continue };
        let end = at + path[at..].find('}').expect("a blank ends") + 1;
        let place = path[..end].rmatch_indices('/').nth(1).map(|(at, _)| &path[at..end]).expect("a collection");
        let Some(foreign) = known.get(place) else { panic!("nothing was made that {path} could be asked for") };
        let id = operation["operationId"].as_str().expect("an id");
        let body = body(id);
        assert_eq!(body.is_some(), operation["requestBody"].is_object(), "say what a good body of {id} is");
        for foreign in foreign {
            let with = |blank: &str| format!("{}{blank}{}", &path[..at], &path[end..]);
            let answer = bobs.ask(&method, &with(foreign), body.as_ref()).await;
            assert_eq!(answer.status, 404, "{method} {path} {foreign}: {}", answer.body);
            let unknown = bobs.ask(&method, &with("4000000"), body.as_ref()).await;
            let told = answer.body.replace(&format!("`{foreign}`"), "`4000000`");
            let is_shown = path.contains("/status-pages");
            assert!(is_shown || told == unknown.body, "{method} {path}: another's is not like nobody's: {told}");
            walked += 1;
        }
    }
    assert!(walked > 40, "{walked}");
    stands_in_bodies_and_queries(&bobs, &known).await;

    for (path, told) in lists(&bobs, &document).await {
        assert!(!told.to_string().contains(MARK), "{path} tells {told}");
    }
    for (path, told) in lists(&hers, &document).await {
        let is_listed =
            ["monitors", "channels", "maintenance", "events", "keys", "users", "invitations", "fleet", "tags"]
                .iter()
                .any(|list| path == format!("/api/v1/{list}"));
        assert!(!is_listed || told.to_string().contains(MARK), "{path} is as it was: {told}");
    }
    assert_eq!(hers.get("/api/v1/incidents").await["incidents"][0]["acknowledged"], Value::Null);
    world.stop().await;
}

/// Numbers and names that stand elsewhere than in the path.
async fn stands_in_bodies_and_queries(bobs: &Voice<'_>, known: &BTreeMap<&'static str, Vec<String>>) {
    let incident = &known["/incidents/{id}"][0];
    for monitor in &known["/monitors/{id}"] {
        for path in ["/api/v1/incidents?monitor=", "/api/v1/deliveries?monitor="] {
            bobs.ask("GET", &format!("{path}{monitor}"), None).await.expect(404);
        }
        let bulk = json!({ "action": "delete", "ids": [monitor] });
        bobs.ask("POST", "/api/v1/monitors/bulk", Some(&bulk)).await.expect(404);
        let each = json!({ "action": "pause", "ids": [monitor], "all_or_nothing": false });
        let told = bobs.ask("POST", "/api/v1/monitors/bulk", Some(&each)).await.expect(200);
        assert_eq!((&told["results"][0]["done"], &told["results"][0]["id"]), (&json!(false), &Value::Null), "{told}");
        let event = json!({ "text": "a deploy", "monitor": monitor });
        bobs.ask("POST", "/api/v1/events", Some(&event)).await.expect(404);
        let trial = json!({ "http": { "url": "https://example.com/" } });
        bobs.ask("POST", &format!("/api/v1/try?monitor={monitor}"), Some(&trial)).await.expect(404);
    }
    bobs.ask("GET", &format!("/api/v1/deliveries?incident={incident}"), None).await.expect(404);
    let strips = bobs.get(&format!("/api/v1/fleet/strips?ids={}", known["/monitors/{id}"][0])).await;
    assert_eq!(strips["strips"], json!({}));
    let target = json!({ "url": "https://example.com/" });
    for wrong in [json!({ "channels": ["hers-hook"] }), json!({ "depends_on": ["hers-api"] })] {
        let mut monitor = json!({ "name": "mine", "http": target });
        monitor.as_object_mut().expect("an object").extend(wrong.as_object().expect("an object").clone());
        let answer = bobs.ask("POST", "/api/v1/monitors", Some(&monitor)).await;
        assert!([409, 422].contains(&answer.status), "{}", answer.body);
    }
    // What is taken there is free here.
    bobs.make("/api/v1/monitors", json!({ "name": "mine", "http": target })).await;
    bobs.make(
        "/api/v1/maintenance",
        json!({ "name": "window", "cron": "0 3 * * SUN", "duration": "1h", "monitors": ["mine"] }),
    )
    .await;
    bobs.make(
        "/api/v1/channels",
        json!({ "name": "hook", "type": "webhook", "url": "https://example.com/", "secret": "s" }),
    )
    .await;
    bobs.ask("GET", "/probe?target=127.0.0.1", None).await.expect(404);
    // Strangers are told by the server's own account alone, and no file makes a page elsewhere.
    let pages = "status_pages: [{ slug: mine, title: Mine, sections: [{ tags: [public] }] }]";
    let files = json!({ "files": [{ "name": "a.yaml", "text": pages }] });
    for path in ["/api/v1/plan", "/api/v1/apply"] {
        let refused = bobs.ask("POST", path, Some(&files)).await.expect(409);
        assert_eq!(refused["detail"], "there are status pages in the account of who runs the server alone");
    }
}
