//! What a probe asks, and whether that is what it should be about.

use allswell_core::kubelet::{Kind, budget};

use super::super::{Finding, Fix, Severity, fix};
use super::{Subject, both};
use crate::manifest::{Container, Handler, PortRef, Probe, Role};

/// Words in a path that tell that more is asked than the process.
const DEPENDENCY_WORDS: &[&str] = &[
    "ready",
    "readyz",
    "readiness",
    "db",
    "database",
    "dependencies",
    "dependency",
    "deps",
    "deep",
    "full",
    "postgres",
    "mysql",
    "redis",
    "kafka",
    "rabbitmq",
    "mongo",
    "elasticsearch",
    "upstream",
    "upstreams",
];

/// Programs that cost more to start than the question is worth.
const COSTLY: &[&str] =
    &["curl", "wget", "python", "python3", "node", "java", "php", "ruby", "perl", "npm", "nodetool"];

/// Ports that speak HTTP by custom.
const HTTP_PORTS: &[i64] = &[80, 443, 3000, 5000, 8000, 8080, 8443, 8888];

/// PRB201 to PRB210.
pub(super) fn container(subject: &Subject<'_, '_>, container: &Container<'_>, findings: &mut Vec<Finding>) {
    if let Some(liveness) = container.probe(Kind::Liveness) {
        findings.extend(dependency(liveness));
        findings.extend(tcp_on_http(container, liveness));
        findings.extend(on_sidecar(container, liveness));
    }
    findings.extend(same_question(subject, container));
    findings.extend(no_readiness(subject, container));
    findings.extend(no_liveness(subject, container));
    findings.extend(shared(subject, container));
    findings.extend(container.probes.iter().filter_map(costly));
}

/// PRB201.
fn dependency(liveness: &Probe<'_>) -> Option<Finding> {
    let (text, field) = match &liveness.handler {
        Handler::Http { path, .. } => (path.clone(), "path"),
        Handler::Grpc { service, .. } => (service.clone(), "service"),
        Handler::Exec { command } => (command.join(" "), "command"),
        _ => return None,
    };
    let lower = text.to_ascii_lowercase();
    let word = lower.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| DEPENDENCY_WORDS.contains(word))?;
    let message = format!("liveness asks `{text}`: `{word}` speaks of more than the process");
    let fix = Fix::words("point liveness at an endpoint that looks at the process alone, like /health");
    let label = "an outage behind it restarts every pod";
    Some(Finding::new("PRB201", liveness.handler_place(field), message).label(label).fix(fix))
}

/// PRB202.
fn same_question(subject: &Subject<'_, '_>, container: &Container<'_>) -> Option<Finding> {
    let (liveness, readiness) = both(container)?;
    if liveness.handler == Handler::None || !same(container, &liveness.handler, &readiness.handler) {
        return None;
    }
    let (kill, unready) = (budget::failing(&liveness.spec), budget::failing(&readiness.spec));
    // PRB106 tells the worse case.
    if kill.to_s >= unready.to_s.saturating_mul(3)
        || kill.from_s <= unready.from_s.saturating_add(i64::from(readiness.spec.period_s))
    {
        return None;
    }
    let message = format!("liveness and readiness ask the same: unready after {unready}, killed after {kill}");
    let period = i64::from(liveness.spec.period_s.max(1));
    let failures = unready.to_s.saturating_mul(3).div_euclid(period).saturating_add(1);
    let edits = fix::set(subject.source, liveness.node, "failureThreshold", &failures.to_string());
    let fix = Fix::proposal("give liveness three times as long as readiness", edits.into_iter().collect());
    let at = ["path", "port", "command"].iter().map(|field| liveness.handler_place(field));
    let at = at.min_by_key(|range| range.start).unwrap_or(liveness.key_span.clone());
    Some(Finding::new("PRB202", at, message).label("the same question").fix(fix))
}

/// Whether two probes ask the same, ports looked up.
fn same(container: &Container<'_>, one: &Handler, other: &Handler) -> bool {
    let port = |handler: &Handler| handler.port().map(|port| port.resolve(|name| container.port_named(name)));
    match (one, other) {
        (Handler::Http { path: a, headers: h, .. }, Handler::Http { path: b, headers: i, .. }) => {
            a == b && h == i && port(one) == port(other)
        }
        (Handler::Tcp { .. }, Handler::Tcp { .. }) => port(one) == port(other),
        _ => one == other,
    }
}

