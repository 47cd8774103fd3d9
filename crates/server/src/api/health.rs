//! The server's own health document, the one that our library writes and our monitor reads: a second Allswell can watch
//! this one.

use std::collections::BTreeMap;

use allswell_core::Wall;
use allswell_core::time::humane;
use allswell_monitor::health::Look;
use serde::Serialize;
use utoipa::ToSchema;

use super::wire;

/// Our own health document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthDocument)]
pub(crate) struct Document {
    status: &'static str,
    up: bool,
    ready: bool,
    started: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[schema(format = DateTime)]
    timestamp: String,
    version: &'static str,
    #[schema(format = DateTime)]
    started_at: String,
    checks: BTreeMap<&'static str, Check>,
}

impl Document {
    /// The answer to `/health`: the process and its scheduler, nothing else.
    pub(crate) fn of_liveness(look: &Look) -> Self {
        let reason = (!look.is_alive()).then(|| format!("the scheduler has not run for {}", humane(look.silent)));
        Self::of(look, reason, [("scheduler", Check::of_scheduler(look, look.is_alive()))])
    }

    /// The answer to `/ready`: whether it does its whole work.
    pub(crate) fn of_readiness(look: &Look) -> Self {
        let scheduler = Check::of_scheduler(look, look.scheduler_trouble().is_none());
        Self::of(look, look.not_ready(), [("scheduler", scheduler), ("store", Check::of_store(look))])
    }

    fn of<const N: usize>(look: &Look, reason: Option<String>, checks: [(&'static str, Check); N]) -> Self {
        Self {
            status: if reason.is_none() { "healthy" } else { "unhealthy" },
            up: look.is_alive(),
            ready: look.not_ready().is_none(),
            started: look.is_started(),
            reason,
            timestamp: wire::time(look.now),
            version: env!("CARGO_PKG_VERSION"),
            started_at: wire::time(look.began),
            checks: checks.into(),
        }
    }

    /// Whether it says that all is well.
    pub(crate) fn is_well(&self) -> bool {
        self.reason.is_none()
    }
}

/// How one part of the server is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthCheck)]
struct Check {
    status: &'static str,
    message: Option<String>,
    critical: bool,
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
}

impl Check {
    fn of_scheduler(look: &Look, well: bool) -> Self {
        let silent = u64::try_from(look.silent.as_millis()).unwrap_or(u64::MAX);
        Self { age_ms: Some(silent), ..Self::of(look, well, look.scheduler_trouble(), look.scheduler_late_since()) }
    }

    fn of_store(look: &Look) -> Self {
        let since = look.store_failing_since();
        Self::of(look, since.is_none(), look.store_trouble(), since)
    }

    fn of(look: &Look, well: bool, message: Option<String>, since: Option<Wall>) -> Self {
        Self {
            status: if well { "ok" } else { "error" },
            message,
            critical: true,
            time: wire::time(look.now),
            age_ms: None,
            since: since.map(wire::time),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use allswell_core::Now;
    use allswell_monitor::health::ServerHealth;

    use super::*;

    fn at(seconds: u64) -> Now {
        Now::default() + Duration::from_secs(seconds)
    }

    fn running(until: u64) -> ServerHealth {
        let health = ServerHealth::starting(at(0));
        health.started();
        health.ticked(allswell_monitor::model::AccountId::FIRST, at(until), Duration::ZERO);
        health
    }

    #[test]
    fn a_silent_scheduler_is_not_ready_and_in_the_end_not_alive() {
        let health = running(10);
        let (well, late, dead) = (health.look(at(14)), health.look(at(15)), health.look(at(70)));
        assert!(Document::of_readiness(&well).is_well());
        assert!(!Document::of_readiness(&late).is_well());
        assert!(Document::of_liveness(&late).is_well());
        assert!(!Document::of_liveness(&dead).is_well());
    }

    #[test]
    fn the_document_is_our_own() {
        let health = running(10);
        health.store_failed(at(10));
        let document = Document::of_readiness(&health.look(at(12)));
        let document = serde_json::to_string_pretty(&document).expect("plain structures");
        insta::assert_snapshot!(document.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    }
}
