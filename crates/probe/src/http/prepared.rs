//! The settings of an HTTP question, checked and made ready once.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::Settings;
use crate::QuestionError;
use crate::dialer;
use crate::evidence::{Secrets, is_secret_key, masked_url};
use crate::question::{dial_options, host_and_port};
use crate::tls::Client;

const BODY_BYTES_DEFAULT: u64 = 1024 * 1024;
const BODY_BYTES_MAX: u64 = 10 * 1024 * 1024;
const REDIRECTS_DEFAULT: u8 = 10;
const REDIRECTS_MAX: u8 = 30;
const REQUEST_BYTES_MAX: usize = 1024 * 1024;

/// Headers that tell nobody anything secret, and that any origin may see.
const HARMLESS: [&str; 8] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "content-type",
    "pragma",
    "user-agent",
];

/// Headers that are no secrets, but meant for one origin.
const PLAIN: [&str; 6] = ["host", "origin", "referer", "range", "if-none-match", "if-modified-since"];

/// Headers that belong to the connection, which is ours.
const OURS: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// An HTTP question, ready to be asked.
pub(crate) struct Prepared {
    pub url: Url,
    pub method: Method,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub max_redirects: u8,
    pub expected: Expected,
    pub max_body: u64,
    pub dial: dialer::Options,
    /// Where to connect instead of the URL's own host and port.
    pub connect: Option<(String, u16)>,
    pub tls: Client,
    pub secrets: Secrets,
}

/// Which status codes are well.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The conditions decide.
    Any,
    /// Any of 2xx.
    Success,
    /// These, both ends included.
    Ranges(Vec<(u16, u16)>),
}

impl Expected {
    /// Whether `status` is well.
    pub fn holds(&self, status: StatusCode) -> bool {
        match self {
            Self::Any => true,
            Self::Success => status.is_success(),
            Self::Ranges(ranges) => ranges.iter().any(|(low, high)| (*low..=*high).contains(&status.as_u16())),
        }
    }

    /// Whether `status` was named in so many words.
    pub fn names(&self, status: StatusCode) -> bool {
        matches!(self, Self::Ranges(_)) && self.holds(status)
    }

    fn parse(patterns: &[String], conditions_decide: bool) -> Result<Self, QuestionError> {
        if patterns.is_empty() {
            return Ok(if conditions_decide { Self::Any } else { Self::Success });
        }
        let ranges = patterns.iter().enumerate().map(|(index, pattern)| {
            range(pattern).ok_or_else(|| {
                let why = format!("`{pattern}` is no status; write a code, a class or a range: 200, 2xx, 200-204");
                QuestionError::field(format!("expected_status.{index}"), why)
            })
        });
        Ok(Self::Ranges(ranges.collect::<Result<_, _>>()?))
    }
}

fn range(pattern: &str) -> Option<(u16, u16)> {
    let code = |text: &str| text.trim().parse::<u16>().ok().filter(|code| (100..1000).contains(code));
    let pattern = pattern.trim();
    if let Some((low, high)) = pattern.split_once('-') {
        return Some((code(low)?, code(high)?)).filter(|(low, high)| low <= high);
    }
    match pattern.to_ascii_lowercase().as_bytes() {
        [class @ b'1'..=b'9', b'x', b'x'] => {
            let low = u16::from(class - b'0') * 100;
            Some((low, low + 99))
        }
        _ => code(pattern).map(|code| (code, code)),
    }
}

impl Prepared {
    /// Checks `settings`. `conditions_decide`: whether some condition speaks of the status.
    pub fn new(settings: &Settings, conditions_decide: bool) -> Result<Self, QuestionError> {
        Self::speaking(settings, conditions_decide, &["h2", "http/1.1"])
    }

    /// The same for these versions of HTTP alone, as ALPN names them.
    pub fn speaking(settings: &Settings, conditions_decide: bool, alpn: &[&str]) -> Result<Self, QuestionError> {
        let url = url(&settings.url)?;
        let method = method(settings.method.as_deref())?;
        let mut headers = headers(&settings.headers)?;
        authorize(settings, &mut headers)?;
        let body = settings.body.as_ref().map_or("", |body| body.expose_secret());
        if body.len() > REQUEST_BYTES_MAX {
            return Err(QuestionError::field(
                "body",
                format!("has {} bytes, more than {REQUEST_BYTES_MAX}", body.len()),
            ));
        }
        Ok(Self {
            secrets: secrets(settings, &url, &headers),
            url,
            method,
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
            max_redirects: max_redirects(settings.max_redirects)?,
            expected: Expected::parse(&settings.expected_status, conditions_decide)?,
            max_body: max_body(settings.max_body)?,
            dial: dial_options(settings.ip_version, settings.resolver.as_deref())?,
            connect: settings.connect.as_deref().map(|text| host_and_port("connect", text)).transpose()?,
            tls: Client::new(&settings.tls, alpn)?,
        })
    }

    /// `GET https://api.example.com/ready`, secrets masked.
    pub fn target(&self) -> String {
        format!("{} {}", self.method, masked_url(self.url.as_str()))
    }

    /// The host of the URL, without brackets.
    pub fn host(&self) -> &str {
        bare(self.url.host_str().unwrap_or_default())
    }
}

/// A host as it stands in a URL, without the brackets of an IPv6 address.
pub(crate) fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Whether any origin may see a header.
pub(super) fn is_harmless(name: &HeaderName) -> bool {
    HARMLESS.contains(&name.as_str())
}

