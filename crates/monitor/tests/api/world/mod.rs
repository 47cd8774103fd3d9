//! A store filled with what a small company's monitors may have seen, at a moment that stands still.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use allswell_core::check::{Memory, Status};
use allswell_core::uptime::Presence;
use allswell_core::{Mono, Now, Phases, Reason, Verdict, Wall, incident};
use allswell_monitor::access::Keyring;
use allswell_monitor::acknowledge::Acknowledger;
use allswell_monitor::api::{ApiState, ServerHealth};
use allswell_monitor::clock::Clock;
use allswell_monitor::config;
use allswell_monitor::fleet::Fleet;
use allswell_monitor::links::Links;
use allswell_monitor::metrics::Metrics;
use allswell_monitor::model::{IncidentId, MonitorId};
use allswell_monitor::notification::Kind;
use allswell_monitor::pages::Console;
use allswell_monitor::resources::Resources;
use allswell_monitor::status_page::StatusPages;
use allswell_monitor::store::sqlite::{SqliteStore, Timing};
use allswell_monitor::store::{
    Decision, Enlistment, IncidentChange, OutboxRow, ResultRow, Settlement, Store, TransitionRow,
};
use allswell_probe::{AddressPolicy, Dialer};
use serde_json::json;
use tempfile::TempDir;

/// 2026-11-21T11:42:14.120Z.
pub const NOW: Wall = Wall::from_ms(1_795_261_334_120);
pub const DAY: Duration = Duration::from_secs(86_400);

/// A clock that stands still.
pub struct Still(pub Now);

impl Clock for Still {
    fn now(&self) -> Now {
        self.0
    }
}

/// The store, and what reads from it.
pub struct World {
    pub state: ApiState,
    _dir: TempDir,
}

impl World {
    /// A store without monitors, watched for ninety days and more.
    pub async fn empty() -> Self {
        let dir = tempfile::tempdir().expect("a directory for the test");
        let store = SqliteStore::open(dir.path(), NOW - DAY * 120, Timing::none()).expect("a new store opens");
        store.watching(NOW - DAY * 120, NOW).await.expect("the store writes");
        let now = Now { mono: Mono::after(DAY), wall: NOW };
        let health = ServerHealth::starting(now);
        health.started();
        health.ticked(now, Duration::ZERO);
        let heartbeats = Arc::new(allswell_monitor::heartbeats::Heartbeats::new().0);
        let store = Arc::new(store);
        let clock = Arc::new(Still(now));
        let keys = Arc::new(Keyring::open(store.clone(), None).await.expect("the store reads"));
        let fleet = Arc::new(Fleet::new(NOW));
        let state = ApiState {
            keys,
            fleet,
            heartbeats,
            acknowledger: Acknowledger::new(store.clone(), clock.clone()).0,
            links: Links::of(dir.path(), "https://status.example.com").expect("the directory can be written to"),
            prober: Arc::new(allswell_probe::Prober::new(AddressPolicy::default())),
            status_pages: Arc::new(
                StatusPages::of(dir.path(), "https://status.example.com", clock.clone())
                    .expect("the directory can be written to"),
            ),
            store,
            clock,
            metrics: Arc::new(Metrics::new("1.2.3")),
            health: Arc::new(health),
            resources: Arc::new(Resources::unconnected(Dialer::new(AddressPolicy::default()))),
            console: Console::default(),
            public_url: Some("https://status.example.com/".to_owned()),
        };
        Self { state, _dir: dir }
    }

    /// The company.
    pub async fn company() -> Self {
        let world = Self::empty().await;
        world.play(&company()).await;
        world
    }

    /// Plays what happened to `stories`, which become the monitors 1, 2, 3, ...
    pub async fn play(&self, stories: &[Story]) {
        let store = &*self.state.store;
        let enlistments = stories.iter().map(Story::enlistment).collect();
        let before = stories.iter().map(|story| story.watched_for).max().unwrap_or(DAY);
        // Paused ones are watched first, and paused later.
        let watched: Vec<Enlistment> =
            stories.iter().map(|story| Enlistment { paused: false, ..story.enlistment() }).collect();
        let enlisted = store.enlist(watched, NOW - before).await.expect("the store writes");
        let mut decisions = Vec::new();
        for (story, enlisted) in stories.iter().zip(enlisted) {
            store.record(story.results(enlisted.id)).await.expect("the store writes");
            decisions.extend(story.decisions(enlisted.id));
        }
        decisions.sort_by_key(|decision| decision.at);
        store.commit(decisions).await.expect("the store writes");
        store.enlist(enlistments, NOW - DAY * 3).await.expect("the store writes");
        self.deliver(stories).await;
        self.state.fleet.changed();
        self.state.fleet.catch_up(store).await.expect("the store reads");
    }

