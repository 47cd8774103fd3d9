//! Asks over HTTP.

mod ask;
mod body;
mod broken;
pub(crate) mod exchange;
mod prepared;
mod redirect;
pub(crate) mod wire;

use std::collections::BTreeMap;
use std::fmt;

use secrecy::SecretString;
use serde::Deserialize;

use crate::evidence::masked_url;

pub(crate) use ask::ask;
pub(crate) use body::Body;
/// What we call ourselves.
pub(crate) const OUR_NAME: &str = concat!("allswell/", env!("CARGO_PKG_VERSION"));

pub(crate) use prepared::{Expected, Prepared, bare, status_in_words, wants_credentials};

/// What to ask over HTTP.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `http://` or `https://`.
    pub url: String,
    /// The method; `GET` when not given.
    #[serde(default)]
    pub method: Option<String>,
    /// Headers to send.
    #[serde(default)]
    pub headers: BTreeMap<String, SecretString>,
    /// The body to send.
    #[serde(default)]
    pub body: Option<SecretString>,
    /// User and password for basic authentication.
    #[serde(default)]
    pub basic_auth: Option<BasicAuth>,
    /// A bearer token.
    #[serde(default)]
    pub bearer_token: Option<SecretString>,
    /// How many redirects to follow; 0 follows none, 10 when not given.
    #[serde(default)]
    pub max_redirects: Option<u8>,
    /// The status codes that are well: `200`, `2xx`, `200-204`; any of 2xx when nothing is given and no condition names `status`.
    #[serde(default)]
    pub expected_status: Vec<String>,
    /// The largest body in bytes, after decompression; 1 MiB when not given, at most 10 MiB.
    #[serde(default)]
    pub max_body: Option<u64>,
    /// `any` (the default), `ipv4`, `ipv6`.
    #[serde(default)]
    pub ip_version: crate::dialer::IpVersion,
    /// The address of a DNS server to ask, instead of the system's.
    #[serde(default)]
    pub resolver: Option<String>,
    /// Connect to this `host:port` instead of the URL's; name and Host header stay.
    #[serde(default)]
    pub connect: Option<String>,
    /// How to speak TLS.
    #[serde(default)]
    pub tls: crate::tls::Options,
}

impl fmt::Debug for Settings {
    /// Shows whom it asks, and nothing that may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (url, method) = (masked_url(&self.url), &self.method);
        f.debug_struct("Settings").field("url", &url).field("method", method).finish_non_exhaustive()
    }
}

/// User and password.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BasicAuth {
    /// The user.
    pub user: String,
    /// The password.
    pub password: SecretString,
}

/// An answer as far as it came in.
#[derive(Debug)]
pub(crate) struct Received {
    pub status: hyper::StatusCode,
    pub version: hyper::Version,
    pub headers: hyper::HeaderMap,
    pub body: Body,
    /// What came behind the body.
    pub trailers: Option<hyper::HeaderMap>,
}
