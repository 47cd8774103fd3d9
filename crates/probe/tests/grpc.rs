//! The health service of gRPC: a real server, and others that break the rules.
#![allow(clippy::disallowed_methods, reason = "the servers here are the other side")]

mod support;

use std::net::SocketAddr;

use allswell_core::Reason;
use bytes::Bytes;
use hyper::Response;
use serde_json::{Value, json};
use support::{ask, ask_briefly, fails, passes, question, raw};

fn at(address: impl std::fmt::Display, service: &str) -> Value {
    json!({ "grpc": { "address": address.to_string(), "service": service } })
}

/// A server of HTTP/2 that answers with `response`, `body` and these trailers.
async fn answering(
    response: fn() -> Response<()>,
    body: &'static [u8],
    trailers: &'static [(&str, &str)],
) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await.expect("HTTP/2");
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    assert_eq!(request.uri().path(), "/grpc.health.v1.Health/Check");
                    assert_eq!(request.headers()["te"], "trailers");
                    assert!(request.headers()["grpc-timeout"].to_str().expect("text").ends_with('m'));
                    let ends = body.is_empty() && trailers.is_empty();
                    let mut stream = respond.send_response(response(), ends).expect("sent");
                    if ends {
                        continue;
                    }
                    stream.send_data(Bytes::from_static(body), trailers.is_empty()).expect("sent");
                    if !trailers.is_empty() {
                        let pair = |(name, value): &(&'static str, &'static str)| {
                            (
                                (*name).parse::<hyper::header::HeaderName>().expect("a name"),
                                value.parse().expect("a value"),
                            )
                        };
                        stream.send_trailers(trailers.iter().map(pair).collect()).expect("sent");
                    }
                }
            });
        }
    });
    address
}

fn ok() -> Response<()> {
    Response::builder().header("content-type", "application/grpc").body(()).expect("good")
}

