//! A test message through a channel, on the very way an alert would go.

use allswell_core::Wall;

use super::deliverer::within;
use super::{Channel, Delivery};
use crate::notification::{Notification, rfc3339};

/// Sends a message that says it is a test through the channel called `name`, once, at the moment `now`.
///
/// Takes as long as one attempt to deliver an alert may take.
pub async fn try_out(name: &str, channel: &dyn Channel, now: Wall) -> Delivery {
    let notification = Notification::test(name, rfc3339(now));
    let key = format!("test:{}:{name}", now.ms());
    channel.send(&notification, &key, now, within(channel.timeout())).await
}
