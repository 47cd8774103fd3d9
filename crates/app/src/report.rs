//! The documents as types, for services that describe their answers (OpenAPI, JSON schema) or read them (serde).
//!
//! The endpoints write the same documents by hand; a test holds both together.

use std::collections::BTreeMap;

use allswell_core::Wall;

use crate::clock::{ms, rfc3339};
use crate::health::Health;
use crate::judge::Probe;
use crate::page::{Details, Page, View};
use crate::result::{CheckResult, Status};
use crate::watch::Worker;

/// What a service says of itself: the body of `/health`, `/ready`, `/startup` and `/status`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct HealthReport {
    /// `healthy`, `degraded` or `unhealthy`; in the style of Kubernetes `up`, `ready`, `started` or why not.
    pub status: String,
    /// The process is alive.
    pub up: bool,
    /// It may have traffic.
    pub ready: bool,
    /// It started.
    pub started: bool,
    /// Why it is not well.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub reason: Option<String>,
    /// One sentence for people, in the style of Kubernetes.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub detail: Option<String>,
    /// When this was written, as RFC 3339 says.
    pub timestamp: String,
    /// The version people speak of.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub version: Option<String>,
    /// The commit or image.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub release_id: Option<String>,
    /// When the process started, as RFC 3339 says.
    pub started_at: String,
    /// Host and process.
    pub instance: String,
    /// The checks by their names.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "BTreeMap::is_empty"))]
    pub checks: BTreeMap<String, CheckReport>,
    /// The workers of the runtime that are stuck.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub workers: Vec<WorkerReport>,
}

/// What a document says of one check: a word, or everything.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(untagged))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub enum CheckReport {
    /// Its status alone.
    Word(Status),
    /// Everything.
    Full(CheckDetail),
}

/// Everything a document says of one check.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CheckDetail {
    /// What it says.
    pub status: Status,
    /// How long the last asking took, in milliseconds.
    pub response_time_ms: Option<f64>,
    /// Why it is not well.
    pub message: Option<String>,
    /// Whether its failure makes the service not ready.
    pub critical: bool,
    /// When the last asking ended, as RFC 3339 says.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub time: Option<String>,
    /// How long ago that was, in milliseconds.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub age_ms: Option<u64>,
    /// Failures in a row; left out when there is none.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub consecutive_failures: Option<u32>,
    /// When the status that is shown began, as RFC 3339 says.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub since: Option<String>,
}

/// A worker of the runtime that is stuck.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct WorkerReport {
    /// Its number in the runtime.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub worker: Option<u64>,
    /// For how long, in milliseconds.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub stuck_for_ms: Option<f64>,
    /// Its process, of services with several.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub pid: Option<u64>,
    /// How late its event loop is, in milliseconds.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub loop_lag_ms: Option<f64>,
    /// Requests that began and did not end.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub in_flight: Option<i64>,
    /// The request it is in, `GET /report`.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub blocked_in: Option<String>,
}

impl Health {
    /// The document of a probe at this moment, as those without the token see it at this level of detail.
    pub fn report(&self, probe: Probe, details: Details) -> HealthReport {
        (&self.0.page(probe, View { details, trusted: false }, &[])).into()
    }
}

impl From<&Page> for HealthReport {
    fn from(page: &Page) -> Self {
        let of = |check: &CheckResult| match page.view.details {
            Details::Full => CheckReport::Full(check.into()),
            _ => CheckReport::Word(check.status),
        };
        Self {
            status: page.word().to_owned(),
            up: page.judgement.up,
            ready: page.judgement.ready,
            started: page.judgement.started,
            reason: page.reason(),
            detail: page.detail(),
            timestamp: rfc3339(page.at.wall),
            version: page.identity.version.clone(),
            release_id: page.identity.release_id.clone(),
            started_at: page.identity.started_at.clone(),
            instance: page.identity.instance.clone(),
            checks: page.checks.iter().map(|check| (check.name.to_string(), of(check))).collect(),
            workers: page.workers.iter().map(WorkerReport::from).collect(),
        }
    }
}

impl From<&CheckResult> for CheckDetail {
    fn from(check: &CheckResult) -> Self {
        let text = |wall: Wall| rfc3339(wall);
        Self {
            status: check.status,
            response_time_ms: check.response_time.map(ms),
            message: check.message.clone(),
            critical: check.critical,
            time: check.time.map(text),
            age_ms: check.age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
            consecutive_failures: Some(check.consecutive_failures).filter(|&failures| failures > 0),
            since: check.since.map(text),
        }
    }
}

impl From<&Worker> for WorkerReport {
    fn from(worker: &Worker) -> Self {
        let (index, process) = (worker.index as u64, worker.process);
        Self {
            worker: process.is_none().then_some(index),
            stuck_for_ms: process.is_none().then(|| ms(worker.stuck_for)),
            pid: process.map(|_| index),
            loop_lag_ms: process.map(|process| ms(process.loop_lag)),
            in_flight: process.map(|process| process.in_flight),
            blocked_in: worker.blocked_in.clone(),
        }
    }
}
