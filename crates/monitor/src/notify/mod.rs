//! Tells people: channels hand messages over, the deliverer empties the outbox into them.
//!
//! One folder for each way: [`email`], [`webhook`], and [`http`] for all that is one request described by data. What is told,
//! and to whom, was decided before and is read from the outbox alone; how it is said is the same in all (`wording`). A new
//! channel is a file in `channels/`; what is more than one request is a folder with its settings, its work and its tests, a
//! variant of [`Settings`] and a line in [`open`].

pub(crate) mod clean;
mod deliverer;
pub mod email;
pub mod http;
mod mask;
mod post;
pub(crate) mod samples;
mod settings;
#[cfg(test)]
pub(crate) mod testing;
mod trial;
pub mod webhook;
mod wording;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use allswell_core::Wall;
use allswell_probe::dialer::Dialer;
use async_trait::async_trait;
use tokio::time::Instant;

use crate::notification::Notification;

pub use deliverer::{Deliverer, Parts, Switch};
pub use settings::{ChannelError, Settings};
pub use trial::try_out;

/// How one attempt to hand a message over ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The other side took it.
    Accepted {
        /// What it said.
        answer: String,
    },
    /// It will never take it.
    Refused {
        /// What it said, and the way out.
        why: String,
    },
    /// Not this message, not now.
    Later {
        /// What it said.
        why: String,
        /// When it wants to be asked again.
        after: Option<Duration>,
    },
    /// It takes no message now.
    Unreachable {
        /// What happened.
        why: String,
        /// When it wants to be asked again.
        after: Option<Duration>,
    },
    /// The message left, its answer never came: the other side may have it.
    Ambiguous {
        /// What happened.
        why: String,
    },
}

impl Delivery {
    /// The word used in JSON and on the command line.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Refused { .. } => "refused",
            Self::Later { .. } => "later",
            Self::Unreachable { .. } => "unreachable",
            Self::Ambiguous { .. } => "ambiguous",
        }
    }

    /// What the other side said, or what happened instead.
    pub fn said(&self) -> &str {
        match self {
            Self::Accepted { answer } => answer,
            Self::Refused { why }
            | Self::Later { why, .. }
            | Self::Unreachable { why, .. }
            | Self::Ambiguous { why } => why,
        }
    }

    fn said_mut(&mut self) -> &mut String {
        match self {
            Self::Accepted { answer } => answer,
            Self::Refused { why }
            | Self::Later { why, .. }
            | Self::Unreachable { why, .. }
            | Self::Ambiguous { why } => why,
        }
    }
}

/// A way to people.
#[async_trait]
pub trait Channel: Debug + Send + Sync + 'static {
    /// The word of its kind: `email`, `webhook`, `slack`.
    fn kind(&self) -> &str;

    /// Where it leads, without anything secret: `mail.example.com:587`.
    fn receiver(&self) -> String;

    /// How long one attempt may take.
    fn timeout(&self) -> Duration;

    /// Hands `notification` over, once, and comes back by `deadline`.
    ///
    /// `key` stays the same however often the message is sent, so that the other side can tell a repetition; `now` is the
    /// moment of this attempt.
    async fn send(&self, notification: &Notification, key: &str, now: Wall, deadline: Instant) -> Delivery;
}

/// Checks `settings` and makes the channel ready; its connections go through `dialer`.
///
/// # Errors
/// [`ChannelError`] names the field and the way out.
pub fn open(settings: &Settings, dialer: &Dialer) -> Result<Arc<dyn Channel>, ChannelError> {
    Ok(match settings {
        Settings::Email(settings) => Arc::new(email::Email::new(settings, dialer.clone())?),
        Settings::Webhook(settings) => Arc::new(webhook::Webhook::new(settings, dialer.clone())?),
        Settings::Http(settings) => Arc::new(http::Http::new(settings, dialer.clone())?),
    })
}
