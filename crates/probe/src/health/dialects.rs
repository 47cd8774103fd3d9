//! The dialects with signs of their own, each by its documentation.

use super::parts::{Answer, check, in_one_line, scalar, status_of};
use super::{Check, Document, Format, Status, plain};
use crate::json::{Json, Object};

/// How deep Spring's components may be nested.
const NESTING_MAX: usize = 4;

/// Reads an answer, or says that it is not in this dialect.
pub type Dialect = fn(&Answer) -> Option<Document>;

/// All dialects, the most peculiar first.
pub const ALL: &[Dialect] = &[health_json, ours, terminus, micro_profile, spring, asp_net, plain::read];

/// draft-inadarei-api-health-check-06: its media type, or its words for the status with checks that are lists.
fn health_json(answer: &Answer) -> Option<Document> {
    let word = answer.word()?;
    let checks = answer.object("checks");
    let by_type = matches!(answer.media_type, Some("application/health+json" | "application/vnd.health+json"));
    let by_shape = matches!(word, "pass" | "warn" | "fail")
        && checks
            .is_some_and(|checks| checks.len() > 0 && checks.iter().all(|(_, value)| matches!(value, Json::List(_))));
    if !by_type && !by_shape {
        return None;
    }
    let mut document = answer.document(Format::HealthJson, status_of(word)?);
    for (name, measured) in checks.into_iter().flat_map(Object::iter) {
        let list = if let Json::List(list) = measured { list.as_slice() } else { std::slice::from_ref(measured) };
        let several = list.len() > 1;
        document.checks.extend(list.iter().filter_map(|one| measurement(name, one.as_object()?, several)));
    }
    Some(document)
}

/// One measurement. Its status may be left out, when there is only something observed.
fn measurement(name: &str, object: &Object, several: bool) -> Option<Check> {
    let status = object.text("status").map_or(Some(Status::Unknown), status_of).unwrap_or(Status::Unknown);
    let node = object.text("componentId").filter(|_| several).map(|id| format!("{name} {id}"));
    let observed = object.get("observedValue");
    let unit = object.text("observedUnit").unwrap_or_default();
    let is_time = ["responsetime", "latency", "duration"].iter().any(|word| name.to_ascii_lowercase().contains(word));
    let scale = match unit {
        "ms" => Some(1.0),
        "s" => Some(1e3),
        "us" | "\u{b5}s" => Some(1e-3),
        "ns" => Some(1e-6),
        _ => None,
    };
    let scale = scale.filter(|_| is_time);
    let said = object.text("output").filter(|output| !output.is_empty()).map(str::to_owned);
    let message = said.or_else(|| Some(format!("{} {unit}", scalar(observed?)?)).filter(|_| scale.is_none()));
    let response_time_ms = scale.and_then(|scale| Some(observed?.as_number()? * scale));
    Some(Check { name: node.unwrap_or_else(|| name.to_owned()), status, message, response_time_ms })
}

/// Ours: three booleans beside the status.
fn ours(answer: &Answer) -> Option<Document> {
    let flag = |name: &str| match answer.object.get(name) {
        Some(Json::Bool(flag)) => Some(*flag),
        _ => None,
    };
    let (_, ready, _) = (flag("up")?, flag("ready")?, flag("started")?);
    let status = status_of(answer.word()?).unwrap_or(if ready { Status::Ok } else { Status::Error });
    let checks = answer.object("checks").into_iter().flat_map(Object::iter);
    let checks = checks.filter_map(|(name, value)| plain::one(name, value)).collect();
    Some(Document { checks, ..answer.document(Format::Allswell, status) })
}

/// NestJS Terminus: `info`, `error` and `details` beside the status.
fn terminus(answer: &Answer) -> Option<Document> {
    let status = match answer.word()? {
        "ok" => Status::Ok,
        "error" | "shutting_down" => Status::Error,
        _ => return None,
    };
    let details = answer.object("details")?;
    answer.object("info").or_else(|| answer.object("error"))?;
    let checks = details.iter().filter_map(|(name, value)| {
        let object = value.as_object()?;
        let mut check = check(name, object)?;
        if check.message.is_none() && check.status != Status::Ok {
            check.message = in_one_line_without_status(object);
        }
        Some(check)
    });
    let checks = checks.collect();
    let detail = (answer.word()? == "shutting_down").then(|| "shutting down".to_owned());
    Some(Document { checks, detail, ..answer.document(Format::Terminus, status) })
}

