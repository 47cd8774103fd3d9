//! `allswell channel test`: real messages to real receivers on loopback.

use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::people::{Posted, mail_server, receiver, relay};
use crate::support::{Ran, allswell, allswell_in, picture, raw};

/// Writes `channels` (one a line, as YAML) into a configuration and runs `allswell channel test` with it.
fn test(names: &[&str], channels: &[String]) -> Ran {
    let lines: String = channels.iter().map(|channel| format!("  {channel}\n")).collect();
    let ran = run(names, &format!("channels:\n{lines}"));
    assert!(!ran.said().contains("canary"), "{}", ran.said());
    ran
}

fn run(names: &[&str], yaml: &str) -> Ran {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("allswell.yaml"), yaml).expect("writable");
    allswell_in(directory.path(), &[&["channel", "test", "--config", "allswell.yaml"], names].concat())
}

fn email(name: &str, smtp: &str) -> String {
    format!("{name}: {{ type: email, smtp: \"{smtp}\", from: allswell@example.com, to: [ops@example.com] }}")
}

fn webhook(name: &str, url: &str) -> String {
    format!("{name}: {{ type: webhook, url: \"{url}\", secret: canary-secret }}")
}

/// Whether `posted` was signed with the secret of [`webhook`] a moment ago.
fn is_signed(posted: &Posted) -> bool {
    let signature = posted.header("allswell-signature").expect("a signature");
    let (stamp, given) = signature.split_once(",v1=").expect("two parts");
    let stamp = stamp.trim_start_matches("t=");
    let mut mac = Hmac::<Sha256>::new_from_slice(b"canary-secret").expect("any length");
    mac.update(format!("{stamp}.{}", posted.body).as_bytes());
    let expected: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    expected == given && now.abs_diff(stamp.parse().expect("seconds")) < 300
}

#[test]
fn every_channel_of_the_file_is_sent_a_message_that_says_it_is_a_test() {
    let (relay, mails) = mail_server();
    let (hook, posted) = receiver(raw::http("200 OK", "", "thanks"));
    let channels = [email("ops", &format!("smtp://{relay}")), webhook("hook", &format!("http://{hook}/in"))];
    let ran = test(&[], &channels);
    assert_eq!(ran.code, 0, "{}", ran.said());
    assert!(ran.stdout.ends_with("2 channels took the test message: look where it arrives\n"), "{}", ran.stdout);
    let mail = mails.list().pop().expect("a mail");
    assert_eq!(
        (mail.subject.as_str(), &mail.to),
        ("● Test: the channel ops works", &vec!["ops@example.com".to_owned()])
    );
    let posted = posted.lock().expect("lock").pop().expect("a request");
    let body: Value = serde_json::from_str(&posted.body).expect("JSON");
    assert_eq!((&body["kind"], &body["monitor"]), (&json!("test"), &json!("hook")));
    assert_eq!(posted.header("idempotency-key"), body["id"].as_str());
    assert!(is_signed(&posted), "{posted:?}");
}

#[test]
fn only_the_named_channel_is_told_and_only_once() {
    let (relay, mails) = mail_server();
    let (hook, posted) = receiver(raw::http("204 No Content", "", ""));
    let channels = [email("ops", &format!("smtp://{relay}")), webhook("hook", &format!("http://{hook}/in"))];
    let ran = test(&["ops", "ops"], &channels);
    assert_eq!((ran.code, mails.taken(), posted.lock().expect("lock").len()), (0, 1, 0), "{}", ran.said());
    picture("channel_accepted", &ran.stdout);
}

#[test]
fn each_test_has_a_key_of_its_own() {
    let (hook, posted) = receiver(raw::http("200 OK", "", ""));
    for _ in 0..2 {
        assert_eq!(test(&[], &[webhook("hook", &format!("http://{hook}/in"))]).code, 0);
    }
    let posted = posted.lock().expect("lock");
    assert_ne!(posted[0].header("idempotency-key"), posted[1].header("idempotency-key"));
}

#[test]
fn a_channel_that_does_not_take_it_says_why_and_what_that_means_for_an_alert() {
    let check = |name: &str, channel: String| {
        let ran = test(&[], &[channel]);
        assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "{}", ran.said());
        picture(&format!("channel_{name}"), &ran.stdout);
    };
    let unknown = relay(&[("RCPT", "550 5.1.1 no such user here")]);
    check("nobody_there", email("ops", &format!("smtp://{unknown}")));
    let busy = relay(&[("MAIL", "451 4.3.0 try again later")]);
    check("put_off", email("ops", &format!("smtp://{busy}")));
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("bind").local_addr().expect("address");
    check("nobody_listens", email("ops", &format!("smtp://{free}")));
    let (gone, _) = receiver(raw::http("404 Not Found", "", "no such hook"));
    check("not_found", webhook("hook", &format!("http://{gone}/canary-token")));
    let (silent, _) = receiver("");
    check("hung_up", webhook("hook", &format!("http://{silent}/canary-token")));
}

