//! Manifests that are broken or mean no good: each is told with its line, and none takes more than its share.
//!
//! What the largest of them cost is measured by `cargo xtask bench --only lint`.

use std::time::Duration;

use allswell_kube::Source;
use allswell_kube::lint::{Facts, Report, lint};
use allswell_kube::source::BYTES_MAX;

fn run(text: &str) -> (Source, Report) {
    let source = Source::new("x.yaml", text);
    let report = lint(std::slice::from_ref(&source), &Facts { start: Some(Duration::from_secs(80)), drain: None });
    (source, report)
}

/// The rule is found on this line.
#[track_caller]
fn check(text: &str, rule: &str, line: usize) {
    let (source, report) = run(text);
    let found: Vec<_> =
        report.findings.iter().map(|finding| (finding.rule.id, source.place(finding.at.start).line)).collect();
    assert!(found.contains(&(rule, line)), "{rule} on line {line} in {found:?}");
}

fn pod(container: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - name: app\n{container}")
}

#[test]
fn what_is_no_yaml_is_told_with_its_line() {
    check("a: 1\nb:\n\tc: 1\n", "PRB000", 3);
    check("a: 1\nb: [1, 2\n", "PRB000", 2);
    check("a: \"x\n---\nb: 1\n", "PRB000", 2);
    check("a: 1\nb: *nobody\n", "PRB000", 2);
    check("a: 1\na: 2\n", "PRB000", 2);
    check(&format!("ok: 1\n---\na: {}", "[".repeat(1_000)), "PRB000", 3);
}

#[test]
fn wrong_types_and_unknown_fields_are_told_with_their_line() {
    check(&pod("    livenessProbe:\n      httpGet: {port: 80}\n      periodSeconds: often\n"), "PRB002", 9);
    check(&pod("    livenessProbe:\n      httpGet: 80\n"), "PRB002", 8);
    check(&pod("    livenessProbe: [1]\n"), "PRB002", 7);
    check(&pod("    livenessProbe:\n      httpGet: {port: 80}\n      timeout: 5\n"), "PRB004", 9);
    check("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: 7\n", "PRB002", 5);
}

#[test]
fn a_bomb_of_aliases_is_told_on_the_line_where_it_would_go_off() {
    let levels: String = (1..30)
        .map(|level| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(", ")))
        .collect();
    // Ten values, then ten times as many a line: 100,000 are exceeded on the fifth line.
    check(&format!("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n{levels}"), "PRB000", 5);
}

#[test]
fn ten_thousand_documents_are_all_read() {
    let one = format!("---\n{}", pod("    livenessProbe: {httpGet: {port: web}}\n"));
    let (source, report) = run(&one.repeat(10_000));
    assert_eq!(report.workloads, 10_000);
    let last = report.findings.iter().rfind(|finding| finding.rule.id == "PRB001").expect("it is found");
    assert_eq!(source.place(last.at.start).line, 9_999 * 8 + 8);
}

#[test]
fn a_file_beyond_the_limit_is_refused_with_the_way_out() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("large.yaml");
    let text = "- 1\n".repeat(usize::try_from(BYTES_MAX).expect("it fits") / 4 + 1);
    std::fs::write(&path, text).expect("written");
    let error = Source::read(&path.to_string_lossy()).expect_err("it is too large").to_string();
    assert!(error.contains("larger than 10485760 bytes; split it"), "{error}");
}
