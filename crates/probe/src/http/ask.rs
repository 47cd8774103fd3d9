//! Asks an HTTP question: hop by hop, each over a connection of its own.

use std::sync::Arc;

use allswell_core::{Phase, Reason};
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONNECTION, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, Uri};
use tokio::time::Instant;

use super::exchange::{Broken, close_at_once, exchange};
use super::prepared::{Prepared, bare};
use super::redirect::{Hop, is_redirect, shown, too_many};
use super::{OUR_NAME, Received};
use crate::dialer::Dialer;
use crate::draft::Draft;
use crate::fault::Fault;
use crate::stream::Stream;

/// Asks `question`, following redirects, and leaves what came back in `draft`.
pub(crate) async fn ask(
    question: &Prepared,
    dialer: &Dialer,
    deadline: Instant,
    draft: &mut Draft,
) -> Result<(), Fault> {
    let mut hop = Hop::first(question);
    let mut hops = Vec::new();
    loop {
        one(question, &hop, dialer, deadline, draft).await?;
        let answer = draft.http.as_ref().expect("an exchange that went well has an answer");
        if !follows(question, answer) {
            return Ok(());
        }
        let next = hop.next(answer, question)?;
        hops.push((hop.method, hop.url));
        if let Some(fault) = too_many(&hops, &next, question.max_redirects) {
            return Err(fault);
        }
        draft.without_credentials |= next.headers.len() < question.headers.len();
        draft.final_url = Some(shown(&next.url));
        hop = next;
    }
}

/// Whether `answer` is a redirect that is to be followed; one that was expected by name is the answer itself.
fn follows(question: &Prepared, answer: &Received) -> bool {
    question.max_redirects > 0 && is_redirect(answer.status) && !question.expected.names(answer.status)
}

/// One hop; once more where HTTP/2 says that the request was not processed.
async fn one(
    question: &Prepared,
    hop: &Hop,
    dialer: &Dialer,
    deadline: Instant,
    draft: &mut Draft,
) -> Result<(), Fault> {
    match once(question, hop, dialer, deadline, draft).await {
        Err(Broken { unprocessed: true, .. }) => once(question, hop, dialer, deadline, draft).await,
        result => result,
    }
    .map_err(|broken| broken.fault)
}

async fn once(
    question: &Prepared,
    hop: &Hop,
    dialer: &Dialer,
    deadline: Instant,
    draft: &mut Draft,
) -> Result<(), Broken> {
    // What the hop before said is no evidence for this one.
    (draft.http, draft.wire) = (None, Arc::default());
    let host = bare(hop.url.host_str().unwrap_or_default());
    let port = hop.url.port_or_known_default().unwrap_or(80);
    let at_home = hop.url.origin() == question.url.origin();
    let (dial_host, dial_port) = match &question.connect {
        Some((host, port)) if at_home => (host.as_str(), *port),
        _ => (host, port),
    };
    let stream = dialer.dial(dial_host, dial_port, &question.dial, deadline, &mut draft.progress).await;
    let stream = stream.map_err(Fault::from)?;
    let (stream, http2) = if hop.url.scheme() == "https" {
        draft.progress.begin(Phase::Tls);
        let stream = draft.secure(&question.tls, stream, host).await?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        close_at_once(stream.get_ref().0);
        (Stream::Tls(Box::new(stream)), http2)
    } else {
        close_at_once(&stream);
        (Stream::Plain(stream), false)
    };
    let request = request(hop, http2)?;
    exchange(stream, http2, request, question.max_body, |answer| follows(question, answer), draft).await
}

fn request(hop: &Hop, http2: bool) -> Result<Request<Full<Bytes>>, Fault> {
    let ours = |error: String| Fault::new(Reason::OwnFault, format!("cannot write the request: {error}"));
    let authority = &hop.url[url::Position::BeforeHost..url::Position::AfterPort];
    let mut request = Request::new(Full::new(hop.body.clone()));
    *request.method_mut() = hop.method.clone();
    *request.headers_mut() = hop.headers.clone();
    let headers = request.headers_mut();
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(OUR_NAME));
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip"));
    let uri: String = if http2 {
        // RFC 9113, 8.3.1: the name goes into the target, there is no Host and no Connection.
        let host = headers.remove(HOST);
        let authority = host.as_ref().and_then(|host| host.to_str().ok()).unwrap_or(authority);
        format!("{}://{authority}{}", hop.url.scheme(), &hop.url[url::Position::BeforePath..])
    } else {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        if !headers.contains_key(HOST) {
            headers.insert(HOST, HeaderValue::from_str(authority).map_err(|error| ours(error.to_string()))?);
        }
        hop.url[url::Position::BeforePath..].to_owned()
    };
    *request.uri_mut() = Uri::try_from(uri).map_err(|error| ours(error.to_string()))?;
    Ok(request)
}
