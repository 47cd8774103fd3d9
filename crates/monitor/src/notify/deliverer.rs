//! Empties the outbox into the channels, at least once each message, in order for each incident and channel.
//!
//! Reads nothing but the outbox. A message is claimed with a lease, sent, and settled with the token of its claim; a crash in
//! between leaves the lease to run out, and the message goes out again under the same key. Each channel has its own few
//! places, so a slow mail server never delays a webhook.

mod attempt;
#[cfg(test)]
pub(super) mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use allswell_core::{Mono, Now, Wall, backoff};
use allswell_probe::dialer::Dialer;
use tokio::sync::{Notify, watch};
use tokio::task::{Id, JoinError, JoinHandle, JoinSet};
use tracing::{error, warn};

pub(super) use self::attempt::within;
use self::attempt::{LEASE, STORE_RETRY, attempt, seed};
use super::clean::for_log;
use super::{Channel, ChannelError, Delivery, Settings, open};
use crate::clock::Clock;
use crate::links::Links;
use crate::metrics::Metrics;
use crate::notification::Notification;
use crate::store::{Store, StoreError};

/// A channel with so many attempts under way is given nothing more. As many are claimed at once, so there may be less than
/// twice as many.
const PER_CHANNEL: usize = 4;
/// Attempts under way at once through all of them.
const ALL_CHANNELS: usize = 64;
/// The longest sleep; what is due earlier wakes by itself.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// The shortest one: what fell due while we looked is claimed a moment later.
const SHORTEST_SLEEP: Duration = Duration::from_millis(10);
/// How long what is being sent may take when the server stops.
const FAREWELL: Duration = Duration::from_secs(10);

/// The channels of one configuration, by name.
type Named = BTreeMap<String, Arc<dyn Channel>>;
/// The channels now, replaced as a whole when the configuration changes; `None` before the first one.
type Channels = Arc<RwLock<Option<Arc<Named>>>>;

/// The running deliverer.
pub struct Deliverer {
    switch: Switch,
    clock: Arc<dyn Clock>,
    stopping: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Says which channels there are, to the deliverer it belongs to.
#[derive(Clone)]
pub struct Switch {
    channels: Channels,
    dialer: Dialer,
    committed: Arc<Notify>,
}

impl Switch {
    /// Makes these the channels from now on. What is being sent goes on through the channel it began with.
    ///
    /// # Errors
    /// The name of the channel that cannot be used, and why; then the ones before stay.
    pub fn configure(&self, settings: &BTreeMap<String, Settings>) -> Result<(), (String, ChannelError)> {
        let opened = settings.iter().map(|(name, settings)| match open(settings, &self.dialer) {
            Ok(channel) => Ok((name.clone(), channel)),
            Err(error) => Err((name.clone(), error)),
        });
        let opened = Arc::new(opened.collect::<Result<_, _>>()?);
        *self.channels.write().unwrap_or_else(PoisonError::into_inner) = Some(opened);
        self.committed.notify_one();
        Ok(())
    }

    /// A switch of no deliverer.
    pub fn unconnected(dialer: Dialer) -> Self {
        Self { channels: Channels::default(), dialer, committed: Arc::default() }
    }

    /// A channel as it is now.
    pub fn channel(&self, name: &str) -> Option<Arc<dyn Channel>> {
        current(&self.channels)?.get(name).cloned()
    }
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
    /// Makes the links by which messages are acknowledged.
    pub links: Links,
}

impl Deliverer {
    /// Starts, and sends nothing before [`Deliverer::configure`] has said which channels there are: what an earlier process
    /// left would find none, and end.
    #[expect(clippy::disallowed_methods, reason = "the deliverer owns its task and joins it in `stop`")]
    pub fn start(parts: Parts) -> Self {
        let channels = Channels::default();
        let (dialer, clock, committed) = (parts.dialer.clone(), Arc::clone(&parts.clock), Arc::clone(&parts.committed));
        let (stopping, stop) = watch::channel(false);
        let round = Round {
            parts: Arc::new(parts),
            named: Arc::default(),
            channels: Arc::clone(&channels),
            attempts: JoinSet::new(),
            under_way: HashMap::new(),
            resting: HashMap::new(),
        };
        let switch = Switch { channels, dialer, committed };
        Self { switch, clock, stopping, task: tokio::spawn(round.run(stop)) }
    }

    /// Makes these the channels from now on. What is being sent goes on through the channel it began with.
    ///
    /// # Errors
    /// The name of the channel that cannot be used, and why; then the ones before stay.
    pub fn configure(&self, settings: &BTreeMap<String, Settings>) -> Result<(), (String, ChannelError)> {
        self.switch.configure(settings)
    }

    /// The way to say which channels there are.
    pub fn switch(&self) -> Switch {
        self.switch.clone()
    }

