//! Vectors about one worker.

use std::time::Duration;

use allswell_core::kubelet::action::{RestartPolicy, RestartRule, will_restart};
use allswell_core::kubelet::ticker::Ticker;
use allswell_core::kubelet::worker::{Answer, Cached, Container, Kind, Look, Spec, State, View, Worker};
use allswell_core::{Mono, Wall};
use serde_json::Value;

const NOW: Wall = Wall::from_ms(1_700_000_000_500);
const LONG_AGO: Wall = Wall::from_ms(0);

fn kind(name: &str) -> Kind {
    let name = name.to_ascii_lowercase();
    *Kind::ALL.iter().find(|kind| kind.as_str() == name).unwrap_or_else(|| panic!("no kind `{name}`"))
}

fn int(value: &Value, key: &str, default: i32) -> i32 {
    value[key].as_i64().map_or(default, |n| i32::try_from(n).expect("small"))
}

fn spec(input: &Value) -> Spec {
    Spec {
        initial_delay_s: int(input, "initialDelaySeconds", 0),
        success_threshold: int(input, "successThreshold", 1),
        failure_threshold: int(input, "failureThreshold", 1),
        ..Spec::default()
    }
}

fn policy(name: &str) -> RestartPolicy {
    match name {
        "Always" => RestartPolicy::Always,
        "OnFailure" => RestartPolicy::OnFailure,
        "Never" => RestartPolicy::Never,
        other => panic!("no restart policy `{other}`"),
    }
}

fn answer(letter: &str) -> Answer {
    match letter.chars().next() {
        Some('S') => Answer::Success,
        Some('F') => Answer::Failure,
        Some('W') => Answer::Warning,
        Some('E') => Answer::Error,
        _ => panic!("no answer `{letter}`"),
    }
}

fn result(word: &str) -> Cached {
    match word {
        "Success" => Cached::Success,
        "Failure" => Cached::Failure,
        "Unknown" | "UNKNOWN" => Cached::Unknown,
        other => panic!("no result `{other}`"),
    }
}

fn running(age: Duration, started: bool) -> View {
    let container = Container { id: 1, state: State::Running { started_at: NOW - age }, started, sidecar: false };
    View { over: false, stopping: false, container: Some(container) }
}

/// One vector that describes a single look.
pub fn worker(vector: &Value) {
    let (id, input, expected) = (vector["id"].as_str().expect("an id"), &vector["input"], &vector["expected"]);
    let kinds: Vec<Kind> = match input["probeType"].as_str() {
        Some(name) => vec![kind(name)],
        None => Kind::ALL.to_vec(),
    };
    for kind in kinds {
        let view = view(input, kind);
        let mut worker = Worker::new(kind, spec(input), kubelet_start(input));
        let look = worker.look(NOW, &view);
        let probed = look == Look::Probe;
        if probed {
            worker.finish(Answer::Success);
        }
        let cached = worker.cached(1);
        let continues = match &expected["continue"] {
            Value::Object(each) => each[kind.as_str()].as_bool(),
            other => other.as_bool(),
        };
        if let Some(continues) = continues {
            assert_eq!(look != Look::End, continues, "{id} {kind:?}");
        }
        if let Some(set) = expected["resultSet"].as_bool() {
            // A pod being deleted stops liveness and startup with a success; readiness is asked and succeeds.
            assert_eq!(cached.is_some(), set, "{id} {kind:?}");
        }
        if let Some(word) = expected["result"].as_str() {
            assert_eq!(cached, Some(result(word)), "{id} {kind:?}");
        }
        if let Some(expected) = expected["probed"].as_bool() {
            assert_eq!(probed, expected, "{id} {kind:?}");
        }
    }
}

fn kubelet_start(input: &Value) -> Wall {
    match input["containerStartedBeforeKubelet"].as_bool() {
        Some(true) => NOW,
        _ => LONG_AGO,
    }
}

fn view(input: &Value, kind: Kind) -> View {
    if input.get("podStatus").is_some_and(Value::is_null) || input["containerStatus"] == "other name only" {
        return View { over: false, stopping: false, container: None };
    }
    let age = input["containerAgeSeconds"].as_u64().unwrap_or(match input["containerStartedBeforeKubelet"].as_bool() {
        Some(true) => 60,
        _ => 0,
    });
    let sidecar = input["sidecar"].as_bool().unwrap_or(false);
    let started = input["started"].as_bool().unwrap_or(kind != Kind::Startup);
    let container = Container { id: 1, state: state(input, age, sidecar), started, sidecar };
    View {
        over: input["phase"] == "Failed",
        stopping: input["deletionTimestamp"].as_bool().unwrap_or(false),
        container: Some(container),
    }
}

