//! `allswell run`: the job comes first, and its heartbeat hears how it went.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::support::{Ran, allswell, raw};

/// What was called: each path with its body.
type Calls = Mutex<Vec<(String, String)>>;

/// A server that keeps what it is told.
fn listening(status: &'static str) -> (String, Arc<Calls>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&told);
    let address = raw::server(move |mut stream| {
        use std::io::{Read, Write};
        let head = raw::head(&mut stream);
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body).expect("a body");
        kept.lock().expect("lock").push((path, String::from_utf8_lossy(&body).into_owned()));
        let _ = stream.write_all(raw::http(status, "", "").as_bytes());
        raw::finish(stream);
    });
    (format!("http://{address}/heartbeat/s3cret-token-of-mine"), told)
}

fn run(arguments: &[&str]) -> Ran {
    allswell(&[&["run"], arguments].concat())
}

/// The calls in the order of their meaning: the start may be heard after the end of a short job.
fn calls(told: &Calls) -> Vec<(String, String)> {
    let mut calls = told.lock().expect("lock").clone();
    calls.sort_by_key(|(path, _)| !path.contains("/start"));
    calls
}

#[test]
fn a_job_s_output_goes_both_ways_and_its_exit_code_is_ours() {
    let (address, told) = listening("200 OK");
    let ran = run(&[&address, "--", "sh", "-c", "echo out; echo err >&2; exit 3"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (3, "out\n", "err\n"));
    let calls = calls(&told);
    let [(start, nothing), (end, said)] = calls.as_slice() else { panic!("{calls:?}") };
    let run_of = |path: &str| path.split("?rid=").nth(1).expect("a run").to_owned();
    assert!(start.starts_with("/heartbeat/s3cret-token-of-mine/start?rid=") && nothing.is_empty(), "{start}");
    assert!(end.starts_with("/heartbeat/s3cret-token-of-mine/3?rid="), "{end}");
    assert_eq!(run_of(start), run_of(end));
    assert!(said.contains("out\n") && said.contains("err\n"), "{said}");
}

#[test]
fn a_token_belongs_to_the_server_that_is_named() {
    let (address, told) = listening("200 OK");
    let server = address.split("/heartbeat").next().expect("a server");
    assert_eq!(run(&["s3cret-token-of-mine", "--server", server, "--quiet", "--", "echo", "hidden"]).code, 0);
    let calls = calls(&told);
    assert!(calls[1].0.starts_with("/heartbeat/s3cret-token-of-mine/0?rid=") && calls[1].1.is_empty(), "{calls:?}");
}

#[test]
fn a_job_runs_whatever_becomes_of_the_calls() {
    let (address, _) = listening("404 Not Found");
    let ran = run(&[&address, "--patience", "0s", "--", "echo", "done"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "done\n"));
    assert!(ran.stderr.contains("is the token the right one?") && !ran.stderr.contains("s3cret"), "{}", ran.stderr);
    let ran = run(&["http://127.0.0.1:1/heartbeat/s3cret-token", "--patience", "0s", "--", "true"]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.stderr.contains("cannot tell that the job has ended") && !ran.stderr.contains("s3cret"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_job_that_cannot_be_run_is_told_as_a_failure() {
    let (address, told) = listening("200 OK");
    assert_eq!(run(&[&address, "--", "/nowhere/job"]).code, 127);
    assert_eq!(run(&[&address, "--", "/"]).code, 126);
    let told = told.lock().expect("lock");
    assert!(told[0].0.contains("/127?") && told[0].1.contains("cannot run /nowhere/job"), "{told:?}");
    assert!(told[1].0.contains("/126?"), "{told:?}");
}

#[test]
fn a_signal_is_handed_on_and_a_killed_job_is_told() {
    let (address, told) = listening("200 OK");
    let mut command = Command::new(env!("CARGO_BIN_EXE_allswell"));
    command.args(["run", &address, "--", "sh", "-c", "echo ready; exec sleep 60"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
    let mut ready = [0; 6];
    std::io::Read::read_exact(child.stdout.as_mut().expect("piped"), &mut ready).expect("the job began");
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("it is there");
    assert_eq!(child.wait().expect("it ends").code(), Some(143));
    assert!(calls(&told)[1].0.contains("/143?"), "{told:?}");
}

#[test]
fn what_names_no_heartbeat_is_refused_before_the_job_runs() {
    for wrong in ["not a token", "ftp://h/heartbeat/x", "http://h/heartbeat/x?y=1", ""] {
        let ran = run(&[wrong, "--", "echo", "ran"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{wrong}: {}", ran.stderr);
    }
}
