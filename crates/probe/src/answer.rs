//! What one asking brought back: the outcome, and the evidence for it.

use std::net::SocketAddr;

use allswell_core::{Outcome, Phases, Wall};
use serde::{Deserialize, Serialize};

use crate::{condition, health};

/// What one asking brought back. For the owner of the monitor: secrets of the question are masked, nothing else is left out.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The verdict, its reason and the total time.
    pub outcome: Outcome,
    /// One sentence on what went wrong, with the value: `503 Service Unavailable`, `certificate expired 3 days ago`.
    pub detail: Option<String>,
    /// How long each phase took.
    pub phases: Phases,
    /// The address that was asked last.
    pub address: Option<SocketAddr>,
    /// The HTTP status of the last hop.
    pub status: Option<u16>,
    /// `HTTP/1.1` or `HTTP/2`.
    pub http_version: Option<&'static str>,
    /// The URL that answered, when it is not the one that was asked for.
    pub final_url: Option<String>,
    /// The size of the body after decompression, as far as it was read.
    pub body_bytes: Option<u64>,
    /// The certificate chain that was presented, also when it was not accepted.
    pub certificate: Option<Certificate>,
    /// What the app says of itself, when the body is a health document.
    pub health: Option<health::Document>,
    /// All conditions that did not hold.
    pub failed_conditions: Vec<condition::Failed>,
    /// What each condition looked at, where the question was to [explain](crate::Question::explain) it.
    pub seen: Vec<condition::Seen>,
    /// What the other side said.
    pub evidence: Option<Evidence>,
}

impl Answer {
    /// An answer that has nothing but its outcome and a sentence about it.
    pub fn bare(outcome: Outcome, detail: impl Into<Option<String>>) -> Self {
        Self {
            outcome,
            detail: detail.into(),
            phases: Phases::default(),
            address: None,
            status: None,
            http_version: None,
            final_url: None,
            body_bytes: None,
            certificate: None,
            health: None,
            failed_conditions: Vec::new(),
            seen: Vec::new(),
            evidence: None,
        }
    }
}

impl Answer {
    /// The address that was asked last, for people: without a port where there is none (ICMP).
    pub fn place(&self) -> Option<String> {
        self.address.map(|address| match address.port() {
            0 => address.ip().to_string(),
            _ => address.to_string(),
        })
    }
}

/// What the other side said, bounded and with secrets masked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// `HTTP/1.1 503 Service Unavailable`, or the first line of another protocol.
    pub status_line: Option<String>,
    /// Names as sent, values masked where they carry secrets; at most 64, each at most 512 bytes.
    pub headers: Vec<(String, String)>,
    /// The beginning of the body, at most 4 KiB, control characters replaced.
    pub body: String,
    /// Whether the body went on.
    pub body_truncated: bool,
}

/// The facts of a presented certificate chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The leaf's subject, as RFC 4514 writes it.
    pub subject: String,
    /// The leaf's issuer.
    pub issuer: String,
    /// DNS names and addresses that the leaf is good for.
    pub names: Vec<String>,
    /// Begin of the leaf's time, in milliseconds since the epoch.
    pub not_before_ms: i64,
    /// End of the leaf's time, in milliseconds since the epoch.
    pub not_after_ms: i64,
    /// Whole days until the first certificate of the chain ends; negative when one has ended.
    pub days_left: i64,
    /// SHA-256 of the leaf, lower-case hex.
    pub fingerprint: String,
    /// `TLSv1.2` or `TLSv1.3`; `None` when the handshake did not end.
    pub protocol: Option<String>,
    /// Whether it was accepted for the asked name.
    pub trusted: bool,
    /// The chain as presented, leaf first.
    pub chain: Vec<Link>,
}

impl Certificate {
    /// When the leaf ends.
    pub const fn not_after(&self) -> Wall {
        Wall::from_ms(self.not_after_ms)
    }
}

/// One certificate of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its subject.
    pub subject: String,
    /// Its issuer.
    pub issuer: String,
    /// Its end, in milliseconds since the epoch.
    pub not_after_ms: i64,
}
