//! Channels.

use super::monitor::name_is_good;
use super::problem::{Code, Found};
use super::read::{Datum, Reader};
use super::tree::Entry;
use crate::notify;

/// Reads one channel; `None` when something is wrong with it, which was told.
pub(super) fn channel(entry: &Entry, datum: &Datum<'_>, reader: &mut Reader<'_>) -> Option<(String, notify::Settings)> {
    let Datum::Block(fields) = datum else { return None };
    if !name_is_good(&entry.key, entry.key_span, reader) || !fields.sound {
        return None;
    }
    let settings: notify::Settings = match serde_json::from_value(fields.to_json()) {
        Ok(settings) => settings,
        Err(error) => {
            refuse("", &error.to_string(), entry, reader);
            return None;
        }
    };
    if let Err(error) = settings.check() {
        refuse(&error.field, &error.why, entry, reader);
        return None;
    }
    Some((entry.key.clone(), settings))
}

fn refuse(field: &str, why: &str, entry: &Entry, reader: &mut Reader<'_>) {
    let node = entry.node.find(field);
    // What is meant may be missing; then the channel's name is the place.
    let span = if std::ptr::eq(node, &raw const entry.node) { entry.key_span } else { node.span };
    let why = reader.masked(why, &entry.node);
    reader.problems.push(Found::new(Code::WrongChannel, span, format!("`{field}` {why}")));
}
