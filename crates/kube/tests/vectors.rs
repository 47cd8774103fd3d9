//! The shared kubelet cases that read manifests, speak to servers or run commands.
//!
//! The other kinds are run in `crates/core/tests/kubelet_vectors.rs`.

mod vectors {
    pub mod apiserver;
    pub mod asking;
    pub mod secured;
}

use serde_json::Value;

/// All vectors of one kind; how many there are is checked, so that none is lost.
fn all(kind: &str, count: usize) -> Vec<Value> {
    let text = include_str!("../../../spec/kubelet-vectors.json");
    let file: Value = serde_json::from_str(text).expect("the file is JSON");
    let vectors = file["vectors"].as_array().expect("a list").iter().filter(|vector| vector["kind"] == kind);
    let vectors: Vec<Value> = vectors.cloned().collect();
    assert_eq!(vectors.len(), count, "vectors of kind `{kind}`");
    vectors
}

#[test]
fn the_api_server_s_answers_are_given_word_for_word() {
    all("measured-apiserver", 61).iter().for_each(vectors::apiserver::measured);
}

#[test]
fn what_validation_refuses_is_refused() {
    all("validation", 14).iter().for_each(vectors::apiserver::validation);
}

#[test]
fn defaults_are_filled_in() {
    all("defaults", 2).iter().for_each(vectors::apiserver::defaults);
}

#[test]
fn ports_are_looked_up_in_their_own_container() {
    all("port", 10).iter().for_each(vectors::apiserver::port);
}

macro_rules! asked {
    ($($name:ident: $kind:literal $count:literal $run:path;)+) => {
        $(#[tokio::test]
        async fn $name() {
            for vector in all($kind, $count) {
                $run(&vector).await;
            }
        })+
    };
}

asked! {
    http_is_asked_as_the_kubelet_asks: "http" 31 vectors::asking::http;
    redirects_are_followed_as_the_kubelet_follows_them: "http-redirect" 8 vectors::asking::http_redirect;
    ten_kilobytes_of_a_body_are_read: "http-body" 2 vectors::asking::http_body;
    commands_are_run_as_the_kubelet_runs_them: "exec" 6 vectors::asking::exec;
    connections_are_tried_as_the_kubelet_tries_them: "tcp" 2 vectors::asking::tcp;
    the_health_service_of_grpc_is_asked: "grpc" 5 vectors::asking::grpc;
}

#[tokio::test]
async fn what_was_measured_over_http_is_seen_here_too() {
    for vector in all("measured-http", 47) {
        vectors::asking::measured(&vector).await;
    }
}

#[test]
fn urls_and_headers_are_written_as_the_kubelet_writes_them() {
    all("url", 4).iter().for_each(vectors::asking::url);
    all("header", 2).iter().for_each(vectors::asking::header);
}
