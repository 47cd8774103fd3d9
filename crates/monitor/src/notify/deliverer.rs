//! Empties the outbox into the channels, at least once each message, in order for each incident and channel.
//!
//! Reads nothing but the outbox. A message is claimed with a lease, sent, and settled with the token of its claim; a crash in
//! between leaves the lease to run out, and the message goes out again under the same key. Each channel has its own few
//! places, so a slow mail server never delays a webhook.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use allswell_core::{Now, Wall, backoff};
use allswell_probe::dialer::Dialer;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::{Channel, ChannelError, Delivery, Settings, open};
use crate::clock::Clock;
use crate::metrics::{Delivered, Metrics};
use crate::notification::Notification;
use crate::store::{Claimed, Settlement, Store, StoreError};

/// How long a claim holds. Longer than any attempt may take.
const LEASE: Duration = Duration::from_secs(60);
/// Attempts under way at once through one channel.
const PER_CHANNEL: usize = 4;
/// Attempts under way at once through all of them.
const ALL_CHANNELS: usize = 64;
/// The longest sleep; what is due earlier wakes by itself.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// How long to wait after the store has failed.
const STORE_RETRY: Duration = Duration::from_secs(1);
/// How long what is being sent may take when the server stops.
const FAREWELL: Duration = Duration::from_secs(10);

/// The channels by name; replaced as a whole when the configuration changes.
type Channels = Arc<RwLock<BTreeMap<String, Arc<dyn Channel>>>>;

/// The running deliverer.
pub struct Deliverer {
    channels: Channels,
    dialer: Dialer,
    clock: Arc<dyn Clock>,
    stopping: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// What the deliverer works with.
pub struct Parts {
    /// The outbox.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Counts attempts.
    pub metrics: Arc<Metrics>,
    /// Poked when something new is in the outbox.
    pub committed: Arc<Notify>,
    /// Makes the channels' connections.
    pub dialer: Dialer,
}

impl Deliverer {
    /// Starts without channels; see [`Deliverer::configure`].
    #[expect(clippy::disallowed_methods, reason = "the deliverer owns its task and joins it in `stop`")]
    pub fn start(parts: Parts) -> Self {
        let channels = Channels::default();
        let (dialer, clock) = (parts.dialer.clone(), Arc::clone(&parts.clock));
        let (stopping, stop) = watch::channel(false);
        let round = Round {
            parts,
            channels: Arc::clone(&channels),
            attempts: JoinSet::new(),
            busy: HashMap::new(),
            resting: HashMap::new(),
        };
        Self { channels, dialer, clock, stopping, task: tokio::spawn(round.run(stop)) }
    }

    /// Makes these the channels from now on. What is being sent goes on through the channel it began with.
    ///
    /// # Errors
    /// The name of the channel that cannot be used, and why; then the ones before stay.
    pub fn configure(&self, settings: &BTreeMap<String, Settings>) -> Result<(), (String, ChannelError)> {
        let opened = settings.iter().map(|(name, settings)| match open(settings, &self.dialer) {
            Ok(channel) => Ok((name.clone(), channel)),
            Err(error) => Err((name.clone(), error)),
        });
        let opened = opened.collect::<Result<_, _>>()?;
        *self.channels.write().unwrap_or_else(PoisonError::into_inner) = opened;
        Ok(())
    }

    /// A way to tell every channel something without the store: for when the store itself fails.
    pub fn emergency(&self) -> impl Fn(Notification, &str) + Send + Sync + 'static {
        let (channels, clock) = (Arc::clone(&self.channels), Arc::clone(&self.clock));
        move |notification, key| {
            for (name, channel) in channels.read().unwrap_or_else(PoisonError::into_inner).iter() {
                shout(
                    name.clone(),
                    Arc::clone(channel),
                    notification.clone(),
                    format!("{key}:{name}"),
                    clock.now().wall,
                );
            }
        }
    }

