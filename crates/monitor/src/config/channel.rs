//! Channels.

use std::sync::Arc;

use serde_json::Value as Json;

use super::monitor::{name_is_good, tags};
use super::problem::{Code, Found};
use super::read::{Datum, Fields, Reader};
use super::spec::Spec;
use super::tree::Entry;
use super::{Tagged, Written};
use crate::notify::{self, http};

/// A channel as it is configured.
#[derive(Clone, Debug)]
pub struct ChannelConfig {
    /// What it is.
    pub settings: notify::Settings,
    /// It is told of monitors with one of these as well, sorted.
    pub tags: Vec<String>,
    /// As it is written, without its name.
    pub spec: Written,
}

/// Reads one channel; `None` when something is wrong with it, which was told.
pub(super) fn channel(entry: &Entry, datum: &Datum<'_>, reader: &mut Reader<'_>) -> Option<(String, ChannelConfig)> {
    let Datum::Block(fields) = datum else { return None };
    if !name_is_good(&entry.key, entry.key_span, reader) || !fields.sound {
        return None;
    }
    let tags = tags(fields, reader);
    let settings = match settings(fields, reader) {
        Ok(settings) => settings,
        Err(why) => {
            refuse("", &why, entry, reader);
            return None;
        }
    };
    if let Err(error) = settings.check() {
        refuse(&error.field, &error.why, entry, reader);
        return None;
    }
    Some((entry.key.clone(), ChannelConfig { settings, tags, spec: Written::of(&Spec::of_channel(&entry.node)) }))
}

impl ChannelConfig {
    /// Has the channel called `name` told of monitors with its tags.
    pub(crate) fn enter(&self, name: &str, tagged: &mut Tagged) {
        for tag in &self.tags {
            tagged.entry(tag.clone()).or_default().insert(name.to_owned());
        }
    }
}

fn settings(fields: &Fields<'_>, reader: &Reader<'_>) -> Result<notify::Settings, String> {
    let kinds = reader.kinds();
    let kind = fields.text("type").and_then(|name| kinds.get(name));
    if let Some(definition) = kind.and_then(|kind| kind.definition.as_ref()) {
        let written = definition.fields.iter();
        let written = written.filter_map(|field| Some((field.name.clone(), fields.text(&field.name)?.into())));
        let ca = fields.files().into_iter().next().cloned();
        return Ok(notify::Settings::Http(http::Settings {
            definition: Arc::clone(definition),
            fields: written.collect(),
            ca,
        }));
    }
    let mut written = fields.to_json();
    if let Json::Object(keys) = &mut written {
        keys.remove("tags");
    }
    serde_json::from_value(written).map_err(|error| error.to_string())
}

fn refuse(field: &str, why: &str, entry: &Entry, reader: &mut Reader<'_>) {
    let node = entry.node.find(field);
    // What is meant may be missing; then the channel's name is the place.
    let span = if std::ptr::eq(node, &raw const entry.node) { entry.key_span } else { node.span };
    let why = reader.masked(why, &entry.node);
    reader.problems.push(Found::new(Code::WrongChannel, span, format!("`{field}` {why}")));
}
