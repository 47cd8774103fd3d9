//! Notifications of each kind: what definitions of channels are tried with, and the tests of all channels.

use allswell_core::Wall;

use crate::notification::{FailingCheck, Kind, Notification, Occasion, VersionChange};

/// 2026-11-21T11:39:15Z: a second after the samples were decided.
pub(crate) const NOW: Wall = Wall::from_ms(1_795_261_155_000);

/// How many kinds of messages there are; the first so many of [`all`] are complete.
#[cfg(test)]
pub(crate) const KINDS: usize = 5;

/// Messages of every kind: complete ones, and ones of which no more is known than must be.
pub(crate) fn all() -> Vec<Notification> {
    let full = [down(), up(), degraded(), certificate(), Notification::test("ops", down().at)];
    let bare = full.clone().map(|n| Notification { link: None, acknowledge: None, ..n.without_answer() });
    let with_link = full.clone().map(|n| Notification {
        acknowledge: Some("https://allswell.acme.dev/acknowledge/12-7/1796470754/4f1b22".to_owned()),
        ..n
    });
    full.into_iter()
        .chain(bare)
        .chain(with_link)
        .chain([reminder(), flapping(), settled(), group(), group_up()])
        .collect()
}

/// The app says that its database timed out, 38 s after a new version.
pub(crate) fn down() -> Notification {
    Notification {
        kind: Kind::Down,
        occasion: Occasion::Change,
        incident: "12-7".to_owned(),
        monitor: "payments-api".to_owned(),
        target: "GET https://api.acme.dev/ready".to_owned(),
        began: "2026-11-21T11:38:40.120Z".to_owned(),
        at: "2026-11-21T11:39:14.120Z".to_owned(),
        lasted_ms: 34_000,
        cause: "the app says database failed (connection timed out after 5.0 s), redis is ok; version 1.42.0 first seen 38 s before"
            .to_owned(),
        reason: Some("status".to_owned()),
        answer: Some("503 in 5\u{202f}031 ms: dns 4.0, connect 8.0, tls 14, first byte 5\u{202f}003".to_owned()),
        body: Some(
            r#"{ "status": "unhealthy", "version": "1.42.0",
  "checks": {
    "database": { "status": "error", "message": "connection timed out after 5.0 s" },
    "redis":    { "status": "ok", "response_time_ms": 0.8 } } }"#
                .to_owned(),
        ),
        failing_checks: vec![FailingCheck {
            name: "database".to_owned(),
            message: Some("connection timed out after 5.0 s".to_owned()),
        }],
        version: Some("1.42.0".to_owned()),
        version_change: Some(VersionChange {
            from: "1.41.2".to_owned(),
            to: "1.42.0".to_owned(),
            before_failure_ms: 38_000,
        }),
        dependents: Vec::new(),
        shares: vec!["host api.acme.dev".to_owned(), "dependency database".to_owned()],
        others: Vec::new(),
        certificate_days_left: Some(61),
        link: Some("https://allswell.acme.dev/i/12-7".to_owned()),
        acknowledge: None,
    }
}

/// It answers again.
pub(crate) fn up() -> Notification {
    Notification {
        kind: Kind::Up,
        at: "2026-11-21T11:42:53.900Z".to_owned(),
        lasted_ms: 252_000,
        cause: "answers again: 200 in 31 ms: dns 4.0, connect 8.0, tls 14, first byte 5.0".to_owned(),
        reason: None,
        answer: Some("200 in 31 ms: dns 4.0, connect 8.0, tls 14, first byte 5.0".to_owned()),
        body: None,
        shares: vec!["host api.acme.dev".to_owned()],
        failing_checks: Vec::new(),
        version_change: None,
        ..down()
    }
}

/// It is slow, and its URL looks like markup.
pub(crate) fn degraded() -> Notification {
    Notification {
        kind: Kind::Degraded,
        incident: "4-31".to_owned(),
        monitor: "search <b>api</b> & co".to_owned(),
        target: "GET https://search.acme.dev/?q=<script>alert(1)</script>&lang=\"en\"".to_owned(),
        cause: "it answered, but took 1.8 s".to_owned(),
        reason: Some("slow".to_owned()),
        answer: Some("200 in 1\u{202f}880 ms: dns 2.1, connect 9.4, first byte 1\u{202f}861".to_owned()),
        body: None,
        failing_checks: Vec::new(),
        version: None,
        version_change: None,
        link: None,
        ..down()
    }
}

/// Its certificate ends in nine days.
pub(crate) fn certificate() -> Notification {
    Notification {
        kind: Kind::Certificate,
        incident: "3-2".to_owned(),
        cause: "the certificate of api.acme.dev ends in 9 days, on 30 Nov 2026".to_owned(),
        reason: Some("certificate_expiring".to_owned()),
        answer: Some("200 in 31 ms: dns 4.0, connect 8.0, tls 14, first byte 5.0".to_owned()),
        body: None,
        failing_checks: Vec::new(),
        version_change: None,
        certificate_days_left: Some(9),
        ..down()
    }
}

/// It is down since three hours, and nobody has said to see to it.
pub(crate) fn reminder() -> Notification {
    Notification {
        occasion: Occasion::Reminder,
        at: "2026-11-21T14:38:40.120Z".to_owned(),
        lasted_ms: 10_800_000,
        cause: "still not well after 3 h, and nobody has said to see to it: the app says database failed (connection timed out \
                after 5.0 s), redis is ok"
            .to_owned(),
        ..down().without_answer()
    }
}

/// It comes and goes.
pub(crate) fn flapping() -> Notification {
    Notification {
        occasion: Occasion::Flapping,
        cause: "it comes and goes, 5 outages since 21 Nov 11:12 UTC; from now on you are told once an hour, and when it has \
                settled. This time: connection refused"
            .to_owned(),
        answer: None,
        body: None,
        failing_checks: Vec::new(),
        version_change: None,
        ..down()
    }
}

/// It comes and goes no more.
pub(crate) fn settled() -> Notification {
    Notification {
        occasion: Occasion::Settled,
        lasted_ms: 3_900_000,
        at: "2026-11-21T13:00:00.000Z".to_owned(),
        cause: "it comes and goes no more: well since 21 Nov 12:43 UTC, after 11 outages since 21 Nov 11:12 UTC"
            .to_owned(),
        answer: None,
        ..up()
    }
}

/// Seven are down at once: most of them share a database.
pub(crate) fn group() -> Notification {
    let one = |number: usize, host: &str, shares: &[&str]| {
        let host = format!("host {host}");
        let shares = std::iter::once(host.as_str()).chain(shares.iter().copied()).map(str::to_owned).collect();
        let monitor = format!("shop <{number}> & co");
        Notification { incident: format!("{number}-3"), monitor, shares, ..down() }
    };
    let others = [
        one(2, "a.acme.dev", &["dependency database"]),
        one(3, "b.acme.dev", &["dependency database"]),
        one(4, "b.acme.dev", &["dependency database"]),
        one(5, "c.acme.dev", &[]),
        one(6, "c.acme.dev", &[]),
        one(7, "d.acme.dev", &[]),
    ];
    down().together(others.into())
}

/// Two are up again at once.
pub(crate) fn group_up() -> Notification {
    let other = Notification { incident: "2-3".to_owned(), monitor: "orders-api".to_owned(), ..up() };
    up().together(vec![other])
}
