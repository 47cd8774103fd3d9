//! Bad input to every field is told with its field and the way out, and changes nothing. The fields are those of the OpenAPI
//! document, which is made of the list of keys.

use serde_json::{Value, json};

use super::world::World;

/// A field: the way to it, and its schema.
struct Field {
    path: Vec<String>,
    schema: Value,
}

impl Field {
    fn pointer(&self) -> String {
        self.path.iter().map(|part| format!("/{part}")).collect()
    }

    /// The types that the schema allows.
    fn types(&self) -> Vec<&str> {
        let alternatives = self.schema["anyOf"].as_array().cloned().unwrap_or_default();
        if alternatives.iter().any(|one| one["type"] == "integer") {
            return vec!["integer"];
        }
        if !alternatives.is_empty() {
            return vec!["boolean"];
        }
        match &self.schema["type"] {
            Value::String(word) => vec![word],
            Value::Array(words) => words.iter().filter_map(Value::as_str).collect(),
            other => panic!("{}: {other}", self.pointer()),
        }
    }

    /// Values that it does not take.
    fn wrong(&self) -> Vec<Value> {
        let types = self.types();
        let mut wrong = vec![];
        if types.contains(&"integer") {
            wrong.extend([json!(-1), json!(1.5), json!("one"), json!(99_999_999_999_u64), json!(true)]);
        }
        if types.contains(&"boolean") {
            wrong.extend([json!(1), json!("yes")]);
        }
        if types.contains(&"string") {
            wrong.extend([json!(5), json!(true), json!([]), json!("${env:THERE_IS_NO_SUCH_VARIABLE}"), json!("***")]);
        }
        if types.contains(&"object") {
            wrong.extend([json!(5), json!("x"), json!([1])]);
        }
        if types.contains(&"array") {
            wrong.extend([json!(5), json!("x"), json!({ "a": 1 }), json!([{}])]);
        }
        wrong
    }
}

/// All fields below `schema`, which may refer to `schemas`.
fn fields(path: &[String], schema: &Value, schemas: &Value, found: &mut Vec<Field>) {
    let Some(properties) = schema["properties"].as_object() else { return };
    for (name, schema) in properties {
        let mut path = path.to_vec();
        path.push(name.clone());
        let schema = referred_to(schema, schemas);
        fields(&path, schema, schemas, found);
        found.push(Field { path, schema: schema.clone() });
    }
}

/// The schema that one refers to beside `null`, or itself.
fn referred_to<'a>(schema: &'a Value, schemas: &'a Value) -> &'a Value {
    let alternatives = schema["oneOf"].as_array().into_iter().flatten();
    let mut names = alternatives.filter_map(|one| one["$ref"].as_str()?.strip_prefix("#/components/schemas/"));
    names.next().map_or(schema, |name| &schemas[name])
}

/// `base` with `value` at `path`.
fn with(base: &Value, path: &[String], value: &Value) -> Value {
    let mut spec = base.clone();
    let mut at = &mut spec;
    for part in path {
        if !at.is_object() {
            *at = json!({});
        }
        at = &mut at[part];
    }
    *at = value.clone();
    spec
}

