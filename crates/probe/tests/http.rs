//! HTTP against servers that keep the rules and servers that break them at every stage.
#![allow(clippy::disallowed_methods, reason = "the servers here are the other side")]

mod support;

use std::io::Write;
use std::net::TcpListener;

use allswell_core::Reason;
use allswell_probe::Answer;
use serde_json::{Value, json};
use support::raw::{self, http};
use support::{ask, ask_briefly, ask_patiently, fails, passes};

fn get(address: impl std::fmt::Display) -> Value {
    json!({ "http": { "url": format!("http://{address}/") } })
}

async fn answer_to(bytes: impl Into<Vec<u8>>) -> Answer {
    ask(get(raw::answering(bytes))).await
}

#[tokio::test]
async fn a_well_server_passes_with_all_its_phases() {
    let answer = answer_to(http("200 OK", "Content-Type: text/plain\r\n", "all is well")).await;
    passes(&answer);
    assert_eq!(answer.status, Some(200));
    assert_eq!(answer.http_version, Some("HTTP/1.1"));
    assert_eq!(answer.body_bytes, Some(11));
    assert_eq!((answer.phases.dns, answer.phases.tls), (None, None));
    assert!(answer.phases.connect.is_some() && answer.phases.first_byte.is_some() && answer.phases.transfer.is_some());
    assert!(answer.address.is_some_and(|address| address.ip().is_loopback()));
}

#[tokio::test]
async fn the_request_is_what_was_asked_for() {
    let (address, heads) = raw::recording(|_| http("200 OK", "", ""));
    let settings = json!({ "http": {
        "url": format!("http://{address}/a%20b?x=1#part"), "method": "post", "headers": { "X-Trace": "7" },
        "body": "{}", "basic_auth": { "user": "u", "password": "p" },
    }});
    passes(&ask(settings).await);
    let head = heads.lock().expect("lock").remove(0).to_lowercase();
    assert!(head.starts_with("post /a%20b?x=1 http/1.1\r\n"), "{head}");
    for line in [
        format!("host: {address}"),
        format!("user-agent: allswell/{}", env!("CARGO_PKG_VERSION")),
        "accept-encoding: gzip".to_owned(),
        "connection: close".to_owned(),
        "content-length: 2".to_owned(),
        "x-trace: 7".to_owned(),
        "authorization: basic dtpw".to_owned(),
    ] {
        assert!(head.contains(&format!("\r\n{line}\r\n")), "{line} in {head}");
    }
}

#[tokio::test]
async fn a_bad_status_fails_with_its_evidence() {
    let answer =
        answer_to(http("503 Service Unavailable", "X-Why: maintenance\r\nSet-Cookie: sid=1\r\n", "come back\x1b[2J"))
            .await;
    fails(&answer, Reason::Status);
    assert_eq!(answer.detail.as_deref(), Some("503 Service Unavailable"));
    let evidence = answer.evidence.expect("evidence");
    assert_eq!(evidence.status_line.as_deref(), Some("HTTP/1.1 503 Service Unavailable"));
    assert_eq!(evidence.body, "come back\u{fffd}[2J");
    assert!(evidence.headers.contains(&("x-why".to_owned(), "maintenance".to_owned())));
    assert!(evidence.headers.contains(&("set-cookie".to_owned(), "***".to_owned())));
}

#[tokio::test]
async fn the_expected_status_can_be_told() {
    let check = async |status: &str, expected: Value, well: bool| {
        let address = raw::answering(http(status, "", ""));
        let settings = json!({ "http": { "url": format!("http://{address}/"), "expected_status": expected } });
        let answer = ask(settings).await;
        if well { passes(&answer) } else { fails(&answer, Reason::Status) }
    };
    check("404 Not Found", json!(["404"]), true).await;
    check("204 No Content", json!(["200-204"]), true).await;
    check("418 Teapot", json!(["2xx", "4XX"]), true).await;
    check("200 OK", json!(["404"]), false).await;
    check("302 Found", json!(["302"]), true).await;
}

