//! One HTTP request to a receiver and its answer, for all channels that are one.
//!
//! Redirects are not followed: what is sent is meant for one receiver. What an answer means, the channel decides.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use allswell_core::Wall;
use allswell_probe::dialer::{self, Dialer};
use allswell_probe::tls;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONNECTION, HOST, LOCATION, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::clean::line;
use super::{ChannelError, Delivery};

/// More headers of an answer than this are refused.
const HEADERS_MAX: usize = 64;
/// So much of an answer's body is read.
const BODY_MAX: usize = 4 * 1024;
/// Nobody makes us wait longer.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);

/// A URL that does not show what may be secret in it.
#[derive(Clone)]
pub(crate) struct Target(pub Url);

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}/…", self.0.scheme(), self.0.host_str().unwrap_or_default())
    }
}

impl Target {
    /// Reads a URL. No answer quotes it: it may hold a token.
    ///
    /// # Errors
    /// What is wrong with it, and the way out.
    pub fn read(text: &str) -> Result<Self, String> {
        let url = Url::parse(text)
            .map_err(|error| format!("is no URL ({error}); write it like https://hooks.example.com/allswell"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("scheme `{}` is unknown; use http:// or https://", url.scheme()));
        }
        let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        path.parse::<Uri>().map_err(|_| "has a path that no request can carry; percent-encode it".to_owned())?;
        Ok(Self(url))
    }

    fn host(&self) -> &str {
        self.0.host_str().expect("checked: http and https URLs have a host")
    }

    fn port(&self) -> u16 {
        self.0.port_or_known_default().expect("http and https have a known port")
    }

    /// The value of `Host`: the port only when it is not the scheme's own (RFC 9110 7.2).
    fn host_header(&self) -> HeaderValue {
        let host = self.0.port().map_or_else(|| self.host().to_owned(), |port| format!("{}:{port}", self.host()));
        HeaderValue::from_str(&host).expect("the host of a URL is ASCII without spaces")
    }

    /// Path and query, the fragment left out.
    fn path(&self) -> Uri {
        let query = self.0.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = format!("{}{query}", self.0.path());
        path.parse().expect("checked: the path of a URL is a path of a request")
    }

    /// User and password of the URL, as RFC 7617 writes them.
    fn login(&self) -> Option<HeaderValue> {
        let decoded = |part: &str| percent_decode_str(part).collect::<Vec<u8>>();
        let user = Some(self.0.username()).filter(|user| !user.is_empty())?;
        let pair = [decoded(user), b":".to_vec(), decoded(self.0.password().unwrap_or_default())].concat();
        let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// A receiver of requests, ready to be sent to.
#[derive(Debug)]
pub(crate) struct Receiver {
    target: Target,
    dialer: Dialer,
    tls: Option<tls::Client>,
}

/// What a receiver answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The beginning of the body, as far as it came; the status line has decided already.
    pub body: String,
}

impl Receiver {
    /// The receiver at `target`; `ca` is a PEM file with the roots to trust instead of the system's.
    ///
    /// # Errors
    /// [`ChannelError`] when the roots cannot be read.
    pub fn new(target: Target, ca: Option<PathBuf>, dialer: Dialer) -> Result<Self, ChannelError> {
        let tls = (target.0.scheme() == "https").then(|| {
            let options = tls::Options { ca, ..tls::Options::default() };
            tls::Client::new(&options, &["http/1.1"]).map_err(|error| ChannelError::new("ca", error.to_string()))
        });
        Ok(Self { tls: tls.transpose()?, target, dialer })
    }

    /// Where it is, without anything secret: `hooks.example.com:443`.
    pub fn name(&self) -> String {
        format!("{}:{}", self.target.host(), self.target.port())
    }

    /// Sends one request and reads the answer; when there is none, how the attempt ended.
    pub async fn send(
        &self,
        method: Method,
        headers: HeaderMap,
        body: Vec<u8>,
        deadline: Instant,
    ) -> Result<Answer, Delivery> {
        let request = self.request(method, headers, body);
        let mut sent = false;
        match timeout_at(deadline, self.post(request, deadline, &mut sent)).await {
            Ok(answer) => answer,
            Err(_) if sent => Err(self.ambiguous("no answer in time")),
            Err(_) => Err(self.unreachable("no connection in time")),
        }
    }

