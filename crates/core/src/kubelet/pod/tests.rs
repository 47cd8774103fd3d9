use proptest::prelude::*;

use super::*;
use crate::kubelet::simulate::{App, Asking, Run, run};

const S: fn(u64) -> Duration = Duration::from_secs;
const MS: fn(u64) -> Duration = Duration::from_millis;

/// An app that listens from `up` on until `down`, and dies when told to.
#[derive(Clone, Copy)]
struct Server {
    up: Duration,
    down: Duration,
    dies: Option<Duration>,
}

impl App for Server {
    fn answer(&mut self, asking: &Asking) -> (Answer, Duration) {
        let well = asking.age >= self.up && asking.age < self.down;
        (if well { Answer::Success } else { Answer::Failure }, MS(3))
    }

    fn dies(&mut self, _: u32) -> Option<(Duration, i32)> {
        self.dies.map(|after| (after, 1))
    }
}

fn spec(delay: i32, period: i32, timeout: i32, failures: i32) -> Spec {
    Spec {
        initial_delay_s: delay,
        period_s: period,
        timeout_s: timeout,
        failure_threshold: failures,
        ..Spec::default()
    }
}

/// The numbers of a well-read guide.
fn guide() -> Plan {
    Plan {
        readiness: Some(spec(5, 10, 5, 3)),
        liveness: Some(spec(15, 20, 5, 3)),
        grace_s: Some(30),
        ..Plan::default()
    }
}

fn play(plan: &Plan, mut app: Server, seed: u64, length: Duration) -> Run {
    run(plan, &mut app, Chance::of(seed), length, None)
}

const ALWAYS: Duration = Duration::MAX;

fn server(up: Duration, down: Duration) -> Server {
    Server { up, down, dies: None }
}

#[test]
fn an_app_that_starts_slower_than_its_liveness_allows_is_killed_for_ever() {
    for seed in 0..200 {
        let played = play(&guide(), server(S(80), ALWAYS), seed, S(600));
        let (first, by) = played.kills().next().expect("a kill");
        assert_eq!(by, Kind::Liveness);
        assert!(first >= S(54) && first <= S(76), "{first:?}");
        assert_eq!(played.first_ready(), None);
        assert!(played.restarts >= 5, "{}", played.restarts);
    }
}

#[test]
fn readiness_is_asked_as_soon_as_the_container_is_seen() {
    let plan = Plan { readiness: Some(spec(0, 10, 1, 3)), ..Plan::default() };
    let played = play(&plan, server(Duration::ZERO, ALWAYS), 1, S(5));
    assert_eq!(played.first_ready(), Some(MS(3)));
}

#[test]
fn a_delay_between_ticks_waits_for_the_next_tick() {
    let played = play(&guide(), server(S(1), ALWAYS), 3, S(60));
    let ready = played.first_ready().expect("it is well");
    assert!(ready >= S(10) && ready <= MS(10_100), "{ready:?}");
}

#[test]
fn restarts_after_crashes_wait_longer_each_time() {
    let played = play(&Plan::default(), Server { dies: Some(S(1)), ..server(Duration::ZERO, ALWAYS) }, 7, S(400));
    let gaps = downtimes(&played);
    for (gap, nominal) in gaps.iter().zip([0, 10, 20, 40, 80]) {
        assert!(*gap >= S(nominal) && *gap <= S(nominal + nominal / 2 + 2), "{gaps:?}");
    }
    assert!(gaps.len() >= 5, "{gaps:?}");
}

#[test]
fn a_container_killed_by_its_probe_restarts_at_once_until_the_wait_exceeds_its_life() {
    let plan = Plan { liveness: Some(spec(0, 10, 1, 3)), grace_s: Some(30), ..Plan::default() };
    let played = play(&plan, server(S(0), S(5)), 11, S(600));
    let gaps = downtimes(&played);
    assert!(gaps.iter().take(3).all(|gap| *gap < S(2)), "{gaps:?}");
    assert!(gaps.iter().take(8).any(|gap| *gap > S(20)), "{gaps:?}");
}

