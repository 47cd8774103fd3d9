//! Links by which whoever reads a message says that somebody is looking after its incident: signed for one incident and one
//! channel, good for a week.

use std::time::Duration;

use allswell_core::Wall;
use hmac::Mac as _;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::IncidentId;
use crate::secret_key::SecretKey;

/// How long a link is good, counted from when its message was decided.
const GOOD_FOR: Duration = Duration::from_secs(7 * 86_400);
/// Where the key lies below the data directory.
const KEY_FILE: &str = "links.key";

/// Makes links and knows them again.
#[derive(Clone)]
pub struct Links {
    key: SecretKey,
    base: String,
}

/// What a link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Which incident.
    pub incident: IncidentId,
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
        Self { key, base: base.trim_end_matches('/').to_owned() }
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
        Ok(Self::new(SecretKey::of(data, KEY_FILE)?, base))
    }

    /// The link for a message about `incident` to `channel` that was decided at `decided`; the same each time.
    pub fn acknowledge(&self, incident: IncidentId, channel: &str, decided: Wall) -> String {
        let until = (decided + GOOD_FOR).ms().div_euclid(1_000);
        let signature = self.sign(&incident.to_string(), until, channel);
        let channel = utf8_percent_encode(channel, NON_ALPHANUMERIC);
        format!("{}/acknowledge/{incident}/{channel}/{until}/{signature}", self.base)
    }

    /// What a link says whose parts are these.
    pub fn read(
        &self,
        incident: &str,
        channel: &str,
        until: &str,
        signature: &str,
        now: Wall,
    ) -> Result<Said, NotGood> {
        let seconds: i64 = until.parse().map_err(|_| NotGood::Unknown)?;
        let given = from_hex(signature).ok_or(NotGood::Unknown)?;
        self.mac(incident, seconds, channel).verify_truncated_left(&given).map_err(|_| NotGood::Unknown)?;
        if now.ms().div_euclid(1_000) > seconds {
            return Err(NotGood::Expired);
        }
        let incident = incident.parse().map_err(|_| NotGood::Unknown)?;
        Ok(Said { incident, channel: channel.to_owned() })
    }

    fn mac(&self, incident: &str, until: i64, channel: &str) -> hmac::Hmac<sha2::Sha256> {
        self.key.mac(&["acknowledge", incident, &until.to_string(), channel])
    }

    fn sign(&self, incident: &str, until: i64, channel: &str) -> String {
        let bytes = self.mac(incident, until, channel).finalize().into_bytes();
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
        (Links::new(SecretKey::of(folder.path(), KEY_FILE).unwrap(), "https://x.example/"), folder)
    }

    fn parts(link: &str) -> Vec<String> {
        let decode = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8().unwrap().into_owned();
        link.strip_prefix("https://x.example/acknowledge/").unwrap().split('/').map(decode).collect()
    }

    #[test]
    fn a_link_is_known_again_for_a_week_and_nothing_of_it_can_be_changed() {
        let (links, folder) = links();
        let incident = IncidentId { monitor: MonitorId(12), seq: 7 };
        let link = links.acknowledge(incident, "team / ops", NOW);
        let [id, channel, until, signature] = parts(&link).try_into().unwrap();
        let read =
            |id: &str, channel: &str, until: &str, signature: &str, now| links.read(id, channel, until, signature, now);
        let said = Said { incident, channel: "team / ops".to_owned() };
        assert_eq!(read(&id, &channel, &until, &signature, NOW), Ok(said.clone()));
        assert_eq!(read(&id, &channel, &until, &signature, NOW + GOOD_FOR), Ok(said));
        let late = NOW + GOOD_FOR + Duration::from_secs(1);
        assert_eq!(read(&id, &channel, &until, &signature, late), Err(NotGood::Expired));
        assert_eq!(read("12-8", &channel, &until, &signature, NOW), Err(NotGood::Unknown));
        assert_eq!(read(&id, "other", &until, &signature, NOW), Err(NotGood::Unknown));
        assert_eq!(read(&id, &channel, "1999999999", &signature, NOW), Err(NotGood::Unknown));
        assert_eq!(read(&id, &channel, &until, &signature[..16], NOW), Err(NotGood::Unknown));
        assert_eq!(read(&id, &channel, &until, &signature.to_uppercase(), NOW), Err(NotGood::Unknown));
        let again = Links::new(SecretKey::of(folder.path(), KEY_FILE).unwrap(), "https://x.example");
        assert_eq!(again.acknowledge(incident, "team / ops", NOW), link, "a restart makes the same link");
    }
}
