//! What the API server refuses, and what it accepts though the kubelet cannot do it.

use super::super::{Finding, Fix, fix};
use super::Subject;
use crate::manifest::{Container, Handler, PortRef, Probe, Refusal};
use crate::yaml::Node;

/// PRB002, PRB009: the API server's own words.
pub(super) fn refusals(subject: &Subject<'_, '_>, findings: &mut Vec<Finding>) {
    for refusal in &subject.workload.refusals {
        let init_only = refusal.detail.starts_with("Forbidden: may not be set for init containers");
        let id = if init_only { "PRB009" } else { "PRB002" };
        let what = if refusal.status == 422 {
            format!("{}: {}", refusal.field, refusal.detail)
        } else {
            refusal.detail.clone()
        };
        let message = format!("the API server answers {}: {what}", refusal.status);
        let mut finding = Finding::new(id, refusal.at.clone(), message).fix(instead(refusal));
        finding.container = container_of(subject, refusal);
        findings.push(finding);
    }
}

fn instead(refusal: &Refusal) -> Option<Fix> {
    let text = refusal.instead.clone()?;
    let edit = super::super::Edit { range: refusal.at.clone(), text: text.clone() };
    // It is refused as it stands: nothing that works today can change.
    Some(Fix::safe(format!("write {text}"), vec![edit]))
}

fn container_of(subject: &Subject<'_, '_>, refusal: &Refusal) -> String {
    let holds = |container: &&Container<'_>| {
        container.node.span.start <= refusal.at.start && refusal.at.start < container.node.span.end
    };
    subject.workload.containers.iter().find(holds).map_or_else(String::new, |container| container.name.to_owned())
}

/// PRB001, PRB005, PRB006, PRB007.
pub(super) fn container(_: &Subject<'_, '_>, container: &Container<'_>, findings: &mut Vec<Finding>) {
    for probe in &container.probes {
        findings.extend(port_name(container, probe));
        findings.extend(zeros(probe));
        findings.extend(path(probe));
        findings.extend(headers(probe));
        findings.extend(host(probe));
    }
}

fn port_name(container: &Container<'_>, probe: &Probe<'_>) -> Option<Finding> {
    let Some(PortRef::Name(name)) = probe.handler.port() else {
        return None;
    };
    let error = PortRef::Name(name.clone()).resolve(|name| container.port_named(name)).err()?;
    let kind = probe.kind;
    let effect = match kind {
        allswell_core::kubelet::Kind::Liveness => "it never restarts anything",
        allswell_core::kubelet::Kind::Readiness => "the pod never becomes ready",
        allswell_core::kubelet::Kind::Startup => "the container never counts as started",
    };
    let message = format!(
        "{} has no port named `{name}`; each {} probe ends with `{error}` and is thrown away: {effect}",
        quoted(container.name),
        kind.as_str()
    );
    let named: Vec<&str> = container.ports.iter().filter_map(|port| port.name).collect();
    let fix = match (named.as_slice(), container.ports.as_slice()) {
        ([one], _) => Some((*one).to_owned()),
        ([], [one]) => Some(one.number.to_string()),
        _ => None,
    };
    let fix = match fix {
        Some(port) => {
            let edit = super::super::Edit { range: probe.handler_place("port"), text: port.clone() };
            Fix::proposal(format!("ask port {port}"), vec![edit])
        }
        None if named.is_empty() => Fix::words("write the port's number, or name it under ports"),
        None => Fix::words(format!("write one of {}", named.join(", "))),
    };
    Some(Finding::new("PRB001", probe.handler_place("port"), message).label("not a port of this container").fix(fix))
}

fn quoted(name: &str) -> String {
    if name.is_empty() { "the container".to_owned() } else { format!("container `{name}`") }
}

fn zeros(probe: &Probe<'_>) -> Vec<Finding> {
    let defaults = [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)];
    let zero = |name: &str| probe.node.get(name).filter(|node| node.int() == Some(0));
    let found = defaults.iter().filter_map(|(name, default)| Some((*name, *default, zero(name)?)));
    found
        .map(|(name, default, node): (&str, i32, &Node)| {
            let message = format!("`{name}: 0` counts as unset: it becomes {default}");
            let fix = Fix::safe(format!("write {default}"), vec![fix::replace(node, default.to_string())]);
            Finding::new("PRB005", node.span.clone(), message).label(format!("becomes {default}")).fix(fix)
        })
        .collect()
}

fn path(probe: &Probe<'_>) -> Option<Finding> {
    let Handler::Http { path, .. } = &probe.handler else {
        return None;
    };
    let sent = crate::ask::url::request_path(path);
    let why = if path.contains('#') {
        "the fragment is not sent"
    } else if path.starts_with("//") || path.contains("://") {
        "it is read as a URL and loses its host"
    } else if crate::ask::url::has_broken_escape(path) {
        "the broken escape is escaped once more"
    } else {
        return None;
    };
    let at = probe.handler_place("path");
    let message = format!("the kubelet asks for `{sent}`, not for `{path}`: {why}");
    let edit = super::super::Edit { range: at.clone(), text: sent.clone() };
    let plain = !sent.contains([':', '#', '{', '"', '\'', ' ']);
    let fix = if plain { Fix::safe(format!("write {sent}"), vec![edit]) } else { Fix::words(format!("write {sent}")) };
    Some(Finding::new("PRB006", at, message).label(why).fix(fix))
}

fn headers(probe: &Probe<'_>) -> Option<Finding> {
    let Handler::Http { headers, .. } = &probe.handler else {
        return None;
    };
    let (name, _) = headers.iter().find(|(_, value)| value.chars().any(|c| c.is_control() && c != '\t'))?;
    let message =
        format!("the value of the header `{name}` holds a control character: every probe ends with an error or fails");
    let fix = Fix::words("write the value on one line, without |");
    Some(Finding::new("PRB006", probe.handler_place("httpHeaders"), message).fix(fix))
}

fn host(probe: &Probe<'_>) -> Option<Finding> {
    let (Handler::Http { host, .. } | Handler::Tcp { host, .. }) = &probe.handler else {
        return None;
    };
    if host.is_empty() {
        return None;
    }
    let message = format!("the kubelet asks `{host}` from the node, not the pod");
    let fix = Fix::words("remove `host`; for a virtual host add the header Host under httpHeaders");
    Some(Finding::new("PRB007", probe.handler_place("host"), message).label("leaves the pod").fix(fix))
}
