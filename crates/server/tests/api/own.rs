//! The server's own health and metrics.

use std::time::Duration;

use allswell_core::Now;
use axum::body::Body;
use axum::http::{Request, StatusCode};

use super::world::World;
use super::{get, send};

#[tokio::test]
async fn a_server_that_runs_is_alive_and_ready() {
    let world = World::empty().await;
    for path in ["/health", "/ready"] {
        let answer = get(&world.state, path).await;
        assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"), "{path}");
        assert_eq!(answer.json()["status"], "healthy", "{path}");
    }
}

#[tokio::test]
async fn a_server_that_stops_is_alive_and_not_ready() {
    let world = World::empty().await;
    world.state.health.draining();
    assert_eq!(get(&world.state, "/health").await.status, StatusCode::OK);
    let ready = get(&world.state, "/ready").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!((&ready.json()["status"], &ready.json()["ready"]), (&"unhealthy".into(), &false.into()));
    assert_eq!(ready.json()["reason"], "the server is stopping");
}

#[tokio::test]
async fn a_disk_that_takes_nothing_makes_the_server_unready_and_the_page_says_so() {
    let world = World::company().await;
    let now = world.state.clock.now();
    let earlier = Now { mono: now.mono, wall: now.wall - Duration::from_secs(1) };
    world.state.health.store_failed(earlier);
    let ready = get(&world.state, "/ready").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.json()["checks"]["store"]["status"], "error");
    assert!(get(&world.state, "/plain/").await.body.contains("Allswell itself is in trouble."));
}

#[tokio::test]
async fn metrics_count_what_is_stored() {
    let world = World::company().await;
    let answer = get(&world.state, "/metrics").await;
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    for line in [
        r#"allswell_monitors{status="down"} 1"#,
        r#"allswell_monitors{status="degraded"} 2"#,
        r#"allswell_monitors{status="paused"} 1"#,
        "allswell_incidents_open 3",
        "allswell_outbox_depth 1",
        "allswell_outbox_refused 1",
    ] {
        assert!(answer.body.lines().any(|found| found == line), "{line} in:\n{}", answer.body);
    }
    assert!(!answer.body.contains("payments"), "no names of monitors");
}

#[tokio::test]
async fn metrics_come_in_the_format_that_is_asked_for() {
    let world = World::empty().await;
    let request = Request::get("/metrics").header("accept", "application/openmetrics-text; version=1.0.0");
    let answer = send(&world.state, request.body(Body::empty()).expect("a good request")).await;
    assert_eq!(answer.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(answer.body.ends_with("# EOF\n"));
}

#[tokio::test]
async fn metrics_outlast_the_store() {
    let world = World::company().await;
    assert!(get(&world.state, "/metrics").await.body.contains(r#"allswell_monitors{status="down"} 1"#));
    world.state.store.close().await.expect("the store closes");
    let answer = get(&world.state, "/metrics").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("process_resident_memory_bytes"));
}
