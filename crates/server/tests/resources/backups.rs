//! Backups: taken while the server runs, downloaded, and started from; for who runs the server alone.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::voices::{Voice, start_two};
use super::world::{Answer, World};

const BACKUPS: &str = "/api/v1/backups";

/// Takes a backup and gives what the list says of it when it is there.
async fn take(voice: &Voice<'_>, results: bool) -> Value {
    let begun = voice.ask("POST", BACKUPS, Some(&json!({ "results": results }))).await.expect(202);
    assert_eq!(begun["results"], results);
    loop {
        let list = voice.get(BACKUPS).await;
        assert_eq!(list["failed"], Value::Null);
        if list["making"] == Value::Null {
            assert_eq!(list["backups"][0]["name"], begun["name"], "{list}");
            return list["backups"][0].clone();
        }
        assert_eq!(list["making"]["name"], begun["name"]);
        tokio::task::yield_now().await;
    }
}

/// Puts the files of a downloaded backup into `folder`, as one does by hand; their names.
fn unpack(archive: &Answer, folder: &Path) -> Vec<String> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &archive.bytes).expect("it is written");
    let ran = Command::new("tar").arg("-xf").arg(file.path()).arg("-C").arg(folder).output().expect("tar runs");
    assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_starts_from_a_backup_as_the_one_it_was_taken_of() {
    let (mut world, keys) = start_two("").await;
    let names = {
        let [hers, bobs] = Voice::of_both(&world, &keys).await;
        hers.make("/api/v1/monitors", world.monitor("hers-api")).await;
        bobs.make("/api/v1/monitors", json!({ "name": "bobs-job", "heartbeat": { "period": "1h" } })).await;
        let small = take(&hers, false).await;
        let whole = take(&hers, true).await;
        let list = hers.get(BACKUPS).await;
        assert_eq!(list["bytes"], small["bytes"].as_u64().unwrap() + whole["bytes"].as_u64().unwrap());
        assert!(list["free_bytes"].as_u64().unwrap() > 0);
        hers.make("/api/v1/monitors", json!({ "name": "later", "heartbeat": { "period": "1h" } })).await;
        [small, whole].map(|one| one["name"].as_str().unwrap().to_owned())
    };
    let [hers, bobs] = Voice::of_both(&world, &keys).await;
    let address = bobs.get("/api/v1/heartbeats").await["heartbeats"][0]["url"].clone();
    let path = address.as_str().and_then(|url| url.find("/heartbeat/").map(|at| url[at..].to_owned())).expect("a path");
    let [small, whole] = [&names[0], &names[1]].map(|name| format!("{BACKUPS}/{name}"));
    let small = hers.ask("GET", &small, None).await;
    let (folder, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    assert_eq!(unpack(&small, other.path()), ["heartbeat.key", "links.key", "main.db", "status-pages.key"]);
    let archive = hers.ask("GET", &whole, None).await;
    assert_eq!(archive.header("content-type"), Some("application/x-tar"));
    assert_eq!(archive.header("content-length"), Some(&*archive.bytes.len().to_string()));
    assert_eq!(archive.header("cache-control"), Some("no-store"));
    let file = format!("attachment; filename=\"allswell-{}.tar\"", names[1]);
    assert_eq!(archive.header("content-disposition"), Some(&*file));
    assert!(unpack(&archive, folder.path()).contains(&"results.db".to_owned()));

    world.server.take().expect("it runs").stop().await;
    world.data = folder;
    world.begin("").await;
    let [hers, bobs] = Voice::of_both(&world, &keys).await;
    let monitors = hers.get("/api/v1/monitors").await["monitors"].clone();
    assert_eq!((monitors.as_array().map(Vec::len), &monitors[0]["name"]), (Some(1), &json!("hers-api")));
    assert_eq!(world.post(&path, &json!({})).await.status, 200, "the address at which a job calls is the same");
    assert_eq!(bobs.get("/api/v1/monitors").await["monitors"][0]["name"], "bobs-job");
    assert_eq!(hers.get(BACKUPS).await["backups"], json!([]), "the backups of the other one are its own");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_is_made_at_a_time_and_goes_when_it_is_deleted() {
    let (world, keys) = start_two("").await;
    let [hers, bobs] = Voice::of_both(&world, &keys).await;
    let wish = json!({});
    let (refused, path) = loop {
        let both = tokio::join!(hers.ask("POST", BACKUPS, Some(&wish)), hers.ask("POST", BACKUPS, Some(&wish)));
        let list = loop {
            let list = hers.get(BACKUPS).await;
            if list["making"].is_null() {
                break list["backups"].clone();
            }
            tokio::task::yield_now().await;
        };
        let path = |number: usize| format!("{BACKUPS}/{}", list[number]["name"].as_str().expect("it was made"));
        match [both.0, both.1].into_iter().find(|answer| answer.status != 202) {
            Some(refused) => break (refused, path(0)),
            // The one was done when the other began, in the next second.
            None => {
                for number in 0..2 {
                    hers.ask("DELETE", &path(number), None).await.expect(204);
                }
            }
        }
    };
    refused.expect(409);
    for (method, path, body) in
        [("GET", BACKUPS, None), ("POST", BACKUPS, Some(&wish)), ("GET", &path, None), ("DELETE", &path, None)]
    {
        let refused = bobs.ask(method, path, body).await.expect(404);
        assert_eq!(refused["detail"], format!("there is nothing at {path} for this account"), "{method}");
    }
    assert_eq!(hers.ask("POST", BACKUPS, Some(&json!({ "results": 1 }))).await.expect(422)["field"], "results");
    for strange in ["..", "..%2Fmain.db", "%2E%2E%2Flock", "main.db", "2026-11-22T140846Z.partial"] {
        let answer = hers.ask("GET", &format!("{BACKUPS}/{strange}"), None).await;
        assert_eq!(answer.status, 404, "{strange}: {}", answer.body);
    }
    assert_eq!(hers.ask("DELETE", &path, None).await.expect(204), Value::Null);
    assert_eq!(hers.get(BACKUPS).await["backups"], json!([]));
    hers.ask("GET", &path, None).await.expect(404);
    hers.ask("DELETE", &path, None).await.expect(404);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_write_but_is_no_owner_gets_none() {
    let (world, keys) = start_two("").await;
    let [hers, _] = Voice::of_both(&world, &keys).await;
    let editor = json!({ "email": "ed@example.com", "role": "editor", "password": "correct horse battery" });
    hers.make("/api/v1/users", editor.clone()).await;
    let who = json!({ "email": editor["email"], "password": editor["password"] });
    let signed_in = world.post("/api/v1/sign-in", &who).await;
    let cookie = signed_in.header("set-cookie").and_then(|cookie| cookie.split(';').next()).expect("a cookie");
    let reader = hers.make("/api/v1/keys", json!({ "name": "reader", "scopes": ["read"] })).await;
    let reader = format!("Bearer {}", reader["key"].as_str().expect("a key"));
    for headers in [[("Cookie", cookie)], [("Authorization", &*reader)]] {
        world.send("GET", BACKUPS, &headers, None).await.expect(403);
        world.send("GET", &format!("{BACKUPS}/2026-11-22T140846Z"), &headers, None).await.expect(403);
    }
    world.get(BACKUPS).await.expect(401);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_whose_name_leads_to_an_open_server_gets_none() {
    let world = World::start().await;
    world.get(BACKUPS).await.expect(200);
    world.send("GET", BACKUPS, &[("Host", "evil.example.com")], None).await.expect(403);
    world.send("GET", BACKUPS, &[("Sec-Fetch-Site", "cross-site")], None).await.expect(403);
    world.stop().await;
}
