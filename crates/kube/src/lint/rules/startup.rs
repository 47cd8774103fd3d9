//! Whether an app can come up under its probes.

use allswell_core::kubelet::{Kind, Spec, budget};

use super::super::{Finding, Fix, Severity, fix};
use super::{Subject, numbers};
use crate::Source;
use crate::manifest::{Container, Probe, Role};

/// How often a proposed startup probe asks.
const STARTUP_PERIOD_S: i64 = 2;

/// PRB101, PRB102, PRB110.
pub(super) fn container(subject: &Subject<'_, '_>, container: &Container<'_>, findings: &mut Vec<Finding>) {
    match (container.probe(Kind::Startup), container.probe(Kind::Liveness)) {
        (Some(startup), _) => {
            findings.extend(too_short(subject, container, startup));
            findings.extend(longer_than_the_rollout(subject, startup));
        }
        (None, Some(liveness)) => {
            let long = delay_for_startup(subject, container, liveness);
            let short = too_short(subject, container, liveness);
            // One of the two is told: a known start is the stronger fact, an unknown one the weaker.
            findings.extend(if subject.start_s().is_some() { short.or(long) } else { long.or(short) });
        }
        (None, None) => {}
    }
}

/// PRB101: an error when the start is known to be longer, a hint when it is not known.
fn too_short(subject: &Subject<'_, '_>, container: &Container<'_>, probe: &Probe<'_>) -> Option<Finding> {
    let killed = budget::killed_after_start(&probe.spec);
    let kind = probe.kind.as_str();
    let Some(start_s) = subject.start_s().filter(|_| container.role == Role::Main) else {
        return (probe.kind == Kind::Liveness).then(|| {
            let message = format!(
                "without a startup probe a start of more than {} s ends in a kill after {killed}, again and again ({})",
                killed.from_s,
                numbers(&probe.spec)
            );
            let fix = propose(subject.source, container, probe, killed.to_s.max(60).saturating_mul(2));
            let severity = if probe.spec.initial_delay_s > 0 { Severity::Warning } else { Severity::Info };
            Finding::new("PRB101", probe.key_span.clone(), message).severity(severity).fix(fix)
        });
    };
    if start_s < killed.from_s {
        return None;
    }
    let (verb, severity) = match start_s <= killed.to_s {
        true => ("may be killed", Severity::Warning),
        false => ("is killed", Severity::Error),
    };
    let again = if severity == Severity::Error { ", again and again" } else { "" };
    let message = format!(
        "the app {verb} by its {kind} probe after {killed}{again}, but start-up takes {start_s} s ({})",
        numbers(&probe.spec)
    );
    let fix = match probe.kind {
        Kind::Startup => raise(subject.source, probe, start_s),
        _ => propose(subject.source, container, probe, start_s.saturating_mul(2)),
    };
    let label = format!("gives up after {killed}");
    Some(Finding::new("PRB101", probe.key_span.clone(), message).severity(severity).label(label).fix(fix))
}

/// PRB102.
fn delay_for_startup(subject: &Subject<'_, '_>, container: &Container<'_>, liveness: &Probe<'_>) -> Option<Finding> {
    let delay = liveness.spec.initial_delay_s;
    if delay <= 30 {
        return None;
    }
    let first = budget::first_look(&liveness.spec);
    let message =
        format!("liveness first looks {first} after each start: a container that hangs at once stays that long");
    let allowance = budget::start_allowance_s(&liveness.spec);
    let fix = propose(subject.source, container, liveness, allowance);
    let label = "a startup probe ends when the app is up";
    Some(Finding::new("PRB102", liveness.place("initialDelaySeconds"), message).label(label).fix(fix))
}

/// PRB110.
fn longer_than_the_rollout(subject: &Subject<'_, '_>, startup: &Probe<'_>) -> Option<Finding> {
    let spec = subject.workload.object.node.get("spec")?;
    if subject.workload.object.kind != "Deployment" {
        return None;
    }
    let deadline = spec.get("progressDeadlineSeconds").and_then(crate::yaml::Node::int).unwrap_or(600);
    let allowed = budget::killed_after_start(&startup.spec);
    if allowed.to_s <= deadline {
        return None;
    }
    let message = format!("start-up may take {allowed}, but the rollout is reported as failed after {deadline} s");
    let edits = fix::set(subject.source, spec, "progressDeadlineSeconds", &allowed.to_s.saturating_add(60).to_string());
    let fix = Fix::proposal("let the rollout wait longer", edits.into_iter().collect());
    Some(Finding::new("PRB110", startup.place("failureThreshold"), message).fix(fix))
}

/// A startup probe that asks what this one asks and allows `allowed_s`; liveness loses its delay.
fn propose(source: &Source, container: &Container<'_>, probe: &Probe<'_>, allowed_s: i64) -> Fix {
    let failures = (allowed_s.clamp(1, 86_400) + STARTUP_PERIOD_S - 1) / STARTUP_PERIOD_S;
    let what =
        format!("add a startup probe that allows {} s and ends as soon as the app is up", failures * STARTUP_PERIOD_S);
    let Some(lines) = startup_lines(source, probe, failures) else {
        return Fix::words(what);
    };
    let Some(insert) = fix::add_before(source, container.node, probe.kind.field(), &lines) else {
        return Fix::words(what);
    };
    let delay =
        probe.node.get("initialDelaySeconds").and_then(|_| fix::remove(source, probe.node, "initialDelaySeconds"));
    Fix::proposal(what, std::iter::once(insert).chain(delay).collect())
}

/// The lines of a startup probe that asks the same as `probe`, as it is written there.
fn startup_lines(source: &Source, probe: &Probe<'_>, failures: i64) -> Option<String> {
    let asks = ["httpGet", "tcpSocket", "grpc", "exec"].iter().find_map(|name| probe.node.entry(name))?;
    let indent = fix::indent_of(source, probe.node).filter(|_| !probe.node.flow)?;
    let written = source.text[asks.key_span.start..asks.node.span.end].trim_end();
    let mut lines = vec!["startupProbe:".to_owned()];
    for (index, line) in written.lines().enumerate() {
        let line = if index == 0 { line } else { line.strip_prefix(indent.as_str()).unwrap_or(line.trim_start()) };
        lines.push(format!("  {}", line.trim_end()));
    }
    lines.push(format!("  periodSeconds: {STARTUP_PERIOD_S}"));
    lines.push(format!("  failureThreshold: {failures}"));
    Some(lines.join("\n"))
}

fn raise(source: &Source, startup: &Probe<'_>, start_s: i64) -> Fix {
    let Spec { period_s, initial_delay_s, .. } = startup.spec;
    let period = i64::from(period_s.max(1));
    let failures = (start_s.saturating_mul(2) - i64::from(initial_delay_s)).max(period) / period + 1;
    let edits = fix::set(source, startup.node, "failureThreshold", &failures.to_string());
    Fix::proposal(format!("raise failureThreshold to {failures}: twice the start"), edits.into_iter().collect())
}
