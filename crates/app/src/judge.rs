//! What a probe is told: alive, ready, started, and why not. Decided from results and the situation, with no clock.

use std::sync::Arc;

use crate::result::{CheckResult, Status};
use crate::watch::Worker;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Probe {
    /// Is the process alive, or must it be restarted?
    Liveness,
    /// May it have traffic?
    Readiness,
    /// Did it start? Once true, true for good.
    Startup,
    /// Everything there is to say.
    Status,
}

impl Probe {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Liveness, Self::Readiness, Self::Startup, Self::Status];

    /// Whether it looks at this check.
    pub fn looks_at(self, check: &CheckResult) -> bool {
        match self {
            Self::Liveness => check.members.liveness,
            Self::Readiness => check.members.readiness,
            Self::Startup => check.members.startup,
            Self::Status => true,
        }
    }
}

/// The service as a whole, in its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub enum Overall {
    /// It does its job.
    Healthy,
    /// It does its job with less than all its parts.
    Degraded,
    /// It does not do its job.
    Unhealthy,
}

impl Overall {
    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// What is known beside the checks.
#[derive(Clone, Debug, Default)]
pub struct Situation {
    /// Holds of the start that are not released.
    pub pending: Vec<Arc<str>>,
    /// The start is over, for good.
    pub started: bool,
    /// On the way out.
    pub draining: bool,
    /// A simulation refuses requests.
    pub refusing: bool,
    /// Why it must not have traffic: workers that are stuck.
    pub stuck: Option<String>,
    /// Why it must be restarted: workers that are stuck for too long.
    pub dead: Option<String>,
    /// Why it can take no more.
    pub saturated: Option<String>,
    /// The workers of the runtime that are stuck.
    pub workers: Vec<Worker>,
    /// What somebody should look at.
    pub worry: Option<String>,
}

/// Why a probe is answered with 503.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is shutting down.
    Draining,
    /// It is starting, and waits for these holds and checks.
    Starting(Vec<Arc<str>>),
    /// Critical checks failed.
    Failed(Vec<Arc<str>>),
    /// Nothing is known of critical checks: no result yet, or too old.
    NotKnown(Vec<Arc<str>>),
    /// Workers of the runtime are stuck.
    Stuck(String),
    /// It can take no more.
    Saturated(String),
    /// A simulation says so.
    Simulated,
}

impl Reason {
    /// For documents that name checks.
    pub fn named(&self) -> String {
        match self {
            Self::Starting(names) => format!("starting: waiting for {}", names.join(", ")),
            Self::Failed(names) => format!("check failed: {}", names.join(", ")),
            Self::NotKnown(names) => format!("check without a fresh result: {}", names.join(", ")),
            Self::Stuck(what) | Self::Saturated(what) => what.clone(),
            Self::Draining | Self::Simulated => self.class().to_owned(),
        }
    }

    /// For documents that name nothing.
    pub const fn class(&self) -> &'static str {
        match self {
            Self::Draining => "shutting down",
            Self::Starting(_) => "starting",
            Self::Failed(_) => "check failed",
            Self::NotKnown(_) => "check without a fresh result",
            Self::Stuck(_) => "workers stuck",
            Self::Saturated(_) => "saturated",
            Self::Simulated => "simulated refusal",
        }
    }

    /// One sentence for people: `Database not available`.
    pub fn sentence(&self) -> String {
        match self {
            Self::Failed(names) => format!("{} not available", plain(names)),
            Self::NotKnown(names) => format!("{} not known to be available", plain(names)),
            _ => capitalised(&self.named()),
        }
    }

    /// The word for it in the style of Kubernetes.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Draining => "draining",
            Self::Starting(_) => "starting",
            _ => "not_ready",
        }
    }
}

/// `external_service` is `External service`.
fn plain(names: &[Arc<str>]) -> String {
    capitalised(&names.join(", ").replace(['_', '-'], " "))
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The answer to a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The service as a whole, as this probe sees it.
    pub overall: Overall,
    /// Alive.
    pub up: bool,
    /// May have traffic.
    pub ready: bool,
    /// Started.
    pub started: bool,
    /// Why not.
    pub reason: Option<Reason>,
}

impl Judgement {
    /// Whether the probe is answered with 200.
    pub fn passes(&self) -> bool {
        self.overall != Overall::Unhealthy
    }
}

/// Judges what `probe` asks.
pub fn judge(probe: Probe, checks: &[CheckResult], situation: &Situation) -> Judgement {
    let not_live = not_live(checks, situation);
    let not_ready = not_ready(checks, situation);
    let (up, ready, started) = (not_live.is_none(), not_ready.is_none(), situation.started);
    let reason = match probe {
        Probe::Liveness => not_live,
        Probe::Readiness | Probe::Status => not_ready.or(not_live),
        Probe::Startup => (!started).then(|| Reason::Starting(waiting(checks, situation))),
    };
    let less = situation.worry.is_some() && probe != Probe::Liveness
        || checks.iter().any(|check| probe.looks_at(check) && check.status != Status::Ok && probe != Probe::Startup);
    let overall = match (&reason, less) {
        (Some(_), _) => Overall::Unhealthy,
        (None, true) => Overall::Degraded,
        (None, false) => Overall::Healthy,
    };
    Judgement { overall, up, ready, started, reason }
}

