//! What the API server refuses, in its own words.
//!
//! The words follow kubernetes v1.36 `k8s.io/apimachinery/pkg/util/validation/field` and Go's `encoding/json`.

use std::ops::Range;

use super::Object;
use crate::yaml::{Node, Value};

/// One refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// 400 when the object cannot be read, 422 when it is invalid.
    pub status: u16,
    /// `spec.containers[0].livenessProbe.successThreshold`; empty with 400.
    pub field: String,
    /// `FieldValueInvalid`; empty with 400.
    pub reason: &'static str,
    /// `Invalid value: 2: must be 1`; with 400, from `json:` on.
    pub detail: String,
    /// The whole message.
    pub message: String,
    /// Where.
    pub at: Range<usize>,
    /// What would be accepted in that place, when it can be known.
    pub instead: Option<String>,
}

/// Gathers refusals while an object is read.
#[derive(Debug)]
pub struct Reader<'r> {
    kind: &'r str,
    name: &'r str,
    version: &'r str,
    refusals: &'r mut Vec<Refusal>,
}

impl<'r> Reader<'r> {
    pub(super) fn new(object: &Object<'r>, refusals: &'r mut Vec<Refusal>) -> Self {
        let version = object.api_version.rsplit('/').next().unwrap_or_default();
        Self { kind: object.kind, name: object.name, version, refusals }
    }

    /// A value has the wrong type: `field` is the Go field, `wanted` the Go type.
    pub(super) fn cannot_unmarshal(&mut self, node: &Node, field: &str, wanted: &str) {
        let is = match &node.value {
            Value::Null => return,
            Value::Bool(_) => "bool".to_owned(),
            Value::Int(number) => format!("number {number}"),
            Value::Float(number) => format!("number {number}"),
            Value::Text(_) => "string".to_owned(),
            Value::List(_) => "array".to_owned(),
            Value::Map(_) => "object".to_owned(),
        };
        let into = if field.is_empty() { "Go value".to_owned() } else { format!("Go struct field {field}") };
        let detail = format!("json: cannot unmarshal {is} into {into} of type {wanted}");
        let message =
            format!("{} in version \"{}\" cannot be handled as a {}: {detail}", self.kind, self.version, self.kind);
        let instead = if wanted.starts_with("int") { whole(node) } else { None };
        let at = node.span.clone();
        self.refusals.push(Refusal { status: 400, field: String::new(), reason: "", detail, message, at, instead });
    }

    pub(super) fn invalid(&mut self, field: &str, value: &str, why: &str, at: &Range<usize>) {
        self.refuse("FieldValueInvalid", field, format!("Invalid value: {value}: {why}"), at);
    }

    pub(super) fn required(&mut self, field: &str, why: &str, at: &Range<usize>) {
        let colon = if why.is_empty() { "" } else { ": " };
        self.refuse("FieldValueRequired", field, format!("Required value{colon}{why}"), at);
    }

    pub(super) fn forbidden(&mut self, field: &str, why: &str, at: &Range<usize>) {
        self.refuse("FieldValueForbidden", field, format!("Forbidden: {why}"), at);
    }

    pub(super) fn duplicate(&mut self, field: &str, value: &str, at: &Range<usize>) {
        self.refuse("FieldValueDuplicate", field, format!("Duplicate value: \"{value}\""), at);
    }

    pub(super) fn unsupported(&mut self, field: &str, value: &str, supported: &[&str], at: &Range<usize>) {
        let list: Vec<String> = supported.iter().map(|word| format!("\"{word}\"")).collect();
        let detail = format!("Unsupported value: \"{value}\": supported values: {}", list.join(", "));
        self.refuse("FieldValueNotSupported", field, detail, at);
    }

    /// Says what would be accepted instead of what was refused last.
    pub(super) fn instead(&mut self, text: impl Into<String>) {
        if let Some(last) = self.refusals.last_mut() {
            last.instead = Some(text.into());
        }
    }

    fn refuse(&mut self, reason: &'static str, field: &str, detail: String, at: &Range<usize>) {
        let message = format!("{} \"{}\" is invalid: {field}: {detail}", self.kind, self.name);
        let (field, at) = (field.to_owned(), at.clone());
        self.refusals.push(Refusal { status: 422, field, reason, detail, message, at, instead: None });
    }
}

/// The whole number that was meant: the next one up for a fraction, what stands in the quotes of a text.
fn whole(node: &Node) -> Option<String> {
    match &node.value {
        Value::Float(number) if *number >= 0.0 && *number < 1e9 => Some(format!("{:.0}", number.ceil())),
        Value::Text(text) => text.trim_end_matches('s').parse::<i32>().ok().map(|number| number.to_string()),
        _ => None,
    }
}
