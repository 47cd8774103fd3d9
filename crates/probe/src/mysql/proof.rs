//! Proofs that we know a password, without saying it.

use sha1::Sha1;
use sha2::{Digest, Sha256};

/// `mysql_native_password`: `SHA1(password) XOR SHA1(challenge, SHA1(SHA1(password)))`.
pub(super) fn native(password: &[u8], challenge: &[u8]) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    let once = Sha1::digest(password);
    let twice = Sha1::digest(once);
    let mask = Sha1::new().chain_update(challenge).chain_update(twice).finalize();
    xor(&once, &mask)
}

/// `caching_sha2_password`: `SHA256(password) XOR SHA256(SHA256(SHA256(password)), challenge)`.
pub(super) fn caching_sha2(password: &[u8], challenge: &[u8]) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    let once = Sha256::digest(password);
    let twice = Sha256::digest(once);
    let mask = Sha256::new().chain_update(twice).chain_update(challenge).finalize();
    xor(&once, &mask)
}

fn xor(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(one, other)| one ^ other).collect()
}
