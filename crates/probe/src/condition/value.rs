//! A value while a condition is evaluated. Parts of the answer are borrowed, never copied.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::rc::Rc;

use crate::health;
use crate::json::{Json, Object};
use crate::text::tame;

use super::types::Record;

/// How much of a value a reason shows, in characters.
pub const SHOWN_MAX: usize = 200;

/// How much of a text is masked and looked at for showing, in characters.
const MASKED_MAX: usize = 4_096;

/// A value.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number, never negative.
    Uint(u64),
    /// A number with a fraction.
    Double(f64),
    /// Text of the answer or of the condition.
    Text(&'a str),
    /// Text that was put together.
    Built(Rc<str>),
    /// In nanoseconds.
    Duration(i64),
    /// A list of the body.
    JsonList(&'a [Json]),
    /// An object of the body.
    JsonObject(&'a Object),
    /// The headers, names in lower case.
    Headers(&'a BTreeMap<String, String>),
    /// The checks of the health document.
    Checks(&'a [health::Check]),
    /// One of them.
    Check(&'a health::Check),
    /// A group that is part of every answer.
    Group(Record),
    /// A list that was put together.
    List(Rc<[Value<'a>]>),
    /// A map that was put together.
    Map(Rc<[(Value<'a>, Value<'a>)]>),
}

impl<'a> From<&'a Json> for Value<'a> {
    fn from(json: &'a Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Int(value) => Self::Int(*value),
            Json::Uint(value) => Self::Uint(*value),
            Json::Double(value) => Self::Double(*value),
            Json::String(value) => Self::Text(value),
            Json::List(parts) => Self::JsonList(parts),
            Json::Object(parts) => Self::JsonObject(parts),
        }
    }
}

impl<'a> Value<'a> {
    /// The text, when it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Built(text) => Some(text),
            _ => None,
        }
    }

    /// CEL's word for its type.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::Text(_) | Self::Built(_) => "string",
            Self::Duration(_) => "duration",
            Self::JsonList(_) | Self::List(_) => "list",
            _ => "map",
        }
    }

    /// How many parts it has; `None` for what has none. The size of a text is the number of its characters.
    pub fn size(&self) -> Option<usize> {
        Some(match self {
            Self::Text(text) => text.chars().count(),
            Self::Built(text) => text.chars().count(),
            Self::JsonList(parts) => parts.len(),
            Self::JsonObject(parts) => parts.len(),
            Self::Headers(parts) => parts.len(),
            Self::Checks(parts) => parts.len(),
            Self::List(parts) => parts.len(),
            Self::Map(parts) => parts.len(),
            _ => return None,
        })
    }

    /// The elements of a list or the keys of a map; `None` for what cannot be gone through.
    pub fn elements(&self) -> Option<Box<dyn Iterator<Item = Value<'a>> + 'a>> {
        Some(match self {
            Self::JsonList(parts) => Box::new(parts.iter().map(Value::from)),
            Self::JsonObject(fields) => Box::new(fields.iter().map(|(name, _)| Value::Text(name))),
            Self::Headers(parts) => Box::new(parts.keys().map(|name| Value::Text(name))),
            Self::Checks(parts) => Box::new(parts.iter().map(|check| Value::Text(&check.name))),
            Self::List(parts) => {
                let parts = Rc::clone(parts);
                Box::new((0..parts.len()).map(move |index| parts[index].clone()))
            }
            Self::Map(parts) => {
                let parts = Rc::clone(parts);
                Box::new((0..parts.len()).map(move |index| parts[index].0.clone()))
            }
            _ => return None,
        })
    }

    /// The value for a person: bounded, secrets masked, control characters replaced.
    pub fn show(&self, mask: &dyn Fn(&str) -> String) -> String {
        let mut shown = String::new();
        self.write(&mut shown, mask);
        tame(&shown, SHOWN_MAX)
    }

    fn write(&self, out: &mut String, mask: &dyn Fn(&str) -> String) {
        match self {
            _ if out.len() > SHOWN_MAX * 4 => {}
            Self::Text(text) => quote(text, out, mask),
            Self::Built(text) => quote(text, out, mask),
            Self::Duration(nanos) => out.push_str(&duration(*nanos)),
            Self::Null => out.push_str("null"),
            Self::Bool(value) => _ = write!(out, "{value}"),
            Self::Int(value) => _ = write!(out, "{value}"),
            Self::Uint(value) => _ = write!(out, "{value}"),
            Self::Double(value) => _ = write!(out, "{value:?}"),
            Self::JsonList(parts) => list(parts.iter().map(Value::from), out, mask),
            Self::List(parts) => list(parts.iter().cloned(), out, mask),
            Self::JsonObject(parts) => map(parts.iter().map(|(k, v)| (Value::Text(k), v.into())), out, mask),
            Self::Headers(parts) => map(parts.iter().map(|(k, v)| (Value::Text(k), Value::Text(v))), out, mask),
            Self::Checks(parts) => map(parts.iter().map(|c| (Value::Text(&c.name), Value::Check(c))), out, mask),
            Self::Map(parts) => map(parts.iter().cloned(), out, mask),
            Self::Check(check) => {
                let message = check.message.as_deref().map(|message| (Value::Text("message"), Value::Text(message)));
                let time = check.response_time_ms.map(|ms| (Value::Text("response_time_ms"), Value::Double(ms)));
                let status = (Value::Text("status"), Value::Text(status_word(check.status)));
                map([Some(status), message, time].into_iter().flatten(), out, mask);
            }
            Self::Group(record) => out.push_str(record.name()),
        }
    }
}

/// The word of a status in a condition.
pub const fn status_word(status: health::Status) -> &'static str {
    match status {
        health::Status::Ok => "ok",
        health::Status::Warn => "warn",
        health::Status::Error => "error",
        health::Status::Unknown => "unknown",
    }
}

fn quote(text: &str, out: &mut String, mask: &dyn Fn(&str) -> String) {
    let end = text.char_indices().nth(MASKED_MAX).map_or(text.len(), |(end, _)| end);
    out.push('"');
    for c in mask(&text[..end]).chars().take(SHOWN_MAX + 1) {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ => out.push(c),
        }
    }
    out.push('"');
}

fn list<'v>(parts: impl Iterator<Item = Value<'v>>, out: &mut String, mask: &dyn Fn(&str) -> String) {
    out.push('[');
    for (index, part) in parts.take(SHOWN_MAX).enumerate() {
        out.push_str(if index == 0 { "" } else { ", " });
        part.write(out, mask);
    }
    out.push(']');
}

fn map<'v>(parts: impl Iterator<Item = (Value<'v>, Value<'v>)>, out: &mut String, mask: &dyn Fn(&str) -> String) {
    out.push('{');
    for (index, (key, value)) in parts.take(SHOWN_MAX).enumerate() {
        out.push_str(if index == 0 { "" } else { ", " });
        key.write(out, mask);
        out.push_str(": ");
        value.write(out, mask);
    }
    out.push('}');
}

fn duration(nanos: i64) -> String {
    let ms = nanos as f64 / 1e6;
    match ms.abs() {
        ms_abs if ms_abs < 10.0 => format!("{ms:.2} ms"),
        ms_abs if ms_abs < 1_000.0 => format!("{ms:.0} ms"),
        _ => format!("{:.2} s", ms / 1e3),
    }
}
