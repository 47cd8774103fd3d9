//! The pages: what they say, how small they are, and that what strangers wrote stays text.

use std::time::Duration;

use allswell_core::Reason;
use allswell_core::uptime::Presence;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

use super::world::{Outage, Story, World};
use super::{get, send};

/// A text that would be a script, a broken attribute, a bell, and a line that reads backwards.
const HOSTILE: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>\u{7}\u{202e}gnp.exe";

#[tokio::test]
async fn the_overview_says_what_is_wrong_first() {
    let world = World::company().await;
    let page = get(&world.state, "/plain/").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.body.contains("<title>(1 down) Allswell</title>"));
    let place = |text: &str| page.body.find(text).unwrap_or_else(|| panic!("no `{text}` in {}", page.body));
    let order = [
        "1 down, 2 degraded, 1 without data",
        "The app says database failed (timed out after 5 s), redis is ok; version 1.42.0 first seen 38 s before.",
        "told: ops; not yet hook",
        "It answered, but took 1.8 s.",
        "The certificate ends in 6 days.",
        "We could not ask, so nothing is known: our resolver 10.0.0.2 does not answer.",
        "<table",
        "checkout-api",
        "legacy-soap",
        "tried 1 time, again in 12 s",
    ];
    assert!(order.map(place).is_sorted(), "{:?}", order.map(place));
}

#[tokio::test]
async fn when_all_is_well_the_overview_is_calm() {
    let world = World::empty().await;
    world.play(&[Story::well("api", "GET http://127.0.0.1/", 5)]).await;
    let page = get(&world.state, "/plain/").await.body;
    assert!(page.contains("<title>Allswell</title>") && page.contains("<h1>All&#39;s well</h1>"), "{page}");
    assert!(page.contains("1 of 1 monitor is up."), "{page}");
    assert!(!page.contains("Needs attention") && !page.contains("Who was told"), "{page}");
}

#[tokio::test]
async fn an_empty_overview_says_what_to_do() {
    let world = World::empty().await;
    let page = get(&world.state, "/plain/").await.body;
    assert!(page.contains("Nothing is watched yet") && page.contains("allswell serve https://"), "{page}");
}

#[tokio::test]
async fn a_monitor_has_its_phases_checks_certificate_evidence_and_results() {
    let world = World::company().await;
    for path in ["/plain/m/1", "/plain/m/payments-api"] {
        let page = get(&world.state, path).await;
        assert_eq!(page.status, StatusCode::OK);
        for text in [
            "<title>Down: payments-api · Allswell</title>",
            "First byte<b",
            "</svg>database</span>",
            "timed out after 5 s · 5.0 s",
            "version 1.42.0 · release 3f2c1ab · HTTP/2 from 203.0.113.7:443",
            "61 days left",
            "issued by ISRG Root X1",
            "HTTP/1.1 503 Service Unavailable",
            "database: timed out after 5 s",
            "4 checks ok",
            "href=\"../i/1-4\"",
        ] {
            assert!(page.body.contains(text), "no `{text}` in {}", page.body);
        }
    }
}

#[tokio::test]
async fn an_incident_tells_what_happened_in_order() {
    let world = World::company().await;
    let page = get(&world.state, "/plain/i/1-4").await.body;
    for text in ["<title>Down: payments-api · Allswell</title>", "<b>Opened</b>", "<b>Told</b>", "not yet", "***"] {
        assert!(page.contains(text), "no `{text}` in {page}");
    }
    let over = get(&world.state, "/plain/i/3-2").await.body;
    assert!(
        over.contains("<title>Over: cart-api · Allswell</title>") && over.contains("<b>Over</b> lasted 2 m"),
        "{over}"
    );
    assert!(!over.contains("http-equiv"), "what is over does not change");
}

#[tokio::test]
async fn what_strangers_wrote_stays_text() {
    let world = World::empty().await;
    let detail = json!({"message": HOSTILE, "address": HOSTILE, "health": {
        "format": "plain", "status": "error", "version": HOSTILE, "release_id": null, "detail": HOSTILE,
        "checks": [{"name": HOSTILE, "status": "error", "message": HOSTILE, "response_time_ms": -1e308}]}});
    let evidence = json!({"answer": HOSTILE, "detail": detail, "said": {
        "status_line": HOSTILE, "headers": [[HOSTILE, HOSTILE]], "body": HOSTILE, "body_truncated": true}});
    let outage = Outage {
        detail: Some(detail.to_string()),
        evidence: evidence.to_string(),
        ..Outage::status(500, Duration::from_secs(600), HOSTILE)
    };
    world.play(&[Story::well(HOSTILE, HOSTILE, 5).outage(outage)]).await;
    for path in ["/plain/", "/plain/m/1", "/plain/i/1-2"] {
        let page = get(&world.state, path).await.body;
        assert!(page.contains("&#60;script&#62;alert(1)"), "{path} shows it: {page}");
        assert!(!page.contains("<script") && !page.contains("<img"), "{path}: {page}");
        assert!(!page.contains('\u{7}') && !page.contains('\u{202e}'), "{path}: {page}");
        assert!(page.contains("⟨0007⟩⟨202E⟩"), "{path}: {page}");
    }
    let found = get(&world.state, "/api/v1/monitors/1").await.json();
    assert_eq!(found["name"], HOSTILE, "programs get it as it is");
}