fn url(text: &str) -> Result<Url, QuestionError> {
    let shown = masked_url(text);
    let wrong = |why: String| QuestionError::field("url", why);
    let mut url = Url::parse(text.trim()).map_err(|error| {
        wrong(format!("`{shown}` is no URL ({error}); write it whole, like https://api.example.com/ready"))
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong(format!(
            "`{shown}` is neither http:// nor https://; use a tcp or tls monitor for other protocols"
        )));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(format!(
            "`{shown}` carries a user or a password; give them as `basic_auth`, where they stay secret"
        )));
    }
    if url.port() == Some(0) {
        return Err(wrong(format!("`{shown}` has port 0, where nobody can listen")));
    }
    url.set_fragment(None);
    if !super::redirect::can_be_asked(&url) {
        return Err(wrong(
            "is longer than 8 KiB or holds a character that HTTP cannot carry; percent-encode it".to_owned(),
        ));
    }
    Ok(url)
}

fn method(text: Option<&str>) -> Result<Method, QuestionError> {
    let Some(text) = text else { return Ok(Method::GET) };
    let wrong = |why: String| Err(QuestionError::field("method", why));
    match Method::from_bytes(text.to_ascii_uppercase().as_bytes()) {
        Ok(Method::CONNECT) => wrong("CONNECT opens tunnels and asks nothing; use a tcp monitor".to_owned()),
        Ok(method) if text.len() <= 32 => Ok(method),
        _ => wrong(format!("`{}` is no HTTP method; write GET, HEAD, POST or the like", text.escape_debug())),
    }
}

fn headers(given: &BTreeMap<String, SecretString>) -> Result<HeaderMap, QuestionError> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let field = format!("headers.{}", name.escape_debug());
        let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
            QuestionError::field(
                &field,
                "is no header name; it may hold letters, digits and dashes, and no spaces or colons",
            )
        })?;
        if OURS.contains(&parsed.as_str()) {
            let why = "belongs to the connection and is set by the monitor itself; leave it out";
            return Err(QuestionError::field(&field, why));
        }
        let mut value = HeaderValue::from_str(value.expose_secret()).map_err(|_| {
            QuestionError::field(
                &field,
                "its value holds a line break or a character that HTTP cannot carry; take it out",
            )
        })?;
        value.set_sensitive(!is_harmless(&parsed) && !PLAIN.contains(&parsed.as_str()));
        headers.append(parsed, value);
    }
    Ok(headers)
}

fn authorize(settings: &Settings, headers: &mut HeaderMap) -> Result<(), QuestionError> {
    let (field, value) = match (&settings.basic_auth, &settings.bearer_token) {
        (None, None) => return Ok(()),
        (Some(_), Some(_)) => {
            return Err(QuestionError::field("bearer_token", "cannot stand beside `basic_auth`; keep one of them"));
        }
        (Some(basic), None) if basic.user.contains(':') => {
            return Err(QuestionError::field("basic_auth.user", "must not hold a colon (RFC 7617)"));
        }
        (Some(basic), None) => {
            let pair = format!("{}:{}", basic.user, basic.password.expose_secret());
            ("basic_auth", format!("Basic {}", BASE64_STANDARD.encode(pair)))
        }
        (None, Some(token)) => ("bearer_token", format!("Bearer {}", token.expose_secret())),
    };
    if headers.contains_key(AUTHORIZATION) {
        return Err(QuestionError::field(field, "cannot stand beside a header `Authorization`; keep one of them"));
    }
    let mut value = HeaderValue::from_str(&value).map_err(|_| {
        QuestionError::field(field, "holds a line break or a character that HTTP cannot carry; take it out")
    })?;
    value.set_sensitive(true);
    headers.insert(AUTHORIZATION, value);
    Ok(())
}

/// All that must not come back in evidence.
fn secrets(settings: &Settings, url: &Url, headers: &HeaderMap) -> Secrets {
    let mut secrets = Vec::new();
    for (_, value) in headers.iter().filter(|(_, value)| value.is_sensitive()) {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        // `Bearer TOKEN`: the other side may repeat the token alone.
        if let Some((_, credentials)) = value.split_once(' ') {
            secrets.push(credentials.to_owned());
        }
        secrets.push(value);
    }
    secrets.extend(settings.basic_auth.iter().map(|basic| basic.password.expose_secret().to_owned()));
    secrets.extend(settings.body.iter().map(|body| body.expose_secret().to_owned()));
    for (_, value) in url.query_pairs().filter(|(key, _)| is_secret_key(&key.to_lowercase())) {
        secrets.push(url::form_urlencoded::byte_serialize(value.as_bytes()).collect());
        secrets.push(value.into_owned());
    }
    Secrets::new(secrets)
}

fn max_redirects(given: Option<u8>) -> Result<u8, QuestionError> {
    match given.unwrap_or(REDIRECTS_DEFAULT) {
        hops if hops <= REDIRECTS_MAX => Ok(hops),
        hops => Err(QuestionError::field("max_redirects", format!("{hops} is more than {REDIRECTS_MAX}"))),
    }
}

fn max_body(given: Option<u64>) -> Result<u64, QuestionError> {
    match given.unwrap_or(BODY_BYTES_DEFAULT) {
        0 => Err(QuestionError::field("max_body", "0 would refuse every body; leave it out, or use method HEAD")),
        bytes if bytes <= BODY_BYTES_MAX => Ok(bytes),
        bytes => Err(QuestionError::field("max_body", format!("{bytes} is more than {BODY_BYTES_MAX} (10 MiB)"))),
    }
}

/// `503 Service Unavailable`.
pub(crate) fn status_in_words(status: StatusCode) -> String {
    status
        .canonical_reason()
        .map_or_else(|| status.as_u16().to_string(), |words| format!("{} {words}", status.as_u16()))
}

/// Whether credentials may have been what was missing.
pub(crate) fn wants_credentials(status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}
