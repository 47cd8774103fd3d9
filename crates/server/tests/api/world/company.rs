//! A small company: its monitors, and what they have seen.

use std::time::Duration;

use allswell_core::Reason;
use allswell_core::uptime::Presence;
use serde_json::json;

use super::{DAY, NOW, Outage, Story};

/// One of each that a page must be able to show.
pub fn company() -> Vec<Story> {
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    let mut stories = vec![
        payments(),
        Story::well("checkout-api", "GET https://checkout.acme.example/ready", 61)
            .outage(Outage::status(502, DAY * 12, "502 Bad Gateway").ended(DAY * 12 - minutes(9))),
        Story {
            detail: Some(ready("2.8.1", "ok")),
            ..Story::well("cart-api", "GET https://cart.acme.example/ready", 48)
        }
        .outage(Outage::status(500, minutes(31), "500 Internal Server Error").ended(minutes(29))),
        slow_search(),
        certificate(),
    ];
    stories.push(Story { kind: "tcp", ..Story::well("postgres primary", "tcp pg-1.eu.acme.example:5432", 3) });
    stories.push(Story { paused: true, ..Story::well("legacy-soap", "GET https://soap.acme.example/", 210) });
    stories.push(Story {
        watched_for: minutes(2),
        ..Story::well("new-ledger", "GET https://ledger.acme.example/ready", 52)
    });
    stories.push(Story { watched_for: DAY * 39, ..Story::well("auth-api", "GET https://id.acme.example/ready", 29) });
    stories.push(blind());
    for (name, base) in [("edge fra-1", 11), ("edge ams-2", 14), ("docs", 74), ("mail-relay", 9)] {
        stories.push(Story::well(name, &format!("GET https://{}.acme.example/", name.replace(' ', "-")), base));
    }
    stories
}

fn payments() -> Story {
    let began = Duration::from_secs(252);
    let failing = ready("1.42.0", "error");
    let evidence = json!({
        "answer": "503 in 5\u{202f}031 ms: dns 4.0, connect 8.0, tls 14, first byte 5\u{202f}003, transfer 2.0",
        "said": {
            "status_line": "HTTP/1.1 503 Service Unavailable",
            "headers": [["content-type", "application/json"], ["server", "uvicorn"], ["set-cookie", "***"]],
            "body": "{\n  \"status\": \"unhealthy\",\n  \"version\": \"1.42.0\",\n  \"checks\": {\n    \"database\": { \"status\": \"error\", \"message\": \"timed out after 5 s\" },\n    \"redis\": { \"status\": \"ok\", \"response_time_ms\": 0.8 }\n  }\n}",
            "body_truncated": false,
        },
        "detail": serde_json::from_str::<serde_json::Value>(&failing).expect("it was written above"),
    });
    let outage = Outage {
        latency: Duration::from_millis(5_031),
        detail: Some(failing),
        evidence: evidence.to_string(),
        channels: vec!["ops", "hook"],
        ..Outage::status(
            503,
            began,
            "the app says database failed (timed out after 5 s), redis is ok; version 1.42.0 first seen 38 s before",
        )
    };
    Story {
        detail: Some(ready("1.41.2", "ok")),
        ..Story::well("payments-api", "GET https://api.acme.example/ready", 52)
    }
    .outage(Outage::status(503, DAY * 3, "503 Service Unavailable").ended(DAY * 3 - Duration::from_secs(1_100)))
    .outage(outage)
}

fn ready(version: &str, database: &str) -> String {
    let message = (database != "ok").then_some("timed out after 5 s");
    let check = |name: &str, status: &str, message: Option<&str>, ms: f64| json!({"name": name, "status": status, "message": message, "response_time_ms": ms});
    json!({
        "message": message.map(|_| "503 Service Unavailable"),
        "address": "203.0.113.7:443",
        "http_version": "HTTP/2",
        "health": {
            "format": "allswell",
            "status": if message.is_some() { "error" } else { "ok" },
            "version": version,
            "release_id": "3f2c1ab",
            "detail": null,
            "checks": [
                check("database", database, message, if message.is_some() { 5_000.0 } else { 2.1 }),
                check("redis", "ok", None, 0.8),
                check("stripe-api", "ok", None, 112.0),
                check("orders queue", "ok", Some("lag 0"), 2.1),
            ],
        },
        "certificate": chain(61),
    })
    .to_string()
}

fn chain(days: u64) -> serde_json::Value {
    let until = |days: u64| (NOW + DAY * u32::try_from(days).expect("small")).ms();
    json!({
        "subject": "CN=api.acme.example", "issuer": "CN=E7,O=Let's Encrypt,C=US",
        "names": ["api.acme.example", "pay.acme.example"],
        "not_before_ms": (NOW - DAY * 29).ms(), "not_after_ms": until(days), "days_left": days,
        "fingerprint": "00".repeat(32), "protocol": "TLSv1.3", "trusted": true,
        "chain": [
            {"subject": "CN=api.acme.example", "issuer": "CN=E7,O=Let's Encrypt,C=US", "not_after_ms": until(days)},
            {"subject": "CN=E7,O=Let's Encrypt,C=US", "issuer": "CN=ISRG Root X1,O=Internet Security Research Group,C=US", "not_after_ms": until(480)},
        ],
    })
}

fn slow_search() -> Story {
    let outage = Outage {
        presence: Presence::Degraded,
        reason: Reason::Slow,
        status: Some(200),
        latency: Duration::from_millis(1_880),
        detail: None,
        channels: vec!["ops", "pager"],
        ..Outage::status(200, Duration::from_secs(41 * 60), "it answered, but took 1.8 s")
    };
    Story::well("search-api", "GET https://search.acme.example/health", 610).outage(outage)
}

fn certificate() -> Story {
    let outage = Outage {
        presence: Presence::Degraded,
        reason: Reason::CertificateExpiring,
        status: Some(200),
        latency: Duration::from_millis(82),
        detail: Some(json!({"message": "the certificate ends in 6 days", "certificate": chain(6)}).to_string()),
        ..Outage::status(200, DAY * 2, "the certificate ends in 6 days")
    };
    Story::well("www.acme.example", "GET https://www.acme.example/", 82).outage(outage)
}

fn blind() -> Story {
    let outage = Outage {
        presence: Presence::Unknown,
        reason: Reason::OwnResolver,
        status: None,
        latency: Duration::from_millis(2_000),
        detail: Some(json!({"message": "our resolver 10.0.0.2 does not answer"}).to_string()),
        ..Outage::status(0, Duration::from_secs(190), "")
    };
    Story::well("partner-feed", "GET https://feed.partner.example/v2/items.json", 140).outage(outage)
}
