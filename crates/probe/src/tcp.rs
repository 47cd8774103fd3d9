//! Connects over TCP, and may say and expect something.

use serde::Deserialize;

/// What to ask over TCP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `host:port`.
    pub address: String,
    /// What to say after connecting; `\r`, `\n`, `\t`, `\\` and `\xNN` are understood.
    #[serde(default)]
    pub send: Option<String>,
    /// What the answer must contain, within its first 64 KiB.
    #[serde(default)]
    pub expect: Option<String>,
    /// `any` (the default), `ipv4`, `ipv6`.
    #[serde(default)]
    pub ip_version: crate::dialer::IpVersion,
    /// The address of a DNS server to ask, instead of the system's.
    #[serde(default)]
    pub resolver: Option<String>,
}
