//! An account that is deleted: all that belongs to it goes, and nothing of another's.

use serde_json::{Value, json};

use super::staying::Follower;
use super::voices::{BOBS, HERS, Voice, start_two};
use super::world::World;

const PASSWORD: &str = "correct horse battery";

/// Gives the account of `voice` a monitor and a status page, both called by its word.
async fn furnish(voice: &Voice<'_>) {
    let (world, mark) = (voice.world, voice.mark);
    voice.make("/api/v1/monitors", world.monitor(mark)).await;
    let sections = json!([{ "name": "All", "monitors": [{ "monitor": mark }] }]);
    voice.make("/api/v1/status-pages", json!({ "slug": mark, "title": mark, "sections": sections })).await;
    while world.get(&page(mark)).await.status != 200 {
        tokio::task::yield_now().await;
    }
}

fn page(mark: &str) -> String {
    format!("/s/{mark}/status.json")
}

/// Of the second account nothing is there; of the first, all is.
async fn is_alone(world: &World, keys: &[String; 2]) {
    let ask = async |key: &str, method: &str, path: &str| {
        world.send(method, path, &[("Authorization", &format!("Bearer {key}"))], None).await
    };
    let [hers, bobs] = keys;
    ask(bobs, "GET", "/api/v1/monitors").await.expect(401);
    let who = json!({ "email": format!("{BOBS}@example.com"), "password": PASSWORD });
    world.post("/api/v1/sign-in", &who).await.expect(401);
    assert_eq!((world.get(&page(BOBS)).await.status, world.get(&page(HERS)).await.status), (404, 200));
    let listed = ask(hers, "GET", "/api/v1/accounts").await.expect(200);
    assert_eq!(
        (listed["accounts"].as_array().map(Vec::len), &listed["accounts"][0]["name"]),
        (Some(1), &json!("default"))
    );
    ask(hers, "GET", &format!("/api/v1/monitors/{HERS}")).await.expect(200);
    ask(hers, "DELETE", "/api/v1/accounts/2").await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_goes_with_all_that_belongs_to_it_and_nothing_else() {
    let (mut world, keys) = start_two("").await;
    {
        let [hers, bobs] = Voice::of_both(&world, &keys).await;
        furnish(&hers).await;
        furnish(&bobs).await;
        let [mut stays, by_key, by_cookie] = [
            Follower::begin(&world, &hers.shows_key()).await,
            Follower::begin(&world, &bobs.shows_key()).await,
            Follower::begin(&world, &bobs.shows_cookie()).await,
        ];
        bobs.ask("DELETE", "/api/v1/accounts/2", None).await.expect(404);
        for (wrong, status) in [("1", 409), ("99", 404), ("default", 404)] {
            hers.ask("DELETE", &format!("/api/v1/accounts/{wrong}"), None).await.expect(status);
        }
        hers.ask("DELETE", "/api/v1/accounts/2", None).await.expect(204);
        by_key.ends("its account is gone").await;
        by_cookie.ends("the account of its user is gone").await;
        bobs.ask("GET", "/api/v1/me", None).await.expect(401);
        is_alone(&world, &keys).await;
        hers.make("/api/v1/events", json!({ "text": "a deploy" })).await;
        stays.hears("a deploy").await;
    }
    world.restart_with("").await;
    is_alone(&world, &keys).await;

    // What was its own is free for others.
    let [hers, _] = &keys;
    let make = async |path: &str, body: Value| {
        world.send("POST", path, &[("Authorization", &format!("Bearer {hers}"))], Some(&body)).await.expect(201)
    };
    let sections = json!([{ "name": "All", "monitors": [{ "monitor": HERS }] }]);
    make("/api/v1/status-pages", json!({ "slug": BOBS, "title": "Hers now", "sections": sections })).await;
    make("/api/v1/users", json!({ "email": format!("{BOBS}@example.com"), "role": "viewer", "password": PASSWORD }))
        .await;
    world.stop().await;
}
