//! The deliverer at work: a real store, real channels, servers that take, refuse, hang and come back.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use allswell_core::check::{Memory, Status};
use allswell_core::uptime::Presence;
use allswell_core::{Wall, incident};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::*;
use crate::mail_catcher::MailCatcher;
use crate::model::{IncidentId, MonitorId};
use crate::notification::Kind;
use crate::notify::samples;
use crate::notify::testing::Answer::{Close, Hang, Say};
use crate::notify::testing::{Answer, Scripted};
use crate::store::sqlite::{SqliteStore, Timing};
use crate::store::{Decision, DeliveryFilter, DeliveryRow, Enlistment, IncidentChange, OutboxRow, TransitionRow};

/// Clocks that stand where a test puts them.
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Now {
        let ms = self.0.load(Ordering::SeqCst);
        let since_origin = Duration::from_millis(ms.abs_diff(samples::NOW.ms()));
        Now { mono: Mono::after(since_origin), wall: Wall::from_ms(ms) }
    }
}

/// A server's store and deliverer.
struct World {
    store: Arc<dyn Store>,
    clock: Arc<Hands>,
    committed: Arc<Notify>,
    metrics: Arc<Metrics>,
    deliverer: Deliverer,
    _folder: Option<tempfile::TempDir>,
}

/// The monitor that all decisions of these tests are about.
const MONITORS: usize = 40;

