//! Accounts, listed and kept by plans from the command line.

use serde_json::{Value, json};

use super::support::server::Running;
use super::support::{allswell, allswell_told};

#[test]
fn accounts_of_a_running_server_are_listed_and_kept_by_another_plan_at_once() {
    let server = Running::start("monitors: []\nplans: { free: { monitors: 0 } }\n");
    let url = server.url();
    let account = |arguments: &[&str]| allswell(&[&["account"], arguments, &["--server", &url]].concat());
    let listed = account(&["ls"]);
    assert!(listed.code == 0 && listed.stdout.starts_with("1\tdefault\t-\t0\t0\t20"), "{}", listed.said());
    assert_eq!(account(&["plan", "1", "free"]).said(), "");
    let listed = account(&["ls", "--json", "id,plan"]);
    assert_eq!(serde_json::from_str::<Value>(&listed.stdout).expect("JSON"), json!([{ "id": 1, "plan": "free" }]));
    let unknown = account(&["plan", "1", "gold"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("there is no plan `gold`"), "{}", unknown.said());
    assert!(unknown.stderr.contains("known are free"), "{}", unknown.said());
    let missing = account(&["plan", "7", "free"]);
    assert!(missing.code == 2 && missing.stderr.contains("there is no account `7`"), "{}", missing.said());
    assert_eq!(account(&["plan", "1", "--none"]).code, 0);
    assert!(account(&["ls"]).stdout.starts_with("1\tdefault\t-\t"));
    let missing = account(&["rm", "7"]);
    assert!(missing.code == 2 && missing.stderr.contains("there is no account `7`"), "{}", missing.said());
    let own = account(&["rm", "1"]);
    assert!(own.code == 1 && own.stderr.contains("the first account"), "{}", own.said());
    let reader = allswell(&["keys", "create", "admin", "--scope", "write", "--server", &url]);
    assert_eq!(reader.code, 0);
    assert_eq!(account(&["ls"]).code, 4, "they are for who runs the server");
}

#[test]
fn accounts_of_a_server_that_does_not_run_are_those_of_its_store() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().to_string_lossy().into_owned();
    let made =
        allswell_told("correct horse battery\n", &["user", "add", "--role", "owner", "a@example.com", "--data", &data]);
    assert_eq!(made.code, 0, "{}", made.said());
    assert_eq!(allswell(&["account", "plan", "1", "free", "--data", &data]).said(), "");
    let listed = allswell(&["account", "ls", "--data", &data]);
    assert!(listed.stdout.starts_with("1\tdefault\tfree\t0\t1\t20"), "{}", listed.said());
    let missing = allswell(&["account", "plan", "7", "--none", "--data", &data]);
    assert!(missing.code == 2 && missing.stderr.contains("there is no account 7"), "{}", missing.said());
    let missing = allswell(&["account", "rm", "7", "--data", &data]);
    assert!(missing.code == 2 && missing.stderr.contains("there is no account 7"), "{}", missing.said());
    let own = allswell(&["account", "rm", "1", "--data", &data]);
    assert!(own.code == 1 && own.stderr.contains("the first account"), "{}", own.said());
}
