//! What an answer is made of: the status, the app's own words, the conditions, warnings.
#![allow(clippy::disallowed_methods, reason = "the servers here are the other side")]

mod support;

use allswell_core::{Reason, Verdict};
use allswell_probe::health::{Format, Status};
use allswell_probe::{AddressPolicy, Answer, Prober};
use serde_json::{Value, json};
use support::raw::{self, http};
use support::{fails, outcome, passes, question, soon, warns};

const JSON: &str = "Content-Type: application/json\r\n";

async fn held(status: &str, body: &str, conditions: &[&str]) -> Answer {
    asked(json!({}), status, body, conditions).await
}

async fn asked(more: Value, status: &str, body: &str, conditions: &[&str]) -> Answer {
    let address = raw::answering(http(status, JSON, body));
    let mut settings = json!({ "http": { "url": format!("http://{address}/ready") } });
    for (key, value) in more.as_object().expect("an object") {
        settings["http"][key] = value.clone();
    }
    Prober::new(AddressPolicy::default()).ask(&question(settings, conditions), soon()).await
}

const HEALTHY: &str = r#"{"status":"healthy","version":"1.42.0","checks":{"database":"ok","redis":"ok"}}"#;
const DEGRADED: &str =
    r#"{"status":"degraded","checks":{"database":{"status":"ok"},"cache":{"status":"warn","message":"half full"}}}"#;
const UNHEALTHY: &str = r#"{"status":"unhealthy","checks":{"database":{"status":"error","response_time_ms":5000,"message":"timed out after 5 s"},"redis":"ok"}}"#;

#[tokio::test]
async fn the_apps_own_words_come_with_a_pass() {
    let answer = held("200 OK", HEALTHY, &[]).await;
    passes(&answer);
    let health = answer.health.expect("recognised");
    assert_eq!((health.status, health.version.as_deref()), (Status::Ok, Some("1.42.0")));
    assert_eq!(health.checks.len(), 2);
    assert!(matches!(health.format, Format::Allswell | Format::Plain));
}

#[tokio::test]
async fn an_app_that_is_degraded_is_a_warning() {
    let answer = held("200 OK", DEGRADED, &[]).await;
    warns(&answer, Reason::HealthDegraded);
    assert_eq!(answer.detail.as_deref(), Some("the app says cache is degraded (half full)"));
}

#[tokio::test]
async fn a_200_that_says_it_is_ill_is_believed_in_its_words() {
    let answer = held("200 OK", UNHEALTHY, &[]).await;
    fails(&answer, Reason::HealthUnhealthy);
    assert_eq!(
        answer.detail.as_deref(),
        Some("the status is 200, but the app says database failed (timed out after 5 s)")
    );
    assert!(answer.evidence.is_some_and(|evidence| evidence.body.contains("timed out after 5 s")));
}

#[tokio::test]
async fn a_bad_status_stays_the_reason_and_the_app_names_the_check() {
    let answer = held("503 Service Unavailable", UNHEALTHY, &[]).await;
    fails(&answer, Reason::Status);
    assert_eq!(
        answer.detail.as_deref(),
        Some("503 Service Unavailable: the app says database failed (timed out after 5 s)")
    );
    assert_eq!(answer.health.map(|health| health.status), Some(Status::Error));
}

#[tokio::test]
async fn a_status_that_was_asked_for_needs_no_good_words() {
    passes(&asked(json!({ "expected_status": ["503"] }), "503 Service Unavailable", UNHEALTHY, &[]).await);
}

#[tokio::test]
async fn all_conditions_that_fail_are_told() {
    let conditions = ["status == 200", "body.items.size() > 3", "body.missing == 1", "time.total < duration('1h')"];
    let answer = held("200 OK", r#"{"items":[1,2]}"#, &conditions).await;
    fails(&answer, Reason::Condition);
    let failed: Vec<_> = answer.failed_conditions.iter().map(|failed| failed.condition.as_str()).collect();
    assert_eq!(failed, ["body.items.size() > 3", "body.missing == 1"]);
    let detail = answer.detail.expect("a failure says why");
    assert!(detail.contains("body.items.size() > 3") && detail.contains("missing"), "{detail}");
}

#[tokio::test]
async fn conditions_on_the_status_replace_the_usual_rule() {
    passes(&held("404 Not Found", "{}", &["status == 404"]).await);
    fails(&held("200 OK", "{}", &["status == 404"]).await, Reason::Condition);
    fails(&held("404 Not Found", "{}", &["body.size() == 0"]).await, Reason::Status);
}

#[tokio::test]
async fn conditions_see_everything_that_came_back() {
    let conditions = [
        "headers['content-type'] == 'application/json'",
        "text.contains('redis')",
        "body.checks.redis == 'ok'",
        "version == '1.42.0'",
        "time.connect >= duration('0s') && time.first_byte < duration('10s')",
    ];
    passes(&held("200 OK", HEALTHY, &conditions).await);
}

#[tokio::test]
async fn an_unhealthy_app_comes_before_a_condition_and_both_are_told() {
    let answer = held("200 OK", UNHEALTHY, &["body.checks.redis == 'down'"]).await;
    fails(&answer, Reason::HealthUnhealthy);
    assert_eq!(answer.failed_conditions.len(), 1);
}

#[tokio::test]
async fn nothing_is_concluded_from_half_an_answer() {
    let address = raw::answering("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nall is well");
    let settings = json!({ "http": { "url": format!("http://{address}/") } });
    let question = question(settings, &["!text.contains('error')"]);
    let answer = Prober::new(AddressPolicy::default()).ask(&question, soon()).await;
    fails(&answer, Reason::ConnectionLost);
    assert!(answer.failed_conditions.is_empty());
}

#[tokio::test]
async fn secrets_stay_out_of_conditions_and_of_the_apps_words() {
    let body = r#"{"status":"unhealthy","token":"t0psecret","checks":{"db":{"status":"error","message":"refused t0psecret"}}}"#;
    let secret = json!({ "bearer_token": "t0psecret" });
    let answer = asked(secret, "200 OK", body, &["body.token == 'x'"]).await;
    assert_eq!(outcome(&answer), (Verdict::Fail, Some(Reason::HealthUnhealthy)));
    let shown = format!("{answer:?}");
    assert!(!shown.contains("t0psecret"), "{shown}");
    assert!(shown.contains("refused ***"), "{shown}");
}

#[tokio::test]
async fn a_tcp_answer_can_be_held_to_conditions() {
    let address = raw::server(|mut stream| {
        let _ = std::io::Write::write_all(&mut stream, b"SSH-2.0-OpenSSH_9.6\r\n");
        raw::finish(stream);
    });
    let settings = json!({ "tcp": { "address": address.to_string(), "expect": "SSH-" } });
    let prober = Prober::new(AddressPolicy::default());
    passes(&prober.ask(&question(settings.clone(), &["text.startsWith('SSH-2.0')"]), soon()).await);
    fails(&prober.ask(&question(settings, &["text.contains('1.99')"]), soon()).await, Reason::Condition);
}
