mod paging;

use std::sync::atomic::AtomicI64;

use allswell_core::check::{Memory, Status};
use allswell_core::telling::Telling;
use allswell_core::uptime::{Mark, Presence};
use allswell_core::{Mono, Now, Phases, Verdict};
use futures_util::{FutureExt as _, StreamExt as _};

use super::*;
use crate::store::sqlite::{SqliteStore, Timing};
use crate::store::{Enlisted, Enlistment, MonitorRow, TransitionRow};

const DAY_MS: i64 = 86_400_000;
const NOW: Wall = Wall::from_ms(100 * DAY_MS);

/// A clock that stands where a test puts it.
struct Hand(AtomicI64);

impl Hand {
    fn at(wall: Wall) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(wall.ms())))
    }

    fn put(&self, wall: Wall) {
        self.0.store(wall.ms(), Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Now {
        Now { mono: Mono::default(), wall: Wall::from_ms(self.0.load(Ordering::SeqCst)) }
    }
}

fn row(id: u32, name: &str, status: Presence, since: i64, p95_ms: u64) -> Row {
    let enlistment = Enlistment {
        name: name.to_owned(),
        kind: if id.is_multiple_of(2) { "http" } else { "tcp" }.to_owned(),
        target: format!("GET https://{name}.Example.com:8443/ready"),
        interval: Duration::from_secs(30),
        tags: if id.is_multiple_of(3) { vec!["eu".to_owned(), "Prod".to_owned()] } else { Vec::new() },
        group: id.is_multiple_of(5).then(|| "shop".to_owned()),
        paused: false,
        renamed_from: None,
    };
    let enlisted = Enlisted {
        id: MonitorId(id),
        created: Wall::default(),
        memory: Memory::default(),
        seq: 0,
        presence: None,
        incident: None,
        telling: Telling::default(),
        maintenance: None,
        last_asked: None,
        former_names: Vec::new(),
    };
    let mut row = Row::of(MonitorRow { enlistment, enlisted }, &mut HashMap::new());
    row.status = status;
    row.since = Some(Wall::from_ms(since));
    row.p95 = (p95_ms > 0).then(|| Duration::from_millis(p95_ms));
    row
}

fn fits(filter: &str, row: &Row) -> bool {
    fits_at(&Filter::read(filter).expect("a filter"), row, Wall::default())
}

fn fits_at(filter: &Filter, row: &Row, now: Wall) -> bool {
    let alone = std::slice::from_ref(row);
    filter.sift(alone, &Index::of(alone), now).is_none_or(|fitting| fitting == [true])
}

#[test]
fn a_filter_is_words_that_must_all_hold() {
    let row = row(30, "payments", Presence::Down, 0, 700);
    let check = |filter: &str, expected: bool| assert_eq!(fits(filter, &row), expected, "{filter}");
    check("", true);
    check("PAY", true);
    check("payments.example.com", true);
    check("https://payments", true);
    check("orders", false);
    check("tag:eu", true);
    check("tag:e", false);
    check("tag:eu tag:Prod", true);
    check("-tag:eu", false);
    check("-tag:us", true);
    check("group:shop", true);
    check("kind:http", true);
    check("kind:tcp", false);
    check("name:ment", true);
    check("name:example", false);
    check("status:down", true);
    check("status:down -status:up pay", true);
    check("p95>500", true);
    check("p95>0.7s", false);
    check("p95<1s", true);
    check("latency>1", false);
    check("\"payments tag\"", false);
    check("\"\"", true);
}

#[test]
fn uptime_and_the_certificate_are_compared_where_they_are_known() {
    let mut row = row(30, "payments", Presence::Up, 0, 0);
    let check = |row: &Row, filter: &str, expected: bool| assert_eq!(fits(filter, row), expected, "{filter}");
    for filter in ["uptime<100", "uptime>0", "cert<1000", "cert>0"] {
        check(&row, filter, false);
    }
    // A thousandth of the window down, ended long before it was measured.
    let end = Wall::default();
    let start = end - WINDOW;
    let marks = [(0, Presence::Up), (10, Presence::Down), (2_592_010, Presence::Up)];
    let marks = marks.map(|(ms, presence)| Mark { from: start + Duration::from_millis(ms), presence });
    row.fared = Some(Rolling::of(&marks, &[start..end], start..end));
    check(&row, "uptime<99.9", false);
    check(&row, "uptime<99.91", true);
    check(&row, "uptime>99.89%", true);
    let certificate =
        |days: i64| ResultRow { detail: Some(shown(end, days)), ..result(row.facts.id, 1, Verdict::Pass, 1) };
    let (nine, none) = (certificate(9), ResultRow { detail: Some("{}".to_owned()), ..certificate(9) });
    row.record(&nine);
    row.record(&none);
    check(&row, "cert<14d", true);
    check(&row, "cert<9", false);
    check(&row, "cert>8 cert<10", true);
    check(&row, "cert<240h", true);
    check(&row, "cert<216h", false);
}

/// What a result tells of a chain whose last link is the first to end.
fn shown(now: Wall, days: i64) -> String {
    let end = now.ms() + days * DAY_MS + 5;
    let link = |end: i64| serde_json::json!({"subject": "CN=a", "issuer": "CN=b", "not_after_ms": end});
    let certificate = serde_json::json!({
        "subject": "CN=a", "issuer": "CN=b", "names": [], "not_before_ms": 0, "not_after_ms": end + DAY_MS,
        "days_left": 0, "fingerprint": "", "protocol": null, "trusted": true, "chain": [link(end + DAY_MS), link(end)],
    });
    serde_json::json!({ "certificate": certificate }).to_string()
}

#[test]
fn what_is_no_filter_is_refused_with_the_way_out() {
    let refused = |filter: &str| {
        let NotAFilter { said, hint } = Filter::read(filter).expect_err("no filter");
        format!("{said}; {hint}")
    };
    assert_eq!(
        refused("status:bad"),
        "there is no status `bad`; known are up, degraded, down, unknown, maintenance, paused"
    );
    assert_eq!(
        refused("p95>fast"),
        "`p95` cannot be compared with `fast`; write milliseconds or a time: `p95>500`, `p95>1.5s`"
    );
    assert_eq!(refused("uptime<101"), "`uptime` cannot be compared with `101`; write percent: `uptime<99.9`");
    // Days are counted whole: `cert<12h` would find what ends within a day.
    for wrong in ["soon", "12h", "1.5", "1.5d", "-0.5", "1d1s"] {
        let expected = format!("`cert` cannot be compared with `{wrong}`; write whole days: `cert<14`, `cert<14d`");
        assert_eq!(refused(&format!("cert<{wrong}")), expected);
    }
    assert_eq!(refused("tag:"), "`tag:` says nothing; write what it should be: `tag:...`");
    assert_eq!(refused("\"open"), "a quote is not closed; close it with `\"`");
    assert!(refused(&"a ".repeat(65)).starts_with("there are 65 words"));
}

fn result(monitor: MonitorId, asked: i64, verdict: Verdict, ms: u64) -> ResultRow {
    ResultRow {
        monitor,
        asked: Wall::from_ms(asked),
        verdict,
        reason: None,
        status: Some(200),
        phases: Phases::default(),
        total: Duration::from_millis(ms),
        detail: None,
    }
}

fn named(name: &str, paused: bool) -> Enlistment {
    Enlistment {
        name: name.to_owned(),
        kind: "http".to_owned(),
        target: String::new(),
        interval: Duration::from_secs(30),
        tags: Vec::new(),
        group: None,
        paused,
        renamed_from: None,
    }
}

struct World {
    fleet: Arc<Fleet>,
    clock: Arc<Hand>,
    store: Arc<dyn Store>,
    data: tempfile::TempDir,
}

impl World {
    async fn of(names: &[&str]) -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let store = SqliteStore::open(data.path(), Wall::default(), Timing::none()).expect("a new store");
        let list = names.iter().map(|name| named(name, false)).collect();
        store.enlist(list, Wall::from_ms(1)).await.expect("written");
        let clock = Hand::at(Wall::from_ms(7));
        let world = Self { fleet: Arc::new(Fleet::new(clock.clone())), clock, store: Arc::new(store), data };
        world.fleet.catch_up(&*world.store).await.expect("read");
        world
    }

    fn one(&self, id: u32) -> Row {
        self.fleet.one(MonitorId(id)).expect("it is there")
    }
}

