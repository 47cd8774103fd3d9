//! Runs the engine: the adapter between its pure steps and the real clock, prober and store.
//!
//! It wakes once per tick and not once per check: what is due, what was answered and what must be written goes in batches.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use allswell_core::{Mono, Now, Outcome, Reason, Wall};
use allswell_probe::{Answer, Prober};
use secrecy::SecretString;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{Id, JoinSet};
use tracing::{debug, error, info, warn};

use crate::audience::Audience;
use crate::clock::Clock;
use crate::config::MonitorConfig;
use crate::engine::{Awaits, Effect, Engine, Event};
use crate::health::ServerHealth;
use crate::heartbeats::{Call, Heartbeats};
use crate::metrics::Metrics;
use crate::model::{Gathering, IncidentId, Maintenance, Monitor, MonitorId};
use crate::scribe::Scribe;
use crate::store::{Change, Changed, Decision, Enlisted, Enlistment, ResourceWrite, ResultRow, Store, StoreError};

/// The grid on which the engine wakes.
const TICK: Duration = Duration::from_millis(50);
/// The longest sleep, so that a stopped process or a stepped clock is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// How often the store is told that we are watching.
const WATCHING: Duration = Duration::from_secs(5);
/// A tick later than this means that the process stood still: nobody watched meanwhile.
const STOOD_STILL: Duration = Duration::from_secs(10);
/// How long a look at our own connectivity may take.
const LOOK: Duration = Duration::from_secs(3);
/// What the prober may take beyond its deadline before it counts as broken.
const PROBER_GRACE: Duration = Duration::from_secs(2);

/// Makes these the monitors from now on; told when they are, or why they are not.
pub struct Configure {
    /// All monitors.
    pub monitors: Vec<MonitorConfig>,
    /// When nobody is to be told of them.
    pub maintenance: Vec<Maintenance>,
    /// Which messages go together.
    pub gathering: Gathering,
    /// Monitors that cannot be asked now: they keep their numbers and their history.
    pub aside: Vec<Enlistment>,
    /// Told the numbers of both, in this order. When the store fails, the monitors of before stay in force.
    pub done: oneshot::Sender<Result<Vec<MonitorId>, StoreError>>,
}

/// Writes resources and changes the monitors that they are; told what came of it. The others stay as they are.
pub struct ChangeMonitors {
    /// What is written.
    pub writes: Vec<ResourceWrite>,
    /// Monitors that are new or different.
    pub monitors: Vec<MonitorConfig>,
    /// Monitors that are no more.
    pub removed: Vec<MonitorId>,
    /// All planned maintenance, when it is different.
    pub maintenance: Option<Vec<Maintenance>>,
    /// Which messages go together, when the channels are different.
    pub gathering: Option<Gathering>,
    /// Told the number of the change and those of `monitors`, in the same order. When the store fails, nothing changes.
    pub done: oneshot::Sender<Result<(u64, Vec<MonitorId>), StoreError>>,
}

/// Asks a monitor now, out of its turn. One that is paused, or waits to be called, is not asked and nobody is told.
pub struct AskNow {
    /// Which.
    pub monitor: MonitorId,
    /// Told the answer, which counts like any other.
    pub done: oneshot::Sender<Answer>,
}

/// What the runner is told to do.
pub enum Order {
    /// All monitors change.
    Configure(Configure),
    /// Some monitors change.
    Change(ChangeMonitors),
    /// Somebody waits for a result.
    Ask(AskNow),
    /// Somebody wants to know what heartbeats wait for.
    Awaits(oneshot::Sender<Vec<Awaits>>),
}

/// The parts that the runner connects.
pub struct Parts {
    /// Reads both clocks.
    pub clock: Arc<dyn Clock>,
    /// Asks.
    pub prober: Arc<Prober>,
    /// Knows the monitors from before.
    pub store: Arc<dyn Store>,
    /// Writes.
    pub scribe: Scribe,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Hears that we are alive.
    pub health: Arc<ServerHealth>,
    /// Addresses that prove that our own network works.
    pub anchors: Vec<String>,
    /// Hear that the list of monitors has changed.
    pub audience: Audience,
    /// The doors for calls.
    pub heartbeats: Arc<Heartbeats>,
    /// Where calls come out.
    pub calls: mpsc::Receiver<Call>,
    /// Where incidents come out that somebody sees to.
    pub acknowledged: mpsc::Receiver<IncidentId>,
}