impl World {
    /// One with these channels, in a folder of its own.
    async fn new(channels: &[(&str, String)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = Self::within(folder.path(), channels).await;
        Self { _folder: Some(folder), ..world }
    }

    /// One that takes over what is in `folder`.
    async fn within(folder: &Path, channels: &[(&str, String)]) -> Self {
        let clock = Arc::new(Hands(AtomicI64::new(samples::NOW.ms())));
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder, samples::NOW, Timing::none()).unwrap());
        let names = (0..MONITORS).map(|number| Enlistment {
            name: format!("api-{number}"),
            kind: "http".to_owned(),
            target: "GET https://api.acme.dev/ready".to_owned(),
            interval: Duration::from_secs(10),
            tags: Vec::new(),
            group: None,
            paused: false,
            renamed_from: None,
        });
        store.enlist(names.collect(), samples::NOW).await.unwrap();
        let (committed, metrics) = (Arc::new(Notify::new()), Arc::new(Metrics::new("0.0.0")));
        let parts = parts(&store, &clock, &metrics, &committed);
        let deliverer = Deliverer::start(parts);
        deliverer.configure(&settings(channels)).unwrap();
        Self { store, clock, committed, metrics, deliverer, _folder: None }
    }

    /// Decides that the monitor with this number, from 0 on, is down, and tells `channels`.
    async fn down(&self, number: usize, channels: &[&str]) {
        self.decide(number, Kind::Down, 1, channels).await;
    }

    /// Decides that it is up again.
    async fn up(&self, number: usize, channels: &[&str]) {
        self.decide(number, Kind::Up, 2, channels).await;
    }

    async fn decide(&self, number: usize, kind: Kind, seq: u32, channels: &[&str]) {
        let monitor = self.store.monitors().await.unwrap()[number].enlisted.id;
        let decision = decision(monitor, kind, seq, self.clock.now().wall, channels);
        self.store.commit(vec![decision]).await.unwrap();
        self.committed.notify_one();
    }

    /// Lets time pass.
    fn pass(&self, time: Duration) {
        self.clock.0.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
        self.committed.notify_one();
    }

    /// Waits until the deliveries are as `wanted`, and gives them, oldest first.
    async fn deliveries(&self, wanted: impl Fn(&[DeliveryRow]) -> bool) -> Vec<DeliveryRow> {
        loop {
            let mut rows = self.store.deliveries(DeliveryFilter::newest(999)).await.unwrap();
            rows.reverse();
            if wanted(&rows) {
                return rows;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn all_sent(&self) -> Vec<DeliveryRow> {
        self.deliveries(|rows| rows.iter().all(|row| row.state == "sent")).await
    }
}

/// Delivers `notification` through the channel called `name` of `channels`, on the whole way from the outbox on.
pub(in crate::notify) async fn deliver(channels: &BTreeMap<String, Settings>, name: &str, notification: &Notification) {
    let world = World::new(&[]).await;
    world.deliverer.configure(channels).unwrap();
    let monitor = world.store.monitors().await.unwrap()[0].enlisted.id;
    let mut decision = decision(monitor, Kind::Down, 1, samples::NOW, &[name]);
    decision.outbox[0].kind = notification.kind;
    decision.outbox[0].body = serde_json::to_string(notification).unwrap();
    world.store.commit(vec![decision]).await.unwrap();
    world.committed.notify_one();
    world.all_sent().await;
    world.deliverer.stop().await;
}

fn parts(store: &Arc<dyn Store>, clock: &Arc<Hands>, metrics: &Arc<Metrics>, committed: &Arc<Notify>) -> Parts {
    Parts {
        store: Arc::clone(store),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        metrics: Arc::clone(metrics),
        committed: Arc::clone(committed),
        dialer: Dialer::default(),
        links: Links::for_tests(),
    }
}

fn settings(channels: &[(&str, String)]) -> BTreeMap<String, Settings> {
    let read = |yaml: &String| serde_saphyr::from_str(yaml).unwrap();
    channels.iter().map(|(name, yaml)| ((*name).to_owned(), read(yaml))).collect()
}

fn email(address: std::net::SocketAddr) -> String {
    format!("{{ type: email, smtp: 'smtp://{address}', from: a@example.com, to: [b@example.com] }}")
}

fn webhook(address: std::net::SocketAddr) -> String {
    format!("{{ type: webhook, url: 'http://{address}/' }}")
}

fn decision(monitor: MonitorId, kind: Kind, seq: u32, at: Wall, channels: &[&str]) -> Decision {
    let id = IncidentId { monitor, seq: 1 };
    let (status, from, to) = match kind {
        Kind::Up => (Status::Up, Presence::Down, Presence::Up),
        _ => (Status::Down, Presence::Up, Presence::Down),
    };
    let change = match kind {
        Kind::Up => IncidentChange::Close,
        _ => IncidentChange::Open {
            kind: incident::Kind::Down,
            began: at,
            cause: "it answered 503".to_owned(),
            evidence: "{}".to_owned(),
        },
    };
    let notification = if kind == Kind::Up { samples::up() } else { samples::down() };
    let row = |channel: &&str| OutboxRow {
        key: format!("{id}:{}:{seq}:{channel}", kind.as_str()),
        incident: id,
        channel: (*channel).to_owned(),
        kind,
        body: serde_json::to_string(&notification).unwrap(),
        together: None,
    };
    let memory = Memory { confirmed: status, since: at, began: [at; 4], ..Memory::default() };
    Decision {
        transition: Some(TransitionRow { seq, from, to, began: at, at, reason: None }),
        incident: Some((id, change)),
        outbox: channels.iter().map(row).collect(),
        ..Decision::nothing(monitor, at, memory)
    }
}

/// A receiver that gives these answers one after the other, the last one again and again, and keeps the keys it saw.
struct Receiver {
    address: std::net::SocketAddr,
    keys: Arc<Mutex<Vec<String>>>,
    /// Each answer takes a permit.
    gate: Arc<Semaphore>,
    _tasks: JoinSet<()>,
}

impl Receiver {
    async fn start(answers: &[Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (keys, gate) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Semaphore::new(999)));
        let (answers, noted, open): (Arc<[Answer]>, _, _) = (answers.into(), Arc::clone(&keys), Arc::clone(&gate));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut sessions = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (answers, noted, open) = (Arc::clone(&answers), Arc::clone(&noted), Arc::clone(&open));
                sessions.spawn(async move {
                    // Who breaks off ends its own session.
                    let _ = receive(stream, &answers, &noted, &open).await;
                });
            }
        });
        Self { address, keys, gate, _tasks: tasks }
    }

    fn keys(&self) -> Vec<String> {
        self.keys.lock().unwrap().clone()
    }
}

async fn receive(
    stream: tokio::net::TcpStream,
    answers: &[Answer],
    keys: &Mutex<Vec<String>>,
    gate: &Semaphore,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut key, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        match line.trim_end().split_once(": ") {
            Some(("idempotency-key", value)) => value.clone_into(&mut key),
            Some(("content-length", value)) => length = value.parse().unwrap(),
            Some(_) => {}
            None if line.trim_end().is_empty() => break,
            None => {}
        }
    }
    stream.read_exact(&mut vec![0; length]).await?;
    let number = {
        let mut keys = keys.lock().unwrap();
        keys.push(key);
        keys.len() - 1
    };
    gate.acquire().await.unwrap().forget();
    match answers[number.min(answers.len() - 1)] {
        Say(answer) => stream.write_all(answer.as_bytes()).await,
        Close => Ok(()),
        Hang => std::future::pending().await,
    }
}

const OK: Answer = Say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
const BUSY: Answer = Say("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");

fn states(rows: &[DeliveryRow]) -> Vec<&str> {
    rows.iter().map(|row| row.state.as_str()).collect()
}

