//! Whether requests are lost when a pod goes, and whether one goes without another.

use allswell_core::kubelet::Kind;

use super::super::{Edit, Finding, Fix, Severity, fix};
use super::Subject;
use crate::manifest::container::{Hook, HookAction};
use crate::manifest::{Container, Role, Workload};
use crate::yaml::{Node, Value};

/// The pause that loses no request: endpoints are gone everywhere after it.
const PAUSE_S: i64 = 5;

/// What an image without a shell is called.
const SHELLLESS: &[&str] = &["distroless", "scratch", "chainguard", "cgr.dev", "/static", "busyboxless"];

/// PRB301 to PRB304.
pub(super) fn container(subject: &Subject<'_, '_>, container: &Container<'_>, findings: &mut Vec<Finding>) {
    match &container.pre_stop {
        None => findings.extend(no_pause(subject, container)),
        Some(hook) => {
            findings.extend(no_time_left(subject, container, hook));
            findings.extend(needs_sleep(subject, container, hook));
        }
    }
    findings.extend(long_grace(subject, container));
}

/// PRB301.
fn no_pause(subject: &Subject<'_, '_>, container: &Container<'_>) -> Option<Finding> {
    let serves = subject.workload.serves() && container.role == Role::Main && !container.ports.is_empty();
    let drains = subject.facts.drain.is_some_and(|drain| drain.as_secs() >= PAUSE_S.unsigned_abs());
    if !serves || drains {
        return None;
    }
    let served = if subject.served { "the Service still sends" } else { "there may still be" };
    let message =
        format!("no preStop pause: unless the app serves on for {PAUSE_S} s after SIGTERM, {served} requests to it");
    let edits = match container.node.get("lifecycle") {
        None => fix::add(
            subject.source,
            container.node,
            &format!("lifecycle:\n  preStop:\n    sleep:\n      seconds: {PAUSE_S}"),
        ),
        Some(lifecycle) => fix::add(subject.source, lifecycle, &format!("preStop:\n  sleep:\n    seconds: {PAUSE_S}")),
    };
    let fix = Fix::proposal(format!("pause {PAUSE_S} s before SIGTERM"), edits.into_iter().collect());
    Some(Finding::new("PRB301", container.name_span.clone(), message).fix(fix))
}

/// PRB302.
fn no_time_left(subject: &Subject<'_, '_>, container: &Container<'_>, hook: &Hook<'_>) -> Option<Finding> {
    let seconds = hook.action.seconds()?;
    let drain = subject.facts.drain.map_or(0, |drain| drain.as_secs() as i64);
    let grace = subject.workload.grace_s;
    if seconds + drain <= grace - 2 {
        return None;
    }
    let left = (grace - seconds).max(2);
    let needs = if drain > 0 { format!(" and {drain} s to drain") } else { String::new() };
    let message =
        format!("preStop takes {seconds} s{needs} of a grace of {grace} s: SIGKILL comes {left} s after SIGTERM");
    let wanted = seconds + drain.max(25);
    let edits = fix::set(subject.source, subject.workload.spec, "terminationGracePeriodSeconds", &wanted.to_string());
    let fix = Fix::proposal(format!("raise the grace to {wanted} s"), edits.into_iter().collect());
    let _ = container;
    Some(Finding::new("PRB302", hook.key_span.clone(), message).label(format!("{left} s left to end")).fix(fix))
}

/// PRB303.
fn needs_sleep(subject: &Subject<'_, '_>, container: &Container<'_>, hook: &Hook<'_>) -> Option<Finding> {
    let HookAction::Exec { command } = &hook.action else {
        return None;
    };
    let seconds = hook.action.seconds()?;
    let shellless = SHELLLESS.iter().any(|word| container.image.contains(word));
    let program = command.first().map_or("sleep", String::as_str);
    let message = match shellless {
        true => format!("`{program}` is not in `{}`: the hook fails and SIGTERM comes at once", container.image),
        false => format!("needs `{program}` in the image; without it there is no pause, and only an event says so"),
    };
    // A hook that does more than sleep is not to be replaced.
    let only_sleep = command.iter().flat_map(|word| word.split(' ')).all(|word| {
        matches!(word, "sh" | "/bin/sh" | "bash" | "/bin/bash" | "-c" | "sleep" | "/bin/sleep" | "exec")
            || word.trim_end_matches('s').parse::<i64>().is_ok()
    });
    let fix = if only_sleep { use_action(subject, hook, seconds) } else { None };
    let severity = if shellless { Severity::Error } else { Severity::Info };
    Some(Finding::new("PRB303", hook.key_span.clone(), message).severity(severity).fix(fix))
}

