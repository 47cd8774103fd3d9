//! The facts of a presented chain, for people and for conditions. Nothing is judged here.

use rustls::pki_types::{CertificateDer, UnixTime};
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};
use x509_parser::x509::X509Name;

use crate::answer::{Certificate, Link};
use crate::text::is_unprintable;

const LINKS_MAX: usize = 16;
const NAMES_MAX: usize = 128;
const NAME_CHARS_MAX: usize = 256;
const DAY_MS: i64 = 86_400_000;

/// What a certificate says of itself.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub subject: String,
    pub issuer: String,
    pub names: Vec<String>,
    pub not_before_ms: i64,
    pub not_after_ms: i64,
    /// Whether subject and issuer are the same.
    pub self_issued: bool,
    subject_der: Vec<u8>,
    issuer_der: Vec<u8>,
}

impl Facts {
    /// Reads one certificate; `None` when it cannot be read.
    pub fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let (subject, issuer) = (certificate.subject(), certificate.issuer());
        Some(Self {
            subject: name(subject),
            issuer: name(issuer),
            names: alternative_names(&certificate),
            not_before_ms: certificate.validity().not_before.timestamp().saturating_mul(1_000),
            not_after_ms: certificate.validity().not_after.timestamp().saturating_mul(1_000),
            self_issued: subject.as_raw() == issuer.as_raw(),
            subject_der: subject.as_raw().to_vec(),
            issuer_der: issuer.as_raw().to_vec(),
        })
    }

    /// Whether `other` bears the name that issued this one.
    pub fn issued_by(&self, other: &Self) -> bool {
        self.issuer_der == other.subject_der
    }
}

/// Reads a chain as presented, leaf first; what cannot be read is left out, except the leaf.
pub(super) fn read(leaf: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Option<Vec<Facts>> {
    let mut chain = vec![Facts::read(leaf)?];
    chain.extend(others.iter().take(LINKS_MAX - 1).filter_map(|der| Facts::read(der)));
    Some(chain)
}

/// Puts the facts together. `ends_ms` are the ends of the certificates that count: those of the chosen path.
pub(super) fn certificate(
    leaf: &CertificateDer<'_>,
    chain: &[Facts],
    ends_ms: impl IntoIterator<Item = i64>,
    trusted: bool,
    now: UnixTime,
) -> Certificate {
    let first = &chain[0];
    let end = ends_ms.into_iter().chain([first.not_after_ms]).min().unwrap_or(first.not_after_ms);
    let now_ms = i64::try_from(now.as_secs()).unwrap_or(i64::MAX / 1_000).saturating_mul(1_000);
    Certificate {
        subject: first.subject.clone(),
        issuer: first.issuer.clone(),
        names: first.names.clone(),
        not_before_ms: first.not_before_ms,
        not_after_ms: first.not_after_ms,
        days_left: end.saturating_sub(now_ms).div_euclid(DAY_MS),
        fingerprint: Sha256::digest(leaf).iter().map(|byte| format!("{byte:02x}")).collect(),
        protocol: None,
        trusted,
        chain: chain
            .iter()
            .map(|facts| Link {
                subject: facts.subject.clone(),
                issuer: facts.issuer.clone(),
                not_after_ms: facts.not_after_ms,
            })
            .collect(),
    }
}

fn alternative_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let text = |general: &GeneralName<'_>| match general {
        GeneralName::DNSName(name) => Some(short(name)),
        GeneralName::IPAddress(octets) => address(octets),
        _ => None,
    };
    extension.value.general_names.iter().filter_map(text).take(NAMES_MAX).collect()
}

fn address(octets: &[u8]) -> Option<String> {
    if let Ok(v4) = <[u8; 4]>::try_from(octets) {
        return Some(std::net::Ipv4Addr::from(v4).to_string());
    }
    <[u8; 16]>::try_from(octets).ok().map(|v6| std::net::Ipv6Addr::from(v6).to_string())
}

/// Writes a name as RFC 4514 does: the most specific part first.
fn name(name: &X509Name<'_>) -> String {
    let registry = x509_parser::objects::oid_registry();
    let mut parts: Vec<_> = name
        .iter_rdn()
        .take(LINKS_MAX)
        .map(|part| {
            let pairs = part.iter().map(|attribute| {
                let oid = attribute.attr_type();
                let key = registry.get(oid).map_or_else(|| oid.to_id_string(), |entry| abbreviated(entry.sn()));
                format!("{key}={}", escaped(attribute.as_str().unwrap_or("?")))
            });
            pairs.collect::<Vec<_>>().join("+")
        })
        .collect();
    parts.reverse();
    short(&parts.join(","))
}

/// RFC 4514, 3: the short keys every reader knows.
fn abbreviated(registered: &str) -> String {
    let key = match registered {
        "commonName" => "CN",
        "organizationName" => "O",
        "organizationalUnit" | "organizationalUnitName" => "OU",
        "countryName" => "C",
        "localityName" => "L",
        "stateOrProvinceName" => "ST",
        "domainComponent" => "DC",
        "userId" => "UID",
        other => other,
    };
    key.to_owned()
}

/// RFC 4514, 2.4; control characters are replaced, since people read it in terminals.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for (position, character) in value.chars().take(NAME_CHARS_MAX).enumerate() {
        match character {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => text.extend(['\\', character]),
            '#' | ' ' if position == 0 => text.extend(['\\', character]),
            character if is_unprintable(character) => text.push('\u{fffd}'),
            character => text.push(character),
        }
    }
    text
}

fn short(text: &str) -> String {
    text.chars()
        .map(|character| if is_unprintable(character) { '\u{fffd}' } else { character })
        .take(NAME_CHARS_MAX)
        .collect()
}
