//! The cases in `spec/health-answers`, which the Python package passes too.

mod common;

use allswell::{Builder, Cause, Check, Details, Health, Outcome, Style};
use common::{ask, serve, until};
use serde_json::Value;

#[tokio::test]
async fn every_shared_case_is_answered_as_it_says() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/health-answers");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let case = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            answers(&path.file_name().unwrap().to_string_lossy(), &case).await;
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} cases");
}

async fn answers(name: &str, case: &Value) {
    let health = service(case);
    let address = serve(health.router()).await;
    until(address, "/status", |_| health.results().iter().all(|result| result.time.is_some())).await;
    let (request, expected) = (&case["request"], &case["answer"]);
    let method = request["method"].as_str().unwrap_or("GET");
    let headers = ["accept", "authorization"].map(|header| (header, request[header].as_str()));
    let headers: Vec<_> = headers.into_iter().filter_map(|(header, value)| Some((header, value?))).collect();
    let answer = ask(address, method, request["path"].as_str().unwrap(), &headers).await;
    assert_eq!(i64::from(answer.code), expected["code"].as_i64().unwrap(), "{name}: {answer:?}");
    if let Some(media_type) = expected["media_type"].as_str() {
        assert_eq!(answer.header("content-type"), Some(media_type), "{name}");
    }
    match expected["body"].as_str() {
        Some(text) => assert_eq!(answer.body, text, "{name}"),
        None => {
            let body = answer.json();
            holds(name, &body, &expected["body"]);
            let without = expected["without"].as_array().into_iter().flatten();
            without.for_each(|field| assert!(body.get(field.as_str().unwrap()).is_none(), "{name}: {body}"));
        }
    }
}

/// Every field that is named is there.
fn holds(name: &str, body: &Value, expected: &Value) {
    match (body, expected) {
        (Value::Object(body), Value::Object(expected)) => {
            for (key, value) in expected {
                holds(name, body.get(key).unwrap_or_else(|| panic!("{name}: no {key} in {body:?}")), value);
            }
        }
        (Value::Array(body), Value::Array(expected)) if body.len() == expected.len() => {
            body.iter().zip(expected).for_each(|(body, expected)| holds(name, body, expected));
        }
        _ => assert_eq!(body, expected, "{name}"),
    }
}

fn service(case: &Value) -> Health {
    let (service, text) = (&case["service"], |key: &str| case["service"][key].as_str());
    let mut builder = Health::builder();
    for (key, set) in [("version", Builder::version as fn(_, String) -> _), ("release_id", Builder::release_id)] {
        if let Some(value) = text(key) {
            builder = set(builder, value.to_owned());
        }
    }
    if let Some(token) = text("token") {
        builder = builder.details_token(token);
    }
    if text("style") == Some("kubernetes") {
        builder = builder.style(Style::Kubernetes);
    }
    builder = builder.details(match text("details") {
        Some("none") => Details::None,
        Some("full") => Details::Full,
        _ => Details::Names,
    });
    for hold in service["holds"].as_array().into_iter().flatten() {
        builder = builder.startup_hold(hold.as_str().unwrap());
    }
    case["checks"]
        .as_array()
        .unwrap()
        .iter()
        .fold(builder, |builder, check| builder.check(asked(check)))
        .build()
        .unwrap()
}

fn asked(case: &Value) -> Check {
    let text = |key: &str| case[key].as_str().unwrap_or_default().to_owned();
    let (public, detail, passes) = (text("public"), text("detail"), case["outcome"] == "pass");
    let outcome = move || match passes {
        true => Outcome::pass(),
        false => Outcome::fail(Cause::public(public.clone()).with_detail(&detail)),
    };
    let check = Check::new(text("name"), move || std::future::ready(outcome()));
    if case["critical"] == false { check.degrades() } else { check }
}
