//! Where a redirect leads, and what may be taken along (RFC 9110, 15.4).

use allswell_core::Reason;
use bytes::Bytes;
use hyper::header::LOCATION;
use hyper::{HeaderMap, Method, StatusCode};
use url::Url;

use super::Received;
use super::prepared::{Prepared, is_harmless};
use crate::evidence::{line, masked_url};
use crate::fault::Fault;

const URL_BYTES_MAX: usize = 8 * 1024;

/// The request of one hop.
#[derive(Clone, Debug)]
pub(super) struct Hop {
    pub url: Url,
    pub method: Method,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Hop {
    /// The first hop: the question as it was put.
    pub fn first(question: &Prepared) -> Self {
        Self {
            url: question.url.clone(),
            method: question.method.clone(),
            headers: question.headers.clone(),
            body: question.body.clone(),
        }
    }

    /// The next hop when `answer` is a redirect; `question` knows what must stay secret.
    pub fn next(&self, answer: &Received, question: &Prepared) -> Result<Self, Fault> {
        let url = self.location(answer, question)?;
        let (method, with_body) = self.method_after(answer.status);
        let same_origin = url.origin() == self.url.origin();
        if !same_origin && with_body && !self.body.is_empty() {
            let detail = format!("the redirect to {} would send the body to another origin", shown(&url));
            return Err(refused(detail));
        }
        let mut headers = self.headers.clone();
        if !same_origin {
            let secret: Vec<_> = headers.keys().filter(|name| !is_harmless(name)).cloned().collect();
            secret.iter().for_each(|name| drop(headers.remove(name)));
        }
        let body = if with_body { self.body.clone() } else { Bytes::new() };
        Ok(Self { url, method, headers, body })
    }

    fn location(&self, answer: &Received, question: &Prepared) -> Result<Url, Fault> {
        let status = answer.status.as_u16();
        let Some(location) = answer.headers.get(LOCATION) else {
            return Err(refused(format!("{status} is a redirect, but says not where to (no Location)")));
        };
        let text = String::from_utf8_lossy(location.as_bytes());
        let told = line(&masked_url(&text), &question.secrets);
        let mut url = self
            .url
            .join(text.trim())
            .map_err(|_| refused(format!("{status} redirects to `{told}`, which is no URL")))?;
        match (self.url.scheme(), url.scheme()) {
            ("https", "http") => return Err(refused(format!("{status} redirects from https to http: `{told}`"))),
            (_, "http" | "https") => {}
            _ => return Err(refused(format!("{status} redirects to `{told}`, which is neither http nor https"))),
        }
        url.set_fragment(None);
        // Whoever redirects does not choose our user and password.
        let cleared = url.set_username("").and_then(|()| url.set_password(None));
        cleared.map_err(|()| refused(format!("{status} redirects to `{told}`, which has no host")))?;
        if !can_be_asked(&url) {
            return Err(refused(format!("{status} redirects to `{told}`, which no request can carry")));
        }
        Ok(url)
    }

    /// As browsers do: 303 always, 301 and 302 after POST become GET; 307 and 308 repeat the request.
    fn method_after(&self, status: StatusCode) -> (Method, bool) {
        let get = match status {
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        if get { (Method::GET, false) } else { (self.method.clone(), true) }
    }
}

/// Whether a request can carry this URL: HTTP allows fewer characters than URLs do, and nobody wants endless ones.
pub(super) fn can_be_asked(url: &Url) -> bool {
    url.as_str().len() <= URL_BYTES_MAX && url.port() != Some(0) && hyper::Uri::try_from(url.as_str()).is_ok()
}

/// Whether `status` asks to go elsewhere.
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn refused(detail: String) -> Fault {
    Fault::new(Reason::RedirectRefused, detail)
}

/// A URL for people.
pub(super) fn shown(url: &Url) -> String {
    masked_url(url.as_str())
}

/// The hops so far, and that they were too many or went round in circles.
pub(super) fn too_many(hops: &[(Method, Url)], next: &Hop, max: u8) -> Option<Fault> {
    let urls: Vec<_> = hops.iter().map(|(_, url)| shown(url)).chain([shown(&next.url)]).collect();
    let told = |urls: &[String]| match urls {
        [first, second, .., last] if urls.len() > 5 => format!("{first} -> {second} -> ... -> {last}"),
        urls => urls.join(" -> "),
    };
    if let Some(start) = hops.iter().position(|(method, url)| *method == next.method && *url == next.url) {
        let detail = format!("the redirects go round in a circle: {}", told(&urls[start..]));
        return Some(Fault::new(Reason::TooManyRedirects, detail));
    }
    (hops.len() > usize::from(max)).then(|| {
        let detail = format!("more than {max} redirects (`max_redirects`): {}", told(&urls));
        Fault::new(Reason::TooManyRedirects, detail)
    })
}
