//! What Python says of a service and its checks, as the crate `allswell` wants it; refused with a sentence when it cannot work.

use std::sync::Arc;
use std::time::Duration;

use allswell::{Builder, Check, Details, FaultAccess, Health, Paths, Style, Watchdog};
use pyo3::prelude::*;

use crate::Misuse;
use crate::clock;
use crate::inbox::Inbox;

/// A check, as `allswell.Check` in Python has it. Seconds are numbers.
#[derive(Clone, Debug, FromPyObject)]
pub struct Spec {
    name: String,
    critical: bool,
    timeout: Option<f64>,
    interval: f64,
    max_age: Option<f64>,
    failure_threshold: u32,
    success_threshold: u32,
    initial_delay: f64,
    degraded_above: Option<f64>,
    startup: bool,
    readiness: bool,
    liveness: bool,
    internal: bool,
    restart_after: Option<f64>,
    component: String,
}

impl Spec {
    /// The check, asked by the loop.
    pub fn check(&self, inbox: &Arc<Inbox>) -> PyResult<Check> {
        let one = Arc::new(tokio::sync::Mutex::new(()));
        let (inbox, name): (_, Arc<str>) = (inbox.clone(), self.name.as_str().into());
        self.numbers(Check::new(&self.name, move || inbox.clone().ask(name.clone(), one.clone())))
    }

    fn numbers(&self, mut check: Check) -> PyResult<Check> {
        let seconds = |number: f64, what: &str| {
            let wrong = || {
                let name = &self.name;
                Misuse::new_err(format!(
                    "check `{name}` has {number} as {what}; give a number of seconds, zero or more"
                ))
            };
            clock::seconds(number).ok_or_else(wrong)
        };
        check = check.failure_threshold(self.failure_threshold).success_threshold(self.success_threshold);
        check = check.initial_delay(seconds(self.initial_delay, "initial_delay")?);
        check = match self.max_age {
            Some(max_age) => check.on_demand(seconds(max_age, "max_age")?),
            None => check.interval(seconds(self.interval, "interval")?),
        };
        if let Some(timeout) = self.timeout {
            check = check.timeout(seconds(timeout, "timeout")?);
        }
        if let Some(latency) = self.degraded_above {
            check = check.degraded_above(seconds(latency, "degraded_above")?);
        }
        if !self.critical {
            check = check.degrades();
        }
        if self.startup {
            check = check.startup();
        }
        if !self.readiness {
            check = check.not_in_readiness();
        }
        if self.internal {
            check = check.internal();
        }
        if self.liveness {
            check = check.liveness();
        }
        if let Some(failing_for) = self.restart_after {
            check = check.restart_after(seconds(failing_for, "restart_after")?);
        }
        Ok(check.component(match self.component.as_str() {
            "datastore" => "datastore",
            "system" => "system",
            _ => "component",
        }))
    }
}

/// Refuses a check that cannot work.
#[pyfunction]
pub fn validate_check(spec: Spec) -> PyResult<()> {
    let name = &spec.name;
    if spec.liveness && !spec.internal && spec.restart_after.is_none() {
        return Err(Misuse::new_err(format!(
            "check `{name}` is in liveness and may ask a dependency, which a restart does not mend; leave liveness=True out, \
             or say internal=True if it looks at this process only, or restart_after=seconds if a restart mends it"
        )));
    }
    let check = spec.numbers(Check::new(name, || async {}))?;
    check.validate().map_err(|misuse| Misuse::new_err(misuse.to_string()))
}

/// The paths, as `allswell.Paths` in Python has them.
#[derive(Debug, FromPyObject)]
struct PathLists {
    liveness: Vec<String>,
    readiness: Vec<String>,
    startup: Vec<String>,
    status: Vec<String>,
    metrics: Vec<String>,
}

/// When a blocked loop counts, as `allswell.Watchdog` in Python has it.
#[derive(Debug, FromPyObject)]
struct Limits {
    report_after: f64,
    unready_after: f64,
    dead_after: f64,
    by_signal: bool,
}

