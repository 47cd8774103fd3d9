//! What goes over the wire, against the vendors' forms and as a picture to read.

use std::collections::BTreeMap;

use serde_json::Value;

use super::receiver::{Posted, Receiver, answer};
use super::schema::wrong;
use super::{AnySettings, channel};
use crate::notification::Notification;
use crate::notify::deliverer::tests::deliver;
use crate::notify::samples;

/// Delivers each of `notifications` by the deliverer to a server that answers `says`, and gives the requests that came.
async fn delivered(keys: &str, says: &str, notifications: &[Notification]) -> Vec<Posted> {
    let mut receiver = Receiver::start(&[says.to_owned()]).await;
    let settings = channel(&keys.replace("ADDRESS", &receiver.address.to_string()));
    let channels: BTreeMap<String, AnySettings> = [("c".to_owned(), settings)].into();
    let mut posted = Vec::new();
    for notification in notifications {
        deliver(&channels, "c", notification).await;
        posted.push(receiver.next().await);
    }
    posted
}

/// Sends all samples, holds each against the form `name`, and keeps a picture of the first four.
async fn check(name: &str, keys: &str, says: &str, line: &str) -> Vec<Value> {
    let schema =
        std::fs::read_to_string(format!("{}/src/notify/http/tests/forms/{name}.json", env!("CARGO_MANIFEST_DIR")));
    let schema: Value = serde_json::from_str(&schema.unwrap()).unwrap();
    let notifications = samples::all();
    let posted = delivered(&format!("type: {name}, {keys}"), says, &notifications).await;
    let mut bodies = Vec::new();
    for (posted, notification) in posted.iter().zip(&notifications) {
        assert_eq!(posted.line(), format!("POST {line} HTTP/1.1"));
        let body = posted.json();
        assert_eq!(wrong(&body, &schema, "$"), None, "{:?}: {body:#}", notification.kind);
        bodies.push(body);
    }
    let mut picture = String::new();
    for (body, notification) in bodies.iter().zip(&notifications).take(samples::KINDS) {
        let mut body = body.clone();
        body.sort_all_objects();
        picture += &format!("--- {}\n{}\n", notification.kind.as_str(), serde_json::to_string_pretty(&body).unwrap());
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, picture));
    bodies
}

