//! The app's own words: reads what a service says of itself in its health document.
//!
//! Each dialect has its signs, which no other answer of an API has by chance: a `status` alone is no sign, unless its word
//! is one of health and nothing else stands beside it. The cases in `spec/health-documents` say what is recognised.

mod dialects;
mod parts;
mod plain;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::json;
use crate::text::tame;

/// The largest health document, in bytes; what is larger is some other answer.
const BODY_MAX: usize = 256 << 10;

/// How many values a health document may have.
const VALUES_MAX: usize = 20_000;

/// How many checks are kept.
const CHECKS_MAX: usize = 64;

/// How much of a name or a version is kept, in characters.
const NAME_MAX: usize = 128;

/// How much of a message is kept, in characters.
const MESSAGE_MAX: usize = 512;

/// Reads `body` as a health document; `None` when it is something else.
///
/// `content_type` is the value of the header, `status` the HTTP status of the answer.
pub fn recognise(content_type: Option<&str>, status: u16, body: &[u8]) -> Option<Document> {
    if body.len() > BODY_MAX {
        return None;
    }
    let media_type = content_type.map(media_type);
    let text = std::str::from_utf8(body).ok()?.trim_start_matches('\u{feff}').trim();
    if !text.starts_with('{') {
        return dialects::asp_net_word(media_type.as_deref(), text);
    }
    let json = json::parse(text, VALUES_MAX).ok()?;
    let answer = parts::Answer { media_type: media_type.as_deref(), status, object: json.as_object()? };
    dialects::ALL.iter().find_map(|dialect| dialect(&answer)).map(bounded)
}

/// `Application/JSON; charset=utf-8` is `application/json`.
fn media_type(header: &str) -> String {
    header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn bounded(mut document: Document) -> Document {
    document.checks.truncate(CHECKS_MAX);
    for check in &mut document.checks {
        check.name = tame(&check.name, NAME_MAX - 1);
        check.message =
            check.message.take().map(|message| tame(message.trim(), MESSAGE_MAX - 1)).filter(|m| !m.is_empty());
        check.response_time_ms = check.response_time_ms.filter(|ms| ms.is_finite() && *ms >= 0.0);
    }
    let word = |text: Option<String>, max: usize| text.map(|text| tame(text.trim(), max - 1)).filter(|t| !t.is_empty());
    document.release_id = word(document.release_id, NAME_MAX);
    document.version = word(document.version, NAME_MAX).or_else(|| document.release_id.clone());
    document.detail = word(document.detail, MESSAGE_MAX);
    document
}

/// What a service says of itself, whatever dialect it speaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The dialect it was recognised as.
    pub format: Format,
    /// What it says of itself as a whole.
    pub status: Status,
    /// Its version, when it names one; its release id, when it names only that.
    pub version: Option<String>,
    /// Its release id (a commit, an image), when it names one.
    pub release_id: Option<String>,
    /// A sentence it gives for the whole.
    pub detail: Option<String>,
    /// Its checks, in the order of the document; at most 64.
    pub checks: Vec<Check>,
}

/// A dialect of health documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Ours: `{"status":"healthy","ready":true,"checks":{...}}`.
    Allswell,
    /// `application/health+json` (draft-inadarei-api-health-check-06).
    HealthJson,
    /// Spring Boot Actuator.
    Spring,
    /// ASP.NET health checks.
    AspNet,
    /// MicroProfile Health.
    MicroProfile,
    /// NestJS Terminus.
    Terminus,
    /// The plain forms that FastAPI guides show.
    Plain,
}

/// What a service says of itself or of one of its checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All is well.
    Ok,
    /// It works with less than all.
    Warn,
    /// It does not work.
    Error,
    /// It does not know.
    Unknown,
}

/// One check of a health document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Its name, at most 128 characters.
    pub name: String,
    /// What it says.
    pub status: Status,
    /// Its message, at most 512 characters.
    pub message: Option<String>,
    /// How long it took, in milliseconds.
    pub response_time_ms: Option<f64>,
}
