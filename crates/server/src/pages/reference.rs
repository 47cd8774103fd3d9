//! `/api/docs`: the document of the API as a page to read, without a script and without a network.
//!
//! Made of the very document that programs get, once, when the server starts.

use std::collections::BTreeMap;

use askama::Template;
use serde_json::{Map, Value};

use super::assets;

/// How deep an example goes into what it is made of.
const DEPTH_MAX: usize = 4;
/// How many optional keys an example shows where none is required.
const OPTIONAL_SHOWN: usize = 3;
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

#[derive(Template)]
#[template(path = "reference.html", whitespace = "minimize")]
struct Reference {
    css: &'static str,
    title: String,
    version: String,
    intro: String,
    groups: Vec<Group>,
    schemas: Vec<Schema>,
}

/// The operations of one tag.
struct Group {
    name: String,
    /// By which links find it: an id may hold no blank.
    id: String,
    operations: Vec<Operation>,
}

struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    description: Prose,
    /// Who may: the scope of a key, the role of a user. Empty where everybody may.
    needs: String,
    parameters: Vec<Field>,
    /// The type of the body, and an example.
    body: Option<(Kind, String)>,
    answers: Vec<Answer>,
}

struct Answer {
    status: String,
    description: Prose,
    kind: Option<Kind>,
}

/// A parameter, or a key of an object.
struct Field {
    name: String,
    /// Where a parameter stands; empty for a key.
    place: String,
    is_required: bool,
    kind: Kind,
    about: Prose,
}

struct Schema {
    name: String,
    about: Prose,
    /// What it is where it is no object.
    kind: Option<Kind>,
    fields: Vec<Field>,
}

/// A text in which code stands between backticks: every second piece is code.
struct Prose(Vec<String>);

impl Prose {
    fn of(text: &Value) -> Self {
        Self(text.as_str().unwrap_or_default().split('`').map(str::to_owned).collect())
    }
}

/// What a value is, in words, with the schema that says more.
struct Kind {
    words: String,
    schema: Option<String>,
}

/// The page of an OpenAPI 3.1 document.
pub(crate) fn page(document: &Value) -> String {
    let text = |pointer: &str| text(document.pointer(pointer).unwrap_or(&Value::Null));
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    let page = Reference {
        css: &assets::CSS_VERSION,
        title: text("/info/title"),
        version: text("/info/version"),
        intro: text("/info/description"),
        groups: groups(document),
        schemas: schemas.into_iter().flatten().map(|(name, schema)| Schema::of(name, schema)).collect(),
    };
    page.render().expect("writing to a string cannot fail")
}

fn groups(document: &Value) -> Vec<Group> {
    let mut groups: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in METHODS.into_iter().filter_map(|method| Some((method, item.get(method)?))) {
            let tag = operation["tags"][0].as_str().unwrap_or("server");
            groups.entry(tag.to_owned()).or_default().push(Operation::of(document, method, path, operation));
        }
    }
    groups.into_iter().map(|(name, operations)| Group { id: name.replace(' ', "-"), name, operations }).collect()
}

impl Operation {
    fn of(document: &Value, method: &str, path: &str, operation: &Value) -> Self {
        let body = operation["requestBody"]["content"].as_object().and_then(|content| content.values().next());
        let body = body.map(|media| {
            let example = example(document, &media["schema"], DEPTH_MAX);
            (Kind::of(&media["schema"]), serde_json::to_string_pretty(&example).expect("a value of JSON"))
        });
        let answers = operation["responses"].as_object().into_iter().flatten();
        Self {
            id: text(&operation["operationId"]),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(&operation["summary"]),
            description: Prose::of(&operation["description"]),
            needs: needs(&operation["security"]),
            parameters: list(&operation["parameters"]).iter().map(Field::of_parameter).collect(),
            body,
            answers: answers.map(|(status, answer)| Answer::of(status, answer)).collect(),
        }
    }
}