    /// Has the status pages that `yaml` lists written, as the store is now.
    pub async fn publish(&self, yaml: &str) {
        let config = config::parse(yaml, Path::new("test.yaml"), &|_| None).unwrap_or_else(|errors| panic!("{errors}"));
        self.state.status_pages.follow(config.status_pages);
        self.state.status_pages.plan(config.maintenance.into_iter().map(|one| one.maintenance).collect());
        self.state.status_pages.publish(&*self.state.store).await.expect("the store reads");
    }

    /// Hands over what was told longer ago than a minute, each as its channel answers.
    async fn deliver(&self, stories: &[Story]) {
        let store = &*self.state.store;
        loop {
            let claimed = store.claim(NOW, Duration::from_secs(30), 100, &[]).await.expect("the store writes");
            if claimed.is_empty() || stories.is_empty() {
                return;
            }
            for message in claimed {
                let at = message.created + Duration::from_millis(400);
                let settlement = match message.row.channel.as_str() {
                    "ops" => Settlement::Sent { answer: "250 2.0.0 OK queued as 4F2A".to_owned() },
                    "pager" => Settlement::Dead { why: "404 Not Found".to_owned() },
                    _ => Settlement::Retry {
                        why: "503 Service Unavailable".to_owned(),
                        at: NOW + Duration::from_secs(12),
                    },
                };
                store.settle(message.id, message.token, settlement, at).await.expect("the store writes");
            }
        }
    }
}

/// What happened to one monitor.
pub struct Story {
    pub name: String,
    pub kind: &'static str,
    pub target: String,
    pub interval: Duration,
    pub watched_for: Duration,
    pub paused: bool,
    pub base_ms: u64,
    pub outages: Vec<Outage>,
    /// Beside those that all have.
    pub tags: Vec<String>,
    /// What is known beside each result while it is well.
    pub detail: Option<String>,
}

/// A stretch in which it was not well.
pub struct Outage {
    pub began: Duration,
    /// How long ago it ended; `None` while it lasts.
    pub ended: Option<Duration>,
    pub presence: Presence,
    pub reason: Reason,
    pub status: Option<u16>,
    pub latency: Duration,
    pub cause: String,
    pub detail: Option<String>,
    pub evidence: String,
    pub channels: Vec<&'static str>,
}

impl Story {
    /// A monitor that was well for a hundred days.
    pub fn well(name: &str, target: &str, base_ms: u64) -> Self {
        Self {
            name: name.to_owned(),
            kind: "http",
            target: target.to_owned(),
            interval: Duration::from_secs(30),
            watched_for: DAY * 100,
            paused: false,
            base_ms,
            outages: Vec::new(),
            tags: Vec::new(),
            detail: None,
        }
    }

    pub fn outage(mut self, outage: Outage) -> Self {
        self.outages.push(outage);
        self
    }

    fn enlistment(&self) -> Enlistment {
        Enlistment {
            name: self.name.clone(),
            kind: self.kind.to_owned(),
            target: self.target.clone(),
            interval: self.interval,
            tags: ["eu".to_owned(), self.kind.to_owned()].into_iter().chain(self.tags.clone()).collect(),
            group: Some("acme".to_owned()),
            paused: self.paused,
            renamed_from: None,
        }
    }

    /// The last ninety results; whoever is paused has none of the last three days.
    fn results(&self, id: MonitorId) -> Vec<ResultRow> {
        let end = if self.paused { NOW - DAY * 3 } else { NOW - Duration::from_millis(800) };
        let most = (self.watched_for.as_secs() / self.interval.as_secs()).min(90);
        let mut detail = None;
        (0..most)
            .rev()
            .map(|before| self.result(id, end - self.interval * u32::try_from(before).expect("small"), &mut detail))
            .collect()
    }

    fn result(&self, id: MonitorId, asked: Wall, last_detail: &mut Option<String>) -> ResultRow {
        let outage = self.outages.iter().find(|outage| outage.covers(asked));
        let (verdict, reason, status, total, detail) = match outage {
            Some(outage) => (outage.verdict(), Some(outage.reason), outage.status, outage.latency, &outage.detail),
            None => (Verdict::Pass, None, (self.kind == "http").then_some(200), self.latency(asked), &self.detail),
        };
        let changed = detail != last_detail;
        last_detail.clone_from(detail);
        let detail = if changed { detail.clone() } else { None };
        ResultRow { monitor: id, asked, verdict, reason, status, phases: self.phases(total, reason), total, detail }
    }

