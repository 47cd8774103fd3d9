//! The prober itself: deadlines, dropping, our own faults, and bytes that nobody ever meant to send.
#![allow(clippy::disallowed_methods, reason = "the servers here are the other side")]

mod support;

use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use allswell_core::{Reason, Verdict};
use allswell_probe::{AddressPolicy, Answer, Prober};
use proptest::prelude::*;
use serde_json::json;
use support::dns::{self, Reply};
use support::{ask, fails, now_and_a_bit, outcome, passes, question, raw, soon};
use tokio::time::Instant;

#[tokio::test]
async fn a_deadline_that_has_passed_already_is_our_own_lateness() {
    let (address, heads) = raw::recording(|_| raw::http("200 OK", "", ""));
    let question = question(json!({ "http": { "url": format!("http://{address}/") } }), &[]);
    let answer = Prober::new(AddressPolicy::default()).ask(&question, Instant::now() - Duration::from_secs(1)).await;
    assert_eq!(outcome(&answer), (Verdict::Unknown, Some(Reason::OwnStarved)), "{answer:?}");
    assert!(heads.lock().expect("lock").is_empty());
}

#[tokio::test]
async fn dropping_an_asking_closes_its_connection() {
    let (tell, told) = std::sync::mpsc::channel();
    let address = raw::server(move |mut stream| {
        raw::head(&mut stream);
        let _ = tell.send("asked");
        let _ = std::io::Read::read_to_end(&mut stream, &mut Vec::new());
        let _ = tell.send("closed");
    });
    let question = question(json!({ "http": { "url": format!("http://{address}/") } }), &[]);
    let prober = Prober::new(AddressPolicy::default());
    let asking = tokio::time::timeout(Duration::from_secs(1), prober.ask(&question, soon())).await;
    assert!(asking.is_err());
    assert_eq!((told.recv(), told.recv()), (Ok("asked"), Ok("closed")));
}

async fn by(resolver: SocketAddr, deadline: Instant) -> Answer {
    let settings = json!({ "http": { "url": "http://api.test:9/", "resolver": resolver.to_string() } });
    Prober::new(AddressPolicy::default()).ask(&question(settings, &[]), deadline).await
}

#[tokio::test]
async fn the_resolvers_answers_become_outcomes() {
    fails(&by(dns::server(|_, _| Reply::NxDomain), soon()).await, Reason::DnsNotFound);
    fails(&by(dns::server(|_, _| Reply::ServFail), soon()).await, Reason::DnsFailure);
    let slow = dns::server(|_, kind| if kind == dns::NS { Reply::NoData } else { Reply::Silence });
    let answer = by(slow, Instant::now() + Duration::from_secs(1)).await;
    fails(&answer, Reason::DnsTimeout);
    assert!(answer.phases.dns.is_some() && answer.phases.connect.is_none());
    let silent = by(dns::server(|_, _| Reply::Silence), now_and_a_bit()).await;
    assert_eq!(outcome(&silent), (Verdict::Unknown, Some(Reason::OwnResolver)), "{silent:?}");
    let gone = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("an address");
    assert_eq!(outcome(&by(gone, now_and_a_bit()).await), (Verdict::Unknown, Some(Reason::OwnResolver)));
}

#[tokio::test]
async fn running_out_of_descriptors_is_our_own_fault() {
    // In a process of its own, whose limit is low: this one may need its descriptors.
    const INSIDE: &str = "ALLSWELL_TEST_WITHOUT_DESCRIPTORS";
    if std::env::var_os(INSIDE).is_none() {
        let exe = std::env::current_exe().expect("this test");
        let status = std::process::Command::new("sh")
            .args(["-c", "ulimit -n 64; exec \"$0\" --exact running_out_of_descriptors_is_our_own_fault"])
            .arg(exe)
            .env(INSIDE, "1")
            .stdout(std::process::Stdio::null())
            .status();
        assert!(status.expect("runs").success());
        return;
    }
    let question = question(json!({ "tcp": { "address": "127.0.0.1:9" } }), &[]);
    let mut hoard = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        hoard.push(file);
    }
    let answer = Prober::new(AddressPolicy::default()).ask(&question, soon()).await;
    drop(hoard);
    assert_eq!(outcome(&answer), (Verdict::Unknown, Some(Reason::OwnFault)), "{answer:?}");
    assert!(answer.detail.is_some_and(|detail| detail.contains("file descriptors")));
}

#[tokio::test]
async fn one_anchor_that_answers_is_enough() {
    let refusing = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let anchors = ["192.0.2.255:1".to_owned(), refusing.expect("an address").to_string()];
    assert!(Prober::new(AddressPolicy::default()).reaches_any(&anchors, soon()).await);
}

#[tokio::test]
async fn a_question_can_be_asked_again_and_by_many_at_once() {
    let address = raw::replying(|_| raw::http("200 OK", "", "well"));
    let question = question(json!({ "http": { "url": format!("http://{address}/") } }), &[]);
    let prober = Prober::new(AddressPolicy::default());
    let answers = futures_util::future::join_all((0..50).map(|_| prober.ask(&question, soon()))).await;
    answers.iter().for_each(passes);
}

/// Asks a server that answers with `bytes`, whatever they are.
fn answer_to(bytes: Vec<u8>) -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { ask(json!({ "http": { "url": format!("http://{}/", raw::answering(bytes)) } })).await })
}

/// Bytes that begin like an answer and go on like anything.
fn nearly_http() -> impl Strategy<Value = Vec<u8>> {
    let head = prop::sample::select(vec![
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\u{8b}",
        "HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"status\":",
        "HTTP/1.1 302 Found\r\nLocation: ",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.0 ",
    ]);
    (head, prop::collection::vec(any::<u8>(), 0..300)).prop_map(|(head, rest)| {
        let latin: Vec<u8> = head.chars().map(|c| u8::try_from(u32::from(c)).expect("latin")).collect();
        [latin, rest].concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_an_outcome_and_never_our_fault(bytes in nearly_http()) {
        let answer = answer_to(bytes);
        prop_assert!(answer.outcome.verdict != Verdict::Unknown, "{:?}", answer);
        prop_assert_eq!(answer.outcome.verdict == Verdict::Pass, answer.outcome.reason.is_none());
    }

    #[test]
    fn any_bytes_instead_of_tls_are_an_outcome(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let address = raw::server(move |mut stream| {
            let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
            let _ = stream.write_all(&bytes);
            raw::finish(stream);
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let answer = runtime.block_on(ask(json!({ "tls": { "address": address.to_string() } })));
        prop_assert_eq!(answer.outcome.verdict, Verdict::Fail, "{:?}", answer);
    }
}
