//! Vectors that speak to a server of this test, raw on its socket, or run a command.

use std::time::Duration;

use allswell_core::kubelet::Answer;
use allswell_kube::ask::http::{Get, canonical_headers};
use allswell_kube::ask::{Asked, Question, exec, url};
use allswell_probe::{AddressPolicy, Dialer};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a request.
enum Reply {
    /// Writes this and hangs up.
    Say(Vec<u8>),
    /// Waits so long, then writes this and hangs up.
    Late(Duration, Vec<u8>),
    /// Writes this and never hangs up.
    Keep(Vec<u8>),
}

fn answer(status: i64, more: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Say(format!("HTTP/1.1 {status} x\r\nContent-Length: {length}\r\n{more}\r\n{body}").into_bytes())
}

fn redirect(code: i64, to: &str) -> Reply {
    answer(code, &format!("Location: {to}\r\n"), "")
}

async fn serve(listener: &TcpListener, reply: &impl Fn(&str) -> Reply) {
    loop {
        let (mut stream, _) = listener.accept().await.expect("it listens");
        let mut request = Vec::new();
        while !request.windows(4).any(|four| four == b"\r\n\r\n")
            && stream.read_buf(&mut request).await.unwrap_or(0) > 0
        {}
        match reply(&String::from_utf8_lossy(&request)) {
            Reply::Say(bytes) => drop(stream.write_all(&bytes).await),
            Reply::Late(wait, bytes) => {
                tokio::time::sleep(wait).await;
                drop(stream.write_all(&bytes).await);
            }
            Reply::Keep(bytes) => {
                drop(stream.write_all(&bytes).await);
                let _hung: TcpStream = stream;
                std::future::pending::<()>().await;
            }
        }
    }
}

pub fn dialer() -> Dialer {
    Dialer::new(AddressPolicy::default())
}

fn get(port: u16, path: &str, headers: Vec<(String, String)>) -> Question {
    let (scheme, host) = ("HTTP".to_owned(), "127.0.0.1".to_owned());
    Question::Http(Get { scheme, host, port, path: path.to_owned(), headers })
}

pub async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it listens").port();
    (listener, port)
}

async fn ask(path: &str, headers: Vec<(String, String)>, timeout_ms: u64, reply: impl Fn(&str) -> Reply) -> Asked {
    let (listener, port) = listener().await;
    let (question, dialer) = (get(port, path, headers), dialer());
    tokio::select! {
        asked = question.ask(&dialer, Duration::from_millis(timeout_ms)) => asked,
        () = serve(&listener, &reply) => unreachable!("it serves for ever"),
    }
}

fn check(vector: &Value, asked: &Asked) {
    let (id, expected) = (vector["id"].as_str().expect("an id"), &vector["expected"]);
    let result = match asked.answer {
        Answer::Success => "success",
        Answer::Warning => "warning",
        Answer::Failure => "failure",
        Answer::Unknown | Answer::Error => "unknown",
    };
    // Upstream names an error while the body is read a failure with an error beside it; the prober throws it away.
    let wanted = if expected["err"].as_str().is_some_and(|e| e != "<nil>") {
        "unknown"
    } else {
        expected["result"].as_str().expect("a result")
    };
    assert_eq!(result, wanted, "{id}: {asked:?}");
    if let Some(part) = expected["output_contains"].as_str() {
        assert!(asked.output.contains(part), "{id}: {asked:?}");
    }
    if let Some(part) = expected["output_not_contains"].as_str() {
        assert!(!asked.output.contains(part), "{id}: {asked:?}");
    }
    if let Some(bytes) = expected["outputBytes"].as_u64() {
        assert_eq!(asked.output.len() as u64, bytes, "{id}");
    }
}

