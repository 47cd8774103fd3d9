//! When people are told nothing, later, again, or once for many times.

use allswell_core::maintenance::Window;
use allswell_core::telling::{Policy as Telling, Told};

use super::*;
use crate::model::Maintenance;
use crate::notification::Occasion;

const MINUTE: Duration = Duration::from_secs(60);

/// A monitor on this machine that is asked every minute and down at once.
fn plain(id: u32, change: impl FnOnce(&mut Monitor)) -> Arc<Monitor> {
    let mut monitor = Arc::unwrap_or_clone(monitor("127.0.0.1", id, false));
    monitor.policy.failure_threshold = 1;
    monitor.channels = vec!["mail".to_owned()];
    change(&mut monitor);
    Arc::new(monitor)
}

/// Monitors whose answers are scripted, and all that was decided about them.
struct Scene {
    engine: Engine,
    now: Now,
    begin: Now,
    /// Those that fail.
    down: std::collections::BTreeSet<u32>,
    decided: Vec<Decision>,
}

impl Scene {
    fn of(monitors: Vec<Arc<Monitor>>, maintenance: Vec<Maintenance>) -> Self {
        let now = Now { mono: Mono::default(), wall: Wall::from_ms(1_795_000_000_000) };
        let engine = Engine::new(1_000, None);
        let mut scene = Self { engine, now, begin: now, down: Default::default(), decided: Vec::new() };
        let monitors = monitors.into_iter().map(|monitor| (monitor.clone(), enlisted(monitor.id.0))).collect();
        scene.step(Event::Planned { maintenance });
        scene.step(Event::Configured { monitors });
        scene
    }

    fn step(&mut self, event: Event) {
        for effect in self.engine.step(event, self.now) {
            match effect {
                Effect::Ask { monitor, .. } => {
                    let is_down = self.down.contains(&monitor.id.0);
                    let answer = if is_down { failed(Reason::ConnectRefused) } else { well() };
                    self.step(Event::Answered { monitor: monitor.id, answer: Box::new(answer) });
                }
                Effect::Decide(decision) => self.decided.push(*decision),
                Effect::Record { .. } | Effect::LookAround => {}
            }
        }
    }

    /// Lets time pass up to this long after the beginning.
    fn until(&mut self, after: Duration) {
        while self.now.wall < self.begin.wall + after {
            self.now = self.now + SECOND;
            self.step(Event::Tick { late: Duration::ZERO });
        }
    }

    /// All that was told since it was asked last: when, of whom, what.
    fn told(&mut self) -> Vec<(u64, String, Kind)> {
        let begin = self.begin.wall;
        let told = |decision: Decision| {
            let at = decision.at.since(begin).as_secs() / 60;
            decision.outbox.into_iter().map(move |row| {
                let message: Notification = serde_json::from_str(&row.body).expect("a notification");
                (at, message.monitor, row.kind)
            })
        };
        std::mem::take(&mut self.decided).into_iter().flat_map(told).collect()
    }

    /// The messages themselves.
    fn messages(&mut self) -> Vec<Notification> {
        let rows = std::mem::take(&mut self.decided).into_iter().flat_map(|decision| decision.outbox);
        rows.map(|row| serde_json::from_str(&row.body).expect("a notification")).collect()
    }

    /// A new process that finds what was committed.
    fn restart(&mut self, monitors: Vec<Arc<Monitor>>, maintenance: Vec<Maintenance>) {
        let found: Vec<_> = monitors
            .into_iter()
            .map(|monitor| {
                let entry = &self.engine.entries[&monitor.id];
                let presence = entry.incident.as_ref().map_or(Presence::Up, |_| Presence::Down);
                let enlisted = Enlisted {
                    memory: *entry.check.memory(),
                    seq: entry.seq,
                    presence: Some(presence),
                    incident: entry.incident.clone(),
                    telling: entry.telling.clone(),
                    maintenance: entry.maintenance.as_ref().map(|_| self.now.wall),
                    last_asked: entry.asked,
                    ..enlisted(monitor.id.0)
                };
                (monitor, enlisted)
            })
            .collect();
        self.engine = Engine::new(1_000, None);
        self.now.mono = Mono::default();
        self.step(Event::Planned { maintenance });
        self.step(Event::Configured { monitors: found });
    }
}

