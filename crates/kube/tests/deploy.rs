//! What `deploy/` brings is rendered by Helm's and Kustomize's own engines, and linted by our own rules.

use std::path::{Path, PathBuf};
use std::process::Command;

use allswell_kube::lint::{Facts, Severity, lint};
use allswell_kube::yaml::{self, Node};
use allswell_kube::{Source, rehearse};

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy")
}

fn tool(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable);
    path.map(PathBuf::from).unwrap_or_else(|| panic!("`cargo xtask test` finds the tool and names it in {variable}"))
}

/// Runs a command; returns how it ended and what it printed.
fn run(command: &mut Command) -> (bool, String, String) {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// A rendered text is one workload with nothing to find, restricted, that can be rehearsed; returns its kinds.
#[track_caller]
fn check(text: &str) -> Vec<String> {
    let report = lint(&[Source::new("rendered", text)], &Facts::default());
    let found: Vec<&str> = report
        .findings
        .iter()
        .filter(|f| f.severity < Severity::Info)
        .map(|finding| finding.message.as_str())
        .collect();
    assert_eq!((found, report.workloads), (Vec::new(), 1), "{text}");
    let (documents, problems) = yaml::read(text);
    assert_eq!(problems, [], "{text}");
    rehearse::Subject::choose(&documents, &rehearse::subject::Choice::default()).expect("it can be rehearsed");
    let kinds = |document: &Node| document.get("kind").and_then(Node::text).expect("a kind").to_owned();
    for document in documents.iter().filter(|document| kinds(document) == "StatefulSet") {
        restricted(document.at(&["spec", "template", "spec"]).expect("a pod"));
    }
    let mut kinds: Vec<String> = documents.iter().map(kinds).collect();
    kinds.sort();
    kinds
}

/// Pod Security Standards, v1.36, level restricted.
#[track_caller]
fn restricted(pod: &Node) {
    let truth = |node: &Node, path: &[&str]| node.at(path).and_then(Node::bool);
    let text = |node: &Node, path: &[&str]| node.at(path).and_then(Node::text).map(str::to_owned);
    assert_eq!(truth(pod, &["securityContext", "runAsNonRoot"]), Some(true));
    assert_eq!(text(pod, &["securityContext", "seccompProfile", "type"]).as_deref(), Some("RuntimeDefault"));
    for shared in ["hostNetwork", "hostPID", "hostIPC"] {
        assert_eq!(truth(pod, &[shared]), None, "{shared}");
    }
    for volume in pod.get("volumes").into_iter().flat_map(Node::items) {
        assert!(volume.get("configMap").is_some(), "a volume of another kind");
    }
    for container in pod.get("containers").into_iter().flat_map(Node::items) {
        assert_eq!(truth(container, &["securityContext", "allowPrivilegeEscalation"]), Some(false));
        assert_eq!(truth(container, &["securityContext", "privileged"]), None);
        let dropped = container.at(&["securityContext", "capabilities", "drop"]).map(Node::items).unwrap_or_default();
        assert_eq!(dropped.iter().filter_map(Node::text).collect::<Vec<_>>(), ["ALL"]);
        assert!(container.at(&["securityContext", "capabilities", "add"]).is_none());
    }
}

/// Where a rendered Service leads is where the container listens, and its selector selects the pod.
#[track_caller]
fn leads_there(text: &str) {
    let (documents, _) = yaml::read(text);
    let of = |kind: &str| {
        let found = documents.iter().find(|document| document.get("kind").and_then(Node::text) == Some(kind));
        found.unwrap_or_else(|| panic!("no {kind} in {text}"))
    };
    let labels = of("StatefulSet").at(&["spec", "template", "metadata", "labels"]).expect("labels");
    let selectors = [
        of("Service").at(&["spec", "selector"]),
        of("StatefulSet").at(&["spec", "selector", "matchLabels"]),
        of("NetworkPolicy").at(&["spec", "podSelector", "matchLabels"]),
    ];
    for selector in selectors {
        let selector = selector.expect("a selector").entries();
        assert!(
            !selector.is_empty() && selector.iter().all(|label| labels.get(&label.key) == Some(&label.node)),
            "{text}"
        );
    }
}

#[test]
fn the_kustomize_base_names_its_files() {
    let base = deploy().join("kustomize/base");
    let list = std::fs::read_to_string(base.join("kustomization.yaml")).expect("it is there");
    let sources = Source::read(&base.to_string_lossy()).expect("it is there");
    for source in &sources {
        let name = source.name.rsplit('/').next().expect("a name");
        assert!(name == "kustomization.yaml" || list.contains(&format!("- {name}\n")), "{name} is not in resources");
    }
    check(&sources.iter().map(|source| format!("---\n{}", source.text)).collect::<String>());
}

mod needs_kubectl {
    use super::*;

    fn kustomize(folder: &str) -> String {
        let mut command = Command::new(tool("ALLSWELL_TEST_KUBECTL"));
        let (well, text, said) = run(command.arg("kustomize").arg(deploy().join("kustomize").join(folder)));
        assert!(well, "{said}");
        text
    }

    #[test]
    fn kustomize_builds_the_base_and_nothing_is_found_in_it() {
        let text = kustomize("base");
        assert_eq!(check(&text), ["ConfigMap", "NetworkPolicy", "Service", "StatefulSet"]);
        leads_there(&text);
    }

    #[test]
    fn the_component_adds_a_service_monitor() {
        let text = kustomize("with-servicemonitor");
        assert_eq!(check(&text), ["ConfigMap", "NetworkPolicy", "Service", "ServiceMonitor", "StatefulSet"]);
    }
}

mod needs_helm {
    use super::*;

    /// Renders as `helm template` does, notes left out, and lints as `helm lint` does.
    const SCRIPT: &str = r#"
import json, sys
import helm_python as helm

folder, values = sys.argv[1], json.loads(sys.argv[2])
with helm.Chart.load(folder) as chart:
    chart.validate_schema(values)
    for name, text in sorted(chart.render(values, name="night", namespace="watch").items()):
        if not name.endswith(".txt"):
            print("---\n# Source:", name + "\n" + text)
print([m for m in helm.lint(folder)["messages"] if m["severity"] > 1], file=sys.stderr)
"#;

    fn helm(values: &str) -> (bool, String, String) {
        let mut command = Command::new(tool("ALLSWELL_TEST_HELM"));
        run(command.args(["-c", SCRIPT]).arg(deploy().join("helm/allswell")).arg(values))
    }

    fn rendered(values: &str) -> String {
        let (well, text, said) = helm(values);
        assert!(well, "{said}");
        assert_eq!(said.trim(), "[]", "helm lint warns");
        text
    }

    #[test]
    fn helm_renders_the_chart_and_nothing_is_found_in_it() {
        let text = rendered("{}");
        assert_eq!(check(&text), ["ConfigMap", "NetworkPolicy", "Service", "StatefulSet"]);
        leads_there(&text);
    }

    #[test]
    fn every_value_finds_its_place() {
        let text = rendered(
            r#"{"serviceMonitor": {"enabled": true, "labels": {"release": "prometheus"}}, "secret": "smtp",
                "networkPolicy": {"from": [{"namespaceSelector": {}}]}, "tolerations": [{"key": "spot"}],
                "nodeSelector": {"disk": "ssd"}, "affinity": {"podAntiAffinity": {}}, "podAnnotations": {"a": "b"},
                "imagePullSecrets": [{"name": "pull"}], "storage": {"storageClass": "fast", "size": "9Gi"},
                "image": {"repository": "r/allswell", "tag": "1.0", "pullPolicy": "Always"}, "service": {"port": 81},
                "resources": {"limits": {"memory": "1Gi"}}, "config": "monitors: []\n"}"#,
        );
        assert_eq!(check(&text), ["ConfigMap", "NetworkPolicy", "Service", "ServiceMonitor", "StatefulSet"]);
        let values = [
            "release: prometheus",
            "name: smtp",
            "namespaceSelector: {}",
            "key: spot",
            "disk: ssd",
            "podAntiAffinity: {}",
            "a: b",
            "name: pull",
            "storageClassName: fast",
            "storage: 9Gi",
            "image: \"r/allswell:1.0\"",
            "imagePullPolicy: Always",
            "port: 81",
            "memory: 1Gi",
            "    monitors: []",
        ];
        for value in values {
            assert!(text.contains(value), "{value} in {text}");
        }
    }

    #[test]
    fn without_its_switches_less_is_made() {
        assert_eq!(
            check(&rendered(r#"{"networkPolicy": {"enabled": false}}"#)),
            ["ConfigMap", "Service", "StatefulSet"]
        );
    }

    #[test]
    fn a_value_that_does_not_exist_is_refused() {
        let (well, _, said) = helm(r#"{"replicas": 3}"#);
        assert!(!well && said.contains("replicas"), "{said}");
    }
}
