//! What the server itself writes to one person, beside alerts: on the way of `server.mail`.

use std::time::{Duration, SystemTime};

use allswell_core::Wall;
use allswell_probe::dialer::Dialer;
use lettre::Address;
use lettre::message::Mailbox;
use tokio::time::Instant;

use super::letter::Letter;
use super::message::{begin, end, raw};
use super::settings::{RelaySettings, Route};
use super::{TIMEOUT, smtp};
use crate::notify::clean::{for_log, line, without};
use crate::notify::wording::SUBJECT_MAX;
use crate::notify::{ChannelError, Delivery};

/// A mail to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// To whom: `ann@example.com`.
    pub to: String,
    /// Names it: sent again under the same key, it has the same `Message-ID`.
    pub key: String,
    /// What it is about.
    pub subject: String,
    /// All of it, as plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// Where a program takes its receiver off the list with one `POST` (RFC 8058).
    pub unsubscribe: Option<String>,
    /// When what it tells happened.
    pub at: Wall,
}

/// Sends mails by one relay.
#[derive(Debug)]
pub struct Mailer {
    relay: smtp::Relay,
}

impl Mailer {
    /// Checks `settings` and reads the file they name.
    ///
    /// # Errors
    /// [`ChannelError`] names the field and the way out.
    pub fn new(settings: &RelaySettings, dialer: Dialer) -> Result<Self, ChannelError> {
        Ok(Self { relay: smtp::Relay::new(Route::new(settings)?, dialer)? })
    }

    /// Hands `mail` to the relay, and says how that ended: fit for a log, since relays repeat the address they are told.
    pub async fn send(&self, mail: &Mail) -> Delivery {
        let mut delivery = self.hand_over(mail).await;
        let said = delivery.said_mut();
        *said = for_log(&without(said, &mail.to));
        delivery
    }

    #[expect(clippy::disallowed_methods, reason = "the deadline of a dialogue with a relay is real time")]
    async fn hand_over(&self, mail: &Mail) -> Delivery {
        let message = match self.message(mail) {
            Ok(message) => message,
            Err(why) => return Delivery::Refused { why },
        };
        self.relay.hand_over(&message, &mail.key, Instant::now() + TIMEOUT).await
    }

    fn message(&self, mail: &Mail) -> Result<lettre::Message, String> {
        let to: Address = mail.to.parse().map_err(|_| "its receiver is no mail address".to_owned())?;
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(mail.at.ms()).unwrap_or(0));
        let mut message = begin(&self.relay.route().from, &mail.key).date(at).to(Mailbox::new(None, to));
        if let Some(place) = &mail.unsubscribe {
            message = message
                .raw_header(raw("List-Unsubscribe", format!("<{place}>")))
                .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        }
        let (text, html) = (mail.text.clone(), mail.html.clone());
        end(message, Letter { subject: line(&mail.subject, SUBJECT_MAX), text, html })
            .map_err(|error| format!("no mail can be made of it: {error}"))
    }
}
