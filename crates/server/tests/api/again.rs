//! What is asked twice: read again and unchanged, or done once however often it is sent.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

use super::world::World;
use super::{Answer, get, send};

async fn conditional(world: &World, path: &str, known: &str) -> Answer {
    send(&world.state, Request::get(path).header("if-none-match", known).body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let world = World::company().await;
    for path in ["/api/v1/monitors", "/api/v1/incidents", "/api/v1/monitors/1/results", "/api/openapi.json"] {
        let first = get(&world.state, path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.len() == 34, "{path}: {tag}");
        let again = conditional(&world, path, &format!("W/\"other\", {tag}")).await;
        assert_eq!(
            (again.status, again.body.as_str(), again.header("etag")),
            (StatusCode::NOT_MODIFIED, "", &*tag),
            "{path}"
        );
        assert!(!again.header("content-security-policy").is_empty(), "{path}");
        let other = conditional(&world, path, "\"0123\"").await;
        assert_eq!((other.status, &other.body), (StatusCode::OK, &first.body), "{path}");
    }
    let refused = get(&world.state, "/api/v1/monitors/nobody").await;
    assert_eq!(refused.header("etag"), "");
}

#[tokio::test]
async fn a_key_s_answer_cannot_be_given_again() {
    let world = World::empty().await;
    let request =
        Request::post("/api/v1/keys").header("content-type", "application/json").header("idempotency-key", "k1");
    let wish = json!({ "name": "admin", "scopes": ["write"] }).to_string();
    let answer = send(&world.state, request.body(Body::from(wish)).expect("a request")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("kept nowhere"), "{}", answer.body);
    assert!(world.state.keys.is_empty());
}
