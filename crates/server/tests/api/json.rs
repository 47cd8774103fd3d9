//! The shapes of the documents, and that they tell the truth.

use std::time::Duration;

use serde_json::Value;

use super::world::{NOW, Outage, Story, World, company};
use super::{pretty, read};

#[tokio::test]
async fn a_monitor_says_what_is_true_of_it_now() {
    let world = World::company().await;
    insta::assert_snapshot!(pretty(&read(&world.state, "/api/v1/monitors/payments-api").await));
}

#[tokio::test]
async fn all_monitors_come_in_the_order_of_the_configuration() {
    let world = World::company().await;
    let list = read(&world.state, "/api/v1/monitors").await;
    let rows = list["monitors"].as_array().expect("a list");
    let found: Vec<_> = rows.iter().map(|row| (row["name"].as_str().unwrap_or(""), &row["status"])).collect();
    assert_eq!(found.len(), company().len());
    for (name, status) in
        [("payments-api", "down"), ("search-api", "degraded"), ("docs", "up"), ("legacy-soap", "paused")]
    {
        assert!(found.iter().any(|row| row.0 == name && row.1 == status), "{name} in {found:?}");
    }
    assert_eq!(found[0].0, "payments-api");
    let one = read(&world.state, "/api/v1/monitors/1").await;
    for (key, value) in rows[0].as_object().expect("an object") {
        assert_eq!(one[key], *value, "one looks as it does in the list: {key}");
    }
}

#[tokio::test]
async fn a_monitor_is_found_by_number_and_by_name() {
    let world = World::empty().await;
    world
        .play(&[Story::well("2", "GET http://127.0.0.1/", 5), Story::well("a b/ü?", "GET http://127.0.0.1/", 5)])
        .await;
    let name = async |path: &str| read(&world.state, path).await["name"].clone();
    assert_eq!(name("/api/v1/monitors/2").await, "a b/ü?", "a number is the number first");
    assert_eq!(name("/api/v1/monitors/a%20b%2F%C3%BC%3F").await, "a b/ü?");
    assert_eq!(name("/api/v1/monitors/1").await, "2");
}

#[tokio::test]
async fn results_come_newest_first_with_all_that_is_known() {
    let world = World::company().await;
    let list = read(&world.state, "/api/v1/monitors/payments-api/results?limit=1").await;
    insta::assert_snapshot!(pretty(&list));
}

