//! A webhook's other end: checks the signature, remembers what came.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::http::{self, Request};
use crate::random::Random;
use crate::time::wall_ms;

/// A signature older or newer than this is refused, as a careful receiver does.
const WINDOW_MS: i64 = 5 * 60_000;

/// How the receiver behaves.
#[derive(Clone, Debug)]
pub enum Mood {
    /// Takes every good call.
    Good,
    /// Takes some only at a later attempt, and hangs up on some that it has taken.
    Fickle(Random),
}

/// One of so many calls is put off, and one is taken without an answer.
const FICKLE: u64 = 12;

/// One call that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// When it was read whole.
    pub at_ms: i64,
    /// The idempotency key.
    pub key: String,
    /// The incident's name.
    pub incident: String,
    /// The monitor's name.
    pub monitor: String,
    /// `down`, `up`, ...
    pub kind: String,
    /// Whether the sender was told that it was taken.
    pub answered: bool,
}

/// What came so far.
#[derive(Clone, Debug, Default)]
pub struct Received {
    /// Good calls in the order of arrival.
    pub calls: Vec<Call>,
    /// Why others were refused.
    pub refused: Vec<String>,
    /// How many were told to come again.
    pub put_off: u64,
}

/// The receiver; listens until the process ends.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    received: Arc<Mutex<Received>>,
}

impl Receiver {
    /// Listens on a free loopback port and expects signatures made with `secret`.
    pub fn start(secret: &'static str, mood: Mood) -> Result<Self> {
        let received = Arc::<Mutex<Received>>::default();
        let shared = Arc::clone(&received);
        let mood = Mutex::new(mood);
        let address = http::serve(move |request| {
            let die = mood.lock().unwrap_or_else(PoisonError::into_inner).roll();
            let mut received = shared.lock().unwrap_or_else(PoisonError::into_inner);
            match read(request, secret, wall_ms()) {
                Ok(_) if die == Some(0) => {
                    received.put_off += 1;
                    Some((503, "{}".into()))
                }
                Ok(call) => {
                    let answered = die != Some(1);
                    received.calls.push(Call { answered, ..call });
                    answered.then(|| (200, "{}".into()))
                }
                Err(error) => {
                    received.refused.push(format!("{error:#}"));
                    Some((400, "{}".into()))
                }
            }
        })?;
        Ok(Self { address, received })
    }

    /// What came so far.
    pub fn received(&self) -> Received {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Mood {
    fn roll(&mut self) -> Option<u64> {
        match self {
            Self::Good => None,
            Self::Fickle(random) => Some(random.next() % FICKLE),
        }
    }
}

fn read(request: &Request, secret: &str, now_ms: i64) -> Result<Call> {
    let signature = request.header("allswell-signature").context("a call without Allswell-Signature")?;
    verify(signature, &request.body, secret, now_ms)?;
    let body: Value = serde_json::from_slice(&request.body).context("a call without JSON")?;
    let text = |name: &str| body[name].as_str().map(str::to_owned).with_context(|| format!("a call without `{name}`"));
    let call = Call {
        at_ms: now_ms,
        key: text("id")?,
        incident: text("incident")?,
        monitor: text("monitor")?,
        kind: text("kind")?,
        answered: true,
    };
    let header = request.header("idempotency-key").context("a call without Idempotency-Key")?;
    anyhow::ensure!(header == call.key, "Idempotency-Key is `{header}`, the body's id is `{}`", call.key);
    Ok(call)
}

/// Checks `t=SECONDS,v1=HEX`, where HEX is HMAC-SHA256 over `SECONDS.body`.
fn verify(signature: &str, body: &[u8], secret: &str, now_ms: i64) -> Result<()> {
    let field = |name: &str| signature.split(',').find_map(|part| part.trim().strip_prefix(name));
    let stamp = field("t=").with_context(|| format!("no time in signature `{signature}`"))?;
    let given = field("v1=").and_then(from_hex).with_context(|| format!("no v1 in signature `{signature}`"))?;
    let seconds: i64 = stamp.parse().with_context(|| format!("`{stamp}` is no time"))?;
    anyhow::ensure!((now_ms - seconds * 1_000).abs() <= WINDOW_MS, "the signature is of {seconds}, too long ago");
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(stamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.verify_slice(&given).map_err(|_| anyhow::anyhow!("a signature that is wrong"))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf '1700000000.{}' | openssl dgst -sha256 -hmac secret`
    const SIGNED: &str = "t=1700000000,v1=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163";
    const MOMENT_MS: i64 = 1_700_000_000_000;

    fn check(signature: &str, body: &[u8], now_ms: i64, expected: Option<&str>) {
        let error = verify(signature, body, "secret", now_ms).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), expected, "{signature}");
    }

    #[test]
    fn a_signature_holds_for_its_body_and_its_time_only() {
        check(SIGNED, b"{}", MOMENT_MS, None);
        check(SIGNED, b"{ }", MOMENT_MS, Some("a signature that is wrong"));
        check(SIGNED, b"{}", MOMENT_MS + 300_001, Some("the signature is of 1700000000, too long ago"));
        check(&SIGNED.replace("1700000000", "1700000001"), b"{}", MOMENT_MS, Some("a signature that is wrong"));
        check("t=1700000000,v1=zz", b"{}", MOMENT_MS, Some("no v1 in signature `t=1700000000,v1=zz`"));
    }

    #[test]
    fn a_call_is_refused_when_its_key_is_not_its_id() {
        let mut request = Request {
            headers: vec![("allswell-signature".into(), SIGNED.into()), ("idempotency-key".into(), "other".into())],
            body: b"{}".to_vec(),
            ..Request::default()
        };
        let refused = |request: &Request| read(request, "secret", MOMENT_MS).expect_err("refused").to_string();
        assert_eq!(refused(&request), "a call without `id`");
        request.headers.clear();
        assert_eq!(refused(&request), "a call without Allswell-Signature");
    }
}