/// Judges `members`, which are some of `checks`; of those in `missing` nothing is known. What else keeps the service from being
/// ready is not the group's matter.
pub fn judge_group(
    checks: &[CheckResult],
    members: &[CheckResult],
    missing: Vec<Arc<str>>,
    situation: &Situation,
) -> Judgement {
    let critical = |status: Status| names(members, |check| check.critical && check.status == status);
    let (failed, mut unknown) = (critical(Status::Error), critical(Status::Unknown));
    unknown.extend(missing);
    let reason = match (failed.is_empty(), unknown.is_empty()) {
        (false, _) => Some(Reason::Failed(failed)),
        (true, false) => Some(Reason::NotKnown(unknown)),
        (true, true) => None,
    };
    let overall = match (&reason, members.iter().all(|check| check.status == Status::Ok)) {
        (Some(_), _) => Overall::Unhealthy,
        (None, true) => Overall::Healthy,
        (None, false) => Overall::Degraded,
    };
    let (up, ready) = (not_live(checks, situation).is_none(), not_ready(checks, situation).is_none());
    Judgement { overall, up, ready, started: situation.started, reason }
}

/// Before its first result a check says nothing about life.
fn not_live(checks: &[CheckResult], situation: &Situation) -> Option<Reason> {
    if let Some(dead) = &situation.dead {
        return Some(Reason::Stuck(dead.clone()));
    }
    let failed = names(checks, |check| check.members.liveness && check.critical && check.restart);
    (!failed.is_empty()).then_some(Reason::Failed(failed))
}

fn not_ready(checks: &[CheckResult], situation: &Situation) -> Option<Reason> {
    if situation.draining {
        return Some(Reason::Draining);
    }
    if !situation.started {
        return Some(Reason::Starting(waiting(checks, situation)));
    }
    if situation.refusing {
        return Some(Reason::Simulated);
    }
    if let Some(stuck) = situation.stuck.as_ref().or(situation.dead.as_ref()) {
        return Some(Reason::Stuck(stuck.clone()));
    }
    let needed =
        |status: Status| names(checks, |check| check.members.readiness && check.critical && check.status == status);
    let (failed, unknown) = (needed(Status::Error), needed(Status::Unknown));
    if !failed.is_empty() {
        return Some(Reason::Failed(failed));
    }
    if !unknown.is_empty() {
        return Some(Reason::NotKnown(unknown));
    }
    situation.saturated.clone().map(Reason::Saturated)
}

/// What the start waits for: holds, and checks that did not pass yet.
pub fn waiting(checks: &[CheckResult], situation: &Situation) -> Vec<Arc<str>> {
    let mut names = names(checks, |check| check.members.startup && !check.passed_once);
    names.extend(situation.pending.iter().cloned());
    names
}

fn names(checks: &[CheckResult], which: impl Fn(&CheckResult) -> bool) -> Vec<Arc<str>> {
    checks.iter().filter(|check| which(check)).map(|check| check.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Membership, Weight};

    fn check(name: &str, status: Status, weight: Weight) -> CheckResult {
        CheckResult {
            name: name.into(),
            status,
            critical: weight == Weight::Critical,
            response_time: None,
            message: None,
            detail: None,
            time: None,
            age: None,
            consecutive_failures: 0,
            since: None,
            component: "component",
            members: Membership { liveness: false, readiness: true, startup: false },
            restart: false,
            passed_once: false,
            runs: [0; 3],
        }
    }

    fn started() -> Situation {
        Situation { started: true, ..Situation::default() }
    }

    fn ready(checks: &[CheckResult], situation: &Situation) -> (Overall, Option<String>) {
        let judgement = judge(Probe::Readiness, checks, situation);
        assert_eq!(judgement.ready, judgement.passes());
        (judgement.overall, judgement.reason.map(|reason| reason.named()))
    }

    #[test]
    fn only_critical_failures_take_the_service_out() {
        let critical = |status| [check("database", status, Weight::Critical)];
        let soft = |status| [check("offers", status, Weight::Degrades)];
        assert_eq!(ready(&[], &started()), (Overall::Healthy, None));
        assert_eq!(ready(&critical(Status::Ok), &started()), (Overall::Healthy, None));
        assert_eq!(ready(&critical(Status::Warn), &started()), (Overall::Degraded, None));
        assert_eq!(
            ready(&critical(Status::Error), &started()),
            (Overall::Unhealthy, Some("check failed: database".into()))
        );
        assert_eq!(
            ready(&critical(Status::Unknown), &started()),
            (Overall::Unhealthy, Some("check without a fresh result: database".into()))
        );
        for status in [Status::Warn, Status::Error, Status::Unknown] {
            assert_eq!(ready(&soft(status), &started()), (Overall::Degraded, None));
        }
    }

    #[test]
    fn a_dependency_never_touches_liveness() {
        let checks = [check("database", Status::Error, Weight::Critical)];
        let judgement = judge(Probe::Liveness, &checks, &Situation { draining: true, ..started() });
        assert_eq!((judgement.overall, judgement.up, judgement.ready), (Overall::Healthy, true, false));
    }

    #[test]
    fn what_ends_readiness_first_is_the_reason() {
        let checks = [check("database", Status::Error, Weight::Critical)];
        let all = Situation {
            draining: true,
            stuck: Some("stuck".into()),
            pending: vec!["model".into()],
            ..Situation::default()
        };
        assert_eq!(ready(&checks, &all).1.unwrap(), "shutting down");
        assert_eq!(
            ready(&checks, &Situation { draining: false, ..all.clone() }).1.unwrap(),
            "starting: waiting for model"
        );
        assert_eq!(ready(&checks, &Situation { draining: false, started: true, ..all }).1.unwrap(), "stuck");
    }

    #[test]
    fn sentences_are_those_of_the_guides() {
        assert_eq!(Reason::Failed(vec!["database".into()]).sentence(), "Database not available");
        assert_eq!(Reason::Failed(vec!["external_service".into()]).sentence(), "External service not available");
        assert_eq!(Reason::Draining.sentence(), "Shutting down");
    }
}
