//! The shared kubelet cases that read manifests, speak to servers or run commands.
//!
//! The other kinds are run in `crates/core/tests/kubelet_vectors.rs`.

mod vectors {
    pub mod apiserver;
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