/// Which scope and which role are enough.
fn needs(security: &Value) -> String {
    let word = |scheme: &str| list(security).iter().find_map(|one| Some(one.get(scheme)?[0].as_str()?.to_owned()));
    match (word("key"), word("session")) {
        (Some(scope), Some(role)) => format!("a key with the scope {scope}, or the role {role}"),
        (Some(scope), None) => format!("a key with the scope {scope}"),
        _ => String::new(),
    }
}

impl Answer {
    fn of(status: &str, answer: &Value) -> Self {
        let media = answer["content"].as_object().and_then(|content| content.values().next());
        Self {
            status: status.to_owned(),
            description: Prose::of(&answer["description"]),
            kind: media.map(|media| Kind::of(&media["schema"])).filter(|kind| !kind.words.is_empty()),
        }
    }
}

impl Field {
    fn of_parameter(parameter: &Value) -> Self {
        Self {
            name: text(&parameter["name"]),
            place: text(&parameter["in"]),
            is_required: parameter["required"] == true,
            kind: Kind::of(&parameter["schema"]),
            about: Prose::of(&parameter["description"]),
        }
    }

    fn all_of(object: &Value) -> Vec<Self> {
        let required = list(&object["required"]);
        let properties = object["properties"].as_object().into_iter().flatten();
        let own = properties.map(|(name, schema)| Self {
            name: name.clone(),
            place: String::new(),
            is_required: required.iter().any(|one| one == name),
            kind: Kind::of(schema),
            about: Prose::of(&schema["description"]),
        });
        own.chain(list(&object["allOf"]).iter().flat_map(Self::all_of)).collect()
    }
}

impl Schema {
    fn of(name: &str, schema: &Value) -> Self {
        let fields = Field::all_of(schema);
        let kind = fields.is_empty().then(|| Kind::of(schema));
        Self { name: name.to_owned(), about: Prose::of(&schema["description"]), kind, fields }
    }
}

impl Kind {
    fn of(schema: &Value) -> Self {
        if let Some(name) = referred(schema) {
            return Self { words: name.to_owned(), schema: Some(name.to_owned()) };
        }
        if schema["type"] == "array" {
            let Self { words, schema } = Self::of(&schema["items"]);
            return Self { words: format!("list of {words}"), schema };
        }
        for choice in ["oneOf", "anyOf", "allOf"] {
            let kinds: Vec<Self> = list(&schema[choice]).iter().map(Self::of).collect();
            if !kinds.is_empty() {
                let named = kinds.iter().find_map(|kind| kind.schema.clone());
                let words: Vec<String> = kinds.into_iter().map(|kind| kind.words).collect();
                return Self { words: words.join(if choice == "allOf" { " with " } else { " or " }), schema: named };
            }
        }
        Self { words: plain(schema), schema: None }
    }
}

