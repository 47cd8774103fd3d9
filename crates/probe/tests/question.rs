//! What is refused when a question is saved, and how it is said.

use allswell_probe::{Question, QuestionError};
use serde_json::{Value, json};

fn new(settings: Value, conditions: &[&str]) -> Result<Question, QuestionError> {
    let conditions: Vec<_> = conditions.iter().map(|text| (*text).to_owned()).collect();
    Question::new(serde_json::from_value(settings).expect("settings"), &conditions, 14)
}

fn http(more: Value) -> Value {
    let mut settings = json!({ "http": { "url": "https://api.example.com/ready" } });
    for (key, value) in more.as_object().expect("an object") {
        settings["http"][key] = value.clone();
    }
    settings
}

/// The settings must be refused at `field`, in a sentence that contains `wanted`.
#[track_caller]
fn refused(settings: Value, field: &str, wanted: &str) {
    match new(settings, &[]) {
        Err(QuestionError::Field { field: named, why }) => {
            assert_eq!(named, field);
            assert!(why.contains(wanted), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn targets_are_written_for_people() {
    let check = |settings: Value, kind: &str, target: &str, host: &str| {
        let question = new(settings, &[]).expect("a good question");
        assert_eq!((question.kind(), question.target(), question.host()), (kind, target, host));
    };
    check(http(json!({})), "http", "GET https://api.example.com/ready", "api.example.com");
    check(
        http(json!({ "url": "http://[::1]:8080/a?token=abc&x=1#f", "method": "head" })),
        "http",
        "HEAD http://[::1]:8080/a?token=***&x=1",
        "::1",
    );
    check(
        http(json!({ "url": "HTTPS://Bücher.Example/" })),
        "http",
        "GET https://xn--bcher-kva.example/",
        "xn--bcher-kva.example",
    );
    check(json!({ "tcp": { "address": "DB.example.com:5432" } }), "tcp", "tcp db.example.com:5432", "db.example.com");
    check(json!({ "tcp": { "address": "[::1]:5432" } }), "tcp", "tcp [::1]:5432", "::1");
    let mail = json!({ "tls": { "address": "mail.example.com:587", "starttls": "smtp" } });
    check(mail, "tls", "tls mail.example.com:587 (starttls smtp)", "mail.example.com");
}

#[test]
fn urls_are_checked() {
    let url = |url: &str| http(json!({ "url": url }));
    refused(url("api.example.com/ready"), "url", "write it whole, like https://");
    refused(url("ftp://example.com/"), "url", "neither http:// nor https://");
    refused(url("https://me:secret@example.com/"), "url", "basic_auth");
    refused(url("https://example.com:0/"), "url", "port 0");
    refused(url("https://a b/"), "url", "no URL");
    refused(url(&format!("https://example.com/{}", "a".repeat(9000))), "url", "8 KiB");
    let shown = new(url("https://me:s3cret@example.com/?token=t0p"), &[]).expect_err("refused").to_string();
    assert!(!shown.contains("s3cret") && !shown.contains("t0p"), "{shown}");
}

#[test]
fn requests_are_checked() {
    refused(http(json!({ "method": "GE T" })), "method", "no HTTP method");
    refused(http(json!({ "method": "CONNECT" })), "method", "tcp monitor");
    refused(http(json!({ "headers": { "X Y": "1" } })), "headers.X Y", "no header name");
    refused(http(json!({ "headers": { "X-A": "1\r\nX-B: 2" } })), "headers.X-A", "line break");
    refused(http(json!({ "headers": { "Content-Length": "5" } })), "headers.Content-Length", "leave it out");
    refused(http(json!({ "bearer_token": "a\nb" })), "bearer_token", "line break");
    let both = json!({ "bearer_token": "a", "basic_auth": { "user": "u", "password": "p" } });
    refused(http(both), "bearer_token", "basic_auth");
    refused(http(json!({ "bearer_token": "a", "headers": { "authorization": "b" } })), "bearer_token", "Authorization");
    refused(http(json!({ "basic_auth": { "user": "a:b", "password": "p" } })), "basic_auth.user", "colon");
    refused(http(json!({ "body": "x".repeat(1024 * 1024 + 1) })), "body", "more than");
    refused(http(json!({ "max_body": 0 })), "max_body", "HEAD");
    refused(http(json!({ "max_body": 10 * 1024 * 1024 + 1 })), "max_body", "10 MiB");
    refused(http(json!({ "max_redirects": 31 })), "max_redirects", "30");
    for pattern in ["20x", "2xxx", "abc", "300-200", "99", "200,204", ""] {
        refused(http(json!({ "expected_status": ["2xx", pattern] })), "expected_status.1", "200-204");
    }
}

#[test]
fn addresses_are_checked() {
    let tcp = |address: &str| json!({ "tcp": { "address": address } });
    refused(tcp("db.example.com"), "address", "has no port");
    refused(tcp("db.example.com:99999"), "address", "1 to 65535");
    refused(tcp("db.example.com:0"), "address", "1 to 65535");
    refused(tcp("::1:5432"), "address", "[::1]:5432");
    refused(tcp("tcp://db:5432"), "address", "is a URL");
    refused(tcp("a b:80"), "address", "no good host");
    refused(http(json!({ "connect": "nowhere" })), "connect", "has no port");
    refused(http(json!({ "resolver": "dns.example.com" })), "resolver", "10.0.0.53:5353");
    refused(json!({ "tcp": { "address": "db:1", "send": "\\q" } }), "send", "no escape");
    refused(json!({ "tcp": { "address": "db:1", "expect": "" } }), "expect", "leave it out");
    for resolver in ["10.0.0.53", "10.0.0.53:5353", "::1", "[::1]:53"] {
        assert!(new(http(json!({ "resolver": resolver })), &[]).is_ok(), "{resolver}");
    }
}

#[test]
fn files_are_read_when_a_question_is_saved() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let empty = directory.path().join("empty.pem");
    std::fs::write(&empty, "no certificate").expect("writable");
    let tls = |tls: Value| http(json!({ "tls": tls }));
    refused(tls(json!({ "ca": directory.path().join("missing.pem") })), "tls.ca", "cannot read");
    refused(tls(json!({ "ca": empty })), "tls.ca", "BEGIN CERTIFICATE");
    refused(tls(json!({ "client_cert": empty })), "tls.client_key", "needs its key");
    refused(tls(json!({ "client_key": empty })), "tls.client_cert", "needs its certificate");
    refused(tls(json!({ "server_name": "not a name" })), "tls.server_name", "DNS name");
    let key = rcgen::KeyPair::generate().expect("a key");
    let other = rcgen::KeyPair::generate().expect("a key");
    let certificate = rcgen::CertificateParams::new(["a.test".to_owned()]).expect("params").self_signed(&key);
    let (chain, wrong) = (directory.path().join("chain.pem"), directory.path().join("wrong.pem"));
    std::fs::write(&chain, certificate.expect("signed").pem()).expect("writable");
    std::fs::write(&wrong, other.serialize_pem()).expect("writable");
    refused(tls(json!({ "client_cert": chain, "client_key": wrong })), "tls.client_key", "does not fit");
    refused(tls(json!({ "client_cert": chain, "client_key": chain })), "tls.client_key", "no private key");
}

#[test]
fn conditions_are_refused_with_their_column() {
    match new(http(json!({})), &["status == 200", "status = 200"]) {
        Err(QuestionError::Condition { index, column, why }) => {
            assert_eq!(index, 1);
            assert!(column.is_some());
            assert!(!why.is_empty());
        }
        other => panic!("{other:?}"),
    }
    assert!(new(http(json!({})), &["unknown_name > 1"]).is_err());
}

#[test]
fn conditions_on_what_a_target_never_answers_are_refused() {
    let refused = |settings: Value, condition: &str, wanted: &str| match new(
        settings,
        &["time.total < duration('1s')", condition],
    ) {
        Err(QuestionError::Condition { index: 1, why, .. }) => assert!(why.contains(wanted), "{why}"),
        other => panic!("{other:?}"),
    };
    let tcp = json!({ "tcp": { "address": "db:1" } });
    let talking = json!({ "tcp": { "address": "db:1", "expect": "ready" } });
    let tls = json!({ "tls": { "address": "mail:465" } });
    refused(tcp.clone(), "status == 200", "a tcp target has no `status`; there is `time`");
    refused(tcp, "text.contains('x')", "without `expect`");
    refused(talking.clone(), "certificate.days_left > 3", "no `certificate`; there is `time`, `text`, `body`");
    refused(tls.clone(), "time.total < duration('1s') || body.a == 1", "a tls target has no `body`");
    assert!(new(talking, &["text.contains('ready') && body.a == 1"]).is_ok());
    assert!(new(tls, &["certificate.days_left > 30"]).is_ok());
}

#[test]
fn settings_and_questions_show_no_secrets() {
    let settings = http(json!({
        "url": "https://api.example.com/?api_key=s3cret1", "headers": { "X-Key": "s3cret2" }, "body": "s3cret3",
        "basic_auth": { "user": "u", "password": "s3cret4" },
    }));
    let tcp = json!({ "tcp": { "address": "db:1", "send": "AUTH s3cret5" } });
    for settings in [settings, tcp] {
        let parsed: allswell_probe::Settings = serde_json::from_value(settings.clone()).expect("settings");
        let shown = format!("{parsed:?} {:?}", new(settings, &[]).expect("a good question"));
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}

#[test]
fn a_heartbeat_that_cannot_be_waited_for_is_refused() {
    let refused = |block: Value, part: &str| {
        let parsed = serde_json::from_value(json!({ "heartbeat": block })).expect("settings");
        assert!(!format!("{parsed:?}").contains("hunter2"));
        let error = Question::new(parsed, &[], 14).expect_err("must be refused").to_string();
        assert!(error.contains(part) && !error.contains("hunter2"), "{error}");
    };
    refused(json!({}), "says not when calls are expected");
    refused(json!({ "period": "1h", "cron": "0 3 * * *" }), "`period`: cannot stand beside");
    refused(json!({ "cron": "0 3 * * *", "on_calendar": "daily" }), "`cron`: cannot stand beside");
    refused(json!({ "cron": "0 3 * *" }), "`cron`: `0 3 * *` has 4 fields");
    refused(json!({ "on_calendar": "dayly" }), "`on_calendar`: `dayly` names no days");
    refused(json!({ "cron": "0 3 * * *", "timezone": "Europe/Bärlin" }), "is no time zone");
    refused(json!({ "period": "1h", "timezone": "Europe/Berlin" }), "`timezone`: means nothing");
    refused(json!({ "period": "soon" }), "`period`");
    refused(json!({ "period": "1h", "token": "hunter2" }), "`token`: has to be 16 to 128");
    refused(json!({ "period": "1h", "token": "hunter2/hunter2/hunter2" }), "`token`: has to be");
    let settings = serde_json::from_value(json!({ "heartbeat": { "period": "1h" } })).expect("settings");
    let error = Question::new(settings, &["time.total < duration('1s')".to_owned()], 14).expect_err("must be refused");
    assert!(error.to_string().contains("a heartbeat has no answer"), "{error}");
}

#[test]
fn a_heartbeat_shows_when_it_is_expected() {
    let target = |block: Value| {
        let settings = serde_json::from_value(json!({ "heartbeat": block })).expect("settings");
        Question::new(settings, &[], 14).expect("a good question").target().to_owned()
    };
    assert_eq!(target(json!({ "period": "90m" })), "heartbeat every 1 h 30 m");
    let nightly = json!({ "cron": "0 3 * * *", "timezone": "Europe/Berlin", "token": "hunter2-hunter2-hunter2" });
    assert_eq!(target(nightly), "heartbeat `0 3 * * *` Europe/Berlin");
}
