//! WebSockets: a real server, and others that break the rules.
#![allow(clippy::disallowed_methods, reason = "the servers here are the other side")]

mod support;

use std::io::Read;

use allswell_core::Reason;
use base64::Engine;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use support::{ask, ask_briefly, fails, passes, question, raw};

fn at(address: impl std::fmt::Display, more: Value) -> Value {
    let mut block = json!({ "url": format!("ws://{address}/live?token=hunter2") });
    block.as_object_mut().expect("a block").extend(more.as_object().expect("a block").clone());
    json!({ "websocket": block })
}

/// RFC 6455, 1.3: what a server must answer to a key.
fn accepting(head: &str, more: &str) -> String {
    let key = head
        .lines()
        .find_map(|line| line.strip_prefix("sec-websocket-key: ").or(line.strip_prefix("Sec-WebSocket-Key: ")));
    let digest = Sha1::digest(format!("{}258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key.expect("a key").trim()));
    let accept = base64::engine::general_purpose::STANDARD.encode(digest);
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{more}\r\n"
    )
}

#[tokio::test]
async fn a_handshake_that_is_none_fails() {
    let wrong = raw::replying(|head| accepting(&head.replace("ey: ", "ey: x"), ""));
    fails(&ask(at(wrong, json!({}))).await, Reason::Protocol);
    let page = raw::replying(|_| raw::http("200 OK", "", "a page that saw token=hunter2"));
    let answer = ask(at(page, json!({}))).await;
    fails(&answer, Reason::Status);
    assert_eq!(answer.detail.as_deref(), Some("200 OK, expected 101 Switching Protocols"));
    assert!(
        answer.evidence.as_ref().is_some_and(|evidence| evidence.status_line.as_deref() == Some("HTTP/1.1 200 OK"))
    );
    assert!(!format!("{answer:?}").contains("hunter2"), "{answer:?}");
    let garbage = raw::server(|mut stream| {
        raw::head(&mut stream);
        let _ = std::io::Write::write_all(&mut stream, b"220 mail.example.com ESMTP\r\n\r\n");
        raw::finish(stream);
    });
    let answer = ask(at(garbage, json!({}))).await;
    fails(&answer, Reason::Protocol);
    assert!(answer.evidence.is_some_and(|evidence| evidence.body.starts_with("220 mail")));
    let closing = raw::server(|mut stream| drop(raw::head(&mut stream)));
    fails(&ask(at(closing, json!({}))).await, Reason::ConnectionLost);
    let silent = raw::server(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    fails(&ask_briefly(at(silent, json!({}))).await, Reason::FirstByteTimeout);
    let many = raw::replying(|head| accepting(head, &"X: y\r\n".repeat(200)));
    fails(&ask(at(many, json!({}))).await, Reason::HeadersTooLarge);
}

#[tokio::test]
async fn frames_that_break_the_rules_fail() {
    let after = |frames: &'static [u8]| {
        raw::server(move |mut stream| {
            let head = raw::head(&mut stream);
            let _ = std::io::Write::write_all(&mut stream, accepting(&head, "").as_bytes());
            let _ = std::io::Write::write_all(&mut stream, frames);
            raw::finish(stream);
        })
    };
    let wanting = json!({ "expect": "hello" });
    passes(&ask(at(after(b"\x81\x05hello"), wanting.clone())).await);
    passes(&ask(at(after(b"\x01\x02he\x89\x00\x80\x03llo"), wanting.clone())).await);
    fails(&ask(at(after(b"\x81\x85\0\0\0\0hello"), wanting.clone())).await, Reason::Protocol);
    fails(&ask(at(after(b"\xf1\x05hello"), wanting.clone())).await, Reason::Protocol);
    fails(&ask(at(after(b"\x81\x02\xff\xfe"), wanting.clone())).await, Reason::Protocol);
    fails(&ask(at(after(b"\x81\x7f\0\0\0\x01\0\0\0\0"), wanting.clone())).await, Reason::BodyTooLarge);
    let lost = after(b"\x81\x05hel");
    fails(&ask(at(lost, wanting)).await, Reason::ConnectionLost);
}

#[test]
fn settings_that_cannot_be_meant_are_refused() {
    let refused = |block: Value, part: &str| {
        let parsed = serde_json::from_value(json!({ "websocket": block })).expect("settings");
        assert!(!format!("{parsed:?}").contains("hunter2"));
        let error = allswell_probe::Question::new(parsed, &[], 14).expect_err("must be refused").to_string();
        assert!(error.contains(part) && !error.contains("hunter2"), "{error}");
    };
    refused(json!({ "url": "https://h/?token=hunter2" }), "is neither ws:// nor wss://");
    refused(json!({ "url": "ws://me:hunter2@h/" }), "carries a user or a password; write a header");
    refused(
        json!({ "url": "ws://h/", "headers": { "Sec-WebSocket-Protocol": "hunter2" } }),
        "written as `subprotocol`",
    );
    refused(json!({ "url": "ws://h/", "headers": { "Upgrade": "hunter2" } }), "belongs to the connection");
    refused(json!({ "url": "ws://h/", "subprotocol": "a b" }), "no name of a subprotocol");
    refused(json!({ "url": "ws://h/", "expect": "" }), "`expect`: is empty");
    let target = question(json!({ "websocket": { "url": "WSS://H/live?token=hunter2" } }), &[]).target().to_owned();
    assert_eq!(target, "websocket wss://h/live?token=***");
}

mod needs_python {
    use super::support::database::pem;
    use super::support::python::Python;
    use super::support::tls;
    use super::*;

    #[tokio::test]
    async fn a_real_server_is_greeted_and_answers() {
        let directory = tempfile::TempDir::new().expect("a directory");
        let root = tls::root("Test Root");
        let ca = tls::pem_of(directory.path(), &root);
        let identity = tls::identity(tls::leaf(&tls::NAMES), &root, &[]);
        let certificate = tls::file(&directory, "server.crt", &pem(&identity));
        let key = tls::file(&directory, "server.key", &identity.key.serialize_pem());
        let files = [certificate.to_str().expect("text"), key.to_str().expect("text")];
        let server = Python::start(include_str!("support/websocket_server.py"), &files);
        let &[plain, secured] = server.ports.as_slice() else { panic!("two ports") };
        let with = |path: &str, more: Value| {
            let mut block = json!({ "url": format!("ws://127.0.0.1:{plain}{path}") });
            block.as_object_mut().expect("a block").extend(more.as_object().expect("a block").clone());
            json!({ "websocket": block })
        };

        let open = ask(with("/", json!({}))).await;
        passes(&open);
        assert!(open.phases.first_byte.is_some());
        let talk = ask(with("/", json!({ "send": "hello", "expect": "you said hello" }))).await;
        passes(&talk);
        assert!(talk.phases.transfer.is_some());
        let named = json!({ "headers": { "X-Name": "s3cret-name" }, "expect": "binary" });
        passes(&ask(with("/greet", named)).await);
        passes(&ask(with("/", json!({ "subprotocol": "graphql-transport-ws" }))).await);
        let other = ask(with("/", json!({ "subprotocol": "mqtt" }))).await;
        fails(&other, Reason::Expectation);
        assert!(other.detail.is_some_and(|detail| detail.contains("subprotocol")));
        let locked = ask(with("/locked", json!({}))).await;
        fails(&locked, Reason::Status);
        assert_eq!(locked.detail.as_deref(), Some("401 Unauthorized, expected 101 Switching Protocols"));
        let bye = ask(with("/bye", json!({ "headers": { "X-Name": "s3cret-name" }, "expect": "x" }))).await;
        fails(&bye, Reason::Expectation);
        let said =
            "the other side closed the connection (1008, `no such room: ***`) without saying `x`; it said nothing";
        assert_eq!(bye.detail.as_deref(), Some(said));
        fails(&ask(with("/large", json!({ "expect": "y" }))).await, Reason::BodyTooLarge);
        fails(&ask(with("/endless", json!({ "expect": "y" }))).await, Reason::Expectation);
        fails(&ask_briefly(with("/", json!({ "expect": "y" }))).await, Reason::TransferTimeout);

        let with = |tls: Value| json!({ "websocket": { "url": format!("wss://127.0.0.1:{secured}/"), "tls": tls } });
        let well = ask(with(json!({ "ca": ca }))).await;
        passes(&well);
        assert!(well.certificate.is_some_and(|certificate| certificate.trusted) && well.phases.tls.is_some());
        fails(&ask(with(json!({}))).await, Reason::TlsIncompleteChain);
    }
}
