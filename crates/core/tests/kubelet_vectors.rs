//! The shared kubelet cases that need no socket: every vector of these kinds is run against the code that ships.
//!
//! The kinds that speak to a server, read a manifest or run a command are run in the `kube` crate.

mod kubelet {
    pub mod e2e;
    pub mod pods;
    pub mod workers;
}

use std::collections::BTreeMap;

use serde_json::Value;

/// Kinds that are run in `crates/kube/tests/vectors.rs`.
const ELSEWHERE: &[&str] = &[
    "http",
    "http-redirect",
    "http-body",
    "url",
    "header",
    "port",
    "exec",
    "tcp",
    "grpc",
    "validation",
    "defaults",
    "measured-http",
    "measured-apiserver",
];

fn run(vector: &Value) -> bool {
    let kind = vector["kind"].as_str().expect("every vector has a kind");
    match kind {
        "worker" => kubelet::workers::worker(vector),
        "worker-sequence" => kubelet::workers::sequence(vector),
        "measured-worker" => kubelet::workers::measured(vector),
        "probe-mapping" => kubelet::workers::mapping(vector),
        "container-ready" => kubelet::pods::container_ready(vector),
        "pod-ready" => kubelet::pods::pod_ready(vector),
        "endpoint" => kubelet::pods::endpoint(vector),
        "grace-period" => kubelet::pods::grace(vector),
        "backoff" => kubelet::pods::crash_loop(vector),
        "pod-action" => kubelet::pods::action(vector),
        "sidecar" => kubelet::pods::sidecar(vector),
        "e2e" => kubelet::e2e::run(vector),
        other => {
            assert!(ELSEWHERE.contains(&other), "nobody runs vectors of kind `{other}`");
            return false;
        }
    }
    true
}

#[test]
fn every_vector_that_needs_no_socket_holds() {
    let text = include_str!("../../../spec/kubelet-vectors.json");
    let file: Value = serde_json::from_str(text).expect("the file is JSON");
    let vectors = file["vectors"].as_array().expect("a list");
    assert_eq!(file["count"].as_u64(), u64::try_from(vectors.len()).ok(), "the file is whole");
    let mut ran: BTreeMap<&str, u32> = BTreeMap::new();
    for vector in vectors {
        if run(vector) {
            *ran.entry(vector["kind"].as_str().expect("a kind")).or_default() += 1;
        }
    }
    assert_eq!(ran.values().sum::<u32>(), 137, "{ran:?}");
}
