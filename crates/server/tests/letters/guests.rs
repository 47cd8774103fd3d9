//! What an account that somebody made for themselves may have mailed.

use serde_json::{Value, json};

use super::sign_up::{asks, makes, open, token};
use super::world::{Answer, World};

const INVITATIONS: &str = "/api/v1/invitations";

/// A server on which Bob has made an account, and his browser asks; and the cookie of Ada, who runs it.
async fn bobs() -> (World, String) {
    let mut world = open().await;
    asks(&world, "bob@example.com").await;
    let made = makes(&world, &token(&world, 1).await, json!({})).await;
    let adas = std::mem::replace(&mut world.cookie, made.cookie());
    (world, adas)
}

async fn invites(world: &World, email: &str) -> Answer {
    world.json(INVITATIONS, &json!({ "email": email, "role": "viewer" }).to_string()).await
}

async fn waiting(world: &World) -> usize {
    world.get(INVITATIONS).await.expect(200)["invitations"].as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_a_guest_asks_in_again_and_again_is_written_to_three_times() {
    let (mut world, adas) = bobs().await;
    let mut mailed = Vec::new();
    for _ in 0..4 {
        let made = invites(&world, "eve@example.com").await.expect(201);
        assert!(made["link"].as_str().is_some_and(|link| link.contains("/join?token=aw_")), "{made}");
        mailed.push(made["mailed"].clone());
    }
    assert_eq!(mailed, [true, true, true, false]);
    // Who runs the server writes to whom they like.
    world.cookie = adas;
    for _ in 0..4 {
        assert_eq!(invites(&world, "eve@example.com").await.expect(201)["mailed"], true);
    }
    world.mails.wait_for(1 + 3 + 4).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_but_the_first_asks_in_so_many_people_and_then_has_to_wait() {
    let (mut world, adas) = bobs().await;
    for number in 0..20 {
        invites(&world, &format!("friend{number}@example.com")).await.expect(201);
    }
    let much = invites(&world, "friend20@example.com").await;
    let wait = much.text.lines().find_map(|line| line.strip_prefix("retry-after: ")).expect("it says how long");
    assert!((1..=600).contains(&wait.parse::<u64>().expect("seconds")), "{wait}");
    let problem = much.expect(429);
    assert!(problem["detail"].is_string() && problem["hint"].is_string(), "{problem}");
    assert_eq!(waiting(&world).await, 20, "nothing was written");
    // Whoever may ask without end who is a user already finds all of them.
    let adas_twin = json!({ "email": "ada@example.com", "role": "viewer", "password": "correct horse battery" });
    world.json("/api/v1/users", &adas_twin.to_string()).await.expect(429);

    for friends in [20..40, 40..50] {
        world.wait_hours(4);
        for number in friends {
            invites(&world, &format!("friend{number}@example.com")).await.expect(201);
        }
    }
    let full = invites(&world, "friend50@example.com").await.expect(409);
    assert!(full["hint"].as_str().is_some_and(|hint| hint.starts_with("take one back first")), "{full}");
    invites(&world, "friend49@example.com").await.expect(201);
    let listed: Value = world.get(INVITATIONS).await.expect(200);
    let one = format!("{INVITATIONS}/{}", listed["invitations"][0]["id"]);
    assert_eq!(world.send("DELETE", &one, "application/json", "").await.status, 204);
    invites(&world, "friend50@example.com").await.expect(201);
    assert_eq!(waiting(&world).await, 50);

    world.cookie = adas;
    for number in 51..110 {
        invites(&world, &format!("friend{number}@example.com")).await.expect(201);
    }
    world.stop().await;
}
