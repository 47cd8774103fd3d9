//! Echo requests to this machine. Where it may send none, the answer says how to let it.
#![allow(clippy::disallowed_methods, reason = "other threads and clocks are the other side")]

mod support;

use std::time::Duration;

use allswell_core::{Reason, Verdict};
use allswell_probe::{AddressPolicy, Prober};
use serde_json::{Value, json};
use support::{ask, outcome, passes, question, soon};

/// Whether this machine may not send any: then all that can be said is how to let it.
fn is_forbidden(answer: &allswell_probe::Answer) -> bool {
    let forbidden = outcome(answer) == (Verdict::Unknown, Some(Reason::OwnFault));
    if forbidden {
        let detail = answer.detail.as_deref().unwrap_or_default();
        assert!(detail.contains("ping_group_range") && detail.contains("cap_net_raw"), "{detail}");
    }
    forbidden
}

#[tokio::test]
async fn this_machine_replies_to_every_packet() {
    for host in ["127.0.0.1", "127.8.9.10", "localhost"] {
        let settings = json!({ "ping": { "host": host, "count": 4, "gap": "5ms", "ip_version": "ipv4" } });
        let question =
            question(settings, &["body.received == 4", "body.loss_percent == 0.0", "body.jitter_ms < 1000.0"]);
        let answer = Prober::new(AddressPolicy::default()).ask(&question, soon()).await;
        if is_forbidden(&answer) {
            return;
        }
        passes(&answer);
        assert_eq!(answer.phases.first_byte.map(|took| took < Duration::from_secs(1)), Some(true));
        let whole = answer.phases.first_byte.unwrap_or_default() + answer.phases.dns.unwrap_or_default();
        assert_eq!(answer.outcome.latency, whole, "the gaps do not count");
        assert!(answer.place().is_some_and(|place| place.parse::<std::net::Ipv4Addr>().is_ok()), "no port is shown");
    }
}

#[tokio::test]
async fn several_at_once_do_not_take_each_other_s_replies() {
    let prober = Prober::new(AddressPolicy::default());
    let question =
        question(json!({ "ping": { "host": "127.0.0.1", "count": 20, "gap": "2ms" } }), &["body.received == 20"]);
    let answers = futures_util::future::join_all((0..8).map(|_| prober.ask(&question, soon()))).await;
    for answer in answers {
        assert!(is_forbidden(&answer) || outcome(&answer) == (Verdict::Pass, None), "{:?}", answer.detail);
    }
}

#[tokio::test]
async fn ipv6_replies_where_there_is_any() {
    let answer = ask(json!({ "ping": { "host": "::1", "count": 2, "gap": "5ms" } })).await;
    if answer.outcome.reason != Some(Reason::OwnNetwork) && !is_forbidden(&answer) {
        passes(&answer);
        assert_eq!(answer.place().as_deref(), Some("::1"));
    }
}

#[tokio::test]
async fn what_does_not_reply_before_the_deadline_is_lost() {
    let settings = json!({ "ping": { "host": "127.0.0.1", "count": 2, "gap": "60s" } });
    let answer = Prober::new(AddressPolicy::default()).ask(&question(settings, &[]), support::now_and_a_bit()).await;
    if !is_forbidden(&answer) {
        // The second packet was never sent, so it is not lost either.
        passes(&answer);
    }
}

#[tokio::test]
async fn an_address_that_the_policy_forbids_is_not_pinged() {
    let policy = AddressPolicy { deny_private: true, allow: Vec::new() };
    let answer = Prober::new(policy).ask(&question(json!({ "ping": { "host": "127.0.0.1" } }), &[]), soon()).await;
    assert_eq!(answer.outcome.reason, Some(Reason::AddressForbidden));
}

#[test]
fn settings_that_cannot_be_meant_are_refused() {
    let refused = |block: Value, part: &str| {
        let parsed = serde_json::from_value(json!({ "ping": block })).expect("settings");
        let error = allswell_probe::Question::new(parsed, &[], 14).expect_err("must be refused").to_string();
        assert!(error.contains(part), "{error}");
    };
    refused(json!({ "host": "a b" }), "`host`: `a b` is no host");
    refused(json!({ "host": "h:80" }), "is no host");
    refused(json!({ "host": "h", "count": 0 }), "`count`: is not from 1 to 100");
    refused(json!({ "host": "h", "gap": "1ms" }), "`gap`");
    refused(json!({ "host": "h", "wait": "soon" }), "`wait`");
    refused(json!({ "host": "h", "max_loss": 100 }), "`max_loss`");
    assert_eq!(question(json!({ "ping": { "host": "[::1]" } }), &[]).target(), "ping ::1");
}
