//! Rules for names and numbers: kubernetes v1.36 `pkg/apis/core/validation` and `util/validation`.

use super::refusal::Reader;
use crate::yaml::{Node, Value};

/// What is wrong with a port's name: `IsValidPortName`.
pub(super) fn port_name(name: &str) -> Vec<&'static str> {
    let mut wrong = Vec::new();
    if name.len() > 15 {
        wrong.push("must be no more than 15 characters");
    }
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        wrong.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    }
    if !name.chars().any(|c| c.is_ascii_lowercase()) {
        wrong.push("must contain at least one letter (a-z)");
    }
    if name.contains("--") {
        wrong.push("must not contain consecutive hyphens");
    }
    if name.starts_with('-') || name.ends_with('-') {
        wrong.push("must not begin or end with a hyphen");
    }
    wrong
}

/// Refuses a number that is no port: `IsValidPortNum`.
pub(super) fn port_number(node: &Node, number: i64, field: &str, reader: &mut Reader<'_>) {
    if !(1..=65_535).contains(&number) {
        reader.invalid(field, &number.to_string(), "must be between 1 and 65535, inclusive", &node.span);
    }
}

/// Whether a name is good for a header: `IsHTTPHeaderName`.
pub(super) fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// Refuses readiness gates whose condition has no good name: `validateReadinessGates`.
pub(super) fn readiness_gates(spec: &Node, path: &str, reader: &mut Reader<'_>) {
    for (index, gate) in spec.get("readinessGates").into_iter().flat_map(Node::items).enumerate() {
        let field = format!("{path}.readinessGates[{index}].conditionType");
        match gate.get("conditionType").map(|node| (node, &node.value)) {
            Some((node, Value::Text(name))) => {
                for why in qualified_name(name) {
                    reader.invalid(&field, &format!("{name:?}"), &why, &node.span);
                }
            }
            Some((node, _)) => {
                let field = format!("PodReadinessGate.{path}.readinessGates.conditionType");
                reader.cannot_unmarshal(node, &field, "v1.PodConditionType");
            }
            None => reader.invalid(&field, "\"\"", "name part must be non-empty", &gate.span),
        }
    }
}

/// What is wrong with a name like `example.com/ready`: `IsQualifiedName`.
fn qualified_name(name: &str) -> Vec<String> {
    const PATTERN: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with \
        an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
        '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    let mut wrong = Vec::new();
    let (prefix, part) = name.split_once('/').map_or((None, name), |(prefix, part)| (Some(prefix), part));
    if prefix.is_some_and(str::is_empty) {
        wrong.push("prefix part must be non-empty".to_owned());
    }
    if part.is_empty() {
        wrong.push("name part must be non-empty".to_owned());
    }
    if part.len() > 63 {
        wrong.push("name part must be no more than 63 characters".to_owned());
    }
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if !(part.chars().all(inner) && ends(part.chars().next()) && ends(part.chars().last())) {
        wrong.push(PATTERN.to_owned());
    }
    wrong
}
