//! Speaks TLS 1.2 and 1.3, each time from the beginning: no resumption, so that a new certificate is seen at once.
//!
//! A witness inside each handshake keeps the chain and the verdict on it, so that the facts are known when it fails.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use allswell_core::Reason;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::trust::{Judged, Trust};
use super::{Options, roots};
use crate::QuestionError;
use crate::answer::Certificate;
use crate::fault::Fault;

/// Options made ready for handshakes.
pub struct Client {
    config: ClientConfig,
    trust: Arc<Trust>,
    identity: Option<Arc<CertifiedKey>>,
    server_name: Option<ServerName<'static>>,
    insecure: bool,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("insecure", &self.insecure).finish_non_exhaustive()
    }
}

/// How a handshake went.
#[derive(Debug)]
pub struct Handshake<S> {
    /// The connection, or what is wrong.
    pub result: Result<TlsStream<S>, Fault>,
    /// What was presented, also when it was not accepted.
    pub certificate: Option<Certificate>,
    /// What is wrong with a certificate that was accepted because of `insecure`.
    pub overlooked: Option<Fault>,
}

impl Client {
    /// Reads the files that `options` name. `alpn` are the protocols to offer, the best first; none offers none.
    ///
    /// # Errors
    /// [`QuestionError::Field`] names the option below `tls` and the way out.
    pub fn new(options: &Options, alpn: &[&str]) -> Result<Self, QuestionError> {
        let field = |name: &'static str| move |why: String| QuestionError::field(format!("tls.{name}"), why);
        let (trusted, as_they_are) = match &options.ca {
            None => (roots::system(), Vec::new()),
            Some(path) => authorities(path).map_err(field("ca"))?,
        };
        let identity = identity(options)?;
        let server_name = options.server_name.as_deref().map(server_name).transpose().map_err(field("server_name"))?;
        let provider = roots::provider();
        let trust =
            Arc::new(Trust { roots: trusted, as_they_are, algorithms: provider.signature_verification_algorithms });
        let witness = Arc::new(Witness::new(&trust, options.insecure, identity.clone()));
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| QuestionError::field("tls", error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(witness)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Ok(Self { config, trust, identity, server_name, insecure: options.insecure })
    }

    /// Shakes hands over `stream` for `host`. Has no deadline of its own.
    pub async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S, host: &str) -> Handshake<S> {
        let name = match self.server_name.clone().map_or_else(|| server_name(host), Ok) {
            Ok(name) => name,
            Err(why) => {
                let result = Err(Fault::new(Reason::TlsHandshake, why));
                return Handshake { result, certificate: None, overlooked: None };
            }
        };
        let witness = Arc::new(Witness::new(&self.trust, self.insecure, self.identity.clone()));
        let mut config = self.config.clone();
        config.dangerous().set_certificate_verifier(witness.clone());
        config.client_auth_cert_resolver = witness.clone();
        let result = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        let (mut certificate, fault) = witness.take();
        match result {
            Ok(stream) => {
                let version = stream.get_ref().1.protocol_version().and_then(|version| version.as_str());
                if let Some(certificate) = &mut certificate {
                    certificate.protocol = version.map(|version| version.replace('_', "."));
                }
                Handshake { result: Ok(stream), certificate, overlooked: fault }
            }
            Err(error) => {
                let fault = of_handshake(&error, certificate.is_some(), fault, witness.was_asked());
                Handshake { result: Err(fault), certificate, overlooked: None }
            }
        }
    }
}

type Authorities = (Arc<RootCertStore>, Vec<CertificateDer<'static>>);

fn authorities(path: &std::path::Path) -> Result<Authorities, String> {
    let certificates = roots::certificates(path)?;
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(certificates.iter().cloned());
    if added == 0 {
        return Err(format!("`{}` holds no certificate that can be a trusted root", path.display()));
    }
    Ok((Arc::new(store), certificates))
}

fn identity(options: &Options) -> Result<Option<Arc<CertifiedKey>>, QuestionError> {
    let (certificate, key) = match (&options.client_cert, &options.client_key) {
        (None, None) => return Ok(None),
        (Some(_), None) => return Err(QuestionError::field("tls.client_key", "missing; `client_cert` needs its key")),
        (None, Some(_)) => {
            return Err(QuestionError::field("tls.client_cert", "missing; `client_key` needs its certificate"));
        }
        (Some(certificate), Some(key)) => (certificate, key),
    };
    let chain = roots::certificates(certificate).map_err(|why| QuestionError::field("tls.client_cert", why))?;
    let der = roots::private_key(key).map_err(|why| QuestionError::field("tls.client_key", why))?;
    CertifiedKey::from_der(chain, der, &roots::provider()).map(|identity| Some(Arc::new(identity))).map_err(|error| {
        QuestionError::field("tls.client_key", format!("`{}` does not fit the certificate: {error}", key.display()))
    })
}

/// The name to ask for and to verify; an IP address is verified, but not asked for (RFC 6066, 3).
pub(crate) fn server_name(host: &str) -> Result<ServerName<'static>, String> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(bare.to_owned())
        .map_err(|_| format!("`{host}` is no name that TLS can verify; write a DNS name or an IP address"))
}

