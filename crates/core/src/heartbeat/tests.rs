use proptest::prelude::*;

use super::*;
use crate::outcome::Verdict;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
/// We have always been listening.
const ALWAYS: Wall = Wall::from_ms(0);

fn at(text: &str) -> Wall {
    let moment: jiff::Timestamp = text.parse().expect(text);
    Wall::from_ms(moment.as_millisecond())
}

fn hourly(settled: Wall) -> Heartbeat {
    Heartbeat::new(Policy { rhythm: Rhythm::Period(HOUR), grace: 5 * MINUTE, max_run: None }, settled)
}

/// Expected at three each night in Berlin, with a quarter of an hour of grace.
fn nightly(settled: &str) -> Heartbeat {
    let calendar = Calendar::cron("0 3 * * *").expect("a calendar");
    let zone = TimeZone::get("Europe/Berlin").expect("a zone");
    let rhythm = Rhythm::Calendar(Box::new(calendar), zone);
    Heartbeat::new(Policy { rhythm, grace: 15 * MINUTE, max_run: None }, at(settled))
}

/// What is said at `now`: the reason, and when it began.
fn expired(heartbeat: &mut Heartbeat, now: Wall, listening_since: Wall) -> Option<(Option<Reason>, Wall)> {
    heartbeat.expire(now, listening_since).map(|missed| (missed.outcome.reason, missed.deadline))
}

#[test]
fn a_call_that_does_not_come_is_missed_from_its_deadline_on() {
    let begin = at("2026-06-01T00:00:00Z");
    let mut heartbeat = hourly(begin);
    let deadline = begin + HOUR + 5 * MINUTE;
    assert_eq!((heartbeat.deadline(), heartbeat.due()), (Some(deadline), Some(deadline + SLACK)));
    assert_eq!(expired(&mut heartbeat, deadline + SLACK - Duration::from_millis(1), ALWAYS), None);
    assert_eq!(expired(&mut heartbeat, deadline + HOUR / 2, ALWAYS), Some((Some(Reason::HeartbeatMissed), deadline)));
    assert_eq!(expired(&mut heartbeat, deadline + HOUR / 2, ALWAYS), None, "it is said once");
    assert_eq!(heartbeat.deadline(), Some(deadline + HOUR));
    assert_eq!(heartbeat.beat(Beat::Success, 0, begin + 2 * HOUR).map(|outcome| outcome.verdict), Some(Verdict::Pass));
    assert_eq!(heartbeat.deadline(), Some(begin + 3 * HOUR + 5 * MINUTE));
}

#[test]
fn a_failed_run_fails_at_once_and_is_no_missed_one_besides() {
    let mut heartbeat = nightly("2026-06-01T12:00:00Z");
    let failed = heartbeat.beat(Beat::Fail, 0, at("2026-06-02T01:01:00Z")).expect("an outcome");
    assert_eq!(failed.reason, Some(Reason::HeartbeatFailed));
    assert_eq!(heartbeat.expected(), Some(at("2026-06-03T01:00:00Z")));
}

#[test]
fn a_clock_that_is_ahead_does_not_make_a_night_missed() {
    let mut heartbeat = nightly("2026-06-01T12:00:00Z");
    heartbeat.beat(Beat::Success, 0, at("2026-06-02T00:59:58Z"));
    assert_eq!(heartbeat.expected(), Some(at("2026-06-03T01:00:00Z")));
    // A second call of the same night, and one in the middle of the day, settle nothing more.
    heartbeat.beat(Beat::Success, 0, at("2026-06-02T01:00:05Z"));
    heartbeat.beat(Beat::Success, 0, at("2026-06-02T15:00:00Z"));
    assert_eq!(heartbeat.expected(), Some(at("2026-06-03T01:00:00Z")));
}

#[test]
fn the_clocks_are_moved_and_no_night_is_missed() {
    let mut heartbeat = nightly("2026-03-28T12:00:00Z");
    assert_eq!(heartbeat.expected(), Some(at("2026-03-29T01:00:00Z")));
    heartbeat.beat(Beat::Success, 0, at("2026-03-29T01:03:00Z"));
    assert_eq!(heartbeat.expected(), Some(at("2026-03-30T01:00:00Z")));
    let heartbeat = nightly("2026-10-24T12:00:00Z");
    assert_eq!(heartbeat.expected(), Some(at("2026-10-25T02:00:00Z")));
}

