//! Vectors about status, kills and waits.

use std::time::Duration;

use allswell_core::Mono;
use allswell_core::kubelet::action::{self, RestartPolicy, Sidecar};
use allswell_core::kubelet::crash_loop::{CrashLoop, Limits};
use allswell_core::kubelet::grace::{self, Why};
use allswell_core::kubelet::status::{self, Facts, Phase, Probed};
use allswell_core::kubelet::worker::{Cached, Kind, Spec};
use serde_json::Value;

fn at(seconds: u64) -> Mono {
    Mono::after(Duration::from_secs(seconds))
}

/// `None` when the vector says nothing about such a probe.
fn probed(input: &Value, worker: &str, result: &str) -> Probed {
    match (&input[result], input[worker].as_bool()) {
        (Value::String(word), _) => Probed::Present(Some(cached(word))),
        (_, Some(true)) => Probed::Present(None),
        _ => Probed::Absent,
    }
}

fn cached(word: &str) -> Cached {
    match word {
        "Success" => Cached::Success,
        "Failure" => Cached::Failure,
        other => panic!("no result `{other}`"),
    }
}

pub fn container_ready(vector: &Value) {
    let (input, expected) = (&vector["input"], &vector["expected"]);
    let (started, ready) = match input["case"].as_str() {
        Some("init-started") => (status::started(true, Probed::Absent), status::init_ready(None)),
        Some("init-terminated-ok") => (status::started(false, Probed::Absent), status::init_ready(Some(0))),
        Some("sidecar-started") => both(true, Probed::Absent, Probed::Absent),
        Some("sidecar-terminated") => both(false, Probed::Absent, Probed::Absent),
        Some("sidecar-not-started") => both(true, Probed::Present(Some(Cached::Unknown)), Probed::Absent),
        Some(other) => panic!("no case `{other}`"),
        None => {
            let startup = probed(input, "startupWorker", "startupResult");
            let readiness = probed(input, "readinessWorker", "readinessResult");
            both(input["state"] != "Terminated", startup, readiness)
        }
    };
    assert_eq!(Some(ready), expected["ready"].as_bool(), "{}", vector["id"]);
    if let Some(expected) = expected["started"].as_bool() {
        assert_eq!(started, expected, "{}", vector["id"]);
    }
}

fn both(running: bool, startup: Probed, readiness: Probed) -> (bool, bool) {
    (status::started(running, startup), status::ready(running, startup, readiness))
}