/// Runs the engine until its commands end.
pub struct Runner {
    engine: Engine,
    parts: Parts,
    askings: JoinSet<(MonitorId, Answer)>,
    asked: HashMap<Id, MonitorId>,
    waiting: HashMap<MonitorId, Vec<oneshot::Sender<Answer>>>,
    looks: JoinSet<bool>,
    watch: Watch,
}

/// Since when this process has been watching without a break.
struct Watch {
    started: Wall,
    noted: Option<Mono>,
}

impl Runner {
    /// A runner for `engine`.
    pub fn new(engine: Engine, parts: Parts) -> Self {
        let watch = Watch { started: parts.clock.now().wall, noted: None };
        Self {
            engine,
            parts,
            askings: JoinSet::new(),
            asked: HashMap::new(),
            waiting: HashMap::new(),
            looks: JoinSet::new(),
            watch,
        }
    }

    /// Runs until `commands` is closed, then writes what is decided and returns.
    pub async fn run(mut self, mut commands: mpsc::Receiver<Order>) {
        loop {
            let wake = self.wake(self.parts.clock.now());
            tokio::select! {
                biased;
                command = commands.recv() => match command {
                    Some(order) => self.obey(order).await,
                    None => break,
                },
                () = self.sleep_until(wake) => {}
            }
            self.tick(wake).await;
        }
        self.askings.shutdown().await;
        self.looks.shutdown().await;
        let now = self.parts.clock.now();
        self.parts.scribe.watching(self.watch.started, now.wall);
        self.parts.scribe.stop().await;
    }

    /// The next moment of the grid at which there is something to do.
    fn wake(&self, now: Now) -> Mono {
        let busy = !self.askings.is_empty() || !self.looks.is_empty();
        let wanted = match self.engine.next_due() {
            _ if busy => now.mono + TICK,
            Some(due) => due.max(now.mono).min(now.mono + LONGEST_SLEEP),
            None => now.mono + LONGEST_SLEEP,
        };
        let tick = TICK.as_nanos();
        let ticks = wanted.since_origin().as_nanos().div_ceil(tick);
        Mono::after(Duration::from_nanos(u64::try_from(ticks * tick).unwrap_or(u64::MAX)))
    }

