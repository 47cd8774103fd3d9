//! A world of targets that fail by a script, and the loop that runs the engine in it.

mod judge;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;

use allswell_core::check::Policy;
use allswell_core::{Mono, Now, Outcome, Reason, Wall};
use allswell_monitor::engine::{Effect, Engine, Event};
use allswell_monitor::model::{Monitor, MonitorId};
use allswell_monitor::store::sqlite::{SqliteStore, Timing};
use allswell_monitor::store::{Enlistment, IncidentFilter, IncidentRow, OutboxRow, Store};
use allswell_probe::{Answer, Question, Settings};

pub use judge::Report;

pub const THRESHOLD: u32 = 2;
pub const INTERVAL: Duration = Duration::from_secs(60);
/// At the end of a run nothing fails for so long, neither a target nor our network: everything can come to its end.
const CALM: Duration = Duration::from_secs(3_600);
const TICK: Duration = Duration::from_millis(50);

/// How often what goes wrong with ourselves, as a probability for each event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    pub crash: f64,
    pub clock_step: f64,
    pub own_network: f64,
}

/// One run.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    pub seed: u64,
    pub monitors: u32,
    pub time: Duration,
    pub faults: Faults,
}

/// Random numbers from a seed (splitmix64).
pub struct Dice(u64);

impl Dice {
    pub fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn between(&mut self, least: Duration, most: Duration) -> Duration {
        least + (most - least).mul_f64(self.roll())
    }
}

/// When a target was really down, in true time since the beginning.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    pub outages: Vec<std::ops::Range<Duration>>,
}

impl Truth {
    fn scripted(dice: &mut Dice, time: Duration) -> Self {
        let mut outages = Vec::new();
        let mut at = Duration::ZERO;
        while at < time {
            at += dice.between(INTERVAL * 5, INTERVAL * 90);
            // Blips, short ones and long ones.
            let length = match dice.roll() {
                blip if blip < 0.4 => dice.between(Duration::from_secs(1), INTERVAL / 2),
                short if short < 0.8 => dice.between(INTERVAL, INTERVAL * 6),
                _ => dice.between(INTERVAL * 6, INTERVAL * 60),
            };
            if at + length < time.saturating_sub(CALM) {
                outages.push(at..at + length);
            }
            at += length;
        }
        Self { outages }
    }

    pub fn is_down(&self, at: Duration) -> bool {
        self.outages.iter().any(|outage| outage.contains(&at))
    }
}

/// An asking as the world saw it: whose, when, and whether it was answered well. `None` when our own network was dead.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub monitor: MonitorId,
    pub at: Duration,
    pub well: Option<bool>,
}

struct World {
    run: Run,
    dice: Dice,
    truths: BTreeMap<MonitorId, Truth>,
    /// True time since the beginning; the process's clocks are made of it.
    time: Duration,
    wall_offset_ms: i64,
    process_started: Duration,
    network_dead_until: Duration,
    asked: Vec<Asked>,
    /// Stretches in which no process ran.
    downtimes: Vec<std::ops::Range<Duration>>,
    sent: Vec<OutboxRow>,
}

const BEGIN_MS: i64 = 1_795_000_000_000;

impl World {
    fn now(&self) -> Now {
        let wall = Wall::from_ms(BEGIN_MS + self.wall_offset_ms) + self.time;
        Now { mono: Mono::after(self.time - self.process_started), wall }
    }

    fn happens(&mut self, probability: f64) -> bool {
        self.dice.roll() < probability
    }

