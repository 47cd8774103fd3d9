//! Sends the test messages, all at the same time.

use std::sync::Arc;
use std::time::Duration;

use allswell_monitor::clock::{Clock, SystemClock};
use allswell_monitor::config::Config;
use allswell_monitor::notify::{self, Channel, Delivery};
use allswell_probe::Dialer;
use anyhow::Context;
use tokio::task::JoinSet;

/// What came of the test message of one channel.
#[derive(Debug)]
pub struct Trial {
    /// The channel's name.
    pub name: String,
    /// The word of its kind: `email`, `webhook`, `slack`.
    pub kind: String,
    /// Where it leads: `mail.example.com:587`.
    pub receiver: String,
    /// How it ended.
    pub delivery: Delivery,
    /// From the first attempt to connect to the answer.
    pub took: Duration,
}

impl Trial {
    /// Whether the other side took the message.
    pub fn was_accepted(&self) -> bool {
        matches!(self.delivery, Delivery::Accepted { .. })
    }
}

/// Tests the channels with these `names`, which `config` has, hands each trial to `ended` as it ends, and gives them in the
/// order of the names.
///
/// # Errors
/// When a channel cannot be opened; then nothing was sent to anybody.
pub async fn all(names: &[String], config: &Config, mut ended: impl FnMut(&Trial)) -> anyhow::Result<Vec<Trial>> {
    let dialer = Dialer::new(config.server.address_policy.clone());
    let clock = Arc::new(SystemClock::new());
    let opened = names.iter().map(|name| {
        let channel = config.channels.get(name).with_context(|| format!("there is no channel `{name}`"))?;
        let settings = &channel.settings;
        let channel = notify::open(settings, &dialer).with_context(|| format!("cannot open channel `{name}`"))?;
        Ok((name.clone(), channel))
    });
    let opened = opened.collect::<anyhow::Result<Vec<_>>>()?;
    let mut running = JoinSet::new();
    for (index, (name, channel)) in opened.into_iter().enumerate() {
        let clock = Arc::clone(&clock);
        running.spawn(async move { (index, one(name, channel.as_ref(), clock.as_ref()).await) });
    }
    let mut trials = Vec::new();
    while let Some(joined) = running.join_next().await {
        let (index, trial) = joined.context("a defect of ours broke the test of a channel")?;
        ended(&trial);
        trials.push((index, trial));
    }
    trials.sort_by_key(|(index, _)| *index);
    Ok(trials.into_iter().map(|(_, trial)| trial).collect())
}

async fn one(name: String, channel: &dyn Channel, clock: &SystemClock) -> Trial {
    let began = clock.now();
    let delivery = notify::try_out(&name, channel, began.wall).await;
    let took = clock.now().mono.since(began.mono);
    Trial { name, kind: channel.kind().to_owned(), receiver: channel.receiver(), delivery, took }
}
