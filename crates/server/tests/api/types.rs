//! The console's types are the OpenAPI document's: `console/src/api/types.ts` is made of it and never written by hand.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::read;
use super::world::World;

const HEAD: &str =
    "// Made of the OpenAPI document; `UPDATE=1 cargo nextest run -p allswell-server types` writes it anew.\n";

#[tokio::test]
async fn the_types_of_the_console_are_those_of_the_document() {
    let document = read(&World::empty().await.state, "/api/openapi.json").await;
    let schemas = document["components"]["schemas"].as_object().expect("the document has schemas");
    let mut schemas: Vec<_> = schemas.iter().collect();
    schemas.sort_by_key(|(name, _)| name.as_str());
    let made = schemas.iter().fold(HEAD.to_owned(), |text, (name, schema)| text + "\n" + &declaration(name, schema));
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../console/src/api/types.ts");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &made).expect("the console's sources can be written");
    }
    let written = std::fs::read_to_string(&path).expect("the console's types are there");
    assert_eq!(written, made, "the API has changed: run UPDATE=1 cargo nextest run -p allswell-server types");
}

fn declaration(name: &str, schema: &Value) -> String {
    let comment = comment(schema, "");
    match schema.get("properties") {
        Some(_) => format!("{comment}export interface {name} {}\n", object(schema, "")),
        None => format!("{comment}export type {name} = {};\n", kind(schema, "")),
    }
}

fn comment(schema: &Value, indent: &str) -> String {
    match schema["description"].as_str() {
        Some(text) => format!("{indent}/** {} */\n", text.replace('\n', " ")),
        None => String::new(),
    }
}

/// The TypeScript type of a schema.
fn kind(schema: &Value, indent: &str) -> String {
    let joined = |key: &str, by: &str| {
        let parts = schema[key].as_array().map(|parts| parts.iter().map(|part| kind(part, indent)).collect::<Vec<_>>());
        parts.map(|parts| parts.join(by))
    };
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap_or(name).to_owned();
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(Value::to_string).collect::<Vec<_>>().join(" | ");
    }
    let combined = joined("oneOf", " | ").or_else(|| joined("anyOf", " | ")).or_else(|| joined("allOf", " & "));
    combined.unwrap_or_else(|| match &schema["type"] {
        Value::Array(kinds) => {
            let kinds = kinds.iter().filter_map(Value::as_str);
            kinds.map(|word| simple(word, schema, indent)).collect::<Vec<_>>().join(" | ")
        }
        Value::String(word) => simple(word, schema, indent),
        _ => "unknown".to_owned(),
    })
}

fn simple(word: &str, schema: &Value, indent: &str) -> String {
    match word {
        "integer" | "number" => "number".to_owned(),
        "string" | "boolean" | "null" => word.to_owned(),
        "array" if schema["prefixItems"].is_array() => {
            let items = schema["prefixItems"].as_array().expect("looked at above");
            format!("[{}]", items.iter().map(|item| kind(item, indent)).collect::<Vec<_>>().join(", "))
        }
        "array" => match kind(&schema["items"], indent) {
            item if item.contains(' ') => format!("({item})[]"),
            item => format!("{item}[]"),
        },
        "object" if schema["properties"].is_object() => object(schema, indent),
        "object" if schema["additionalProperties"].is_object() => {
            format!("Record<string, {}>", kind(&schema["additionalProperties"], indent))
        }
        "object" => "Record<string, unknown>".to_owned(),
        _ => "unknown".to_owned(),
    }
}

fn object(schema: &Value, indent: &str) -> String {
    let inner = format!("{indent}  ");
    let required = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let none = Map::new();
    let mut text = "{\n".to_owned();
    let mut properties: Vec<_> = schema["properties"].as_object().unwrap_or(&none).iter().collect();
    properties.sort_by_key(|(name, _)| name.as_str());
    for (name, property) in properties {
        let mark = if required(name) { "" } else { "?" };
        text += &comment(property, &inner);
        writeln!(text, "{inner}{name}{mark}: {};", kind(property, &inner)).expect("a string takes everything");
    }
    text + indent + "}"
}

#[test]
fn optional_lists_and_words_are_written_as_typescript_has_them() {
    let schema = serde_json::json!({ "type": "object", "required": ["state"], "properties": {
        "state": { "type": "string", "enum": ["up", "down"] },
        "tags": { "type": ["array", "null"], "items": { "$ref": "#/components/schemas/Tag" } },
    } });
    let expected = "export interface A {\n  state: \"up\" | \"down\";\n  tags?: Tag[] | null;\n}\n";
    assert_eq!(declaration("A", &schema), expected);
}
