//! The one way out: resolves, checks every address against the policy, connects with happy eyeballs (RFC 8305).

use serde::Deserialize;

/// Which addresses of a name to try.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IpVersion {
    /// Both, IPv6 first.
    #[default]
    Any,
    /// Only IPv4.
    Ipv4,
    /// Only IPv6.
    Ipv6,
}

/// Which addresses may be connected to. Checked for every resolved address of every hop, IPv4 in IPv6 unwrapped.
#[derive(Clone, Debug)]
pub struct AddressPolicy {
    /// Whether addresses that are not globally routable are refused.
    pub deny_private: bool,
    /// Networks that are allowed all the same.
    pub allow: Vec<ipnet::IpNet>,
}

impl Default for AddressPolicy {
    /// A self-hosted monitor watches its own network: everything but the cloud metadata addresses is allowed.
    fn default() -> Self {
        Self { deny_private: false, allow: Vec::new() }
    }
}
