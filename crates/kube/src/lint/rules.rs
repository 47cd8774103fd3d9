//! The rules, one file for each group, and what they look at.

mod budgets;
mod correctness;
mod meaning;
mod shutdown;
mod startup;
mod unknown;

use allswell_core::kubelet::{Kind, Spec};

use super::cluster::Cluster;
use super::{Facts, Finding};
use crate::Source;
use crate::manifest::{Container, Probe, Workload};

/// One workload and what is around it.
#[derive(Clone, Copy)]
pub(super) struct Subject<'s, 'a> {
    pub(super) source: &'s Source,
    pub(super) workload: &'s Workload<'a>,
    pub(super) cluster: &'s Cluster<'a>,
    pub(super) facts: &'s Facts,
    /// Whether a Service of this run sends traffic here.
    pub(super) served: bool,
}

/// All findings about one workload.
pub(super) fn all(subject: &Subject<'_, '_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    correctness::refusals(subject, &mut findings);
    for container in &subject.workload.containers {
        let mut found = Vec::new();
        if container.is_probed() {
            correctness::container(subject, container, &mut found);
            unknown::container(subject, container, &mut found);
            startup::container(subject, container, &mut found);
            budgets::container(subject, container, &mut found);
            meaning::container(subject, container, &mut found);
            shutdown::container(subject, container, &mut found);
        }
        for finding in &mut found {
            container.name.clone_into(&mut finding.container);
        }
        findings.append(&mut found);
    }
    shutdown::workload(subject, &mut findings);
    for finding in &mut findings {
        finding.object = subject.workload.object.title();
    }
    findings
}

impl Subject<'_, '_> {
    /// How long the app takes to start: as told, or as its annotation says.
    fn start_s(&self) -> Option<i64> {
        let declared = self.workload.annotation("allswell.dev/start-seconds").and_then(|text| text.trim().parse().ok());
        let told = self.facts.start.map(|start| start.as_secs_f64());
        declared.or(told).map(|seconds: f64| seconds.ceil() as i64)
    }
}

/// The numbers of a probe, as they stand in a manifest: `delay 15, period 20, timeout 5, failures 3`.
fn numbers(spec: &Spec) -> String {
    let Spec { initial_delay_s, period_s, timeout_s, failure_threshold, .. } = spec;
    format!("delay {initial_delay_s}, period {period_s}, timeout {timeout_s}, failures {failure_threshold}")
}

/// Liveness and readiness, when both are there.
fn both<'c, 'a>(container: &'c Container<'a>) -> Option<(&'c Probe<'a>, &'c Probe<'a>)> {
    Some((container.probe(Kind::Liveness)?, container.probe(Kind::Readiness)?))
}
