//! Holds JSON against a schema, as far as the vendors' forms need it (JSON Schema 2020-12, a part).

use serde_json::Value;

/// Why `value` is not as `schema` says; nothing when it is.
pub(super) fn wrong(value: &Value, schema: &Value, path: &str) -> Option<String> {
    let schema = schema.as_object().expect("a schema is an object");
    schema.iter().find_map(|(rule, wanted)| breaks(value, rule, wanted, schema, path))
}

fn breaks(
    value: &Value,
    rule: &str,
    wanted: &Value,
    schema: &serde_json::Map<String, Value>,
    path: &str,
) -> Option<String> {
    let length = || value.as_str().map(|text| text.chars().count() as u64);
    let items = || value.as_array().map(|items| items.len() as u64);
    let ok = match rule {
        "$comment" => true,
        "type" => is(value, wanted.as_str().unwrap()),
        "const" => value == wanted,
        "enum" => wanted.as_array().unwrap().contains(value),
        "format" => value.as_str().is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()),
        "minLength" => length().is_none_or(|length| length >= wanted.as_u64().unwrap()),
        "maxLength" => length().is_none_or(|length| length <= wanted.as_u64().unwrap()),
        "minItems" => items().is_none_or(|items| items >= wanted.as_u64().unwrap()),
        "maxItems" => items().is_none_or(|items| items <= wanted.as_u64().unwrap()),
        "minimum" => value.as_i64().is_none_or(|number| number >= wanted.as_i64().unwrap()),
        "maximum" => value.as_i64().is_none_or(|number| number <= wanted.as_i64().unwrap()),
        "required" => {
            let mut keys = wanted.as_array().unwrap().iter();
            !value.is_object() || keys.all(|key| value.get(key.as_str().unwrap()).is_some())
        }
        "items" => {
            let items = value.as_array().into_iter().flatten().enumerate();
            return items.into_iter().find_map(|(at, item)| wrong(item, wanted, &format!("{path}[{at}]")));
        }
        "properties" => {
            let known = wanted.as_object().unwrap().iter();
            return known
                .filter_map(|(key, schema)| Some((key, schema, value.get(key)?)))
                .find_map(|(key, schema, found)| wrong(found, schema, &format!("{path}.{key}")));
        }
        "additionalProperties" => {
            let known = schema.get("properties").and_then(Value::as_object);
            let more = value.as_object().into_iter().flatten();
            let mut more = more.filter(|(key, _)| known.is_none_or(|known| !known.contains_key(*key)));
            return match wanted {
                Value::Bool(_) => more.next().map(|(key, _)| format!("{path}.{key} is unknown")),
                schema => more.find_map(|(key, found)| wrong(found, schema, &format!("{path}.{key}"))),
            };
        }
        "oneOf" => {
            let found: Vec<_> = wanted.as_array().unwrap().iter().map(|schema| wrong(value, schema, path)).collect();
            if found.iter().filter(|wrong| wrong.is_none()).count() == 1 {
                return None;
            }
            return Some(format!("{path} is not one of {found:?}"));
        }
        other => panic!("the schema uses `{other}`, which is not checked"),
    };
    (!ok).then(|| format!("{path} is {value}, but `{rule}` says {wanted}"))
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the schema names the type `{other}`, which is not checked"),
    }
}

#[test]
fn a_schema_finds_what_is_wrong() {
    let schema = serde_json::json!({
        "type": "object", "required": ["a"], "additionalProperties": false,
        "properties": { "a": { "oneOf": [{ "const": 1 }, { "type": "array", "items": { "type": "string", "maxLength": 2 } }] } }
    });
    let check = |value: Value, part: Option<&str>| match (wrong(&value, &schema, "$"), part) {
        (None, None) => {}
        (Some(why), Some(part)) => assert!(why.contains(part), "{why}"),
        (found, _) => panic!("{value}: {found:?}"),
    };
    check(serde_json::json!({ "a": 1 }), None);
    check(serde_json::json!({ "a": ["xy"] }), None);
    check(serde_json::json!({ "a": ["xyz"] }), Some("maxLength"));
    check(serde_json::json!({ "a": 1, "b": 2 }), Some("$.b is unknown"));
    check(serde_json::json!({}), Some("required"));
    check(serde_json::json!([]), Some("`type` says"));
}