/// From each end to the start that followed.
fn downtimes(played: &Run) -> Vec<Duration> {
    let mut ended = None;
    let mut gaps = Vec::new();
    for happened in &played.story {
        match happened.what {
            Note::Exited { .. } => ended = Some(happened.at),
            Note::Started { .. } => gaps.extend(ended.take().map(|ended| happened.at - ended)),
            _ => {}
        }
    }
    gaps
}

#[test]
fn failures_counted_before_a_crash_kill_the_next_instance() {
    // The first instance fails twice and dies; one failure of the second reaches the threshold of three.
    let plan = Plan { liveness: Some(spec(0, 10, 1, 3)), grace_s: Some(30), ..Plan::default() };
    let app = Server { dies: Some(S(22)), ..server(S(100), ALWAYS) };
    let killed_early = (0..50).any(|seed| {
        let played = play(&plan, app, seed, S(40));
        played.restarts == 1 && played.kills().next().is_some_and(|(at, _)| at < S(34))
    });
    assert!(killed_early);
}

#[test]
fn startup_holds_liveness_back() {
    let plan = Plan { startup: Some(spec(0, 2, 1, 60)), ..guide() };
    for seed in 0..50 {
        let played = play(&plan, server(S(80), ALWAYS), seed, S(300));
        assert_eq!(played.restarts, 0);
        let ready = played.first_ready().expect("it comes up");
        assert!(ready >= S(80) && ready < S(83), "{ready:?}");
    }
}

#[test]
fn a_deleted_pod_runs_its_hook_then_ends_within_its_grace() {
    struct Stubborn;
    impl App for Stubborn {
        fn answer(&mut self, _: &Asking) -> (Answer, Duration) {
            (Answer::Success, MS(1))
        }
        fn ends_after_term(&mut self) -> Option<Duration> {
            None
        }
        fn hook(&mut self) -> Duration {
            S(5)
        }
    }
    let plan = Plan { grace_s: Some(6), pre_stop: true, ..guide() };
    let played = run(&plan, &mut Stubborn, Chance::default(), S(100), Some(S(50)));
    let end = played.first(|note| matches!(note, Note::Exited { .. })).expect("it ends");
    assert_eq!(end, S(57), "5 s of hook, then never less than 2 s");
    assert!(matches!(played.story.last().map(|h| h.what), Some(Note::Over)));
}

#[test]
fn a_pod_that_never_restarts_is_over_after_a_kill() {
    let plan = Plan { restart: RestartPolicy::Never, ..guide() };
    let played = play(&plan, server(S(80), ALWAYS), 1, S(300));
    assert_eq!(played.restarts, 0);
    assert!(matches!(played.story.last().map(|h| h.what), Some(Note::Over)));
}

fn any_spec() -> impl Strategy<Value = Option<Spec>> {
    proptest::option::of((0..30, 1..20, 1..6, 1..5, 1..3).prop_map(|(delay, period, timeout, failures, successes)| {
        Spec { success_threshold: successes, ..spec(delay, period, timeout, failures) }
    }))
}

proptest! {
    #[test]
    fn every_pod_is_either_at_rest_or_knows_when_it_moves(
        startup in any_spec(), readiness in any_spec(), liveness in any_spec(),
        up in 0_u64..60, down in 20_u64..200, dies in proptest::option::of(1_u64..90), seed: u64,
    ) {
        let one = |spec: Option<Spec>| spec.map(|spec| Spec { success_threshold: 1, ..spec });
        let plan = Plan { startup: one(startup), readiness, liveness: one(liveness), grace_s: Some(5), ..Plan::default() };
        let app = Server { up: S(up), down: S(down), dies: dies.map(S) };
        let played = play(&plan, app, seed, S(600));
        prop_assert!(played.in_service <= S(600));
        prop_assert!(played.story.windows(2).all(|pair| pair[0].at <= pair[1].at));
        if plan.liveness.is_none() && plan.startup.is_none() {
            prop_assert_eq!(played.kills().count(), 0);
        }
        // Ready and unready take turns.
        let turns: Vec<bool> = played.story.iter().filter_map(|h| match h.what {
            Note::Ready => Some(true), Note::Unready => Some(false), _ => None,
        }).collect();
        prop_assert!(turns.iter().enumerate().all(|(index, ready)| *ready == (index % 2 == 0)));
    }
}