#[test]
fn a_run_that_has_begun_has_time_to_end() {
    let mut heartbeat = nightly("2026-06-01T12:00:00Z");
    heartbeat.beat(Beat::Start, 0, at("2026-06-02T01:10:00Z"));
    assert_eq!(heartbeat.deadline(), Some(at("2026-06-02T01:25:00Z")));
    let outcome = heartbeat.beat(Beat::Success, 0, at("2026-06-02T01:20:30Z")).expect("an outcome");
    assert_eq!(outcome.latency, 10 * MINUTE + MINUTE / 2);
}

#[test]
fn a_run_that_hangs_is_told_when_its_time_is_over() {
    let mut heartbeat = nightly("2026-06-01T12:00:00Z");
    heartbeat.policy.max_run = Some(2 * HOUR);
    heartbeat.beat(Beat::Start, 7, at("2026-06-02T01:00:00Z"));
    heartbeat.beat(Beat::Success, 0, at("2026-06-02T01:01:00Z"));
    let deadline = at("2026-06-02T03:00:00Z");
    assert_eq!(heartbeat.deadline(), Some(deadline));
    let missed = heartbeat.expire(deadline + SLACK, ALWAYS).expect("missed");
    assert_eq!((missed.expected, missed.outcome.reason), (at("2026-06-02T01:00:00Z"), Some(Reason::HeartbeatMissed)));
    assert_eq!(heartbeat.expected(), Some(at("2026-06-03T01:00:00Z")), "the next night is expected all the same");
}

#[test]
fn what_could_not_reach_us_is_unknown() {
    let expected = at("2026-06-02T01:00:00Z");
    let deadline = expected + 15 * MINUTE;
    let cases = [
        // We came back in the middle of the day before: that night was ours to hear.
        ("2026-06-01T20:00:00Z", Reason::HeartbeatMissed),
        // We came back while it was expected.
        ("2026-06-02T00:50:00Z", Reason::OwnAbsence),
        ("2026-06-02T01:14:00Z", Reason::OwnAbsence),
        // We came back when it was over.
        ("2026-06-02T09:00:00Z", Reason::OwnAbsence),
    ];
    for (back, reason) in cases {
        let mut heartbeat = nightly("2026-06-01T12:00:00Z");
        let now = at(back).max(deadline) + SLACK;
        assert_eq!(expired(&mut heartbeat, now, at(back)), Some((Some(reason), deadline)), "{back}");
        assert_eq!(heartbeat.expected(), Some(at("2026-06-03T01:00:00Z")), "{back}");
    }
    let mut heartbeat = hourly(at("2026-06-01T00:00:00Z"));
    let back = at("2026-06-05T00:00:00Z");
    assert_eq!(expired(&mut heartbeat, back, back).map(|(reason, _)| reason), Some(Some(Reason::OwnAbsence)));
    assert_eq!(expired(&mut heartbeat, back, back), None, "days of absence are one gap");
    assert_eq!(heartbeat.expected(), Some(back + HOUR));
}

#[test]
fn runs_are_forgotten_before_they_fill_the_memory() {
    let mut heartbeat = hourly(ALWAYS);
    for run in 0..1_000 {
        heartbeat.beat(Beat::Start, run, Wall::from_ms(i64::try_from(run).expect("small")));
    }
    assert_eq!(heartbeat.runs.len(), RUNS_MAX);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn a_call_at_the_last_millisecond_is_in_time(
        period_s in 1_u64..1_000_000,
        grace_s in 0_u64..10_000,
        early_ms in 0_u64..=1,
        handed_on_ms in 0_u64..2_000,
        ticks in proptest::collection::vec(0_u64..5_000, 0..20),
    ) {
        let begin = at("2026-06-01T00:00:00Z");
        let rhythm = Rhythm::Period(Duration::from_secs(period_s));
        let mut heartbeat = Heartbeat::new(Policy { rhythm, grace: Duration::from_secs(grace_s), max_run: None }, begin);
        let deadline = heartbeat.deadline().expect("a deadline");
        let handed_on = deadline + Duration::from_millis(handed_on_ms);
        // The clock ticks before, at and after the deadline, until the call is handed on.
        for tick in ticks {
            let now = deadline - Duration::from_millis(2_500) + Duration::from_millis(tick);
            prop_assert!(now >= handed_on || heartbeat.expire(now, ALWAYS).is_none());
        }
        prop_assert!(heartbeat.expire(handed_on, ALWAYS).is_none());
        heartbeat.beat(Beat::Success, 0, deadline - Duration::from_millis(early_ms));
        prop_assert!(heartbeat.expire(deadline + SLACK, ALWAYS).is_none());
    }
}
