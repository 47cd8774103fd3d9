//! TCP: connecting, saying, expecting.
#![allow(clippy::disallowed_methods, reason = "the servers here are the other side")]

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

use allswell_core::Reason;
use serde_json::{Value, json};
use support::{ask, ask_briefly, ask_patiently, fails, passes, raw};

fn tcp(address: SocketAddr, send: &str, expect: &str) -> Value {
    json!({ "tcp": { "address": address.to_string(), "send": send, "expect": expect } })
}

#[tokio::test]
async fn connecting_is_enough() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("an address");
    let settings = json!({ "tcp": { "address": address.to_string() } });
    let answer = ask(settings.clone()).await;
    passes(&answer);
    assert_eq!(answer.address, Some(address));
    assert!(answer.phases.connect.is_some() && answer.phases.first_byte.is_none());
    drop(listener);
    fails(&ask(settings).await, Reason::ConnectRefused);
}

#[tokio::test]
async fn what_is_sent_arrives_and_what_is_expected_is_found() {
    let address = raw::server(|mut stream| {
        let mut asked = [0; 6];
        if stream.read_exact(&mut asked).is_ok() && &asked == b"PING\r\n" {
            // In pieces, so that the expected text comes in two.
            let _ = stream.write_all(b"noise +PO");
            let _ = stream.flush();
            std::thread::park_timeout(std::time::Duration::from_millis(20));
            let _ = stream.write_all(b"NG\r\n");
            let _ = stream.read(&mut asked);
        }
    });
    let answer = ask(tcp(address, r"PING\r\n", r"+PONG\x0d")).await;
    passes(&answer);
    assert!(answer.phases.first_byte.is_some() && answer.phases.transfer.is_some());
}

#[tokio::test]
async fn what_is_only_sent_arrives_whole() {
    let (tell, told) = std::sync::mpsc::channel();
    let address = raw::server(move |mut stream| {
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        let _ = tell.send(all);
    });
    let payload = "x".repeat(100_000);
    passes(&ask(json!({ "tcp": { "address": address.to_string(), "send": payload } })).await);
    assert_eq!(told.recv().expect("told").len(), 100_000);
}

#[tokio::test]
async fn another_answer_is_not_the_expected_one() {
    let address = raw::server(|mut stream| {
        let _ = stream.write_all(b"-ERR go\x1b[2J away\r\n");
        raw::finish(stream);
    });
    let answer = ask(tcp(address, "", "+PONG")).await;
    fails(&answer, Reason::Expectation);
    assert!(
        answer.detail.as_ref().is_some_and(|detail| detail.contains("`-ERR go\u{fffd}[2J away`")),
        "{:?}",
        answer.detail
    );
    assert_eq!(answer.evidence.and_then(|evidence| evidence.status_line).as_deref(), Some("-ERR go\u{fffd}[2J away"));
    let answer = ask(tcp(raw::server(drop), "", "+PONG")).await;
    assert!(answer.outcome.reason == Some(Reason::Expectation), "{:?}", answer.detail);
    fails(&ask(tcp(raw::server(raw::reset), "", "+PONG")).await, Reason::ConnectionLost);
}

#[tokio::test]
async fn silence_and_drips_end_with_the_deadline() {
    let silent = raw::server(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    fails(&ask_briefly(tcp(silent, "", "+PONG")).await, Reason::FirstByteTimeout);
    let dripping = raw::server(|mut stream| {
        while stream.write_all(b"a").is_ok() {
            std::thread::park_timeout(std::time::Duration::from_millis(5));
        }
    });
    fails(&ask_patiently(tcp(dripping, "", "+PONG")).await, Reason::TransferTimeout);
}

#[tokio::test]
async fn an_endless_answer_has_a_limit() {
    let address = raw::server(|mut stream| while stream.write_all(&[b'a'; 4096]).is_ok() {});
    fails(&ask(tcp(address, "", "+PONG")).await, Reason::Expectation);
}

#[tokio::test]
async fn a_full_backlog_is_a_timeout_of_connecting() {
    // A listener that accepts nobody: when its queue is full, further handshakes stay unanswered.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("bind");
    socket.listen(0).expect("listen");
    let address = socket.local_addr().ok().and_then(|address| address.as_socket()).expect("an address");
    let mut queue = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, std::time::Duration::from_millis(100)) {
        queue.push(stream);
        assert!(queue.len() < 1000, "the queue has no end");
    }
    let settings = json!({ "tcp": { "address": address.to_string() } });
    fails(&ask_briefly(settings).await, Reason::ConnectTimeout);
}
