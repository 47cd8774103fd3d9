//! The second factor: codes of six digits that an app makes of a secret and the time (RFC 6238), and codes on paper for who has
//! lost the app.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};

use allswell_core::Wall;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use totp_rs::{Builder, Secret, Totp};

use super::{Address, Digest};

/// RFC 4226 4, R6: 160 bits are recommended.
const SECRET_BYTES: usize = 20;
/// So many codes on paper there are.
const RECOVERY_CODES: usize = 10;
/// 80 bits: no slow hash is needed to keep one from being guessed.
const RECOVERY_BYTES: usize = 10;
/// So many letters stand together on paper.
const GROUP: usize = 4;

/// What server and app know together.
#[derive(Clone, PartialEq, Eq)]
pub struct FactorSecret(pub [u8; SECRET_BYTES]);

impl fmt::Debug for FactorSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FactorSecret(***)")
    }
}

impl FactorSecret {
    /// A new one.
    ///
    /// # Errors
    /// The system's, when it has no random numbers.
    pub fn random() -> io::Result<Self> {
        random().map(Self)
    }

    /// As people type it into an app: Base32.
    pub fn text(&self) -> String {
        Secret::new_stack(self.0).to_base32()
    }

    /// As an app reads it: the address that a picture for cameras holds.
    pub fn uri(&self, address: &Address) -> String {
        let address = utf8_percent_encode(address.as_str(), NON_ALPHANUMERIC);
        format!("otpauth://totp/Allswell:{address}?secret={}&issuer=Allswell", self.text())
    }

    /// The half minute, counted from 1970, to which `code` belongs, when it is now or beside it: the clock of a phone may be
    /// somewhat off.
    pub fn step_of(&self, code: &str, now: Wall) -> Option<i64> {
        let seconds = u64::try_from(now.ms().div_euclid(1_000)).ok()?;
        self.totp().check(code, seconds).and_then(|step| i64::try_from(step).ok())
    }

    /// The code of a moment.
    pub fn code_at(&self, now: Wall) -> String {
        self.totp().generate(u64::try_from(now.ms().div_euclid(1_000)).unwrap_or_default()).to_string()
    }

    /// SHA-1, six digits, half a minute, one step to either side: what all apps know.
    fn totp(&self) -> Totp {
        Builder::new().with_secret(Secret::new_stack(self.0)).build().expect("a secret of 160 bits")
    }
}

/// Codes on paper, each good once.
///
/// # Errors
/// The system's, when it has no random numbers.
pub fn recovery_codes() -> io::Result<Vec<String>> {
    (0..RECOVERY_CODES).map(|_| Ok(on_paper(&random::<RECOVERY_BYTES>()?))).collect()
}

fn on_paper(bytes: &[u8]) -> String {
    let letters = Secret::new(bytes.into()).to_base32().to_lowercase();
    let groups: Vec<_> = letters.as_bytes().chunks(GROUP).map(|group| String::from_utf8_lossy(group)).collect();
    groups.join("-")
}

/// What is kept of a code on paper, however it was typed.
pub fn recovery_digest(code: &str) -> Digest {
    let letters: String = code.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    Digest::of(&letters.to_ascii_lowercase())
}

fn random<const BYTES: usize>() -> io::Result<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the secret of its table for SHA-1.
    const RFC: FactorSecret = FactorSecret(*b"12345678901234567890");

    fn at(seconds: i64) -> Wall {
        Wall::from_ms(seconds * 1_000)
    }

    #[test]
    fn codes_are_those_of_the_standard_s_table() {
        // The table has eight digits; six are its last ones.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(RFC.code_at(at(seconds)), code);
            assert_eq!(RFC.step_of(code, at(seconds)), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_phone_may_be_half_a_minute_off_and_no_more() {
        let code = RFC.code_at(at(3_000));
        for (now, step) in [(2_969, None), (2_970, Some(100)), (3_029, Some(100)), (3_059, Some(100)), (3_060, None)] {
            assert_eq!(RFC.step_of(&code, at(now)), step, "{now}");
        }
        for wrong in ["", "28708", "2870822", "+87082", "２８７０８２", "abcdef"] {
            assert_eq!(RFC.step_of(wrong, at(59)), None, "{wrong}");
        }
        assert_eq!(RFC.step_of("287082", at(-5)), None);
    }

    #[test]
    fn an_app_reads_the_secret_from_text_and_picture() {
        assert_eq!(RFC.text(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let ada = Address::new("ada+x@example.com").expect("an address");
        let uri =
            "otpauth://totp/Allswell:ada%2Bx%40example%2Ecom?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Allswell";
        assert_eq!(RFC.uri(&ada), uri);
        assert!(!format!("{RFC:?}").contains("49"));
        assert_ne!(FactorSecret::random().expect("random"), FactorSecret::random().expect("random"));
    }

    #[test]
    fn a_code_on_paper_is_known_again_however_it_is_typed() {
        let codes = recovery_codes().expect("random numbers");
        assert_eq!(codes.iter().collect::<std::collections::BTreeSet<_>>().len(), RECOVERY_CODES);
        assert!(codes.iter().all(|code| code.len() == 19), "{codes:?}");
        let typed = format!(" {} ", codes[0].to_uppercase().replace('-', " "));
        assert_eq!(recovery_digest(&typed), recovery_digest(&codes[0]));
        assert_ne!(recovery_digest(&codes[1]), recovery_digest(&codes[0]));
    }
}
