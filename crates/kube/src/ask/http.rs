//! Asks over HTTP: kubernetes v1.36 `pkg/probe/http/http.go` and `request.go`, and Go's `net/http` client beneath.

use std::time::Duration;

use allswell_core::kubelet::Answer;
use allswell_probe::Dialer;
use allswell_probe::dialer::{Connected, Options};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::{Asked, OUTPUT_MAX, USER_AGENT, deadline, http1, tcp, text, tls, url};

/// How many requests one asking sends at most.
const REQUESTS_MAX: usize = 10;

/// What to ask over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Get {
    /// `HTTP` or `HTTPS`.
    pub scheme: String,
    /// The address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// As written in the manifest.
    pub path: String,
    /// As written in the manifest.
    pub headers: Vec<(String, String)>,
}

/// Asks once.
pub async fn ask(get: &Get, dialer: &Dialer, timeout: Duration) -> Asked {
    let mut progress = Progress { url: url::of_probe(&get.scheme, &get.host, get.port, &get.path), in_body: false };
    if let Some((name, _)) = get.headers.iter().find(|(_, value)| value.chars().any(|c| c.is_control() && c != '\t')) {
        let why = format!("net/http: invalid header field value for {:?}", canonical(name));
        return Asked::new(Answer::Failure, format!("Get {:?}: {why}", progress.url));
    }
    let asked = tokio::time::timeout(timeout, follow(get, dialer, timeout, &mut progress)).await;
    match asked {
        Ok(asked) => asked,
        // An error while the body is read is the prober's error: it is thrown away, never counted.
        Err(_) if progress.in_body => Asked::new(
            Answer::Error,
            "context deadline exceeded (Client.Timeout or context cancellation while reading body)",
        ),
        Err(_) => failed(&progress.url, "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"),
    }
}