pub fn pod_ready(vector: &Value) {
    let (input, expected) = (&vector["input"], &vector["expected"]);
    let names =
        |key: &str| -> Vec<&str> { input[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect() };
    let statuses: Vec<(&str, bool)> = names("ready")
        .into_iter()
        .map(|name| (name, true))
        .chain(names("notReady").into_iter().map(|n| (n, false)))
        .collect();
    let containers = names("containers").into_iter().chain(statuses.iter().map(|(name, _)| *name)).collect();
    let facts = Facts {
        phase: if input["phase"] == "Succeeded" { Phase::Succeeded } else { Phase::Running },
        containers,
        statuses: input.get("containerStatuses").is_none_or(|statuses| !statuses.is_null()).then_some(statuses),
        gates: names("readinessGates").into_iter().map(|gate| (gate, input["conditions"][gate].as_str())).collect(),
    };
    let condition = status::pod_ready(&facts);
    assert_eq!(condition.holds, expected["status"] == "True", "{}", vector["id"]);
    assert_eq!(expected["reason"].as_str(), Some(condition.reason), "{}", vector["id"]);
    assert_eq!(expected["message"].as_str(), Some(condition.message.as_str()), "{}", vector["id"]);
}

pub fn endpoint(vector: &Value) {
    let flag = |value: &Value, key: &str| value[key].as_bool().expect("a flag");
    let (input, expected) = (&vector["input"], &vector["expected"]);
    let endpoint =
        status::endpoint(flag(input, "podReady"), flag(input, "publishNotReadyAddresses"), flag(input, "terminating"));
    let is = (endpoint.ready, endpoint.serving, endpoint.terminating);
    let wanted = (flag(expected, "ready"), flag(expected, "serving"), flag(expected, "terminating"));
    assert_eq!(is, wanted, "{}", vector["id"]);
}

pub fn grace(vector: &Value) {
    let input = &vector["input"];
    let spec = |key: &str| input[key].as_i64().map(|grace_s| Spec { grace_s: Some(grace_s), ..Spec::default() });
    let why = match input["reason"].as_str() {
        Some("LivenessProbe") => Why::Probe(Kind::Liveness),
        Some("StartupProbe") => Why::Probe(Kind::Startup),
        _ => Why::Other,
    };
    let period = grace::period(input["pod"].as_i64(), spec("liveness").as_ref(), spec("startup").as_ref(), why);
    assert_eq!(vector["expected"]["seconds"].as_u64(), Some(period.as_secs()), "{}", vector["id"]);
}

pub fn crash_loop(vector: &Value) {
    let (input, expected) = (&vector["input"], &vector["expected"]);
    let seconds = |key: &str| Duration::from_secs(input[key].as_u64().expect("seconds"));
    match vector["id"].as_str().expect("an id") {
        "backoff-series" => {
            let mut waits = CrashLoop::new(plain(seconds("initial"), seconds("max")));
            let mut delays = Vec::new();
            for step in 0..input["steps"].as_u64().expect("a number") {
                delays.push(waits.delay().as_secs());
                waits.step(at(step), at(step));
            }
            assert_eq!(expected["delays"], Value::from(delays));
        }
        "backoff-highwater" => {
            let mut waits = CrashLoop::new(plain(seconds("initial"), seconds("max")));
            for step in 0..5 {
                waits.step(at(step), at(step));
            }
            let later = at(4) + seconds("idleSeconds");
            waits.step(later, later);
            assert_eq!(expected["delay"].as_u64(), Some(waits.delay().as_secs()));
        }
        "dobackoff-running" | "dobackoff-first-exit" => {
            assert_eq!(expected["inBackOff"], false);
            assert_eq!(CrashLoop::default().waits_until(at(100), at(100)), None);
        }
        "dobackoff-in" => {
            let entry = seconds("backoffEntrySeconds");
            let mut waits = CrashLoop::new(plain(entry, entry));
            waits.step(at(99), at(99));
            assert_eq!(waits.waits_until(at(100), at(100)), Some(at(101)));
            assert_eq!(expected["until"], "finishedAt+1s");
        }
        _ => {
            let reduced = input["ReduceDefaultCrashLoopBackOffDecay"].as_bool().expect("a flag");
            let limits = Limits::of_node(Some(seconds("maxContainerRestartPeriodSeconds")), reduced);
            assert_eq!(expected["maxSeconds"].as_u64(), Some(limits.longest.as_secs()), "{}", vector["id"]);
            assert_eq!(expected["initialSeconds"].as_u64(), Some(limits.first.as_secs()), "{}", vector["id"]);
        }
    }
}

/// `flowcontrol.Backoff` by itself forgets after twice its longest wait.
fn plain(first: Duration, longest: Duration) -> Limits {
    Limits { first, longest, expiry: longest * 2 }
}

pub fn action(vector: &Value) {
    let input = &vector["input"];
    let result = |key: &str| input[key].as_str().map(cached);
    let kill = action::kill(result("livenessResult"), result("startupResult"), RestartPolicy::Always).expect("a kill");
    assert!(kill.restart, "{}", vector["id"]);
    let message = action::kill_message("NAME", kill.by, false);
    assert_eq!(vector["expected"]["message_from_code"].as_str(), Some(message.as_str()));
}

pub fn sidecar(vector: &Value) {
    let case = vector["input"]["case"].as_str().expect("a case");
    let (startup, liveness) = match case {
        "startupProbe has not been run" | "startupProbe in progress" => (Some(Cached::Unknown), None),
        "startupProbe has completed" => (Some(Cached::Success), None),
        "startup check failed" => (Some(Cached::Failure), None),
        "livenessProbe has not been run" => (None, Some(Cached::Success)),
        "liveness check failed" => (None, Some(Cached::Failure)),
        other => panic!("no case `{other}`"),
    };
    let wanted = match vector["expected"]["action"].as_str().expect("an action") {
        "do nothing" => Sidecar::Wait,
        // Liveness does not gate: what comes next is decided by startup alone.
        "start the next" | "start nothing else because of it" => Sidecar::StartNext,
        "kill and recreate the sidecar" => Sidecar::Recreate,
        other => panic!("no action `{other}`"),
    };
    assert_eq!(action::sidecar(startup, liveness), wanted, "{case}");
}
