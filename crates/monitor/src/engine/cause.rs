//! The cause in one sentence, built from what was measured and nothing else.
//!
//! In this order: what the app says of its own parts, else what the asking ran into; then a version that is new.

use std::time::Duration;

use allswell_core::{Outcome, Phase, Reason, Verdict, time};
use allswell_probe::{Answer, health};

use crate::notification::VersionChange;

/// How many failing checks of the app are named before the rest is only counted.
const NAMED: usize = 3;

/// Why `answer` is no plain pass: `the app says database failed (timed out after 5 s), redis is ok; version 1.42.0 first seen 38 s before`.
pub(super) fn of(answer: &Answer, outcome: Outcome, change: Option<&VersionChange>) -> String {
    let mut sentence = app_says(answer).unwrap_or_else(|| plainly(answer, outcome));
    if let Some(VersionChange { to, before_failure_ms, .. }) = change {
        let before = Duration::from_millis(*before_failure_ms);
        sentence.push_str(&match before_failure_ms {
            0 => format!("; version {to} is new"),
            _ => format!("; version {to} first seen {} before", time::humane(before)),
        });
    }
    sentence
}

/// What to say when it is well again.
pub(super) fn recovered(answer: &Answer) -> String {
    match answer_line(answer) {
        Some(line) => format!("answers again: {line}"),
        None => "answers again".to_owned(),
    }
}

/// The answer in one line: `503 in 5 031 ms: dns 4, connect 8, tls 14, first byte 5 003`.
pub(super) fn answer_line(answer: &Answer) -> Option<String> {
    let phases: Vec<String> = Phase::ALL
        .into_iter()
        .filter_map(|phase| {
            Some(format!("{} {}", phase.as_str().replace('_', " "), grouped_ms(answer.phases.of(phase)?)))
        })
        .collect();
    let total = grouped_ms(answer.outcome.latency);
    let head = match answer.status {
        Some(status) => format!("{status} in {total} ms"),
        None if phases.is_empty() => return None,
        None if matches!(answer.outcome.verdict, Verdict::Pass | Verdict::Warn) => match answer.phases.first_byte {
            Some(_) => format!("answered in {total} ms"),
            None => format!("connected in {total} ms"),
        },
        None => format!("no answer in {total} ms"),
    };
    Some(if phases.is_empty() { head } else { format!("{head}: {}", phases.join(", ")) })
}

fn app_says(answer: &Answer) -> Option<String> {
    let document = answer.health.as_ref()?;
    let bad = |check: &&health::Check| matches!(check.status, health::Status::Error | health::Status::Warn);
    let failing: Vec<&health::Check> = document.checks.iter().filter(bad).collect();
    if failing.is_empty() {
        let detail = document.detail.as_ref().filter(|_| document.status != health::Status::Ok)?;
        return Some(format!("the app says {detail}"));
    }
    let mut parts: Vec<String> = failing.iter().take(NAMED).map(|check| describe(check)).collect();
    if failing.len() > NAMED {
        parts.push(format!("{} more failed", failing.len() - NAMED));
    }
    let well: Vec<&str> = document
        .checks
        .iter()
        .filter(|check| check.status == health::Status::Ok)
        .map(|check| check.name.as_str())
        .collect();
    match well.as_slice() {
        [] => {}
        [one] => parts.push(format!("{one} is ok")),
        some if some.len() <= NAMED => parts.push(format!("{} are ok", some.join(" and "))),
        many => parts.push(format!("{} others are ok", many.len())),
    }
    Some(format!("the app says {}", parts.join(", ")))
}

fn describe(check: &health::Check) -> String {
    let verb = if check.status == health::Status::Warn { "is degraded" } else { "failed" };
    match &check.message {
        Some(message) => format!("{} {verb} ({message})", check.name),
        None => format!("{} {verb}", check.name),
    }
}

fn plainly(answer: &Answer, outcome: Outcome) -> String {
    match (outcome.reason, &answer.detail) {
        (Some(Reason::Slow), _) => format!("it answered, but took {}", time::humane(outcome.latency)),
        (_, Some(detail)) => detail.clone(),
        (Some(reason), None) => reason.as_str().replace('_', " "),
        (None, None) => "it is not well".to_owned(),
    }
}

/// Whole milliseconds with a thin space between thousands; below ten with one decimal.
fn grouped_ms(duration: Duration) -> String {
    let ms = duration.as_millis();
    match ms {
        0..10 => format!("{:.1}", duration.as_secs_f64() * 1e3),
        10..1_000 => ms.to_string(),
        _ => format!("{}\u{202f}{:03}", ms / 1_000, ms % 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use allswell_core::Phases;
    use allswell_probe::health::{Check, Document, Format, Status};

    fn failed(reason: Reason, detail: &str) -> Answer {
        Answer::bare(Outcome::fail(reason, Duration::from_millis(5_031)), Some(detail.to_owned()))
    }

    fn check(name: &str, status: Status, message: Option<&str>) -> Check {
        Check { name: name.to_owned(), status, message: message.map(str::to_owned), response_time_ms: None }
    }

    fn says(checks: Vec<Check>) -> Answer {
        let document = Document {
            format: Format::Plain,
            status: Status::Error,
            version: None,
            release_id: None,
            detail: None,
            checks,
        };
        Answer { health: Some(document), ..failed(Reason::Status, "503 Service Unavailable") }
    }

    #[test]
    fn the_apps_own_words_come_first() {
        let answer =
            says(vec![check("database", Status::Error, Some("timed out after 5 s")), check("redis", Status::Ok, None)]);
        let change = VersionChange { from: "1.41.2".into(), to: "1.42.0".into(), before_failure_ms: 38_000 };
        assert_eq!(
            of(&answer, answer.outcome, Some(&change)),
            "the app says database failed (timed out after 5 s), redis is ok; version 1.42.0 first seen 38 s before"
        );
    }

    #[test]
    fn many_checks_are_counted() {
        let mut checks: Vec<Check> = ["a", "b", "c", "d", "e"].map(|name| check(name, Status::Error, None)).into();
        checks.extend(["v", "w", "x", "y"].map(|name| check(name, Status::Ok, None)));
        let answer = says(checks);
        assert_eq!(
            of(&answer, answer.outcome, None),
            "the app says a failed, b failed, c failed, 2 more failed, 4 others are ok"
        );
    }

    #[test]
    fn without_the_apps_words_the_asking_speaks() {
        let answer = failed(Reason::ConnectRefused, "connection refused by 127.0.0.1:8801");
        assert_eq!(of(&answer, answer.outcome, None), "connection refused by 127.0.0.1:8801");
        let slow = Answer::bare(Outcome::pass(Duration::from_millis(1_880)), None);
        let counted = Outcome::warn(Reason::Slow, slow.outcome.latency);
        assert_eq!(of(&slow, counted, None), "it answered, but took 1.8 s");
    }

    #[test]
    fn the_answer_fits_on_one_line() {
        let mut answer = failed(Reason::Status, "503");
        answer.status = Some(503);
        answer.phases = Phases {
            dns: Some(Duration::from_millis(4)),
            first_byte: Some(Duration::from_millis(5_003)),
            ..Phases::default()
        };
        assert_eq!(answer_line(&answer).as_deref(), Some("503 in 5\u{202f}031 ms: dns 4.0, first byte 5\u{202f}003"));
        assert_eq!(answer_line(&failed(Reason::DnsNotFound, "no such name")), None);
    }
}
