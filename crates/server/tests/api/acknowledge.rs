//! The link in a message: looking at it changes nothing, the button does, and nobody can make one.

use allswell_core::Wall;
use allswell_monitor::links::Subject;
use allswell_monitor::model::IncidentId;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};

use super::world::{NOW, Outage, Story, World};
use super::{Answer, get, send};

/// The path of the link to the open incident of the company's first monitor.
async fn link(world: &World, sent: Wall) -> (IncidentId, String) {
    let open = get(&world.state, "/api/v1/incidents?open=true&monitor=1").await.json();
    let id: IncidentId = open["incidents"][0]["id"].as_str().unwrap().parse().unwrap();
    let link = world.state.links.acknowledge(Subject::Incident(id), "team", sent);
    (id, link.strip_prefix("https://status.example.com").unwrap().to_owned())
}

async fn post(world: &World, path: &str, form: &'static str) -> Answer {
    let request = Request::builder().method(Method::POST).uri(path).header("host", "status.example.com");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    send(&world.state, request.body(Body::from(form)).unwrap()).await
}

#[tokio::test]
async fn a_link_asks_first_and_the_button_acknowledges() {
    let world = World::company().await;
    let (id, path) = link(&world, NOW).await;
    let acknowledged =
        async || get(&world.state, &format!("/api/v1/incidents/{id}")).await.json()["acknowledged"].clone();
    for _ in 0..2 {
        let page = get(&world.state, &path).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        assert!(page.body.contains("Are you looking after it?") && page.body.contains("<form"), "{}", page.body);
        assert!(page.header("content-security-policy").contains("form-action 'self'"), "the form may be sent");
        assert!(acknowledged().await.is_null(), "looking changes nothing: mail programs look at links too");
    }
    let page = post(&world, &path, "by=Ann%20%3Cb%3E").await;
    assert!(page.body.contains("Noted"), "{}", page.body);
    assert_eq!(acknowledged().await["by"], "Ann <b> (link to team)");
    let page = get(&world.state, &path).await.body;
    assert!(page.contains("Somebody is looking after it") && page.contains("Ann &#60;b&#62;"), "{page}");
    assert!(!page.contains("<form"), "{page}");
    let page = post(&world, &path, "by=Bob").await.body;
    assert!(page.contains("Somebody was faster"), "{page}");
    assert_eq!(acknowledged().await["by"], "Ann <b> (link to team)");
}

#[tokio::test]
async fn a_link_that_was_changed_or_is_old_does_nothing() {
    let world = World::company().await;
    let (id, path) = link(&world, NOW).await;
    let (_, old) = link(&world, NOW - std::time::Duration::from_secs(8 * 86_400)).await;
    let changed = format!("{}0", &path[..path.len() - 1]);
    let changed = if changed == path { format!("{}1", &path[..path.len() - 1]) } else { changed };
    for (path, part) in [
        (changed, "was not made here"),
        (path.replace("/team/", "/other/"), "was not made here"),
        (old, "older than a week"),
    ] {
        for answer in [get(&world.state, &path).await, post(&world, &path, "by=Eve").await] {
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert!(answer.body.contains(part), "{}", answer.body);
        }
    }
    assert!(get(&world.state, &format!("/api/v1/incidents/{id}")).await.json()["acknowledged"].is_null());
}

/// Three that are down and were told to `team` in one message, and the path of its link.
async fn together() -> (World, String) {
    let world = World::empty().await;
    let minute = std::time::Duration::from_secs(60);
    let outage = || Outage { channels: vec!["team"], ..Outage::status(503, minute * 5, "503 <b>") };
    let story = |name| Story::well(name, "GET https://a.example/", 9).outage(outage());
    world.play(&["a<b>", "b", "c"].map(story)).await;
    let told = get(&world.state, "/api/v1/deliveries?channel=team").await.json();
    let carrier = told["deliveries"].as_array().unwrap().iter().find(|row| row["carrier"].is_null()).unwrap();
    let message = Subject::Message(carrier["id"].as_i64().unwrap());
    let link = world.state.links.acknowledge(message, "team", NOW);
    (world, link.strip_prefix("https://status.example.com").unwrap().to_owned())
}

#[tokio::test]
async fn the_link_of_a_message_that_tells_of_many_acknowledges_all_of_them() {
    let (world, path) = together().await;
    let page = get(&world.state, &path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for part in ["Are you looking after them?", "<form", "a&#60;b&#62;", "Nobody looks after these 3 incidents yet"] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    let by = async || {
        let list = get(&world.state, "/api/v1/incidents?open=true").await.json();
        let list = list["incidents"].as_array().unwrap().clone();
        list.iter().map(|one| one["acknowledged"]["by"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(by().await, [(); 3].map(|()| serde_json::Value::Null), "looking changes nothing");
    let id = "2-2".parse().unwrap();
    world.state.acknowledger.acknowledge(id, "Bob", None).await.unwrap();
    let page = post(&world, &path, "by=Ann").await.body;
    assert!(page.contains("You are looking after 2 of them. The rest is over"), "{page}");
    assert_eq!(by().await, ["Ann (link to team)", "Bob", "Ann (link to team)"]);
    let page = post(&world, &path, "by=Eve").await.body;
    assert!(page.contains("Somebody was faster") && !page.contains("<form"), "{page}");
    assert!(get(&world.state, &path).await.body.contains("Nothing is left to look after"));
}

#[tokio::test]
async fn the_link_of_a_message_that_is_forgotten_says_so() {
    let world = World::empty().await;
    let link = world.state.links.acknowledge(Subject::Message(7), "team", NOW);
    let path = link.strip_prefix("https://status.example.com").unwrap();
    for answer in [get(&world.state, path).await, post(&world, path, "by=Ann").await] {
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(answer.body.contains("is not known any more"), "{}", answer.body);
    }
}
