//! What happened to a monitor, and what a store knows of it then.

use std::time::Duration;

use allswell_core::check::{Memory, Status};
use allswell_core::uptime::Presence;
use allswell_core::{Phases, Reason, Verdict, Wall, incident};
use allswell_monitor::model::{IncidentId, MonitorId};
use allswell_monitor::notification::Kind;
use allswell_monitor::store::{Decision, Enlistment, IncidentChange, OutboxRow, ResultRow, Together, TransitionRow};
use serde_json::json;

use super::{DAY, NOW};

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

    pub fn enlistment(&self) -> Enlistment {
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
    pub(super) fn results(&self, id: MonitorId) -> Vec<ResultRow> {
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
    pub(super) fn decisions(&self, id: MonitorId) -> Vec<Decision> {
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

    /// One for each channel; those to `team` go together.
    fn messages(&self, incident: IncidentId, seq: u32, kind: Kind) -> Vec<OutboxRow> {
        let row = |channel: &&str| OutboxRow {
            key: format!("{incident}-{seq}-{channel}"),
            incident,
            channel: (*channel).to_owned(),
            kind,
            body: "{}".to_owned(),
            together: (*channel == "team").then(|| Together { name: "not-well".to_owned(), due: NOW }),
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