#[tokio::test]
async fn what_is_committed_is_told_on_every_channel() {
    let catcher = MailCatcher::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let (mail, mails) = (email(catcher.address()), catcher.mails());
    let mut tasks = JoinSet::new();
    tasks.spawn(catcher.run(Arc::new(crate::clock::SystemClock::new())));
    let receiver = Receiver::start(&[OK]).await;
    let world = World::new(&[("ops", mail), ("hook", webhook(receiver.address))]).await;
    world.down(0, &["ops", "hook"]).await;
    let rows = world.all_sent().await;
    assert_eq!(rows[0].last_answer.as_deref(), Some("250 2.0.0 kept as number 1"));
    assert_eq!(rows[1].last_answer.as_deref(), Some("200 OK"));
    assert_eq!(mails.find(1).unwrap().subject, "■ Down: payments-api says its database timed out");
    assert_eq!(receiver.keys(), ["1-1:down:1:hook"]);
    let metrics = world.metrics.write(crate::metrics::Format::Prometheus);
    for kind in ["email", "webhook"] {
        let line = format!("channel_type=\"{kind}\",result=\"sent\"}} 1");
        assert!(metrics.contains(&line), "{metrics}");
    }
    world.deliverer.stop().await;
}

#[tokio::test]
async fn a_relay_that_hangs_delays_no_webhook() {
    let relay = Scripted::start(Hang, Vec::new()).await;
    let receiver = Receiver::start(&[OK]).await;
    let world = World::new(&[("ops", email(relay.address)), ("hook", webhook(receiver.address))]).await;
    for number in 0..MONITORS {
        world.down(number, &["ops", "hook"]).await;
    }
    let hook = |row: &&DeliveryRow| row.channel == "hook";
    let rows = world.deliveries(|rows| rows.iter().filter(hook).all(|row| row.state == "sent")).await;
    assert_eq!(rows.iter().filter(hook).count(), MONITORS);
    assert!(rows.iter().filter(|row| row.channel == "ops").all(|row| row.state == "waiting"));
    let under_way = rows.iter().filter(|row| row.channel == "ops" && row.attempts > 0).count();
    assert!((PER_CHANNEL..2 * PER_CHANNEL).contains(&under_way), "{under_way}");
}

#[tokio::test]
async fn a_refusal_is_final_and_makes_room_for_the_next() {
    let receiver = Receiver::start(&[Say("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"), OK]).await;
    let world = World::new(&[("hook", webhook(receiver.address))]).await;
    world.down(0, &["hook"]).await;
    world.up(0, &["hook"]).await;
    let rows = world.deliveries(|rows| rows.iter().all(|row| row.state != "waiting")).await;
    assert_eq!(states(&rows), ["refused", "sent"]);
    assert!(rows[0].last_answer.as_deref().unwrap().contains("410 Gone; see the channel's url"), "{rows:?}");
    assert_eq!(receiver.keys(), ["1-1:down:1:hook", "1-1:up:2:hook"]);
}

#[tokio::test]
async fn a_failure_is_tried_again_under_the_same_key_and_nothing_overtakes_it() {
    let receiver = Receiver::start(&[BUSY, Close, OK]).await;
    let world = World::new(&[("hook", webhook(receiver.address))]).await;
    world.down(0, &["hook"]).await;
    world
        .deliveries(|rows| rows[0].next.is_some_and(|next| next > samples::NOW) && rows[0].last_answer.is_some())
        .await;
    world.up(0, &["hook"]).await;
    world.pass(Duration::from_secs(5));
    world.deliveries(|rows| rows[0].last_answer.as_deref().is_some_and(|said| said.contains("may have"))).await;
    assert_eq!(receiver.keys().len(), 2, "the end waits for its beginning");
    world.pass(Duration::from_secs(10));
    let rows = world.all_sent().await;
    assert_eq!((rows[0].attempts, rows[1].attempts), (3, 1));
    let down = "1-1:down:1:hook";
    assert_eq!(receiver.keys(), [down, down, down, "1-1:up:2:hook"]);
}

#[tokio::test]
async fn a_wish_to_be_asked_later_is_granted() {
    let busy = Say("HTTP/1.1 429 Slow Down\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n");
    let (receiver, other) = (Receiver::start(&[busy, OK]).await, Receiver::start(&[OK]).await);
    let world = World::new(&[("hook", webhook(receiver.address)), ("other", webhook(other.address))]).await;
    world.down(0, &["hook"]).await;
    let rows = world.deliveries(|rows| rows[0].last_answer.is_some()).await;
    assert_eq!(rows[0].next, Some(samples::NOW + Duration::from_secs(120)));
    world.down(1, &["hook"]).await;
    world.pass(Duration::from_secs(119));
    world.down(2, &["other"]).await;
    world.deliveries(|rows| rows[2].state == "sent").await;
    assert_eq!(receiver.keys().len(), 1, "the whole channel rests, and only it");
    // The channel's rest counts from when the deliverer looked at the end of the attempt, which may be after we let time pass.
    world.pass(Duration::from_secs(120));
    world.all_sent().await;
}

