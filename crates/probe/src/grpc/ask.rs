//! Asks a gRPC question.

use allswell_core::Reason;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue, TE, USER_AGENT};
use hyper::{HeaderMap, Method, Request, StatusCode, Uri};
use percent_encoding::percent_decode_str;
use tokio::time::Instant;

use super::Prepared;
use super::message::{self, Health};
use crate::dialer::Dialer;
use crate::draft::Draft;
use crate::fault::Fault;
use crate::http::exchange::{close_at_once, exchange};
use crate::http::{OUR_NAME, Received, status_in_words, wants_credentials};
use crate::progress::now;
use crate::question::joined;
use crate::stream::Stream;

/// An answer is seven bytes; a page of a proxy that stands before it is evidence.
const BODY_BYTES_MAX: u64 = 64 * 1024;
/// gRPC's `grpc-timeout` has eight digits at most.
const TIMEOUT_MS_MAX: u128 = 99_999_999;

/// Asks `question` and leaves what came back in `draft`.
pub(crate) async fn ask(
    question: &Prepared,
    dialer: &Dialer,
    deadline: Instant,
    draft: &mut Draft,
) -> Result<(), Fault> {
    let stream = question.endpoint.open(dialer, deadline, draft).await?;
    match &stream {
        Stream::Tls(secured) if secured.get_ref().1.alpn_protocol() != Some(b"h2") => {
            let why = "the server does not agree to HTTP/2 (ALPN `h2`), without which there is no gRPC over TLS";
            return Err(Fault::new(Reason::Protocol, why));
        }
        Stream::Tls(secured) => close_at_once(secured.get_ref().0),
        Stream::Plain(plain) => close_at_once(plain),
    }
    let request = request(question, deadline)?;
    exchange(stream, true, request, BODY_BYTES_MAX, |_| false, draft).await.map_err(|broken| broken.fault)?;
    let received = draft.http.as_mut().expect("an exchange that went well has an answer");
    // Most servers put the status behind the body, one that refuses at once into the head.
    received.headers.extend(received.trailers.take().unwrap_or_default());
    judge(question, received)
}

fn request(question: &Prepared, deadline: Instant) -> Result<Request<Full<bytes::Bytes>>, Fault> {
    let ours = |error: String| Fault::new(Reason::OwnFault, format!("cannot write the request: {error}"));
    let endpoint = &question.endpoint;
    let scheme = if endpoint.client.is_some() { "https" } else { "http" };
    let authority = joined(&endpoint.host, endpoint.port);
    let uri = format!("{scheme}://{authority}/grpc.health.v1.Health/Check");
    let mut request = Request::new(Full::new(message::request(&question.service)));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = Uri::try_from(uri).map_err(|error| ours(error.to_string()))?;
    *request.headers_mut() = question.metadata.clone();
    let left = deadline.saturating_duration_since(now()).as_millis().clamp(1, TIMEOUT_MS_MAX);
    let headers = request.headers_mut();
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(USER_AGENT, HeaderValue::from_static(OUR_NAME));
    headers
        .insert("grpc-timeout", HeaderValue::from_str(&format!("{left}m")).map_err(|error| ours(error.to_string()))?);
    Ok(request)
}

fn judge(question: &Prepared, received: &Received) -> Result<(), Fault> {
    if received.status != StatusCode::OK {
        let reason = if wants_credentials(received.status) { Reason::Authentication } else { Reason::Status };
        return Err(Fault::new(reason, format!("{}, and no answer of gRPC", status_in_words(received.status))));
    }
    let status = text(&received.headers, "grpc-status");
    let code = status.as_deref().and_then(|status| status.parse::<u8>().ok());
    let code =
        code.ok_or_else(|| Fault::new(Reason::Protocol, "the answer is none of gRPC: it has no `grpc-status`"))?;
    if code != 0 {
        return Err(refused(question, code, text(&received.headers, "grpc-message").as_deref().unwrap_or_default()));
    }
    let whose = match question.service.as_str() {
        "" => "the server".to_owned(),
        service => format!("`{service}`"),
    };
    match message::response(received.body.bytes()).map_err(|why| Fault::new(Reason::Protocol, why))? {
        Health::Serving => Ok(()),
        status => Err(Fault::new(Reason::HealthUnhealthy, format!("{whose} is {}", status.word()))),
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(percent_decode_str(&String::from_utf8_lossy(value.as_bytes())).decode_utf8_lossy().into_owned())
}

/// The names of the status codes: <https://grpc.github.io/grpc/core/md_doc_statuscodes.html>.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

fn refused(question: &Prepared, code: u8, message: &str) -> Fault {
    let name = CODES.get(usize::from(code)).map_or_else(|| format!("status {code}"), |name| (*name).to_owned());
    let said = if message.is_empty() { String::new() } else { format!(": {message}") };
    match name.as_str() {
        "UNAUTHENTICATED" | "PERMISSION_DENIED" => Fault::new(Reason::Authentication, format!("{name}{said}")),
        "UNIMPLEMENTED" => {
            let detail = format!("the server has no health service (grpc.health.v1.Health): {name}{said}");
            Fault::new(Reason::Refused, detail)
        }
        "NOT_FOUND" => {
            Fault::new(Reason::Refused, format!("the server knows no service `{}`: {name}{said}", question.service))
        }
        _ => Fault::new(Reason::Refused, format!("{name}{said}")),
    }
}
