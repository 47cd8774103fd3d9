//! The cases of `spec/health-documents`, and what no answer can do.

use std::path::Path;

use proptest::prelude::*;
use serde::Deserialize;

use super::{CHECKS_MAX, Document, MESSAGE_MAX, NAME_MAX, Status, recognise};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    content_type: Option<String>,
    status: u16,
    body: Box<serde_json::value::RawValue>,
    document: Option<Document>,
}

impl Case {
    /// A text stands for itself, anything else as it is written.
    fn body(&self) -> String {
        serde_json::from_str(self.body.get()).unwrap_or_else(|_| self.body.get().to_owned())
    }
}

#[test]
fn the_cases_of_the_spec_are_read_as_they_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/health-documents");
    let mut files: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    assert!(files.len() >= 40, "only {} cases in {}", files.len(), folder.display());
    for file in files {
        let case: Case = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let read = recognise(case.content_type.as_deref(), case.status, case.body().as_bytes());
        assert_eq!(read, case.document, "{}: {}", file.display(), case.about);
    }
}

fn plain(body: &str) -> Option<Document> {
    recognise(Some("application/json"), 200, body.as_bytes())
}

#[test]
fn what_is_kept_is_bounded() {
    let checks: Vec<_> = (0..500)
        .map(|n| format!(r#""{n}{}":{{"status":"ok","message":"{}"}}"#, "n".repeat(300), "m".repeat(3_000)))
        .collect();
    let few = format!(r#"{{"status":"ok","version":"{}","checks":{{{}}}}}"#, "v".repeat(999), checks[..70].join(","));
    let document = plain(&few).unwrap();
    assert_eq!(document.checks.len(), CHECKS_MAX);
    assert_eq!(document.version.unwrap().chars().count(), NAME_MAX);
    for check in document.checks {
        assert_eq!(check.name.chars().count(), NAME_MAX);
        assert_eq!(check.message.unwrap().chars().count(), MESSAGE_MAX);
    }
    let many = format!(r#"{{"status":"ok","checks":{{{}}}}}"#, checks.join(","));
    assert_eq!(plain(&many), None, "what is larger than any health document is none");
}

#[test]
fn what_a_terminal_would_obey_is_replaced() {
    let document =
        plain(r#"{"status":"down","checks":{"a\u001b[2J":{"status":"down","message":"one\ntwo\u202e"}}}"#).unwrap();
    assert_eq!(document.checks[0].name, "a\u{fffd}[2J");
    assert_eq!(document.checks[0].message.as_deref(), Some("one two\u{fffd}"));
}

#[test]
fn deep_and_endless_documents_are_none() {
    let nested = |levels: usize| {
        let inner = "{\"status\":\"UP\",\"components\":{\"a\":".repeat(levels);
        format!("{inner}{{\"status\":\"DOWN\"}}{}", "}}".repeat(levels))
    };
    assert_eq!(plain(&nested(3)).unwrap().checks[0].name, "a.a.a");
    assert_eq!(plain(&nested(50)).unwrap().checks[0].name, "a.a.a.a", "what is nested deeper is read as one");
    assert_eq!(plain(&nested(10_000)), None);
    assert_eq!(plain(&format!(r#"{{"status":"up","checks":[{}0]}}"#, "0,".repeat(100_000))), None);
}

#[test]
fn times_that_are_no_times_are_left_out() {
    let document = plain(
        r#"{"status":"ok","checks":{"a":{"status":"ok","response_time_ms":-1},"b":{"status":"ok","response_time_ms":"5"}}}"#,
    );
    assert!(document.unwrap().checks.iter().all(|check| check.response_time_ms.is_none()));
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    assert_eq!(plain("\u{feff} {\"status\":\"up\"}\n").unwrap().status, Status::Ok);
}

proptest! {
    #[test]
    fn no_bytes_can_break_it(body in any::<Vec<u8>>(), kind in any::<Option<String>>(), status in any::<u16>()) {
        let _ = recognise(kind.as_deref(), status, &body);
    }

    #[test]
    fn no_document_can_break_it(body in document(), status in 100..600_u16, kind in prop::sample::select(KINDS)) {
        if let Some(document) = recognise(Some(kind), status, body.to_string().as_bytes()) {
            prop_assert!(document.checks.len() <= CHECKS_MAX);
        }
    }
}

const KINDS: &[&str] = &["application/json", "application/health+json", "text/plain", ""];

const NAMES: &[&str] = &[
    "status",
    "checks",
    "details",
    "info",
    "error",
    "components",
    "entries",
    "results",
    "up",
    "ready",
    "started",
    "name",
    "version",
    "releaseId",
    "output",
    "data",
    "duration",
    "observedValue",
    "observedUnit",
    "componentId",
    "message",
    "response_time_ms",
    "detail",
];

const WORDS: &[&str] =
    &["UP", "DOWN", "Healthy", "ok", "error", "pass", "fail", "healthy", "ready", "", "ms", "00:00:01", "x"];

/// Anything that is put together of the words of all dialects.
fn document() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        3 => prop::sample::select(WORDS).prop_map(Into::into),
        1 => any::<bool>().prop_map(Into::into),
        1 => any::<f64>().prop_map(Into::into),
        1 => Just(serde_json::Value::Null),
    ];
    let name = || prop::sample::select(NAMES).prop_map(str::to_owned);
    let inner = leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((name(), inner), 0..6)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    });
    let fields = prop::collection::vec((name(), inner), 0..6);
    (prop::sample::select(WORDS), fields).prop_map(|(status, fields)| {
        let status = ("status".to_owned(), status.into());
        serde_json::Value::Object(std::iter::once(status).chain(fields).collect())
    })
}
