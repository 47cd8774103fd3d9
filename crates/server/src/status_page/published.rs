//! Pages as they are sent: written and compressed when something changes, so that who asks waits for nothing.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::Arc;

use allswell_monitor::status_page::{Access, Logo, Page};
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use super::badge::Badges;
use super::feeds::Feed;
use super::render;
use super::subscribe::Subscriptions;
use super::view::View;

/// One page with all that lies below its address.
pub(super) struct Published {
    pub(super) page: Page,
    /// Who is written to when it has news; `None` where the server has no relay.
    pub(super) subscriptions: Option<Arc<Subscriptions>>,
    files: HashMap<&'static str, File>,
    pub(super) badges: Badges,
}

/// A file in the forms in which it can be sent.
#[derive(Debug)]
pub(super) struct File {
    tag: String,
    plain: (HeaderMap, Bytes),
    gzip: Option<(HeaderMap, Bytes)>,
}

impl Published {
    /// A page whose own address is `base`.
    pub(super) fn of(page: &Page, base: &str, view: &View, subscriptions: Option<Arc<Subscriptions>>) -> Self {
        let feed = Feed::of(page, base, view);
        let is_public = page.access == Access::Public;
        let write = |kind: &'static str, text: String| File::of(kind, Policy::Page { is_public }, text.into());
        let mut files = HashMap::from([
            ("", write("text/html; charset=utf-8", render::page(page, view))),
            ("history", write("text/html; charset=utf-8", render::history(page, view))),
            ("status.json", write("application/json", feed.status())),
            ("feed.rss", write("application/rss+xml; charset=utf-8", feed.rss())),
            ("feed.atom", write("application/atom+xml; charset=utf-8", feed.atom())),
            ("feed.json", write("application/feed+json", feed.json())),
            ("planned.ics", write("text/calendar; charset=utf-8", feed.calendar())),
            ("page.css", File::of("text/css; charset=utf-8", Policy::Style, render::css(page).into())),
            ("icon.svg", File::of(SVG, Policy::Picture { is_public }, render::icon(view.summary.worst).into())),
        ]);
        for (name, logo) in [("logo", &page.logo), ("logo-dark", &page.logo_dark)] {
            if let Some(Logo { kind, bytes, .. }) = logo {
                files.insert(name, File::of(kind, Policy::Picture { is_public }, Bytes::copy_from_slice(bytes)));
            }
        }
        Self { page: page.clone(), subscriptions, files, badges: Badges::of(&page.title, view) }
    }

    /// The file at a path below the page.
    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }
}

/// The media type of pictures that are drawn here.
pub(super) const SVG: &str = "image/svg+xml";
/// What is smaller gains nothing from being compressed.
const COMPRESSED_FROM: usize = 600;
/// Nothing but our own style, pictures and forms.
const OF_PAGES: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// A picture that somebody opens by itself can do nothing either.
const OF_PICTURES: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// How long a file may be kept, and what a browser lets it do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Policy {
    /// What changes with what is true.
    Page {
        /// Whether everybody may have it.
        is_public: bool,
    },
    /// A picture.
    Picture {
        /// Whether everybody may have it.
        is_public: bool,
    },
    /// The style sheet, whose address changes with it. It says nothing of what is on the page.
    Style,
}

impl Policy {
    fn headers(self) -> Vec<(HeaderName, &'static str)> {
        let (caching, security, is_shared) = match self {
            Self::Page { is_public: true } => {
                ("public, max-age=5, stale-while-revalidate=30, stale-if-error=86400", OF_PAGES, true)
            }
            Self::Page { is_public: false } => ("private, no-cache", OF_PAGES, false),
            Self::Picture { is_public: true } => ("public, max-age=60, stale-if-error=86400", OF_PICTURES, true),
            Self::Picture { is_public: false } => ("private, no-cache", OF_PICTURES, false),
            Self::Style => ("public, max-age=31536000, immutable", OF_PAGES, false),
        };
        let mut headers = vec![
            (header::CACHE_CONTROL, caching),
            (header::CONTENT_SECURITY_POLICY, security),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::VARY, "accept-encoding"),
        ];
        if is_shared {
            headers.push((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
        }
        headers
    }
}

impl File {
    /// Of a media type and its bytes, which are compressed when that helps.
    pub(super) fn of(kind: &'static str, policy: Policy, plain: Bytes) -> Self {
        let digest = Sha256::digest(&plain);
        let tag: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        let mut headers: HeaderMap =
            policy.headers().into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        // Weak: the same for the page as it is and compressed.
        headers.insert(header::ETAG, HeaderValue::from_str(&format!("W/\"{tag}\"")).expect("hexadecimal digits"));
        let is_text = !kind.starts_with("image/") || kind == SVG;
        let gzip = (is_text && plain.len() >= COMPRESSED_FROM).then(|| {
            let mut headers = headers.clone();
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            (headers, compressed(&plain))
        });
        Self { tag, plain: (headers, plain), gzip }
    }

    /// The answer to a request with these headers: nothing new, the small form, or the file as it is.
    pub(super) fn answer(&self, request: &HeaderMap) -> Response {
        let text = |name: HeaderName| request.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let known = text(header::IF_NONE_MATCH);
        if !known.is_empty() && (known == "*" || known.split(',').any(|one| self.is_named(one))) {
            let mut headers = self.plain.0.clone();
            headers.remove(header::CONTENT_TYPE);
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let (headers, body) = match &self.gzip {
            Some(gzip) if takes_gzip(text(header::ACCEPT_ENCODING)) => gzip,
            _ => &self.plain,
        };
        let mut response = Response::new(body.clone().into());
        *response.headers_mut() = headers.clone();
        response
    }

    fn is_named(&self, tag: &str) -> bool {
        tag.trim().trim_start_matches("W/").trim_matches('"') == self.tag
    }
}

fn compressed(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 3), Compression::default());
    encoder.write_all(plain).expect("a vector takes everything");
    encoder.finish().expect("a vector takes everything").into()
}

/// Whether `accepted` (RFC 9110 12.5.3) names gzip without refusing it.
fn takes_gzip(accepted: &str) -> bool {
    accepted.split(',').any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let is_refused = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok()) == Some(0.0);
        name.trim().eq_ignore_ascii_case("gzip") && !is_refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_taken_unless_it_is_refused() {
        assert!(takes_gzip("gzip, deflate, br") && takes_gzip("br;q=1.0, gzip;q=0.5"));
        assert!(!takes_gzip("gzip;q=0, br") && !takes_gzip("") && !takes_gzip("identity"));
    }

    #[test]
    fn what_is_known_is_not_sent_again_in_any_form() {
        let file = File::of("text/html; charset=utf-8", Policy::Page { is_public: true }, "x".repeat(2_000).into());
        let ask = |name: HeaderName, value: &str| {
            let request = [(name, HeaderValue::from_str(value).expect("a header"))].into_iter().collect();
            file.answer(&request)
        };
        let first = ask(header::ACCEPT_ENCODING, "gzip");
        assert_eq!(first.headers()[header::CONTENT_ENCODING], "gzip");
        let tag = first.headers()[header::ETAG].to_str().expect("ASCII").to_owned();
        for known in [tag.as_str(), tag.trim_start_matches("W/"), &format!("\"other\", {tag}"), "*"] {
            assert_eq!(ask(header::IF_NONE_MATCH, known).status(), StatusCode::NOT_MODIFIED, "{known}");
        }
        assert_eq!(ask(header::IF_NONE_MATCH, "W/\"other\"").status(), StatusCode::OK);
    }
}