#[tokio::test]
async fn results_and_decisions_are_at_hand_and_a_new_list_keeps_them() {
    let world = World::of(&["a", "b"]).await;
    let id = MonitorId(1);
    world.fleet.recorded(&(1..=60).map(|n| result(id, n, Verdict::Pass, n.unsigned_abs())).collect::<Vec<_>>());
    let at = Wall::from_ms(70);
    let memory = Memory { confirmed: Status::Down, since: at, ..Memory::default() };
    let transition = TransitionRow { seq: 1, from: Presence::Up, to: Presence::Down, began: at, at, reason: None };
    let down = Decision { transition: Some(transition), ..Decision::nothing(id, at, memory) };
    world.fleet.decided(&[down]);
    let row = world.one(1);
    assert_eq!((row.status, row.since, row.strip.iter().count()), (Presence::Down, Some(at), STRIP));
    // The last 48 are 13 to 60 ms; the 46th of them is not exceeded by 95 in a hundred.
    assert_eq!((row.p95, row.latency()), (Some(Duration::from_millis(58)), Some(Duration::from_millis(60))));
    world.store.enlist(vec![named("a", true), named("c", false)], Wall::from_ms(80)).await.expect("written");
    world.fleet.changed();
    world.fleet.fresh(&*world.store).await.expect("read");
    let row = world.one(1);
    assert_eq!((row.status, row.strip.iter().count(), row.since), (Presence::Paused, STRIP, Some(at)));
    assert!(world.fleet.one(MonitorId(2)).is_none(), "b is no more");
}

