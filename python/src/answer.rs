//! Answers to requests that came in by the service's own port: the same router as on the side port, asked without a socket.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::BodyExt as _;
use tower_service::Service as _;

/// An answer: status, media type, body.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub code: u16,
    /// The media type.
    pub media_type: String,
    /// The body.
    pub body: Bytes,
}

/// What is under way when an answer must be waited for.
pub type Waiting = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What came of asking.
pub enum Asked {
    /// The answer.
    Now(Answer),
    /// It waits for checks on demand.
    Later(Waiting),
}

/// What a request says that matters here.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Its method.
    pub method: &'a str,
    /// The path, without what stands before the application.
    pub path: &'a str,
    /// What follows `?`.
    pub query: &'a [u8],
    /// `Accept`.
    pub accept: Option<&'a [u8]>,
    /// `Authorization`.
    pub authorization: Option<&'a [u8]>,
}

/// Asks the router. It answers at once unless a check on demand must be asked first.
pub fn ask(router: &Router, question: Question<'_>) -> Asked {
    let Some(request) = request(question) else {
        let body = Bytes::from_static(b"{\"detail\":\"no such path\"}");
        return Asked::Now(Answer { code: 404, media_type: "application/json".to_owned(), body });
    };
    let mut router = router.clone();
    let mut future: Waiting = Box::pin(async move {
        let response = router.call(request).await.unwrap_or_else(|never| match never {});
        whole(response).await
    });
    match pin!(&mut future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Asked::Now(answer),
        Poll::Pending => Asked::Later(future),
    }
}

fn request(question: Question<'_>) -> Option<Request<Body>> {
    let mut target = Vec::with_capacity(question.path.len() + question.query.len() + 1);
    target.extend_from_slice(question.path.as_bytes());
    if !question.query.is_empty() {
        target.push(b'?');
        target.extend_from_slice(question.query);
    }
    let mut request = Request::builder().method(question.method).uri(target).body(Body::empty()).ok()?;
    let mut header = |name: HeaderName, value: Option<&[u8]>| {
        if let Some(value) = value.and_then(|value| HeaderValue::from_bytes(value).ok()) {
            request.headers_mut().insert(name, value);
        }
    };
    header(ACCEPT, question.accept);
    header(AUTHORIZATION, question.authorization);
    Some(request)
}

async fn whole(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let media_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("text/plain");
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    Answer { code: parts.status.as_u16(), media_type: media_type.to_owned(), body }
}
