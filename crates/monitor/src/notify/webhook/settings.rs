//! Webhooks: what the settings mean, and where they lead.

use std::collections::BTreeMap;
use std::path::PathBuf;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::notify::ChannelError;

/// A channel of type `webhook` as written.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `http://` or `https://`. Whoever knows it may often write to it, so it is kept like a password.
    pub url: SecretString,
    /// The secrets that sign: none, one, or two while one replaces the other.
    pub secrets: Vec<SecretString>,
    /// More headers to send.
    pub headers: BTreeMap<String, SecretString>,
    /// A PEM file with the roots to trust instead of the system's.
    pub ca: Option<PathBuf>,
}

/// Where requests go and what they carry: settings that were checked.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub url: Target,
    pub secrets: Vec<SecretString>,
    pub headers: HeaderMap,
    pub ca: Option<PathBuf>,
}

/// A URL that does not show what may be secret in it.
#[derive(Clone)]
pub(crate) struct Target(pub Url);

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}/…", self.0.scheme(), self.0.host_str().unwrap_or_default())
    }
}

/// Headers that describe the request itself.
const OURS: [&str; 9] = [
    "allswell-signature",
    "connection",
    "content-length",
    "content-type",
    "host",
    "idempotency-key",
    "te",
    "transfer-encoding",
    "upgrade",
];

impl Route {
    /// Checks `settings`.
    pub fn new(settings: &Settings) -> Result<Self, ChannelError> {
        let url = target(settings.url.expose_secret()).map_err(|why| ChannelError::new("url", why))?;
        if settings.secrets.len() > 2 {
            let why = format!(
                "holds {} secrets; at most two sign at a time, the new one and the old one",
                settings.secrets.len()
            );
            return Err(ChannelError::new("secrets", why));
        }
        if settings.secrets.iter().any(|secret| secret.expose_secret().is_empty()) {
            return Err(ChannelError::new("secret", "is empty; leave it out to send without a signature"));
        }
        let headers = settings.headers.iter().map(|(name, value)| header(name, value)).collect::<Result<_, _>>()?;
        Ok(Self { url: Target(url), secrets: settings.secrets.clone(), headers, ca: settings.ca.clone() })
    }

    /// The host to connect to.
    pub fn host(&self) -> &str {
        self.url.0.host_str().expect("checked: http and https URLs have a host")
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.url.0.port_or_known_default().expect("http and https have a known port")
    }

    /// The value of `Host`: the port only when it is not the scheme's own (RFC 9110 7.2).
    pub fn host_header(&self) -> HeaderValue {
        let host = self.url.0.port().map_or_else(|| self.host().to_owned(), |port| format!("{}:{port}", self.host()));
        HeaderValue::from_str(&host).expect("the host of a URL is ASCII without spaces")
    }

    /// Path and query, the fragment left out.
    pub fn path(&self) -> Uri {
        let query = self.url.0.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = format!("{}{query}", self.url.0.path());
        path.parse().expect("checked: the path of a URL is a path of a request")
    }
}

/// Reads the URL. No answer quotes it: it may hold a token.
fn target(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .map_err(|error| format!("is no URL ({error}); write it like https://hooks.example.com/allswell"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("scheme `{}` is unknown; use http:// or https://", url.scheme()));
    }
    let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    path.parse::<Uri>().map_err(|_| "has a path that no request can carry; percent-encode it".to_owned())?;
    Ok(url)
}

fn header(name: &str, value: &SecretString) -> Result<(HeaderName, HeaderValue), ChannelError> {
    let wrong = |why: &str| ChannelError::new(format!("headers.{name}"), why);
    let parsed: HeaderName = name.parse().map_err(|_| wrong("is no header name; use letters, digits and dashes"))?;
    if OURS.contains(&parsed.as_str()) {
        return Err(wrong("is set by us; leave it out"));
    }
    let mut value = HeaderValue::from_str(value.expose_secret())
        .map_err(|_| wrong("its value has a line break or another control character; write it on one line"))?;
    value.set_sensitive(true);
    Ok((parsed, value))
}
