//! Proves to the receiver who sent a request and when: HMAC-SHA256 over `timestamp.body` (RFC 2104).
//!
//! `Allswell-Signature: t=1795261155,v1=5257a8...` carries the moment in Unix seconds and one `v1` for each active secret,
//! in hex. The receiver computes HMAC-SHA256 over `t`, a dot and the body as received with the secret it knows, compares it
//! with each `v1` in constant time, and refuses a `t` more than five minutes away.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The header's name.
pub(crate) const HEADER: &str = "allswell-signature";

/// The header's value for `body` sent at `timestamp`; `None` without a secret.
pub(crate) fn sign(secrets: &[SecretString], timestamp: i64, body: &[u8]) -> Option<String> {
    let signed = |secret: &SecretString| {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("HMAC takes keys of any length");
        mac.update(timestamp.to_string().as_bytes());
        mac.update(b".");
        mac.update(body);
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        format!(",v1={hex}")
    };
    (!secrets.is_empty()).then(|| format!("t={timestamp}{}", secrets.iter().map(signed).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_active_secret_signs() {
        let secrets = ["whsec_new".into(), "whsec_old".into()];
        assert_eq!(sign(&[], 1, b"{}"), None);
        // Computed with `printf '1795261155.{"a":1}' | openssl dgst -sha256 -hmac whsec_new`, and the other.
        assert_eq!(
            sign(&secrets, 1_795_261_155, br#"{"a":1}"#).as_deref(),
            Some(
                "t=1795261155,v1=e7b0823386c5df5fd8c439bb2b107811a0a144aba1606c35b83b615ca0e93197,v1=8ec03b57e9f987f89bcec528e1ff1baca1721134cbd385ef397c44cc9fe976c4"
            )
        );
    }
}
