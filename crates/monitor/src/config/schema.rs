//! The list of keys as a schema of JSON, for the document of the API.

use serde_json::json;
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};

use super::keys::channels::ChannelKinds;
use super::keys::{Block, Given, Key, Kind, MAINTENANCE, MONITOR, STATUS_PAGE};
use super::read::written;

/// The name of the schema of a monitor.
pub const MONITOR_NAME: &str = "MonitorSpec";

/// A monitor.
pub fn monitor() -> RefOr<Schema> {
    let example = json!({ "name": "shop", "http": { "url": "https://shop.example.com/ready" }, "interval": "30s", "tags": ["eu"] });
    keyed(&MONITOR).examples([example]).into()
}

/// Planned maintenance.
pub fn maintenance() -> RefOr<Schema> {
    let example = json!({ "name": "weekly", "tags": ["eu"], "cron": "0 2 * * SUN", "timezone": "Europe/Berlin", "duration": "1h" });
    keyed(&MAINTENANCE).examples([example]).into()
}

/// A status page.
pub fn status_page() -> RefOr<Schema> {
    let example = json!({ "slug": "shop", "title": "The shop", "sections": [{ "name": "Website", "tags": ["eu"] }] });
    keyed(&STATUS_PAGE).examples([example]).into()
}

/// A channel of any type, its name included.
pub fn channel() -> RefOr<Schema> {
    let one = ChannelKinds::built_in().iter().fold(OneOfBuilder::new(), |one, kind| {
        let (word, keys) = (kind.name, kind.block);
        let name =
            ObjectBuilder::new().schema_type(Type::String).description(Some("Its name, unlike any other channel's."));
        let kind = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([word]));
        let channel = keyed(keys).property("name", name).property("type", kind);
        one.item(channel)
    });
    let example = json!({ "name": "ops", "type": "webhook", "url": "https://hooks.example.com/allswell", "secret": "hard to guess" });
    one.examples([example]).into()
}

/// The schemas that those of monitors, channels and status pages refer to, by name.
pub fn blocks() -> Vec<(String, RefOr<Schema>)> {
    let mut found = Vec::new();
    let channels = ChannelKinds::built_in();
    for block in [&MONITOR, &STATUS_PAGE].into_iter().chain(channels.iter().map(|kind| kind.block)) {
        gather(block, &mut found);
    }
    found.into_iter().map(|block| (name(block), keyed(block).into())).collect()
}

/// Adds the blocks within `block` that are not in `found`.
fn gather(block: &'static Block, found: &mut Vec<&'static Block>) {
    let within = block.keys.iter().filter_map(|key| match key.kind {
        Kind::Block(block) => Some(block),
        Kind::List { of, .. } => {
            if let Kind::Block(block) = of {
                Some(*block)
            } else {
                None
            }
        }
        _ => None,
    });
    for block in within {
        if !found.iter().any(|known| std::ptr::eq(*known, block)) {
            found.push(block);
            gather(block, found);
        }
    }
}

/// `basic_auth` is `BasicAuthSpec`, `a section` is `SectionSpec`.
fn name(block: &Block) -> String {
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    let words = block.title.split(['_', ' ']).filter(|word| *word != "a");
    words.map(capital).collect::<String>() + "Spec"
}

fn keyed(block: &Block) -> ObjectBuilder {
    let object = ObjectBuilder::new().additional_properties(Some(AdditionalProperties::FreeForm(false)));
    block.keys.iter().fold(object, |object, key| {
        let object = object.property(key.name, value(&key.kind, Some(key)));
        if matches!(key.default, Given::Required) { object.required(key.name) } else { object }
    })
}

fn value(kind: &Kind, key: Option<&Key>) -> RefOr<Schema> {
    let about = key.map(|key| key.about);
    let text = || ObjectBuilder::new().schema_type(Type::String).description(about);
    match kind {
        Kind::Duration { least, most } => {
            let about = about.unwrap_or_default();
            let about = format!("{about} From {} to {}, like `30s` or `1m30s`.", written(*least), written(*most));
            text().description(Some(about)).into()
        }
        // A reference is text until it is resolved.
        Kind::Number { least, most } => AnyOfBuilder::new()
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::Integer)
                    .minimum(Some(float(*least)))
                    .maximum(Some(float(*most))),
            )
            .item(reference())
            .description(about)
            .into(),
        Kind::Flag => AnyOfBuilder::new()
            .item(ObjectBuilder::new().schema_type(Type::Boolean))
            .item(reference())
            .description(about)
            .into(),
        Kind::Text { .. } | Kind::Secret { .. } | Kind::File | Kind::Picture | Kind::Directory => text().into(),
        Kind::Word(words) => {
            let listed = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
            text().description(Some(format!("{} One of {listed}.", about.unwrap_or_default()))).into()
        }
        Kind::List { of, most } => {
            let item = match of {
                Kind::Block(block) => Ref::from_schema_name(name(block)).into(),
                _ => value(of, None),
            };
            let list = ArrayBuilder::new().items(item).max_items(Some(*most)).description(about);
            // A key without any item may be written as `null`.
            list.schema_type(SchemaType::from_iter([Type::Array, Type::Null])).into()
        }
        Kind::Names { of, .. } => ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
            .additional_properties(Some(AdditionalProperties::RefOr(value(of, None))))
            .description(about)
            .into(),
        Kind::Block(block) => OneOfBuilder::new()
            .item(Ref::from_schema_name(name(block)))
            .item(ObjectBuilder::new().schema_type(Type::Null))
            .description(about)
            .into(),
        Kind::Channel => channel(),
    }
}

fn reference() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(r"\$\{"))
}

#[expect(clippy::cast_precision_loss, reason = "bounds are small")]
fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_blocks_have_the_same_name() {
        let names: Vec<_> = blocks().into_iter().map(|(name, _)| name).collect();
        let different: BTreeSet<_> = names.iter().map(String::as_str).chain([MONITOR_NAME]).collect();
        assert_eq!(different.len(), names.len() + 1, "{names:?}");
        assert!(different.contains("BasicAuthSpec"), "{names:?}");
    }
}
