//! Channels that are one HTTP request, described by data: `channels/*.yaml`, and files of the operator's own.
//!
//! A [`Definition`] says which fields a person fills in, which request tells a message, and what the answers mean. It is read
//! and tried when the configuration is read ([`crate::config`]); what goes wrong there never waits for an outage.

mod context;
mod definition;
mod judge;
mod template;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use allswell_core::Wall;
use allswell_probe::dialer::Dialer;
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use self::judge::judge;
use super::mask::Mask;
use super::post::{Receiver, Target};
use super::{Channel, ChannelError, Delivery};
use crate::notification::Notification;

pub(crate) use definition::{Answers, Body, Head, Idempotency, Parts, Statuses};
pub use definition::{Definition, Field};
pub(crate) use template::Escape;
pub use template::TemplateError;
pub(crate) use text::{Text, Unit};

/// How long one attempt may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A channel of a kind that is data, as written.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What it is.
    pub definition: Arc<Definition>,
    /// The fields that were written.
    pub fields: BTreeMap<String, SecretString>,
    /// A PEM file with the roots to trust instead of the system's.
    pub ca: Option<PathBuf>,
}

impl Settings {
    /// Checks the values, as opening the channel does.
    ///
    /// # Errors
    /// [`ChannelError`] names the field and the way out.
    pub fn check(&self) -> Result<(), ChannelError> {
        self.target().map(drop)
    }

    /// The value of each field: what is written, else its default, else nothing.
    fn values(&self) -> Result<BTreeMap<String, String>, ChannelError> {
        let value = |field: &Field| {
            let written = self.fields.get(&field.name).map(|value| value.expose_secret().to_owned());
            let value = written.or_else(|| field.default.clone()).unwrap_or_default();
            if value.is_empty() && !field.optional {
                return Err(ChannelError::new(&field.name, "is empty; write it"));
            }
            if !value.is_empty() && !field.one_of.is_empty() && !field.one_of.contains(&value) {
                let words: Vec<_> = field.one_of.iter().map(|word| format!("`{word}`")).collect();
                return Err(ChannelError::new(&field.name, format!("is not known; write {}", words.join(" or "))));
            }
            Ok((field.name.clone(), value))
        };
        self.definition.fields.iter().map(value).collect()
    }

    fn target(&self) -> Result<(Target, BTreeMap<String, String>), ChannelError> {
        let values = self.values()?;
        let named = if values.contains_key("url") { "url" } else { "" };
        let wrong = |why: String| ChannelError::new(named, self.mask().text(&why));
        let url = self.definition.url(&values).map_err(|error| wrong(error.why))?;
        Ok((Target::read(url.trim()).map_err(wrong)?, values))
    }

    fn mask(&self) -> Mask {
        let secret = self.definition.fields.iter().filter(|field| field.secret);
        Mask::new(secret.filter_map(|field| self.fields.get(&field.name)).map(ExposeSecret::expose_secret))
    }
}

/// A channel of a kind that is data.
pub struct Http {
    definition: Arc<Definition>,
    values: BTreeMap<String, String>,
    mask: Mask,
    receiver: Receiver,
}

impl std::fmt::Debug for Http {
    /// Leaves the values out: they hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http")
            .field("definition", &self.definition)
            .field("receiver", &self.receiver)
            .finish_non_exhaustive()
    }
}

impl Http {
    /// Checks `settings` and reads the file they name.
    ///
    /// # Errors
    /// [`ChannelError`] names the field and the way out.
    pub fn new(settings: &Settings, dialer: Dialer) -> Result<Self, ChannelError> {
        let (target, values) = settings.target()?;
        let receiver = Receiver::new(target, settings.ca.clone(), dialer)?;
        Ok(Self { definition: Arc::clone(&settings.definition), values, mask: settings.mask(), receiver })
    }
}

#[async_trait]
impl Channel for Http {
    fn kind(&self) -> &str {
        &self.definition.name
    }

    fn receiver(&self) -> String {
        self.receiver.name()
    }

    fn timeout(&self) -> Duration {
        TIMEOUT
    }

    async fn send(&self, notification: &Notification, key: &str, now: Wall, deadline: Instant) -> Delivery {
        let filled = match self.definition.fill(notification, key, now, &self.values) {
            Ok(filled) => filled,
            Err(error) => {
                let place = format!("`{}` of the definition {}", error.path, self.definition.name);
                let why = format!("the message cannot be written: {place} {}; mend it", error.why);
                return Delivery::Refused { why: self.mask.text(&why) };
            }
        };
        match self.receiver.send(filled.method, filled.headers, filled.body, deadline).await {
            Ok(answer) => {
                let name = self.receiver.name();
                judge(&self.definition.answers, &answer, &name, now, |text| self.mask.text(text))
            }
            Err(delivery) => delivery,
        }
    }
}
