use super::*;
use allswell_core::check::{Memory, Policy};
use allswell_core::uptime::Presence;
use allswell_core::{Wall, incident};
use allswell_probe::health::{Check, Document, Format, Status};
use allswell_probe::{Question, Settings};

use crate::notification::{Kind, Notification};
use crate::store::IncidentChange;

mod quiet;

const SECOND: Duration = Duration::from_secs(1);

/// An engine with one monitor for each host, and a clock that only the test moves.
struct Bench {
    engine: Engine,
    now: Now,
}

impl Bench {
    fn watching(hosts: &[&str]) -> Self {
        let now = Now { mono: Mono::default(), wall: Wall::from_ms(1_795_000_000_000) };
        let mut bench = Self { engine: Engine::new(100, Some("https://status.example.com/".to_owned())), now };
        bench.configure(hosts, false);
        bench
    }

    fn configure(&mut self, hosts: &[&str], paused: bool) {
        let monitors = hosts.iter().zip(1..).map(|(host, id)| (monitor(host, id, paused), enlisted(id))).collect();
        assert!(self.engine.step(Event::Configured { monitors }, self.now).is_empty());
    }

    /// Lets time pass until something is due and returns who is asked.
    fn due(&mut self) -> Vec<MonitorId> {
        self.now = self.now + self.engine.next_due().expect("something is due").since(self.now.mono);
        let effects = self.engine.step(Event::Tick { late: Duration::ZERO }, self.now);
        let asked = |effect: &Effect| match effect {
            Effect::Ask { monitor, .. } => Some(monitor.id),
            _ => None,
        };
        effects.iter().filter_map(asked).collect()
    }

    fn answer(&mut self, id: u32, answer: Answer) -> Vec<Effect> {
        self.now = self.now + Duration::from_millis(10);
        self.engine.step(Event::Answered { monitor: MonitorId(id), answer: Box::new(answer) }, self.now)
    }

    /// Asks the first monitor once and returns what its answer decided.
    fn round(&mut self, answer: Answer) -> Option<Decision> {
        self.due();
        decision(self.answer(1, answer))
    }
}

fn monitor(host: &str, id: u32, paused: bool) -> Arc<Monitor> {
    let settings: Settings =
        serde_json::from_value(serde_json::json!({ "tcp": { "address": format!("{host}:80") } })).expect("settings");
    Arc::new(Monitor {
        id: MonitorId(id),
        name: format!("monitor-{id}"),
        question: Arc::new(Question::new(settings, &[], 14).expect("a good question")),
        policy: Policy {
            interval: SECOND * 60,
            timeout: SECOND * 5,
            failure_threshold: 2,
            success_threshold: 1,
            initial_delay: Duration::ZERO,
            degraded_above: Some(SECOND),
        },
        channels: vec!["mail".to_owned(), "hook".to_owned()],
        tags: Vec::new(),
        group: None,
        telling: Default::default(),
        depends_on: Vec::new(),
        paused,
    })
}

fn enlisted(id: u32) -> Enlisted {
    Enlisted {
        id: MonitorId(id),
        created: Wall::default(),
        memory: Memory::default(),
        seq: 0,
        presence: None,
        incident: None,
        telling: Default::default(),
        maintenance: None,
        last_asked: None,
        former_names: Vec::new(),
    }
}

fn decision(effects: Vec<Effect>) -> Option<Decision> {
    effects.into_iter().find_map(|effect| match effect {
        Effect::Decide(decision) => Some(*decision),
        _ => None,
    })
}

fn verdicts(effects: &[Effect]) -> Vec<(MonitorId, Verdict)> {
    let recorded = |effect: &Effect| match effect {
        Effect::Record { result, .. } => Some((result.monitor, result.verdict)),
        _ => None,
    };
    effects.iter().filter_map(recorded).collect()
}

fn well() -> Answer {
    Answer::bare(Outcome::pass(SECOND / 10), None)
}

fn failed(reason: Reason) -> Answer {
    Answer::bare(Outcome::fail(reason, SECOND), Some("as scripted".to_owned()))
}