#[tokio::test]
async fn a_detail_that_is_no_detail_breaks_nothing() {
    let world = World::empty().await;
    let broken = ["", "null", "[1,2", "{\"health\":{\"checks\":7}}", "\"text\""];
    let stories: Vec<Story> = broken
        .iter()
        .enumerate()
        .map(|(index, detail)| {
            let outage = Outage {
                detail: Some((*detail).to_owned()),
                evidence: (*detail).to_owned(),
                ..Outage::status(500, Duration::from_secs(600), "")
            };
            Story::well(&format!("m{index}"), "GET http://127.0.0.1/", 5).outage(outage)
        })
        .collect();
    world.play(&stories).await;
    for id in 1..=broken.len() {
        for path in [format!("/plain/m/{id}"), format!("/plain/i/{id}-2"), format!("/api/v1/monitors/{id}/results")] {
            assert_eq!(get(&world.state, &path).await.status, StatusCode::OK, "{path}");
        }
    }
}

#[tokio::test]
async fn a_hundred_monitors_fit_into_forty_kilobytes() {
    let world = World::empty().await;
    let stories: Vec<Story> = (0..100).map(busy_story).collect();
    world.play(&stories).await;
    let page = get(&world.state, "/plain/").await;
    assert_eq!(page.body.matches("<tr class=").count(), 100);
    assert!(page.body.len() < 40_000, "{} bytes", page.body.len());
}

/// Names and addresses as long as they usually are; each tenth has seen trouble.
fn busy_story(index: u64) -> Story {
    let name = format!("checkout-service-{index}");
    let story = Story::well(&name, &format!("GET https://{name}.acme.example/ready"), 20 + index);
    match index % 10 {
        0 => {
            story.outage(Outage::status(503, Duration::from_secs(3_600 + index), "503").ended(Duration::from_secs(300)))
        }
        5 => story.outage(Outage {
            presence: Presence::Degraded,
            reason: Reason::Slow,
            latency: Duration::from_secs(2),
            ..Outage::status(200, Duration::from_secs(600 + index), "it answered, but took 2.0 s")
        }),
        _ => story,
    }
}

#[tokio::test]
async fn more_monitors_come_on_more_pages() {
    let world = World::empty().await;
    let stories: Vec<Story> =
        (0..101).map(|index| Story::well(&format!("m{index}"), "GET http://127.0.0.1/", 5)).collect();
    world.play(&stories).await;
    let first = get(&world.state, "/plain/").await.body;
    assert!(first.contains("1–100 of 101") && first.contains("?page=2") && !first.contains(">m100<"), "{first}");
    let second = get(&world.state, "/plain/?page=2").await.body;
    assert!(second.contains("101–101 of 101") && second.contains("?page=1") && second.contains(">m100<"), "{second}");
    assert_eq!(get(&world.state, "/plain/?page=9").await.status, StatusCode::OK);
    assert_eq!(get(&world.state, "/plain/?page=0").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_page_reads_itself_again_once_one_follows_it() {
    let world = World::company().await;
    for path in ["/plain/", "/plain/m/1", "/plain/i/1-4"] {
        let held = get(&world.state, path).await.body;
        assert!(!held.contains("http-equiv") && held.contains("href=\"?follow=true\">follow</a>"), "{path}");
        let follows = get(&world.state, &format!("{path}?follow=true")).await.body;
        assert!(follows.contains("http-equiv=\"refresh\"") && follows.contains("href=\"?\">hold</a>"), "{path}");
    }
    let second = get(&world.state, "/plain/?page=2").await.body;
    assert!(second.contains("href=\"?page=2&#38;follow=true\""), "{second}");
}

#[tokio::test]
async fn an_incident_outlasts_its_monitor() {
    let world = World::company().await;
    world.state.store.enlist(Vec::new(), super::world::NOW).await.expect("the store writes");
    let page = get(&world.state, "/plain/i/1-4").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("payments-api") && !page.body.contains("href=\"../m/1\""), "{}", page.body);
}

#[tokio::test]
async fn who_is_lost_finds_a_page_with_the_way_back() {
    let world = World::empty().await;
    let request = Request::get("/some/where").header("accept", "text/html,*/*").body(Body::empty());
    let page = send(&world.state, request.expect("a good request")).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(
        page.body.contains("There is nothing at /some/where.") && page.body.contains("href=\"../plain/assets/"),
        "{}",
        page.body
    );
    for path in ["/plain/m/nobody", "/plain/i/7-7", "/plain/m/%FF"] {
        let page = get(&world.state, path).await;
        assert!(page.status.is_client_error() && page.header("content-type").starts_with("text/html"), "{path}");
        assert!(page.body.contains("To the overview"), "{path}");
    }
}

#[tokio::test]
async fn the_style_sheet_is_kept_for_good_under_its_version_only() {
    let world = World::empty().await;
    let page = get(&world.state, "/plain/").await.body;
    let from = page.find("assets/plain.css?v=").expect("the page names its style sheet");
    let path = format!("/plain/{}", page[from..].split('"').next().expect("an attribute ends"));
    let sheet = get(&world.state, &path).await;
    assert_eq!(sheet.header("content-type"), "text/css; charset=utf-8");
    assert!(sheet.header("cache-control").contains("immutable"));
    assert_eq!(get(&world.state, "/plain/assets/plain.css").await.header("cache-control"), "no-cache");
    let known =
        Request::get("/plain/assets/plain.css").header("if-none-match", sheet.header("etag")).body(Body::empty());
    assert_eq!(send(&world.state, known.expect("a good request")).await.status, StatusCode::NOT_MODIFIED);
    assert!(!sheet.body.contains("http:") && !sheet.body.contains("@import"), "nothing from elsewhere");
}
