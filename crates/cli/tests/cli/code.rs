//! Configuration as code, from the command line to a running server.

use std::fs;

use crate::support::server::Running;
use crate::support::{allswell, allswell_in};

#[test]
fn files_are_planned_applied_and_exported() {
    let server = Running::start("");
    let url = server.url();
    let folder = tempfile::tempdir().expect("a directory");
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::create_dir(at("monitors")).expect("a directory");
    fs::write(at("monitors/channels.yaml"), "channels: { hook: { type: webhook, url: \"http://127.0.0.1:1/\" } }\n")
        .expect("written");
    let api = "monitors: [{ name: api, tcp: { address: \"127.0.0.1:1\" }, interval: 60s, channels: [hook] }]\n";
    fs::write(at("monitors/api.yaml"), api).expect("written");
    let ran = |arguments: &[&str]| {
        let arguments: Vec<_> = arguments.iter().copied().chain(["--server", &url]).collect();
        allswell_in(folder.path(), &arguments)
    };

    let plan = ran(&["plan", "monitors/"]);
    assert_eq!(plan.code, 2, "{}", plan.said());
    let expected = "  + add     channel   hook  webhook\n  + add     monitor   api   tcp  tcp 127.0.0.1:1\n  2 add\n";
    assert_eq!(plan.stdout, expected);
    let unasked = ran(&["apply", "monitors/"]);
    assert_eq!(unasked.code, 2, "{}", unasked.said());
    assert!(unasked.stderr.contains("say `--yes` to apply 2 changes"), "{}", unasked.stderr);
    let applied = ran(&["apply", "monitors/", "--yes"]);
    assert_eq!((applied.code, applied.stdout.lines().last()), (0, Some("applied 2 changes")), "{}", applied.said());
    let plan = ran(&["plan", "monitors/"]);
    assert_eq!((plan.code, plan.stdout.as_str()), (0, "  nothing to change\n  2 as it is\n"), "{}", plan.said());

    fs::write(at("monitors/api.yaml"), api.replace("60s", "30s")).expect("written");
    let plan = ran(&["plan", "monitors/"]);
    assert!(plan.stdout.contains("  ~ change  monitor   api  interval 60s → 30s\n"), "{}", plan.stdout);
    let exported = ran(&["export"]);
    let expected = "channels:\n  hook:\n    type: webhook\n    url: \"***\"\nmonitors:\n  - name: api\n    tcp:\n      \
                    address: \"127.0.0.1:1\"\n    interval: 60s\n    channels: [hook]\n";
    assert_eq!(exported.stdout, expected);

    fs::write(at("monitors/api.yaml"), "monitors:\n  - { name: api, intervall: 30s }\n").expect("written");
    let wrong = ran(&["apply", "monitors/", "--yes"]);
    assert_eq!(wrong.code, 2, "{}", wrong.said());
    assert!(
        wrong.stderr.contains("monitors/api.yaml:2:18 [V012] unknown key `intervall`; did you mean `interval`?"),
        "{}",
        wrong.stderr
    );
    assert_eq!(ran(&["export"]).stdout, expected, "nothing was changed");
}

#[test]
fn who_cannot_be_reached_is_told() {
    let folder = tempfile::tempdir().expect("a directory");
    fs::write(folder.path().join("a.yaml"), "").expect("written");
    let file = folder.path().join("a.yaml").display().to_string();
    let ran = allswell(&["plan", &file, "--server", "http://127.0.0.1:1"]);
    assert_eq!(ran.code, 3, "{}", ran.said());
    let ran = allswell(&["plan", "/there/is/no/such/file.yaml", "--server", "http://127.0.0.1:1"]);
    assert_eq!(ran.code, 2, "{}", ran.said());
    assert!(ran.stderr.contains("cannot read `/there/is/no/such/file.yaml`"), "{}", ran.stderr);
}