#[tokio::test]
async fn following_next_gives_every_result_once() {
    let world = World::company().await;
    let mut times = Vec::new();
    let mut path = "/api/v1/monitors/3/results?limit=40&from=2026-11-21T00:00:00%2B00:00".to_owned();
    loop {
        let page = read(&world.state, &path).await;
        times.extend(page["results"].as_array().expect("a list").iter().map(|row| row["time"].to_string()));
        match page["next"].as_str() {
            Some(next) => path = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(times.len(), 90);
    assert!(times.is_sorted_by(|newer, older| newer > older), "{times:?}");
}

#[tokio::test]
async fn results_lie_within_the_range_and_not_at_its_end() {
    let world = World::company().await;
    let all = read(&world.state, "/api/v1/monitors/3/results?limit=3").await;
    let time = |index: usize| all["results"][index]["time"].as_str().expect("a time").to_owned();
    let range = read(&world.state, &format!("/api/v1/monitors/3/results?from={}&to={}", time(2), time(0))).await;
    assert_eq!(range["results"].as_array().map(Vec::len), Some(2));
    assert_eq!(range["results"][0]["time"], time(1).as_str());
}

#[tokio::test]
async fn uptime_divides_each_window() {
    let world = World::company().await;
    let uptime = read(&world.state, "/api/v1/monitors/payments-api/uptime").await;
    insta::assert_snapshot!(pretty(&uptime["uptime"]["24h"]));
    assert_eq!(uptime["uptime"].as_object().map(|windows| windows.keys().cloned().collect::<Vec<_>>()), {
        Some(["24h", "30d", "7d", "90d"].map(str::to_owned).into())
    });
}

#[tokio::test]
async fn the_shares_of_every_monitor_and_window_add_up() {
    let world = World::company().await;
    let list = read(&world.state, "/api/v1/uptime").await;
    let mut windows = 0;
    for monitor in list["monitors"].as_array().expect("a list") {
        for (name, window) in monitor["uptime"].as_object().expect("windows by name") {
            let shares: Vec<_> = window["shares"].as_object().expect("shares by name").values().collect();
            let percent: f64 = shares.iter().filter_map(|share| share["percent"].as_f64()).sum();
            let ms: u64 = shares.iter().filter_map(|share| share["ms"].as_u64()).sum();
            assert_eq!(shares.len(), 6);
            assert!((percent - 100.0).abs() < 1e-9, "{name} of {monitor}");
            assert_eq!(Some(ms), window["window_ms"].as_u64(), "{name} of {monitor}");
            windows += 1;
        }
    }
    assert_eq!(windows, company().len() * 4);
}

#[tokio::test]
async fn a_blink_in_ninety_days_is_no_hundred_percent() {
    let world = World::empty().await;
    let blink =
        Outage::status(500, Duration::from_secs(86_400 * 40), "500").ended(Duration::from_secs(86_400 * 40 - 1));
    world.play(&[Story::well("api", "GET http://127.0.0.1/", 5).outage(blink)]).await;
    let windows = read(&world.state, "/api/v1/monitors/api").await["uptime"].clone();
    assert_eq!(windows["30d"]["text"], "100 %");
    assert_eq!(windows["90d"]["text"], "99.99 %");
    assert!(windows["90d"]["percent"].as_f64().is_some_and(|percent| percent < 100.0));
}

#[tokio::test]
async fn a_new_monitor_has_no_past_and_no_number_for_it() {
    let world = World::empty().await;
    let enlistment = allswell_monitor::store::Enlistment {
        name: "new".to_owned(),
        kind: "tcp".to_owned(),
        target: "tcp 127.0.0.1:1".to_owned(),
        interval: Duration::from_secs(60),
        tags: Vec::new(),
        group: None,
        paused: false,
        renamed_from: None,
    };
    world.state.store.enlist(vec![enlistment], NOW).await.expect("the store writes");
    insta::assert_snapshot!(pretty(&read(&world.state, "/api/v1/monitors/new").await));
    assert_eq!(read(&world.state, "/api/v1/monitors/new/results").await["results"], serde_json::json!([]));
}

#[tokio::test]
async fn incidents_can_be_narrowed() {
    let world = World::company().await;
    let ids = async |query: &str| {
        let list = read(&world.state, &format!("/api/v1/incidents{query}")).await;
        let rows = list["incidents"].as_array().expect("a list").clone();
        rows.iter().map(|row| row["id"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, ["1-4", "3-2", "4-2", "5-2", "1-2", "2-2"], "newest first");
    assert_eq!(ids("?open=true").await, ["1-4", "4-2", "5-2"]);
    assert_eq!(ids("?monitor=payments-api").await, ["1-4", "1-2"]);
    assert_eq!(ids("?monitor=1&open=true&limit=5").await, ["1-4"]);
    assert_eq!(ids("?limit=1").await, ["1-4"]);
}

#[tokio::test]
async fn an_incident_has_its_timeline_and_evidence() {
    let world = World::company().await;
    insta::assert_snapshot!(pretty(&read(&world.state, "/api/v1/incidents/1-4").await));
}

#[tokio::test]
async fn deliveries_are_found_by_channel_monitor_incident_and_state() {
    let world = World::company().await;
    let all = read(&world.state, "/api/v1/deliveries").await["deliveries"].as_array().unwrap().clone();
    let incident = all.iter().find(|row| row["monitor"] == "payments-api").unwrap()["incident"].as_str().unwrap();
    for (query, field, value) in [
        ("channel=pager".to_owned(), "channel", "pager"),
        ("monitor=payments-api".to_owned(), "monitor", "payments-api"),
        (format!("incident={incident}"), "incident", incident),
        ("state=refused".to_owned(), "state", "refused"),
        ("state=sent".to_owned(), "state", "sent"),
    ] {
        let found = read(&world.state, &format!("/api/v1/deliveries?{query}")).await["deliveries"].clone();
        let expected: Vec<_> = all.iter().filter(|row| row[field] == value).cloned().collect();
        assert!(!expected.is_empty() && expected.len() < all.len(), "{query}");
        assert_eq!(found, Value::from(expected), "{query}");
    }
    let none = read(&world.state, "/api/v1/deliveries?channel=pager&monitor=payments-api").await;
    assert_eq!(none["deliveries"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn deliveries_say_who_was_told_and_who_was_not() {
    let world = World::company().await;
    let list = read(&world.state, "/api/v1/deliveries?limit=2").await;
    insta::assert_snapshot!(pretty(&list));
}
