//! `allswell lint` and `allswell manifest`, and the monitor under the probes of its own manifest.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Ran, allswell, allswell_in};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs `allswell` with a text on its standard input.
fn piped(arguments: &[&str], text: &str) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_allswell"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    child.stdin.take().expect("it is piped").write_all(text.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let code = output.status.code().expect("it ends by itself");
    Ran { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[test]
fn the_guide_s_manifest_is_told_with_its_numbers_and_a_patch() {
    let ran = allswell_in(&repository(), &["lint", "examples/kubernetes/guide.yaml", "--start", "80s"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    insta::assert_snapshot!(ran.stdout, @r"
    error[PRB101]: the app is killed by its liveness probe after 55 to 75 s, again and again, but start-up takes 80 s (delay 15, period 20, timeout 5, failures 3)
       --> examples/kubernetes/guide.yaml:20:9  Deployment/my-fastapi-app, container app
        |
     20 |         livenessProbe:
        |         ^^^^^^^^^^^^^ gives up after 55 to 75 s
        |
        = fix: add a startup probe that allows 160 s and ends as soon as the app is up
            +         startupProbe:
            +           httpGet:
            +             path: /health # the process
            +             port: 8000
            +           periodSeconds: 2
            +           failureThreshold: 80
                      livenessProbe:
                        httpGet:
                          path: /health # the process
                          port: 8000
            -           initialDelaySeconds: 15
        = see: allswell lint --explain PRB101

    1 file, 1 workload, 1 error, 0 warnings. 1 can be fixed with --fix --proposals. 3 hints with --level info.
    ");
}

#[test]
fn what_a_pipe_brings_is_linted_with_other_kinds_in_between() {
    let guide = std::fs::read_to_string(repository().join("examples/kubernetes/guide.yaml")).expect("it is there");
    let text = format!(
        "# Source: chart/templates/crd.yaml\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {{a: [1]}}\n\
         ---\n---\napiVersion: example.com/v1\nkind: Widget\nspec: {{template: 7}}\n---\n{guide}"
    );
    let ran = piped(&["lint", "-", "--start", "80s", "--format", "json"], &text);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let report: Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
    assert_eq!((&report["findings"][0]["rule"], &report["findings"][0]["file"]), (&"PRB101".into(), &"-".into()));
}

#[test]
fn each_format_is_what_it_says() {
    let lint = |format: &str| {
        let ran = allswell_in(&repository(), &["lint", "examples/kubernetes", "--format", format]);
        assert_eq!(ran.code, 1, "{}", ran.said());
        ran.stdout
    };
    let sarif: Value = serde_json::from_str(&lint("sarif")).expect("it is JSON");
    assert_eq!(sarif["version"], "2.1.0");
    assert!(lint("github").lines().all(|line| line.starts_with("::")));
}

#[test]
fn fixes_keep_comments_and_leave_nothing_to_find() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("guide.yaml");
    std::fs::copy(repository().join("examples/kubernetes/guide.yaml"), &file).expect("copied");
    let path = file.to_string_lossy();
    let ran = allswell(&["lint", &path, "--start", "80s", "--fix", "--proposals", "--level", "info"]);
    assert_eq!(ran.code, 0, "{}", ran.said());
    assert!(ran.stdout.contains("0 errors, 0 warnings, 0 hints"), "{}", ran.stdout);
    let text = std::fs::read_to_string(&file).expect("it is there");
    assert!(text.contains("path: /health # the process") && text.contains("startupProbe:"), "{text}");
}

#[test]
fn rules_are_explained_by_any_of_their_names() {
    let ran = allswell(&["lint", "--explain", "no-readiness-probe"]);
    assert!(ran.code == 0 && ran.stdout.starts_with("PRB203 (error): traffic comes before the app is up"), "{ran:?}");
    assert_eq!(allswell(&["lint", "--explain", "PRB999"]).code, 2);
}

#[test]
fn manifests_are_made_with_nothing_to_find() {
    for more in [&[][..], &["--side-port", "9000"], &["--start", "120s", "--drain", "60s"], &["--replicas", "1"]] {
        let made = allswell(&[&["manifest", "orders", "--image", "r/orders:1.0"], more].concat());
        assert_eq!((made.code, made.stderr.as_str()), (0, ""));
        let ran = piped(&["lint", "-"], &made.stdout);
        let expected = if more.contains(&"1") { 1 } else { 0 };
        assert!(ran.stdout.contains(&format!("0 errors, {expected} warning")), "{}{}", made.stdout, ran.stdout);
    }
}

#[test]
fn the_monitor_comes_up_under_the_probes_of_its_own_manifest() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = directory.path().join("allswell.yaml");
    std::fs::write(&config, "monitors: []\n").expect("written");
    let binary = env!("CARGO_BIN_EXE_allswell");
    let manifest = repository().join("deploy/kustomize/base/statefulset.yaml");
    let mut command = Command::new(binary);
    command.arg("rehearse").arg(manifest).args(["--port", "0", "--json", "--", binary, "serve", "--config"]);
    command.arg(&config).arg("--data").arg(directory.path().join("data")).args(["--listen", "127.0.0.1:{port}"]);
    let output = command.output().expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let document: Value = serde_json::from_str(&said).expect("it is JSON");
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(document["ready_after_seconds"].is_number() && document["shutdown_by_sigkill"] == false, "{said}");
    assert_eq!((&document["restarts"], &document["crashes"]), (&0.into(), &0.into()), "{said}");
}
