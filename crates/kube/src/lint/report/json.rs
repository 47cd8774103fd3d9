//! For programs: one document with everything.

use serde_json::{Value, json as object};

use super::Shown;
use crate::Source;
use crate::lint::{Finding, Severity};

/// `{"findings": [...], "errors": 1, ...}`; lines and columns count from 1, edits are in bytes of the file.
pub fn json(shown: &Shown<'_>) -> String {
    let report = shown.report;
    let findings: Vec<Value> = shown.findings().map(|(source, finding)| one(source, finding)).collect();
    let document = object!({
        "files": shown.sources.len(),
        "workloads": report.workloads,
        "errors": report.count(Severity::Error),
        "warnings": report.count(Severity::Warning),
        "infos": report.count(Severity::Info),
        "silenced": report.suppressed,
        "findings": findings,
    });
    format!("{document:#}\n")
}

fn one(source: &Source, finding: &Finding) -> Value {
    let (start, end) = (source.place(finding.at.start), source.place(finding.at.end));
    let fix = finding.fix.as_ref().map(|fix| {
        let edits: Vec<Value> = fix
            .edits
            .iter()
            .map(|edit| object!({"from": edit.range.start, "to": edit.range.end, "text": edit.text}))
            .collect();
        object!({"what": fix.what, "safe": fix.safe, "edits": edits, "patch": fix.patch(source)})
    });
    object!({
        "rule": finding.rule.id,
        "severity": finding.severity.as_str(),
        "file": source.name,
        "line": start.line,
        "column": start.column,
        "endLine": end.line,
        "endColumn": end.column,
        "object": finding.object,
        "container": finding.container,
        "message": finding.message,
        "why": finding.rule.why,
        "aliases": finding.rule.aliases,
        "fix": fix,
    })
}