    /// Claims nothing more, gives what is being sent ten seconds to end, and stops.
    pub async fn stop(self) {
        // Who listened has gone already; then there is nothing to stop.
        let _ = self.stopping.send(true);
        if let Err(error) = self.task.await {
            error!(%error, "the deliverer broke");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "an emergency outlives whoever noticed it")]
fn shout(name: String, channel: Arc<dyn Channel>, notification: Notification, key: String, now: Wall) {
    tokio::spawn(async move {
        let sent = channel.send(&notification, &key, now, within(channel.timeout())).await;
        warn!(channel = name, answer = ?sent, "told without the store");
    });
}

/// An attempt that has ended.
struct Attempt {
    claimed: Claimed,
    kind: &'static str,
    delivery: Delivery,
}

/// Why a channel is given nothing for a while.
struct Rest {
    failures: u32,
    until: Now,
}

/// One claim after the other.
struct Round {
    parts: Parts,
    channels: Channels,
    attempts: JoinSet<Attempt>,
    busy: HashMap<String, usize>,
    resting: HashMap<String, Rest>,
}

impl Round {
    async fn run(mut self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let wake = match self.claim().await {
                Ok(wake) => wake,
                Err(error) => {
                    warn!(error = &error as &dyn std::error::Error, "cannot read the outbox, trying again");
                    STORE_RETRY
                }
            };
            let committed = Arc::clone(&self.parts.committed);
            tokio::select! {
                _ = stop.changed() => {}
                () = committed.notified() => {}
                () = tokio::time::sleep(wake) => {}
                Some(attempt) = self.attempts.join_next() => self.ended(attempt).await,
            }
        }
        let farewell = async {
            while let Some(attempt) = self.attempts.join_next().await {
                self.ended(attempt).await;
            }
        };
        if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
            warn!(
                "messages that were being sent did not end in time; they go out again under the same key after the next start"
            );
        }
    }

    /// Sends what is due as far as there are places, and says when to look again.
    async fn claim(&mut self) -> Result<Duration, StoreError> {
        loop {
            let now = self.parts.clock.now();
            self.resting.retain(|_, rest| rest.until.mono > now.mono || rest.failures > 0);
            let closed = self.closed(now);
            let places = ALL_CHANNELS.saturating_sub(self.attempts.len()).min(PER_CHANNEL);
            if places == 0 {
                return Ok(LONGEST_SLEEP);
            }
            let claimed = self.parts.store.claim(now.wall, LEASE, places, &closed).await?;
            if claimed.is_empty() {
                return self.next(now).await;
            }
            for claimed in claimed {
                self.send(claimed, now).await?;
            }
        }
    }

    /// The channels that take nothing now: all their places are taken, or they failed a moment ago.
    fn closed(&self, now: Now) -> Vec<String> {
        let full = self.busy.iter().filter(|(_, count)| **count >= PER_CHANNEL).map(|(name, _)| name);
        let resting = self.resting.iter().filter(|(_, rest)| rest.until.mono > now.mono).map(|(name, _)| name);
        full.chain(resting).cloned().collect()
    }

    /// How long until something becomes due or a channel has rested. What is due already waits for a place, not for time.
    async fn next(&self, now: Now) -> Result<Duration, StoreError> {
        let due = self.parts.store.next_due().await?.map(|due| due.since(now.wall)).filter(|wait| !wait.is_zero());
        let rested = self.resting.values().map(|rest| rest.until.mono.since(now.mono)).filter(|wait| !wait.is_zero());
        Ok(rested.chain(due).min().unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP))
    }

    async fn send(&mut self, claimed: Claimed, now: Now) -> Result<(), StoreError> {
        let channel = self.channels.read().unwrap_or_else(PoisonError::into_inner).get(&claimed.row.channel).cloned();
        let Some(channel) = channel else {
            let why = format!("the configuration has no channel `{}` any more", claimed.row.channel);
            return self.settle(&claimed, Settlement::Dead { why }).await;
        };
        let notification: Notification = match serde_json::from_str(&claimed.row.body) {
            Ok(notification) => notification,
            Err(error) => {
                let why = format!("this version cannot read the message: {error}");
                return self.settle(&claimed, Settlement::Dead { why }).await;
            }
        };
        *self.busy.entry(claimed.row.channel.clone()).or_default() += 1;
        self.attempts.spawn(async move {
            let deadline = within(channel.timeout().min(LEASE / 2));
            let delivery = channel.send(&notification, &claimed.row.key, now.wall, deadline).await;
            Attempt { claimed, kind: channel.kind(), delivery }
        });
        Ok(())
    }

    async fn ended(&mut self, attempt: Result<Attempt, tokio::task::JoinError>) {
        let Attempt { claimed, kind, delivery } = match attempt {
            Ok(attempt) => attempt,
            Err(error) => {
                // Its lease runs out, and it is tried again. Whose place it held is not known, so all are given back.
                error!(%error, "an attempt to deliver broke");
                self.busy.clear();
                return;
            }
        };
        let channel = &claimed.row.channel;
        if let Some(count) = self.busy.get_mut(channel) {
            *count = count.saturating_sub(1);
        }
        let now = self.parts.clock.now();
        self.rest(channel, &delivery, now);
        let (settlement, counted) = judge(&claimed, delivery, now.wall);
        self.parts.metrics.delivered(kind, counted);
        log(&claimed, &settlement);
        while let Err(error) = self.settle(&claimed, settlement.clone()).await {
            warn!(
                error = &error as &dyn std::error::Error,
                delivery.key = claimed.row.key,
                "cannot note how a delivery ended, trying again"
            );
            tokio::time::sleep(STORE_RETRY).await;
        }
    }

    /// Lets a channel rest that takes no message at all, instead of spending a timeout on each.
    fn rest(&mut self, channel: &str, delivery: &Delivery, now: Now) {
        match delivery {
            Delivery::Unreachable { after, .. } => {
                let failures = self.resting.get(channel).map_or(0, |rest| rest.failures) + 1;
                let wait = after.unwrap_or_else(|| backoff::delay(failures, seed(channel)));
                self.resting.insert(channel.to_owned(), Rest { failures, until: now + wait });
            }
            _ => drop(self.resting.remove(channel)),
        }
    }

    async fn settle(&self, claimed: &Claimed, settlement: Settlement) -> Result<(), StoreError> {
        let now = self.parts.clock.now().wall;
        if !self.parts.store.settle(claimed.id, claimed.token, settlement, now).await? {
            warn!(
                delivery.key = claimed.row.key,
                "the claim had run out before the attempt ended; it may arrive twice, under the same key"
            );
        }
        Ok(())
    }
}

