//! E-mail: one message to one relay over SMTP.
//!
//! `letter` says what a mail says, `message` puts it into an envelope, `smtp` hands it to the relay. `mailer` sends what is no
//! notification on the same way.

mod half_taken;
mod letter;
mod line;
mod mailer;
mod message;
mod settings;
mod smtp;
#[cfg(test)]
mod tests;

use std::time::Duration;

use allswell_core::Wall;
use allswell_probe::dialer::Dialer;
use async_trait::async_trait;
use lettre::message::Mailbox;
use tokio::time::Instant;

use super::{Channel, ChannelError, Delivery};
use crate::notification::Notification;

pub use mailer::{Mail, Mailer};
pub(crate) use settings::check_relay;
pub use settings::{RelaySettings, Settings, StartTls};

/// A relay that looks into a mail before it takes it needs its time; shorter, and each try would leave another copy.
const TIMEOUT: Duration = Duration::from_secs(50);

/// A channel of type `email`.
#[derive(Debug)]
pub struct Email {
    relay: smtp::Relay,
    to: Vec<Mailbox>,
}

impl Email {
    /// Checks `settings` and reads the file they name.
    ///
    /// # Errors
    /// [`ChannelError`] names the field and the way out.
    pub fn new(settings: &Settings, dialer: Dialer) -> Result<Self, ChannelError> {
        let route = settings::Route::new(&settings.relay)?;
        let to = settings::recipients(&settings.to)?;
        Ok(Self { relay: smtp::Relay::new(route, dialer)?, to })
    }
}

#[async_trait]
impl Channel for Email {
    fn kind(&self) -> &'static str {
        "email"
    }

    fn receiver(&self) -> String {
        self.relay.place()
    }

    fn timeout(&self) -> Duration {
        TIMEOUT
    }

    async fn send(&self, notification: &Notification, key: &str, now: Wall, deadline: Instant) -> Delivery {
        match message::build(&self.relay.route().from, &self.to, notification, key, now) {
            Ok(message) => self.relay.hand_over(&message, key, deadline).await,
            Err(error) => Delivery::Refused { why: format!("no mail can be made of this message: {error}") },
        }
    }
}
