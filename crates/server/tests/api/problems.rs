//! What cannot be answered is said as a problem document, with the field and the way out.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};

use super::world::World;
use super::{get, pretty, send};

#[tokio::test]
async fn what_is_not_there_is_a_problem_document() {
    let world = World::company().await;
    for path in [
        "/api/v1/nothing",
        "/api/v1/monitors/nobody",
        "/api/v1/monitors/nobody/results",
        "/api/v1/monitors/99/uptime",
        "/api/v1/incidents/1-999",
        "/api/v1/incidents/%3Cscript%3E",
        "/api/v1/monitors/",
        "/nothing",
    ] {
        let answer = get(&world.state, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(answer.json()["status"], 404, "{path}");
        assert!(answer.json()["hint"].is_string(), "{path}");
    }
}

#[tokio::test]
async fn a_bad_parameter_is_named_with_the_way_out() {
    let world = World::company().await;
    let answer = get(&world.state, "/api/v1/monitors/1/results?limit=1001").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    insta::assert_snapshot!(pretty(&answer.json()));
    for path in [
        "/api/v1/groups?limit=5",
        "/api/v1/monitors/1/results?from=yesterday",
        "/api/v1/monitors/1/results?from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z",
        "/api/v1/incidents?open=1",
        "/api/v1/deliveries?limit=0",
        "/api/v1/deliveries?state=lost",
        "/api/v1/uptime?window=1y",
        "/api/v1/monitors/%FF",
    ] {
        let answer = get(&world.state, path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {}", answer.body);
        assert!(answer.json()["field"].is_string(), "{path}: {}", answer.body);
    }
    let unknown = get(&world.state, "/api/v1/incidents?monitor=nobody").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_only_read_says_so_to_who_writes() {
    let world = World::empty().await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        for path in ["/api/v1/uptime", "/plain/", "/health", "/metrics"] {
            let request = Request::builder().method(&method).uri(path).body(Body::empty()).expect("a good address");
            let answer = send(&world.state, request).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert_eq!(answer.header("allow"), "GET,HEAD", "{method} {path}");
            assert_eq!(answer.header("content-type"), "application/problem+json", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn head_answers_as_get_does_without_the_body() {
    let world = World::company().await;
    for path in ["/plain/", "/plain/m/1", "/api/v1/monitors", "/health", "/metrics", "/plain/assets/plain.css"] {
        let request = Request::head(path).body(Body::empty()).expect("a good address");
        let (head, get) = (send(&world.state, request).await, get(&world.state, path).await);
        assert_eq!((head.status, head.header("content-type")), (get.status, get.header("content-type")), "{path}");
        assert_eq!(head.body, "", "{path}");
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_a_problem_and_not_an_empty_list() {
    let world = World::company().await;
    world.state.store.close().await.expect("the store closes");
    for path in ["/api/v1/monitors", "/api/v1/incidents", "/api/v1/deliveries", "/api/v1/uptime"] {
        let answer = get(&world.state, path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}: {}", answer.body);
        assert_eq!(answer.json()["detail"], "the store cannot be read", "{path}");
    }
    let page = get(&world.state, "/plain/").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.header("content-type").starts_with("text/html") && page.body.contains("The store cannot be read."));
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_keep_browsers_safe() {
    let world = World::company().await;
    for path in [
        "/plain/",
        "/plain/m/1",
        "/plain/i/1-4",
        "/api/v1/monitors",
        "/nothing",
        "/health",
        "/metrics",
        "/plain/assets/plain.css",
    ] {
        let answer = get(&world.state, path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert!(!answer.header("cache-control").is_empty(), "{path}");
    }
}