fn says(version: &str, database: Status) -> Answer {
    let check = Check { name: "database".to_owned(), status: database, message: None, response_time_ms: Some(1.0) };
    let health = Document {
        format: Format::Plain,
        status: database,
        version: Some(version.to_owned()),
        release_id: None,
        detail: None,
        checks: vec![check],
    };
    let base = if database == Status::Ok { well() } else { failed(Reason::Status) };
    Answer { health: Some(health), status: Some(if database == Status::Ok { 200 } else { 503 }), ..base }
}

fn message(decision: &Decision) -> Notification {
    serde_json::from_str(&decision.outbox[0].body).expect("a notification")
}

#[test]
fn a_confirmed_failure_opens_one_incident_and_tells_each_channel_once() {
    let mut bench = Bench::watching(&["127.0.0.1"]);
    bench.round(well()).expect("up for the first time");
    assert!(bench.round(well()).is_none(), "on the grid from here on, one interval apart");
    assert_eq!(bench.round(failed(Reason::ConnectRefused)).expect("a streak").incident, None);
    let down = bench.round(failed(Reason::ConnectRefused)).expect("confirmed");
    let (id, change) = down.incident.clone().expect("opens");
    assert!(matches!(change, IncidentChange::Open { kind: incident::Kind::Down, .. }));
    let keys: Vec<&str> = down.outbox.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys, [format!("{id}:down:2:mail"), format!("{id}:down:2:hook")]);
    assert_eq!(message(&down).link.as_deref(), Some("https://status.example.com/i/1-2"));
    assert_eq!(message(&down).cause, "as scripted");
    assert!(bench.round(failed(Reason::ConnectRefused)).expect("the streak goes on").outbox.is_empty());
    let up = bench.round(well()).expect("recovers");
    assert_eq!(up.incident, Some((id, IncidentChange::Close)));
    assert_eq!(message(&up).kind, Kind::Up);
    assert_eq!(message(&up).lasted_ms, 180_000, "from the first failed asking to the first good one");
}

#[test]
fn a_new_version_before_the_failure_is_named() {
    let mut bench = Bench::watching(&["127.0.0.1"]);
    bench.round(says("1.41.2", Status::Ok));
    bench.round(says("1.41.2", Status::Ok));
    bench.round(says("1.42.0", Status::Ok));
    bench.round(says("1.42.0", Status::Error));
    let down = message(&bench.round(says("1.42.0", Status::Error)).expect("confirmed"));
    assert_eq!(down.cause, "the app says database failed; version 1.42.0 first seen 2 m before");
    assert_eq!(down.version_change.expect("new").from, "1.41.2");
    assert_eq!(down.failing_checks[0].name, "database");
}

#[test]
fn details_are_kept_when_they_change() {
    let mut bench = Bench::watching(&["127.0.0.1"]);
    let mut kept = Vec::new();
    for answer in [says("1", Status::Ok), says("1", Status::Ok), says("2", Status::Ok), says("2", Status::Ok)] {
        bench.due();
        let effects = bench.answer(1, answer);
        kept.push(
            effects.iter().any(|effect| matches!(effect, Effect::Record { result, .. } if result.detail.is_some())),
        );
    }
    assert_eq!(kept, [true, false, true, false]);
}

#[test]
fn slow_answers_degrade() {
    let mut bench = Bench::watching(&["127.0.0.1"]);
    bench.round(well());
    let slow = || Answer::bare(Outcome::pass(SECOND * 2), None);
    bench.round(slow());
    let degraded = bench.round(slow()).expect("confirmed");
    assert_eq!(message(&degraded).kind, Kind::Degraded);
    assert_eq!(message(&degraded).cause, "it answered, but took 2.0 s");
}

