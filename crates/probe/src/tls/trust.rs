//! Judges a presented chain: whether it is trusted for a name, and if not, which of the closed list's reasons it is.
//!
//! The path is built over all certificates that were sent and all that are known, so that an expired cross-signed
//! certificate beside a good path does no harm.

use std::sync::Arc;

use allswell_core::Reason;
use rustls::RootCertStore;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{EndEntityCert, KeyUsage};

use super::chain::{self, Facts};
use crate::answer::Certificate;
use crate::fault::Fault;

/// Who is trusted.
#[derive(Debug)]
pub(super) struct Trust {
    /// Those who may issue.
    pub roots: Arc<RootCertStore>,
    /// Certificates that are trusted as they are: a self-signed server certificate given as its own authority.
    pub as_they_are: Vec<CertificateDer<'static>>,
    /// The signatures we can check.
    pub algorithms: WebPkiSupportedAlgorithms,
}

/// A presented chain, judged.
#[derive(Debug)]
pub(super) struct Judged {
    /// Its facts; `None` when the leaf cannot be read at all.
    pub certificate: Option<Certificate>,
    /// What is wrong with it.
    pub fault: Option<Fault>,
}

impl Trust {
    /// Judges what was sent for `name`.
    pub fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Judged {
        let Some(chain) = chain::read(leaf, others) else {
            let fault = Fault::new(Reason::TlsUntrusted, "the server's certificate cannot be read");
            return Judged { certificate: None, fault: Some(fault) };
        };
        let path = self.path(leaf, others, now);
        let wrong_name = wrong_name(leaf, &chain[0], name);
        let fault = match (&path, wrong_name) {
            (Ok(_), None) => outside_its_time(&chain[0], now),
            (Ok(_), Some(wrong)) => Some(outside_its_time(&chain[0], now).unwrap_or(wrong)),
            (Err(error), wrong) => {
                let mut fault = explain(error, &chain, now);
                if let Some(wrong) = wrong {
                    fault.detail = format!("{}; also, {}", fault.detail, wrong.detail);
                }
                Some(fault)
            }
        };
        let ends = match &path {
            Ok(ends) => ends.clone(),
            Err(_) => chain.iter().map(|facts| facts.not_after_ms).collect(),
        };
        let certificate = chain::certificate(leaf, &chain, ends, fault.is_none(), now);
        Judged { certificate: Some(certificate), fault }
    }

    /// The ends of the intermediates on the way to a trusted root.
    fn path(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<Vec<i64>, webpki::Error> {
        if self.as_they_are.iter().any(|trusted| trusted.as_ref() == leaf.as_ref()) {
            return Ok(Vec::new());
        }
        let leaf = EndEntityCert::try_from(leaf)?;
        let path = leaf.verify_for_usage(
            self.algorithms.all,
            &self.roots.roots,
            others,
            now,
            KeyUsage::server_auth(),
            None,
            None,
        )?;
        let end = |certificate: &webpki::Cert<'_>| Facts::read(&certificate.der()).map(|facts| facts.not_after_ms);
        Ok(path.intermediate_certificates().filter_map(end).collect())
    }
}

fn outside_its_time(facts: &Facts, now: UnixTime) -> Option<Fault> {
    let now_ms = i64::try_from(now.as_secs()).ok()?.saturating_mul(1_000);
    if facts.not_after_ms < now_ms {
        let ago = in_days(now_ms - facts.not_after_ms);
        return Some(Fault::new(Reason::TlsExpired, format!("the certificate expired {ago} ago")));
    }
    if facts.not_before_ms > now_ms {
        let left = in_days(facts.not_before_ms - now_ms);
        return Some(Fault::new(Reason::TlsNotYetValid, format!("the certificate becomes valid in {left}")));
    }
    None
}

fn in_days(ms: i64) -> String {
    match ms / 3_600_000 {
        0 => format!("{} minutes", ms / 60_000),
        hours @ 1..48 => format!("{hours} hours"),
        hours => format!("{} days", hours / 24),
    }
}

fn wrong_name(leaf: &CertificateDer<'_>, facts: &Facts, name: &ServerName<'_>) -> Option<Fault> {
    let error = EndEntityCert::try_from(leaf).and_then(|leaf| leaf.verify_is_valid_for_subject_name(name)).err()?;
    // A certificate that cannot be parsed is reported as such by the path.
    matches!(error, webpki::Error::CertNotValidForName(_)).then(|| {
        let (asked, mut names) = (name.to_str(), facts.names.iter().take(5).cloned().collect::<Vec<_>>().join(", "));
        if facts.names.len() > 5 {
            names.push_str(&format!(" and {} more", facts.names.len() - 5));
        }
        let detail = if names.is_empty() {
            format!("the certificate names no host at all (subject {}), so not `{asked}`", facts.subject)
        } else {
            format!("the certificate is for {names}, not for `{asked}`")
        };
        Fault::new(Reason::TlsWrongName, detail)
    })
}

/// The reason behind an error of path building.
fn explain(error: &webpki::Error, chain: &[Facts], now: UnixTime) -> Fault {
    use webpki::Error;
    if let Some(fault) = outside_its_time(&chain[0], now) {
        return fault;
    }
    match error {
        Error::CertExpired { .. } | Error::CertNotValidYet { .. } => {
            chain.iter().skip(1).find_map(|facts| about_issuer(facts, now)).unwrap_or_else(|| untrusted(chain))
        }
        Error::UnknownIssuer | Error::CaUsedAsEndEntity => untrusted(chain),
        // A root of the right name and the wrong key: it was made anew, or is another's.
        Error::InvalidSignatureForPublicKey | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            untrusted(chain)
        }
        _ if chain[0].self_issued => untrusted(chain),
        Error::UnsupportedSignatureAlgorithmContext(_) => Fault::new(
            Reason::TlsUnsupported,
            "the chain is signed with an algorithm we do not accept, like SHA-1; browsers may still connect",
        ),
        error => Fault::new(Reason::TlsUntrusted, format!("the certificate is not accepted: {error}")),
    }
}

fn about_issuer(facts: &Facts, now: UnixTime) -> Option<Fault> {
    let fault = outside_its_time(facts, now)?;
    Some(Fault::new(fault.reason, format!("{}: it is the one of the issuer {}", fault.detail, facts.subject)))
}

fn untrusted(chain: &[Facts]) -> Fault {
    let leaf = &chain[0];
    if leaf.self_issued {
        let detail =
            format!("the certificate ({}) signed itself; to trust it, name its file in `tls.ca`", leaf.subject);
        return Fault::new(Reason::TlsSelfSigned, detail);
    }
    if !chain.iter().skip(1).any(|other| leaf.issued_by(other)) {
        let detail = format!(
            "the server sent no certificate of the issuer ({}), and it is no trusted root: browsers may know it, \
             API clients do not; let the server send the whole chain, or name a private authority in `tls.ca`",
            leaf.issuer
        );
        return Fault::new(Reason::TlsIncompleteChain, detail);
    }
    let mut last = leaf;
    for _ in 0..chain.len() {
        match chain.iter().skip(1).find(|other| last.issued_by(other) && !last.self_issued) {
            Some(issuer) => last = issuer,
            None => break,
        }
    }
    let root = if last.self_issued { &last.subject } else { &last.issuer };
    let detail = format!("the chain leads to {root}, which is not trusted; name a private authority in `tls.ca`");
    Fault::new(Reason::TlsUntrusted, detail)
}
