//! PRB004: fields that nobody reads.

use super::super::{Edit, Finding, Fix};
use super::Subject;
use crate::manifest::Container;
use crate::manifest::probe::{FIELDS, HANDLER_FIELDS};
use crate::yaml::{Entry, Node, Value};

/// Looks at the fields of every probe and of what it asks.
pub(super) fn container(_: &Subject<'_, '_>, container: &Container<'_>, findings: &mut Vec<Finding>) {
    for probe in &container.probes {
        look(probe.node, probe.kind.field(), FIELDS, findings);
        for (handler, fields) in HANDLER_FIELDS {
            if let Some(node) = probe.node.get(handler) {
                look(node, handler, fields, findings);
            }
        }
    }
}

fn look(node: &Node, parent: &str, fields: &[&str], findings: &mut Vec<Finding>) {
    for entry in node.entries().iter().filter(|entry| !fields.contains(&entry.key.as_str())) {
        let near = nearest(&entry.key, fields);
        let message = format!("{parent} has no field `{}`: the API server ignores it", entry.key);
        let label = near.map_or("unknown".to_owned(), |near| format!("did you mean {near}?"));
        let fix = near.map(|near| rename(node, entry, near));
        findings.push(Finding::new("PRB004", entry.key_span.clone(), message).label(label).fix(fix));
    }
}

fn rename(node: &Node, entry: &Entry, near: &str) -> Fix {
    let what = format!("write {near}");
    let fits = matches!(entry.node.value, Value::Int(_)) == (near.ends_with("Seconds") || near.ends_with("Threshold"));
    if node.get(near).is_some() || !fits {
        return Fix::words(what);
    }
    Fix::proposal(what, vec![Edit { range: entry.key_span.clone(), text: near.to_owned() }])
}

/// The field that was meant: the longer form of it, or at most two letters away.
fn nearest<'f>(key: &str, fields: &[&'f str]) -> Option<&'f str> {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['_', '-'], "");
    let key = plain(key);
    let longer = fields.iter().find(|field| key.len() >= 4 && plain(field).starts_with(&key));
    let close = || {
        let by_distance = fields.iter().map(|field| (distance(&key, &plain(field)), *field)).min();
        by_distance.filter(|(distance, _)| *distance <= 2).map(|(_, field)| field)
    };
    longer.copied().or_else(close)
}

/// How many letters must change to make one out of the other; long texts are far from everything.
fn distance(a: &str, b: &str) -> usize {
    if a.len() > 64 {
        return a.len();
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let best = (diagonal + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j + 1] = best;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_leads_to_the_field_that_was_meant() {
        let check = |key: &str, field: Option<&str>| assert_eq!(nearest(key, FIELDS), field, "{key}");
        check("timeout", Some("timeoutSeconds"));
        check("periodSecond", Some("periodSeconds"));
        check("failureTreshold", Some("failureThreshold"));
        check("initial_delay_seconds", Some("initialDelaySeconds"));
        check("httpget", Some("httpGet"));
        check("enabled", None);
        check(&"x".repeat(100_000), None);
    }
}
