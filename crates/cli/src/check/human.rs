//! The answer for a person: a headline, and below it one block for each thing that is worth a look.

use std::time::Duration;

use allswell_core::time::humane;
use allswell_core::{Reason, Verdict};
use allswell_probe::health::{self, Status};
use allswell_probe::text::tame;
use allswell_probe::{Answer, Certificate};

use super::{hint, is_of_the_way, phases};
use crate::layout::{Layout, count, visible_width};

/// How much of a text of the other side is shown, in characters.
const TEXT_MAX: usize = 300;
/// How much of a name of the other side is shown, in characters.
const NAME_MAX: usize = 40;
/// How many names of a certificate are shown.
const NAMES_MAX: usize = 5;

/// The whole page, without the last line's end.
pub fn page(url: &str, answer: &Answer, timeout: Duration, layout: Layout) -> String {
    let hint = hint::of(url, answer, timeout).map(|hint| layout.labelled(&layout.paint.yellow("hint"), 4, &hint));
    let blocks = [
        Some(headline(url, answer, layout)),
        detail(answer, layout),
        Some(phases::rows(answer, layout)),
        certificate(answer, layout),
        app(answer, layout),
        conditions(answer, layout),
        said(answer, layout),
        hint,
    ];
    let blocks: Vec<_> = blocks.into_iter().flatten().filter(|block| !block.is_empty()).collect();
    blocks.join("\n\n")
}

/// `■ down  https://api.example.com/ready  503 in 5 031 ms`
fn headline(url: &str, answer: &Answer, layout: Layout) -> String {
    let word = match answer.outcome.verdict {
        Verdict::Pass => layout.paint.green("● up"),
        Verdict::Warn => layout.paint.yellow("▲ degraded"),
        Verdict::Fail => layout.paint.red("■ down"),
        Verdict::Unknown => layout.paint.dim("○ unknown"),
    };
    let took = grouped(answer.outcome.latency);
    let result = match (answer.status, answer.outcome.reason) {
        (Some(status), _) => format!("{status} in {took}"),
        (None, Some(reason)) if is_of_the_way(reason) => format!("{} after {took}", in_words(reason)),
        (None, _) if answer.phases.first_byte.is_some() => format!("answered in {took}"),
        (None, _) => format!("connected in {took}"),
    };
    let first = format!("{word}  {}", layout.paint.bold(&tame(url, TEXT_MAX)));
    let fits = visible_width(&first) + 2 + visible_width(&result) <= layout.width;
    let gap = if fits { "  " } else { "\n        " };
    let to = answer.final_url.as_ref().map(|to| format!("\n        redirected to {}", tame(to, TEXT_MAX)));
    format!("{first}{gap}{result}{}", to.unwrap_or_default())
}

/// A reason as a person says it.
fn in_words(reason: Reason) -> String {
    let words = reason.as_str().replace('_', " ");
    words.replace("dns ", "DNS ").replace("tls ", "TLS ").replace("http ", "HTTP ")
}

/// The sentence about what went wrong, unless what follows says it all.
fn detail(answer: &Answer, layout: Layout) -> Option<String> {
    let is_told_below = match answer.outcome.reason? {
        Reason::Condition => true,
        Reason::Status | Reason::HealthDegraded | Reason::HealthUnhealthy => {
            answer.health.as_ref().is_some_and(|health| !health.checks.is_empty())
        }
        _ => false,
    };
    let detail = answer.detail.as_deref().filter(|_| !is_told_below)?;
    Some(layout.wrapped(2, &tame(detail, 2 * TEXT_MAX)))
}

/// The certificate, when it is what one should look at.
fn certificate(answer: &Answer, layout: Layout) -> Option<String> {
    let certificate = answer.certificate.as_ref()?;
    let is_the_reason = answer.outcome.reason.is_some_and(is_of_tls);
    if !is_the_reason && certificate.trusted {
        return None;
    }
    let rows = [
        ("for", names(certificate)),
        ("subject", tame(&certificate.subject, TEXT_MAX)),
        ("issuer", tame(&certificate.issuer, TEXT_MAX)),
        ("valid", format!("{} to {}", date(certificate.not_before_ms), date(certificate.not_after_ms))),
    ];
    let rows = rows.map(|(label, text)| layout.labelled(&format!("    {}", layout.paint.dim(label)), 11, &text));
    let accepted = if is_the_reason { "" } else { ", accepted because of --insecure alone" };
    Some(format!("  the certificate{accepted}\n{}", rows.join("\n")))
}

/// Whether a reason speaks of TLS or of a certificate.
fn is_of_tls(reason: Reason) -> bool {
    reason == Reason::CertificateExpiring || reason.as_str().starts_with("tls_")
}

