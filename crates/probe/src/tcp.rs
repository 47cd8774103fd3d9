//! Connects over TCP, and may say and expect something.

mod ask;

use std::fmt;

use serde::Deserialize;

use crate::QuestionError;
use crate::dialer;
use crate::evidence::Secrets;
use crate::question::{dial_options, host_and_port};

pub(crate) use ask::ask;

/// What to ask over TCP.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `host:port`.
    pub address: String,
    /// What to say after connecting; `\r`, `\n`, `\t`, `\0`, `\\` and `\xNN` are understood.
    #[serde(default)]
    pub send: Option<String>,
    /// What the answer must contain, within its first 64 KiB; the same escapes are understood.
    #[serde(default)]
    pub expect: Option<String>,
    /// `any` (the default), `ipv4`, `ipv6`.
    #[serde(default)]
    pub ip_version: dialer::IpVersion,
    /// The address of a DNS server to ask, instead of the system's.
    #[serde(default)]
    pub resolver: Option<String>,
}

impl fmt::Debug for Settings {
    /// Shows whom it asks: what is sent may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("address", &self.address).finish_non_exhaustive()
    }
}

/// A TCP question, ready to be asked.
pub(crate) struct Prepared {
    pub host: String,
    pub port: u16,
    pub send: Vec<u8>,
    pub expect: Option<Vec<u8>>,
    pub dial: dialer::Options,
    pub secrets: Secrets,
}

impl Prepared {
    /// Checks `settings`.
    pub fn new(settings: &Settings) -> Result<Self, QuestionError> {
        let (host, port) = host_and_port("address", &settings.address)?;
        let bytes = |field: &str, text: &Option<String>| {
            text.as_deref().map(|text| unescaped(text).map_err(|why| QuestionError::field(field, why))).transpose()
        };
        let expect = bytes("expect", &settings.expect)?;
        if expect.as_ref().is_some_and(Vec::is_empty) {
            return Err(QuestionError::field("expect", "is empty, which every answer contains; leave it out"));
        }
        Ok(Self {
            host,
            port,
            send: bytes("send", &settings.send)?.unwrap_or_default(),
            expect,
            dial: dial_options(settings.ip_version, settings.resolver.as_deref())?,
            // What is sent may hold a password, and some servers repeat it.
            secrets: Secrets::new(settings.send.iter().flat_map(|send| send.split_whitespace().map(str::to_owned))),
        })
    }
}

/// Undoes the escapes.
fn unescaped(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            bytes.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        bytes.push(match rest.next() {
            Some('r') => b'\r',
            Some('n') => b'\n',
            Some('t') => b'\t',
            Some('0') => 0,
            Some('\\') => b'\\',
            Some('x') => {
                let digits: String = rest.by_ref().take(2).collect();
                let both = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                let byte = both.then(|| u8::from_str_radix(&digits, 16).ok()).flatten();
                byte.ok_or_else(|| format!("`\\x{digits}` needs two hexadecimal digits, like \\x1b"))?
            }
            other => {
                let other = other.map(String::from).unwrap_or_default();
                return Err(format!("`\\{other}` is no escape; known are \\r, \\n, \\t, \\0, \\\\ and \\xNN"));
            }
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescaped(r"PING\r\n\x00\t\\é").as_deref(), Ok("PING\r\n\0\t\\é".as_bytes()));
        assert_eq!(unescaped(r"\xff"), Ok(vec![0xff]));
        for wrong in [r"\x1", r"\xzz", r"\q", "\\", r"\x+1"] {
            assert!(unescaped(wrong).is_err(), "{wrong}");
        }
    }
}