fn pairs(list: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    list.as_array().into_iter().flatten().map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

/// The request's headers, without Host, as Go keeps them.
fn headers_of(request: &str) -> Vec<(&str, &str)> {
    let lines = request.lines().skip(1).filter_map(|line| line.split_once(':'));
    lines.map(|(name, value)| (name, value.trim())).filter(|(name, _)| *name != "Host").collect()
}

pub async fn http(vector: &Value) {
    let input = &vector["input"];
    if vector["id"] == "proxy-ignored" {
        println!("skipped proxy-ignored: nothing in this crate reads a proxy variable, so there is nothing to run");
        return;
    }
    let reply = |request: &str| {
        let path = request.split(' ').nth(1).unwrap_or("/");
        if let Some(echo) = input["echo"].as_str() {
            let mut headers = headers_of(request);
            headers.sort_unstable();
            let body = match echo {
                "host" => request.lines().find_map(|line| line.strip_prefix("Host: ")).unwrap_or("").to_owned(),
                "headers" => headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect(),
                "count of request headers" => headers.len().to_string(),
                _ => headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("\n"),
            };
            return answer(200, "", &body);
        }
        if let Some(ms) = input["handlerSleepMs"].as_u64() {
            return Reply::Late(Duration::from_millis(ms), Vec::new());
        }
        if input["status"] == -1 {
            return Reply::Say(Vec::new());
        }
        let (status, body) = (input["status"].as_i64(), input["body"].as_str().unwrap_or(""));
        match (status, path) {
            (Some(status), _) => answer(status, "", body),
            (None, "/new") => answer(
                input["target"]["status"].as_i64().expect("a status"),
                "",
                input["target"]["body"].as_str().unwrap_or(""),
            ),
            (None, _) => redirect(input["redirect"]["code"].as_i64().expect("a code"), "/new"),
        }
    };
    let asked = ask("/", pairs(&input["headers"]), input["timeoutMs"].as_u64().unwrap_or(1_000), reply).await;
    check(vector, &asked);
}

pub async fn http_redirect(vector: &Value) {
    let input = &vector["input"];
    let target = |request: &str| match request.split(' ').nth(1) {
        Some("/success") => answer(200, "", ""),
        _ => answer(500, "", ""),
    };
    let (other, other_port) = listener().await;
    let reply = |request: &str| {
        let path = request.split(' ').nth(1).unwrap_or("/");
        let asks_success = !input["hostHeader"].is_null();
        match (path, input["location"].as_str()) {
            ("/", Some(location)) => {
                let location =
                    location.split(' ').next().expect("a word").replace("OTHERPORT", &other_port.to_string());
                redirect(302, &location)
            }
            ("/loop", _) => redirect(302, "/loop"),
            ("/", None) => redirect(302, "/success"),
            _ if asks_success && !request.contains("Host: www.success.com\r\n") => answer(400, "", ""),
            _ => target(request),
        }
    };
    let host = input["hostHeader"].as_str().map(|host| ("Host".to_owned(), host.to_owned()));
    let asked = tokio::select! {
        asked = ask("/", host.into_iter().collect(), 2_000, reply) => asked,
        () = serve(&other, &target) => unreachable!("it serves for ever"),
    };
    check(vector, &asked);
}

pub async fn http_body(vector: &Value) {
    let body = "x".repeat(vector["input"]["bodyBytes"].as_u64().expect("a number") as usize);
    check(vector, &ask("/", Vec::new(), 1_000, |_| answer(200, "", &body)).await);
}

pub fn url(vector: &Value) {
    let input = &vector["input"];
    let text = |key: &str| input[key].as_str().expect("a text");
    let port = u16::try_from(input["port"].as_u64().expect("a port")).expect("a port");
    assert_eq!(
        url::of_probe(text("scheme"), text("host"), port, text("path")),
        vector["expected"]["url"].as_str().expect("a URL")
    );
}

pub fn header(vector: &Value) {
    let found = canonical_headers(&pairs(&vector["input"]["httpHeaders"]));
    for (name, values) in vector["expected"]["headers"].as_object().expect("a map") {
        let of: Vec<&str> = found.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect();
        assert_eq!(serde_json::json!(of), *values, "{name}");
    }
}

pub async fn exec(vector: &Value) {
    let input = &vector["input"];
    if let Some(words) = input["command"].as_array() {
        let literal = pairs(&input["env"]);
        let expanded: Vec<String> =
            words.iter().map(|word| exec::expand(word.as_str().expect("a text"), &literal)).collect();
        assert_eq!(serde_json::json!(expanded), vector["expected"]["command"]);
        return;
    }
    let (script, timeout_ms) = match (input["exit"].as_i64(), input["outputBytes"].as_u64()) {
        (Some(_), Some(bytes)) => (format!("head -c {bytes} /dev/zero | tr '\\0' x"), 10_000),
        (Some(exit), None) => {
            (format!("printf '%s' '{}'; exit {exit}", input["output"].as_str().unwrap_or("")), 10_000)
        }
        _ => ("sleep 30".to_owned(), 200),
    };
    let words = match input["runtimeError"].is_null() {
        true => vec!["/bin/sh".to_owned(), "-c".to_owned(), script],
        false => vec!["/nonexistent/testcmd".to_owned()],
    };
    let question = Question::Exec(exec::Command { words, environment: exec::Environment::default() });
    let mut asked = question.ask(&dialer(), Duration::from_millis(timeout_ms)).await;
    asked.output = asked.output.replace("/bin/sh", "testcmd");
    check(vector, &asked);
    if let Some(output) = vector["expected"]["output"].as_str() {
        assert_eq!(asked.output, output, "{}", vector["id"]);
    }
}

pub async fn tcp(vector: &Value) {
    let (_listener, port) = listener().await;
    let address = match vector["input"]["port"].as_i64() {
        Some(port) => format!("127.0.0.1:{port}"),
        None => format!("127.0.0.1:{port}"),
    };
    check(vector, &Question::Tcp { address }.ask(&dialer(), Duration::from_secs(1)).await);
}

pub async fn grpc(vector: &Value) {
    let input = &vector["input"];
    let timeout = Duration::from_millis(input["timeoutMs"].as_u64().unwrap_or(2_000));
    let question = |address: String| Question::Grpc { address, service: String::new() };
    let asked = if input["host"] == "" {
        question(":32".to_owned()).ask(&dialer(), timeout).await
    } else {
        let (listener, port) = listener().await;
        let (question, dialer) = (question(format!("127.0.0.1:{port}")), dialer());
        let served = async {
            match input["server"].is_null() {
                true => health(&listener, input).await,
                false => serve(&listener, &|_| answer(404, "", "")).await,
            }
        };
        tokio::select! {
            asked = question.ask(&dialer, timeout) => asked,
            () = served => unreachable!("it serves for ever"),
        }
    };
    check(vector, &asked);
    if let Some(output) = vector["expected"]["output"].as_str() {
        assert_eq!(asked.output, output, "{}", vector["id"]);
    }
}

/// A health service that answers as the vector wants.
async fn health(listener: &TcpListener, input: &Value) {
    use bytes::Bytes;
    use http_body_util::{BodyExt, Full};
    let status = if input["status"] == "NOT_SERVING" { 2 } else { 1 };
    let wait = Duration::from_millis(input["delayMs"].as_u64().unwrap_or(0));
    loop {
        let (stream, _) = listener.accept().await.expect("it listens");
        let service = hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| async move {
            assert_eq!(request.uri().path(), "/grpc.health.v1.Health/Check");
            tokio::time::sleep(wait).await;
            let trailers = http::HeaderMap::from_iter([(
                http::HeaderName::from_static("grpc-status"),
                http::HeaderValue::from_static("0"),
            )]);
            let body =
                Full::new(Bytes::from(vec![0, 0, 0, 0, 2, 8, status])).with_trailers(async move { Some(Ok(trailers)) });
            http::Response::builder().header("content-type", "application/grpc").body(body)
        });
        let io = hyper_util::rt::TokioIo::new(stream);
        let _ = hyper::server::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new())
            .serve_connection(io, service)
            .await;
    }
}

