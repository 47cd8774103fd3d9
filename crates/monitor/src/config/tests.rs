//! The configuration at its door.

use std::ffi::OsString;
use std::path::Path;

use super::*;

mod wrong;

/// The text of a configuration as people are shown it.
pub(super) const EXAMPLE: &str = r#"
defaults: { interval: 60s, timeout: 5s, failure_threshold: 2, success_threshold: 1, channels: [ops] }
channels:
  ops:   { type: email, smtp: "smtp://127.0.0.1:2525", from: "allswell@example.com", to: ["ops@example.com"] }
  hook:  { type: webhook, url: "http://127.0.0.1:9911/hook", secret: "${env:HOOK_SECRET}" }
monitors:
  - name: payments-api
    http: { url: "http://127.0.0.1:8801/ready", method: GET }
    interval: 1s
    conditions: ["status == 200", "time.total < duration('800ms')"]
    channels: [ops, hook]
  - { name: db-port, tcp: { address: "127.0.0.1:5432" } }
"#;

/// The variables of all tests.
fn variable(name: &str) -> Option<OsString> {
    match name {
        "HOOK_SECRET" => Some("canary-1: #\n{".into()),
        "TOKEN" => Some("canary-2".into()),
        "INTERVAL" => Some("30s".into()),
        _ => None,
    }
}

fn read(text: &str) -> Result<Config, Errors> {
    parse(text, Path::new("allswell.yaml"), &variable)
}

fn good(text: &str) -> Config {
    read(text).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn the_example_says_what_it_looks_like() {
    let config = good(EXAMPLE);
    let [payments, db] = config.monitors.as_slice() else { panic!("two monitors") };
    assert_eq!((payments.name.as_str(), payments.question.kind()), ("payments-api", "http"));
    assert_eq!(payments.policy.interval, Duration::from_secs(1));
    assert_eq!(
        payments.policy.timeout,
        Duration::from_secs(1),
        "an inherited timeout is never longer than the interval"
    );
    assert_eq!(payments.channels, ["ops", "hook"]);
    assert_eq!((db.name.as_str(), db.question.kind()), ("db-port", "tcp"));
    assert_eq!(db.channels, ["ops"]);
    let expected = Policy {
        interval: Duration::from_secs(60),
        timeout: Duration::from_secs(5),
        failure_threshold: 2,
        success_threshold: 1,
        initial_delay: Duration::ZERO,
        degraded_above: None,
    };
    assert_eq!(db.policy, expected);
    let kinds: Vec<_> = config.channels.iter().map(|(name, channel)| (name.as_str(), channel.kind())).collect();
    assert_eq!(kinds, [("hook", "webhook"), ("ops", "email")]);
}

#[test]
fn tags_are_sorted_and_each_there_once() {
    let config = good(
        "monitors: [{ name: a, tcp: { address: \"a:1\" }, tags: [tier:1, eu, tier:1], group: The shop }, { name: b, tcp: { address: \"b:1\" } }]",
    );
    assert_eq!(config.monitors[0].tags, ["eu", "tier:1"]);
    assert_eq!(config.monitors[0].group.as_deref(), Some("The shop"));
    assert_eq!((config.monitors[1].tags.len(), &config.monitors[1].group), (0, &None));
}

#[test]
fn the_reference_is_the_one_in_the_guide() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, reference()).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(page == reference(), "docs/configuration.md is out of date; run this test with UPDATE=1");
}