    fn request(&self, method: Method, headers: HeaderMap, body: Vec<u8>) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = method;
        *request.uri_mut() = self.target.path();
        *request.headers_mut() = headers;
        let headers = request.headers_mut();
        headers.insert(HOST, self.target.host_header());
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(concat!("Allswell/", env!("CARGO_PKG_VERSION"))));
        if let Some(login) = self.target.login() {
            headers.entry(AUTHORIZATION).or_insert(login);
        }
        request
    }

    async fn post(
        &self,
        request: Request<Full<Bytes>>,
        deadline: Instant,
        sent: &mut bool,
    ) -> Result<Answer, Delivery> {
        let (host, port) = (self.target.host(), self.target.port());
        let options = dialer::Options::default();
        let dialled = match &self.tls {
            Some(tls) => match self.dialer.connect_tls(host, port, &options, tls, deadline).await {
                Ok(secured) => return self.exchange(secured.stream, request, sent).await,
                Err(error) => error,
            },
            None => match self.dialer.connect(host, port, &options, deadline).await {
                Ok(connected) => return self.exchange(connected.stream, request, sent).await,
                Err(error) => error,
            },
        };
        Err(self.unreachable(&dialled.detail))
    }

    async fn exchange(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        request: Request<Full<Bytes>>,
        sent: &mut bool,
    ) -> Result<Answer, Delivery> {
        let handshake = http1::Builder::new().max_headers(HEADERS_MAX).handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| self.unreachable(&error.to_string()))?;
        let exchange = async {
            *sent = true;
            match sender.send_request(request).await {
                Ok(response) => Ok(read(response).await),
                Err(error) if error.is_canceled() => {
                    Err(self.unreachable("it closed the connection before the request"))
                }
                Err(error) => Err(self.ambiguous(&error.to_string())),
            }
        };
        let mut connection = std::pin::pin!(connection);
        let mut exchange = std::pin::pin!(exchange);
        tokio::select! {
            answer = &mut exchange => answer,
            // What the connection had to say, it said to the exchange too.
            _ = &mut connection => exchange.await,
        }
    }

    fn unreachable(&self, why: &str) -> Delivery {
        Delivery::Unreachable {
            why: format!("the receiver {} takes no message now: {}", self.name(), line(why, 300)),
            after: None,
        }
    }

    fn ambiguous(&self, how: &str) -> Delivery {
        let how = line(how, 300);
        Delivery::Ambiguous {
            why: format!("the receiver {} gave no answer ({how}); it may have the message", self.name()),
        }
    }
}

impl Answer {
    /// The status and the beginning of the body on one line: `404 Not Found: no_service`.
    pub fn said(&self) -> String {
        let reason = self.status.canonical_reason().map(|reason| format!(" {reason}")).unwrap_or_default();
        let body = line(&self.body, 200);
        let body = if body.is_empty() { body } else { format!(": {body}") };
        format!("{}{reason}{body}", self.status.as_u16())
    }

    /// The way out of a redirect. The path may hold a token, so only the host is told.
    pub fn moved(&self) -> String {
        let location = self.headers.get(LOCATION).and_then(|location| location.to_str().ok());
        let url = location.and_then(|location| Url::parse(location).ok());
        let host = url.as_ref().and_then(|url| url.host_str()).map(|host| format!(" on {}", line(host, 100)));
        let host = host.unwrap_or_default();
        format!("; redirects are not followed, write the new url{host} into the channel")
    }

    /// How long to wait by the header `Retry-After`, in seconds or as a date (RFC 9110 10.2.3), one hour at most.
    pub fn retry_after(&self, now: Wall) -> Option<Duration> {
        let value = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = match value.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let at = httpdate::parse_http_date(value).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
                Wall::from_ms(i64::try_from(at.as_millis()).ok()?).since(now)
            }
        };
        Some(wait.min(RETRY_AFTER_MAX))
    }
}

async fn read(response: Response<Incoming>) -> Answer {
    let (head, mut body) = response.into_parts();
    let mut bytes = Vec::new();
    while bytes.len() < BODY_MAX
        && let Some(Ok(frame)) = body.frame().await
    {
        if let Some(data) = frame.data_ref() {
            bytes.extend_from_slice(&data[..data.len().min(BODY_MAX - bytes.len())]);
        }
    }
    Answer { status: head.status, headers: head.headers, body: String::from_utf8_lossy(&bytes).into_owned() }
}

/// Headers that describe the request itself; nobody who configures a channel may set them.
pub(crate) const OURS: [&str; 7] =
    ["connection", "content-length", "content-type", "host", "te", "transfer-encoding", "upgrade"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::samples::NOW;

    #[test]
    fn retry_after_is_read_as_seconds_or_date_and_bounded() {
        let answer = |headers| Answer { status: StatusCode::TOO_MANY_REQUESTS, headers, body: String::new() };
        let check = |value: &str, expected: Option<u64>| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            assert_eq!(answer(headers).retry_after(NOW), expected.map(Duration::from_secs), "{value}");
        };
        check("120", Some(120));
        check("86400", Some(3_600));
        check("Sat, 21 Nov 2026 11:41:15 GMT", Some(120));
        check("Sat, 21 Nov 2026 11:00:00 GMT", Some(0));
        check("Sat, 21 Nov 2099 11:00:00 GMT", Some(3_600));
        check("-1", None);
        check("soon", None);
        check("99999999999999999999", None);
        assert_eq!(answer(HeaderMap::new()).retry_after(NOW), None);
    }
}
