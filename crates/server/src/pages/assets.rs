//! The files beside the pages, compiled in.

use std::sync::LazyLock;

use axum::extract::RawQuery;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

const CSS: &str = include_str!("../../templates/plain.css");
const ICON: &str = include_str!("../../templates/icon.svg");

/// The first digits of the style sheet's SHA-256: pages name it, so that a new version is never hidden by an old copy.
pub(super) static CSS_VERSION: LazyLock<String> = LazyLock::new(|| {
    let digest = Sha256::digest(CSS);
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
});

pub(super) async fn css(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let tag = format!("\"{}\"", *CSS_VERSION);
    // Only an address that carries the version may be kept for good.
    let caching = match query.is_some_and(|query| query == format!("v={}", *CSS_VERSION)) {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let meta = [(header::CACHE_CONTROL, caching), (header::ETAG, tag.as_str())];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag.as_str()) {
        return (StatusCode::NOT_MODIFIED, meta).into_response();
    }
    (meta, [(header::CONTENT_TYPE, "text/css; charset=utf-8")], CSS).into_response()
}

pub(crate) async fn icon() -> Response {
    let headers = [(header::CACHE_CONTROL, "public, max-age=86400"), (header::CONTENT_TYPE, "image/svg+xml")];
    (headers, ICON).into_response()
}
