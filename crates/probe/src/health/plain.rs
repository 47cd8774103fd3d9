//! The plain forms that FastAPI guides show, which have no signs but their words.

use super::parts::{Answer, check, status_of, truth};
use super::{Check, Document, Format, Status};
use crate::json::Json;

/// Words that speak of health and hardly of anything else.
const WORDS_OF_HEALTH: &[&str] =
    &["healthy", "unhealthy", "degraded", "up", "down", "ready", "not ready", "not_ready", "alive"];

/// Words that also stand for the success of any request.
const WORDS_OF_ANYTHING: &[&str] = &["ok", "pass", "warn", "fail", "error", "starting", "unavailable"];

/// What may stand beside a word of health. Anything else makes the answer one of another kind.
const COMPANIONS: &[&str] = &[
    "status",
    "timestamp",
    "time",
    "date",
    "version",
    "release_id",
    "releaseId",
    "commit",
    "uptime",
    "uptime_seconds",
    "service",
    "serviceId",
    "name",
    "app",
    "description",
    "environment",
    "env",
    "instance",
    "hostname",
    "host",
    "started_at",
    "detail",
    "reason",
    "notes",
    "output",
    "pid",
    "build",
    "region",
];

/// Where checks are found.
const CHECKS: &[&str] = &["checks", "dependencies", "services", "components"];

/// `{"status","checks"}`, `{"status","timestamp","version"}`, `{"status":"up"}`, or a failure's `{"detail"}`.
pub fn read(answer: &Answer) -> Option<Document> {
    if answer
        .media_type
        .is_some_and(|kind| kind != "application/json" && !kind.ends_with("+json") && kind != "text/json")
    {
        return None;
    }
    match answer.word() {
        Some(word) => with_checks(answer, word).or_else(|| bare(answer, word)),
        None => failure(answer),
    }
}

fn with_checks(answer: &Answer, word: &str) -> Option<Document> {
    let word = word.to_ascii_lowercase();
    let known = WORDS_OF_HEALTH.contains(&&*word) || WORDS_OF_ANYTHING.contains(&&*word);
    let status = status_of(&word).filter(|_| known)?;
    let checks = match CHECKS.iter().find_map(|name| answer.object.get(name))? {
        Json::Object(checks) => checks.iter().map(|(name, value)| one(name, value)).collect::<Option<Vec<_>>>()?,
        Json::List(checks) => {
            let named = checks.iter().map(|value| {
                let object = value.as_object()?;
                check(object.text("name")?, object)
            });
            named.collect::<Option<Vec<_>>>()?
        }
        _ => return None,
    };
    Some(Document { checks, ..answer.document(Format::Plain, status) })
}

/// `"ok"`, `true` or `{"status": ...}`.
pub fn one(name: &str, value: &Json) -> Option<Check> {
    let status = match value {
        Json::String(word) => return Some(by_word(name, word)),
        Json::Bool(well) => truth(*well),
        Json::Object(object) => return check(name, object),
        _ => return None,
    };
    Some(Check { name: name.to_owned(), status, message: None, response_time_ms: None })
}

/// A word that nobody knows is kept as the message: `"database": "error: connection refused"`.
fn by_word(name: &str, word: &str) -> Check {
    let first = word.split([':', ' ', ',', ';']).next().unwrap_or_default();
    let (status, message) = match (status_of(word), status_of(first)) {
        (Some(status), _) => (status, None),
        (None, Some(status)) => (status, Some(word.to_owned())),
        (None, None) => (Status::Unknown, Some(word.to_owned())),
    };
    Check { name: name.to_owned(), status, message, response_time_ms: None }
}

fn bare(answer: &Answer, word: &str) -> Option<Document> {
    let lower = word.to_ascii_lowercase();
    let of_health = WORDS_OF_HEALTH.contains(&&*lower);
    if !of_health && !WORDS_OF_ANYTHING.contains(&&*lower) {
        return None;
    }
    let fits = |name: &str| COMPANIONS.contains(&name) || of_health && name == "message";
    let scalar = |value: &Json| !matches!(value, Json::Object(_) | Json::List(_));
    if !answer.object.iter().all(|(name, value)| fits(name) && scalar(value)) {
        return None;
    }
    Some(answer.document(Format::Plain, status_of(&lower)?))
}

/// FastAPI's `HTTPException`: `{"detail": "Database not available"}`, only with a status that says failure.
fn failure(answer: &Answer) -> Option<Document> {
    let failed = (400..600).contains(&answer.status) && answer.object.len() == 1;
    answer.object.text("detail").filter(|_| failed)?;
    Some(answer.document(Format::Plain, Status::Error))
}