/// From minute 10 to minute 30.
fn window(scene_begin: Wall) -> Vec<Maintenance> {
    vec![Maintenance {
        name: "move".to_owned(),
        window: Window::Once { from: scene_begin + MINUTE * 10, until: Some(scene_begin + MINUTE * 30) },
        monitors: Vec::new(),
        groups: Vec::new(),
        tags: vec!["eu".to_owned()],
    }]
}

fn begin() -> Wall {
    Wall::from_ms(1_795_000_000_000)
}

fn in_europe(monitor: &mut Monitor) {
    monitor.tags = vec!["eu".to_owned()];
}

#[test]
fn a_failure_that_outlasts_the_maintenance_is_told_at_its_end_with_its_true_beginning() {
    let mut scene = Scene::of(vec![plain(1, in_europe), plain(2, |_| {})], window(begin()));
    scene.until(MINUTE * 12);
    scene.down.extend([1, 2]);
    scene.until(MINUTE * 29);
    assert_eq!(scene.told().iter().map(|told| told.1.as_str()).collect::<Vec<_>>(), ["monitor-2"]);
    scene.until(MINUTE * 31);
    let message = scene.messages().remove(0);
    assert_eq!((message.kind, message.occasion, message.monitor.as_str()), (Kind::Down, Occasion::Late, "monitor-1"));
    assert!(
        message.cause.starts_with("as scripted; it began at ") && message.cause.contains("`move`"),
        "{}",
        message.cause
    );
    assert!(message.lasted_ms > 17 * 60_000, "{}", message.lasted_ms);
    scene.down.clear();
    scene.until(MINUTE * 33);
    assert_eq!(scene.messages().iter().filter(|message| message.kind == Kind::Up).count(), 2);
}

#[test]
fn what_comes_and_goes_within_the_maintenance_is_told_nobody_and_marked() {
    let mut scene = Scene::of(vec![plain(1, in_europe)], window(begin()));
    scene.until(MINUTE * 12);
    scene.down.insert(1);
    scene.until(MINUTE * 15);
    scene.down.clear();
    scene.until(MINUTE * 40);
    let marks: Vec<_> = scene.decided.iter().filter_map(|decision| decision.maintenance.clone()).collect();
    assert_eq!(marks, [Some("move".to_owned()), None]);
    let incidents = scene.decided.iter().filter(|decision| decision.incident.is_some()).count();
    assert_eq!(incidents, 2, "checks go on");
    let silences: Vec<_> = scene.decided.iter().filter_map(|decision| decision.silence.clone()).collect();
    assert_eq!(silences[0].1, "nobody is told: planned maintenance `move`");
    assert_eq!((silences.len(), scene.told()), (1, vec![]));
}

#[test]
fn a_restart_within_the_maintenance_changes_nothing() {
    let mut scene = Scene::of(vec![plain(1, in_europe)], window(begin()));
    scene.until(MINUTE * 12);
    scene.down.insert(1);
    scene.until(MINUTE * 20);
    assert_eq!(scene.told(), []);
    scene.restart(vec![plain(1, in_europe)], window(begin()));
    scene.until(MINUTE * 29);
    assert!(scene.decided.iter().all(|decision| decision.maintenance.is_none() && decision.outbox.is_empty()));
    scene.until(MINUTE * 40);
    assert_eq!(scene.told().iter().map(|told| (told.0, told.2)).collect::<Vec<_>>(), [(30, Kind::Down)]);
}

#[test]
fn who_was_told_before_the_maintenance_learns_of_the_recovery_at_its_end() {
    let mut scene = Scene::of(vec![plain(1, in_europe)], window(begin()));
    scene.until(MINUTE * 5);
    scene.down.insert(1);
    scene.until(MINUTE * 12);
    scene.down.clear();
    scene.until(MINUTE * 40);
    let told: Vec<_> = scene.told().into_iter().map(|told| (told.0 >= 30, told.2)).collect();
    assert_eq!(told, [(false, Kind::Down), (true, Kind::Up)]);
}

