//! One monitor within the engine: its check, its incident, and what it said last.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use allswell_core::check::{Check, Finished, Memory, Status, Transition};
use allswell_core::heartbeat::Heartbeat;
use allswell_core::telling::Telling;
use allswell_core::uptime::Presence;
use allswell_core::{Mono, Now, Reason, Wall, incident};
use allswell_probe::Answer;
use serde::Serialize;

use super::pulse::Pulse;
use super::silence::{Asked, Sight, Silence};
use super::speak::Fresh;
use super::{Effect, cause};
use crate::model::{IncidentId, Monitor};
use crate::notification::VersionChange;
use crate::store::{Decision, Enlisted, IncidentChange, OpenIncident, ResultRow, TransitionRow};

/// A version counts as new, and so as a likely trigger, for this long.
const NEW_VERSION: Duration = Duration::from_secs(600);

/// The versions that an app named.
#[derive(Clone, Debug, Default)]
struct Versions {
    current: Option<(String, Wall)>,
    before: Option<String>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) monitor: Arc<Monitor>,
    pub(super) check: Check,
    /// Its due moment was taken off the heap while an asking was under way.
    pub(super) waits: bool,
    /// What is waited for, when nothing is asked.
    pub(super) pulse: Option<Pulse>,
    /// When the last asking that was answered began.
    pub(super) asked: Asked,
    /// The planned maintenance that covers it.
    pub(super) maintenance: Option<String>,
    /// Why nobody was told when it was looked at last.
    pub(super) silence: Option<Silence>,
    /// When it is to be looked at again though nothing happens.
    pub(super) wake: Option<Wall>,
    pub(super) seq: u32,
    pub(super) incident: Option<OpenIncident>,
    /// When the incident was opened by this process.
    pub(super) opened: Option<Wall>,
    pub(super) telling: Telling,
    /// What was seen when it began, as long as people were not told.
    pub(super) seen: Option<Fresh>,
    last_detail: Option<u64>,
    versions: Versions,
}

impl Entry {
    pub(super) fn new(monitor: Arc<Monitor>, enlisted: Enlisted, now: Now) -> Self {
        let memory = Memory { blind: enlisted.presence == Some(Presence::Unknown), ..enlisted.memory };
        let seed = u64::from(monitor.id.0);
        let check = Check::new(monitor.policy.clone(), seed, memory, enlisted.last_asked, now);
        let settled = enlisted.last_asked.unwrap_or(enlisted.created);
        Self {
            pulse: pulse(&monitor, settled, now),
            monitor,
            check,
            waits: false,
            asked: enlisted.last_asked,
            // By which window is found out next; that there was one is known.
            maintenance: enlisted.maintenance.map(|_| String::new()),
            silence: None,
            wake: None,
            seq: enlisted.seq,
            incident: enlisted.incident,
            opened: None,
            telling: enlisted.telling,
            seen: None,
            last_detail: None,
            versions: Versions::default(),
        }
    }

    /// The same monitor under a changed configuration: what is known stays known, an asking under way goes on.
    pub(super) fn reconfigured(mut self, monitor: Arc<Monitor>, enlisted: Enlisted, now: Now) -> Self {
        if self.monitor.paused != monitor.paused {
            let versions = std::mem::take(&mut self.versions);
            // Nobody is expected to have called while it was paused.
            let pulse = pulse(&monitor, now.wall, now);
            return Self { versions, pulse, ..Self::new(monitor, enlisted, now) };
        }
        self.check.follow(monitor.policy.clone(), now);
        self.pulse = match (self.pulse.take(), monitor.question.heartbeat()) {
            (Some(mut before), Some(awaited)) => {
                before.follow(awaited.policy.clone(), now);
                Some(before)
            }
            _ => pulse(&monitor, now.wall, now),
        };
        Self { monitor, seq: enlisted.seq, incident: enlisted.incident, wake: None, ..self }
    }

    pub(super) fn is_active(&self) -> bool {
        !self.monitor.paused
    }

    /// Whether it waits to be called and is not asked.
    pub(super) fn is_awaited(&self) -> bool {
        self.pulse.is_some()
    }