/// Posts nothing to a path and says with which status that was answered; not a probe, and no redirect is followed.
///
/// # Errors
/// No answer came.
pub async fn post(
    host: &str,
    port: u16,
    path: &str,
    headers: &[(String, String)],
    dialer: &Dialer,
    timeout: Duration,
) -> Result<u16, String> {
    let mut request = format!("POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 0\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("Connection: close\r\n\r\n");
    let posted = async {
        let dialled = dialer.connect(host, port, &Options::default(), deadline(timeout)).await;
        let Connected { mut stream, .. } = dialled.map_err(|error| tcp::words(&format!("{host}:{port}"), &error))?;
        http1::exchange(&mut stream, &request).await.map(|head| head.status)
    };
    tokio::time::timeout(timeout, posted).await.map_err(|_| "context deadline exceeded".to_owned())?
}

/// Where an asking stands, for the words when its time is over.
struct Progress {
    url: String,
    in_body: bool,
}

fn failed(url: &str, why: &str) -> Asked {
    Asked::new(Answer::Failure, format!("Get \"{url}\": {why}"))
}

/// One request.
struct Hop {
    url: ::url::Url,
    /// What stands in the request line.
    path: String,
    host_header: Option<String>,
    referer: Option<String>,
}

async fn follow(get: &Get, dialer: &Dialer, timeout: Duration, progress: &mut Progress) -> Asked {
    let first = match ::url::Url::parse(&progress.url) {
        Ok(url) => url,
        Err(error) => return failed(&progress.url, &error.to_string()),
    };
    let host_header = header(get, "Host").map(str::to_owned);
    let mut hop = Hop { url: first, path: url::request_path(&get.path), host_header, referer: None };
    for sent in 1..=REQUESTS_MAX {
        let connection = match connect(&hop.url, dialer, timeout).await {
            Ok(connection) => connection,
            Err(why) => return failed(&progress.url, &why),
        };
        let answer = match connection.exchange(get, &hop).await {
            Ok(answer) => answer,
            Err(why) => return failed(&progress.url, &why),
        };
        let Some(location) = followable(&answer) else {
            progress.in_body = true;
            return conclude(answer).await;
        };
        let Ok(next) = hop.url.join(&location) else {
            return failed(&progress.url, &format!("failed to parse Location header {location:?}"));
        };
        // `RedirectChecker`: another hostname is not followed, and what is not followed counts as a warning.
        if next.host_str() != hop.url.host_str() {
            progress.in_body = true;
            return conclude(answer).await;
        }
        if sent == REQUESTS_MAX {
            return failed(&location, "stopped after 10 redirects");
        }
        let relative = ::url::Url::parse(&location).is_err();
        next.as_str().clone_into(&mut progress.url);
        let path = next.query().map_or_else(|| next.path().to_owned(), |query| format!("{}?{query}", next.path()));
        let referer = (!(hop.url.scheme() == "https" && next.scheme() == "http")).then(|| hop.url.to_string());
        let host_header = hop.host_header.filter(|_| relative);
        hop = Hop { url: next, path, host_header, referer };
    }
    failed(&progress.url, "stopped after 10 redirects")
}

/// Where the answer leads, if its status is one that is followed.
fn followable(answer: &Reply) -> Option<String> {
    let (status, location) = match answer {
        Reply::One { head, .. } => (head.status, head.header("location").map(str::to_owned)),
        Reply::Two { status, location, .. } => (*status, location.clone()),
    };
    location.filter(|location| !location.is_empty() && matches!(status, 301 | 302 | 303 | 307 | 308))
}

async fn conclude(answer: Reply) -> Asked {
    let (status, body) = match answer {
        Reply::One { mut connection, head } => (head.status, connection.body(head).await),
        Reply::Two { status, body, .. } => (status, body),
    };
    match (status, body) {
        (_, Err(why)) => Asked::new(Answer::Error, why),
        (200..=299, Ok(body)) => Asked::new(Answer::Success, text(&body)),
        (300..=399, Ok(body)) => {
            Asked::new(Answer::Warning, format!("Probe terminated redirects, Response body: {}", text(&body)))
        }
        (_, Ok(_)) => Asked::new(Answer::Failure, format!("HTTP probe failed with statuscode: {status}")),
    }
}

/// A connection for one request.
enum Connection {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// The answer, in one of two protocols; of the first, the body is not read yet.
enum Reply {
    One { connection: Connection, head: http1::Head },
    Two { status: u16, location: Option<String>, body: Result<Vec<u8>, String> },
}

async fn connect(url: &::url::Url, dialer: &Dialer, timeout: Duration) -> Result<Connection, String> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(80);
    let dialled = dialer.connect(host, port, &Options::default(), deadline(timeout)).await;
    let Connected { stream, .. } = dialled.map_err(|error| tcp::words(&format!("{host}:{port}"), &error))?;
    // One second instead of none: fewer connections in TIME-WAIT (`probe.ProbeDialer`). It is only a saving.
    let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::from_secs(1)));
    match url.scheme() {
        "https" => Ok(Connection::Tls(Box::new(tls::handshake(stream, host).await?))),
        _ => Ok(Connection::Plain(stream)),
    }
}

impl Connection {
    async fn exchange(self, get: &Get, hop: &Hop) -> Result<Reply, String> {
        let (connection, head) = match self {
            Self::Tls(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                return two(*stream, get, hop).await;
            }
            Self::Plain(mut stream) => {
                let head = http1::exchange(&mut stream, &request(get, hop)).await?;
                (Self::Plain(stream), head)
            }
            Self::Tls(mut stream) => {
                let head = http1::exchange(&mut stream, &request(get, hop)).await?;
                (Self::Tls(stream), head)
            }
        };
        Ok(Reply::One { connection, head })
    }

    async fn body(&mut self, head: http1::Head) -> Result<Vec<u8>, String> {
        match self {
            Self::Plain(stream) => http1::body(stream, head).await,
            Self::Tls(stream) => http1::body(stream, head).await,
        }
    }
}

