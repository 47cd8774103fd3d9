//! Servers that misbehave on purpose, on loopback.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::disallowed_methods, reason = "these are the other side: they run on threads and clocks of their own")]

pub mod database;
pub mod dns;
pub mod python;
pub mod raw;
pub mod tls;

use std::time::Duration;

use allswell_core::{Reason, Verdict};
use allswell_probe::{AddressPolicy, Answer, Prober, Question};
use serde_json::Value;
use tokio::time::Instant;

/// A deadline that is only there so that a broken test ends.
pub fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// A deadline that is meant to pass.
pub fn now_and_a_bit() -> Instant {
    Instant::now() + Duration::from_millis(200)
}

/// A question out of settings as a configuration has them.
pub fn question(settings: Value, conditions: &[&str]) -> Question {
    let settings = serde_json::from_value(settings).expect("settings");
    let conditions: Vec<_> = conditions.iter().map(|text| (*text).to_owned()).collect();
    Question::new(settings, &conditions, 14).expect("a good question")
}

/// Asks, with all the time it needs.
pub async fn ask(settings: Value) -> Answer {
    Prober::new(AddressPolicy::default()).ask(&question(settings, &[]), soon()).await
}

/// Asks, with a deadline that is meant to pass.
pub async fn ask_briefly(settings: Value) -> Answer {
    Prober::new(AddressPolicy::default()).ask(&question(settings, &[]), now_and_a_bit()).await
}

/// Asks, with a deadline that is meant to pass, after the other side had time to act.
pub async fn ask_patiently(settings: Value) -> Answer {
    let question = question(settings, &[]);
    Prober::new(AddressPolicy::default()).ask(&question, Instant::now() + Duration::from_secs(1)).await
}

/// The verdict and its reason.
pub fn outcome(answer: &Answer) -> (Verdict, Option<Reason>) {
    (answer.outcome.verdict, answer.outcome.reason)
}

/// The answer must be a failure for `reason`.
#[track_caller]
pub fn fails(answer: &Answer, reason: Reason) {
    assert_eq!(outcome(answer), (Verdict::Fail, Some(reason)), "{:?}", answer.detail);
    assert!(answer.detail.as_ref().is_some_and(|detail| !detail.is_empty()), "a failure says why");
}

/// The answer must be a pass.
#[track_caller]
pub fn passes(answer: &Answer) {
    assert_eq!(outcome(answer), (Verdict::Pass, None), "{:?}", answer.detail);
    assert_eq!(answer.evidence, None, "a pass needs no evidence");
}

/// The answer must be a warning for `reason`.
#[track_caller]
pub fn warns(answer: &Answer, reason: Reason) {
    assert_eq!(outcome(answer), (Verdict::Warn, Some(reason)), "{:?}", answer.detail);
}