    /// A way to tell every channel something without the store: for when the store itself fails.
    pub fn emergency(&self) -> impl Fn(Notification, &str) + Send + Sync + 'static {
        let (channels, clock) = (Arc::clone(&self.switch.channels), Arc::clone(&self.clock));
        move |notification, key| {
            for (name, channel) in current(&channels).iter().flat_map(|named| named.iter()) {
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

fn current(channels: &Channels) -> Option<Arc<Named>> {
    channels.read().unwrap_or_else(PoisonError::into_inner).clone()
}

#[expect(clippy::disallowed_methods, reason = "an emergency outlives whoever noticed it")]
fn shout(name: String, channel: Arc<dyn Channel>, notification: Notification, key: String, now: Wall) {
    tokio::spawn(async move {
        let ended = channel.send(&notification, &key, now, within(channel.timeout())).await;
        warn!(channel = name, ended = for_log(&format!("{ended:?}")), "told without the store");
    });
}

/// Why a channel is given nothing for a while.
struct Rest {
    failures: u32,
    until: Mono,
}

/// One claim after the other.
struct Round {
    parts: Arc<Parts>,
    channels: Channels,
    /// Those that were looked at last.
    named: Arc<Named>,
    attempts: JoinSet<Delivery>,
    /// The channel of each attempt.
    under_way: HashMap<Id, String>,
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
                changed = stop.changed() => if changed.is_err() {
                    // Nobody is left who could stop us in order.
                    return;
                },
                () = committed.notified() => {}
                () = tokio::time::sleep(wake) => {}
                Some(attempt) = self.attempts.join_next_with_id() => self.ended(attempt),
            }
            while let Some(attempt) = self.attempts.try_join_next_with_id() {
                self.ended(attempt);
            }
        }
        let farewell = async { while self.attempts.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
            warn!(
                "messages that were being sent did not end in time; they go out again under the same key after the next start"
            );
        }
    }

    /// Sends what is due as far as there are places, and says when to look again.
    async fn claim(&mut self) -> Result<Duration, StoreError> {
        let Some(named) = current(&self.channels) else { return Ok(LONGEST_SLEEP) };
        if !Arc::ptr_eq(&named, &self.named) {
            // What was mended need not wait until it has rested.
            self.resting.clear();
            self.named = named;
        }
        loop {
            let now = self.parts.clock.now();
            let closed = self.closed(now.mono);
            let places = ALL_CHANNELS.saturating_sub(self.attempts.len()).min(PER_CHANNEL);
            if places == 0 {
                return Ok(LONGEST_SLEEP);
            }
            let claimed = self.parts.store.claim(now.wall, LEASE, places, &closed).await?;
            if claimed.is_empty() {
                return self.next(now, &closed).await;
            }
            for claimed in claimed {
                let name = claimed.row.channel.clone();
                let channel = self.named.get(&name).cloned();
                let task = self.attempts.spawn(attempt(Arc::clone(&self.parts), channel, claimed));
                self.under_way.insert(task.id(), name);
            }
        }
    }

    /// The channels that take nothing now: all their places are taken, or they failed a moment ago.
    fn closed(&self, now: Mono) -> Vec<String> {
        let mut busy: HashMap<&String, usize> = HashMap::new();
        for name in self.under_way.values() {
            *busy.entry(name).or_default() += 1;
        }
        let full = busy.into_iter().filter(|(_, count)| *count >= PER_CHANNEL).map(|(name, _)| name);
        let resting = self.resting.iter().filter(|(_, rest)| rest.until > now).map(|(name, _)| name);
        full.chain(resting).cloned().collect()
    }

    /// How long until something becomes due for a channel that is open, or a channel has rested.
    async fn next(&self, now: Now, closed: &[String]) -> Result<Duration, StoreError> {
        let due = self.parts.store.next_due(closed).await?.map(|due| due.since(now.wall));
        let rested = self.resting.values().map(|rest| rest.until.since(now.mono)).filter(|wait| !wait.is_zero());
        Ok(rested.chain(due).min().unwrap_or(LONGEST_SLEEP).clamp(SHORTEST_SLEEP, LONGEST_SLEEP))
    }

    fn ended(&mut self, attempt: Result<(Id, Delivery), JoinError>) {
        match attempt {
            Ok((id, delivery)) => {
                if let Some(channel) = self.under_way.remove(&id) {
                    self.rest(channel, &delivery);
                }
            }
            Err(error) => {
                self.under_way.remove(&error.id());
                error!(%error, "an attempt to deliver broke; its message is tried again when the claim has run out");
            }
        }
    }

    /// Lets a channel rest that takes no message at all, instead of spending a timeout on each.
    fn rest(&mut self, channel: String, delivery: &Delivery) {
        let Delivery::Unreachable { after, .. } = delivery else {
            self.resting.remove(&channel);
            return;
        };
        let now = self.parts.clock.now().mono;
        let known = self.resting.get(&channel);
        // What was under way when it failed first fails with it, and says nothing new.
        let failures = known.map_or(1, |rest| if rest.until > now { rest.failures } else { rest.failures + 1 });
        let wait = after.unwrap_or_default().max(backoff::delay(failures, seed(&channel)));
        let until = known.map_or(now, |rest| rest.until).max(now + wait);
        self.resting.insert(channel, Rest { failures, until });
    }
}
