//! SARIF 2.1.0 (OASIS), which code hosts show beside the changed lines.

use serde_json::{Value, json};

use super::{Shown, subject};
use crate::Source;
use crate::lint::catalogue::RULES;
use crate::lint::{Finding, Severity};

/// One run with all findings.
pub fn sarif(shown: &Shown<'_>) -> String {
    let rules: Vec<Value> = RULES
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "shortDescription": {"text": rule.title},
                "fullDescription": {"text": rule.why},
                "defaultConfiguration": {"level": level(rule.severity)},
            })
        })
        .collect();
    let results: Vec<Value> = shown.findings().map(|(source, finding)| result(source, finding)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "allswell lint", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn result(source: &Source, finding: &Finding) -> Value {
    let index = RULES.iter().position(|rule| rule.id == finding.rule.id);
    let mut result = json!({
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "level": level(finding.severity),
        "message": {"text": finding.message},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri(&source.name)},
                "region": region(source, finding.at.start, finding.at.end),
            },
            "logicalLocations": [{"fullyQualifiedName": subject(finding)}],
        }],
    });
    if let Some(fix) = finding.fix.as_ref().filter(|fix| !fix.edits.is_empty()) {
        let replacements: Vec<Value> = fix
            .edits
            .iter()
            .map(|edit| {
                json!({
                    "deletedRegion": region(source, edit.range.start, edit.range.end),
                    "insertedContent": {"text": edit.text},
                })
            })
            .collect();
        let change = json!({"artifactLocation": {"uri": uri(&source.name)}, "replacements": replacements});
        result["fixes"] = json!([{"description": {"text": fix.what}, "artifactChanges": [change]}]);
    }
    result
}

fn region(source: &Source, start: usize, end: usize) -> Value {
    let (start, end) = (source.place(start), source.place(end));
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

/// A path as a relative reference: what a URI cannot hold is escaped.
fn uri(path: &str) -> String {
    let path = if path == "-" { "stdin" } else { path.strip_prefix("./").unwrap_or(path) };
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => out.push(char::from(byte)),
            b'\\' => out.push('/'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
