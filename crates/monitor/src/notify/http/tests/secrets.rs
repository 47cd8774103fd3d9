//! Secrets of channels are in nothing that anybody reads.

use super::receiver::{Receiver, answer};
use super::{channel, config, notify};
use crate::notify::samples;
use crate::notify::testing::deadline;

#[tokio::test]
async fn an_echo_of_the_other_side_is_masked() {
    let echo = r#"{"error":"no such path /services/canary-1/canary-2?sig=canary-3 canary-4"}"#;
    for (keys, canary) in [
        ("type: slack, url: 'http://ADDRESS/services/canary-1/canary-2?sig=canary-3'", "canary-"),
        ("type: telegram, server: 'http://ADDRESS', token: canary-1, chat: '1'", "canary-1"),
        ("type: pagerduty, server: 'http://ADDRESS', routing_key: canary-4", "canary-4"),
    ] {
        for status in ["200 OK", "202 Accepted", "404 Not Found", "429 Too Many Requests", "500 x"] {
            let receiver = Receiver::start(&[answer(
                status,
                &echo.replace(" canary-4", if canary == "canary-" { "" } else { " canary-4" }),
            )])
            .await;
            let settings = channel(&keys.replace("ADDRESS", &receiver.address.to_string()));
            let channel = notify::open(&settings, &allswell_probe::Dialer::default()).unwrap();
            let delivery = channel.send(&samples::down(), "k", samples::NOW, deadline()).await;
            assert!(!delivery.said().contains(canary), "{delivery:?}");
            assert!(!format!("{channel:?} {settings:?} {}", channel.receiver()).contains("canary"), "{channel:?}");
        }
    }
}

#[test]
fn mistakes_in_a_channel_do_not_show_them() {
    for keys in [
        "type: slack, url: 'canary'",
        "type: slack, url: 'ftp://canary/x'",
        "type: slack, url: 'http://canary:x@[::'",
        "type: slack, ulr: 'http://x/canary'",
        "type: ntfy, server: 'x y', topic: canary",
        "type: telegram, server: nowhere, token: canary, chat: '1'",
        "type: telegram, token: 'can\\nary', chat: []",
        "type: pagerduty, routing_key: canary, severity: high",
    ] {
        let text = format!("channels: {{ c: {{ {keys} }} }}");
        let errors = config::parse(&text, std::path::Path::new("allswell.yaml"), &|_| None).expect_err(keys);
        assert!(!errors.to_string().contains("canary"), "{errors}");
        assert!(!format!("{errors:?}").contains("canary"), "{errors:?}");
    }
}
