//! Backups from the command line, of a server that runs and of one that does not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::support::server::Running;
use super::support::{Ran, allswell, allswell_in};

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_running_server_is_backed_up_and_its_file_is_a_data_directory() {
    let server = Running::start("monitors: [{ name: payments-api, heartbeat: { period: 1h } }]");
    let (url, here) = (server.url(), tempfile::tempdir().expect("a folder"));
    let backup = |arguments: &[&str]| -> Ran {
        allswell_in(here.path(), &[&["backup"], arguments, &["--server", &url]].concat())
    };
    assert_eq!(backup(&["ls"]).said(), "");
    let taken = backup(&["take", "--results"]);
    let name = taken.stdout.trim_end().to_owned();
    assert!(taken.code == 0 && name.ends_with("Z-with-results"), "{}", taken.said());
    let listed = backup(&["ls"]);
    assert!(
        listed.stdout.starts_with(&format!("{name}\t20")) && listed.stdout.ends_with("\tyes\n"),
        "{}",
        listed.said()
    );
    let listed: Value = serde_json::from_str(&backup(&["ls", "--json", "name,bytes"]).stdout).expect("JSON");
    assert_eq!(listed[0]["name"], name.as_str());

    assert_eq!(backup(&["fetch", &name]).said(), "");
    let file = here.path().join(format!("allswell-{name}.tar"));
    let metadata = fs::metadata(&file).expect("it is there");
    assert_eq!((metadata.permissions().mode() & 0o777, Some(metadata.len())), (0o600, listed[0]["bytes"].as_u64()));
    assert_eq!(names(here.path()).len(), 1, "nothing else is left");
    let again = backup(&["fetch", &name]);
    assert!(again.code == 2 && again.stderr.contains("is there already"), "{}", again.said());
    let missing = backup(&["fetch", "2026-11-22T140846Z", "--output", "other.tar"]);
    assert!(
        missing.code == 2 && missing.stderr.contains("there is no backup `2026-11-22T140846Z`"),
        "{}",
        missing.said()
    );
    let nowhere = backup(&["fetch", &name, "--output", "no/such/folder.tar"]);
    assert!(nowhere.code == 2 && nowhere.stderr.contains("cannot write `no/such/folder.tar"), "{}", nowhere.said());
    assert_eq!(names(here.path()).len(), 1);

    let data = tempfile::tempdir().expect("a folder");
    let unpacked = Command::new("tar").arg("-xf").arg(&file).arg("-C").arg(data.path()).status().expect("tar runs");
    assert!(unpacked.success());
    let accounts = allswell(&["account", "ls", "--data", &data.path().to_string_lossy()]);
    assert!(accounts.stdout.starts_with("1\tdefault\t-\t1\t"), "{}", accounts.said());

    assert_eq!(backup(&["rm", &name]).said(), "");
    assert_eq!(backup(&["ls"]).said(), "");
    let gone = backup(&["rm", &name]);
    assert!(gone.code == 2 && gone.stderr.contains("there is no backup"), "{}", gone.said());
}

#[test]
fn a_server_that_does_not_run_is_backed_up_from_its_directory() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().to_string_lossy().into_owned();
    let backup = |arguments: &[&str]| allswell(&[&["backup"], arguments, &["--data", &data]].concat());
    assert_eq!(allswell(&["keys", "create", "admin", "--scope", "write", "--data", &data]).code, 0);
    let taken = backup(&["take"]);
    let name = taken.stdout.trim_end().to_owned();
    assert!(taken.code == 0 && name.ends_with('Z'), "{}", taken.said());
    assert_eq!(names(&directory.path().join("backups").join(&name)), ["main.db"]);
    let listed = backup(&["ls"]);
    assert!(listed.stdout.starts_with(&name) && listed.stdout.ends_with("\tno\n"), "{}", listed.said());
    assert_eq!(backup(&["rm", &name]).said(), "");
    let missing = backup(&["rm", &name]);
    assert!(
        missing.code == 2 && missing.stderr.contains(&format!("there is no backup `{name}`")),
        "{}",
        missing.said()
    );
}