#[tokio::test]
async fn who_hangs_up_leaves_the_list_to_the_next_one() {
    let world = World::of(&["a"]).await;
    world.store.enlist(vec![named("a", false), named("b", false)], Wall::from_ms(80)).await.expect("written");
    world.fleet.changed();
    assert!(world.fleet.fresh(&*world.store).now_or_never().is_none(), "the store is still reading");
    world.fleet.fresh(&*world.store).await.expect("read");
    assert_eq!(world.one(2).facts.name, "b");
}

#[tokio::test]
async fn planned_maintenance_covers_what_is_true_until_it_ends() {
    let world = World::of(&["a"]).await;
    let memory = Memory { confirmed: Status::Down, since: Wall::from_ms(5), ..Memory::default() };
    let check = |at: i64, maintenance: Option<Option<&str>>, expected: (Presence, i64)| {
        let maintenance = maintenance.map(|window| window.map(str::to_owned));
        let at = Wall::from_ms(at);
        world.fleet.decided(&[Decision { maintenance, ..Decision::nothing(MonitorId(1), at, memory) }]);
        let row = world.one(1);
        assert_eq!((row.status, row.since), (expected.0, Some(Wall::from_ms(expected.1))));
    };
    check(6, None, (Presence::Down, 5));
    check(7, Some(Some("weekly")), (Presence::Maintenance, 7));
    check(8, None, (Presence::Maintenance, 7));
    check(9, Some(None), (Presence::Down, 5));
}

#[tokio::test]
async fn after_a_restart_the_last_results_come_from_the_store() {
    let world = World::of(&["a"]).await;
    let results = (1..=100).map(|n| result(MonitorId(1), n * 1_000, Verdict::Pass, 5)).collect();
    world.store.record(results).await.expect("written");
    let again = Fleet::new(Hand::at(Wall::from_ms(8)));
    again.catch_up(&*world.store).await.expect("read");
    let row = again.one(MonitorId(1)).expect("it is there");
    assert_eq!(
        (row.strip.iter().count(), row.asked, row.p95),
        (STRIP, Some(Wall::from_ms(100_000)), Some(Duration::from_millis(5)))
    );
}