/// Something that is good where this field is asked for: a monitor of its kind.
fn base(path: &[String]) -> Value {
    let kind = match path[0].as_str() {
        "tcp" | "tls" | "grpc" => json!({ "address": "127.0.0.1:1" }),
        "dns" => json!({ "name": "example.com" }),
        "ping" => json!({ "host": "127.0.0.1" }),
        "websocket" => json!({ "url": "ws://127.0.0.1:1/" }),
        "postgres" => json!({ "dsn": "postgres://me@127.0.0.1:1/app" }),
        "mysql" => json!({ "dsn": "mysql://me@127.0.0.1:1/app" }),
        "redis" => json!({ "dsn": "redis://127.0.0.1:1" }),
        "heartbeat" => json!({ "period": "1h" }),
        _ => return json!({ "name": "x", "http": { "url": "http://127.0.0.1:1/" } }),
    };
    json!({ "name": "x", path[0].as_str(): kind })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_value_of_any_field_is_told_with_the_field_and_changes_nothing() {
    let world = World::start().await;
    world.post("/api/v1/monitors", &json!({ "name": "kept", "heartbeat": { "period": "1h" } })).await.expect(201);
    let before = world.get("/api/v1/monitors/kept").await.expect(200);
    let document = world.get("/api/openapi.json").await.expect(200);
    let mut found = Vec::new();
    let schemas = &document["components"]["schemas"];
    fields(&[], &schemas["MonitorSpec"], schemas, &mut found);
    assert!(found.len() > 100, "{}", found.len());
    refused(&world, "/api/v1/monitors", &found, base).await;
    let mut found = Vec::new();
    fields(&[], &schemas["StatusPageSpec"], schemas, &mut found);
    assert!(found.len() > 10, "{}", found.len());
    let page = json!({ "slug": "x", "title": "X", "sections": [{ "tags": ["x"] }] });
    refused(&world, "/api/v1/status-pages", &found, |_| page.clone()).await;
    assert_eq!(world.get("/api/v1/monitors").await.expect(200)["monitors"].as_array().map(Vec::len), Some(1));
    assert_eq!(world.get("/api/v1/status-pages").await.expect(200)["status_pages"], json!([]));
    let after = world.get("/api/v1/monitors/kept").await.expect(200);
    assert_eq!((&after["spec"], &after["revision"]), (&before["spec"], &before["revision"]));
    world.stop().await;
}

/// Posts each wrong value of each field to `path`, within what `base` says is good beside it.
async fn refused(world: &World, path: &str, found: &[Field], base: impl Fn(&[String]) -> Value) {
    for field in found {
        let base = base(&field.path);
        for wrong in field.wrong() {
            let spec = with(&base, &field.path, &wrong);
            let problem = world.post(path, &spec).await.expect(422);
            let pointer = field.pointer();
            let told = problem["errors"].as_array().expect("errors").iter();
            let of_it = told.filter(|one| one["pointer"].as_str().is_some_and(|at| at.starts_with(&pointer)));
            let of_it: Vec<_> = of_it.collect();
            assert!(!of_it.is_empty(), "{pointer} = {wrong}: {problem}");
            for one in of_it {
                assert!(one["code"].as_str().is_some_and(|code| code.starts_with('V')), "{pointer} = {wrong}: {one}");
                let detail = one["detail"].as_str().unwrap_or_default();
                assert!(!detail.is_empty(), "{pointer} = {wrong}: {one}");
                assert!(one["hint"].is_string() || detail.len() > 20, "{pointer} = {wrong}: no way out in {one}");
            }
        }
        if field.types().contains(&"object") && field.schema["additionalProperties"] == false {
            let mut pointer = field.path.clone();
            pointer.push("intervall".to_owned());
            let problem = world.post(path, &with(&base, &pointer, &json!(1))).await.expect(422);
            assert!(problem.to_string().contains("unknown key `intervall`"), "{problem}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_none_is_told() {
    let world = World::start().await;
    let check = async |spec: Value, field: &str, part: &str| {
        let problem = world.post("/api/v1/monitors", &spec).await.expect(422);
        assert_eq!(problem["field"], field, "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(part)), "{problem}");
    };
    check(json!([]), "", "the body is no object").await;
    check(json!({}), "", "2 fields are wrong").await;
    check(json!({ "name": "x" }), "/name", "does not say what to ask").await;
    check(json!({ "name": " x", "heartbeat": { "period": "1h" } }), "/name", "begins or ends with a space").await;
    check(world.monitor(""), "/name", "`name` is empty").await;
    let twice = r#"{"name":"x","name":"y"}"#;
    let answer = world.raw("POST", "/api/v1/monitors", twice).await;
    assert!(answer.expect(400)["detail"].as_str().is_some_and(|detail| detail.contains("`name` is there twice")));
    let broken = world.raw("POST", "/api/v1/monitors", "{\"name\": ").await;
    assert!(broken.expect(400)["detail"].as_str().is_some_and(|detail| detail.contains("line 1 column 9")));
    let large = format!("\"{}\"", "x".repeat(2 << 20));
    world.raw("POST", "/api/v1/monitors", &large).await.expect(413);
    world.stop().await;
}
