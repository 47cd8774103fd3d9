//! Sends echo requests (ICMP) and waits for their replies: loss, round trip, jitter.

mod ask;
mod tally;

use std::time::Duration;

use allswell_core::time::parse_duration;
use serde::Deserialize;

use crate::question::dial_options;
use crate::{QuestionError, dialer};

pub(crate) use ask::ask;

const COUNT_DEFAULT: u32 = 3;
const COUNT_MAX: u32 = 100;
const GAP_DEFAULT: Duration = Duration::from_millis(200);
/// Linux lets everybody but root send no more often than that.
const GAP_MIN: Duration = Duration::from_millis(2);
const GAP_MAX: Duration = Duration::from_secs(60);
const WAIT_DEFAULT: Duration = Duration::from_secs(1);
const LOSS_DEFAULT: u32 = 50;

/// Whom to ping.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A name or an address.
    pub host: String,
    /// How many packets; three when not given.
    #[serde(default)]
    pub count: Option<u32>,
    /// From one packet to the next; 200 ms when not given.
    #[serde(default)]
    pub gap: Option<String>,
    /// How long to wait for replies after the last packet; 1 s when not given.
    #[serde(default)]
    pub wait: Option<String>,
    /// How many packets of a hundred may be lost; 50 when not given. Fewer are a warning.
    #[serde(default)]
    pub max_loss: Option<u32>,
    /// `any` (the default), `ipv4`, `ipv6`.
    #[serde(default)]
    pub ip_version: dialer::IpVersion,
    /// The address of a DNS server to ask, instead of the system's.
    #[serde(default)]
    pub resolver: Option<String>,
}

/// A ping, ready to be sent.
pub(crate) struct Prepared {
    pub host: String,
    pub dial: dialer::Options,
    pub count: u16,
    pub gap: Duration,
    pub wait: Duration,
    pub max_loss: u32,
}

impl Prepared {
    /// Checks `settings`.
    pub fn new(settings: &Settings) -> Result<Self, QuestionError> {
        let count = settings.count.unwrap_or(COUNT_DEFAULT);
        let count = u16::try_from(count).ok().filter(|_| (1..=COUNT_MAX).contains(&count));
        let count = count.ok_or_else(|| QuestionError::field("count", format!("is not from 1 to {COUNT_MAX}")))?;
        let duration = |field: &str, text: &Option<String>, default: Duration| match text {
            None => Ok(default),
            Some(text) => parse_duration(text).map_err(|wrong| QuestionError::field(field, wrong.to_string())),
        };
        let gap = duration("gap", &settings.gap, GAP_DEFAULT)?;
        if !(GAP_MIN..=GAP_MAX).contains(&gap) {
            return Err(QuestionError::field("gap", "is not from 2ms to 1m; more packets a second are a flood"));
        }
        let max_loss = settings.max_loss.unwrap_or(LOSS_DEFAULT);
        if max_loss >= 100 {
            return Err(QuestionError::field("max_loss", "would call it well when nothing comes back; write 0 to 99"));
        }
        Ok(Self {
            host: host(&settings.host)?,
            dial: dial_options(settings.ip_version, settings.resolver.as_deref())?,
            count,
            gap,
            wait: duration("wait", &settings.wait, WAIT_DEFAULT)?,
            max_loss,
        })
    }
}

fn host(text: &str) -> Result<String, QuestionError> {
    let wrong = || {
        let why = format!(
            "`{}` is no host; write a name or an address, like 192.0.2.1 or gateway.example.com",
            text.escape_debug()
        );
        QuestionError::field("host", why)
    };
    let text = text.trim().trim_matches(['[', ']']);
    if let Ok(address) = text.parse::<std::net::IpAddr>() {
        return Ok(address.to_string());
    }
    match url::Host::parse(text) {
        Ok(url::Host::Domain(name)) => Ok(name),
        Ok(url::Host::Ipv4(address)) => Ok(address.to_string()),
        _ => Err(wrong()),
    }
}