fn names(certificate: &Certificate) -> String {
    let mut names: Vec<_> = certificate.names.iter().take(NAMES_MAX).map(|name| tame(name, 80)).collect();
    if certificate.names.len() > names.len() {
        names.push(format!("and {} more", certificate.names.len() - names.len()));
    }
    if names.is_empty() { "no name".to_owned() } else { names.join(", ") }
}

fn date(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| "?".to_owned(), |time| time.strftime("%Y-%m-%d").to_string())
}

/// What the app says of itself.
fn app(answer: &Answer, layout: Layout) -> Option<String> {
    let document = answer.health.as_ref()?;
    let version = document.version.as_ref().map(|version| format!("version {}", tame(version, 128)));
    let status = (document.checks.is_empty() || version.is_none()).then(|| word(document.status).to_owned());
    let said = document.detail.as_ref().map(|detail| tame(detail, TEXT_MAX));
    let first = [version, status, said].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let width = document.checks.iter().map(|check| visible_width(&tame(&check.name, NAME_MAX))).max();
    let mut checks: Vec<_> = document.checks.iter().collect();
    checks.sort_by_key(|check| urgency(check.status));
    let checks = checks.into_iter().map(|check| row(check, width.unwrap_or(0).max(12), layout));
    let first = layout.labelled("  the app says", 14, &first);
    Some(std::iter::once(first).chain(checks).collect::<Vec<_>>().join("\n"))
}

/// What must be seen stands first.
const fn urgency(status: Status) -> u8 {
    match status {
        Status::Error => 0,
        Status::Warn => 1,
        Status::Unknown => 2,
        Status::Ok => 3,
    }
}

/// `    ■ database      timeout after 5.0 s (took 5.0 s)`
fn row(check: &health::Check, width: usize, layout: Layout) -> String {
    let shape = match check.status {
        Status::Ok => layout.paint.green("●"),
        Status::Warn => layout.paint.yellow("▲"),
        Status::Error => layout.paint.red("■"),
        Status::Unknown => layout.paint.dim("○"),
    };
    let took = check.response_time_ms.map(|ms| phases::time(Duration::from_secs_f64((ms / 1e3).clamp(0.0, 1e6))));
    let said = check.message.as_ref().map(|message| tame(message, TEXT_MAX));
    let text = match (said, took, check.status) {
        (None, Some(took), Status::Ok) => took,
        (None, None, status) => word(status).to_owned(),
        (None, Some(took), status) => format!("{} (took {took})", word(status)),
        (Some(said), Some(took), _) => format!("{said} (took {took})"),
        (Some(said), None, _) => said,
    };
    layout.labelled(&format!("    {shape} {}", tame(&check.name, NAME_MAX)), 6 + width, &text)
}

const fn word(status: Status) -> &'static str {
    match status {
        Status::Ok => "ok",
        Status::Warn => "degraded",
        Status::Error => "failed",
        Status::Unknown => "does not know",
    }
}

/// The conditions that do not hold, each with the reason.
fn conditions(answer: &Answer, layout: Layout) -> Option<String> {
    let failed = &answer.failed_conditions;
    let paint = layout.paint;
    let rows = failed.iter().map(|failed| {
        let condition = layout.wrapped(6, &tame(&failed.condition, TEXT_MAX));
        let why = layout.wrapped(6, &tame(&failed.why, 2 * TEXT_MAX));
        format!("    {} {}\n{why}", paint.red("■"), paint.bold(condition.trim_start()))
    });
    let verb = if failed.len() == 1 { "does" } else { "do" };
    let first = format!("  {} {verb} not hold", count(failed.len() as u64, "condition"));
    (!failed.is_empty()).then(|| std::iter::once(first).chain(rows).collect::<Vec<_>>().join("\n"))
}

/// The beginning of the body, when it is no health document and the status is not as expected.
fn said(answer: &Answer, layout: Layout) -> Option<String> {
    let is_unexplained = answer.outcome.reason == Some(Reason::Status) && answer.health.is_none();
    let evidence = answer.evidence.as_ref().filter(|_| is_unexplained)?;
    let text = evidence.body.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then(|| layout.labelled("  it says", 9, &tame(&text, TEXT_MAX)))
}

/// `5 031 ms`; below 10 ms with a digit behind the point.
fn grouped(duration: Duration) -> String {
    let ms = duration.as_millis();
    match ms {
        0..10 => format!("{:.1} ms", duration.as_secs_f64() * 1e3),
        10..1_000 => format!("{ms} ms"),
        1_000..1_000_000 => format!("{} {:03} ms", ms / 1_000, ms % 1_000),
        _ => humane(duration),
    }
}
