//! Two thousand monitors that fail at once: few messages that name all, in virtual time through the engine and the outbox.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use allswell_core::check::Policy;
use allswell_core::{Mono, Now, Outcome, Reason, Wall};
use allswell_monitor::engine::{Effect, Engine, Event};
use allswell_monitor::gathered::Gathered;
use allswell_monitor::model::{Gathering, Monitor};
use allswell_monitor::notification::{Kind, Notification};
use allswell_monitor::store::sqlite::{SqliteStore, Timing};
use allswell_monitor::store::{Enlisted, Enlistment, Settlement, Store};
use allswell_probe::{Answer, Question};

const MONITORS: usize = 2_000;
const HOSTS: usize = 25;
const INTERVAL: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);
const LEASE: Duration = Duration::from_secs(60);

fn channels(number: usize) -> Vec<String> {
    match number % 3 {
        0 => vec!["ann".to_owned()],
        1 => vec!["bob".to_owned()],
        _ => vec!["ann".to_owned(), "bob".to_owned()],
    }
}

fn gathering() -> Gathering {
    Gathering { window: SECOND * 10, channels: ["ann", "bob"].map(str::to_owned).into() }
}

fn enlistment(number: usize) -> Enlistment {
    Enlistment {
        name: format!("m{number}"),
        kind: "tcp".to_owned(),
        target: String::new(),
        interval: INTERVAL,
        tags: Vec::new(),
        group: None,
        paused: false,
        renamed_from: None,
    }
}

fn monitor(number: usize, enlisted: &Enlisted) -> Arc<Monitor> {
    let address = format!("127.0.0.{}:80", number % HOSTS + 1);
    let settings = serde_json::from_value(serde_json::json!({ "tcp": { "address": address } })).expect("settings");
    Arc::new(Monitor {
        id: enlisted.id,
        name: format!("m{number}"),
        question: Arc::new(Question::new(settings, &[], 14).expect("a good question")),
        policy: Policy {
            interval: INTERVAL,
            timeout: SECOND * 5,
            failure_threshold: 2,
            success_threshold: 1,
            initial_delay: Duration::ZERO,
            degraded_above: None,
        },
        channels: channels(number),
        tags: Vec::new(),
        group: None,
        telling: Default::default(),
        depends_on: Vec::new(),
        paused: false,
    })
}

/// What one person got.
#[derive(Default)]
struct Inbox {
    messages: usize,
    names: BTreeSet<String>,
}

struct World {
    store: SqliteStore,
    engine: Engine,
    gathered: Gathered,
    now: Now,
    are_down: bool,
    /// By channel and kind.
    inboxes: HashMap<(String, Kind), Inbox>,
    /// When somebody was told first.
    first: Option<Wall>,
}

impl World {
    async fn start(dir: &std::path::Path) -> Self {
        let now = Now { mono: Mono::default(), wall: Wall::from_ms(1_795_000_000_000) };
        let store = SqliteStore::open(dir, now.wall, Timing::none()).expect("opens");
        let engine = Engine::new(10_000, None);
        let inboxes = HashMap::new();
        let mut gathered = Gathered::default();
        gathered.follow(gathering());
        let mut world = Self { store, engine, gathered, now, are_down: false, inboxes, first: None };
        world.configure().await;
        world
    }

    async fn configure(&mut self) {
        let list = (0..MONITORS).map(enlistment).collect();
        let enlisted = self.store.enlist(list, self.now.wall).await.expect("enlists");
        let monitors = (0..MONITORS).zip(enlisted).map(|(number, enlisted)| (monitor(number, &enlisted), enlisted));
        let event = Event::Configured { monitors: monitors.collect() };
        self.step(event).await;
    }

