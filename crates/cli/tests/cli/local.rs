//! The commands that need no server: doctor, explain, completions, man.

use serde_json::Value;

use crate::support::{allswell, people};

#[test]
fn every_kind_of_code_is_explained_and_an_unknown_one_refused() {
    for (code, text) in [
        ("V012", "A key"),
        ("v012", "A key"),
        ("PRB000", "cannot be read as YAML"),
        ("tls_expired", "Renew the certificate"),
        ("tls-expired", "Renew the certificate"),
    ] {
        let ran = allswell(&["explain", code]);
        assert!(ran.code == 0 && ran.stdout.contains(text), "{code}: {}", ran.said());
    }
    let ran = allswell(&["explain", "V999"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("there is no code `V999`") && ran.stderr.contains("V001"), "{}", ran.stderr);
    assert!(allswell(&["explain"]).stdout.lines().count() > 70);
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = allswell(&["completions", shell]);
        assert!(ran.code == 0 && ran.stdout.contains("incidents") && ran.stdout.contains("doctor"), "{shell}");
    }
    let page = allswell(&["man", "keys", "create"]);
    assert!(page.code == 0 && page.stdout.contains(".TH") && page.stdout.contains("expires"), "{}", page.said());
    assert_eq!(allswell(&["man", "nothing"]).code, 2);
    let directory = tempfile::tempdir().expect("a directory");
    let ran = allswell(&["man", "--to", &directory.path().to_string_lossy()]);
    assert_eq!(ran.code, 0, "{}", ran.said());
    let pages = std::fs::read_dir(directory.path()).expect("it was made").count();
    assert!(pages > 15, "{pages}");
}

#[test]
fn the_doctor_looks_at_everything_and_names_a_fix_for_what_is_ill() {
    let directory = tempfile::tempdir().expect("a directory");
    let (well, _) = people::mail_server();
    let config = directory.path().join("allswell.yaml");
    let written = format!(
        "channels:\n  good: {{ type: email, smtp: \"smtp://{well}\", from: a@example.com, to: [b@example.com] }}\n  \
         gone: {{ type: email, smtp: \"smtp://user:s3cret@127.0.0.1:1\", from: a@example.com, to: [b@example.com] }}\n"
    );
    std::fs::write(&config, written).expect("it can be written");
    let data = directory.path().join("data").to_string_lossy().into_owned();
    let config = config.to_string_lossy().into_owned();
    let arguments = ["doctor", "--config", &config, "--data", &data, "--listen", "127.0.0.1:0"];
    let ran = allswell(&[&arguments[..], &["--json"]].concat());
    assert_eq!(ran.code, 1, "{}", ran.said());
    let told: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let findings = told.as_array().expect("a list");
    let of = |what: &str| findings.iter().filter(|finding| finding["what"] == what).collect::<Vec<_>>();
    for what in ["clock", "files", "DNS", "IPv6", "ping", "port", "disk", "writing"] {
        assert_eq!(of(what).len(), 1, "{what}: {told}");
    }
    let ill: Vec<_> = of("mail").into_iter().filter(|finding| finding["state"] == "ill").collect();
    assert_eq!((of("mail").len(), ill.len()), (2, 1), "{told}");
    assert!(ill[0]["said"].as_str().is_some_and(|said| said.contains("`gone`")), "{told}");
    assert!(findings.iter().all(|finding| finding["state"] == "well" || finding["fix"].is_string()), "{told}");
    let page = allswell(&arguments);
    assert!(
        page.stdout.contains("fix: see `smtp` of the channel `gone`") && !page.said().contains("s3cret"),
        "{}",
        page.said()
    );
    assert!(!directory.path().join("data").exists(), "nothing is changed");
}