    /// What asking `monitor` now brings, and after how long.
    fn answer(&mut self, monitor: &Monitor) -> (Duration, Answer) {
        let dead = self.time < self.network_dead_until;
        let well = !self.truths[&monitor.id].is_down(self.time);
        self.asked.push(Asked { monitor: monitor.id, at: self.time, well: (!dead).then_some(well) });
        let latency = self.dice.between(Duration::from_millis(5), Duration::from_millis(400));
        let outcome = match (dead, well) {
            (true, _) => Outcome::fail(Reason::ConnectTimeout, monitor.policy.timeout),
            (false, true) => Outcome::pass(latency),
            (false, false) if self.dice.roll() < 0.5 => Outcome::fail(Reason::Status, latency),
            (false, false) => Outcome::fail(Reason::ConnectRefused, latency),
        };
        (outcome.latency, Answer::bare(outcome, Some("scripted".to_owned())))
    }
}

/// Runs the engine in a world until its time is over, and reports what came of it.
pub fn simulate(run: Run) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let directory = tempfile::tempdir().expect("a directory");
    let mut dice = Dice(run.seed);
    let truths = (1..=run.monitors).map(|id| (MonitorId(id), Truth::scripted(&mut dice, run.time))).collect();
    let mut world = World {
        run,
        dice,
        truths,
        time: Duration::ZERO,
        wall_offset_ms: 0,
        process_started: Duration::ZERO,
        network_dead_until: Duration::ZERO,
        asked: Vec::new(),
        downtimes: Vec::new(),
        sent: Vec::new(),
    };
    runtime.block_on(async {
        while world.time < run.time {
            live(&mut world, directory.path()).await;
        }
        let store = SqliteStore::open(directory.path(), world.now().wall, Timing::none()).expect("opens again");
        let filter = IncidentFilter { monitor: None, open_only: false, limit: 100_000 };
        let incidents: Vec<IncidentRow> = store.incidents(filter).await.expect("incidents");
        drain(&mut world, &store).await;
        store.close().await.expect("closes");
        Report::new(run, world.truths, world.asked, world.downtimes, incidents, world.sent)
    })
}

/// One life of the process, until it crashes or the time is over.
async fn live(world: &mut World, directory: &std::path::Path) {
    world.process_started = world.time;
    let store = SqliteStore::open(directory, world.now().wall, Timing::none()).expect("opens after any crash");
    let mut engine = Engine::new(1_000, None);
    let monitors = enlist(world, &store).await;
    let _ = engine.step(Event::Configured { monitors }, world.now());
    let mut answers: BinaryHeap<Reverse<(Duration, MonitorId)>> = BinaryHeap::new();
    let mut contents: BTreeMap<MonitorId, Answer> = BTreeMap::new();
    let mut looked_at: Option<Duration> = None;
    while world.time < world.run.time {
        let mut events = vec![Event::Tick { late: Duration::ZERO }];
        while answers.peek().is_some_and(|Reverse((at, _))| *at <= world.time) {
            let Some(Reverse((_, monitor))) = answers.pop() else { break };
            let answer = Box::new(contents.remove(&monitor).expect("asked before"));
            events.push(Event::Answered { monitor, answer });
        }
        if looked_at.is_some_and(|at| at <= world.time) {
            looked_at = None;
            events.push(Event::Looked { reaches: world.time >= world.network_dead_until });
        }
        for event in events {
            for effect in engine.step(event, world.now()) {
                match effect {
                    Effect::Ask { monitor, .. } => {
                        let (after, answer) = world.answer(&monitor);
                        answers.push(Reverse((world.time + after, monitor.id)));
                        contents.insert(monitor.id, answer);
                    }
                    Effect::LookAround => looked_at = Some(world.time + Duration::from_secs(1)),
                    Effect::Record { result, .. } => store.record(vec![*result]).await.expect("recorded"),
                    Effect::Decide(decision) => {
                        // A crash may come before the commit, or after it and before anything else.
                        if world.happens(world.run.faults.crash * 20.0) {
                            return crash(world, store).await;
                        }
                        store.commit(vec![*decision]).await.expect("committed");
                        if world.happens(world.run.faults.crash * 20.0) {
                            return crash(world, store).await;
                        }
                    }
                }
            }
        }
        if !answers.is_empty() && world.happens(world.run.faults.crash) {
            return crash(world, store).await;
        }
        misfortune(world);
        advance(world, &engine, &answers, looked_at);
    }
    store.close().await.expect("closes");
}

