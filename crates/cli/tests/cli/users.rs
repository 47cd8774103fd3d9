//! Users, made and changed from the command line.

use serde_json::{Value, json};

use super::support::server::Running;
use super::support::{allswell, allswell_told};

const PASSWORD: &str = "correct horse battery\n";

#[test]
fn users_of_a_running_server_are_made_by_who_has_a_key_that_may_write() {
    let server = Running::start("monitors: []\n");
    let url = server.url();
    let made = allswell(&["keys", "create", "admin", "--scope", "write", "--server", &url]);
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &made.stdout).expect("it can be written");
    let path = file.path().to_string_lossy().into_owned();
    let user = |input: &str, arguments: &[&str]| {
        allswell_told(input, &[&["user"], arguments, &["--server", &url, "--token-file", &path]].concat())
    };
    let first = user(PASSWORD, &["add", "--role", "viewer", "bob@example.com"]);
    assert!(first.code != 0 && first.stderr.contains("the first user must be an owner"), "{}", first.said());
    let weak = user("short\n", &["add", "--role", "owner", "ada@example.com"]);
    assert!(weak.code != 0 && weak.stderr.contains("a password has 12 to 256 characters"), "{}", weak.said());
    assert_eq!(user(PASSWORD, &["add", "--role", "owner", "Ada@Example.com", "--name", "Ada"]).code, 0);
    assert_eq!(user(PASSWORD, &["add", "--role", "viewer", "bob@example.com"]).code, 0);
    assert_eq!(user(PASSWORD, &["add", "--role", "viewer", "bob@example.com"]).code, 1, "there is one already");
    assert_eq!(user("", &["role", "bob@example.com", "editor"]).code, 0);
    assert_eq!(user("another good one\n", &["password", "bob@example.com"]).code, 0);
    let listed = user("", &["ls"]);
    assert_eq!(listed.stdout, "1\tada@example.com\tAda\towner\t-\n2\tbob@example.com\tbob\teditor\t-\n");
    let link = user("", &["invite", "--role", "viewer", "eve@example.com"]);
    assert!(link.code == 0 && link.stdout.starts_with(&format!("{url}/join?token=aw_")), "{}", link.said());
    assert_eq!(user("", &["rm", "ada@example.com"]).code, 1, "she is the last owner");
    assert_eq!(user("", &["rm", "bob@example.com"]).code, 0);
    assert_eq!(allswell(&["user", "ls", "--server", &url]).code, 4, "and nobody else");
}

#[test]
fn the_owner_of_a_server_that_does_not_run_is_made_in_its_store_and_gets_in_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().to_string_lossy().into_owned();
    let made = allswell_told(PASSWORD, &["user", "add", "--role", "owner", "ada@example.com", "--data", &data]);
    assert_eq!((made.code, made.said().as_str()), (0, ""));
    let listed = allswell(&["user", "ls", "--data", &data, "--json", "email,role,sessions"]);
    let listed: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    assert_eq!(listed, json!([{ "email": "ada@example.com", "role": "owner", "sessions": 0 }]));
    let another = allswell_told("another good one\n", &["user", "password", "ada@example.com", "--data", &data]);
    assert_eq!(another.code, 0, "{}", another.said());
    let nobody = allswell(&["user", "role", "eve@example.com", "owner", "--data", &data]);
    assert!(nobody.code == 2 && nobody.stderr.contains("there is no user `eve@example.com`"), "{}", nobody.said());
    let last = allswell(&["user", "rm", "1", "--data", &data]);
    assert!(last.code == 2 && last.stderr.contains("this is the last owner"), "{}", last.said());
}
