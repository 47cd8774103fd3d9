//! The console: one page for all its addresses, and the files that it names. Its code runs in the browser and reads the API.
//!
//! The files come from whoever starts the server. Without them every address leads to the plain page that says the same.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::accounts::Mine;
use crate::api::Problem;

/// How a server without a console gets one.
pub(super) const HOW: &str = "This server was built without its console. To have it, install Node.js 20.19 or newer with npm \
                              and build the server again.";

/// The built files of the console; none by default.
#[derive(Clone, Debug, Default)]
pub struct Console(Arc<[File]>);

/// A file of the console, in the forms in which it can be sent.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// Its path below the console's root, `assets/index-GrZbJoIu.js`. What is in `assets/` changes its name with its content.
    pub path: &'static str,
    /// Its media type.
    pub kind: &'static str,
    /// What changes when it does; for an `ETag`. Letters and digits.
    pub tag: &'static str,
    /// As it is.
    pub plain: &'static [u8],
    /// Compressed with brotli.
    pub brotli: Option<&'static [u8]>,
    /// Compressed with gzip.
    pub gzip: Option<&'static [u8]>,
}

const PAGE: &str = "index.html";

impl FromIterator<File> for Console {
    fn from_iter<I: IntoIterator<Item = File>>(files: I) -> Self {
        Self(files.into_iter().collect())
    }
}

impl Console {
    /// Whether there is one.
    pub(super) fn is_there(&self) -> bool {
        self.find(PAGE).is_some()
    }

    fn find(&self, path: &str) -> Option<&File> {
        self.0.iter().find(|file| file.path == path)
    }
}

/// Nothing but our own files: no inline script, no frame, no form to elsewhere.
const POLICY: &str =
    "default-src 'self'; base-uri 'self'; object-src 'none'; form-action 'self'; frame-ancestors 'none'";

/// The line of the page that says where the console's root is.
const BASE: &str = "<base href=\"/\">";
/// Where the page sends readers without scripts.
const PLAIN: &str = "url=plain/\"";

/// The page of the console, whatever of its addresses was asked for.
pub(super) async fn page(Mine(state): Mine, request: Request) -> Response {
    let path = request.uri().path();
    match state.console.find(PAGE) {
        Some(file) => shown(file, path, request.headers()),
        None => to_plain(request.uri()),
    }
}

fn shown(file: &File, path: &str, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}-{}\"", file.tag, path.matches('/').count());
    let meta = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::ETAG, HeaderValue::from_str(&tag).expect("letters, digits and quotes")),
    ];
    if is_known(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, meta).into_response();
    }
    let html = String::from_utf8_lossy(file.plain);
    let html = html.replace(BASE, &format!("<base href=\"{}\">", root(path)));
    let html = html.replace(PLAIN, &format!("url={}\"", plain(path)));
    (meta, [(header::CONTENT_TYPE, file.kind)], html).into_response()
}

/// The way from a path to `/`: relative, so that it holds below any path that a proxy gives us.
fn root(path: &str) -> String {
    match path.matches('/').count() {
        0 | 1 => "./".to_owned(),
        deep => "../".repeat(deep - 1),
    }
}

/// The plain page that says the same, seen from `/`.
fn plain(path: &str) -> String {
    let is_plain = |path: &str| path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '.' | '_'));
    match path.strip_prefix('/') {
        Some(path) if (path.starts_with("m/") || path.starts_with("i/")) && is_plain(path) => format!("plain/{path}"),
        _ => "plain/".to_owned(),
    }
}

fn to_plain(uri: &Uri) -> Response {
    let target = format!("{}{}", root(uri.path()), plain(uri.path()));
    (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, target)]).into_response()
}

/// A file that the page names.
pub(super) async fn file(Mine(state): Mine, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    match state.console.find(path).filter(|file| file.path != PAGE) {
        Some(file) => sent(file, request.headers()),
        None => Problem::not_found(format!("there is no file {path}"), "load the page anew: the server was updated")
            .into_response(),
    }
}

fn sent(file: &File, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", file.tag);
    let caching = if file.path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let meta = [(header::CACHE_CONTROL, caching), (header::ETAG, tag.as_str()), (header::VARY, "accept-encoding")];
    if is_known(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, meta).into_response();
    }
    let (coding, bytes) = coded(file, headers);
    let mut response = (meta, [(header::CONTENT_TYPE, file.kind)], Bytes::from_static(bytes)).into_response();
    if let Some(coding) = coding {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

/// The smallest form that the reader takes.
fn coded(file: &File, headers: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
    match (file.brotli, file.gzip) {
        (Some(brotli), _) if takes(accepted, "br") => (Some("br"), brotli),
        (_, Some(gzip)) if takes(accepted, "gzip") => (Some("gzip"), gzip),
        _ => (None, file.plain),
    }
}

/// Whether `accepted` (RFC 9110 12.5.3) names the coding without refusing it.
fn takes(accepted: &str, coding: &str) -> bool {
    accepted.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let weight = parts.find_map(|part| part.strip_prefix("q=")).and_then(|weight| weight.parse::<f32>().ok());
        is_named && weight.is_none_or(|weight| weight > 0.0)
    })
}

fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok()).unwrap_or_default();
    known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_found_from_every_depth() {
        let check = |path: &str, expected: &str| assert_eq!(root(path), expected, "{path}");
        check("/", "./");
        check("/incidents", "./");
        check("/m/12", "../");
        check("/s/acme/history", "../../");
    }

    #[test]
    fn the_plain_page_of_a_path_is_the_one_that_says_the_same() {
        let check = |path: &str, expected: &str| assert_eq!(plain(path), expected, "{path}");
        check("/", "plain/");
        check("/incidents", "plain/");
        check("/m/12", "plain/m/12");
        check("/i/12-7", "plain/i/12-7");
        check("/m/%22onload", "plain/");
    }

    #[test]
    fn a_coding_is_taken_unless_it_is_refused() {
        assert!(takes("gzip, deflate, br", "br"));
        assert!(takes("br;q=0.5", "br"));
        assert!(!takes("br;q=0, gzip", "br"));
        assert!(!takes("", "gzip"));
    }
}