fn use_action(subject: &Subject<'_, '_>, hook: &Hook<'_>, seconds: i64) -> Option<Fix> {
    let entry = hook.node.entry("exec")?;
    let indent = fix::indent_of(subject.source, hook.node)?;
    let text = match hook.node.flow {
        true => format!("sleep: {{seconds: {seconds}}}"),
        false => format!("sleep:\n{indent}  seconds: {seconds}"),
    };
    let written = &subject.source.text[entry.key_span.start..entry.node.span.end];
    let range = entry.key_span.start..entry.key_span.start + written.trim_end().len();
    Some(Fix::safe("let the kubelet sleep", vec![Edit { range, text }]))
}

/// PRB304.
fn long_grace(subject: &Subject<'_, '_>, container: &Container<'_>) -> Option<Finding> {
    let liveness = container.probe(Kind::Liveness)?;
    let grace = subject.workload.grace_s;
    if grace <= 60 || liveness.spec.grace_s.is_some() {
        return None;
    }
    let message = format!("a container that hangs is given {grace} s to end after liveness has failed");
    let edits = fix::set(subject.source, liveness.node, "terminationGracePeriodSeconds", "10");
    let fix = Fix::proposal("give the probe a grace of its own", edits.into_iter().collect());
    Some(Finding::new("PRB304", liveness.key_span.clone(), message).fix(fix))
}

/// PRB305, PRB307.
pub(super) fn workload(subject: &Subject<'_, '_>, findings: &mut Vec<Finding>) {
    let workload = subject.workload;
    findings.extend(all_at_once(workload).filter(|_| subject.served));
    findings.extend(blocked_drain(subject));
    let host = workload.spec.entry("hostNetwork").filter(|entry| entry.node.bool() == Some(true));
    let probed = workload.containers.iter().any(|container| !container.probes.is_empty());
    if let Some(entry) = host.filter(|_| probed) {
        let message = "hostNetwork: probes ask the node's address, where another process may hold the port";
        findings.push(Finding::new("PRB307", entry.key_span.clone(), message));
    }
}

fn all_at_once(workload: &Workload<'_>) -> Option<Finding> {
    if workload.object.kind != "Deployment" {
        return None;
    }
    let spec = workload.object.node.get("spec")?;
    let replicas = workload.replicas()?;
    let place = |path: &[&str]| spec.at(path).map(|node| node.span.clone());
    let kind = workload.object.node.entry("kind").map(|entry| entry.node.span.clone())?;
    if spec.at(&["strategy", "type"]).and_then(Node::text) == Some("Recreate") {
        let message = "Recreate ends every pod before the first new one starts: each rollout is an outage";
        return Some(Finding::new("PRB305", place(&["strategy", "type"]).unwrap_or(kind), message));
    }
    if let Some(unavailable) = spec.at(&["strategy", "rollingUpdate", "maxUnavailable"])
        && replicas > 0
        && count(unavailable, replicas).is_some_and(|count| count >= replicas)
    {
        let message = format!("maxUnavailable lets all {replicas} pods go at once");
        return Some(Finding::new("PRB305", unavailable.span.clone(), message));
    }
    if replicas != 1 {
        return None;
    }
    let message = "one replica behind a Service: when its node is drained or it crashes, nobody answers";
    Some(Finding::new("PRB305", place(&["replicas"]).unwrap_or(kind), message))
}

/// A number of pods or a share of them, rounded down as for maxUnavailable.
fn count(node: &Node, replicas: i64) -> Option<i64> {
    match &node.value {
        Value::Int(count) => Some(*count),
        Value::Text(text) => {
            text.strip_suffix('%')?.parse::<i64>().ok().map(|percent| replicas.saturating_mul(percent) / 100)
        }
        _ => None,
    }
}

fn blocked_drain(subject: &Subject<'_, '_>) -> Option<Finding> {
    let replicas = subject.workload.replicas()?;
    let kind = subject.workload.object.node.entry("kind").map(|entry| entry.node.span.clone())?;
    subject.cluster.budgets_of(subject.workload).find_map(|budget| {
        let least = budget.at(&["spec", "minAvailable"]).and_then(|node| count_up(node, replicas));
        let most = budget.at(&["spec", "maxUnavailable"]).and_then(|node| count_up(node, replicas));
        let blocks = least.is_some_and(|least| least >= replicas) || most == Some(0);
        let message = format!(
            "the disruption budget `{}` allows none of {replicas} pods to go: nodes cannot be drained",
            budget.object.name
        );
        (blocks && replicas > 0).then(|| Finding::new("PRB305", kind.clone(), message))
    })
}

/// A number of pods or a share of them, rounded up as disruption budgets do.
fn count_up(node: &Node, replicas: i64) -> Option<i64> {
    match &node.value {
        Value::Text(text) => {
            let percent = text.strip_suffix('%')?.parse::<i64>().ok()?;
            Some((replicas.saturating_mul(percent) + 99) / 100)
        }
        _ => node.int(),
    }
}