fn state(input: &Value, age: u64, sidecar: bool) -> State {
    if let Some(code) = input["exitCode"].as_i64() {
        let rules: Vec<RestartRule> = input["rules"].as_array().into_iter().flatten().map(rule).collect();
        let name = input["containerRestartPolicy"].as_str().expect("a policy");
        let code = i32::try_from(code).expect("small");
        return State::Terminated { restarts: will_restart(policy(name), &rules, code) };
    }
    match input["state"].as_str() {
        Some("Waiting") => State::Waiting,
        Some("Terminated") => {
            let of_pod = policy(input["podRestartPolicy"].as_str().expect("a policy"));
            State::Terminated { restarts: will_restart(if sidecar { RestartPolicy::Always } else { of_pod }, &[], 1) }
        }
        _ => State::Running { started_at: NOW - Duration::from_secs(age) },
    }
}

fn rule(rule: &Value) -> RestartRule {
    let codes = rule["exitCodesIn"].as_array().expect("codes").iter();
    let exit_codes = codes.map(|code| i32::try_from(code.as_i64().expect("a code")).expect("small")).collect();
    RestartRule { exit_codes, is_in: true }
}

/// A worker that is led through steps.
struct Led {
    worker: Worker,
    view: View,
    asked: u32,
}

impl Led {
    fn new(kind: Kind, spec: Spec, started: bool) -> Self {
        Self { worker: Worker::new(kind, spec, LONG_AGO), view: running(Duration::ZERO, started), asked: 0 }
    }

    fn id(&self) -> u64 {
        self.view.container.expect("always set").id
    }

    /// One look; what is asked gives `answer`, again and again as long as it is an error.
    fn look(&mut self, answer: Answer) -> Look {
        let look = self.worker.look(NOW, &self.view);
        self.asked = 0;
        if look == Look::Probe {
            self.asked = match answer {
                Answer::Error => allswell_core::kubelet::worker::ATTEMPTS_MAX,
                _ => 1,
            };
            self.worker.finish(answer);
        }
        look
    }

    fn renew(&mut self) {
        let container = self.view.container.as_mut().expect("always set");
        container.id += 1;
        container.state = State::Running { started_at: NOW };
    }
}

/// One vector of several looks in a row.
pub fn sequence(vector: &Value) {
    let (id, input, expected) = (vector["id"].as_str().expect("an id"), &vector["input"], &vector["expected"]);
    let kind = kind(input["probeType"].as_str().expect("a kind"));
    let mut led = Led::new(kind, spec(input), kind != Kind::Startup);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let steps = if input["steps"].is_array() { list(&input["steps"]) } else { list(&input["probe"]) };
    let results = list(&expected["result"]);
    assert_eq!(steps.len(), results.len(), "{id}");
    let (runs, holds) = (list(&input["resultRun"]), list(&expected["onHold"]));
    for (index, step) in steps.iter().enumerate() {
        take_step(&mut led, step.as_str().expect("a step"));
        if let Some(word) = results[index].as_str() {
            assert_eq!(led.worker.cached(led.id()), Some(result(word)), "{id} step {index}");
        }
        if let Some(run) = runs.get(index).and_then(Value::as_u64) {
            assert_eq!(u64::from(led.worker.run()), run, "{id} step {index}");
        }
        if let Some(hold) = holds.get(index).and_then(Value::as_bool) {
            assert_eq!(led.worker.is_on_hold(), hold, "{id} step {index}");
        }
    }
    if input["then"] == "onHold, resultRun=0" {
        assert!(led.worker.is_on_hold() && led.worker.run() == 0, "{id}");
    }
}

fn take_step(led: &mut Led, step: &str) {
    let started = |led: &mut Led, started| led.view.container.as_mut().expect("always set").started = started;
    match step {
        "new containerID" => led.renew(),
        "started=true" => started(led, true),
        "F while started=false" => {
            started(led, false);
            led.look(Answer::Failure);
        }
        letter => {
            led.look(answer(letter));
        }
    }
}

