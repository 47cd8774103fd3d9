//! Vectors of the end-to-end suite, played on the virtual clock against models of the suite's apps.

use std::time::Duration;

use allswell_core::kubelet::pod::{Chance, Note, Plan};
use allswell_core::kubelet::simulate::{App, Asking, Run, run as simulate};
use allswell_core::kubelet::worker::{Answer, Kind, Spec};
use serde_json::Value;

const S: fn(u64) -> Duration = Duration::from_secs;

/// An app whose answers are a function.
struct Model<F> {
    answer: F,
    ends_after: Duration,
}

impl<F: FnMut(&Asking) -> (Answer, Duration)> App for Model<F> {
    fn answer(&mut self, asking: &Asking) -> (Answer, Duration) {
        (self.answer)(asking)
    }

    fn ends_after_term(&mut self) -> Option<Duration> {
        Some(self.ends_after)
    }
}

fn plan(input: &Value) -> Plan {
    let spec = |kind: Kind| {
        input.get(kind.as_str()).map(|probe| {
            let number = |key: &str, default| probe[key].as_i64().map_or(default, |n| i32::try_from(n).expect("small"));
            Spec {
                initial_delay_s: number("initialDelaySeconds", 0),
                timeout_s: number("timeoutSeconds", 1),
                period_s: number("periodSeconds", 10),
                failure_threshold: number("failureThreshold", 3),
                success_threshold: 1,
                grace_s: probe["terminationGracePeriodSeconds"].as_i64(),
            }
        })
    };
    Plan {
        startup: spec(Kind::Startup),
        readiness: spec(Kind::Readiness),
        liveness: spec(Kind::Liveness),
        grace_s: Some(input["pod.terminationGracePeriodSeconds"].as_i64().unwrap_or(30)),
        ..Plan::default()
    }
}

/// What the suite's app answers to one asking.
fn answer(id: &str, asking: &Asking) -> (Answer, Duration) {
    let quick = |well: bool| (if well { Answer::Success } else { Answer::Failure }, Duration::from_millis(5));
    match id {
        "e2e-readiness-delay" | "e2e-tcp-liveness-open" | "e2e-grpc-ok" => quick(true),
        "e2e-readiness-fails" | "e2e-exec-background-child" | "e2e-liveness-short-grace" | "e2e-grpc-wrong-port" => {
            quick(false)
        }
        "e2e-exec-liveness-file" | "e2e-http-liveness-10s" | "e2e-monotonic-restarts" | "e2e-redirect-local" => {
            quick(asking.age < S(10))
        }
        "e2e-exec-timeout-liveness" | "e2e-exec-timeout-readiness" => (Answer::Success, S(10)),
        "e2e-redirect-nonlocal" => (Answer::Warning, Duration::from_millis(5)),
        "e2e-startup-fails" => quick(asking.kind == Kind::Liveness),
        "e2e-startup-shields-liveness" => quick(false),
        "e2e-startup-then-liveness" => quick(asking.kind == Kind::Startup && asking.age >= S(10)),
        "e2e-ready-soon-after-startup" => quick(asking.kind == Kind::Readiness || asking.age >= S(32)),
        "e2e-terminating-readiness" | "e2e-terminating-liveness-off" => quick(asking.terminating.is_none()),
        other => panic!("no model for `{other}`"),
    }
}

/// Plays one vector with many phases of the node's clocks.
pub fn run(vector: &Value) {
    for seed in 0..20 {
        play(vector, seed);
    }
}

fn play(vector: &Value, seed: u64) {
    let (id, input, expected) = (vector["id"].as_str().expect("an id"), &vector["input"], &vector["expected"]);
    let mut plan = plan(input);
    // Two vectors say in words what is probed.
    if id == "e2e-readiness-fails" {
        plan.readiness = Some(Spec::default());
    }
    let seconds = |value: &Value| value.as_u64().map(S);
    let terminating = id.starts_with("e2e-terminating");
    let length = [&input["observeSeconds"], &expected["observeSeconds"], &expected["withinSeconds"]];
    let length = length.into_iter().find_map(seconds).unwrap_or(S(900));
    let ends_after = if id == "e2e-terminating-readiness" { S(29) } else { S(20) };
    let mut app = Model {
        answer: |asking: &Asking| answer(id, asking),
        ends_after: if terminating { ends_after } else { Duration::from_millis(100) },
    };
    let played = simulate(&plan, &mut app, Chance::of(seed), length, terminating.then_some(S(40)));
    judge(id, expected, &played, terminating);
}

fn judge(id: &str, expected: &Value, played: &Run, terminating: bool) {
    if let Some(restarts) = expected["restarts"].as_u64() {
        // The suite stops at the restarts it waits for; here the app goes on failing.
        let is = u64::from(played.restarts);
        assert!(if restarts == 0 { is == 0 } else { is >= restarts }, "{id}: {is} restarts, {:?}", played.story);
    }
    if let Some(ready) = expected["ready"].as_bool() {
        let is = if terminating { went_unready_before_its_end(played) } else { played.ready };
        assert_eq!(is, ready, "{id}: {:?}", played.story);
    }
    if let Some(least) = expected["readyAfterSeconds>="].as_u64() {
        // The status keeps whole seconds: up to one second of the delay is lost.
        assert!(played.first_ready().expect("it is well") > S(least - 1), "{id}");
    }
    if let Some(most) = expected["readyWithinSecondsOfStartup"].as_u64() {
        let ready = played.first_ready().expect("it is well");
        let started = played.first(|note| matches!(note, Note::StartupDone)).expect("it is well");
        assert!(ready - started < S(most), "{id}");
        assert!(ready - started < S(1), "{id}: readiness is triggered at once");
    }
    if expected["event_absent"] == "failed liveness probe" {
        assert_eq!(played.kills().count(), 0, "{id}");
    }
    if expected["event"].as_str().is_some_and(|event| event.starts_with("ProbeWarning")) {
        assert_eq!(played.kills().count(), 0, "{id}: a warning is a success");
    }
}

/// Whether it was still held to be ready when it ended.
fn went_unready_before_its_end(played: &Run) -> bool {
    let unready = played.story.iter().find(|h| matches!(h.what, Note::Unready)).map(|h| h.at);
    let end = played.story.iter().find(|h| matches!(h.what, Note::Exited { .. })).map(|h| h.at);
    unready >= end
}
