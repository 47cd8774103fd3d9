//! Makes an answer of what an asking brought: the verdict, its reason, a sentence on it, the evidence.

use std::time::Duration;

use allswell_core::{Outcome, Reason};

use crate::answer::{Answer, Certificate};
use crate::condition::{self, Facts};
use crate::draft::Draft;
use crate::evidence;
use crate::fault::Fault;
use crate::health;
use crate::http::{self, Expected, Received, status_in_words, wants_credentials};
use crate::question::{Kind, Question};
use crate::text;

/// How long a sentence may get.
const DETAIL_CHARS_MAX: usize = 1_000;
/// How many failing checks a sentence names.
const CHECKS_NAMED: usize = 3;

/// Judges what `question` brought. `fault` is what ended the asking early.
pub(crate) fn judge(question: &Question, mut draft: Draft, fault: Option<Fault>) -> Answer {
    draft.progress.end();
    let total = draft.took.unwrap_or_else(|| draft.progress.elapsed());
    if let Some(fault) = fault.as_ref().filter(|fault| fault.is_ours()) {
        return finish(question, draft, Outcome::unknown(fault.reason, total), Some(fault.detail.clone()), None);
    }
    match &question.kind {
        Kind::Http(http) => judge_http(question, http, draft, fault, total),
        _ => judge_plain(question, draft, fault, total),
    }
}

fn judge_plain(question: &Question, draft: Draft, fault: Option<Fault>, total: Duration) -> Answer {
    if let Some(fault) = fault {
        return finish(question, draft, Outcome::fail(fault.reason, total), Some(fault.detail), None);
    }
    let text = (!draft.said.is_empty()).then(|| String::from_utf8_lossy(&draft.said).into_owned());
    let held = conditions(question, &draft, None, text.as_deref(), total);
    conclude(question, draft, Judged { held, ..Judged::default() }, total)
}

/// What was found while judging.
#[derive(Default)]
struct Judged {
    /// What is wrong, when something is.
    fault: Option<Fault>,
    /// What the app says of itself.
    health: Option<health::Document>,
    /// What the conditions came to.
    held: Held,
    /// Whether an answer with this status may speak of its own health at all.
    app_may_speak: bool,
}

/// What the conditions of a question came to.
#[derive(Default)]
struct Held {
    /// Those that do not hold.
    failed: Vec<condition::Failed>,
    /// What each looked at, where that was asked for.
    seen: Vec<condition::Seen>,
}

fn judge_http(
    question: &Question,
    http: &http::Prepared,
    draft: Draft,
    fault: Option<Fault>,
    total: Duration,
) -> Answer {
    let Some(received) = draft.http.as_ref() else {
        let fault = fault.unwrap_or_else(|| Fault::new(Reason::OwnFault, "an asking ended without any answer"));
        let outcome = if fault.is_ours() { Outcome::unknown } else { Outcome::fail };
        return finish(question, draft, outcome(fault.reason, total), Some(fault.detail), None);
    };
    // A redirect that could not be followed is judged by what it was, never by its status.
    let redirected = fault.as_ref().is_some_and(|fault| is_of_redirect(fault.reason));
    let health = recognised(received).map(|document| masked(document, question));
    let unexpected = (!redirected && !http.expected.holds(received.status))
        .then(|| of_status(received, health.as_ref(), fault.as_ref(), draft.without_credentials));
    let broken = fault.is_some();
    let fault = unexpected.or(fault);
    let held = if broken {
        Held::default()
    } else {
        let text = String::from_utf8_lossy(received.body.bytes());
        conditions(question, &draft, health.as_ref(), Some(&text), total)
    };
    let app_may_speak = received.status.is_success() || http.expected == Expected::Any;
    conclude(question, draft, Judged { fault, health, held, app_may_speak }, total)
}

fn is_of_redirect(reason: Reason) -> bool {
    matches!(reason, Reason::TooManyRedirects | Reason::RedirectRefused)
}

