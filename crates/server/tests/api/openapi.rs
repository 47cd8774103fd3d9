//! The OpenAPI document says what the interface does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::world::World;
use super::{get, read};

async fn document() -> Value {
    read(&World::empty().await.state, "/api/openapi.json").await
}

/// By path and method, in this order.
fn operations(document: &Value) -> BTreeMap<(&str, &str), &Value> {
    let paths = document["paths"].as_object().expect("paths are an object");
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("a path has methods");
        methods.iter().map(move |(method, operation)| ((path.as_str(), method.as_str()), operation))
    });
    operations.collect()
}

#[tokio::test]
async fn every_operation_is_in_it_with_all_its_answers() {
    let document = document().await;
    assert_eq!(document["openapi"], "3.1.0");
    let lines = operations(&document).into_iter().map(|((path, method), operation)| {
        let id = operation["operationId"].as_str().expect("every operation has an id");
        let answers = operation["responses"].as_object().expect("answers").keys().cloned().collect::<Vec<_>>();
        format!("{method} {path} {id} {}", answers.join(" "))
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[tokio::test]
async fn no_two_operations_share_an_id() {
    let document = document().await;
    let ids: BTreeSet<_> = operations(&document).values().map(|operation| operation["operationId"].as_str()).collect();
    assert_eq!(ids.len(), operations(&document).len());
}

#[tokio::test]
async fn closed_lists_of_words_come_from_the_code() {
    let document = document().await;
    let schemas = &document["components"]["schemas"];
    let refers = |schema: &str, field: &str| schemas[schema]["properties"][field].to_string();
    assert!(refers("Monitor", "status").contains("#/components/schemas/Status"), "{}", refers("Monitor", "status"));
    assert!(refers("Result", "outcome").contains("#/components/schemas/Outcome"), "{}", refers("Result", "outcome"));
    let reason = refers("Result", "reason");
    assert!(reason.contains("#/components/schemas/Reason") && reason.contains("null"), "{reason}");
    let words = |schema: &str| schemas[schema]["enum"].clone();
    let status = serde_json::json!(["up", "degraded", "down", "unknown", "maintenance", "paused"]);
    assert_eq!(words("Status"), status);
    assert_eq!(words("Outcome"), serde_json::json!(["pass", "warn", "fail", "unknown"]));
    let reasons = words("Reason");
    assert_eq!(reasons.as_array().map(Vec::len), Some(allswell_core::Reason::ALL.len()), "{reasons}");
}

#[tokio::test]
async fn what_the_document_refers_to_is_in_it() {
    let document = document().await;
    let text = document.to_string();
    let references = text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next());
    for name in references.collect::<BTreeSet<_>>() {
        assert!(document["components"]["schemas"][name].is_object(), "there is no schema {name}");
    }
}

#[tokio::test]
async fn people_read_each_operation_and_each_type_on_a_page() {
    let world = World::empty().await;
    let page = get(&world.state, "/api/docs").await;
    assert_eq!(page.status, 200);
    let document = read(&world.state, "/api/openapi.json").await;
    let ids = operations(&document).into_values().filter_map(|operation| operation["operationId"].as_str());
    let types = document["components"]["schemas"].as_object().expect("schemas").keys();
    for id in ids.map(str::to_owned).chain(types.map(|name| format!("schema-{name}"))) {
        assert!(page.body.contains(&format!("id=\"{id}\"")), "{id} is not there");
    }
    for place in page.body.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(page.body.contains(&format!("id=\"{place}\"")), "a link leads to #{place}, and nothing is there");
    }
}
