//! What `deploy/` brings is linted by our own rules: the Kustomize base, and the Helm chart as rendered here.
//!
//! The chart keeps to plain substitutions so that this small renderer is enough; anything else fails the test.

use std::path::{Path, PathBuf};

use allswell_kube::lint::{Facts, Severity, lint};
use allswell_kube::{Source, yaml};

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn check(sources: &[Source]) {
    let report = lint(sources, &Facts::default());
    let found: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.severity < Severity::Info)
        .map(|finding| format!("{}: {} {}", sources[finding.source].name, finding.rule.id, finding.message))
        .collect();
    assert_eq!(found, Vec::<String>::new());
    assert_eq!(report.workloads, 1);
}

#[test]
fn the_kustomize_base_has_nothing_to_find_and_names_its_files() {
    let base = deploy().join("kustomize/base");
    let sources = Source::read(&base.to_string_lossy()).expect("it is there");
    check(&sources);
    let list = read(&base.join("kustomization.yaml"));
    for source in &sources {
        let name = source.name.rsplit('/').next().expect("a name");
        assert!(name == "kustomization.yaml" || list.contains(&format!("- {name}\n")), "{name} is not in resources");
    }
}

/// The values of `values.yaml` that are texts, numbers or truths.
fn values() -> Vec<(String, String)> {
    let (documents, problems) = yaml::read(&read(&deploy().join("helm/allswell/values.yaml")));
    assert_eq!(problems, []);
    let text = |value: &yaml::Value| match value {
        yaml::Value::Text(text) => text.clone(),
        yaml::Value::Bool(truth) => truth.to_string(),
        yaml::Value::Int(number) => number.to_string(),
        other => panic!("this test cannot render {other:?}"),
    };
    documents[0].entries().iter().map(|entry| (entry.key.clone(), text(&entry.node.value))).collect()
}

fn expression(text: &str, values: &[(String, String)]) -> String {
    let (name, indent) = match text.split_once(" | indent ") {
        Some((name, indent)) => (name, indent.parse().expect("a number")),
        None => (text, 0),
    };
    let value = match name.strip_prefix(".Values.") {
        Some(name) => values.iter().find(|(key, _)| key == name).unwrap_or_else(|| panic!("no value {name}")).1.clone(),
        None if name == ".Release.Name" => "night".to_owned(),
        None => panic!("this test cannot render `{name}`; keep the chart to plain values"),
    };
    let pad = " ".repeat(indent);
    let lines: Vec<String> = value.trim_end().lines().map(|line| format!("{pad}{line}")).collect();
    lines.join("\n")
}

fn render(template: &str, values: &[(String, String)]) -> String {
    let mut out = String::new();
    let mut shown = true;
    for line in template.lines() {
        if let Some(condition) = line.strip_prefix("{{- if ") {
            shown = expression(condition.trim_end_matches(" }}"), values) == "true";
        } else if line == "{{- end }}" {
            shown = true;
        } else if shown {
            let mut rest = line;
            while let Some((before, after)) = rest.split_once("{{ ") {
                let (inner, after) = after.split_once(" }}").expect("an expression ends");
                out.push_str(before);
                out.push_str(&expression(inner, values));
                rest = after;
            }
            out.push_str(rest);
            out.push('\n');
        }
    }
    out
}

#[test]
fn the_helm_chart_has_nothing_to_find_with_every_switch() {
    let folder = deploy().join("helm/allswell/templates");
    for switch in ["true", "false"] {
        let mut values = values();
        for (key, value) in &mut values {
            if value == "true" || value == "false" {
                assert!(key == "serviceMonitor" || key == "networkPolicy", "is {key} tested?");
                switch.clone_into(value);
            }
        }
        let names = ["configmap", "networkpolicy", "service", "servicemonitor", "statefulset"];
        assert_eq!(std::fs::read_dir(&folder).expect("it is there").count(), names.len());
        let sources: Vec<Source> = names
            .iter()
            .map(|name| Source::new(*name, render(&read(&folder.join(format!("{name}.yaml"))), &values)))
            .collect();
        check(&sources);
        let kinds: usize = sources.iter().map(|source| yaml::read(&source.text).0.len()).sum();
        assert_eq!(kinds, if switch == "true" { 5 } else { 3 });
    }
}

#[test]
fn the_monitor_s_config_map_names_the_release_and_keeps_the_configuration_whole() {
    let rendered = render(&read(&deploy().join("helm/allswell/templates/configmap.yaml")), &values());
    let (documents, problems) = yaml::read(&rendered);
    assert_eq!(problems, []);
    assert_eq!(documents[0].at(&["metadata", "name"]).and_then(yaml::Node::text), Some("night"));
    let configuration = documents[0].at(&["data", "allswell.yaml"]).and_then(yaml::Node::text).expect("it is there");
    let (inner, problems) = yaml::read(configuration);
    assert_eq!((inner.len(), problems), (1, Vec::new()));
}
