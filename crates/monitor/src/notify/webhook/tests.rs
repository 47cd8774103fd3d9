//! Posts to servers on raw sockets that say what a script wants, and a signature checked by other hands.

mod needs_python;

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::*;
use crate::notify::samples;
use crate::notify::testing::{Authority, after, deadline};

fn settings(url: &str) -> Settings {
    Settings { url: url.into(), secrets: Vec::new(), headers: [].into(), ca: None }
}

async fn send(settings: &Settings) -> Delivery {
    let channel = Webhook::new(settings, Dialer::default()).unwrap();
    channel.send(&samples::down(), "12-7:down:8:hook", samples::NOW, deadline()).await
}

/// A request as it came over the wire.
struct Posted {
    head: String,
    body: Vec<u8>,
}

impl Posted {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

/// Reads one request and answers with `answer` as it is; nothing when it is empty.
async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str) -> Posted {
    let mut bytes = Vec::new();
    let (head, length) = loop {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the request ends early");
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes.drain(..end + 4).collect()).unwrap();
            let posted = Posted { head: head.clone(), body: Vec::new() };
            break (head, posted.header("content-length").unwrap().parse::<usize>().unwrap());
        }
    };
    while bytes.len() < length {
        stream.read_buf(&mut bytes).await.unwrap();
    }
    // Who broke the connection off reads no answer.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
    Posted { head, body: bytes }
}

/// Posts to a server that gives `answer`.
async fn posted(answer: &str, change: impl FnOnce(&mut Settings)) -> (Delivery, Posted) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = settings(&format!("http://{}/hook?team=a", listener.local_addr().unwrap()));
    change(&mut settings);
    let server = async { serve(listener.accept().await.unwrap().0, answer).await };
    tokio::join!(send(&settings), server)
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nthanks!";

#[tokio::test]
async fn the_notification_is_posted_with_its_key_and_a_signature() {
    let (delivery, posted) = posted(OK, |settings| {
        settings.secrets = vec!["new".into(), "old".into()];
        settings.headers = [("X-Team".to_owned(), "payments".into())].into();
    })
    .await;
    assert_eq!(delivery, Delivery::Accepted { answer: "200 OK: thanks!".to_owned() });
    assert!(posted.head.starts_with("POST /hook?team=a HTTP/1.1\r\n"), "{}", posted.head);
    let host = posted.header("host").unwrap();
    assert!(host.starts_with("127.0.0.1:"), "{host}");
    assert_eq!(posted.header("content-type"), Some("application/json"));
    assert_eq!(posted.header("idempotency-key"), Some("12-7:down:8:hook"));
    assert_eq!(posted.header("user-agent"), Some(concat!("Allswell/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(posted.header("x-team"), Some("payments"));
    let signature = posted.header("allswell-signature").unwrap();
    assert!(signature.starts_with("t=1795261155,v1="), "{signature}");
    assert_eq!(signature.matches(",v1=").count(), 2);
    let mut body: Value = serde_json::from_slice(&posted.body).unwrap();
    body.sort_all_objects();
    insta::assert_snapshot!(serde_json::to_string_pretty(&body).unwrap());
}

#[tokio::test]
async fn without_a_secret_there_is_no_signature_and_the_url_s_login_is_sent() {
    let (_, posted) = posted(OK, |settings| {
        let url = settings.url.clone();
        settings.url = secrecy::ExposeSecret::expose_secret(&url).replace("http://", "http://me:p%40ss@").into();
    })
    .await;
    assert_eq!(posted.header("allswell-signature"), None);
    assert_eq!(posted.header("authorization"), Some("Basic bWU6cEBzcw=="));
    assert!(!posted.head.contains("p%40ss"), "{}", posted.head);
}

#[tokio::test]
async fn each_answer_means_what_its_number_says() {
    async fn check(head: &str, expected: Delivery) {
        let (delivery, _) = posted(&format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n"), |_| {}).await;
        let without_place = format!("{delivery:?}");
        let (start, end) = without_place.split_once("127.0.0.1:").unwrap_or((&without_place, ""));
        let end = end.trim_start_matches(|c: char| c.is_ascii_digit());
        assert_eq!(format!("{start}{end}"), format!("{expected:?}"), "{head}");
    }
    let why = |said: &str| format!("the receiver  answered {said}");
    let refused = |said: &str| Delivery::Refused { why: why(said) };
    let later =
        |said: &str, after: Option<u64>| Delivery::Later { why: why(said), after: after.map(Duration::from_secs) };
    let unreachable = |said: &str, after: Option<u64>| Delivery::Unreachable {
        why: why(said),
        after: after.map(Duration::from_secs),
    };
    check("204 No Content", Delivery::Accepted { answer: "204 No Content".to_owned() }).await;
    check("400 Bad Request", refused("400 Bad Request")).await;
    check("401 Unauthorized", refused("401 Unauthorized; see the channel's secret and headers")).await;
    check("404 Not Found", refused("404 Not Found; see the channel's url")).await;
    check("410 Gone", refused("410 Gone; see the channel's url")).await;
    check("408 Request Timeout", later("408 Request Timeout", None)).await;
    check("425 Too Early", later("425 Too Early", None)).await;
    check("500 x\r\nRetry-After: 7", later("500 Internal Server Error", Some(7))).await;
    check("429 x\r\nRetry-After: 120", unreachable("429 Too Many Requests", Some(120))).await;
    check("503 x\r\nRetry-After: 86400", unreachable("503 Service Unavailable", Some(3_600))).await;
    check(
        "301 x\r\nLocation: https://new.example.com/secret-path",
        refused(
            "301 Moved Permanently; redirects are not followed, write the new url on new.example.com into the channel",
        ),
    )
    .await;
    check(
        "302 x\r\nLocation: /login",
        later("302 Found; redirects are not followed, and only 2xx is an acceptance", None),
    )
    .await;
}

#[tokio::test]
async fn a_cut_before_the_request_leaves_nothing_and_one_after_it_leaves_doubt() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let Delivery::Unreachable { why, .. } = send(&settings(&format!("http://{free}"))).await else { panic!("refused") };
    assert!(why.contains("connection refused"), "{why}");
    for cut in ["", "HTTP/1.1 20", "garbage\r\n\r\n"] {
        let (delivery, _) = posted(cut, |_| {}).await;
        let Delivery::Ambiguous { why } = delivery else { panic!("{cut}: {delivery:?}") };
        assert!(why.contains("it may have the message"), "{why}");
    }
    let (delivery, _) = posted("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\ncut", |_| {}).await;
    assert_eq!(delivery, Delivery::Accepted { answer: "200 OK: cut".to_owned() });
}

#[tokio::test]
async fn a_receiver_that_hangs_costs_the_deadline_and_no_more() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = settings(&format!("http://{}", listener.local_addr().unwrap()));
    let channel = Webhook::new(&settings, Dialer::default()).unwrap();
    let delivery = channel.send(&samples::down(), "k", samples::NOW, after(Duration::from_millis(300))).await;
    let Delivery::Ambiguous { why } = delivery else { panic!("{delivery:?}") };
    assert!(why.contains("no answer in time"), "{why}");
}

#[tokio::test]
async fn an_endless_answer_is_read_no_further_than_needed() {
    let endless = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        "400\r\n".to_owned() + &"x".repeat(1_024) + "\r\n"
    );
    let (delivery, _) =
        posted(&(endless.clone() + &endless.split_once("\r\n\r\n").unwrap().1.repeat(200)), |_| {}).await;
    let Delivery::Accepted { answer } = delivery else { panic!("{delivery:?}") };
    assert_eq!(answer.chars().count(), "200 OK: ".len() + 200);
    let headers = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(65));
    let (delivery, _) = posted(&headers, |_| {}).await;
    assert!(matches!(delivery, Delivery::Ambiguous { .. }), "{delivery:?}");
}