/// A type without a name: `string (date-time)`, `integer, 1 to 100`, `"up" or "down"`.
fn plain(schema: &Value) -> String {
    let words = list(&schema["enum"]).iter().map(Value::to_string).collect::<Vec<_>>();
    if !words.is_empty() {
        return words.join(" or ");
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let mut text = types.join(" or ");
    if let Some(format) = schema["format"].as_str() {
        text.push_str(&format!(" ({format})"));
    }
    match (schema["minimum"].as_number(), schema["maximum"].as_number()) {
        (Some(least), Some(most)) => text.push_str(&format!(", {least} to {most}")),
        (Some(least), None) => text.push_str(&format!(", {least} or more")),
        _ => {}
    }
    match &schema["default"] {
        Value::Null => text,
        default => format!("{text}; {default} if not given"),
    }
}

/// A value that `schema` allows: what is required, and a little of the rest where nothing is.
fn example(document: &Value, schema: &Value, depth: usize) -> Value {
    if let Some(name) = referred(schema) {
        let resolved = document.pointer("/components/schemas").and_then(|schemas| schemas.get(name));
        return resolved.map_or(Value::Null, |resolved| example(document, resolved, depth));
    }
    let given = [&schema["examples"][0], &schema["example"], &schema["default"], &schema["const"]];
    if let Some(given) = given.into_iter().find(|given| !given.is_null()) {
        return given.clone();
    }
    if let Some(first) = list(&schema["enum"]).first() {
        return first.clone();
    }
    let first =
        ["oneOf", "anyOf"].iter().find_map(|choice| list(&schema[*choice]).iter().find(|one| one["type"] != "null"));
    if let Some(first) = first {
        return example(document, first, depth);
    }
    let kind = match &schema["type"] {
        Value::Array(all) => all.first().and_then(Value::as_str),
        one => one.as_str(),
    };
    match kind {
        Some("string") => if schema["format"] == "date-time" { "2026-11-22T09:30:00.000Z" } else { "..." }.into(),
        Some("integer" | "number") => schema["minimum"].as_number().cloned().map_or_else(|| 1.into(), Value::Number),
        Some("boolean") => true.into(),
        Some("array") if depth > 0 => Value::Array(vec![example(document, &schema["items"], depth - 1)]),
        Some("array") => Value::Array(Vec::new()),
        _ if depth > 0 => object(document, schema, depth),
        _ => Value::Object(Map::new()),
    }
}

fn object(document: &Value, schema: &Value, depth: usize) -> Value {
    let required = list(&schema["required"]);
    let properties = schema["properties"].as_object().into_iter().flatten();
    let shown = properties.enumerate().filter(|(index, (name, _))| match required {
        [] => *index < OPTIONAL_SHOWN,
        names => names.iter().any(|one| one == *name),
    });
    let own = shown.map(|(_, (name, schema))| (name.clone(), example(document, schema, depth - 1)));
    let mut all: Map<String, Value> = own.collect();
    for part in list(&schema["allOf"]) {
        if let Value::Object(more) = example(document, part, depth) {
            all.extend(more);
        }
    }
    Value::Object(all)
}

/// The name of the schema that `schema` refers to.
fn referred(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "info": { "title": "Allswell", "version": "1.2.3", "description": "What is watched." },
            "paths": { "/api/v1/keys/{id}": { "patch": {
                "tags": ["keys"], "operationId": "change_key", "summary": "Change a <key>",
                "security": [{ "key": ["admin"] }, { "session": ["owner"] }],
                "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "integer", "minimum": 1 } }],
                "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Wish" } } } },
                "responses": { "204": { "description": "it is done" } },
            } } },
            "components": { "schemas": { "Wish": {
                "type": "object", "required": ["name"],
                "properties": {
                    "name": { "type": "string", "description": "What people call it." },
                    "scopes": { "type": "array", "items": { "enum": ["read", "write"] } },
                },
            } } },
        })
    }

    #[test]
    fn an_operation_says_who_may_what_it_takes_and_what_comes_back() {
        let page = page(&document());
        for part in [
            "Change a &#60;key&#62;",
            "id=\"change_key\"",
            "a key with the scope admin, or the role owner",
            "integer, 1 or more",
            "href=\"#schema-Wish\"",
            "list of &#34;read&#34; or &#34;write&#34;",
            "it is done",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }

    #[test]
    fn an_example_has_what_is_required() {
        let document = document();
        let schema = json!({ "$ref": "#/components/schemas/Wish" });
        assert_eq!(example(&document, &schema, DEPTH_MAX), json!({ "name": "..." }));
        let optional = json!({ "properties": { "a": { "type": "boolean" }, "b": { "default": 5 } } });
        assert_eq!(example(&document, &optional, DEPTH_MAX), json!({ "a": true, "b": 5 }));
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({ "type": "object", "required": ["next"], "properties": { "next": { "$ref": "#/components/schemas/S" } } });
        let document = json!({ "components": { "schemas": { "S": schema } } });
        let example = example(&document, &json!({ "$ref": "#/components/schemas/S" }), DEPTH_MAX);
        assert_eq!(example.to_string().matches("next").count(), DEPTH_MAX);
    }
}
