//! What the answers of each vendor mean.

use std::time::Duration;

use super::receiver::{Receiver, answer};
use super::{AnySettings, channel, notify};
use crate::notify::testing::deadline;
use crate::notify::{Delivery, samples};

/// Sends one message to a server that answers `says`.
async fn sent(keys: &str, says: String) -> Delivery {
    let receiver = Receiver::start(&[says]).await;
    let settings: AnySettings = channel(&keys.replace("ADDRESS", &receiver.address.to_string()));
    let channel = notify::open(&settings, &allswell_probe::Dialer::default()).unwrap();
    channel.send(&samples::down(), "12-7:down:8:c", samples::NOW, deadline()).await
}

const SLACK: &str = "type: slack, url: 'http://ADDRESS/services/canary'";
const DISCORD: &str = "type: discord, url: 'http://ADDRESS/api/webhooks/1/canary'";
const TELEGRAM: &str = "type: telegram, server: 'http://ADDRESS', token: canary, chat: '1'";
const PAGERDUTY: &str = "type: pagerduty, server: 'http://ADDRESS', routing_key: canary";
const APPRISE: &str = "type: apprise, url: 'http://ADDRESS/notify/x'";

#[tokio::test]
async fn what_was_taken_is_known_by_status_and_field() {
    let check = async |keys, says| match sent(keys, says).await {
        Delivery::Accepted { .. } => {}
        other => panic!("{keys}: {other:?}"),
    };
    check(SLACK, answer("200 OK", "ok")).await;
    check(DISCORD, answer("204 No Content", "")).await;
    check(TELEGRAM, answer("200 OK", r#"{"ok":true}"#)).await;
    check(PAGERDUTY, answer("202 Accepted", r#"{"status":"success"}"#)).await;
    check(APPRISE, answer("200 OK", "sent")).await;
}

#[tokio::test]
async fn what_was_refused_says_why_and_whether_the_channel_is_gone() {
    let check = async |keys, says, part: &str| match sent(keys, says).await {
        Delivery::Refused { why } => assert!(why.contains(part), "{why}"),
        other => panic!("{keys}: {other:?}"),
    };
    check(SLACK, answer("404 Not Found", "no_service"), "404 Not Found: no_service; this channel is gone").await;
    check(SLACK, answer("400 Bad Request", "invalid_blocks"), "400 Bad Request: invalid_blocks").await;
    check(DISCORD, answer("404 Not Found", r#"{"message":"Unknown Webhook","code":10015}"#), "this channel is gone")
        .await;
    let blocked = r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#;
    check(TELEGRAM, answer("403 Forbidden", blocked), "blocked by the user\"}; this channel is gone").await;
    check(TELEGRAM, answer("200 OK", r#"{"ok":false}"#), "`ok` is not `true`").await;
    let invalid = r#"{"status":"invalid event","errors":["Length of 'routing_key' is incorrect"]}"#;
    check(PAGERDUTY, answer("400 Bad Request", invalid), "routing_key").await;
    check(APPRISE, answer("204 No Content", ""), "this channel is gone").await;
}

#[tokio::test]
async fn what_comes_again_waits_as_the_vendor_says() {
    let rest = async |keys, says, seconds: Option<f64>| match sent(keys, says).await {
        Delivery::Unreachable { after, .. } => assert_eq!(after, seconds.map(Duration::from_secs_f64), "{keys}"),
        other => panic!("{keys}: {other:?}"),
    };
    let limited = |seconds: &str| {
        format!(r#"{{"message":"You are being rate limited.","retry_after":{seconds},"global":false}}"#)
    };
    rest(DISCORD, answer("429 Too Many Requests", &limited("64.57")), Some(64.57)).await;
    rest(DISCORD, answer("429 Too Many Requests", &limited("999999")), Some(3_600.0)).await;
    rest(DISCORD, answer("429 Too Many Requests", &limited("-1")), None).await;
    let flood = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 35","parameters":{"retry_after":35}}"#;
    rest(TELEGRAM, answer("429 Too Many Requests", flood), Some(35.0)).await;
    rest(SLACK, "HTTP/1.1 429 x\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n".to_owned(), Some(30.0)).await;
    rest(PAGERDUTY, answer("429 Too Many Requests", ""), None).await;
    for (keys, says) in [(PAGERDUTY, "500 x"), (APPRISE, "424 Failed Dependency"), (SLACK, "502 Bad Gateway")] {
        let delivery = sent(keys, answer(says, "")).await;
        assert!(matches!(delivery, Delivery::Later { .. }), "{keys}: {delivery:?}");
    }
}