/// The request as it goes over the wire.
fn request(get: &Get, hop: &Hop) -> String {
    let mut out = format!("GET {} HTTP/1.1\r\nHost: {}\r\n", hop.path, authority(hop));
    for (name, value) in headers(get, hop) {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out.push_str("Connection: close\r\n\r\n");
    out
}

fn authority(hop: &Hop) -> String {
    if let Some(host) = &hop.host_header {
        return host.clone();
    }
    let host = hop.url.host_str().unwrap_or_default();
    hop.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The headers but Host and Connection: `buildHeader`. An empty Accept or User-Agent is left out, by wish.
fn headers(get: &Get, hop: &Hop) -> Vec<(String, String)> {
    let own = get.headers.iter().map(|(name, value)| (canonical(name), value.clone()));
    let own: Vec<(String, String)> = own.filter(|(name, _)| name != "Host" && name != "Connection").collect();
    let default = |name: &str, value: &str| {
        (!own.iter().any(|(key, _)| key == name)).then(|| (name.to_owned(), value.to_owned()))
    };
    let first = [default("User-Agent", USER_AGENT), default("Accept", "*/*")].into_iter().flatten();
    let removed = |(name, value): &(String, String)| {
        let first = own.iter().find(|(key, _)| key == name);
        matches!(name.as_str(), "Accept" | "User-Agent")
            && first.is_none_or(|(_, value)| value.is_empty())
            && value.is_empty()
    };
    let referer = hop.referer.iter().map(|referer| ("Referer".to_owned(), referer.clone()));
    first.chain(own.iter().filter(|header| !removed(header)).cloned()).chain(referer).collect()
}

/// The headers a probe sends on its first request, in canonical form.
pub fn canonical_headers(headers: &[(String, String)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (canonical(name), value.clone())).collect()
}

/// `foo-bAR` as `Foo-Bar`: Go's `CanonicalMIMEHeaderKey`.
fn canonical(name: &str) -> String {
    let parts = name.split('-').map(|part| {
        let mut letters = part.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_ascii_uppercase().to_string() + &letters.as_str().to_ascii_lowercase()
        })
    });
    parts.collect::<Vec<_>>().join("-")
}

fn header<'g>(get: &'g Get, name: &str) -> Option<&'g str> {
    let found = get.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// The same over HTTP/2.
async fn two(stream: TlsStream<TcpStream>, get: &Get, hop: &Hop) -> Result<Reply, String> {
    use http_body_util::{BodyExt, Empty};
    let executor = hyper_util::rt::TokioExecutor::new();
    let io = hyper_util::rt::TokioIo::new(stream);
    let handshake = hyper::client::conn::http2::Builder::new(executor).handshake(io);
    let (mut sender, connection) = handshake.await.map_err(|error| format!("http2: {error}"))?;
    let uri = format!("https://{}{}", authority(hop), hop.path);
    let mut builder = ::http::Request::get(uri);
    for (name, value) in headers(get, hop) {
        builder = builder.header(name.to_ascii_lowercase(), value);
    }
    let request = builder.body(Empty::<bytes::Bytes>::new()).map_err(|error| error.to_string())?;
    let asked = async {
        let answer = sender.send_request(request).await.map_err(|error| format!("http2: {error}"))?;
        let status = answer.status().as_u16();
        let location = answer.headers().get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (mut incoming, mut body) = (answer.into_body(), Ok(Vec::new()));
        while let Ok(bytes) = &mut body {
            match incoming.frame().await {
                Some(Ok(frame)) => bytes.extend(frame.into_data().unwrap_or_default()),
                Some(Err(error)) => body = Err(format!("http2: {error}")),
                None => break,
            }
            if matches!(&body, Ok(bytes) if bytes.len() >= OUTPUT_MAX) {
                break;
            }
        }
        Ok(Reply::Two { status, location, body })
    };
    let mut asked = std::pin::pin!(asked);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        biased;
        reply = &mut asked => reply,
        ended = &mut connection => match ended {
            Ok(()) => asked.await,
            Err(error) => Err(format!("http2: {error}")),
        },
    }
}
