//! `ETag` on what is read, and 304 for who has it already (RFC 9110 13.1.2).
//!
//! What says nothing of its version gets the digest of its body. What has a version of its own keeps it.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest as _, Sha256};

/// Names the version of an answer, and leaves its body out when it is known.
pub(super) async fn etag(request: Request, next: Next) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD) && request.uri().path().starts_with("/api/");
    let known = request.headers().get_all(header::IF_NONE_MATCH).iter().cloned().collect::<Vec<_>>();
    let response = next.run(request).await;
    if !is_read || response.status() != StatusCode::OK || !is_document(response.headers()) {
        return response;
    }
    let response = tagged(response).await;
    let tag = response.headers().get(header::ETAG).cloned();
    if tag.is_some_and(|tag| known.iter().any(|known| matches(known, &tag))) {
        not_modified(response)
    } else {
        response
    }
}

fn is_document(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    headers.contains_key(header::ETAG) || kind.starts_with("application/json")
}

async fn tagged(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    // To be asked about each time: who may read it may change.
    head.headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    if head.headers.contains_key(header::ETAG) {
        return Response::from_parts(head, body);
    }
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let digest = Sha256::digest(&body);
    let tag: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = HeaderValue::from_str(&format!("\"{tag}\"")).expect("hexadecimal digits fit into a header");
    head.headers.insert(header::ETAG, tag);
    Response::from_parts(head, Body::from(body))
}

/// Whether `known`, a list of tags or `*`, holds `tag`; weak ones count (RFC 9110 8.8.3.2).
fn matches(known: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(known), Ok(tag)) = (known.to_str(), tag.to_str()) else { return false };
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known.trim() == "*" || known.split(',').any(|known| strong(known) == strong(tag))
}

fn not_modified(response: Response) -> Response {
    let (mut head, _) = response.into_parts();
    head.status = StatusCode::NOT_MODIFIED;
    head.headers.remove(header::CONTENT_TYPE);
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_a_list_weak_or_strong() {
        let check = |known: &str, expected: bool| {
            let known = HeaderValue::from_str(known).expect("a header");
            assert_eq!(matches(&known, &HeaderValue::from_static("\"abc\"")), expected, "{known:?}");
        };
        check("\"abc\"", true);
        check("\"x\", W/\"abc\"", true);
        check("*", true);
        check("\"ab\"", false);
        check("abc", false);
        check("", false);
    }
}