/// Watches one handshake.
#[derive(Debug)]
struct Witness {
    trust: Arc<Trust>,
    insecure: bool,
    identity: Option<Arc<CertifiedKey>>,
    asked_for_identity: AtomicBool,
    seen: Mutex<(Option<Certificate>, Option<Fault>)>,
}

impl Witness {
    fn new(trust: &Arc<Trust>, insecure: bool, identity: Option<Arc<CertifiedKey>>) -> Self {
        let trust = Arc::clone(trust);
        Self { trust, insecure, identity, asked_for_identity: AtomicBool::new(false), seen: Mutex::default() }
    }

    fn take(&self) -> (Option<Certificate>, Option<Fault>) {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the server asked for a client certificate and we had none.
    fn was_asked(&self) -> bool {
        self.asked_for_identity.load(Ordering::Relaxed) && self.identity.is_none()
    }

    /// With `insecure` even a certificate whose signatures we cannot check is accepted.
    fn signature(&self, result: Result<HandshakeSignatureValid, Error>) -> Result<HandshakeSignatureValid, Error> {
        if !self.insecure {
            return result;
        }
        result.or_else(|error| {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let detail = format!("the handshake's signature does not fit the certificate: {error}");
            seen.1.get_or_insert(Fault::new(Reason::TlsHandshake, detail));
            Ok(HandshakeSignatureValid::assertion())
        })
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Judged { certificate, fault } = self.trust.judge(leaf, others, name, now);
        let accepted = fault.is_none() || self.insecure;
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = (certificate, fault);
        // Refusing ends the handshake: nothing of ours goes to a server that is not trusted.
        if accepted {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(verify_tls12_signature(message, certificate, signature, &self.trust.algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(verify_tls13_signature(message, certificate, signature, &self.trust.algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.algorithms.supported_schemes()
    }
}

impl ResolvesClientCert for Witness {
    fn resolve(&self, _issuers: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked_for_identity.store(true, Ordering::Relaxed);
        self.identity.clone()
    }

    fn has_certs(&self) -> bool {
        self.identity.is_some()
    }
}

/// The reason behind a handshake that broke.
fn of_handshake(error: &io::Error, presented: bool, fault: Option<Fault>, asked: bool) -> Fault {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        return match fault {
            Some(fault) if matches!(tls, Error::InvalidCertificate(_)) => fault,
            _ => of_tls(tls, presented, asked),
        };
    }
    Fault::lost(error, "during the TLS handshake")
        .unwrap_or_else(|| Fault::new(Reason::TlsHandshake, format!("the TLS handshake broke: {error}")))
}

/// The reason behind an error of TLS.
fn of_tls(error: &Error, presented: bool, asked: bool) -> Fault {
    use AlertDescription as Alert;
    const BROWSERS: &str = "browsers may still connect";
    match error {
        Error::AlertReceived(_) if asked => Fault::new(
            Reason::TlsHandshake,
            format!("the server wants a client certificate (`tls.client_cert` and `tls.client_key`): {error}"),
        ),
        Error::AlertReceived(Alert::ProtocolVersion | Alert::InsufficientSecurity | Alert::NoApplicationProtocol) => {
            Fault::new(
                Reason::TlsUnsupported,
                format!("no common TLS version, cipher or protocol ({error}); {BROWSERS}"),
            )
        }
        Error::AlertReceived(Alert::HandshakeFailure) if !presented => {
            Fault::new(Reason::TlsUnsupported, format!("no common TLS version or cipher ({error}); {BROWSERS}"))
        }
        Error::PeerIncompatible(_) | Error::NoApplicationProtocol => Fault::new(
            Reason::TlsUnsupported,
            format!("no common TLS version, cipher or protocol ({error}); {BROWSERS}"),
        ),
        Error::InvalidMessage(_) if !presented => {
            Fault::new(Reason::TlsHandshake, format!("the other side does not speak TLS on this port ({error})"))
        }
        error => Fault::new(Reason::TlsHandshake, format!("the TLS handshake broke: {error}")),
    }
}

/// An error of TLS that came after the handshake: in TLS 1.3 a missing client certificate is told only then.
pub(crate) fn after_handshake(error: &Error) -> Fault {
    let asked = matches!(error, Error::AlertReceived(AlertDescription::CertificateRequired));
    of_tls(error, true, asked)
}
