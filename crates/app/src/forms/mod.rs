//! The forms of a document: one page, several writers.

mod health_json;
mod kube;
mod others;
mod ours;
mod problem;

pub use ours::result;

use http::HeaderMap;
use http::header::ACCEPT;

use crate::judge::Probe;
use crate::page::Page;

/// A form of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Ours, which is a superset of the plain forms.
    Json,
    /// `application/health+json`, draft-inadarei-api-health-check-06.
    HealthJson,
    /// `application/problem+json`, RFC 9457; what is no problem is ours.
    Problem,
    /// Text as the Kubernetes API server writes it.
    Text,
    /// Spring Boot Actuator.
    Spring,
    /// MicroProfile Health.
    MicroProfile,
}

impl Form {
    /// The form that a request asks for: by `?format=`, by `?verbose`, or by the first media type in `Accept` that we speak.
    ///
    /// Whatever a prober says it accepts, it gets an answer: ours, when it names nothing we know.
    pub fn wanted(query: &Query<'_>, headers: &HeaderMap) -> Self {
        if let Some(form) = query.value("format").and_then(Self::by_word) {
            return form;
        }
        if query.has("verbose") {
            return Self::Text;
        }
        let accepted = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        if accepted.is_empty() || accepted == "*/*" {
            return Self::Json;
        }
        accepted.split(',').find_map(Self::by_media_type).unwrap_or(Self::Json)
    }

    fn by_word(word: &str) -> Option<Self> {
        Some(match word {
            "json" => Self::Json,
            "health" | "health-json" => Self::HealthJson,
            "problem" => Self::Problem,
            "text" => Self::Text,
            "spring" => Self::Spring,
            "microprofile" => Self::MicroProfile,
            _ => return None,
        })
    }

    fn by_media_type(range: &str) -> Option<Self> {
        let mut parts = range.split(';').map(str::trim);
        let media_type = parts.next()?.to_ascii_lowercase();
        if parts.any(|parameter| matches!(parameter, "q=0" | "q=0.0" | "q=0.00" | "q=0.000")) {
            return None;
        }
        Some(match media_type.as_str() {
            "application/json" | "*/*" | "application/*" | "text/html" => Self::Json,
            "application/health+json" | "application/vnd.health+json" => Self::HealthJson,
            "application/problem+json" => Self::Problem,
            "text/plain" => Self::Text,
            spring if spring.starts_with("application/vnd.spring-boot.actuator.") => Self::Spring,
            _ => return None,
        })
    }

    /// Writes a page: its media type and its text.
    pub fn write(self, page: &Page, query: &Query<'_>) -> (&'static str, String) {
        match self {
            Self::HealthJson => ("application/health+json", health_json::write(page)),
            Self::Problem if page.code() != 200 => ("application/problem+json", problem::write(page)),
            Self::Json | Self::Problem => ("application/json", ours::write(page)),
            Self::Text => ("text/plain; charset=utf-8", kube::write(page, query.has("verbose"))),
            Self::Spring => ("application/vnd.spring-boot.actuator.v3+json", others::spring(page)),
            Self::MicroProfile => ("application/json", others::micro_profile(page)),
        }
    }
}

/// The part of a URL after `?`. Names and values of ours need no decoding.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<'a>(pub &'a str);

impl<'a> Query<'a> {
    fn pairs(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    }

    /// The first value with this name.
    pub fn value(&self, name: &str) -> Option<&'a str> {
        self.pairs().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// All values with this name.
    pub fn values(self, name: &str) -> impl Iterator<Item = &'a str> {
        self.pairs().filter(move |(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Whether the name is there, with or without a value; `=0` and `=false` say no.
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| !matches!(value, "0" | "false"))
    }
}

/// What the Kubernetes API server calls a probe.
fn kube_name(probe: Probe) -> &'static str {
    match probe {
        Probe::Liveness => "livez",
        Probe::Readiness => "readyz",
        Probe::Startup => "startupz",
        Probe::Status => "healthz",
    }
}