#[tokio::test]
async fn secrets_that_come_back_are_masked() {
    let address = raw::replying(|head| http("500 Oops", "X-Echo: hunter2hunter2\r\n", head));
    let settings = json!({ "http": {
        "url": format!("http://{address}/?token=t0psecret&page=2"),
        "headers": { "X-Key": "k3yk3yk3y" }, "basic_auth": { "user": "me", "password": "hunter2hunter2" },
    }});
    let question = support::question(settings.clone(), &[]);
    assert_eq!(question.target(), format!("GET http://{address}/?token=***&page=2"));
    let answer = ask(settings).await;
    fails(&answer, Reason::Status);
    let (shown, secrets) =
        (format!("{answer:?}{question:?}"), ["t0psecret", "k3yk3yk3y", "hunter2hunter2", "bWU6aHVudGVyMmh1bnRlcjI"]);
    for secret in secrets {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(shown.contains("page=2"));
}

#[tokio::test]
async fn nobody_listening_is_a_refusal() {
    let gone = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("an address");
    fails(&ask(get(gone)).await, Reason::ConnectRefused);
}

#[tokio::test]
async fn accepting_and_saying_nothing_is_a_timeout_of_the_first_byte() {
    let address = raw::server(|mut stream| drop(std::io::Read::read_to_end(&mut stream, &mut Vec::new())));
    fails(&ask_briefly(get(address)).await, Reason::FirstByteTimeout);
}

#[tokio::test]
async fn closing_at_once_loses_the_connection() {
    fails(&ask(get(raw::server(drop))).await, Reason::ConnectionLost);
    fails(&ask(get(raw::server(raw::reset))).await, Reason::ConnectionLost);
    fails(&answer_to("").await, Reason::ConnectionLost);
}

#[tokio::test]
async fn what_is_not_http_is_told_from_it() {
    let answer = answer_to("SSH-2.0-OpenSSH_9.6\r\n\r\n").await;
    fails(&answer, Reason::HttpProtocol);
    assert!(
        answer.detail.as_ref().is_some_and(|detail| detail.contains("`SSH-2.0-OpenSSH_9.6`")),
        "{:?}",
        answer.detail
    );
    assert_eq!(answer.evidence.and_then(|evidence| evidence.status_line).as_deref(), Some("SSH-2.0-OpenSSH_9.6"));
    fails(&answer_to("HTTP/1.1 2000 OK\r\n\r\n").await, Reason::HttpProtocol);
    fails(&answer_to("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n").await, Reason::HttpProtocol);
    fails(&answer_to("HTTP/1.1 200 OK\r\nbad header\r\n\r\n").await, Reason::HttpProtocol);
    fails(&answer_to(vec![0xff; 300]).await, Reason::HttpProtocol);
}

#[tokio::test]
async fn a_head_that_is_cut_off_loses_the_connection() {
    fails(&answer_to("HTTP/1.1 200 OK\r\nContent-").await, Reason::ConnectionLost);
}

#[tokio::test]
async fn headers_have_a_limit() {
    let line = format!("X-A: {}\r\n", "a".repeat(1024 * 1024));
    fails(&answer_to(http("200 OK", &line, "")).await, Reason::HeadersTooLarge);
    let many: String = (0..2000).map(|i| format!("X-{i}: 1\r\n")).collect();
    fails(&answer_to(http("200 OK", &many, "")).await, Reason::HeadersTooLarge);
    fails(&ask(get(raw::endless(b"HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n"))).await, Reason::HeadersTooLarge);
    let honest: String = (0..1000).map(|i| format!("X-{i}: 1\r\n")).collect();
    passes(&answer_to(http("200 OK", &honest, "")).await);
}

#[tokio::test]
async fn interim_answers_have_a_limit() {
    fails(&ask(get(raw::endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"))).await, Reason::HttpProtocol);
    let some = "HTTP/1.1 100 Continue\r\n\r\n".repeat(32) + &http("200 OK", "", "");
    passes(&answer_to(some).await);
    fails(
        &answer_to("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n").await,
        Reason::Status,
    );
}

#[tokio::test]
async fn a_drip_at_any_stage_ends_with_the_deadline() {
    fails(&ask_patiently(get(raw::dripping(b"", b"HTTP/1.1 200 OK\r\nX: a\r\n"))).await, Reason::TransferTimeout);
    fails(&ask_patiently(get(raw::dripping(b"HTTP/1.1 200 OK\r\n", b"X: a\r\n"))).await, Reason::TransferTimeout);
    let body = raw::dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"a");
    let answer = ask_patiently(get(body)).await;
    fails(&answer, Reason::TransferTimeout);
    assert_eq!(answer.status, Some(200));
    assert!(answer.body_bytes.is_some_and(|bytes| bytes > 0));
    let chunks = raw::dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n");
    fails(&ask_patiently(get(chunks)).await, Reason::TransferTimeout);
}

#[tokio::test]
async fn a_body_has_a_limit() {
    let endless = raw::endless(b"HTTP/1.1 200 OK\r\n\r\n", &[b'a'; 4096]);
    let answer = ask(get(endless)).await;
    fails(&answer, Reason::BodyTooLarge);
    assert_eq!(answer.body_bytes, Some(1024 * 1024));
    let evidence = answer.evidence.expect("evidence");
    assert!(evidence.body_truncated && evidence.body.starts_with("aaaa"));
    let small =
        json!({ "http": { "url": format!("http://{}/", raw::answering(http("200 OK", "", "12345"))), "max_body": 4 } });
    fails(&ask(small).await, Reason::BodyTooLarge);
    let chunked = raw::endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n");
    fails(
        &ask(json!({ "http": { "url": format!("http://{chunked}/"), "max_body": 1000 } })).await,
        Reason::BodyTooLarge,
    );
    let status_first = raw::endless(b"HTTP/1.1 500 Oops\r\n\r\n", &[b'a'; 4096]);
    fails(&ask(get(status_first)).await, Reason::Status);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn gzipped(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn compressed_bodies_are_read_and_bombs_are_not() {
    let answer = answer_to(gzipped(&gzip(b"all is well"))).await;
    passes(&answer);
    assert_eq!(answer.body_bytes, Some(11));
    fails(&answer_to(gzipped(&gzip(&vec![0; 20 * 1024 * 1024]))).await, Reason::BodyTooLarge);
    fails(&answer_to(gzipped(b"not gzip at all")).await, Reason::Decode);
    let whole = gzip(b"all is well");
    fails(&answer_to(gzipped(&whole[..whole.len() - 9])).await, Reason::Decode);
    fails(&answer_to(http("200 OK", "Content-Encoding: br\r\n", "x")).await, Reason::Decode);
}

#[tokio::test]
async fn a_truncated_body_is_never_taken_for_a_whole_one() {
    fails(&answer_to("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345").await, Reason::ConnectionLost);
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    fails(&answer_to(format!("{chunked}a\r\n12345")).await, Reason::ConnectionLost);
    fails(&answer_to(format!("{chunked}5\r\n12345\r\n")).await, Reason::ConnectionLost);
    fails(&answer_to(format!("{chunked}x\r\n12345\r\n0\r\n\r\n")).await, Reason::HttpProtocol);
    passes(&answer_to(format!("{chunked}5\r\n12345\r\n0\r\n\r\n")).await);
}

#[tokio::test]
async fn a_complete_answer_wins_over_a_later_reset() {
    let address = raw::server(|mut stream| {
        raw::head(&mut stream);
        let _ = stream.write_all(http("200 OK", "", "well").as_bytes());
        raw::reset(stream);
    });
    // The reset may overtake what was written: then the answer is lost, and never half an answer.
    let answer = ask(get(address)).await;
    match answer.outcome.reason {
        None => assert_eq!(answer.body_bytes, Some(4)),
        reason => assert_eq!(reason, Some(Reason::ConnectionLost)),
    }
}

#[tokio::test]
async fn answers_without_a_body_need_none() {
    passes(&answer_to("HTTP/1.1 204 No Content\r\n\r\n").await);
    let head = raw::answering("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
    passes(&ask(json!({ "http": { "url": format!("http://{head}/"), "method": "HEAD" } })).await);
    passes(&answer_to("HTTP/1.0 200 OK\r\n\r\nuntil the end").await);
}

#[tokio::test]
async fn another_address_can_be_asked_for_the_same_name() {
    let (address, heads) = raw::recording(|_| http("200 OK", "", ""));
    let settings = json!({ "http": { "url": "http://api.test:8080/", "connect": address.to_string() } });
    let answer = ask(settings).await;
    passes(&answer);
    assert_eq!(answer.address, Some(address));
    assert!(heads.lock().expect("lock")[0].contains("host: api.test:8080\r\n"));
}

#[tokio::test]
async fn the_environments_proxy_is_not_asked() {
    // Nothing here reads the environment: a proxy that is set in it must see nobody.
    let canary = TcpListener::bind("127.0.0.1:0").expect("bind");
    canary.set_nonblocking(true).expect("settable");
    let proxy = format!("http://{}", canary.local_addr().expect("an address"));
    let exe = std::env::current_exe().expect("this test");
    let status = std::process::Command::new(exe)
        .args(["--exact", "a_well_server_passes_with_all_its_phases"])
        .envs([("HTTP_PROXY", &proxy), ("http_proxy", &proxy), ("ALL_PROXY", &proxy)])
        .stdout(std::process::Stdio::null())
        .status();
    assert!(status.expect("runs").success());
    assert!(canary.accept().is_err(), "the proxy was asked");
}
