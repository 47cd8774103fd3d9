//! Asks the health service of gRPC: `grpc.health.v1.Health/Check`, plain or over TLS.
//!
//! <https://github.com/grpc/grpc/blob/master/doc/health-checking.md>,
//! <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>.

mod ask;
mod message;

use std::collections::BTreeMap;
use std::fmt;

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::evidence::Secrets;
use crate::question::{dial_options, host_and_port, joined};
use crate::stream::Endpoint;
use crate::{QuestionError, dialer, tls};

pub(crate) use ask::ask;

/// What to ask a gRPC server.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `host:port`.
    pub address: String,
    /// Whose health is asked for: `orders.v1.Orders`; that of the whole server when empty.
    #[serde(default)]
    pub service: String,
    /// Metadata to send. Values are secrets.
    #[serde(default)]
    pub metadata: BTreeMap<String, SecretString>,
    /// How to speak TLS; not at all when not given.
    #[serde(default)]
    pub tls: Option<tls::Options>,
    /// `any` (the default), `ipv4`, `ipv6`.
    #[serde(default)]
    pub ip_version: dialer::IpVersion,
    /// The address of a DNS server to ask, instead of the system's.
    #[serde(default)]
    pub resolver: Option<String>,
}

impl fmt::Debug for Settings {
    /// Shows whom it asks, and nothing that may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, service) = (&self.address, &self.service);
        f.debug_struct("Settings").field("address", address).field("service", service).finish_non_exhaustive()
    }
}

/// The longest name of a service; names are those of packages and services in `.proto` files.
const SERVICE_BYTES_MAX: usize = 1024;

/// A gRPC question, ready to be asked.
pub(crate) struct Prepared {
    pub endpoint: Endpoint,
    pub service: String,
    pub metadata: HeaderMap,
    pub secrets: Secrets,
}

impl Prepared {
    /// Checks `settings` and reads the files they name.
    pub fn new(settings: &Settings) -> Result<Self, QuestionError> {
        let (host, port) = host_and_port("address", &settings.address)?;
        let service = settings.service.trim().to_owned();
        if service.len() > SERVICE_BYTES_MAX || service.contains(|c: char| c.is_whitespace() || c.is_control()) {
            let why = "is no name of a service; write it as the .proto file does: package.v1.Service";
            return Err(QuestionError::field("service", why));
        }
        let client = settings.tls.as_ref().map(|tls| tls::Client::new(tls, &["h2"])).transpose()?;
        Ok(Self {
            endpoint: Endpoint {
                host,
                port,
                dial: dial_options(settings.ip_version, settings.resolver.as_deref())?,
                client: client.map(Box::new),
            },
            service,
            metadata: metadata(&settings.metadata)?,
            secrets: secrets(&settings.metadata),
        })
    }

    /// `grpc 127.0.0.1:50051/orders.v1.Orders`.
    pub fn target(&self) -> String {
        let scheme = if self.endpoint.client.is_some() { "grpcs" } else { "grpc" };
        let service = if self.service.is_empty() { String::new() } else { format!("/{}", self.service) };
        format!("{scheme} {}{service}", joined(&self.endpoint.host, self.endpoint.port))
    }
}

/// `Bearer TOKEN`: the other side may repeat the token alone.
fn secrets(metadata: &BTreeMap<String, SecretString>) -> Secrets {
    let values = metadata.values().map(|value| value.expose_secret());
    Secrets::new(
        values
            .flat_map(|value| [Some(value), value.split_once(' ').map(|(_, rest)| rest)])
            .flatten()
            .map(str::to_owned),
    )
}

fn metadata(given: &BTreeMap<String, SecretString>) -> Result<HeaderMap, QuestionError> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let wrong = |why: &str| QuestionError::field(format!("metadata.{}", name.escape_debug()), why);
        let parsed = HeaderName::from_bytes(name.as_bytes());
        let parsed =
            parsed.map_err(|_| wrong("is no key; it may hold letters, digits, dashes, dots and underscores"))?;
        let ours = ["te", "content-type", "user-agent", "host", "connection"];
        if name.to_ascii_lowercase().starts_with("grpc-") || ours.contains(&parsed.as_str()) {
            return Err(wrong("belongs to the protocol and is set by the monitor itself; leave it out"));
        }
        let mut value = HeaderValue::from_str(value.expose_secret())
            .map_err(|_| wrong("its value holds a line break or a character that HTTP cannot carry; take it out"))?;
        value.set_sensitive(true);
        headers.append(parsed, value);
    }
    Ok(headers)
}
