//! What pages with a form share: what was sent is read, and a browser may send it nowhere else.

use askama::Template;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::api::Problem;

/// It may be sent to us.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";
/// The longest form that is looked at, in bytes.
const BODY_MAX: usize = 8_192;
/// What is wrong with a form that none of our pages has sent.
pub(super) const FROM_ELSEWHERE: &str = "A page from elsewhere asked for it.";

/// A form that was sent.
pub(super) struct Form(Bytes);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = BytesRejection;
    async fn from_request(request: Request, state: &S) -> Result<Self, BytesRejection> {
        let body = Bytes::from_request(request, state).await?;
        Ok(Self(body.slice(..body.len().min(BODY_MAX))))
    }
}

impl Form {
    /// What it says of `wanted`; empty for nothing.
    pub(super) fn field(&self, wanted: &str) -> String {
        field(&self.0, wanted)
    }
}

/// What the pairs of a form or a query say of `wanted`; empty for nothing.
pub(super) fn field(pairs: &[u8], wanted: &str) -> String {
    let found = url::form_urlencoded::parse(pairs).find(|(name, _)| name == wanted);
    found.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// A page with a form.
pub(super) fn page(status: StatusCode, page: &impl Template) -> Response {
    sendable((status, super::html(page)).into_response())
}

/// The same page, whose form may be sent.
pub(super) fn sendable(mut page: Response) -> Response {
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    page
}

/// A problem for who reads a page.
pub(super) fn said(problem: &Problem) -> String {
    let (detail, hint) = problem.sentences();
    [Some(detail), hint].into_iter().flatten().map(super::text::sentence).collect::<Vec<_>>().join(" ")
}
