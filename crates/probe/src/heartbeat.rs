//! A check that waits to be called instead of asking: when calls are expected, and how late they may be.
//!
//! Written among the questions, because it stands where they stand; asked it is never.

use std::fmt;

use allswell_core::calendar::Calendar;
use allswell_core::heartbeat::{Policy, Rhythm};
use allswell_core::time::{humane, parse_duration};
use jiff::tz::TimeZone;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::QuestionError;
use crate::evidence::Secrets;

const GRACE_DEFAULT: &str = "5m";
const TOKEN_CHARS_MIN: usize = 16;
const TOKEN_CHARS_MAX: usize = 128;

/// When calls are expected.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Each time this long after the one before.
    #[serde(default)]
    pub period: Option<String>,
    /// A line of cron.
    #[serde(default)]
    pub cron: Option<String>,
    /// What systemd's `OnCalendar` takes.
    #[serde(default)]
    pub on_calendar: Option<String>,
    /// The time zone of `cron` and `on_calendar`; UTC when not given.
    #[serde(default)]
    pub timezone: Option<String>,
    /// How much later than expected a call is in time; 5 minutes when not given.
    #[serde(default)]
    pub grace: Option<String>,
    /// How long a run may take from its start.
    #[serde(default)]
    pub max_run: Option<String>,
    /// Who knows it may call; made by the server when not given.
    #[serde(default)]
    pub token: Option<SecretString>,
}

impl fmt::Debug for Settings {
    /// Shows when, and not by which token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { period, cron, on_calendar, timezone, grace, .. } = self;
        let mut shown = f.debug_struct("Settings");
        shown.field("period", period).field("cron", cron).field("on_calendar", on_calendar);
        shown.field("timezone", timezone).field("grace", grace).finish_non_exhaustive()
    }
}

/// A heartbeat, ready to be waited for.
pub struct Awaited {
    /// When calls are expected, and what their absence means.
    pub policy: Policy,
    /// The token that was written.
    pub token: Option<SecretString>,
    pub(crate) secrets: Secrets,
    shown: String,
}

impl Awaited {
    /// Checks `settings`.
    pub(crate) fn new(settings: &Settings) -> Result<Self, QuestionError> {
        let (rhythm, shown) = rhythm(settings)?;
        let grace = duration("grace", settings.grace.as_deref().unwrap_or(GRACE_DEFAULT))?;
        let max_run = settings.max_run.as_deref().map(|text| duration("max_run", text)).transpose()?;
        if let Some(token) = &settings.token {
            check_token(token.expose_secret())?;
        }
        Ok(Self {
            policy: Policy { rhythm, grace, max_run },
            secrets: Secrets::new(settings.token.iter().map(|token| token.expose_secret().to_owned())),
            token: settings.token.clone(),
            shown,
        })
    }

    /// When calls are expected, in words: `every 1 h`, `` `0 3 * * *` Europe/Berlin``.
    pub fn schedule(&self) -> &str {
        &self.shown
    }

    /// `heartbeat every 1 h`, ``heartbeat `0 3 * * *` Europe/Berlin``.
    pub(crate) fn target(&self) -> String {
        format!("heartbeat {}", self.shown)
    }
}

fn rhythm(settings: &Settings) -> Result<(Rhythm, String), QuestionError> {
    let Settings { period, cron, on_calendar, timezone, .. } = settings;
    let calendar =
        |field: &str, text: &str, read: fn(&str) -> Result<Calendar, allswell_core::calendar::NotACalendar>| {
            let calendar = read(text).map_err(|wrong| QuestionError::field(field, wrong.to_string()))?;
            let name = timezone.as_deref().unwrap_or("UTC");
            Ok((Rhythm::Calendar(Box::new(calendar), zone(name)?), format!("`{}` {name}", text.trim())))
        };
    match (period, cron, on_calendar) {
        (Some(text), None, None) => {
            if timezone.is_some() {
                return Err(QuestionError::field(
                    "timezone",
                    "means nothing for a `period`; leave it out, or write `cron`",
                ));
            }
            let period = duration("period", text)?;
            Ok((Rhythm::Period(period), format!("every {}", humane(period))))
        }
        (None, Some(text), None) => calendar("cron", text, Calendar::cron),
        (None, None, Some(text)) => calendar("on_calendar", text, Calendar::on_calendar),
        (None, None, None) => {
            let why =
                "says not when calls are expected; write `period: 1h`, `cron: \"0 3 * * *\"` or `on_calendar: daily`";
            Err(QuestionError::field("period", why))
        }
        (Some(_), ..) => {
            Err(QuestionError::field("period", "cannot stand beside `cron` or `on_calendar`; keep one of them"))
        }
        (None, Some(_), Some(_)) => {
            Err(QuestionError::field("cron", "cannot stand beside `on_calendar`; keep one of them"))
        }
    }
}

fn zone(name: &str) -> Result<TimeZone, QuestionError> {
    TimeZone::get(name).map_err(|_| {
        let why = format!("`{}` is no time zone; write one like Europe/Berlin or UTC", name.escape_debug());
        QuestionError::field("timezone", why)
    })
}

fn duration(field: &str, text: &str) -> Result<std::time::Duration, QuestionError> {
    parse_duration(text).map_err(|wrong| QuestionError::field(field, wrong.to_string()))
}

fn check_token(token: &str) -> Result<(), QuestionError> {
    let is_good = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        && (TOKEN_CHARS_MIN..=TOKEN_CHARS_MAX).contains(&token.len());
    let why = "has to be 16 to 128 letters, digits, dashes and underscores, and hard to guess; `openssl rand -hex 16` makes one";
    if is_good { Ok(()) } else { Err(QuestionError::field("token", why)) }
}
