//! Certificates of every kind, and servers that present them.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

use super::raw;

/// The names every good certificate here is for.
pub const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "good.test"];

const DAY: Duration = Duration::from_secs(86_400);

/// A certificate authority.
pub type Authority = CertifiedIssuer<'static, KeyPair>;

/// A chain with its key.
pub struct Identity {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: KeyPair,
}

impl Identity {
    fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).expect("a key")
    }
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::<String>::new()).expect("params");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// A root.
pub fn root(name: &str) -> Authority {
    CertifiedIssuer::self_signed(authority_params(name), KeyPair::generate().expect("a key")).expect("a root")
}

/// An authority below `above`.
pub fn intermediate(name: &str, above: &Authority) -> Authority {
    CertifiedIssuer::signed_by(authority_params(name), KeyPair::generate().expect("a key"), above).expect("signed")
}

/// Parameters of a server certificate for `names`, good for 90 days.
pub fn leaf(names: &[&str]) -> CertificateParams {
    let mut params =
        CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).expect("names");
    params.distinguished_name.push(DnType::CommonName, names[0]);
    during(params, -1, 90)
}

/// The same, good from `from` days from now to `to` days from now.
pub fn during(mut params: CertificateParams, from: i64, to: i64) -> CertificateParams {
    let at = |days: i64| {
        let away = DAY * u32::try_from(days.unsigned_abs()).expect("few days") + Duration::from_secs(3_600);
        if days < 0 { SystemTime::now() - away } else { SystemTime::now() + away }
    };
    params.not_before = at(from).into();
    params.not_after = at(to).into();
    params
}

/// Signs `params` and puts the chain together: the leaf, and `sent` behind it.
pub fn identity(params: CertificateParams, by: &Authority, sent: &[&Authority]) -> Identity {
    let key = KeyPair::generate().expect("a key");
    let leaf = params.signed_by(&key, by).expect("signed");
    let chain = std::iter::once(leaf.der().clone()).chain(sent.iter().map(|above| above.der().clone())).collect();
    Identity { chain, key }
}

/// A certificate that signed itself.
pub fn self_signed(params: CertificateParams) -> (Identity, Certificate) {
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("signed");
    (Identity { chain: vec![certificate.der().clone()], key }, certificate)
}

/// Writes `pem` into a file that lives as long as `directory`.
pub fn file(directory: &tempfile::TempDir, name: &str, pem: &str) -> PathBuf {
    let path = directory.path().join(name);
    std::fs::write(&path, pem).expect("writable");
    path
}

/// How a server speaks TLS.
#[derive(Default)]
pub struct Manners {
    pub version: Option<&'static SupportedProtocolVersion>,
    pub alpn: &'static [&'static str],
    /// Whose clients are let in; anybody when `None`.
    pub clients_of: Option<CertificateDer<'static>>,
}

pub fn config(identity: &Identity, manners: &Manners) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(manners.version.as_ref().map_or(rustls::ALL_VERSIONS, std::slice::from_ref))
        .expect("versions");
    let builder = match &manners.clients_of {
        None => builder.with_no_client_auth(),
        Some(root) => {
            let mut roots = RootCertStore::empty();
            roots.add(root.clone()).expect("a root");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
        }
    };
    let mut config = builder.with_single_cert(identity.chain.clone(), identity.private_key()).expect("fits");
    config.alpn_protocols = manners.alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// Secures one connection.
pub fn secured(stream: TcpStream, config: &Arc<ServerConfig>) -> StreamOwned<ServerConnection, TcpStream> {
    StreamOwned::new(ServerConnection::new(Arc::clone(config)).expect("a connection"), stream)
}

/// An HTTPS server that answers 200 to everything.
pub fn server(identity: &Identity) -> SocketAddr {
    mannered(identity, &Manners::default())
}

/// The same, with manners.
pub fn mannered(identity: &Identity, manners: &Manners) -> SocketAddr {
    let config = config(identity, manners);
    raw::server(move |stream| {
        let mut stream = secured(stream, &config);
        if raw::head(&mut stream).is_empty() {
            return;
        }
        let _ = stream.write_all(raw::http("200 OK", "", "well").as_bytes());
        stream.conn.send_close_notify();
        let _ = stream.flush();
        raw::finish(stream.sock);
    })
}

/// Where a root's certificate lies as a file.
pub fn pem_of(directory: &Path, authority: &Authority) -> PathBuf {
    let path = directory.join("ca.pem");
    std::fs::write(&path, authority.pem()).expect("writable");
    path
}