/// To the next moment at which something happens, on the grid of ticks.
fn advance(
    world: &mut World,
    engine: &Engine,
    answers: &BinaryHeap<Reverse<(Duration, MonitorId)>>,
    looked_at: Option<Duration>,
) {
    let due = engine.next_due().map(|due| world.process_started + due.since_origin());
    let answer = answers.peek().map(|Reverse((at, _))| *at);
    let next = [due, answer, looked_at].into_iter().flatten().min().unwrap_or(world.time + INTERVAL);
    world.time = next.max(world.time + TICK).min(world.run.time);
}

/// What may go wrong with ourselves, short of a crash.
fn misfortune(world: &mut World) {
    if world.happens(world.run.faults.clock_step) {
        let step = world.dice.between(Duration::ZERO, Duration::from_secs(14_400));
        world.wall_offset_ms += i64::try_from(step.as_millis()).expect("small") - 7_200_000;
    }
    if world.happens(world.run.faults.own_network) {
        let dead = world.dice.between(Duration::from_secs(1), INTERVAL * 20);
        world.network_dead_until = (world.time + dead).min(world.run.time.saturating_sub(CALM));
    }
}

/// The process is gone for a while; what it had not committed never was.
async fn crash(world: &mut World, store: SqliteStore) {
    store.close().await.expect("closes");
    let away = world.dice.between(Duration::from_millis(200), INTERVAL * 3);
    world.downtimes.push(world.time..world.time + away);
    world.time += away;
}

async fn enlist(world: &World, store: &SqliteStore) -> Vec<(Arc<Monitor>, allswell_monitor::store::Enlisted)> {
    let enlistments = (1..=world.run.monitors)
        .map(|id| Enlistment {
            name: format!("target-{id}"),
            kind: "tcp".to_owned(),
            target: format!("tcp target-{id}.example:80"),
            interval: INTERVAL,
            tags: Vec::new(),
            group: None,
            paused: false,
            renamed_from: None,
        })
        .collect();
    let enlisted = store.enlist(enlistments, world.now().wall).await.expect("enlists");
    enlisted.into_iter().enumerate().map(|(index, enlisted)| (monitor(index + 1, &enlisted), enlisted)).collect()
}

fn monitor(number: usize, enlisted: &allswell_monitor::store::Enlisted) -> Arc<Monitor> {
    assert_eq!(enlisted.id.0 as usize, number, "the first names get the first numbers");
    let settings: Settings =
        serde_json::from_value(serde_json::json!({ "tcp": { "address": format!("target-{number}.example:80") } }))
            .expect("settings");
    Arc::new(Monitor {
        id: enlisted.id,
        name: format!("target-{number}"),
        question: Arc::new(Question::new(settings, &[], 14).expect("a good question")),
        policy: Policy {
            interval: INTERVAL,
            timeout: Duration::from_secs(5),
            failure_threshold: THRESHOLD,
            success_threshold: 1,
            initial_delay: Duration::ZERO,
            degraded_above: None,
        },
        channels: vec!["mail".to_owned(), "hook".to_owned()],
        tags: Vec::new(),
        group: None,
        telling: Default::default(),
        depends_on: Vec::new(),
        paused: false,
    })
}

/// Takes every message out of the outbox, as a deliverer to whom everybody listens.
async fn drain(world: &mut World, store: &SqliteStore) {
    use allswell_monitor::store::Settlement;
    let now = world.now().wall + Duration::from_secs(86_400);
    loop {
        let claimed = store.claim(now, Duration::from_secs(60), 100, &[]).await.expect("claims");
        if claimed.is_empty() {
            return;
        }
        for message in claimed {
            let sent = Settlement::Sent { answer: "taken".to_owned() };
            assert!(store.settle(message.id, message.token, sent, now).await.expect("settles"));
            world.sent.push(message.row);
        }
    }
}
