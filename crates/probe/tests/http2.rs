//! HTTP/2, chosen by ALPN.
#![allow(clippy::disallowed_methods, reason = "the servers here are the other side")]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use allswell_core::Reason;
use bytes::Bytes;
use h2::server::{Connection, SendResponse};
use hyper::{Request, Response};
use serde_json::{Value, json};
use support::tls::{self, Manners, NAMES, leaf};
use support::{ask, ask_patiently, fails, passes};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

type Stream = TlsStream<TcpStream>;

/// Starts a server that speaks HTTP/2 alone and hands each connection to `serve`; the settings to ask it.
async fn server<F>(directory: &tempfile::TempDir, serve: impl Fn(Stream) -> F + Send + Sync + 'static) -> Value
where
    F: Future<Output = ()> + Send + 'static,
{
    let root = tls::root("Test Root");
    let ca = tls::pem_of(directory.path(), &root);
    let manners = Manners { alpn: &["h2"], ..Manners::default() };
    let acceptor = TlsAcceptor::from(tls::config(&tls::identity(leaf(&NAMES), &root, &[]), &manners));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address: SocketAddr = listener.local_addr().expect("an address");
    let serve = Arc::new(serve);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, serve) = (acceptor.clone(), Arc::clone(&serve));
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream).await;
                }
            });
        }
    });
    json!({ "http": { "url": format!("https://{address}/path?q=1"), "tls": { "ca": ca } } })
}

type Asked = (Request<h2::RecvStream>, SendResponse<Bytes>);

/// Answers each request with what `answer` does to it.
async fn answering(stream: Stream, answer: impl Fn(Asked)) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok(asked)) = connection.accept().await {
        answer(asked);
    }
}

fn send(mut respond: SendResponse<Bytes>, response: Response<()>, body: &[u8]) {
    if let Ok(mut stream) = respond.send_response(response, body.is_empty()) {
        let _ = stream.send_data(Bytes::copy_from_slice(body), true);
    }
}

#[tokio::test]
async fn a_server_that_speaks_http_2_alone_is_asked_in_it() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let settings = server(&directory, |stream| {
        answering(stream, |(request, respond)| {
            let authority = request.uri().authority().map(ToString::to_string).unwrap_or_default();
            let said = format!("{} {authority} {:?}", request.uri().path(), request.headers().get("connection"));
            send(respond, Response::builder().status(500).body(()).expect("a response"), said.as_bytes());
        })
    })
    .await;
    let answer = ask(settings.clone()).await;
    fails(&answer, Reason::Status);
    assert_eq!(answer.http_version, Some("HTTP/2"));
    let evidence = answer.evidence.expect("evidence");
    assert_eq!(evidence.status_line.as_deref(), Some("HTTP/2 500 Internal Server Error"));
    assert_eq!(evidence.body, format!("/path {} None", answer.address.expect("an address")));
    assert!(answer.phases.first_byte.is_some() && answer.phases.transfer.is_some());
    let mut named = settings;
    named["http"]["headers"] = json!({ "Host": "virtual.test" });
    let body = ask(named).await.evidence.expect("evidence").body;
    assert_eq!(body, "/path virtual.test None");
}