#[tokio::test]
async fn slack() {
    let keys = "url: 'http://ADDRESS/services/T000/B000/XXXX'";
    let bodies = check("slack", keys, &answer("200 OK", "ok"), "/services/T000/B000/XXXX").await;
    // & and < of a monitor's name are data: https://docs.slack.dev/messaging/formatting-message-text#escaping
    let degraded = bodies[2]["blocks"][1]["text"]["text"].as_str().unwrap();
    assert!(degraded.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;lang"), "{degraded}");
}

#[tokio::test]
async fn discord() {
    let keys = "url: 'http://ADDRESS/api/webhooks/2237/3d89', username: Allswell";
    let bodies = check("discord", keys, &answer("204 No Content", ""), "/api/webhooks/2237/3d89").await;
    let title = bodies[2]["embeds"][0]["title"].as_str().unwrap();
    assert_eq!(title, "▲ search \\<b\\>api\\</b\\> & co is degraded");
}

#[tokio::test]
async fn teams() {
    let keys = "url: 'http://ADDRESS/workflows/01/triggers/manual/paths/invoke?api-version=2016-06-01&sig=XXXX'";
    let line = "/workflows/01/triggers/manual/paths/invoke?api-version=2016-06-01&sig=XXXX";
    for body in check("teams", keys, &answer("202 Accepted", ""), line).await {
        assert!(body.to_string().len() < 28 * 1024, "{}", body.to_string().len());
    }
}

#[tokio::test]
async fn telegram() {
    let keys = "server: 'http://ADDRESS', token: '123456:ABC-DEF', chat: '-1001234567890', thread: '7'";
    let says = answer("200 OK", r#"{"ok":true,"result":{"message_id":1}}"#);
    let bodies = check("telegram", keys, &says, "/bot123456:ABC-DEF/sendMessage").await;
    assert_eq!(bodies[0]["chat_id"], "-1001234567890");
    assert_eq!(bodies[0]["message_thread_id"], 7);
    // https://core.telegram.org/bots/api#html-style: <, > and & that are no tags must be entities.
    let text = bodies[2]["text"].as_str().unwrap();
    assert!(text.contains("&lt;script&gt;") && text.contains("<b>▲ search &lt;b&gt;api"), "{text}");
}

#[tokio::test]
async fn ntfy() {
    let keys = "server: 'http://ADDRESS', topic: allswell-8f3c21, token: tk_AgQdq7";
    let bodies = check("ntfy", keys, &answer("200 OK", r#"{"id":"x"}"#), "/").await;
    assert_eq!(bodies[0]["priority"], 5);
    let posted = delivered(&format!("type: ntfy, {keys}"), &answer("200 OK", "{}"), &[samples::down()]).await;
    assert_eq!(posted[0].header("authorization"), Some("Bearer tk_AgQdq7"));
    let open =
        delivered("type: ntfy, server: 'http://ADDRESS', topic: x", &answer("200 OK", "{}"), &[samples::down()]).await;
    assert_eq!(open[0].header("authorization"), None, "without a token there is no such header");
}

#[tokio::test]
async fn pagerduty() {
    let keys = "server: 'http://ADDRESS', routing_key: R0123456789ABCDEF0123456789ABCDE";
    let says = answer("202 Accepted", r#"{"status":"success","message":"Event processed","dedup_key":"x"}"#);
    let bodies = check("pagerduty", keys, &says, "/v2/enqueue").await;
    assert_eq!((&bodies[0]["event_action"], &bodies[1]["event_action"]), (&"trigger".into(), &"resolve".into()));
    assert_eq!(bodies[0]["dedup_key"], bodies[1]["dedup_key"], "a resolve ends what the trigger began");
    assert_ne!(bodies[0]["dedup_key"], bodies[2]["dedup_key"], "another incident is another alert");
}

#[tokio::test]
async fn alertmanager() {
    let keys = "url: 'http://ADDRESS', labels: 'team=payments, env=prod'";
    let bodies = check("alertmanager", keys, &answer("200 OK", ""), "/api/v2/alerts").await;
    let (down, up) = (&bodies[0][0], &bodies[1][0]);
    assert_eq!(down["labels"], up["labels"], "labels are what an alert is known by");
    assert_eq!((&down["labels"]["team"], &down["labels"]["env"]), (&"payments".into(), &"prod".into()));
    assert_eq!(
        (&down["startsAt"], &up["startsAt"]),
        (&"2026-11-21T11:38:40.120Z".into(), &"2026-11-21T11:38:40.120Z".into())
    );
    assert_eq!(down["endsAt"], "2026-12-21T11:39:14.120Z", "it holds until it is resolved");
    assert_eq!(up["endsAt"], "2026-11-21T11:42:52.120Z", "when the outage ended, not when we noticed");
}

#[tokio::test]
async fn apprise() {
    let keys = "url: 'http://ADDRESS/notify/allswell', tag: ops";
    let bodies = check("apprise", keys, &answer("200 OK", r#"{"error":null}"#), "/notify/allswell").await;
    assert_eq!((&bodies[0]["type"], &bodies[1]["type"]), (&"failure".into(), &"success".into()));
}

#[tokio::test]
async fn a_message_that_is_too_long_is_cut_to_fit_each_form() {
    let long = "\u{1f525}<&\"*_ ".repeat(2_000);
    let check = crate::notification::FailingCheck { name: long.clone(), message: Some(long.clone()) };
    let flood = Notification {
        monitor: long.clone(),
        target: long.clone(),
        cause: long.clone(),
        answer: Some(long.clone()),
        body: Some(long.clone()),
        version: Some(long),
        failing_checks: vec![check; 40],
        ..samples::down()
    };
    let many = (0..2_000).map(|number| Notification { monitor: format!("m{number} <&\"*_"), ..samples::down() });
    let floods = [flood, samples::down().together(many.collect())];
    for (name, keys) in [
        ("slack", "url: 'http://ADDRESS/x'"),
        ("discord", "url: 'http://ADDRESS/x'"),
        ("teams", "url: 'http://ADDRESS/x'"),
        ("telegram", "server: 'http://ADDRESS', token: a, chat: b"),
        ("ntfy", "server: 'http://ADDRESS', topic: x"),
        ("pagerduty", "server: 'http://ADDRESS', routing_key: R0123456789ABCDEF0123456789ABCDE"),
    ] {
        let schema = format!("{}/src/notify/http/tests/forms/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
        let says = answer(if name == "pagerduty" { "202 Accepted" } else { "200 OK" }, r#"{"ok":true}"#);
        for posted in delivered(&format!("type: {name}, {keys}"), &says, &floods).await {
            assert_eq!(wrong(&posted.json(), &schema, "$"), None, "{name}");
            if name == "teams" {
                assert!(posted.body.len() < 28 * 1024, "{}", posted.body.len());
            }
        }
    }
}