fn in_one_line_without_status(object: &Object) -> Option<String> {
    let fields = object.iter().filter(|(name, _)| *name != "status");
    let parts = fields.filter_map(|(name, value)| Some(format!("{name}: {}", scalar(value)?)));
    let line = parts.take(8).collect::<Vec<_>>().join(", ");
    (!line.is_empty()).then_some(line)
}

/// MicroProfile Health: `UP` or `DOWN` with a list of checks, each with its name and perhaps data.
fn micro_profile(answer: &Answer) -> Option<Document> {
    let status = up_or_down(answer.word()?)?;
    let Json::List(checks) = answer.object.get("checks")? else { return None };
    let checks = checks.iter().filter_map(|value| {
        let object = value.as_object()?;
        let mut check = check(object.text("name")?, object)?;
        if check.status != Status::Ok {
            check.message = check.message.or_else(|| in_one_line(object.get("data")?.as_object()?));
        }
        Some(check)
    });
    let checks = checks.collect();
    Some(Document { checks, ..answer.document(Format::MicroProfile, status) })
}

fn up_or_down(word: &str) -> Option<Status> {
    match word {
        "UP" => Some(Status::Ok),
        "DOWN" => Some(Status::Error),
        _ => None,
    }
}

/// Spring Boot Actuator: words in capitals, components that may have components (`details` before version 2.2).
fn spring(answer: &Answer) -> Option<Document> {
    let status = match answer.word()? {
        "OUT_OF_SERVICE" => Status::Error,
        "UNKNOWN" => Status::Unknown,
        word => up_or_down(word)?,
    };
    let mut document = answer.document(Format::Spring, status);
    if let Some(components) = answer.object("components").or_else(|| answer.object("details")) {
        flatten(components, "", NESTING_MAX, &mut document.checks);
    }
    Some(document)
}

/// Components without components of their own, named by their path: `db.primary`.
fn flatten(components: &Object, path: &str, levels: usize, checks: &mut Vec<Check>) {
    for (name, component) in components.iter() {
        let Some(component) = component.as_object() else { continue };
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let inner = component.get("components").and_then(Json::as_object);
        let details = component.get("details").and_then(Json::as_object);
        let nested = inner.or(details.filter(|details| has_components(details)));
        match nested.filter(|_| levels > 1) {
            Some(nested) => flatten(nested, &path, levels - 1, checks),
            None => checks.extend(component_check(&path, component, details)),
        }
    }
}

fn has_components(details: &Object) -> bool {
    details.len() > 0
        && details.iter().all(|(_, value)| value.as_object().is_some_and(|value| value.text("status").is_some()))
}

fn component_check(path: &str, component: &Object, details: Option<&Object>) -> Option<Check> {
    let mut check = check(path, component)?;
    if check.status != Status::Ok && check.message.is_none() {
        check.message =
            details.and_then(|details| details.text("error").map(str::to_owned).or_else(|| in_one_line(details)));
    }
    Some(check)
}

/// ASP.NET: capitalised words, `results` (the documentation's writer) or `entries` (that of the HealthChecks UI).
fn asp_net(answer: &Answer) -> Option<Document> {
    let status = asp_net_status(answer.word()?)?;
    let named = answer.object("entries").or_else(|| answer.object("results"));
    let named = named.into_iter().flat_map(Object::iter).filter_map(|(name, value)| check(name, value.as_object()?));
    let list = match answer.object.get("checks").or_else(|| answer.object.get("entries")) {
        Some(Json::List(list)) => list.as_slice(),
        _ => &[],
    };
    let listed = list.iter().filter_map(|value| {
        let object = value.as_object()?;
        check(["name", "key", "component"].iter().find_map(|name| object.text(name))?, object)
    });
    let checks = named.chain(listed).collect();
    Some(Document { checks, ..answer.document(Format::AspNet, status) })
}

fn asp_net_status(word: &str) -> Option<Status> {
    match word {
        "Healthy" => Some(Status::Ok),
        "Degraded" => Some(Status::Warn),
        "Unhealthy" => Some(Status::Error),
        _ => None,
    }
}

/// What ASP.NET writes when nobody chose a writer: one word, as plain text.
pub fn asp_net_word(media_type: Option<&str>, text: &str) -> Option<Document> {
    let status = asp_net_status(text).filter(|_| media_type == Some("text/plain"))?;
    let (version, release_id, detail, checks) = (None, None, None, Vec::new());
    Some(Document { format: Format::AspNet, status, version, release_id, detail, checks })
}