#[test]
fn one_channel_that_fails_is_enough_for_the_exit_code_and_stops_no_other() {
    let (relay, mails) = mail_server();
    let (hook, _) = receiver(raw::http("404 Not Found", "", ""));
    let channels = [webhook("a-hook", &format!("http://{hook}/")), email("ops", &format!("smtp://{relay}"))];
    let ran = test(&["ops", "a-hook"], &channels);
    assert_eq!((ran.code, mails.taken()), (1, 1), "{}", ran.said());
    assert!(ran.stdout.ends_with("1 of 2 channels took the test message\n"), "{}", ran.stdout);
}

#[test]
fn a_program_reads_one_line_in_the_order_of_the_names() {
    let (relay, _) = mail_server();
    let (hook, _) = receiver(raw::http("404 Not Found", "", ""));
    let channels = [webhook("a-hook", &format!("http://{hook}/")), email("ops", &format!("smtp://{relay}"))];
    let ran = test(&["ops", "a-hook", "--json"], &channels);
    assert_eq!((ran.code, ran.stdout.lines().count()), (1, 1), "{}", ran.said());
    let mut line: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    for channel in line["channels"].as_array_mut().expect("a list") {
        let took = channel.as_object_mut().and_then(|channel| channel.remove("took_ms"));
        assert!(took.and_then(|took| took.as_f64()).is_some_and(|took| took > 0.0));
    }
    let refused = format!("the receiver {hook} answered 404 Not Found; see the channel's url");
    let ops = json!({ "channel": "ops", "type": "email", "receiver": relay.to_string(), "result": "accepted",
        "said": "250 2.0.0 kept as number 1" });
    let hook = json!({ "channel": "a-hook", "type": "webhook", "receiver": hook.to_string(), "result": "refused",
        "said": refused });
    assert_eq!(line, json!({ "ok": false, "channels": [ops, hook] }));
}

#[test]
fn what_is_secret_in_a_channel_is_printed_nowhere() {
    let echo = relay(&[("EHLO", "250 AUTH PLAIN"), ("AUTH", "535 5.7.8 not with {line}")]);
    let ran = test(&[], &[email("ops", &format!("smtp://me:canary@{echo}"))]);
    assert_eq!(ran.code, 1, "{}", ran.said());
    assert!(ran.stdout.contains("did not take username and password: 535"), "{}", ran.stdout);
    // base64 of `\0me\0canary`
    assert!(!ran.stdout.contains("AG1lAGNhbmFyeQ"), "{}", ran.stdout);
}

#[test]
fn the_server_s_address_policy_holds_for_a_test_too() {
    let (hook, posted) = receiver(raw::http("200 OK", "", ""));
    let hook = webhook("hook", &format!("http://{hook}/"));
    let ran = run(&[], &format!("server: {{ address_policy: {{ deny_private: true }} }}\nchannels:\n  {hook}\n"));
    assert_eq!((ran.code, posted.lock().expect("lock").len()), (1, 0), "{}", ran.said());
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("must not be connected to"), "{said}");
}

#[test]
fn mistakes_end_with_2_name_the_way_out_and_tell_nobody() {
    let (relay, mails) = mail_server();
    let ops = email("ops", &format!("smtp://{relay}"));
    let check = |names: &[&str], yaml: &str, wanted: &str| {
        let ran = run(names, yaml);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.said());
        assert!(ran.stderr.contains(wanted), "{}", ran.stderr);
    };
    check(&["oops"], &format!("channels:\n  {ops}\n"), "`allswell.yaml` has no channel `oops`; it has `ops`");
    check(
        &[],
        "monitors: []\n",
        "`allswell.yaml` has no channels, so nobody would be told; write one below `channels:`",
    );
    check(&["ops"], &format!("chanels:\n  {ops}\n"), "did you mean `channels`?");
    let ca = "hook: { type: webhook, url: \"https://127.0.0.1:1/\", ca: /nonexistent/ca.pem }";
    check(&[], &format!("channels:\n  {ops}\n  {ca}\n"), "/nonexistent/ca.pem");
    assert_eq!(mails.taken(), 0);
    let unnamed = allswell(&["channel", "test", "ops"]);
    assert_eq!(unnamed.code, 2);
    assert!(unnamed.stderr.contains("--config <FILE>"), "{}", unnamed.stderr);
}