#[tokio::test]
async fn answers_that_break_the_rules_are_told() {
    const FINE: &[(&str, &str)] = &[("grpc-status", "0")];
    passes(&ask(at(answering(ok, b"\0\0\0\0\x02\x08\x01", FINE).await, "")).await);
    type Case = (&'static [u8], &'static [(&'static str, &'static str)], Reason, &'static str);
    let cases: [Case; 6] = [
        (b"\0\0\0\0\x02\x08\x01", &[], Reason::Protocol, "no `grpc-status`"),
        (b"\0\0\0\0\x02\x08\x01", &[("grpc-status", "quite well")], Reason::Protocol, "no `grpc-status`"),
        (b"\0\0\0\0\x09\x08\x01", FINE, Reason::Protocol, "not as long as it says"),
        (b"", FINE, Reason::Protocol, "holds no message"),
        (b"\x01\0\0\0\x02\x08\x01", FINE, Reason::Protocol, "compressed"),
        (
            b"",
            &[("grpc-status", "14"), ("grpc-message", "shutting%20down")],
            Reason::Refused,
            "UNAVAILABLE: shutting down",
        ),
    ];
    for (body, trailers, reason, part) in cases {
        let answer = ask(at(answering(ok, body, trailers).await, "")).await;
        fails(&answer, reason);
        assert!(answer.detail.as_ref().is_some_and(|detail| detail.contains(part)), "{:?}", answer.detail);
    }
    let refusing = || Response::builder().header("grpc-status", "8").body(()).expect("good");
    let at_once = ask(at(answering(refusing, b"", &[]).await, "")).await;
    fails(&at_once, Reason::Refused);
    assert_eq!(at_once.detail.as_deref(), Some("RESOURCE_EXHAUSTED"));
}

#[tokio::test]
async fn what_is_no_grpc_is_told_from_it() {
    let proxy = || Response::builder().status(502).body(()).expect("good");
    let answer = ask(at(answering(proxy, b"<h1>Bad Gateway</h1>", &[]).await, "")).await;
    fails(&answer, Reason::Status);
    assert_eq!(answer.detail.as_deref(), Some("502 Bad Gateway, and no answer of gRPC"));
    assert_eq!(answer.evidence.map(|evidence| evidence.body).as_deref(), Some("<h1>Bad Gateway</h1>"));
    let guard = || Response::builder().status(403).body(()).expect("good");
    fails(&ask(at(answering(guard, b"", &[]).await, "")).await, Reason::Authentication);
    let http1 = raw::answering("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    fails(&ask(at(http1, "")).await, Reason::HttpProtocol);
    let silent = raw::server(|mut stream| drop(std::io::Read::read_to_end(&mut stream, &mut Vec::new())));
    fails(&ask_briefly(at(silent, "")).await, Reason::FirstByteTimeout);
}

#[test]
fn settings_that_cannot_be_meant_are_refused() {
    let refused = |settings: Value, part: &str| {
        let parsed = serde_json::from_value(settings).expect("settings");
        assert!(!format!("{parsed:?}").contains("hunter2"));
        let error = allswell_probe::Question::new(parsed, &[], 14).expect_err("must be refused").to_string();
        assert!(error.contains(part) && !error.contains("hunter2"), "{error}");
    };
    refused(at("https://h:1", ""), "is a URL");
    refused(at("h:1", "a b"), "`service`: is no name of a service");
    refused(json!({ "grpc": { "address": "h:1", "metadata": { "grpc-timeout": "1m" } } }), "belongs to the protocol");
    refused(json!({ "grpc": { "address": "h:1", "metadata": { "a b": "1m" } } }), "is no key");
    refused(json!({ "grpc": { "address": "h:1", "metadata": { "a": "hunter2\n" } } }), "`metadata.a`: its value holds");
    refused(json!({ "grpc": { "address": "h:1", "tls": { "ca": "/nowhere/ca.pem" } } }), "tls.ca");
    assert_eq!(question(at("H:1", "a.B"), &[]).target(), "grpc h:1/a.B");
}

mod needs_python {
    use super::support::database::pem;
    use super::support::python::Python;
    use super::support::tls;
    use super::*;

    #[tokio::test]
    async fn a_real_server_says_how_its_services_are() {
        let directory = tempfile::TempDir::new().expect("a directory");
        let root = tls::root("Test Root");
        let ca = tls::pem_of(directory.path(), &root);
        let identity = tls::identity(tls::leaf(&tls::NAMES), &root, &[]);
        let certificate = tls::file(&directory, "server.crt", &pem(&identity));
        let key = tls::file(&directory, "server.key", &identity.key.serialize_pem());
        let files = [certificate.to_str().expect("text"), key.to_str().expect("text")];
        let server = Python::start(include_str!("support/grpc_server.py"), &files);
        let &[plain, secured, bare, guarded] = server.ports.as_slice() else { panic!("four ports") };
        let local = |port: u16| format!("127.0.0.1:{port}");

        for service in ["", "orders.v1.Orders"] {
            let answer = ask(at(local(plain), service)).await;
            passes(&answer);
            assert_eq!((answer.status, answer.http_version), (Some(200), Some("HTTP/2")));
        }
        let says = async |service: &str, reason, detail: &str| {
            let answer = ask(at(local(plain), service)).await;
            fails(&answer, reason);
            assert_eq!(answer.detail.as_deref(), Some(detail));
        };
        says("slow.v1.Slow", Reason::HealthUnhealthy, "`slow.v1.Slow` is NOT_SERVING").await;
        says("new.v1.New", Reason::HealthUnhealthy, "`new.v1.New` is UNKNOWN").await;
        says("gone.v1.Gone", Reason::Refused, "the server knows no service `gone.v1.Gone`: NOT_FOUND").await;
        let none = ask(at(local(bare), "")).await;
        fails(&none, Reason::Refused);
        assert!(none.detail.is_some_and(|detail| detail.contains("no health service")));

        let with = |tls: Value| json!({ "grpc": { "address": local(secured), "tls": tls } });
        let well = ask(with(json!({ "ca": ca }))).await;
        passes(&well);
        assert!(well.certificate.is_some_and(|certificate| certificate.trusted));
        fails(&ask(with(json!({}))).await, Reason::TlsIncompleteChain);
        fails(&ask(at(local(secured), "")).await, Reason::ConnectionLost);

        let with =
            |token: &str| json!({ "grpc": { "address": local(guarded), "metadata": { "authorization": token } } });
        passes(&ask(with("Bearer hunter2-s3cret")).await);
        let refused = ask(with("Bearer wrong-s3cret")).await;
        fails(&refused, Reason::Authentication);
        assert_eq!(refused.detail.as_deref(), Some("UNAUTHENTICATED: unknown: *** (ü)"));
        assert!(!format!("{refused:?}").contains("wrong-s3cret"), "{refused:?}");
    }
}