#[tokio::test]
async fn a_monitor_that_cannot_be_read_holds_no_other_up() {
    let world = World::of(&["a", "b", "c"]).await;
    let ids = [1, 2, 3].map(MonitorId);
    let hour = 3_600_000;
    // The first ones stand in a block once the third hour runs.
    for asked in [hour, 2 * hour, 3 * hour, 3 * hour + 1] {
        let results = ids.map(|id| result(id, asked, Verdict::Pass, 5));
        world.store.record(results.to_vec()).await.expect("written");
    }
    let up = |id: MonitorId, seq: u32| {
        let (at, from) = (Wall::from_ms(hour * i64::from(seq)), Presence::Unknown);
        let transition = TransitionRow { seq, from, to: Presence::Up, began: at, at, reason: None };
        Decision { transition: Some(transition), ..Decision::nothing(id, at, Memory::default()) }
    };
    for seq in [1, 2] {
        world.store.commit(ids.map(|id| up(id, seq)).to_vec()).await.expect("written");
    }
    let meddle = |file: &str, statement: &str| {
        let connection = rusqlite::Connection::open(world.data.path().join(file)).expect("it can be opened");
        assert_eq!(connection.execute(statement, []).expect("written"), 1, "{statement}");
    };
    let block = format!("WHERE id = {}", (1_i64 << 32) + 1);
    meddle("results.db", &format!("INSERT INTO damaged (what, key, data) SELECT 'kept', id, data FROM block {block}"));
    meddle("results.db", &format!("UPDATE block SET data = x'00' {block}"));
    meddle("main.db", "UPDATE transition SET became = 'lost' WHERE monitor = 1 AND seq = 1");

    let fleet = Fleet::new(world.clock.clone());
    let catch_up = async || fleet.catch_up(&*world.store).await.map_err(|error| error.to_string());
    world.clock.put(Wall::from_ms(4 * hour));
    assert_eq!(catch_up().await, Err("cannot read the last results of monitor 1".to_owned()));
    // What is left is read; of its marks was not told yet.
    assert_eq!(catch_up().await, Ok(()));
    let known = |id: MonitorId| fleet.one(id).map(|row| (row.strip.iter().count(), row.fared.is_some()));
    assert_eq!(ids.map(known), [Some((0, false)), Some((4, true)), Some((4, true))]);

    meddle("results.db", &format!("UPDATE block SET data = (SELECT data FROM damaged WHERE what = 'kept') {block}"));
    meddle("main.db", "UPDATE transition SET became = 'up' WHERE monitor = 1 AND seq = 1");
    assert_eq!(catch_up().await, Ok(()));
    assert_eq!(known(ids[0]), Some((0, false)), "it is not tried all the time");
    world.clock.put(Wall::from_ms(4 * hour) + ASIDE_FOR);
    assert_eq!(catch_up().await, Ok(()));
    assert_eq!(known(ids[0]), Some((4, true)));
}

