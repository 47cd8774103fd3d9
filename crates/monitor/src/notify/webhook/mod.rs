//! Webhooks: one POST of JSON, signed.
//!
//! The body is the [`Notification`] with its idempotency key as `id`. Redirects are not followed: a signature is meant for
//! one receiver.

mod answer;
mod settings;
mod signature;
#[cfg(test)]
mod tests;

use std::time::Duration;

use allswell_core::Wall;
use allswell_probe::dialer::Dialer;
use async_trait::async_trait;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use secrecy::ExposeSecret;
use serde::Serialize;
use tokio::time::Instant;

use super::clean::line;
use super::mask::Mask;
use super::post::Receiver;
use super::{Channel, ChannelError, Delivery};
use crate::notification::Notification;

pub(crate) use settings::Route;
pub use settings::Settings;

/// A receiver that needs longer should take the message first and work on it later.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A channel of type `webhook`.
#[derive(Debug)]
pub struct Webhook {
    route: Route,
    mask: Mask,
    receiver: Receiver,
}

/// What is posted.
#[derive(Serialize)]
struct Body<'a> {
    id: &'a str,
    #[serde(flatten)]
    notification: &'a Notification,
}

impl Webhook {
    /// Checks `settings` and reads the file they name.
    ///
    /// # Errors
    /// [`ChannelError`] names the field and the way out.
    pub fn new(settings: &Settings, dialer: Dialer) -> Result<Self, ChannelError> {
        let route = Route::new(settings)?;
        let receiver = Receiver::new(route.url.clone(), route.ca.clone(), dialer)?;
        let secrets = settings.secrets.iter().chain(settings.headers.values()).chain([&settings.url]);
        let mask = Mask::new(secrets.map(ExposeSecret::expose_secret));
        Ok(Self { route, mask, receiver })
    }

    /// The headers that are ours, beside those that are configured.
    fn headers(&self, key: &str, now: Wall, body: &[u8]) -> HeaderMap {
        let mut headers = self.route.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Ok(key) = HeaderValue::from_bytes(line(key, 300).as_bytes()) {
            headers.insert("idempotency-key", key);
        }
        let signature = signature::sign(&self.route.secrets, now.ms().div_euclid(1_000), body);
        if let Some(signature) = signature.and_then(|signature| HeaderValue::from_str(&signature).ok()) {
            headers.insert(signature::HEADER, signature);
        }
        headers
    }
}

#[async_trait]
impl Channel for Webhook {
    fn kind(&self) -> &str {
        "webhook"
    }

    fn receiver(&self) -> String {
        self.receiver.name()
    }

    fn timeout(&self) -> Duration {
        TIMEOUT
    }

    async fn send(&self, notification: &Notification, key: &str, now: Wall, deadline: Instant) -> Delivery {
        let body = serde_json::to_vec(&Body { id: key, notification })
            .expect("plain structures with string keys always serialise");
        let headers = self.headers(key, now, &body);
        match self.receiver.send(Method::POST, headers, body, deadline).await {
            Ok(mut answer) => {
                answer.body = self.mask.text(&answer.body);
                answer::judge(&answer, &self.receiver.name(), now)
            }
            Err(delivery) => delivery,
        }
    }
}