/// PRB203.
fn no_readiness(subject: &Subject<'_, '_>, container: &Container<'_>) -> Option<Finding> {
    let serves = subject.workload.serves() && container.role == Role::Main && !container.ports.is_empty();
    if !serves || container.probe(Kind::Readiness).is_some() {
        return None;
    }
    let served = subject.served;
    let message = match served {
        true => "no readiness probe: the Service sends requests from the moment the process exists",
        false => "no readiness probe: the container counts as ready from the moment the process exists",
    };
    let port = &container.ports[0];
    let target = port.name.map_or(port.number.to_string(), str::to_owned);
    let lines = format!("readinessProbe:\n  httpGet:\n    path: /ready\n    port: {target}\n  periodSeconds: 5");
    let edits = fix::add(subject.source, container.node, &lines);
    let fix = Fix::proposal("add a readiness probe", edits.into_iter().collect());
    let severity = if served { Severity::Error } else { Severity::Warning };
    Some(Finding::new("PRB203", container.name_span.clone(), message).severity(severity).fix(fix))
}

/// PRB204.
fn no_liveness(subject: &Subject<'_, '_>, container: &Container<'_>) -> Option<Finding> {
    let serves = subject.workload.serves() && container.role == Role::Main;
    if !serves || container.probe(Kind::Liveness).is_some() {
        return None;
    }
    let message = "no liveness probe: a process that hangs is not restarted";
    Some(Finding::new("PRB204", container.name_span.clone(), message))
}

/// PRB205.
fn shared(subject: &Subject<'_, '_>, container: &Container<'_>) -> Option<Finding> {
    let readiness = container.probe(Kind::Readiness)?;
    let names = subject.workload.annotation("allswell.dev/shared-dependencies")?;
    if subject.workload.replicas().is_some_and(|replicas| replicas < 2) {
        return None;
    }
    let message = format!("readiness fails with {names}, which all replicas share: the whole Service empties at once");
    Some(Finding::new("PRB205", readiness.key_span.clone(), message))
}

/// PRB206.
fn tcp_on_http(container: &Container<'_>, liveness: &Probe<'_>) -> Option<Finding> {
    let Handler::Tcp { port, .. } = &liveness.handler else {
        return None;
    };
    let number = i64::from(port.resolve(|name| container.port_named(name)).ok()?);
    let named_http = container.ports.iter().any(|port| {
        port.number == number && port.name.is_some_and(|name| name.starts_with("http") || name.starts_with("web"))
    });
    let asked_http = container.probes.iter().any(|probe| {
        matches!(&probe.handler, Handler::Http { port, .. } if port.resolve(|name| container.port_named(name)).map(i64::from) == Ok(number))
    });
    if !(named_http || asked_http || (HTTP_PORTS.contains(&number) && matches!(port, PortRef::Number(_)))) {
        return None;
    }
    let message =
        format!("port {number} speaks HTTP, but liveness only connects: the kernel answers for a process that hangs");
    let fix = Fix::words(format!("ask over HTTP: httpGet: {{path: /health, port: {number}}}"));
    Some(Finding::new("PRB206", liveness.handler_place("port"), message).fix(fix))
}

/// PRB207.
fn costly(probe: &Probe<'_>) -> Option<Finding> {
    let Handler::Exec { command } = &probe.handler else {
        return None;
    };
    let words =
        command.iter().flat_map(|part| part.split(|c: char| c.is_whitespace() || matches!(c, ';' | '|' | '&' | '(')));
    let program = words.map(|word| word.rsplit('/').next().unwrap_or(word)).find(|word| COSTLY.contains(word));
    let period = probe.spec.period_s;
    let message = match program {
        Some(program) => format!("starts `{program}` every {period} s inside the container, on its CPU quota"),
        None if period < 10 => format!("starts a process every {period} s inside the container, on its CPU quota"),
        None => return None,
    };
    let fix = Fix::words("use httpGet or grpc; the kubelet asks from outside and starts nothing");
    Some(Finding::new("PRB207", probe.handler_place("command"), message).fix(fix))
}

/// PRB210.
fn on_sidecar(container: &Container<'_>, liveness: &Probe<'_>) -> Option<Finding> {
    if container.role != Role::Sidecar {
        return None;
    }
    let message = format!("the liveness probe of sidecar `{}` goes on while the pod is shut down", container.name);
    Some(Finding::new("PRB210", liveness.key_span.clone(), message))
}
