//! Opens a WebSocket (RFC 6455): the handshake, a subprotocol, and if wanted one message there and one back.

mod ask;

use std::collections::BTreeMap;
use std::fmt;

use hyper::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::evidence::{Secrets, masked_url};
use crate::{QuestionError, dialer, http, tls};

pub(crate) use ask::ask;

/// What to ask a WebSocket server.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `ws://` or `wss://`.
    pub url: String,
    /// The subprotocol that the server must choose.
    #[serde(default)]
    pub subprotocol: Option<String>,
    /// Headers of the handshake. Values are secrets.
    #[serde(default)]
    pub headers: BTreeMap<String, SecretString>,
    /// The text message to send.
    #[serde(default)]
    pub send: Option<SecretString>,
    /// What one of the messages that come must contain.
    #[serde(default)]
    pub expect: Option<String>,
    /// How to speak TLS, with `wss://`.
    #[serde(default)]
    pub tls: tls::Options,
    /// `any` (the default), `ipv4`, `ipv6`.
    #[serde(default)]
    pub ip_version: dialer::IpVersion,
    /// The address of a DNS server to ask, instead of the system's.
    #[serde(default)]
    pub resolver: Option<String>,
    /// Connect to this `host:port` instead of the URL's; name and Host header stay.
    #[serde(default)]
    pub connect: Option<String>,
}

impl fmt::Debug for Settings {
    /// Shows whom it asks, and nothing that may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("url", &masked_url(&self.url)).finish_non_exhaustive()
    }
}

/// A WebSocket question, ready to be asked.
pub(crate) struct Prepared {
    /// The request of the handshake, which is one of HTTP/1.1.
    pub request: http::Prepared,
    pub subprotocol: Option<HeaderValue>,
    send: Option<SecretString>,
    pub expect: Option<String>,
}

impl Prepared {
    /// Checks `settings` and reads the files they name.
    pub fn new(settings: &Settings) -> Result<Self, QuestionError> {
        if let Some(name) = settings.headers.keys().find(|name| name.to_ascii_lowercase().starts_with("sec-websocket-"))
        {
            let why = "belongs to the handshake; the subprotocol is written as `subprotocol`";
            return Err(QuestionError::field(format!("headers.{}", name.escape_debug()), why));
        }
        let request = http::Settings {
            url: as_http(&settings.url)?,
            method: None,
            headers: settings.headers.clone(),
            body: settings.send.clone(),
            basic_auth: None,
            bearer_token: None,
            max_redirects: Some(0),
            expected_status: Vec::new(),
            max_body: None,
            ip_version: settings.ip_version,
            resolver: settings.resolver.clone(),
            connect: settings.connect.clone(),
            tls: settings.tls.clone(),
        };
        // RFC 6455, 4.1: the handshake is HTTP/1.1.
        let request = http::Prepared::speaking(&request, false, &["http/1.1"]).map_err(in_our_words)?;
        let subprotocol = settings.subprotocol.as_deref().map(subprotocol).transpose()?;
        if settings.expect.as_ref().is_some_and(String::is_empty) {
            return Err(QuestionError::field("expect", "is empty; leave it out when any answer will do"));
        }
        Ok(Self { request, subprotocol, send: settings.send.clone(), expect: settings.expect.clone() })
    }

    /// `websocket wss://api.example.com/live`, secrets masked.
    pub fn target(&self) -> String {
        format!("websocket ws{}", masked_url(self.request.url.as_str()).trim_start_matches("http"))
    }

    /// The text to send.
    pub fn message(&self) -> Option<&str> {
        self.send.as_ref().map(|send| send.expose_secret())
    }

    pub fn secrets(&self) -> &Secrets {
        &self.request.secrets
    }
}

/// The URL of the handshake's request.
fn as_http(url: &str) -> Result<String, QuestionError> {
    match url.trim().split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ws") => Ok(format!("http://{rest}")),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("wss") => Ok(format!("https://{rest}")),
        _ => {
            let why =
                format!("`{}` is neither ws:// nor wss://; write it like wss://api.example.com/live", masked_url(url));
            Err(QuestionError::field("url", why))
        }
    }
}

/// The message is the request's body while it is checked, and called as it was written.
fn in_our_words(error: QuestionError) -> QuestionError {
    match error {
        QuestionError::Field { field, why } if field == "body" => {
            QuestionError::Field { field: "send".to_owned(), why }
        }
        QuestionError::Field { field, why } if field == "url" => {
            let why = why
                .replace("`http", "`ws")
                .replace("; give them as `basic_auth`, where they stay secret", "; write a header");
            QuestionError::Field { field, why }
        }
        other => other,
    }
}

/// RFC 6455, 4.1: a token.
fn subprotocol(text: &str) -> Result<HeaderValue, QuestionError> {
    let is_token =
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&byte));
    HeaderValue::from_str(text).ok().filter(|_| is_token).ok_or_else(|| {
        let why =
            format!("`{}` is no name of a subprotocol; write one word like graphql-transport-ws", text.escape_debug());
        QuestionError::field("subprotocol", why)
    })
}