#[test]
fn a_parent_that_is_down_is_told_alone_and_names_its_children() {
    let child = |id| plain(id, |monitor| monitor.depends_on = vec!["monitor-1".to_owned()]);
    let mut scene = Scene::of(vec![plain(1, |_| {}), child(2), child(3)], Vec::new());
    scene.until(MINUTE * 3);
    scene.down.extend([1, 2, 3]);
    scene.until(MINUTE * 5);
    let messages = scene.messages();
    assert_eq!(messages.iter().map(|message| message.monitor.as_str()).collect::<Vec<_>>(), ["monitor-1"]);
    // The parent is well again, and so is one child.
    scene.down = [3].into();
    scene.until(MINUTE * 8);
    let told: Vec<_> = scene.messages().into_iter().map(|message| (message.monitor, message.kind)).collect();
    assert_eq!(told, [("monitor-1".to_owned(), Kind::Up), ("monitor-3".to_owned(), Kind::Down)]);
    scene.down.clear();
    scene.until(MINUTE * 10);
    assert_eq!(scene.told().iter().map(|told| told.1.as_str()).collect::<Vec<_>>(), ["monitor-3"]);
}

#[test]
fn a_child_that_fails_first_has_its_parent_asked_and_is_told_by_it() {
    let parent = || plain(1, |monitor| monitor.policy.failure_threshold = 3);
    let child = plain(2, |monitor| monitor.depends_on = vec!["monitor-1".to_owned()]);
    let mut scene = Scene::of(vec![parent(), child], Vec::new());
    scene.until(MINUTE * 3);
    // The child is asked first; its parent needs three failures, a minute apart when nobody waits.
    scene.down.extend([1, 2]);
    scene.until(MINUTE * 4 + SECOND * 20);
    let messages = scene.messages();
    assert_eq!(messages.iter().map(|message| message.monitor.as_str()).collect::<Vec<_>>(), ["monitor-1"]);
    let cause = &messages[0].cause;
    assert!(messages[0].dependents == ["monitor-2"] && cause.ends_with("not told apart: monitor-2"), "{cause}");
}

#[test]
fn a_child_whose_parent_is_well_is_told_as_soon_as_that_is_known() {
    let child = plain(2, |monitor| monitor.depends_on = vec!["monitor-1".to_owned()]);
    let mut scene = Scene::of(vec![plain(1, |_| {}), child], Vec::new());
    scene.until(MINUTE * 3);
    scene.down.insert(2);
    scene.until(MINUTE * 5);
    let opened = scene.decided.iter().find(|decision| decision.incident.is_some()).expect("opens").at;
    let told = scene.decided.iter().find(|decision| !decision.outbox.is_empty()).expect("is told").at;
    assert!(told.since(opened) <= SECOND * 2, "{:?}", told.since(opened));
    let message = scene.messages().remove(0);
    assert_eq!((message.occasion, message.cause.as_str()), (Occasion::Change, "as scripted"));
}

#[test]
fn what_lasts_is_told_again_until_somebody_sees_to_it() {
    let policy = Telling { remind_every: Some(MINUTE * 60), flap_after: None };
    let mut scene = Scene::of(vec![plain(1, |monitor| monitor.telling = policy)], Vec::new());
    scene.until(MINUTE * 3);
    scene.down.insert(1);
    scene.until(MINUTE * 190);
    let rows: Vec<_> =
        scene.decided.iter().flat_map(|decision| decision.outbox.iter().map(|row| row.key.clone())).collect();
    assert_eq!(rows, ["1-2:down:2:mail", "1-2:reminder:1:mail", "1-2:reminder:2:mail", "1-2:reminder:3:mail"]);
    let messages = scene.messages();
    assert!(messages[1].cause.starts_with("still not well after 1 h"), "{}", messages[1].cause);
    scene.step(Event::Acknowledged(crate::model::IncidentId { monitor: MonitorId(1), seq: 2 }));
    scene.until(MINUTE * 400);
    assert_eq!(scene.told(), []);
}