fn recognised(received: &Received) -> Option<health::Document> {
    if !received.body.is_complete() {
        return None;
    }
    let kind = received.headers.get(hyper::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    health::recognise(kind, received.status.as_u16(), received.body.bytes())
}

/// The document without any secret of the question.
fn masked(mut document: health::Document, question: &Question) -> health::Document {
    let mask = |text: &mut String| *text = question.secrets().mask(text).into_owned();
    document.version.iter_mut().for_each(mask);
    document.release_id.iter_mut().for_each(mask);
    document.detail.iter_mut().for_each(mask);
    for check in &mut document.checks {
        mask(&mut check.name);
        check.message.iter_mut().for_each(mask);
    }
    document
}

fn of_status(
    received: &Received,
    health: Option<&health::Document>,
    fault: Option<&Fault>,
    without_credentials: bool,
) -> Fault {
    let mut detail = status_in_words(received.status);
    if let Some(words) = health.and_then(app_in_words) {
        detail.push_str(&format!(": the app says {words}"));
    }
    if without_credentials && wants_credentials(received.status) {
        detail.push_str("; a redirect led to another origin, which is not told headers and credentials");
    }
    if let Some(fault) = fault {
        detail.push_str(&format!("; besides, {}", fault.detail));
    }
    Fault::new(Reason::Status, detail)
}

/// `database failed (timed out after 5 s), cache is degraded`; its own sentence when no check says anything.
fn app_in_words(document: &health::Document) -> Option<String> {
    let words = |check: &health::Check| {
        let how = match check.status {
            health::Status::Error => "failed",
            health::Status::Warn => "is degraded",
            health::Status::Ok | health::Status::Unknown => return None,
        };
        let message = check.message.as_ref().map(|message| format!(" ({message})")).unwrap_or_default();
        Some((check.status == health::Status::Warn, format!("{} {how}{message}", check.name)))
    };
    let mut words: Vec<_> = document.checks.iter().filter_map(words).collect();
    words.sort_by_key(|(only_degraded, _)| *only_degraded);
    let more = words.len().saturating_sub(CHECKS_NAMED);
    let named: Vec<_> = words.into_iter().take(CHECKS_NAMED).map(|(_, words)| words).collect();
    match (named.is_empty(), more) {
        (true, _) => document.detail.clone(),
        (false, 0) => Some(named.join(", ")),
        (false, more) => Some(format!("{} and {more} more", named.join(", "))),
    }
}

fn conditions(
    question: &Question,
    draft: &Draft,
    health: Option<&health::Document>,
    text: Option<&str>,
    total: Duration,
) -> Held {
    if question.conditions.is_empty() {
        return Held::default();
    }
    let headers: Vec<_> = draft.http.iter().flat_map(|received| &received.headers).map(pair).collect();
    let facts = Facts {
        status: draft.http.as_ref().map(|received| received.status.as_u16()),
        headers: &headers,
        text,
        phases: &draft.progress.phases,
        total,
        certificate: draft.certificate.as_ref(),
        health,
    };
    let mask = |text: &str| question.secrets().mask(text).into_owned();
    let failed = condition::evaluate_masked(&question.conditions, &facts, &mask);
    let seen = if question.explains { condition::seen_masked(&question.conditions, &facts, &mask) } else { Vec::new() };
    Held { failed, seen }
}

fn pair((name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)) -> (String, String) {
    (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The verdict: what is broken comes first, then what the app says of itself, then the conditions, then warnings.
fn conclude(question: &Question, draft: Draft, judged: Judged, total: Duration) -> Answer {
    let Judged { fault, health, held: Held { failed, seen }, app_may_speak } = judged;
    let app = health.as_ref().filter(|_| app_may_speak).map(|document| document.status);
    let app_says = || {
        let words = health.as_ref().and_then(app_in_words).unwrap_or_else(|| "so in its health document".to_owned());
        format!("the app says {words}")
    };
    let remark = draft.remark.clone().filter(|_| fault.is_none() && failed.is_empty());
    let (outcome, detail) = if let Some(fault) = fault {
        (Outcome::fail(fault.reason, total), Some(fault.detail))
    } else if app == Some(health::Status::Error) {
        let status = draft.http.as_ref().map(|received| received.status.as_u16()).unwrap_or_default();
        let detail = format!("the status is {status}, but {}", app_says());
        (Outcome::fail(Reason::HealthUnhealthy, total), Some(detail))
    } else if !failed.is_empty() {
        (Outcome::fail(Reason::Condition, total), Some(failed_in_words(&failed)))
    } else if let Some(remark) = remark {
        (Outcome::warn(remark.reason, total), Some(remark.detail))
    } else {
        let expiring = draft.certificate.as_ref().and_then(|certificate| expiring(certificate, question));
        match (app == Some(health::Status::Warn), expiring) {
            (true, None) => (Outcome::warn(Reason::HealthDegraded, total), Some(app_says())),
            (true, Some(words)) => {
                (Outcome::warn(Reason::HealthDegraded, total), Some(format!("{}; besides, {words}", app_says())))
            }
            (false, Some(words)) => (Outcome::warn(Reason::CertificateExpiring, total), Some(words)),
            (false, None) => (Outcome::pass(total), None),
        }
    };
    let mut answer = finish(question, draft, outcome, detail, health);
    answer.failed_conditions = failed;
    answer.seen = seen;
    answer
}

fn failed_in_words(failed: &[condition::Failed]) -> String {
    let words: Vec<_> = failed.iter().map(|failed| format!("`{}`: {}", failed.condition, failed.why)).collect();
    words.join("; ")
}

fn expiring(certificate: &Certificate, question: &Question) -> Option<String> {
    let days = certificate.days_left;
    let words = match days {
        _ if days > i64::from(question.certificate_days) => return None,
        ..0 => "has expired".to_owned(),
        0 => "expires within a day".to_owned(),
        1 => "expires in 1 day".to_owned(),
        days => format!("expires in {days} days"),
    };
    Some(format!("the certificate {words}"))
}

fn finish(
    question: &Question,
    draft: Draft,
    outcome: Outcome,
    detail: Option<String>,
    health: Option<health::Document>,
) -> Answer {
    let secrets = question.secrets();
    let passed = outcome.reason.is_none();
    let overlooked = draft.overlooked.as_ref().map(|fault| format!("not trusted, but accepted: {}", fault.detail));
    let detail = match (detail, overlooked) {
        (Some(detail), Some(overlooked)) => Some(format!("{detail}; {overlooked}")),
        (detail, overlooked) => detail.or(overlooked),
    };
    let detail = detail.map(|detail| text::tame(&secrets.mask(&detail), DETAIL_CHARS_MAX));
    let mut answer = Answer::bare(outcome, detail);
    answer.evidence = if passed && !question.explains { None } else { evidence_of(&draft, question) };
    answer.phases = draft.progress.phases;
    answer.address = draft.progress.address;
    answer.certificate = draft.certificate;
    answer.health = health;
    answer.final_url = draft.final_url.map(|url| secrets.mask(&url).into_owned());
    if let Some(received) = draft.http {
        answer.status = Some(received.status.as_u16());
        answer.http_version = Some(version(&received));
        answer.body_bytes = u64::try_from(received.body.bytes().len()).ok();
    }
    answer
}

fn version(received: &Received) -> &'static str {
    match received.version {
        hyper::Version::HTTP_2 => "HTTP/2",
        hyper::Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    }
}

fn evidence_of(draft: &Draft, question: &Question) -> Option<crate::Evidence> {
    let secrets = question.secrets();
    let Some(received) = &draft.http else {
        let said = if draft.said.is_empty() { draft.wire.beginning() } else { draft.said.clone() };
        return evidence::of_bytes(&said, secrets);
    };
    let status = format!("{} {}", version(received), status_in_words(received.status));
    let more = !received.body.is_complete();
    Some(evidence::of(Some(status), &received.headers, received.body.bytes(), more, secrets))
}