    /// When there is something to do for it next.
    pub(super) fn due(&self) -> Mono {
        self.pulse.as_ref().map_or(self.check.due(), |pulse| pulse.wake)
    }

    pub(super) fn judge(&mut self, answer: &Answer, starved: Duration, now: Now, sight: &Sight) -> Vec<Effect> {
        let Some(asking) = self.check.asking().copied() else { return Vec::new() };
        let Some(finished) = self.check.finish(now, answer.outcome, starved) else { return Vec::new() };
        self.effects(answer, &finished, asking.started.wall, now, sight)
    }

    /// Judges an outcome that came by itself and holds for the moment `at`.
    pub(super) fn note(&mut self, answer: &Answer, at: Wall, now: Now, sight: &Sight) -> Vec<Effect> {
        let finished = self.check.note(at, now, answer.outcome);
        self.effects(answer, &finished, at, now, sight)
    }

    fn effects(&mut self, answer: &Answer, finished: &Finished, asked: Wall, now: Now, sight: &Sight) -> Vec<Effect> {
        self.asked = Some(asked);
        let change = self.versions.hear(answer, asked);
        let kind = self.monitor.question.kind();
        let mut effects = vec![Effect::Record { kind, result: Box::new(self.result(answer, finished, asked)) }];
        if finished.remember {
            let decision = self.decide(answer, finished, change.as_ref(), now, sight);
            effects.push(Effect::Decide(Box::new(decision)));
        }
        effects
    }

    fn result(&mut self, answer: &Answer, finished: &Finished, asked: Wall) -> ResultRow {
        ResultRow {
            monitor: self.monitor.id,
            asked,
            verdict: finished.outcome.verdict,
            reason: finished.outcome.reason,
            status: answer.status,
            phases: answer.phases,
            total: answer.outcome.latency,
            detail: self.changed_detail(answer),
        }
    }

    /// The detail of `answer` as JSON when it says something new. How long the app's checks took is new each time and no news.
    fn changed_detail(&mut self, answer: &Answer) -> Option<String> {
        let mut detail = Detail::of(answer);
        if self.is_awaited() {
            detail.output = answer.evidence.as_ref().map(|said| said.body.clone());
        }
        let mut steady = detail.clone();
        if let Some(health) = &mut steady.health {
            health.checks.iter_mut().for_each(|check| check.response_time_ms = None);
        }
        let mut hasher = DefaultHasher::new();
        to_json(&steady).hash(&mut hasher);
        let hash = Some(hasher.finish());
        if hash == self.last_detail {
            return None;
        }
        self.last_detail = hash;
        Some(to_json(&detail))
    }

    fn decide(
        &mut self,
        answer: &Answer,
        finished: &Finished,
        change: Option<&VersionChange>,
        now: Now,
        sight: &Sight,
    ) -> Decision {
        let mut decision = Decision::nothing(self.monitor.id, now.wall, *self.check.memory());
        let Some(transition) = finished.transition else { return decision };
        self.seq += 1;
        decision.transition = Some(self.transition_row(&transition, finished.outcome.reason));
        let Some(told) =
            incident::follow(self.incident.as_ref().map(|open| open.kind), &transition, finished.outcome.reason)
        else {
            return decision;
        };
        let cause = match told {
            incident::Change::Close if self.is_awaited() => "the call came".to_owned(),
            incident::Change::Close => cause::recovered(answer),
            incident::Change::Open(_) | incident::Change::Turn(_) => cause::of(answer, finished.outcome, change),
        };
        let open = self.after(told, &transition, &cause);
        decision.incident = Some((open.id, incident_change(told, &transition, &cause, answer)));
        let before = self.telling.clone();
        self.changed(told, &open, now, sight);
        let fresh =
            Fresh { cause, answer: answer.clone(), version_change: change.cloned(), reason: finished.outcome.reason };
        // Whether what it depends on is down is looked at next.
        let waiting = Silence::Waiting;
        let silence = sight.silence.as_ref().or((!self.monitor.depends_on.is_empty()).then_some(&waiting));
        self.speak(&mut decision, before, Some(&fresh), silence, now, sight);
        self.seen = Some(fresh).filter(|_| self.is_held());
        decision
    }

