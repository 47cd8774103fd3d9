//! Who is told what: one outbox row for each channel of the monitor.

use std::time::Duration;

use allswell_core::incident::{Change, Kind as IncidentKind};
use allswell_core::{Reason, Wall};
use allswell_probe::{Answer, health};

use super::cause;
use crate::model::Monitor;
use crate::notification::{FailingCheck, Kind, Notification, VersionChange, rfc3339};
use crate::store::{OpenIncident, OutboxRow};

/// All that a message may be made of.
pub(super) struct Facts<'a> {
    pub(super) monitor: &'a Monitor,
    pub(super) open: &'a OpenIncident,
    pub(super) change: Change,
    pub(super) cause: &'a str,
    pub(super) answer: &'a Answer,
    pub(super) reason: Option<Reason>,
    pub(super) version_change: Option<&'a VersionChange>,
    pub(super) at: Wall,
    /// When the streak began that confirmed the change: the outage's end when it closes.
    pub(super) ended: Wall,
    pub(super) public_url: Option<&'a str>,
}

/// One row for each channel, keyed so that deciding the same again gives the same keys.
pub(super) fn messages(facts: &Facts<'_>, seq: u32) -> Vec<OutboxRow> {
    if facts.monitor.channels.is_empty() {
        return Vec::new();
    }
    let notification = notification(facts);
    let kind = notification.kind;
    let body = serde_json::to_string(&notification).expect("plain structures with string keys always serialise");
    let row = |channel: &String| OutboxRow {
        key: format!("{}:{}:{seq}:{channel}", facts.open.id, kind.as_str()),
        channel: channel.clone(),
        kind,
        body: body.clone(),
    };
    facts.monitor.channels.iter().map(row).collect()
}

fn notification(facts: &Facts<'_>) -> Notification {
    let kind = match facts.change {
        Change::Close => Kind::Up,
        Change::Open(IncidentKind::Down) | Change::Turn(IncidentKind::Down) => Kind::Down,
        Change::Open(IncidentKind::Degraded) | Change::Turn(IncidentKind::Degraded) => Kind::Degraded,
        Change::Open(IncidentKind::Certificate) | Change::Turn(IncidentKind::Certificate) => Kind::Certificate,
    };
    let until = if kind == Kind::Up { facts.ended } else { facts.at };
    let health = facts.answer.health.as_ref();
    Notification {
        kind,
        incident: facts.open.id.to_string(),
        monitor: facts.monitor.name.clone(),
        target: facts.monitor.question.target().to_owned(),
        began: rfc3339(facts.open.began),
        at: rfc3339(facts.at),
        lasted_ms: ms(until.since(facts.open.began)),
        cause: facts.cause.to_owned(),
        reason: facts.reason.map(|reason| reason.as_str().to_owned()),
        answer: cause::answer_line(facts.answer),
        body: facts.answer.evidence.as_ref().map(|evidence| evidence.body.clone()).filter(|body| !body.is_empty()),
        failing_checks: health.map(failing_checks).unwrap_or_default(),
        version: health.and_then(|document| document.version.clone()),
        version_change: facts.version_change.filter(|_| kind != Kind::Up).cloned(),
        certificate_days_left: facts.answer.certificate.as_ref().map(|certificate| certificate.days_left),
        link: facts.public_url.map(|base| format!("{}/i/{}", base.trim_end_matches('/'), facts.open.id)),
        acknowledge: None,
    }
}

fn failing_checks(document: &health::Document) -> Vec<FailingCheck> {
    let bad = |check: &&health::Check| matches!(check.status, health::Status::Error | health::Status::Warn);
    let told = |check: &health::Check| FailingCheck { name: check.name.clone(), message: check.message.clone() };
    document.checks.iter().filter(bad).map(told).collect()
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