#[tokio::test]
async fn a_refused_stream_is_asked_once_more_and_only_once() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let refusals = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&refusals);
    let refusing = move |times: u32| {
        let refusals = Arc::clone(&counted);
        move |stream| {
            let refusals = Arc::clone(&refusals);
            async move {
                answering(stream, |(_, mut respond)| {
                    if refusals.fetch_add(1, Ordering::Relaxed) < times {
                        respond.send_reset(h2::Reason::REFUSED_STREAM);
                    } else {
                        send(respond, Response::new(()), b"well");
                    }
                })
                .await;
            }
        }
    };
    passes(&ask(server(&directory, refusing(1)).await).await);
    assert_eq!(refusals.swap(0, Ordering::Relaxed), 2);
    fails(&ask(server(&directory, refusing(9)).await).await, Reason::HttpProtocol);
    assert_eq!(refusals.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_goaway_before_the_answer_is_asked_once_more() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let connections = Arc::new(AtomicU32::new(0));
    let settings = server(&directory, move |stream| {
        let first = connections.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            let Ok(mut connection): Result<Connection<Stream, Bytes>, _> = h2::server::handshake(stream).await else {
                return;
            };
            if first {
                connection.abrupt_shutdown(h2::Reason::NO_ERROR);
            }
            while let Some(Ok((_, respond))) = connection.accept().await {
                send(respond, Response::new(()), b"well");
            }
        }
    })
    .await;
    passes(&ask(settings).await);
}

#[tokio::test]
async fn a_broken_stream_breaks_the_rules_and_a_cut_one_loses_the_connection() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let reset = server(&directory, |stream| {
        answering(stream, |(_, mut respond)| respond.send_reset(h2::Reason::INTERNAL_ERROR))
    })
    .await;
    fails(&ask(reset).await, Reason::HttpProtocol);
    let cut = server(&directory, |stream| async move {
        let Ok(mut connection) = h2::server::handshake(stream).await else { return };
        if let Some(Ok((_, mut respond))) = connection.accept().await {
            let mut body = respond.send_response(Response::new(()), false).expect("writable");
            body.send_data(Bytes::from_static(b"half"), false).expect("writable");
            // Lets what was said go out, and ends without an end of the stream.
            let _ = std::future::poll_fn(|cx| {
                let _ = connection.poll_closed(cx);
                std::task::Poll::Ready(())
            })
            .await;
        }
    })
    .await;
    fails(&ask(cut).await, Reason::ConnectionLost);
    let garbage = server(&directory, |mut stream| async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    fails(&ask(garbage).await, Reason::HttpProtocol);
}

#[tokio::test]
async fn headers_and_bodies_have_the_same_limits() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let large = server(&directory, |stream| {
        answering(stream, |(_, respond)| {
            let response = Response::builder().header("x-large", "a".repeat(300 * 1024)).body(());
            send(respond, response.expect("a response"), b"");
        })
    })
    .await;
    fails(&ask(large).await, Reason::HeadersTooLarge);
    let many = server(&directory, |stream| {
        answering(stream, |(_, respond)| {
            let mut response = Response::builder();
            for i in 0..1500 {
                response = response.header(format!("x-{i}"), "1");
            }
            send(respond, response.body(()).expect("a response"), b"");
        })
    })
    .await;
    fails(&ask(many).await, Reason::HeadersTooLarge);
    let mut body =
        server(&directory, |stream| answering(stream, |(_, respond)| send(respond, Response::new(()), &[b'a'; 5000])))
            .await;
    body["http"]["max_body"] = json!(4999);
    fails(&ask(body.clone()).await, Reason::BodyTooLarge);
    body["http"]["max_body"] = json!(5000);
    passes(&ask(body).await);
}

#[tokio::test]
async fn a_silent_stream_ends_with_the_deadline() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let silent = server(&directory, |stream| async move {
        let Ok(mut connection): Result<Connection<Stream, Bytes>, _> = h2::server::handshake(stream).await else {
            return;
        };
        let mut kept = Vec::new();
        while let Some(Ok(asked)) = connection.accept().await {
            kept.push(asked);
        }
    })
    .await;
    fails(&ask_patiently(silent).await, Reason::FirstByteTimeout);
    let half = server(&directory, |stream| async move {
        let Ok(mut connection): Result<Connection<Stream, Bytes>, _> = h2::server::handshake(stream).await else {
            return;
        };
        let mut kept = Vec::new();
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            kept.push(respond.send_response(Response::new(()), false));
        }
    })
    .await;
    fails(&ask_patiently(half).await, Reason::TransferTimeout);
}