    async fn sleep_until(&self, wake: Mono) {
        tokio::time::sleep(wake.since(self.parts.clock.now().mono)).await;
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Configure(Configure { monitors, maintenance, gathering, aside, done }) => {
                drop(done.send(self.configure(monitors, maintenance, gathering, aside).await));
            }
            Order::Change(ChangeMonitors { writes, monitors, removed, maintenance, gathering, done }) => {
                drop(done.send(self.change(writes, monitors, removed, maintenance, gathering).await));
            }
            Order::Awaits(done) => drop(done.send(self.engine.awaits())),
            Order::Ask(AskNow { monitor, done }) => {
                let now = self.parts.clock.now();
                self.waiting.retain(|_, waiting| waiting.iter().any(|done| !done.is_closed()));
                self.waiting.entry(monitor).or_default().push(done);
                let effects = self.engine.step(Event::Wanted { monitor }, now);
                self.perform(effects, now).await;
            }
        }
    }

    async fn change(
        &mut self,
        writes: Vec<ResourceWrite>,
        configs: Vec<MonitorConfig>,
        removed: Vec<MonitorId>,
        maintenance: Option<Vec<Maintenance>>,
        gathering: Option<Gathering>,
    ) -> Result<(u64, Vec<MonitorId>), StoreError> {
        // What the store says of a monitor must include all that the engine decided about it.
        self.parts.scribe.flush().await;
        let enlist = configs.iter().map(enlistment).collect();
        let change = Change { writes, enlist, retire: removed.clone() };
        let Changed { revision, enlisted } = self.parts.store.change(change, self.parts.clock.now().wall).await?;
        let ids: Vec<_> = enlisted.iter().map(|enlisted| enlisted.id).collect();
        let changed: Vec<_> = removed.iter().chain(&ids).copied().collect();
        let doors = self.doors(&configs, &enlisted);
        let monitors = numbered(configs, enlisted);
        if let Some(gathering) = gathering {
            self.parts.scribe.gather(gathering).await;
        }
        let now = self.parts.clock.now();
        let planned = maintenance.map(|maintenance| {
            self.parts.audience.bulletin.plan(maintenance.clone());
            self.engine.step(Event::Planned { maintenance }, now)
        });
        let mut effects = planned.unwrap_or_default();
        effects.extend(self.engine.step(Event::Changed { monitors, removed }, now));
        self.perform(effects, now).await;
        self.parts.heartbeats.change(&changed, doors);
        self.parts.audience.changed();
        Ok((revision, ids))
    }

    async fn configure(
        &mut self,
        configs: Vec<MonitorConfig>,
        maintenance: Vec<Maintenance>,
        gathering: Gathering,
        aside: Vec<Enlistment>,
    ) -> Result<Vec<MonitorId>, StoreError> {
        // What the store says of a monitor must include all that the engine decided about it.
        self.parts.scribe.flush().await;
        let enlistments = configs.iter().map(enlistment).chain(aside).collect();
        let enlisted = self.parts.store.enlist(enlistments, self.parts.clock.now().wall).await?;
        let ids = enlisted.iter().map(|enlisted| enlisted.id).collect();
        let doors = self.doors(&configs, &enlisted);
        let monitors = numbered(configs, enlisted);
        self.parts.scribe.gather(gathering).await;
        let now = self.parts.clock.now();
        self.parts.audience.bulletin.plan(maintenance.clone());
        let mut effects = self.engine.step(Event::Planned { maintenance }, now);
        effects.extend(self.engine.step(Event::Configured { monitors }, now));
        self.perform(effects, now).await;
        self.parts.heartbeats.open(doors);
        self.parts.audience.changed();
        Ok(ids)
    }

    /// Where each heartbeat is called. Who calls one by a name it had before still reaches it.
    fn doors(&self, configs: &[MonitorConfig], enlisted: &[Enlisted]) -> Vec<(SecretString, MonitorId)> {
        let doors = configs.iter().zip(enlisted).flat_map(|(config, enlisted)| {
            let awaited = config.question.heartbeat();
            let names = enlisted.former_names.iter().chain([&config.name]);
            let tokens = awaited
                .into_iter()
                .flat_map(move |awaited| names.clone().map(move |name| self.parts.heartbeats.token(name, awaited)));
            tokens.map(|token| (token, enlisted.id))
        });
        doors.collect()
    }

    async fn tick(&mut self, wanted: Mono) {
        let now = self.parts.clock.now();
        let late = now.mono.since(wanted);
        self.watch(now, late);
        let mut effects = Vec::new();
        while let Some(reaches) = self.looks.try_join_next() {
            let reaches = reaches.unwrap_or(true);
            if !reaches {
                warn!("nothing outside this machine can be reached: outcomes are unknown until it can");
            }
            self.parts.metrics.connected(reaches);
            effects.extend(self.engine.step(Event::Looked { reaches }, now));
        }
        while let Some((monitor, answer)) = self.answered() {
            for waiting in self.waiting.remove(&monitor).unwrap_or_default() {
                // Who waited may have gone.
                let _ = waiting.send(answer.clone());
            }
            effects.extend(self.engine.step(Event::Answered { monitor, answer: Box::new(answer) }, now));
        }
        // Before the tick: a call that is here was in time when it came in before its deadline.
        while let Ok(call) = self.parts.calls.try_recv() {
            effects.extend(self.engine.step(Event::Called(call), now));
        }
        while let Ok(incident) = self.parts.acknowledged.try_recv() {
            effects.extend(self.engine.step(Event::Acknowledged(incident), now));
        }
        effects.extend(self.engine.step(Event::Tick { late }, now));
        self.perform(effects, now).await;
        self.parts.metrics.in_flight(self.engine.in_flight());
        let overdue = self.engine.overdue(now);
        self.parts.metrics.overdue(overdue.checks);
        self.parts.health.ticked(self.parts.store.account(), now, overdue.longest);
    }

    /// Notes that we are watching; after a stand-still a new stretch begins.
    fn watch(&mut self, now: Now, late: Duration) {
        if late > STOOD_STILL {
            warn!(late_ms = late.as_millis(), "the process stood still; nobody watched meanwhile");
            self.watch = Watch { started: now.wall, noted: None };
            let _ = self.engine.step(Event::StoodStill, now);
        }
        let is_time = self.watch.noted.is_none_or(|noted| now.mono.since(noted) >= WATCHING);
        // Who watches nothing need not write that they do.
        if is_time && !self.engine.is_empty() {
            self.parts.scribe.watching(self.watch.started, now.wall);
            self.watch.noted = Some(now.mono);
        }
    }

    /// An asking that has ended; one that broke ends as unknown.
    fn answered(&mut self) -> Option<(MonitorId, Answer)> {
        match self.askings.try_join_next_with_id()? {
            Ok((id, answered)) => {
                self.asked.remove(&id);
                Some(answered)
            }
            Err(broken) => {
                let monitor = self.asked.remove(&broken.id())?;
                error!(monitor.id = %monitor, error = %broken, "an asking broke");
                Some((monitor, own_fault("the asking broke; see the log")))
            }
        }
    }

    async fn perform(&mut self, effects: Vec<Effect>, now: Now) {
        let mut decisions: Vec<Decision> = Vec::new();
        let mut results: Vec<ResultRow> = Vec::new();
        for effect in effects {
            match effect {
                Effect::Ask { monitor, due, deadline } => {
                    self.parts.metrics.late(now.mono.since(due));
                    self.ask(monitor, deadline.since(now.mono));
                }
                Effect::LookAround => self.look_around(),
                Effect::Decide(decision) => decisions.push(*decision),
                Effect::Record { kind, result } => {
                    self.parts.metrics.asked(kind, result.verdict, result.total);
                    results.push(*result);
                }
            }
        }
        if !results.is_empty() {
            self.parts.scribe.record(results);
        }
        if !decisions.is_empty() {
            decisions.iter().for_each(log);
            self.parts.scribe.decide(decisions).await;
        }
    }

    fn ask(&mut self, monitor: Arc<Monitor>, within: Duration) {
        let prober = Arc::clone(&self.parts.prober);
        let id = monitor.id;
        let asking = self.askings.spawn(async move {
            let question = Arc::clone(&monitor.question);
            let asked = prober.ask(&question, deadline(within));
            let answer = tokio::time::timeout(within + PROBER_GRACE, asked).await;
            (monitor.id, answer.unwrap_or_else(|_| own_fault("the asking did not end at its deadline")))
        });
        self.asked.insert(asking.id(), id);
    }

    fn look_around(&mut self) {
        info!("several unrelated targets fail at once: looking at our own connectivity first");
        let prober = Arc::clone(&self.parts.prober);
        let anchors = self.parts.anchors.clone();
        self.looks.spawn(async move { prober.reaches_any(&anchors, deadline(LOOK)).await });
    }
}