#[test]
fn unrelated_targets_that_fail_at_once_wait_for_a_look_at_ourselves() {
    let mut bench = Bench::watching(&["a.example", "b.example", "c.example"]);
    let mut asked = Vec::new();
    while asked.len() < 3 {
        asked.extend(bench.due());
    }
    assert_eq!(verdicts(&bench.answer(1, failed(Reason::ConnectTimeout))), [(MonitorId(1), Verdict::Fail)]);
    let second = bench.answer(2, failed(Reason::ConnectTimeout));
    assert!(matches!(second.as_slice(), [Effect::LookAround]));
    assert!(bench.answer(3, failed(Reason::DnsTimeout)).is_empty(), "held, and one look is enough");
    let looked = bench.engine.step(Event::Looked { reaches: false }, bench.now);
    assert_eq!(verdicts(&looked), [(MonitorId(2), Verdict::Unknown), (MonitorId(3), Verdict::Unknown)]);
}

#[test]
fn what_the_look_clears_is_judged_as_it_was() {
    let mut bench = Bench::watching(&["a.example", "b.example"]);
    let mut asked = Vec::new();
    while asked.len() < 2 {
        asked.extend(bench.due());
    }
    let _ = bench.answer(1, failed(Reason::ConnectTimeout));
    let _ = bench.answer(2, failed(Reason::ConnectTimeout));
    let looked = bench.engine.step(Event::Looked { reaches: true }, bench.now);
    assert_eq!(verdicts(&looked), [(MonitorId(2), Verdict::Fail)]);
}

#[test]
fn what_is_paused_is_not_asked_and_goes_on_where_it_was() {
    let mut bench = Bench::watching(&["127.0.0.1"]);
    bench.round(well());
    bench.configure(&["127.0.0.1"], true);
    assert_eq!(bench.engine.next_due(), None);
    let mut back = enlisted(1);
    back.memory.confirmed = allswell_core::check::Status::Up;
    back.presence = Some(Presence::Unknown);
    back.seq = 3;
    let monitors = vec![(monitor("127.0.0.1", 1, false), back)];
    assert!(bench.engine.step(Event::Configured { monitors }, bench.now).is_empty());
    let up = bench.round(well()).expect("seen again").transition.expect("unknown until now");
    assert_eq!((up.seq, up.from, up.to), (4, Presence::Unknown, Presence::Up));
}

#[test]
fn a_slow_asking_is_never_asked_twice_at_once_and_comes_back() {
    let mut bench = Bench::watching(&["127.0.0.1"]);
    assert_eq!(bench.due(), [MonitorId(1)]);
    bench.now = bench.now + SECOND * 300;
    let late = bench.engine.step(Event::Tick { late: Duration::ZERO }, bench.now);
    assert!(late.is_empty(), "{late:?}");
    let _ = bench.answer(1, well());
    assert_eq!(bench.due(), [MonitorId(1)]);
}

#[test]
fn no_more_is_asked_at_once_than_allowed_and_the_rest_is_late_not_lost() {
    let hosts = ["127.0.0.1"; 5];
    let mut bench = Bench { engine: Engine::new(2, None), now: Now::default() };
    bench.configure(&hosts, false);
    bench.now = bench.now + SECOND * 60;
    let asked = |effects: &[Effect]| effects.iter().filter(|effect| matches!(effect, Effect::Ask { .. })).count();
    assert_eq!(asked(&bench.engine.step(Event::Tick { late: Duration::ZERO }, bench.now)), 2);
    assert_eq!(bench.engine.overdue(bench.now).checks, 3);
    let mut under_way: Vec<MonitorId> = bench
        .engine
        .entries
        .values()
        .filter(|entry| entry.check.asking().is_some())
        .map(|entry| entry.monitor.id)
        .collect();
    let first = under_way.pop().expect("two");
    let _ = bench.answer(first.0, well());
    assert_eq!(asked(&bench.engine.step(Event::Tick { late: Duration::ZERO }, bench.now)), 1);
}

#[test]
fn timeouts_while_our_own_timers_were_late_are_ours() {
    let mut bench = Bench::watching(&["127.0.0.1"]);
    bench.due();
    let _ = bench.engine.step(Event::Tick { late: SECOND * 2 }, bench.now + SECOND);
    let effects = bench.answer(1, failed(Reason::FirstByteTimeout));
    assert_eq!(verdicts(&effects), [(MonitorId(1), Verdict::Unknown)]);
}