#[tokio::test]
async fn a_channel_that_cannot_be_reached_is_left_in_peace_for_a_while() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let world = World::new(&[("hook", webhook(address))]).await;
    for number in 0..MONITORS {
        world.down(number, &["hook"]).await;
    }
    let rows = world.deliveries(|rows| rows.iter().any(|row| row.last_answer.is_some())).await;
    let tried = rows.iter().filter(|row| row.attempts > 0).count();
    assert!(tried < 2 * PER_CHANNEL, "{tried}");
    let receiver = Receiver::start(&[OK]).await;
    world.deliverer.configure(&settings(&[("hook", webhook(receiver.address))])).unwrap();
    world.deliveries(|rows| rows.iter().filter(|row| row.state == "sent").count() >= MONITORS - tried).await;
    world.pass(Duration::from_secs(5));
    assert_eq!(world.all_sent().await.len(), MONITORS);
}

#[tokio::test]
async fn a_channel_that_is_configured_no_more_ends_its_messages_with_that_reason() {
    let world = World::new(&[]).await;
    world.down(0, &["gone"]).await;
    let rows = world.deliveries(|rows| rows[0].state == "refused").await;
    assert_eq!(rows[0].last_answer.as_deref(), Some("the configuration has no channel `gone` any more"));
}

#[tokio::test]
async fn what_an_earlier_process_left_waits_until_the_channels_are_known() {
    let receiver = Receiver::start(&[OK]).await;
    let World { store, clock, metrics, committed, deliverer, _folder } = World::new(&[]).await;
    deliverer.stop().await;
    let monitor = store.monitors().await.unwrap()[0].enlisted.id;
    store.commit(vec![decision(monitor, Kind::Down, 1, samples::NOW, &["hook"])]).await.unwrap();
    let deliverer = Deliverer::start(parts(&store, &clock, &metrics, &committed));
    for _ in 0..10 {
        // Writes happen one after the other, so a claim would have come in between.
        store.watching(samples::NOW, samples::NOW).await.unwrap();
    }
    assert_eq!(store.deliveries(DeliveryFilter::newest(1)).await.unwrap()[0].attempts, 0);
    deliverer.configure(&settings(&[("hook", webhook(receiver.address))])).unwrap();
    while store.deliveries(DeliveryFilter::newest(1)).await.unwrap()[0].state != "sent" {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn stopping_waits_for_what_is_being_sent_and_takes_nothing_new() {
    let receiver = Receiver::start(&[OK]).await;
    receiver.gate.forget_permits(999);
    let world = World::new(&[("hook", webhook(receiver.address))]).await;
    world.down(0, &["hook"]).await;
    while receiver.keys().is_empty() {
        tokio::task::yield_now().await;
    }
    tokio::join!(world.deliverer.stop(), async { receiver.gate.add_permits(1) });
    assert_eq!(states(&world.store.deliveries(DeliveryFilter::newest(1)).await.unwrap()), ["sent"]);
    let monitor = world.store.monitors().await.unwrap()[1].enlisted.id;
    world.store.commit(vec![decision(monitor, Kind::Down, 1, samples::NOW, &["hook"])]).await.unwrap();
    world.committed.notify_one();
    assert_eq!(states(&world.store.deliveries(DeliveryFilter::newest(1)).await.unwrap()), ["waiting"]);
}

#[tokio::test]
async fn a_store_that_is_closed_does_not_keep_the_deliverer_from_stopping() {
    let receiver = Receiver::start(&[OK]).await;
    let world = World::new(&[("hook", webhook(receiver.address))]).await;
    world.store.close().await.unwrap();
    world.committed.notify_one();
    world.deliverer.stop().await;
}

#[test]
fn a_crash_before_the_answer_loses_nothing_and_repeats_under_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let process = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let outside = process();
    let receiver = outside.block_on(Receiver::start(&[Hang, OK]));
    let channels = [("hook", webhook(receiver.address))];
    let first = process();
    first.block_on(async {
        let world = World::within(folder.path(), &channels).await;
        world.down(0, &["hook"]).await;
        while receiver.keys().is_empty() {
            tokio::task::yield_now().await;
        }
    });
    drop(first);
    process().block_on(async {
        let world = World::within(folder.path(), &channels).await;
        assert_eq!(world.all_sent().await[0].attempts, 2);
    });
    assert_eq!(receiver.keys(), ["1-1:down:1:hook"; 2]);
}