    /// Wavers by a third around the base.
    fn latency(&self, asked: Wall) -> Duration {
        let mut hash = asked.ms().unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15);
        hash = (hash ^ (hash >> 29)).wrapping_mul(0x94D0_49BB_1331_11EB) >> 54;
        Duration::from_micros(self.base_ms * (700 + hash * 600 / 1_024))
    }

    fn phases(&self, total: Duration, reason: Option<Reason>) -> Phases {
        if reason.is_some_and(|reason| reason == Reason::ConnectRefused) {
            return Phases { connect: Some(total), ..Phases::default() };
        }
        let fast = Duration::from_millis(self.base_ms);
        let (dns, connect) = (fast / 18, fast / 8);
        match self.kind {
            "tcp" => Phases { dns: Some(dns), connect: Some(total.saturating_sub(dns)), ..Phases::default() },
            _ => Phases {
                dns: Some(dns),
                connect: Some(connect),
                tls: Some(fast / 5),
                first_byte: Some(total.saturating_sub(dns + connect + fast / 5 + fast / 20)),
                transfer: Some(fast / 20),
            },
        }
    }

    /// Up when it was first watched, then down and up with each outage.
    fn decisions(&self, id: MonitorId) -> Vec<Decision> {
        let first = NOW - self.watched_for;
        let mut decisions = vec![decision(id, 1, Presence::Unknown, Presence::Up, first, first, None)];
        let mut seq = 1;
        for outage in &self.outages {
            seq += 1;
            let (began, opened) = (NOW - outage.began, NOW - outage.began + self.interval);
            let mut opening = decision(id, seq, Presence::Up, outage.presence, began, opened, Some(outage.reason));
            let incident = IncidentId { monitor: id, seq };
            if let Some(kind) = outage.kind() {
                let change = IncidentChange::Open {
                    kind,
                    began,
                    cause: outage.cause.clone(),
                    evidence: outage.evidence.clone(),
                };
                opening.incident = Some((incident, change));
                opening.outbox = outage.messages(incident, seq, Kind::Down);
            }
            decisions.push(opening);
            if let Some(ended) = outage.ended {
                seq += 1;
                let mut closing =
                    decision(id, seq, outage.presence, Presence::Up, NOW - ended, NOW - ended + self.interval, None);
                closing.incident = outage.kind().map(|_| (incident, IncidentChange::Close));
                closing.outbox = outage.messages(incident, seq, Kind::Up);
                decisions.push(closing);
            }
        }
        decisions
    }
}

impl Outage {
    /// Down with an HTTP status.
    pub fn status(status: u16, began: Duration, cause: &str) -> Self {
        Self {
            began,
            ended: None,
            presence: Presence::Down,
            reason: Reason::Status,
            status: Some(status),
            latency: Duration::from_millis(31),
            cause: cause.to_owned(),
            detail: Some(json!({"message": cause, "address": "203.0.113.7:443"}).to_string()),
            evidence: json!({"answer": "503 in 31 ms", "said": null, "detail": {"message": cause}}).to_string(),
            channels: vec!["ops"],
        }
    }

    pub fn ended(self, ended: Duration) -> Self {
        Self { ended: Some(ended), ..self }
    }

    fn covers(&self, asked: Wall) -> bool {
        asked >= NOW - self.began && self.ended.is_none_or(|ended| asked < NOW - ended)
    }

    const fn verdict(&self) -> Verdict {
        match self.presence {
            Presence::Degraded => Verdict::Warn,
            Presence::Unknown => Verdict::Unknown,
            _ => Verdict::Fail,
        }
    }

    fn kind(&self) -> Option<incident::Kind> {
        match (self.presence, self.reason) {
            (Presence::Down, _) => Some(incident::Kind::Down),
            (Presence::Degraded, Reason::CertificateExpiring) => Some(incident::Kind::Certificate),
            (Presence::Degraded, _) => Some(incident::Kind::Degraded),
            _ => None,
        }
    }

    fn messages(&self, incident: IncidentId, seq: u32, kind: Kind) -> Vec<OutboxRow> {
        let row = |channel: &&str| OutboxRow {
            key: format!("{incident}-{seq}-{channel}"),
            incident,
            channel: (*channel).to_owned(),
            kind,
            body: "{}".to_owned(),
        };
        self.channels.iter().map(row).collect()
    }
}

fn decision(
    monitor: MonitorId,
    seq: u32,
    from: Presence,
    to: Presence,
    began: Wall,
    at: Wall,
    reason: Option<Reason>,
) -> Decision {
    let confirmed = match to {
        Presence::Down => Status::Down,
        Presence::Degraded => Status::Degraded,
        _ => Status::Up,
    };
    let memory = Memory { confirmed, blind: to == Presence::Unknown, since: began, ..Memory::default() };
    let transition = Some(TransitionRow { seq, from, to, began, at, reason });
    Decision { transition, ..Decision::nothing(monitor, at, memory) }
}

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
