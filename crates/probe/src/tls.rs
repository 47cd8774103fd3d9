//! Speaks TLS, directly or after STARTTLS, and looks at the certificate.

mod ask;
mod chain;
mod client;
mod roots;
mod starttls;
mod trust;

use std::path::PathBuf;

use serde::Deserialize;

pub(crate) use ask::{Prepared, ask};
pub(crate) use client::after_handshake;
pub use client::{Client, Handshake};

/// What to ask over TLS.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `host:port`.
    pub address: String,
    /// The protocol to leave by STARTTLS.
    #[serde(default)]
    pub starttls: Option<StartTls>,
    /// How to speak TLS.
    #[serde(default)]
    pub tls: Options,
    /// `any` (the default), `ipv4`, `ipv6`.
    #[serde(default)]
    pub ip_version: crate::dialer::IpVersion,
    /// The address of a DNS server to ask, instead of the system's.
    #[serde(default)]
    pub resolver: Option<String>,
}

/// A protocol that begins in the clear and turns to TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartTls {
    /// RFC 3207.
    Smtp,
    /// RFC 9051, 6.2.1.
    Imap,
    /// RFC 2595, 4.
    Pop3,
    /// PostgreSQL's SSLRequest.
    Postgres,
}

/// How to speak TLS.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// A PEM file with the roots to trust instead of the system's.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// A PEM file with the client's certificate chain.
    #[serde(default)]
    pub client_cert: Option<PathBuf>,
    /// A PEM file with the client's key.
    #[serde(default)]
    pub client_key: Option<PathBuf>,
    /// The name to ask for and to verify, instead of the host's.
    #[serde(default)]
    pub server_name: Option<String>,
    /// Accept any certificate. What is wrong with it is still recorded and shown.
    #[serde(default)]
    pub insecure: bool,
}
