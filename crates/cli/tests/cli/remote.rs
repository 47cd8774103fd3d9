//! The commands that speak with a running server.

use serde_json::{Value, json};

use crate::support::server::Running;
use crate::support::{Ran, allswell, raw};

/// One target that is well and one that is not.
fn two_monitors() -> Running {
    let target = |status: &'static str| {
        raw::server(move |mut stream| {
            use std::io::Write;
            let _ = raw::head(&mut stream);
            let _ = stream.write_all(raw::http(status, "", "").as_bytes());
            raw::finish(stream);
        })
    };
    let (well, ill) = (target("200 OK"), target("503 Service Unavailable"));
    Running::start(&format!(
        r#"
defaults: {{ interval: 1s, timeout: 800ms, failure_threshold: 1 }}
monitors:
  - {{ name: web shop/eu, http: {{ url: "http://{well}/" }} }}
  - {{ name: payments-api, tags: [eu], http: {{ url: "http://{ill}/" }} }}
"#
    ))
}

/// Runs the command until what it prints holds `text`.
fn until(arguments: &[&str], text: &str) -> Ran {
    for _ in 0..2_000 {
        let ran = allswell(arguments);
        assert_eq!(ran.code, 0, "{}", ran.said());
        if ran.stdout.contains(text) {
            return ran;
        }
    }
    panic!("never `{text}`: {}", allswell(arguments).said());
}

#[test]
fn monitors_are_listed_trouble_first_for_people_and_programs() {
    let server = two_monitors();
    let url = server.url();
    until(&["ls", "--server", &url], "● up");
    let ran = until(&["ls", "--server", &url], "■ down");
    let rows: Vec<Vec<&str>> = ran.stdout.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!((rows[0][0], rows[0][2], rows[0][3]), ("■ down", "payments-api", "503"), "{}", ran.stdout);
    assert_eq!((rows[1][0], rows[1][2]), ("● up", "web shop/eu"), "{}", ran.stdout);

    let ran = allswell(&["ls", "--server", &url, "--not", "up", "--json", "name,status"]);
    let listed: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(listed, json!([{ "name": "payments-api", "status": "down" }]));
    let ran = allswell(&["ls", "--server", &url, "--tag", "eu", "--json", "name,tags"]);
    let listed: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(listed, json!([{ "name": "payments-api", "tags": ["eu"] }]));
    let ran = allswell(&["ls", "--server", &url, "--status", "up", "--json", "name"]);
    assert_eq!(ran.stdout, "[{\"name\":\"web shop/eu\"}]\n");
}

#[test]
fn incidents_are_listed_and_one_is_shown_in_full() {
    let server = two_monitors();
    let url = server.url();
    let ran = until(&["incidents", "--open", "--server", &url], "■ down");
    let cells: Vec<&str> = ran.stdout.trim_end().split('\t').collect();
    assert_eq!(cells[4], "payments-api", "{}", ran.stdout);
    assert!(cells[5].contains("503"), "{}", ran.stdout);
    let ran = allswell(&["incidents", cells[0], "--server", &url]);
    assert!(ran.stdout.contains("payments-api") && ran.stdout.contains("opened"), "{}", ran.said());
    let ran = allswell(&["incidents", "--monitor", "web shop/eu", "--json", "id", "--server", &url]);
    assert_eq!(ran.stdout, "[]\n", "{}", ran.said());
    let ran = allswell(&["incidents", "99-1", "--server", &url]);
    assert_eq!(ran.code, 2);
    assert_eq!(ran.stderr, "error: there is no incident `99-1`\n  try: see /api/v1/incidents for their ids\n");
}

#[test]
fn who_cannot_be_reached_is_told_with_the_way_out() {
    let ran = allswell(&["ls", "--server", "http://127.0.0.1:1"]);
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.starts_with("error: cannot reach http://127.0.0.1:1: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("  try: is it running? `allswell serve` starts one"), "{}", ran.stderr);
    assert_eq!(allswell(&["ls", "--server", "nonsense"]).code, 2);
    assert_eq!(allswell(&["ls", "--json", "state"]).code, 2);
    assert_eq!(allswell(&["ls", "--token-file", "/nowhere/key"]).code, 2);
}

#[test]
fn another_program_s_answer_is_not_taken_for_ours() {
    use std::io::Write;
    let answering = |status: &'static str, headers: &'static str| {
        let address = raw::server(move |mut stream| {
            let _ = raw::head(&mut stream);
            let _ = stream.write_all(raw::http(status, headers, "<h1>hello</h1>").as_bytes());
            raw::finish(stream);
        });
        allswell(&["ls", "--server", &format!("http://{address}")])
    };
    let page = answering("200 OK", "content-type: text/html\r\n");
    assert_eq!(page.code, 3);
    assert!(page.stderr.contains("cannot read the answer"), "{}", page.stderr);
    let moved = answering("301 Moved Permanently", "location: https://elsewhere.example.com/\r\n");
    assert_eq!(moved.code, 3);
    assert!(moved.stderr.contains("leads to https://elsewhere.example.com/"), "{}", moved.stderr);
    assert_eq!(answering("401 Unauthorized", "").code, 4);
}

#[test]
fn the_key_of_a_file_goes_with_every_question_and_is_never_shown() {
    use std::io::Write;
    let (heads, sent) = std::sync::mpsc::channel();
    let address = raw::server(move |mut stream| {
        let _ = heads.send(raw::head(&mut stream));
        let _ =
            stream.write_all(raw::http("403 Forbidden", "content-type: application/problem+json\r\n", "{}").as_bytes());
        raw::finish(stream);
    });
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "aw_s3cret\n").expect("it can be written");
    let path = file.path().to_string_lossy().into_owned();
    let ran = allswell(&["ls", "--server", &format!("http://{address}"), "--token-file", &path]);
    assert_eq!(ran.code, 4);
    assert!(!ran.said().contains("s3cret"), "{}", ran.said());
    let head = sent.recv().expect("it was asked").to_lowercase();
    assert!(head.contains("authorization: bearer aw_s3cret\r\n"), "{head}");
}

