use proptest::prelude::*;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const PLAIN: Policy = Policy { remind_every: None, flap_after: None };

fn at(minute: u64) -> Wall {
    Wall::from_ms(1_795_000_000_000) + MINUTE * u32::try_from(minute).unwrap()
}

fn open(seq: u32) -> Open {
    Open { seq, kind: Kind::Down, began: at(0), acknowledged: false }
}

fn is(open: Option<Open>) -> Situation {
    Situation { open, silent: false }
}

fn silent(open: Option<Open>) -> Situation {
    Situation { open, silent: true }
}

/// The words of what is said, in short.
fn words(said: &[Say]) -> Vec<&'static str> {
    let word = |say: &Say| match say {
        Say::Open(_) => "open",
        Say::Turn(_) => "turn",
        Say::Close(_) => "close",
        Say::Remind { .. } => "remind",
        Say::Flaps { .. } => "flaps",
        Say::Digest { .. } => "digest",
        Say::Settled { open: None, .. } => "settled up",
        Say::Settled { .. } => "settled down",
    };
    said.iter().map(word).collect()
}

#[track_caller]
fn check(telling: &mut Telling, minute: u64, is: Situation, policy: Policy, expected: &[&str]) {
    let said = telling.follow(at(minute), is, policy);
    assert_eq!(words(&said), expected, "at minute {minute}: {said:?}");
    assert_eq!(telling.follow(at(minute), is, policy), [], "asked again at once, there is nothing to say");
}

#[test]
fn each_change_is_told_once() {
    let mut telling = Telling::default();
    check(&mut telling, 0, is(None), PLAIN, &[]);
    check(&mut telling, 1, is(Some(open(2))), PLAIN, &["open"]);
    check(&mut telling, 2, is(Some(Open { kind: Kind::Degraded, ..open(2) })), PLAIN, &["turn"]);
    check(&mut telling, 3, is(None), PLAIN, &["close"]);
}

#[test]
fn what_comes_and_goes_in_silence_needs_no_word_and_what_outlasts_it_is_told_at_its_end() {
    let mut telling = Telling::default();
    check(&mut telling, 1, silent(Some(open(2))), PLAIN, &[]);
    check(&mut telling, 2, silent(None), PLAIN, &[]);
    check(&mut telling, 3, is(None), PLAIN, &[]);
    check(&mut telling, 4, silent(Some(open(4))), PLAIN, &[]);
    check(&mut telling, 5, is(Some(open(4))), PLAIN, &["open"]);
    check(&mut telling, 6, silent(None), PLAIN, &[]);
    check(&mut telling, 7, is(None), PLAIN, &["close"]);
}

#[test]
fn another_outage_after_the_silence_ends_the_one_they_know_of_first() {
    let mut telling = Telling::default();
    check(&mut telling, 1, is(Some(open(2))), PLAIN, &["open"]);
    check(&mut telling, 2, silent(None), PLAIN, &[]);
    check(&mut telling, 3, is(Some(open(4))), PLAIN, &["close", "open"]);
}

#[test]
fn reminders_come_until_somebody_sees_to_it_and_missed_ones_are_not_made_up_for() {
    let policy = Policy { remind_every: Some(MINUTE * 60), ..PLAIN };
    let mut telling = Telling::default();
    let lasting = is(Some(open(2)));
    check(&mut telling, 0, lasting, policy, &["open"]);
    assert_eq!(telling.due(lasting, policy), Some(at(60)));
    check(&mut telling, 59, lasting, policy, &[]);
    check(&mut telling, 60, lasting, policy, &["remind"]);
    check(&mut telling, 300, lasting, policy, &["remind"]);
    assert_eq!((telling.told.unwrap().reminders, telling.due(lasting, policy)), (5, Some(at(360))));
    let seen_to = is(Some(Open { acknowledged: true, ..open(2) }));
    assert_eq!(telling.due(seen_to, policy), None);
    check(&mut telling, 400, seen_to, policy, &[]);
    check(&mut telling, 401, is(None), policy, &["close"]);
}

#[test]
fn what_comes_and_goes_is_told_once_then_in_digests_and_at_its_end() {
    let policy = Policy { flap_after: Some(3), ..PLAIN };
    let mut telling = Telling::default();
    let mut told = Vec::new();
    for minute in 0..120 {
        // Two minutes down, two minutes up.
        let (seq, is_down) = (u32::try_from(minute / 4).unwrap(), minute % 4 < 2);
        let now = is(is_down.then(|| open(seq)));
        if minute % 2 == 0 {
            telling.changed(is_down, false, at(minute), policy);
        }
        told.extend(words(&telling.follow(at(minute), now, policy)).into_iter().map(|word| (minute, word)));
    }
    assert_eq!(
        told,
        [(0, "open"), (2, "close"), (4, "open"), (6, "close"), (8, "flaps"), (60, "digest")],
        "three outages are enough"
    );
    let mut later = telling.clone();
    check(&mut telling, 130, is(None), policy, &["digest"]);
    check(&mut telling, 133, is(None), policy, &["settled up"]);
    check(&mut telling, 140, is(None), policy, &[]);
    check(&mut later, 140, is(Some(open(29))), policy, &["settled down"]);
    check(&mut later, 141, is(None), policy, &["close"]);
}

#[test]
fn outages_far_from_each_other_do_not_flap() {
    let policy = Policy { flap_after: Some(3), ..PLAIN };
    let mut telling = Telling::default();
    for number in 0..10 {
        telling.changed(true, false, at(number * 16), policy);
        check(&mut telling, number * 16, is(Some(open(number as u32))), policy, &["open"]);
        telling.changed(false, false, at(number * 16 + 1), policy);
        check(&mut telling, number * 16 + 1, is(None), policy, &["close"]);
    }
}

proptest! {
    /// Whatever happens: once it is quiet and nobody is silenced, people believe what is true.
    #[test]
    fn in_the_end_people_believe_what_is_true(
        steps in proptest::collection::vec((0_u64..40, any::<bool>(), any::<bool>()), 0..60),
        flap_after in proptest::option::of(2_u32..6),
    ) {
        let policy = Policy { remind_every: Some(MINUTE * 30), flap_after };
        let mut telling = Telling::default();
        let (mut minute, mut now, mut seq) = (0, None, 0);
        for (wait, changes, silent) in steps {
            minute += wait;
            if changes {
                seq += 1;
                now = now.is_none().then(|| open(seq));
                telling.changed(now.is_some(), silent, at(minute), policy);
            }
            let said = telling.follow(at(minute), Situation { open: now, silent }, policy);
            prop_assert!(!silent || said.is_empty());
            prop_assert!(said.len() <= 2);
        }
        let _ = telling.follow(at(minute + 20), is(now), policy);
        let believed = telling.told.map(|told| told.seq);
        prop_assert_eq!(believed, now.map(|open| open.seq));
        prop_assert_eq!(telling.flapping, None);
    }
}