#[tokio::test]
async fn uptime_is_what_the_store_says_and_moves_on_without_asking_it() {
    let world = World::of(&["a"]).await;
    let id = MonitorId(1);
    let day = Duration::from_millis(DAY_MS.unsigned_abs());
    let change = |seq: u32, to: Presence, at: Wall| {
        let transition = TransitionRow { seq, from: Presence::Unknown, to, began: at, at, reason: None };
        Decision { transition: Some(transition), ..Decision::nothing(id, at, Memory::default()) }
    };
    let decided = async |decision: Decision| {
        world.clock.put(decision.at);
        world.store.watching(Wall::default(), decision.at).await.expect("written");
        world.store.commit(vec![decision.clone()]).await.expect("written");
        world.fleet.decided(&[decision]);
        world.fleet.catch_up(&*world.store).await.expect("read");
    };
    let now = || world.clock.now().wall;
    let days =
        |presence: Presence| world.one(1).shares(now()).expect("measured").time(presence).as_secs_f64() / 86_400.0;
    decided(change(1, Presence::Up, NOW)).await;
    assert_eq!((days(Presence::Up), days(Presence::Unknown)), (0.0, 30.0));
    world.clock.put(NOW + day * 3);
    assert_eq!((days(Presence::Up), days(Presence::Unknown)), (3.0, 27.0));
    decided(change(2, Presence::Down, NOW + day * 3)).await;
    decided(change(3, Presence::Up, NOW + day * 4)).await;
    world.clock.put(NOW + day * 8);
    assert_eq!([Presence::Up, Presence::Down, Presence::Unknown].map(days), [7.0, 1.0, 22.0]);
    assert_eq!(world.one(1).shares(now()).expect("measured").uptime_rounded(), Some(87.5));
    // The day that it was down leaves the window: what was measured is too old by then, and measured again.
    let later = NOW + day * 34;
    world.clock.put(later);
    world.store.watching(Wall::default(), later).await.expect("written");
    world.fleet.catch_up(&*world.store).await.expect("read");
    assert_eq!([Presence::Up, Presence::Down, Presence::Unknown].map(days), [30.0, 0.0, 0.0]);
}

#[tokio::test]
async fn who_follows_hears_what_is_new_in_batches_and_is_let_go_at_the_end() {
    let world = World::of(&["a", "b"]).await;
    let mut news = Box::pin(Arc::clone(world.fleet.live()).follow(None));
    assert_eq!(news.next().await.expect("a beginning"), "retry: 2000\n: well\n\n");
    let (stop, stopped) = watch::channel(false);
    world.fleet.changed();
    let following = world.fleet.follow(Arc::clone(&world.store), stopped);
    let reading = async {
        let mut heard = String::new();
        while !heard.contains("event: reload") {
            heard += std::str::from_utf8(&news.next().await.expect("news")).expect("text");
        }
        world.fleet.recorded(&[result(MonitorId(1), 1, Verdict::Pass, 4), result(MonitorId(2), 1, Verdict::Pass, 5)]);
        world.fleet.recorded(&[result(MonitorId(1), 2, Verdict::Pass, 6)]);
        while !heard.contains("event: results") {
            heard += std::str::from_utf8(&news.next().await.expect("news")).expect("text");
        }
        let _ = stop.send(true);
        (heard, news.next().await)
    };
    let ((), (heard, end)) = tokio::join!(following, reading);
    assert!(heard.contains("event: results\ndata: [[1,3,6],[2,3,5]]\n\n"), "{heard}");
    assert!(end.is_none(), "the end of the server is the end of the stream");
}

#[tokio::test]
async fn who_was_away_is_told_what_was_missed_or_to_read_everything_again() {
    let live = Arc::new(Live::new(Wall::from_ms(7)));
    for number in 0..3 {
        live.push("results", &number.to_string());
    }
    let first = async |last: &str, skip: usize| {
        let last = Some(last.parse::<Position>().expect("a position"));
        let mut news = Box::pin(Arc::clone(&live).follow(last));
        let mut heard = Vec::new();
        for _ in 0..=skip {
            heard.push(String::from_utf8(news.next().await.expect("news").to_vec()).expect("text"));
        }
        heard.concat()
    };
    let missed = first("7-1", 1).await;
    assert!(missed.contains("id: 7-2\nevent: results\ndata: 1\n\nid: 7-3\nevent: results\ndata: 2\n\n"), "{missed}");
    assert!(!missed.contains("reset") && !missed.contains("data: 0"), "{missed}");
    for gone in ["6-2", "7-99"] {
        assert!(first(gone, 0).await.contains("id: 7-3\nevent: reset\n"), "{gone}");
    }
    // More than is kept: nobody waited for this one.
    let mut slow = Box::pin(Arc::clone(&live).follow(Some("7-3".parse().expect("a position"))));
    slow.next().await;
    for number in 0..2_000 {
        live.push("results", &number.to_string());
    }
    assert_eq!(slow.next().await.expect("news"), "id: 7-2003\nevent: reset\ndata: {}\n\n");
}
