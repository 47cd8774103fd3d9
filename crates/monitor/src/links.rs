//! Links by which whoever reads a message says that somebody is looking after what it tells: signed for one incident, or for all
//! that one message tells of, and for one channel; good for a week.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use allswell_core::Wall;
use hmac::Mac as _;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::IncidentId;
use crate::secret_key::{KeyFile, SecretKey};

/// How long a link is good, counted from when its message was decided.
const GOOD_FOR: Duration = Duration::from_secs(7 * 86_400);
/// What stands before the number of a message.
const MESSAGE: &str = "message-";

/// Makes links and knows them again.
#[derive(Clone)]
pub struct Links {
    key: SecretKey,
    base: String,
    mark: String,
}

/// What a link is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// One incident.
    Incident(IncidentId),
    /// All that the message with this number tells of.
    Message(i64),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incident(id) => id.fmt(f),
            Self::Message(number) => write!(f, "{MESSAGE}{number}"),
        }
    }
}

impl FromStr for Subject {
    type Err = NotGood;

    fn from_str(text: &str) -> Result<Self, NotGood> {
        match text.strip_prefix(MESSAGE) {
            Some(number) => number.parse().map(Self::Message).map_err(|_| NotGood::Unknown),
            None => text.parse().map(Self::Incident).map_err(|_| NotGood::Unknown),
        }
    }
}

/// What a link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What it is about.
    pub subject: Subject,
    /// Through which channel it was sent.
    pub channel: String,
}

/// Why a link is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotGood {
    /// It is older than a week.
    Expired,
    /// It was not made here.
    Unknown,
}

impl Links {
    /// Links that begin with `base`, `https://status.example.com`.
    fn new(key: SecretKey, base: &str) -> Self {
        Self { mark: key.mark(), key, base: base.trim_end_matches('/').to_owned() }
    }

    /// Links of nowhere, made with a key that everybody knows.
    #[cfg(test)]
    pub fn for_tests() -> Self {
        Self::new(SecretKey::for_tests(), "https://allswell.acme.dev")
    }

    /// Links of the server with this data directory, at `base`.
    ///
    /// # Errors
    /// The system's, when the key can neither be read nor written.
    pub fn of(data: &std::path::Path, base: &str) -> std::io::Result<Self> {
        Ok(Self::new(SecretKey::of(data, KeyFile::Links)?, base))
    }

    /// Eight letters and digits that tell the server from others, the same after each restart.
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// The link for a message to `channel` that was decided at `decided`; the same each time.
    pub fn acknowledge(&self, subject: Subject, channel: &str, decided: Wall) -> String {
        let until = (decided + GOOD_FOR).ms().div_euclid(1_000);
        let signature = self.sign(&subject.to_string(), until, channel);
        let channel = utf8_percent_encode(channel, NON_ALPHANUMERIC);
        format!("{}/acknowledge/{subject}/{channel}/{until}/{signature}", self.base)
    }

    /// What a link says whose parts are these.
    pub fn read(&self, subject: &str, channel: &str, until: &str, signature: &str, now: Wall) -> Result<Said, NotGood> {
        let seconds: i64 = until.parse().map_err(|_| NotGood::Unknown)?;
        let given = from_hex(signature).ok_or(NotGood::Unknown)?;
        self.mac(subject, seconds, channel).verify_truncated_left(&given).map_err(|_| NotGood::Unknown)?;
        if now.ms().div_euclid(1_000) > seconds {
            return Err(NotGood::Expired);
        }
        Ok(Said { subject: subject.parse()?, channel: channel.to_owned() })
    }

    fn mac(&self, subject: &str, until: i64, channel: &str) -> hmac::Hmac<sha2::Sha256> {
        self.key.mac(&["acknowledge", subject, &until.to_string(), channel])
    }

    fn sign(&self, subject: &str, until: i64, channel: &str) -> String {
        let bytes = self.mac(subject, until, channel).finalize().into_bytes();
        bytes[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// 128 bits in hex.
fn from_hex(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    if text.len() != 32 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MonitorId;

    const NOW: Wall = Wall::from_ms(1_795_261_155_000);

    fn links() -> (Links, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (Links::new(SecretKey::of(folder.path(), KeyFile::Links).unwrap(), "https://x.example/"), folder)
    }

    fn parts(link: &str) -> Vec<String> {
        let decode = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8().unwrap().into_owned();
        link.strip_prefix("https://x.example/acknowledge/").unwrap().split('/').map(decode).collect()
    }

    #[test]
    fn a_link_is_known_again_for_a_week_and_nothing_of_it_can_be_changed() {
        let (links, folder) = links();
        let subject = Subject::Incident(IncidentId { monitor: MonitorId(12), seq: 7 });
        let link = links.acknowledge(subject, "team / ops", NOW);
        let [id, channel, until, signature] = parts(&link).try_into().unwrap();
        let read =
            |id: &str, channel: &str, until: &str, signature: &str, now| links.read(id, channel, until, signature, now);
        let said = Said { subject, channel: "team / ops".to_owned() };
        assert_eq!(read(&id, &channel, &until, &signature, NOW), Ok(said.clone()));
        assert_eq!(read(&id, &channel, &until, &signature, NOW + GOOD_FOR), Ok(said));
        let late = NOW + GOOD_FOR + Duration::from_secs(1);
        assert_eq!(read(&id, &channel, &until, &signature, late), Err(NotGood::Expired));
        assert_eq!(read("12-8", &channel, &until, &signature, NOW), Err(NotGood::Unknown));
        assert_eq!(read(&id, "other", &until, &signature, NOW), Err(NotGood::Unknown));
        assert_eq!(read(&id, &channel, "1999999999", &signature, NOW), Err(NotGood::Unknown));
        assert_eq!(read(&id, &channel, &until, &signature[..16], NOW), Err(NotGood::Unknown));
        assert_eq!(read(&id, &channel, &until, &signature.to_uppercase(), NOW), Err(NotGood::Unknown));
        let again = Links::new(SecretKey::of(folder.path(), KeyFile::Links).unwrap(), "https://x.example");
        assert_eq!(again.acknowledge(subject, "team / ops", NOW), link, "a restart makes the same link");
    }
    #[test]
    fn a_link_may_be_about_all_that_a_message_tells() {
        let (links, _folder) = links();
        let [what, channel, until, signature] =
            parts(&links.acknowledge(Subject::Message(35), "ops", NOW)).try_into().unwrap();
        assert_eq!(what, "message-35");
        let said = links.read(&what, &channel, &until, &signature, NOW);
        assert_eq!(said, Ok(Said { subject: Subject::Message(35), channel: "ops".to_owned() }));
        for other in ["message-36", "message-", "35", "12-7"] {
            assert_eq!(links.read(other, &channel, &until, &signature, NOW), Err(NotGood::Unknown), "{other}");
        }
    }
}
