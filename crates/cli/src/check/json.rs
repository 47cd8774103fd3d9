//! The answer as one line of JSON: always the same keys, in the same order.

use std::collections::BTreeMap;
use std::time::Duration;

use allswell_core::Phase;
use allswell_probe::condition::Failed;
use allswell_probe::text::tame;
use allswell_probe::{Answer, Certificate, health};
use serde::Serialize;

#[derive(Serialize)]
struct Line<'a> {
    outcome: &'static str,
    reason: Option<&'static str>,
    detail: Option<&'a str>,
    status: Option<u16>,
    url: &'a str,
    final_url: Option<&'a str>,
    address: Option<String>,
    http_version: Option<&'static str>,
    body_bytes: Option<u64>,
    /// Only the phases that were reached, and the total.
    phases_ms: BTreeMap<&'static str, f64>,
    certificate: Option<&'a Certificate>,
    health: Option<&'a health::Document>,
    failed_conditions: &'a [Failed],
}

/// The line, without its end.
pub fn line(url: &str, answer: &Answer) -> serde_json::Result<String> {
    let reached = Phase::ALL.into_iter().filter_map(|phase| Some((phase.as_str(), ms(answer.phases.of(phase)?))));
    let line = serde_json::to_string(&Line {
        outcome: answer.outcome.verdict.as_str(),
        reason: answer.outcome.reason.map(|reason| reason.as_str()),
        detail: answer.detail.as_deref(),
        status: answer.status,
        url,
        final_url: answer.final_url.as_deref(),
        address: answer.place(),
        http_version: answer.http_version,
        body_bytes: answer.body_bytes,
        phases_ms: reached.chain([("total", ms(answer.outcome.latency))]).collect(),
        certificate: answer.certificate.as_ref(),
        health: answer.health.as_ref(),
        failed_conditions: &answer.failed_conditions,
    })?;
    // JSON escapes what ASCII terminals obey; this is for the rest, which only texts contain.
    Ok(tame(&line, usize::MAX))
}

/// Milliseconds with three digits behind the point.
fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
