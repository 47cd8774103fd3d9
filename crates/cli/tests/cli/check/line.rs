//! What a program reads: one line of JSON, always with the same keys.

use std::process::{Command, Stdio};

use super::{UNHEALTHY, answering, check};
use crate::support::raw;
use crate::support::tls::{self, NAMES, during, leaf};
use serde_json::{Value, json};

/// Asks with `--json`; the exit code and the last line.
#[track_caller]
fn asked(arguments: &str) -> (i32, Value) {
    let ran = check(&format!("{arguments} --json"));
    assert_eq!((ran.stderr.as_str(), ran.stdout.lines().count()), ("", 1), "{}", ran.stdout);
    (ran.code, serde_json::from_str(&ran.stdout).expect("JSON"))
}

#[test]
fn the_line_has_all_keys_in_the_documented_order() {
    let ran = check(&format!("{} --json", answering("200 OK", "{}")));
    let places = [
        "outcome",
        "reason",
        "detail",
        "status",
        "url",
        "final_url",
        "address",
        "http_version",
        "body_bytes",
        "phases_ms",
        "certificate",
        "health",
        "failed_conditions",
    ]
    .map(|key| ran.stdout.find(&format!("\"{key}\":")).unwrap_or_else(|| panic!("{key}: {}", ran.stdout)));
    assert!(places.is_sorted(), "{}", ran.stdout);
}

#[test]
fn a_pass_has_phases_and_nothing_that_went_wrong() {
    let url = answering("200 OK", "{}");
    let (code, line) = asked(&url);
    assert_eq!((code, &line["outcome"], &line["status"]), (0, &json!("pass"), &json!(200)));
    assert_eq!(line["url"], json!(format!("{url}/")));
    assert_eq!(line["address"], json!(url.trim_start_matches("http://")));
    assert_eq!(
        (&line["reason"], &line["detail"], &line["failed_conditions"]),
        (&Value::Null, &Value::Null, &json!([]))
    );
    let phases = line["phases_ms"].as_object().expect("phases");
    assert_eq!(phases.keys().collect::<Vec<_>>(), ["connect", "first_byte", "total", "transfer"]);
    assert!(phases.values().all(|took| took.as_f64().is_some_and(|took| took > 0.0)), "{phases:?}");
}

#[test]
fn a_health_document_is_read() {
    let (code, line) = asked(&answering("503 x", UNHEALTHY));
    assert_eq!((code, &line["reason"]), (1, &json!("status")));
    assert_eq!(line["detail"], json!("503 Service Unavailable: the app says database failed (timeout after 5.0 s)"));
    assert_eq!((&line["health"]["status"], &line["health"]["version"]), (&json!("error"), &json!("1.42.0")));
    assert_eq!(line["health"]["checks"][0]["name"], json!("database"));
}

#[test]
fn a_condition_that_fails_is_named_with_the_actual_value() {
    let (code, line) = asked(&format!("{} -e status==204", answering("200 OK", "{}")));
    assert_eq!((code, &line["reason"]), (1, &json!("condition")));
    assert_eq!(line["failed_conditions"], json!([{ "condition": "status==204", "why": "status is 200" }]));
}

#[test]
fn an_expired_certificate_keeps_its_facts() {
    let directory = tempfile::tempdir().expect("a directory");
    let root = tls::root("Test Root");
    let ca = tls::file(&directory, "root.pem", &root.pem());
    let server = tls::server(&tls::identity(during(leaf(&NAMES), -30, -3), &root, &[]));
    let (code, line) = asked(&format!("https://{server}/ --ca {}", ca.display()));
    assert_eq!((code, &line["reason"], &line["status"]), (1, &json!("tls_expired"), &Value::Null));
    let certificate = &line["certificate"];
    assert_eq!((&certificate["issuer"], &certificate["trusted"]), (&json!("CN=Test Root"), &json!(false)));
    assert!(certificate["days_left"].as_i64().is_some_and(|days| days < 0), "{certificate}");
}

#[test]
fn a_reader_that_goes_away_does_not_change_the_exit_code() {
    let url = answering("503 x", UNHEALTHY);
    let mut command = Command::new(env!("CARGO_BIN_EXE_allswell"));
    let mut child = command.args(["check", &url, "--json"]).stdout(Stdio::piped()).spawn().expect("it runs");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
}

#[test]
fn what_was_sent_as_a_secret_is_printed_nowhere() {
    let echo = raw::replying(|head| {
        let body = format!("{{\"status\":\"unhealthy\",\"checks\":{{\"db\":{:?}}}}}", head.replace('\r', ""));
        raw::http(
            "500 x",
            &format!("Content-Type: application/json\r\nX-Echo: {}\r\n", head.replace("\r\n", " ")),
            &body,
        )
    });
    let url = format!("http://{echo}/?token=canary-1");
    for arguments in [
        format!("{url} -H X-Api-Key:canary-2 --user me:canary-3 -e text=='x'"),
        format!("{url} -H Authorization:Bearer_canary-4 -X POST --body canary-5"),
    ] {
        for arguments in [arguments.clone(), format!("{arguments} --json")] {
            let ran = check(&arguments);
            assert_eq!(ran.code, 1, "{}", ran.said());
            assert!(!ran.said().contains("canary") && !ran.said().contains("bWU6Y2FuYXJ5"), "{}", ran.said());
        }
    }
}