/// What Python says of a service.
#[derive(Debug, FromPyObject)]
pub struct Settings {
    version: Option<String>,
    release_id: Option<String>,
    instance: Option<String>,
    style: String,
    details: String,
    details_token: Option<String>,
    paths: PathLists,
    probe_deadline: f64,
    watchdog: Option<Limits>,
    in_flight_max: Option<usize>,
    fault_token: Option<String>,
    faults: bool,
    holds: Vec<String>,
    groups: Vec<(String, Vec<String>)>,
    /// Where the side port listens: `host:port`.
    pub side_port: Option<String>,
    /// The folder that the workers of this service share, when there are several.
    pub group: Option<String>,
}

impl Settings {
    /// When a blocked loop counts; without a watchdog it never does.
    pub fn watchdog(&self) -> PyResult<Option<Watchdog>> {
        let Some(limits) = &self.watchdog else { return Ok(None) };
        let seconds = |number: f64| {
            let wrong =
                || Misuse::new_err(format!("the watchdog has {number} as a time; give a number of seconds above zero"));
            clock::seconds(number).ok_or_else(wrong)
        };
        Ok(Some(Watchdog {
            report_after: seconds(limits.report_after)?,
            unready_after: seconds(limits.unready_after)?,
            dead_after: seconds(limits.dead_after)?,
        }))
    }

    /// How many requests may be in flight.
    pub fn in_flight_max(&self) -> Option<usize> {
        self.in_flight_max
    }

    /// Whether the line that blocks may be asked for by a signal.
    pub fn by_signal(&self) -> bool {
        self.watchdog.as_ref().is_some_and(|limits| limits.by_signal)
    }

    /// The builder of the service's health, without checks.
    pub fn builder(&self) -> PyResult<Builder> {
        let PathLists { liveness, readiness, startup, status, metrics } = &self.paths;
        let mut builder = Health::builder()
            .style(match self.style.as_str() {
                "uptime" => Style::Uptime,
                "kubernetes" => Style::Kubernetes,
                other => return Err(one_of("style", other, "uptime, kubernetes")),
            })
            .details(match self.details.as_str() {
                "none" => Details::None,
                "names" => Details::Names,
                "full" => Details::Full,
                other => return Err(one_of("details", other, "none, names, full")),
            })
            .paths(Paths {
                liveness: liveness.clone(),
                readiness: readiness.clone(),
                startup: startup.clone(),
                status: status.clone(),
                metrics: metrics.clone(),
            })
            .probe_deadline(clock::seconds(self.probe_deadline).unwrap_or(Duration::ZERO));
        if let Some(version) = &self.version {
            builder = builder.version(version);
        }
        if let Some(release_id) = &self.release_id {
            builder = builder.release_id(release_id);
        }
        if let Some(instance) = &self.instance {
            builder = builder.instance(instance);
        }
        if let Some(token) = &self.details_token {
            builder = builder.details_token(token);
        }
        if let Some(watchdog) = self.watchdog()? {
            builder = builder.watchdog(watchdog);
        }
        if let Some(requests) = self.in_flight_max {
            builder = builder.in_flight_max(requests);
        }
        if self.faults {
            let access = self.fault_token.clone().map_or(FaultAccess::Everybody, FaultAccess::Token);
            builder = builder.fault_endpoints(access);
        }
        for (name, members) in &self.groups {
            builder = builder.group(name, members);
        }
        Ok(self.holds.iter().fold(builder, |builder, hold| builder.startup_hold(hold)))
    }
}

fn one_of(what: &str, given: &str, words: &str) -> PyErr {
    Misuse::new_err(format!("{what} is `{given}`, which is not known; give one of: {words}"))
}

/// Refuses settings that cannot work.
#[pyfunction]
pub fn validate_settings(settings: Settings) -> PyResult<()> {
    settings.builder()?.validate().map_err(|misuse| Misuse::new_err(misuse.to_string()))
}
