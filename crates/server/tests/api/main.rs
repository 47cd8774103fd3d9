//! The interface and the pages at their door: the whole router over a real store, without a socket.

mod acknowledge;
mod again;
mod console;
mod json;
mod keys;
mod openapi;
mod own;
mod pages;
mod people;
mod problems;
mod reading;
mod status;
mod types;
mod way_in;
mod world;

use allswell_server::api::{ApiState, router};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt as _;

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers are ASCII"))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.body))
    }
}

async fn send(state: &ApiState, request: Request<Body>) -> Answer {
    let response = router(state.clone()).oneshot(request).await.expect("the router never fails");
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 10 << 20).await.expect("the body is in memory");
    let body = String::from_utf8(body.to_vec()).expect("all answers are UTF-8");
    Answer { status: parts.status, headers: parts.headers, body }
}

async fn get(state: &ApiState, path: &str) -> Answer {
    send(state, Request::get(path).body(Body::empty()).expect("a good address")).await
}

/// The document at `path`, which must be there.
async fn read(state: &ApiState, path: &str) -> Value {
    let answer = get(state, path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    assert_eq!(answer.header("content-type"), "application/json", "{path}");
    answer.json()
}

/// For reading and comparing: its keys in the order of the alphabet, whatever features `serde_json` was built with.
fn pretty(value: &Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    serde_json::to_string_pretty(&value).expect("it was JSON")
}