#[tokio::test]
async fn certificates_are_verified() {
    let authority = Authority::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let acceptor = authority.acceptor.clone();
    let mut server = JoinSet::new();
    server.spawn(async move {
        loop {
            // A client that does not trust us breaks the handshake off.
            if let Ok(stream) = acceptor.accept(listener.accept().await.unwrap().0).await {
                return serve(stream, OK).await;
            }
        }
    });
    let Delivery::Unreachable { why, .. } = send(&settings(&url)).await else { panic!("not trusted") };
    assert!(why.contains("certificate") || why.contains("trust"), "{why}");
    let trusting = Settings { ca: Some(authority.file.clone()), ..settings(&url) };
    assert_eq!(send(&trusting).await, Delivery::Accepted { answer: "200 OK: thanks!".to_owned() });
    assert!(server.join_next().await.unwrap().unwrap().head.starts_with("POST / HTTP/1.1\r\n"));
}

#[tokio::test]
async fn an_echo_of_the_receiver_is_masked() {
    let echo = "no such path /hook/canary-1?t=canary-2 with canary-3";
    let answer = format!("HTTP/1.1 404 x\r\nContent-Length: {}\r\n\r\n{echo}", echo.len());
    let (delivery, _) = posted(&answer, |settings| {
        let url = secrecy::ExposeSecret::expose_secret(&settings.url).split("?").next().unwrap().to_owned();
        settings.url = format!("{url}/canary-1?t=canary-2").into();
        settings.headers = [("X-Key".to_owned(), "canary-3".into())].into();
    })
    .await;
    assert!(!delivery.said().contains("canary"), "{delivery:?}");
}

#[test]
fn an_opened_channel_shows_no_secret() {
    let mut settings = settings("https://me:canary@example.com/canary?canary");
    settings.secrets = vec!["canary".into()];
    settings.headers = [("X-Key".to_owned(), "canary".into())].into();
    let channel = Webhook::new(&settings, Dialer::default()).unwrap();
    assert!(!format!("{channel:?}").contains("canary"), "{channel:?}");
}