    async fn step(&mut self, event: Event) {
        let mut decisions = Vec::new();
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for effect in self.engine.step(event, self.now) {
                match effect {
                    Effect::Ask { monitor, .. } => {
                        let well = Outcome::pass(SECOND / 10);
                        let outcome =
                            if self.are_down { Outcome::fail(Reason::ConnectRefused, SECOND / 10) } else { well };
                        let answer = Box::new(Answer::bare(outcome, Some("scripted".to_owned())));
                        events.push(Event::Answered { monitor: monitor.id, answer });
                    }
                    Effect::Decide(decision) => decisions.push(*decision),
                    Effect::Record { .. } | Effect::LookAround => {}
                }
            }
        }
        if !decisions.is_empty() {
            self.gathered.place(&mut decisions, self.now.wall);
            self.store.commit(decisions).await.expect("commits");
        }
    }

    /// Lets time pass; each message that is due is delivered at once.
    async fn pass(&mut self, duration: Duration) {
        let end = self.now.wall + duration;
        while self.now.wall < end {
            self.now = self.now + SECOND;
            self.step(Event::Tick { late: Duration::ZERO }).await;
            self.deliver().await;
        }
    }

    async fn deliver(&mut self) {
        for claimed in self.store.claim(self.now.wall, LEASE, 10_000, &[]).await.expect("claims") {
            self.first.get_or_insert(self.now.wall);
            let read = |body: &str| serde_json::from_str::<Notification>(body).expect("a notification");
            let others = claimed.carried.iter().map(|row| read(&row.body)).collect();
            let message = read(&claimed.row.body).together(others);
            let inbox = self.inboxes.entry((claimed.row.channel.clone(), message.kind)).or_default();
            inbox.messages += 1;
            let names = message.others.iter().map(|other| other.monitor.clone());
            let alone = message.others.is_empty().then(|| message.monitor.clone());
            inbox.names.extend(names.chain(alone));
            let sent = Settlement::Sent { answer: String::new() };
            self.store.settle(claimed.id, claimed.token, sent, self.now.wall).await.expect("settles");
        }
    }

    /// What `channel` got of `kind`: how many messages, how many names.
    fn got(&self, channel: &str, kind: Kind) -> (usize, usize) {
        let inbox = self.inboxes.get(&(channel.to_owned(), kind));
        inbox.map_or((0, 0), |inbox| (inbox.messages, inbox.names.len()))
    }
}

/// How many monitors tell `channel`.
fn expected(channel: &str) -> usize {
    (0..MONITORS).filter(|number| channels(*number).iter().any(|name| name == channel)).count()
}

#[tokio::test]
async fn two_thousand_that_fail_at_once_are_three_messages_to_each_person_that_name_all() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut world = World::start(dir.path()).await;
    world.pass(INTERVAL * 3).await;
    assert!(world.inboxes.is_empty());
    world.are_down = true;
    let failed = world.now.wall;
    world.pass(INTERVAL * 5).await;
    let first = world.first.expect("somebody is told");
    assert!(first.since(failed) <= INTERVAL + SECOND * 2, "the first of them is told as soon as it is confirmed");
    world.are_down = false;
    world.pass(INTERVAL * 5).await;
    for channel in ["ann", "bob"] {
        for kind in [Kind::Down, Kind::Up] {
            let (messages, names) = world.got(channel, kind);
            assert_eq!(names, expected(channel), "{channel} is told of every one: {kind:?}");
            assert!(messages <= 3, "{channel} got {messages} messages of {kind:?}");
        }
    }
    assert_eq!(world.store.outbox().await.expect("reads").waiting, 0);
}

#[tokio::test]
async fn what_is_gathered_when_the_process_is_killed_is_told_by_the_next_one() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut world = World::start(dir.path()).await;
    world.pass(INTERVAL * 3).await;
    world.are_down = true;
    world.pass(INTERVAL + SECOND * 20).await;
    // Nothing is told before it ends: the engine goes, and what waits stays.
    world.engine = Engine::new(10_000, None);
    world.gathered = Gathered::default();
    world.gathered.follow(gathering());
    world.now.mono = Mono::default();
    world.configure().await;
    world.pass(INTERVAL * 5).await;
    for channel in ["ann", "bob"] {
        let (messages, names) = world.got(channel, Kind::Down);
        assert_eq!(names, expected(channel), "{channel} is told of every one");
        assert!(messages <= 6, "three of each process: {messages}");
    }
}