/// What an attempt means for its message.
fn judge(claimed: &Claimed, delivery: Delivery, now: Wall) -> (Settlement, Delivered) {
    let again = |why: String, after: Option<Duration>| {
        let wait = after.unwrap_or_else(|| backoff::delay(claimed.attempts + 1, seed(&claimed.row.key)));
        (Settlement::Retry { why, at: now + wait }, Delivered::Retried)
    };
    match delivery {
        Delivery::Accepted { answer } => (Settlement::Sent { answer }, Delivered::Sent),
        Delivery::Refused { why } => (Settlement::Dead { why }, Delivered::Refused),
        Delivery::Later { why, after } | Delivery::Unreachable { why, after } => again(why, after),
        Delivery::Ambiguous { why } => again(why, None),
    }
}

fn log(claimed: &Claimed, settlement: &Settlement) {
    let (key, channel) = (&claimed.row.key, &claimed.row.channel);
    match settlement {
        Settlement::Sent { answer } => info!(delivery.key = key, channel, answer, "delivered"),
        Settlement::Retry { why, at } => {
            warn!(delivery.key = key, channel, why, next_ms = at.ms(), "not delivered, trying again")
        }
        Settlement::Dead { why } => {
            error!(delivery.key = key, channel, why, "refused for good; mend the channel, nobody was told")
        }
    }
}

fn seed(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[expect(clippy::disallowed_methods, reason = "a channel's deadline is on tokio's clock")]
fn within(timeout: Duration) -> Instant {
    Instant::now() + timeout
}
