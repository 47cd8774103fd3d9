//! Which probes do not do what they seem to, found by arithmetic.
//!
//! One file for each group of rules; [`catalogue`] lists them all with their reasons. The numbers come from
//! `allswell_core::kubelet::budget`, the words about refusals from [`crate::manifest`].

pub mod catalogue;
mod cluster;
pub mod finding;
pub mod fix;
pub mod report;
mod rules;
mod suppress;

use std::time::Duration;

use crate::Source;
use crate::manifest::{Object, Workload};
use crate::yaml::{self, Node};
pub use catalogue::{Rule, Severity};
use cluster::Cluster;
pub use finding::Finding;
pub use fix::{Edit, Fix};

/// What is known about the apps besides their manifests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    /// How long the app takes to start, at worst.
    pub start: Option<Duration>,
    /// How long it goes on serving after SIGTERM to finish what it has begun.
    pub drain: Option<Duration>,
}

/// What linting brought.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Findings in the order of files and lines.
    pub findings: Vec<Finding>,
    /// How many workloads were looked at.
    pub workloads: usize,
    /// How many findings annotations have silenced.
    pub suppressed: usize,
}

impl Report {
    /// How many findings are of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

/// Lints all `sources` together: a Service in one file selects pods of another.
pub fn lint(sources: &[Source], facts: &Facts) -> Report {
    let read: Vec<(Vec<Node>, Vec<yaml::Problem>)> = sources.iter().map(|source| yaml::read(&source.text)).collect();
    let objects: Vec<(usize, Object<'_>)> = read
        .iter()
        .enumerate()
        .flat_map(|(index, (documents, _))| documents.iter().flat_map(Object::of).map(move |object| (index, object)))
        .collect();
    let cluster = Cluster::of(objects.iter().map(|(_, object)| *object));
    let mut report = Report::default();
    for (index, (_, problems)) in read.iter().enumerate() {
        report.findings.extend(problems.iter().map(|problem| finding::unreadable(index, problem)));
    }
    for (index, object) in objects {
        let Some(workload) = Workload::of(object) else {
            continue;
        };
        report.workloads += 1;
        let served = cluster.services_of(&workload).next().is_some();
        let subject = rules::Subject { source: &sources[index], workload: &workload, cluster: &cluster, facts, served };
        for mut finding in rules::all(&subject) {
            finding.source = index;
            if suppress::is_silenced(&workload, &finding) {
                report.suppressed += 1;
            } else {
                report.findings.push(finding);
            }
        }
    }
    report.findings.sort_by_key(|finding| (finding.source, finding.at.start, finding.severity, finding.rule.id));
    report
}

/// Applies the safe fixes again and again until none is left; `also_unsafe` takes the others too.
///
/// Returns the texts that changed, by the index of their source, and how many fixes were applied.
pub fn fix_all(sources: &[Source], facts: &Facts, also_unsafe: bool) -> (Vec<(usize, String)>, usize) {
    const ROUNDS_MAX: usize = 10;
    let mut current: Vec<Source> = sources.to_vec();
    let mut applied = 0;
    for _ in 0..ROUNDS_MAX {
        let report = lint(&current, facts);
        let mut changed = false;
        // Findings come in the order of their sources.
        for findings in report.findings.chunk_by(|one, next| one.source == next.source) {
            let source = &mut current[findings[0].source];
            let wanted = |finding: &'_ Finding| finding.fix.as_ref().is_some_and(|fix| fix.safe || also_unsafe);
            let fixes: Vec<&Fix> =
                findings.iter().filter(|finding| wanted(finding)).filter_map(|finding| finding.fix.as_ref()).collect();
            let (text, count) = fix::apply(&source.text, &fixes);
            if count > 0 && text != source.text {
                *source = Source::new(source.name.clone(), text);
                (changed, applied) = (true, applied + count);
            }
        }
        if !changed {
            break;
        }
    }
    let changed = current.into_iter().enumerate().filter(|(index, source)| source.text != sources[*index].text);
    (changed.map(|(index, source)| (index, source.text)).collect(), applied)
}

#[cfg(test)]
mod tests;
