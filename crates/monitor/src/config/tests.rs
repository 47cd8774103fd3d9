//! The configuration at its door.

use std::ffi::OsString;
use std::path::Path;

use super::*;

mod status_pages;
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
    let kinds: Vec<_> =
        config.channels.iter().map(|(name, channel)| (name.as_str(), channel.settings.kind())).collect();
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
fn maintenance_is_read_as_it_is_written() {
    let config = good(
        r#"
monitors:
  - { name: main-db, postgres: { dsn: "postgres://me@127.0.0.1/x" }, group: shop, tags: [eu] }
  - { name: api, tcp: { address: "a:1" }, depends_on: [main-db], remind_every: 1h, flap_after: 0 }
maintenance:
  - { name: weekly, monitors: [main-db], cron: "0 2 * * SUN", timezone: Europe/Berlin, duration: 1h }
  - { name: nights, groups: [shop], weekly: [sat, sun], at: "02:00", timezone: Europe/Berlin, duration: 1h }
  - { name: move, tags: [eu], from: "2026-12-24T22:00", until: "2026-12-25T01:00Z", timezone: Europe/Berlin }
  - { name: endless, monitors: [api], from: "2026-12-24T22:00Z" }
"#,
    );
    let states = |moment: &str| -> Vec<_> {
        let at = allswell_core::Wall::from_ms(moment.parse::<jiff::Timestamp>().expect(moment).as_millisecond());
        let open = config.maintenance.iter().filter(|window| window.maintenance.window.state(at).is_open);
        open.map(|window| window.maintenance.name.as_str()).collect()
    };
    assert_eq!(states("2026-11-22T01:30:00Z"), ["weekly", "nights"], "a Sunday");
    assert_eq!(states("2026-11-21T01:30:00Z"), ["nights"], "a Saturday");
    assert_eq!(states("2026-12-24T21:00:00Z"), ["move"], "22:00 in Berlin");
    assert_eq!(states("2027-06-01T12:00:00Z"), ["endless"]);
    let api = &config.monitors[1];
    assert_eq!(api.depends_on, ["main-db"]);
    assert_eq!(api.telling, telling::Policy { remind_every: Some(Duration::from_secs(3_600)), flap_after: None });
    assert_eq!(config.monitors[0].telling.flap_after, Some(5));
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