pub async fn measured(vector: &Value) {
    let (id, input) = (vector["id"].as_str().expect("an id"), &vector["input"]);
    let expected = &vector["expected"];
    if let Some(_path) = id.strip_prefix("m-http-url-path ") {
        let path = input.as_str().expect("a path");
        assert_eq!(url::of_probe("HTTP", "10.0.0.1", 80, path), expected["result"].as_str().expect("a URL"), "{id}");
        assert_eq!(url::request_path(path), expected["output"].as_str().expect("a path"), "{id}");
        return;
    }
    if id.starts_with("m-http-url-host") || id.starts_with("m-http-url-podip") {
        let made = url::of_probe("HTTP", input.as_str().expect("a host"), 80, "/");
        assert_eq!(Some(made.as_str()), expected["result"].as_str().expect("a URL").split(' ').next(), "{id}");
        return;
    }
    let say = |text: &str| Reply::Say(text.as_bytes().to_vec());
    let asked = match id {
        _ if id.starts_with("m-http-status-") => {
            let status = input.as_i64().expect("a status");
            ask("/", Vec::new(), 1_000, |_| answer(status, "", "b")).await
        }
        _ if id.starts_with("m-http-body-") => {
            let body = "x".repeat(input.as_u64().expect("a size") as usize);
            let mut asked = ask("/", Vec::new(), 2_000, |_| answer(200, "", &body)).await;
            asked.output = format!("len={}", asked.output.len());
            asked
        }
        _ if id.starts_with("m-http-redirect-chain-") => {
            let start = format!("/n/{input}");
            let reply = |request: &str| {
                let left: u32 = request.split(' ').nth(1).and_then(|path| path[3..].parse().ok()).expect("a number");
                if left == 0 { answer(200, "", "end") } else { redirect(302, &format!("/n/{}", left - 1)) }
            };
            ask(&start, Vec::new(), 2_000, reply).await
        }
        "m-http-raw-200-10" => ask("/", Vec::new(), 1_000, |_| say("HTTP/1.0 200 OK\r\n\r\nok")).await,
        "m-http-raw-hang-before-headers" => ask("/", Vec::new(), 500, |_| Reply::Keep(Vec::new())).await,
        "m-http-raw-short-body" => {
            ask("/", Vec::new(), 1_000, |_| say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")).await
        }
        "m-http-raw-endless-body" => {
            let chunk = format!("3e8\r\n{}\r\n", "x".repeat(1_000));
            let endless = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(20));
            ask("/", Vec::new(), 1_000, |_| Reply::Keep(endless.clone().into_bytes())).await
        }
        "m-http-raw-100-then-200" => {
            ask("/", Vec::new(), 1_000, |_| {
                say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            })
            .await
        }
        "m-http-raw-099" => ask("/", Vec::new(), 1_000, |_| say("HTTP/1.1 099 x\r\nContent-Length: 0\r\n\r\n")).await,
        "m-http-refused" => {
            let (listener, port) = listener().await;
            drop(listener);
            get(port, "/", Vec::new()).ask(&dialer(), Duration::from_secs(1)).await
        }
        "m-http-slow-900ms-timeout-1s" => {
            let body = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec();
            ask("/", Vec::new(), 1_000, |_| Reply::Late(Duration::from_millis(900), body.clone())).await
        }
        "m-http-redirect-shares-timeout" => {
            let hop = b"HTTP/1.1 302 x\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n".to_vec();
            ask("/a", Vec::new(), 1_000, |_| Reply::Late(Duration::from_millis(600), hop.clone())).await
        }
        "m-http-hdr-default" | "m-http-hdr-lower-user-agent" => {
            let own = if id == "m-http-hdr-default" {
                Vec::new()
            } else {
                vec![("user-agent".to_owned(), "mine".to_owned())]
            };
            let asked = ask("/", own, 1_000, |request| {
                let of = |name: &str| {
                    headers_of(request).iter().find(|(key, _)| *key == name).map_or("", |(_, value)| *value).to_owned()
                };
                answer(200, "", &format!("ua={} accept={}", of("User-Agent").replace("1.36", "."), of("Accept")))
            })
            .await;
            assert!(expected["output"].as_str().expect("a text").starts_with(&asked.output), "{id}: {asked:?}");
            return;
        }
        "m-http-redirect-host-header-set" => {
            let asked = ask("/to?u=/ok", vec![("Host".to_owned(), "example.com".to_owned())], 1_000, |request| {
                if request.starts_with("GET /ok") {
                    let host = request.lines().find_map(|line| line.strip_prefix("Host: ")).unwrap_or("");
                    return answer(200, "", &format!("ok host={host}"));
                }
                redirect(302, "/ok")
            })
            .await;
            assert_eq!(asked.output, "ok host=example.com", "{id}");
            return;
        }
        _ => super::secured::measured(vector).await,
    };
    check(vector, &asked);
    if let Some(output) = expected["output"].as_str().filter(|output| !output.starts_with('<')) {
        assert_eq!(without_port(&asked.output), without_port(output), "{id}");
    }
}

/// Ports differ from run to run.
fn without_port(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        out.push_str("127.0.0.1:");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    out
}
