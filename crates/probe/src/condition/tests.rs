//! What is refused when a condition is saved, and what holds and fails against an answer.

mod held;
mod limits;
mod refused;
mod same_as_cel;

use std::time::Duration;

use allswell_core::Phases;

use super::{Condition, Facts, evaluate, seen_masked};
use crate::Certificate;
use crate::health::{self, Status};

/// An answer to hold conditions against.
struct Answer {
    status: Option<u16>,
    headers: Vec<(String, String)>,
    text: Option<String>,
    phases: Phases,
    total: Duration,
    certificate: Option<Certificate>,
    health: Option<health::Document>,
}

impl Answer {
    fn with_body(text: &str) -> Self {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let ms = |ms| Some(Duration::from_millis(ms));
        Self {
            status: Some(503),
            headers: vec![header("Content-Type", "application/json"), header("X-Node", "a"), header("x-node", "b")],
            text: Some(text.to_owned()),
            phases: Phases { dns: ms(4), connect: ms(8), first_byte: ms(5_000), transfer: ms(2), ..Phases::default() },
            total: Duration::from_millis(5_014),
            certificate: None,
            health: None,
        }
    }

    fn with_certificate(days_left: i64) -> Self {
        let certificate = Certificate {
            subject: "CN=localhost".to_owned(),
            issuer: "CN=ca".to_owned(),
            names: vec!["localhost".to_owned()],
            not_before_ms: 0,
            not_after_ms: 0,
            days_left,
            fingerprint: String::new(),
            protocol: None,
            trusted: true,
            chain: Vec::new(),
        };
        Self { certificate: Some(certificate), ..Self::with_body("") }
    }

    fn with_health() -> Self {
        let check = |name: &str, status, message: Option<&str>, response_time_ms| health::Check {
            name: name.to_owned(),
            status,
            message: message.map(str::to_owned),
            response_time_ms,
        };
        let document = health::Document {
            format: health::Format::Allswell,
            status: Status::Error,
            version: Some("1.42.0".to_owned()),
            release_id: None,
            detail: None,
            checks: vec![
                check("database", Status::Error, Some("timed out after 5 s"), Some(5_000.0)),
                check("redis", Status::Ok, None, Some(0.8)),
            ],
        };
        Self { health: Some(document), ..Self::with_body("{}") }
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            status: self.status,
            headers: &self.headers,
            text: self.text.as_deref(),
            phases: &self.phases,
            total: self.total,
            certificate: self.certificate.as_ref(),
            health: self.health.as_ref(),
        }
    }

    /// `None` when the condition holds, else why not.
    fn why_not(&self, text: &str) -> Option<String> {
        let condition = Condition::parse(text).unwrap_or_else(|wrong| panic!("{text}: {wrong}"));
        evaluate(&[condition], &self.facts()).pop().map(|failed| failed.why)
    }

    #[track_caller]
    fn holds(&self, text: &str) {
        assert_eq!(self.why_not(text), None, "{text}");
    }

    #[track_caller]
    fn fails(&self, text: &str, why: &str) {
        assert_eq!(self.why_not(text).as_deref(), Some(why), "{text}");
    }
}

#[test]
fn what_was_there_is_told_of_what_holds_too() {
    let answer = Answer::with_body(r#"{"queue":[1,2],"name":"billing"}"#);
    let seen = |text: &str| {
        let condition = Condition::parse(text).unwrap();
        seen_masked(&[condition], &answer.facts(), &|text| text.replace("billing", "***")).remove(0).what
    };
    assert_eq!(seen("status == 503"), "status is 503");
    assert_eq!(seen("status == 503 && body.name != 'x'"), "status is 503; body.name is \"***\"");
    assert_eq!(seen("size(body.queue) < 1000"), "size(body.queue) is 2");
    assert_eq!(seen("body.nothing == 1"), "");
}

/// How many cases a property is tried with: what `PROPTEST_CASES` says, else `usual`.
fn cases(usual: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}

#[test]
fn a_condition_knows_what_it_mentions() {
    let condition =
        Condition::parse("status == 200 && body.text == 'time' && health.checks.all(version, true)").unwrap();
    assert!(condition.mentions("status") && condition.mentions("body") && condition.mentions("health"));
    assert!(!condition.mentions("text") && !condition.mentions("time") && !condition.mentions("version"));
    assert_eq!(format!("{condition:?}"), format!("Condition({:?})", condition.text()));
}

#[test]
fn every_failed_condition_is_reported_in_order() {
    let conditions = ["status == 200", "status == 503", "body.ok", "time.total < duration('1s')"];
    let conditions = conditions.map(|text| Condition::parse(text).unwrap());
    let answer = Answer::with_body("{}");
    let failed = evaluate(&conditions, &answer.facts());
    let failed: Vec<_> = failed.iter().map(|failed| (&*failed.condition, &*failed.why)).collect();
    let expected = [
        ("status == 200", "status is 503"),
        ("body.ok", "body has no field ok"),
        ("time.total < duration('1s')", "time.total is 5.01 s"),
    ];
    assert_eq!(failed, expected);
}
