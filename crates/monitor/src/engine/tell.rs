//! What a message says: one outbox row for each channel of the monitor.

use std::time::Duration;

use allswell_core::Wall;
use allswell_core::incident::Kind as IncidentKind;
use allswell_core::telling::{Open, Say, Told};
use allswell_core::time::humane;
use allswell_probe::health;

use super::cause;
use super::silence::Sight;
use super::speak::Fresh;
use crate::model::{IncidentId, Monitor};
use crate::notification::{FailingCheck, Kind, Notification, Occasion, rfc3339};
use crate::store::{OpenIncident, OutboxRow};

/// All that a message may be made of.
pub(super) struct Facts<'a> {
    pub(super) monitor: &'a Monitor,
    /// The incident that is open.
    pub(super) incident: Option<&'a OpenIncident>,
    /// What was just seen.
    pub(super) fresh: Option<&'a Fresh>,
    /// During what it began, when it is told late.
    pub(super) late: Option<String>,
    /// When what is true now began: the outage's end when it is over.
    pub(super) well_since: Wall,
    pub(super) at: Wall,
    pub(super) sight: &'a Sight,
}

/// What a message is about, in short.
struct Head {
    kind: Kind,
    occasion: Occasion,
    /// The incident's number within the monitor.
    seq: u32,
    began: Wall,
    cause: String,
    /// Names the message within the incident, the same whenever the same is decided again.
    name: String,
}

/// One row for each channel, keyed so that deciding the same again gives the same keys. `seq` is the last transition's number.
pub(super) fn messages(say: Say, facts: &Facts<'_>, seq: u32) -> Vec<OutboxRow> {
    if facts.monitor.channels.is_empty() {
        return Vec::new();
    }
    heads(say, facts, seq).into_iter().flat_map(|head| rows(head, facts)).collect()
}

/// One row for each channel.
fn rows(head: Head, facts: &Facts<'_>) -> Vec<OutboxRow> {
    let id = IncidentId { monitor: facts.monitor.id, seq: head.seq };
    let (kind, name) = (head.kind, head.name.clone());
    let body = serde_json::to_string(&notification(head, id, facts))
        .expect("plain structures with string keys always serialise");
    let row = |channel: &String| OutboxRow {
        key: format!("{id}:{name}:{channel}"),
        incident: id,
        channel: channel.clone(),
        kind,
        body: body.clone(),
        together: None,
    };
    facts.monitor.channels.iter().map(row).collect()
}

/// What a thing to tell is, in the order in which it is told.
fn heads(say: Say, facts: &Facts<'_>, seq: u32) -> Vec<Head> {
    match say {
        // Whoever follows the incident that is over by now must not take it for the one that stays.
        Say::Settled { told, open: Some(open), outages, since } if open.seq != told.seq => {
            vec![over(told, open, (outages, since), seq), head(say, facts, seq)]
        }
        _ => vec![head(say, facts, seq)],
    }
}

fn head(say: Say, facts: &Facts<'_>, seq: u32) -> Head {
    match say {
        Say::Open(open) | Say::Turn(open) => opened(open, facts, seq),
        Say::Close(told) => closed(told, facts, seq),
        Say::Remind { told, number } => {
            let lasted = humane(facts.at.since(told.began));
            let cause = format!("still not well after {lasted}, and nobody has said to see to it: {}", known(facts));
            again(told, Occasion::Reminder, cause, format!("reminder:{number}"))
        }
        Say::Flaps { open, outages, since } => {
            let cause = format!(
                "it comes and goes, {outages} outages since {}; from now on you are told once an hour, and when it has \
                 settled. This time: {}",
                clock(since),
                known(facts)
            );
            let name = format!("flapping:{seq}");
            Head { kind: kind(open.kind), occasion: Occasion::Flapping, seq: open.seq, began: open.began, cause, name }
        }
        Say::Digest { told, number, outages, since } => {
            let now = if facts.incident.is_some() { "not well now" } else { "well now" };
            let cause = format!("it still comes and goes, {outages} outages since {}; it is {now}", clock(since));
            again(told, Occasion::Digest, cause, format!("digest:{number}"))
        }
        Say::Settled { told, open, outages, since } => settled(told, open, (outages, since), facts, seq),
    }
}

fn opened(open: Open, facts: &Facts<'_>, seq: u32) -> Head {
    let kind = kind(open.kind);
    let mut cause = known(facts).to_owned();
    if let Some(during) = &facts.late {
        cause.push_str(&format!("; it began at {}, {during}, and lasts", clock(open.began)));
    }
    let occasion = if facts.late.is_some() { Occasion::Late } else { Occasion::Change };
    if let Some(names) = named(&facts.sight.dependents) {
        cause.push_str(&format!("; not well either, and not told apart: {names}"));
    }
    Head { kind, occasion, seq: open.seq, began: open.began, cause, name: format!("{}:{seq}", kind.as_str()) }
}

fn closed(told: Told, facts: &Facts<'_>, seq: u32) -> Head {
    let (occasion, cause) = match facts.fresh.filter(|_| facts.incident.is_none()) {
        Some(fresh) => (Occasion::Change, fresh.cause.clone()),
        None => (Occasion::Late, "it recovered while nobody was to be told".to_owned()),
    };
    let name = format!("{}:{seq}", Kind::Up.as_str());
    Head { kind: Kind::Up, occasion, seq: told.seq, began: told.began, cause, name }
}