fn enlistment(config: &MonitorConfig) -> Enlistment {
    Enlistment {
        name: config.name.clone(),
        kind: config.question.kind().to_owned(),
        target: config.question.target().to_owned(),
        interval: config.policy.interval,
        tags: config.tags.clone(),
        group: config.group.clone(),
        paused: config.paused,
        renamed_from: config.renamed_from.clone(),
    }
}

/// Each monitor with its number, ready for the engine.
fn numbered(configs: Vec<MonitorConfig>, enlisted: Vec<Enlisted>) -> Vec<(Arc<Monitor>, Enlisted)> {
    let monitors = configs.into_iter().zip(enlisted);
    monitors.map(|(config, enlisted)| (Arc::new(monitor(config, enlisted.id)), enlisted)).collect()
}

fn monitor(config: MonitorConfig, id: MonitorId) -> Monitor {
    let MonitorConfig { name, question, policy, channels, tags, group, telling, depends_on, paused, .. } = config;
    Monitor { id, name, question, policy, channels, tags, group, telling, depends_on, paused }
}

#[expect(clippy::disallowed_methods, reason = "the prober's deadline is on tokio's clock")]
fn deadline(within: Duration) -> tokio::time::Instant {
    tokio::time::Instant::now() + within
}

fn own_fault(detail: &str) -> Answer {
    Answer::bare(Outcome::unknown(Reason::OwnFault, Duration::ZERO), Some(detail.to_owned()))
}

/// Tells the story: each change of status once.
fn log(decision: &Decision) {
    match &decision.transition {
        Some(change) => info!(
            monitor.id = %decision.monitor,
            from = change.from.as_str(),
            to = change.to.as_str(),
            reason = change.reason.map(Reason::as_str),
            "status changed"
        ),
        None => debug!(monitor.id = %decision.monitor, failures = decision.memory.failures.length(), "streak changed"),
    }
}