#[test]
fn the_first_key_closes_an_open_server_and_keys_are_listed_and_deleted() {
    let server = two_monitors();
    let url = server.url();
    let ran = allswell(&["keys", "create", "admin", "--scope", "write", "--server", &url]);
    assert_eq!(ran.code, 0, "{}", ran.said());
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &ran.stdout).expect("it can be written");
    let path = file.path().to_string_lossy().into_owned();
    let refused = allswell(&["ls", "--server", &url]);
    assert_eq!(refused.code, 4);
    assert!(refused.stderr.contains("a key with the scope `read` is needed"), "{}", refused.stderr);
    let with_key = |arguments: &[&str]| allswell(&[arguments, &["--server", &url, "--token-file", &path]].concat());
    assert_eq!(with_key(&["ls"]).code, 0);
    let made = with_key(&["keys", "create", "jobs", "--scope", "heartbeat", "--expires", "90d"]);
    assert_eq!(made.code, 0, "{}", made.said());
    let again = with_key(&["keys", "create", "jobs"]);
    assert_eq!((again.code, again.stdout.as_str()), (1, ""), "{}", again.stderr);
    let listed = with_key(&["keys", "ls"]);
    let rows: Vec<Vec<&str>> = listed.stdout.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!((rows[0][1], rows[0][2], rows[0][4]), ("admin", "write", "never"), "{}", listed.stdout);
    assert_eq!((rows[1][1], rows[1][2], rows[1][5]), ("jobs", "heartbeat", "never"), "{}", listed.stdout);
    assert!(!listed.stdout.contains("aw_"), "{}", listed.stdout);
    assert_eq!(with_key(&["keys", "rm", "jobs"]).code, 0);
    assert_eq!(with_key(&["keys", "rm", "jobs"]).code, 2);
    assert_eq!(with_key(&["keys", "rm", "admin"]).code, 1);
}

#[test]
fn keys_of_a_server_that_does_not_run_are_made_in_its_store() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().to_string_lossy().into_owned();
    let first = allswell(&["keys", "create", "reader", "--data", &data]);
    assert_eq!(first.code, 2);
    assert!(first.stderr.contains("the first key must be one that may write"), "{}", first.stderr);
    let made = allswell(&["keys", "create", "admin", "--scope", "write", "--data", &data]);
    assert!(made.code == 0 && made.stdout.starts_with("aw_"), "{}", made.said());
    let listed = allswell(&["keys", "ls", "--data", &data, "--json", "name,scopes"]);
    let listed: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    assert_eq!(listed, json!([{ "name": "admin", "scopes": ["write"] }]));
    assert_eq!(allswell(&["keys", "rm", "admin", "--data", &data]).code, 0);
    assert_eq!(allswell(&["keys", "ls", "--data", &data]).stdout, "");
}

#[test]
fn a_server_that_others_can_reach_does_not_start_before_there_is_a_key() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().to_string_lossy().into_owned();
    let ran = allswell(&["serve", "--data", &data, "--listen", "0.0.0.0:0"]);
    assert_eq!(ran.code, 2, "{}", ran.said());
    assert!(
        ran.stderr.contains("before there is an API key") && ran.stderr.contains("allswell keys create --data"),
        "{}",
        ran.stderr
    );
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "short").expect("it can be written");
    let path = file.path().to_string_lossy().into_owned();
    let ran = allswell(&["serve", "--data", &data, "--listen", "0.0.0.0:0", "--key-file", &path]);
    assert_eq!(ran.code, 2, "{}", ran.said());
    assert!(ran.stderr.contains("a key has 24 to 512 characters") && !ran.stderr.contains("short"), "{}", ran.stderr);
}

#[test]
fn an_incident_is_seen_to_by_its_number_or_by_its_monitor() {
    let server = two_monitors();
    let url = server.url();
    let ran = until(&["incidents", "--open", "--server", &url], "■ down");
    let id = ran.stdout.split('\t').next().expect("an id").to_owned();
    let ran = allswell(&["ack", "payments-api", "--by", "Ada", "--note", "on it", "--server", &url]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, &*format!("{id} (payments-api) is seen to by Ada: on it\n")),
        "{}",
        ran.stderr
    );
    let ran = allswell(&["ack", &id, "--by", "Bob", "--server", &url]);
    assert!(ran.code == 0 && ran.stdout.contains("by Ada"), "{}", ran.said());
    let ran = allswell(&["ack", "nobody", "--server", &url]);
    assert_eq!(ran.code, 2, "{}", ran.said());
    assert!(
        ran.stderr.contains("no incident") && ran.stderr.contains("there is no monitor `nobody`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_was_made_through_the_api_is_paused_and_resumed() {
    let server = two_monitors();
    let url = server.url();
    let ran = allswell(&["pause", "nobody", "--server", &url]);
    assert_eq!(ran.code, 2, "{}", ran.said());
    // What the server's own file says is paused there.
    let ran = allswell(&["pause", "payments-api", "--server", &url]);
    assert!(ran.code == 1 && ran.stdout.is_empty(), "{}", ran.said());
}