fn settled(told: Told, open: Option<Open>, (outages, since): (u32, Wall), facts: &Facts<'_>, seq: u32) -> Head {
    let times = format!("{outages} outages since {}", clock(since));
    let name = format!("settled:{seq}");
    match open {
        None => {
            let cause = format!("it comes and goes no more: well since {}, after {times}", clock(facts.well_since));
            let began = told.began.min(facts.well_since);
            Head { kind: Kind::Up, occasion: Occasion::Settled, seq: told.seq, began, cause, name }
        }
        Some(open) => {
            let cause = format!("it comes and goes no more, it stays so after {times}: {}", known(facts));
            Head { kind: kind(open.kind), occasion: Occasion::Settled, seq: open.seq, began: open.began, cause, name }
        }
    }
}

/// The incident that people were told of is over, and another one stays.
fn over(told: Told, open: Open, (outages, since): (u32, Wall), seq: u32) -> Head {
    let cause = format!(
        "it comes and goes no more after {outages} outages since {}: not well since {}, which is told by itself",
        clock(since),
        clock(open.began)
    );
    let (kind, occasion) = (Kind::Up, Occasion::Settled);
    Head { kind, occasion, seq: told.seq, began: told.began, cause, name: format!("settled:{seq}") }
}

fn again(told: Told, occasion: Occasion, cause: String, name: String) -> Head {
    Head { kind: kind(told.kind), occasion, seq: told.seq, began: told.began, cause, name }
}

/// Why it is not well, as far as that is known.
fn known<'a>(facts: &'a Facts<'_>) -> &'a str {
    let stored = || facts.incident.map_or("it is not well", |incident| incident.cause.as_str());
    facts.fresh.map_or_else(stored, |fresh| &fresh.cause)
}

/// The first few of `names`, the rest counted.
fn named(names: &[String]) -> Option<String> {
    const NAMED: usize = 10;
    let first = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => None,
        count if count > NAMED => Some(format!("{first} and {} more", count - NAMED)),
        _ => Some(first),
    }
}

const fn kind(kind: IncidentKind) -> Kind {
    match kind {
        IncidentKind::Down => Kind::Down,
        IncidentKind::Degraded => Kind::Degraded,
        IncidentKind::Certificate => Kind::Certificate,
    }
}

fn notification(head: Head, id: IncidentId, facts: &Facts<'_>) -> Notification {
    let Head { kind, occasion, began, cause, .. } = head;
    let until = if kind == Kind::Up { facts.well_since } else { facts.at };
    let answer = facts.fresh.map(|fresh| &fresh.answer);
    let health = answer.and_then(|answer| answer.health.as_ref());
    let body = answer.and_then(|answer| answer.evidence.as_ref()).map(|evidence| evidence.body.clone());
    let base = facts.sight.public_url.as_ref().map(|base| base.trim_end_matches('/'));
    Notification {
        kind,
        occasion,
        incident: id.to_string(),
        monitor: facts.monitor.name.clone(),
        target: facts.monitor.question.target().to_owned(),
        began: rfc3339(began),
        at: rfc3339(facts.at),
        lasted_ms: ms(until.since(began)),
        cause,
        reason: facts.fresh.and_then(|fresh| fresh.reason).map(|reason| reason.as_str().to_owned()),
        answer: answer.and_then(cause::answer_line),
        body: body.filter(|body| !body.is_empty()),
        failing_checks: health.map(failing_checks).unwrap_or_default(),
        version: health.and_then(|document| document.version.clone()),
        version_change: facts.fresh.and_then(|fresh| fresh.version_change.clone()).filter(|_| kind != Kind::Up),
        dependents: if kind == Kind::Up { Vec::new() } else { facts.sight.dependents.clone() },
        shares: shares(facts.monitor, health),
        others: Vec::new(),
        certificate_days_left: answer.and_then(|answer| answer.certificate.as_ref()).map(|shown| shown.days_left),
        link: base.map(|base| format!("{base}/i/{id}")),
        acknowledge: None,
    }
}

/// What others may have in common with it: its host, and what its app says is not well.
fn shares(monitor: &Monitor, document: Option<&health::Document>) -> Vec<String> {
    let host = Some(monitor.question.host()).filter(|host| !host.is_empty()).map(|host| format!("host {host}"));
    let failing = document.map(failing_checks).unwrap_or_default();
    host.into_iter().chain(failing.into_iter().map(|check| format!("dependency {}", check.name))).collect()
}

fn failing_checks(document: &health::Document) -> Vec<FailingCheck> {
    let bad = |check: &&health::Check| matches!(check.status, health::Status::Error | health::Status::Warn);
    let told = |check: &health::Check| FailingCheck { name: check.name.clone(), message: check.message.clone() };
    document.checks.iter().filter(bad).map(told).collect()
}

/// `21 Nov 11:38 UTC`.
fn clock(wall: Wall) -> String {
    match jiff::Timestamp::from_millisecond(wall.ms()) {
        Ok(moment) => moment.strftime("%-d %b %H:%M UTC").to_string(),
        Err(_) => rfc3339(wall),
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
