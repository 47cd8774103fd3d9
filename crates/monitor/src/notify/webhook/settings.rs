//! Webhooks: what the settings mean, and where they lead.

use std::collections::BTreeMap;
use std::path::PathBuf;

use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::notify::ChannelError;
use crate::notify::post::{self, Target};

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

/// Headers of our own, besides those that describe the request.
const OURS: [&str; 2] = ["allswell-signature", "idempotency-key"];

impl Route {
    /// Checks `settings`.
    pub fn new(settings: &Settings) -> Result<Self, ChannelError> {
        let url = Target::read(settings.url.expose_secret()).map_err(|why| ChannelError::new("url", why))?;
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
        Ok(Self { url, secrets: settings.secrets.clone(), headers, ca: settings.ca.clone() })
    }
}

fn header(name: &str, value: &SecretString) -> Result<(HeaderName, HeaderValue), ChannelError> {
    let wrong = |why: &str| ChannelError::new(format!("headers.{name}"), why);
    let parsed: HeaderName = name.parse().map_err(|_| wrong("is no header name; use letters, digits and dashes"))?;
    if post::OURS.iter().chain(&OURS).any(|ours| *ours == parsed) {
        return Err(wrong("is set by us; leave it out"));
    }
    let mut value = HeaderValue::from_str(value.expose_secret())
        .map_err(|_| wrong("its value has a line break or another control character; write it on one line"))?;
    value.set_sensitive(true);
    Ok((parsed, value))
}
