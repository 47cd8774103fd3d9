//! One attempt: the message goes out, and what came of it is noted in the outbox.

use std::sync::Arc;
use std::time::Duration;

use allswell_core::{Wall, backoff};
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::super::clean::for_log;
use super::super::{Channel, Delivery};
use super::Parts;
use crate::links::Subject;
use crate::metrics::Delivered;
use crate::notification::Notification;
use crate::store::{Claimed, Settlement, StoreError};

/// How long a claim holds.
pub(super) const LEASE: Duration = Duration::from_secs(60);
/// How long one attempt may take, so that its end can be noted under the claim.
const ATTEMPT_MAX: Duration = Duration::from_secs(50);
/// How long to wait after the store has failed.
pub(super) const STORE_RETRY: Duration = Duration::from_secs(1);
/// How often to try to note an end: after that the claim is worth nothing.
const STORE_TRIES: u32 = 60;

/// Sends `claimed` through `channel` and settles it. `None` means that the configuration has no such channel.
pub(super) async fn attempt(parts: Arc<Parts>, channel: Option<Arc<dyn Channel>>, claimed: Claimed) -> Delivery {
    let kind = channel.as_ref().map_or("unknown", |channel| channel.kind()).to_owned();
    let delivery = send(&parts, channel, &claimed).await;
    let (settlement, counted) = judge(&claimed, delivery.clone(), parts.clock.now().wall);
    parts.metrics.delivered(&kind, counted);
    log(&claimed, &settlement);
    settle(&parts, &claimed, settlement).await;
    delivery
}

async fn send(parts: &Parts, channel: Option<Arc<dyn Channel>>, claimed: &Claimed) -> Delivery {
    let Some(channel) = channel else {
        let why = format!("the configuration has no channel `{}` any more", claimed.row.channel);
        return Delivery::Refused { why };
    };
    match message(claimed) {
        Ok(mut notification) => {
            if notification.can_be_acknowledged() {
                let subject = subject(claimed);
                notification.acknowledge =
                    Some(parts.links.acknowledge(subject, &claimed.row.channel, claimed.created));
            }
            let deadline = within(channel.timeout().min(ATTEMPT_MAX));
            channel.send(&notification, &claimed.row.key, parts.clock.now().wall, deadline).await
        }
        Err(error) => Delivery::Refused { why: format!("this version cannot read the message: {error}") },
    }
}

/// The message, with those that it carries.
fn message(claimed: &Claimed) -> serde_json::Result<Notification> {
    let notification: Notification = serde_json::from_str(&claimed.row.body)?;
    let others = claimed.carried.iter().map(|row| serde_json::from_str(&row.body));
    Ok(notification.together(others.collect::<Result<_, _>>()?))
}

/// What a link in the message acknowledges.
const fn subject(claimed: &Claimed) -> Subject {
    if claimed.carried.is_empty() { Subject::Incident(claimed.row.incident) } else { Subject::Message(claimed.id) }
}

/// What an attempt means for its message.
fn judge(claimed: &Claimed, delivery: Delivery, now: Wall) -> (Settlement, Delivered) {
    let again = |why: String, after: Option<Duration>| {
        let wait = after.unwrap_or_default().max(backoff::delay(claimed.attempts + 1, seed(&claimed.row.key)));
        (Settlement::Retry { why, at: now + wait }, Delivered::Retried)
    };
    match delivery {
        Delivery::Accepted { answer } => (Settlement::Sent { answer }, Delivered::Sent),
        Delivery::Refused { why } => (Settlement::Dead { why }, Delivered::Refused),
        Delivery::Later { why, after } | Delivery::Unreachable { why, after } => again(why, after),
        Delivery::Ambiguous { why } => again(why, None),
    }
}

/// Notes the end; a store that fails is asked again as long as the claim holds.
async fn settle(parts: &Parts, claimed: &Claimed, settlement: Settlement) {
    for _ in 0..STORE_TRIES {
        let now = parts.clock.now().wall;
        let error = match parts.store.settle(claimed.id, claimed.token, settlement.clone(), now).await {
            Ok(true) => return,
            Ok(false) => break,
            Err(error @ StoreError::Closed) => return warn_unnoted(claimed, &error),
            Err(error) => error,
        };
        warn_unnoted(claimed, &error);
        tokio::time::sleep(STORE_RETRY).await;
    }
    warn!(
        delivery.key = claimed.row.key,
        "the claim ran out before the end of the attempt was noted; it may arrive twice, under the same key"
    );
}

fn warn_unnoted(claimed: &Claimed, error: &StoreError) {
    let error = error as &dyn std::error::Error;
    warn!(error, delivery.key = claimed.row.key, "cannot note how a delivery ended");
}

fn log(claimed: &Claimed, settlement: &Settlement) {
    let (key, channel) = (&claimed.row.key, &claimed.row.channel);
    match settlement {
        Settlement::Sent { answer } => info!(delivery.key = key, channel, answer = for_log(answer), "delivered"),
        Settlement::Retry { why, at } => {
            let attempts = claimed.attempts + 1;
            warn!(
                delivery.key = key,
                channel,
                why = for_log(why),
                attempts,
                next_ms = at.ms(),
                "not delivered, trying again"
            );
        }
        Settlement::Dead { why } => {
            let why = for_log(why);
            error!(
                delivery.key = key,
                channel, why, "refused for good, nobody was told; mend the channel, then try `allswell channel test`"
            );
        }
    }
}

/// Spreads what failed together.
pub(super) fn seed(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// The deadline of an attempt that begins now.
#[expect(clippy::disallowed_methods, reason = "a channel's deadline is on tokio's clock")]
pub(in crate::notify) fn within(timeout: Duration) -> Instant {
    Instant::now() + timeout
}