    fn transition_row(&self, transition: &Transition, reason: Option<Reason>) -> TransitionRow {
        TransitionRow {
            seq: self.seq,
            from: presence(transition.from),
            to: presence(transition.to),
            began: transition.began,
            at: transition.at,
            reason,
        }
    }

    /// The incident as it stands after `told`; when it closes, as it stood before.
    fn after(&self, told: incident::Change, transition: &Transition, cause: &str) -> OpenIncident {
        let fresh = |kind| OpenIncident {
            id: IncidentId { monitor: self.monitor.id, seq: self.seq },
            kind,
            began: transition.began,
            cause: cause.to_owned(),
            acknowledged: false,
        };
        match (told, &self.incident) {
            (incident::Change::Open(kind) | incident::Change::Turn(kind), None) => fresh(kind),
            (incident::Change::Open(kind) | incident::Change::Turn(kind), Some(open)) => {
                OpenIncident { kind, cause: cause.to_owned(), ..open.clone() }
            }
            (incident::Change::Close, Some(open)) => open.clone(),
            (incident::Change::Close, None) => fresh(incident::Kind::Down),
        }
    }
}

/// What is waited for, from `settled` on.
fn pulse(monitor: &Monitor, settled: Wall, now: Now) -> Option<Pulse> {
    let awaited = monitor.question.heartbeat()?;
    Some(Pulse::new(Heartbeat::new(awaited.policy.clone(), settled), settled, now))
}

impl Versions {
    /// Takes note of the version in `answer` and returns the change that is still new, measured up to `asked`.
    fn hear(&mut self, answer: &Answer, asked: Wall) -> Option<VersionChange> {
        let named = answer.health.as_ref().and_then(|health| health.version.clone());
        if let Some(named) = named
            && self.current.as_ref().is_none_or(|(version, _)| *version != named)
        {
            self.before = self.current.take().map(|(version, _)| version);
            self.current = Some((named, asked));
        }
        let (to, seen) = self.current.as_ref()?;
        let from = self.before.as_ref()?;
        let before_failure = asked.since(*seen);
        (before_failure <= NEW_VERSION).then(|| VersionChange {
            from: from.clone(),
            to: to.clone(),
            before_failure_ms: u64::try_from(before_failure.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

/// What else is known of an answer, kept when it changes.
#[derive(Clone, Debug, Serialize)]
struct Detail {
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// What a job said.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    final_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<allswell_probe::health::Document>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<allswell_probe::Certificate>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed_conditions: Vec<allswell_probe::condition::Failed>,
}

impl Detail {
    fn of(answer: &Answer) -> Self {
        Self {
            message: answer.detail.clone(),
            output: None,
            address: answer.place(),
            http_version: answer.http_version,
            final_url: answer.final_url.clone(),
            health: answer.health.clone(),
            certificate: answer.certificate.clone(),
            failed_conditions: answer.failed_conditions.clone(),
        }
    }
}

fn incident_change(told: incident::Change, transition: &Transition, cause: &str, answer: &Answer) -> IncidentChange {
    let evidence = || {
        let seen = serde_json::json!({
            "answer": cause::answer_line(answer),
            "said": answer.evidence,
            "detail": Detail::of(answer),
        });
        seen.to_string()
    };
    match told {
        incident::Change::Open(kind) => {
            IncidentChange::Open { kind, began: transition.began, cause: cause.to_owned(), evidence: evidence() }
        }
        incident::Change::Turn(kind) => IncidentChange::Turn { kind, cause: cause.to_owned(), evidence: evidence() },
        incident::Change::Close => IncidentChange::Close,
    }
}

const fn presence(status: Status) -> Presence {
    match status {
        Status::Unknown => Presence::Unknown,
        Status::Up => Presence::Up,
        Status::Degraded => Presence::Degraded,
        Status::Down => Presence::Down,
    }
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain structures with string keys always serialise")
}
