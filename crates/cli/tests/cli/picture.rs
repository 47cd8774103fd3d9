//! `allswell rehearse --open`: the link that the browser is given.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::read::ZlibDecoder;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::server::Running;

/// Rehearses a process without probes, for a moment.
fn rehearse(folder: &TempDir, flags: &[&str], browser: Option<&Path>) -> Output {
    let manifest = folder.path().join("pod.yaml");
    let pod =
        "{ apiVersion: v1, kind: Pod, metadata: { name: idle }, spec: { containers: [{ name: app, image: app }] } }";
    fs::write(&manifest, pod).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_allswell"));
    command.arg("rehearse").arg(&manifest).args(["--for", "100ms", "--open"]).args(flags).args(["--", "sleep", "60"]);
    command.env_remove("BROWSER").env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command.envs(browser.map(|browser| ("BROWSER", browser))).output().expect("the binary runs")
}

/// The document in a link.
fn document(link: &str) -> Value {
    let (_, packed) = link.trim().split_once("/k8s#").unwrap_or_else(|| panic!("no link to the page: {link}"));
    let packed = URL_SAFE_NO_PAD.decode(packed).expect("base64url");
    let mut text = String::new();
    ZlibDecoder::new(packed.as_slice()).read_to_string(&mut text).expect("zlib");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn the_browser_is_given_the_whole_rehearsal_in_the_link() {
    let (server, folder) = (Running::start("monitors: []"), TempDir::new().expect("a directory"));
    let (browser, seen) = (folder.path().join("browser"), folder.path().join("seen"));
    // A pipe: whoever reads it waits for the browser, which nobody else does.
    assert!(Command::new("mkfifo").arg(&seen).status().expect("it runs").success());
    fs::write(&browser, format!("#!/bin/sh\nprintf %s \"$1\" > {}\n", seen.display())).expect("written");
    fs::set_permissions(&browser, PermissionsExt::from_mode(0o755)).expect("made to run");
    let output = rehearse(&folder, &["--server", &server.url(), "--json"], Some(&browser));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("open in your browser"), "{told}");
    let link = fs::read_to_string(&seen).expect("the browser was started");
    assert!(link.starts_with(&server.url()), "{link}");
    let printed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document(&link), printed);
    assert_eq!(printed["workload"], "Pod/idle");
}

#[test]
fn where_there_is_no_browser_the_link_is_told() {
    let (server, folder) = (Running::start("monitors: []"), TempDir::new().expect("a directory"));
    let output = rehearse(&folder, &["--server", &server.url()], None);
    let told = String::from_utf8_lossy(&output.stderr);
    let link = told.lines().find(|line| line.starts_with("http")).unwrap_or_else(|| panic!("no link: {told}"));
    assert_eq!(document(link)["workload"], "Pod/idle");
}

#[test]
fn a_server_that_is_not_there_is_said_before_anything_runs() {
    let folder = TempDir::new().expect("a directory");
    let output = rehearse(&folder, &["--server", "http://127.0.0.1:9"], None);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("--open") && told.contains("127.0.0.1:9"), "{told}");
    assert!(output.stdout.is_empty());
}