/// One vector taken from a run of the kubelet's own worker.
pub fn measured(vector: &Value) {
    let (input, expected) = (&vector["input"], &vector["expected"]);
    if expected["startsMs"].is_array() {
        return ticks(expected);
    }
    if expected["ageMs"].is_u64() {
        return delay(vector);
    }
    let id = vector["id"].as_str().expect("an id");
    let kind = kind(input["probeType"].as_str().expect("a kind"));
    let mut led = Led::new(kind, spec(input), input["startedInitially"].as_bool().expect("a flag"));
    for (index, step) in expected["steps"].as_array().expect("steps").iter().enumerate() {
        let op = step["op"].as_str().expect("an op");
        let look = match op {
            "newid" => {
                led.renew();
                continue;
            }
            "delete" => {
                led.view.stopping = true;
                continue;
            }
            "exit" => {
                led.view.container.as_mut().expect("always set").state = State::Terminated { restarts: true };
                led.look(Answer::Success)
            }
            letter => led.look(answer(letter)),
        };
        let is = (look != Look::End, led.worker.run(), led.worker.is_on_hold(), led.asked);
        let number = |key: &str| u32::try_from(step[key].as_u64().expect("a number")).expect("small");
        let flag = |key: &str| step[key].as_bool().expect("a flag");
        let wanted = (flag("continue"), number("resultRun"), flag("onHold"), number("probeCalls"));
        assert_eq!(is, wanted, "{id} step {index} {op}: continue, resultRun, onHold, probeCalls");
        let wanted = step["result"].as_str().expect("a result");
        assert_eq!(led.worker.cached(led.id()), Some(result(wanted)), "{id} step {index} {op}");
    }
}

fn delay(vector: &Value) {
    let expected = &vector["expected"];
    let age = Duration::from_millis(expected["ageMs"].as_u64().expect("checked"));
    let spec = Spec { initial_delay_s: 2, failure_threshold: 1, ..Spec::default() };
    let mut worker = Worker::new(Kind::Readiness, spec, LONG_AGO);
    assert_eq!(expected["wallFractionMs"].as_i64(), Some(NOW.ms() % 1_000));
    let probed = worker.look(NOW, &running(age, true)) == Look::Probe;
    if probed {
        worker.finish(Answer::Success);
    }
    assert_eq!(Some(probed), expected["probed"].as_bool(), "{}", vector["id"]);
    assert_eq!(worker.cached(1), expected["result"].as_str().map(result), "{}", vector["id"]);
}

/// The measured moments carry a millisecond of the machine they were measured on.
fn ticks(expected: &Value) {
    let mut ticker = Ticker::new(Mono::default(), Duration::from_secs(1));
    let mut now = Mono::default();
    for (index, measured_ms) in expected["startsMs"].as_array().expect("checked").iter().enumerate() {
        if index > 0 {
            now = ticker.next().max(now + Duration::from_millis(1_500));
            ticker.take(now);
        }
        let ms = u64::try_from(now.since_origin().as_millis()).expect("small");
        assert!(measured_ms.as_u64().expect("a number").abs_diff(ms) <= 1, "{index}: {ms} and {measured_ms}");
    }
}

/// What `prober.probe` makes of an answer.
pub fn mapping(vector: &Value) {
    let (input, expected) = (&vector["input"], &vector["expected"]);
    let error = input["error"].as_bool().unwrap_or(false);
    let answer = match (input["exec"].as_str(), &input["probe"]) {
        (Some("unknown"), _) if error => Answer::Error,
        (Some("unknown"), _) => Answer::Unknown,
        (Some("success"), _) => Answer::Success,
        (Some("warning"), _) => Answer::Warning,
        (Some("failure"), _) => Answer::Failure,
        // No probe at all is a success; one without a handler cannot be asked.
        (None, Value::Null) => Answer::Success,
        (None, _) => Answer::Error,
        (Some(other), _) => panic!("no answer `{other}`"),
    };
    assert_eq!(Some(answer.result()), expected["result"].as_str().map(result), "{}", vector["id"]);
    assert_eq!(Some(answer == Answer::Error), expected["error"].as_bool(), "{}", vector["id"]);
    assert_eq!(answer == Answer::Warning, expected["event"] == "ProbeWarning", "{}", vector["id"]);
}
