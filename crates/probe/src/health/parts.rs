//! What the dialects share: the answer they look at, the words for a status, the usual fields of a check.

use super::{Check, Document, Format, Status};
use crate::json::{Json, Object};

/// The answer that may be a health document.
pub struct Answer<'a> {
    /// From the header, without parameters, in lower case.
    pub media_type: Option<&'a str>,
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub object: &'a Object,
}

impl<'a> Answer<'a> {
    /// The word in the field `status`.
    pub fn word(&self) -> Option<&'a str> {
        self.object.text("status")
    }

    /// The field `name`, when it is an object.
    pub fn object(&self, name: &str) -> Option<&'a Object> {
        self.object.get(name)?.as_object()
    }

    /// A document without checks.
    pub fn document(&self, format: Format, status: Status) -> Document {
        let first = |names: &[&str]| names.iter().find_map(|name| scalar(self.object.get(name)?));
        Document {
            format,
            status,
            version: first(&["version"]).or_else(|| version_in(self.object("info")?)),
            release_id: first(&["releaseId", "release_id", "commit"]),
            detail: first(&["detail", "reason", "message", "output"]),
            checks: Vec::new(),
        }
    }
}

fn version_in(info: &Object) -> Option<String> {
    let direct = info.get("version").and_then(scalar);
    direct.or_else(|| ["app", "build"].iter().find_map(|part| scalar(info.get(part)?.as_object()?.get("version")?)))
}

/// A text or a number as text; nothing for an empty one.
pub fn scalar(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.to_string()).filter(|text| !text.is_empty()),
        Json::Int(value) => Some(value.to_string()),
        Json::Uint(value) => Some(value.to_string()),
        Json::Double(value) => Some(value.to_string()),
        _ => None,
    }
}

/// The status that a word of any dialect stands for.
pub fn status_of(word: &str) -> Option<Status> {
    let word = word.to_ascii_lowercase().replace([' ', '-'], "_");
    Some(match word.as_str() {
        "ok" | "up" | "healthy" | "ready" | "alive" | "pass" | "passing" | "available" | "connected"
        | "operational" => Status::Ok,
        "warn" | "warning" | "degraded" => Status::Warn,
        "error" | "down" | "unhealthy" | "not_ready" | "fail" | "failed" | "failing" | "unavailable" | "critical"
        | "out_of_service" | "disconnected" | "shutting_down" => Status::Error,
        "unknown" | "starting" => Status::Unknown,
        _ => return None,
    })
}

/// The check `name` with the usual fields of `object`; a word that nobody knows is [`Status::Unknown`].
pub fn check(name: &str, object: &Object) -> Option<Check> {
    let status = object.get("status").or_else(|| object.get("state"))?;
    let status = match status {
        Json::String(word) => status_of(word).unwrap_or(Status::Unknown),
        Json::Bool(well) => truth(*well),
        _ => return None,
    };
    Some(Check { name: name.to_owned(), status, message: message(object), response_time_ms: response_time_ms(object) })
}

/// A yes or no as a status.
pub const fn truth(well: bool) -> Status {
    if well { Status::Ok } else { Status::Error }
}

fn message(object: &Object) -> Option<String> {
    ["message", "error", "output", "detail", "description", "exception", "reason"]
        .iter()
        .find_map(|name| object.text(name))
        .map(str::to_owned)
}

fn response_time_ms(object: &Object) -> Option<f64> {
    ["response_time_ms", "responseTimeMs", "latency_ms", "latencyMs", "duration_ms", "durationMs"]
        .iter()
        .find_map(|name| object.get(name)?.as_number())
        .or_else(|| clock_ms(object.text("duration")?))
}

/// .NET's `[d.]hh:mm:ss[.fffffff]`, in milliseconds.
fn clock_ms(text: &str) -> Option<f64> {
    let mut parts = text.rsplit(':');
    let seconds: f64 = parts.next()?.parse().ok()?;
    let minutes: f64 = parts.next()?.parse().ok()?;
    let (days, hours) = match parts.next()?.split_once('.') {
        Some((days, hours)) => (days.parse::<f64>().ok()?, hours.parse::<f64>().ok()?),
        None => (0.0, text.split(':').next()?.parse().ok()?),
    };
    // Ticks are 100 ns; whole ticks keep the arithmetic exact.
    let ticks = (((days * 24.0 + hours) * 60.0 + minutes) * 60.0 + seconds) * 1e7;
    parts.next().is_none().then(|| ticks.round() / 1e4)
}

/// The fields of an object in one line, for dialects that have data but no message: `free: 10 GB, path: /`.
pub fn in_one_line(data: &Object) -> Option<String> {
    let parts = data.iter().filter_map(|(name, value)| Some(format!("{name}: {}", scalar(value)?)));
    let line = parts.take(8).collect::<Vec<_>>().join(", ");
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::clock_ms;

    #[test]
    fn the_clock_of_dot_net_is_read() {
        assert_eq!(clock_ms("00:00:00.0021339"), Some(2.1339));
        assert_eq!(clock_ms("00:00:05"), Some(5_000.0));
        assert_eq!(clock_ms("1.02:03:04.5"), Some(93_784_500.0));
        for wrong in ["", "5", "00:05", "a:b:c", "0:0:0:0"] {
            assert_eq!(clock_ms(wrong), None, "{wrong}");
        }
    }
}
