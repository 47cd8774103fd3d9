//! Who is trusted, loaded once for the whole process.

use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The largest PEM file that is read.
const PEM_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The one provider of cryptography.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider())))
}

/// The system's roots; Mozilla's where the system has none.
pub(super) fn system() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    Arc::clone(ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            tracing::info!("the system has no root certificates; using the built-in ones of Mozilla");
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        Arc::new(roots)
    }))
}

/// Reads a PEM file with at least one certificate.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read(path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => {
            Err(format!("`{}` holds no certificate; it must be PEM with `-----BEGIN CERTIFICATE-----`", path.display()))
        }
        Err(error) => Err(format!("`{}` is no good PEM: {error}", path.display())),
    }
}

/// Reads a PEM file with a private key.
pub(super) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let pem = read(path)?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| {
        format!("`{}` holds no private key in PEM ({error}); an encrypted key must be decrypted first", path.display())
    })
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let cannot = |error: std::io::Error| format!("cannot read `{}`: {error}", path.display());
    let bytes = fs::metadata(path).map_err(cannot)?.len();
    if bytes > PEM_BYTES_MAX {
        return Err(format!("`{}` has {bytes} bytes, more than a PEM file of certificates needs", path.display()));
    }
    fs::read(path).map_err(cannot)
}