#[test]
fn a_restart_reminds_nobody_twice() {
    let policy = Telling { remind_every: Some(MINUTE * 60), flap_after: None };
    let monitors = || vec![plain(1, |monitor| monitor.telling = policy)];
    let mut scene = Scene::of(monitors(), Vec::new());
    scene.until(MINUTE * 3);
    scene.down.insert(1);
    scene.until(MINUTE * 70);
    scene.told();
    scene.restart(monitors(), Vec::new());
    scene.until(MINUTE * 110);
    assert_eq!(scene.told(), []);
    let told: Option<Told> = scene.engine.entries[&MonitorId(1)].telling.told;
    assert_eq!(told.map(|told| told.reminders), Some(1));
}

#[test]
fn what_comes_and_goes_is_told_once_then_in_digests_then_that_it_settled() {
    let policy = Telling { remind_every: None, flap_after: Some(3) };
    let mut scene = Scene::of(vec![plain(1, |monitor| monitor.telling = policy)], Vec::new());
    for round in 1..=40 {
        scene.until(MINUTE * 4 * round);
        if !scene.down.remove(&1) {
            scene.down.insert(1);
        }
    }
    scene.down.clear();
    scene.until(MINUTE * 200);
    let messages = scene.messages();
    let occasions: Vec<_> = messages.iter().map(|message| (message.kind, message.occasion)).collect();
    use Occasion::{Change, Digest, Flapping, Settled};
    let (down, up) = (Kind::Down, Kind::Up);
    let expected = [
        (down, Change),
        (up, Change),
        (down, Change),
        (up, Change),
        (down, Flapping),
        (down, Digest),
        (down, Digest),
        (up, Settled),
    ];
    assert_eq!(occasions, expected);
    assert!(messages[4].cause.starts_with("it comes and goes, 3 outages since"), "{}", messages[4].cause);
}

#[test]
fn what_flapped_and_stays_down_ends_the_incident_people_know_and_tells_the_one_that_stays() {
    let policy = Telling { remind_every: None, flap_after: Some(2) };
    let mut scene = Scene::of(vec![plain(1, |monitor| monitor.telling = policy)], Vec::new());
    for round in 1..=7 {
        scene.until(MINUTE * 4 * round);
        if !scene.down.remove(&1) {
            scene.down.insert(1);
        }
    }
    scene.until(MINUTE * 60);
    let messages = scene.messages();
    let told: Vec<_> = messages.iter().map(|message| (message.kind, message.occasion)).collect();
    use Occasion::{Change, Flapping, Settled};
    let (down, up) = (Kind::Down, Kind::Up);
    assert_eq!(told, [(down, Change), (up, Change), (down, Flapping), (up, Settled), (down, Settled)]);
    let [.., flapping, over, stays] = messages.as_slice() else { panic!("five messages") };
    assert_eq!((&over.incident, &over.began), (&flapping.incident, &flapping.began), "the one they know of");
    assert_ne!(stays.incident, over.incident);
}

#[test]
fn a_failure_that_is_answered_in_the_first_moment_of_a_window_is_within_it() {
    let mut scene = Scene::of(vec![plain(1, in_europe)], window(begin()));
    scene.until(MINUTE * 9 + SECOND * 58);
    let asked = Event::Wanted { monitor: MonitorId(1) };
    let _ = scene.engine.step(asked, scene.now);
    let effects = scene.engine.step(Event::Tick { late: Duration::ZERO }, scene.now);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Ask { .. })), "it is asked before the window");
    scene.now = scene.now + SECOND * 2;
    scene.step(Event::Answered { monitor: MonitorId(1), answer: Box::new(failed(Reason::ConnectRefused)) });
    assert!(scene.decided.iter().any(|decision| decision.incident.is_some()), "{:?}", scene.decided);
    assert_eq!(scene.told(), []);
}
