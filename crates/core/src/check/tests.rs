use super::*;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);
const CALM: Duration = Duration::ZERO;

fn policy(failure_threshold: u32, success_threshold: u32) -> Policy {
    Policy {
        interval: SECOND * 10,
        timeout: SECOND * 5,
        failure_threshold,
        success_threshold,
        initial_delay: CALM,
        degraded_above: None,
    }
}

fn noon() -> Now {
    Now { mono: Mono::default(), wall: Wall::from_ms(1_795_000_000_000) }
}

/// Runs a check through outcomes (`p`ass, `w`arn, `f`ail, `?` unknown), one per interval, and writes each change of status
/// as the index of the outcome that confirmed it and the new status.
fn changes(failure_threshold: u32, success_threshold: u32, outcomes: &str) -> String {
    let mut check = Check::new(policy(failure_threshold, success_threshold), 7, Memory::default(), None, noon());
    let mut seen = Vec::new();
    for (index, letter) in outcomes.chars().enumerate() {
        let now = Now { mono: check.due(), wall: noon().wall + check.due().since_origin() };
        check.start(now).expect("due now");
        let finished = check.finish(now, outcome(letter), CALM).expect("under way");
        if let Some(transition) = finished.transition {
            assert!(finished.remember, "a transition must be remembered");
            seen.push(format!("{index}:{}", transition.to.as_str()));
        }
    }
    seen.join(" ")
}

fn outcome(letter: char) -> Outcome {
    match letter {
        'p' => Outcome::pass(CALM),
        'w' => Outcome::warn(Reason::Slow, CALM),
        'f' => Outcome::fail(Reason::Status, CALM),
        _ => Outcome::unknown(Reason::OwnNetwork, CALM),
    }
}

#[test]
fn one_lost_packet_wakes_nobody() {
    assert_eq!(changes(2, 1, "ppfpfpf"), "0:up");
}

#[test]
fn the_threshold_decides_in_both_directions() {
    assert_eq!(changes(2, 1, "pffp"), "0:up 2:down 3:up");
    assert_eq!(changes(3, 2, "pfffpfppp"), "0:up 3:down 7:up");
    assert_eq!(changes(1, 1, "pfp"), "0:up 1:down 2:up");
}

#[test]
fn a_check_may_begin_badly() {
    assert_eq!(changes(2, 1, "ff"), "1:down");
    assert_eq!(changes(2, 1, "fp"), "1:up");
}

#[test]
fn warnings_degrade_and_failures_among_them_count_as_trouble() {
    assert_eq!(changes(2, 1, "pww"), "0:up 2:degraded");
    assert_eq!(changes(2, 1, "pwffp"), "0:up 2:degraded 3:down 4:up");
    assert_eq!(changes(2, 2, "pffwwpp"), "0:up 2:down 4:degraded 6:up");
}

#[test]
fn what_is_unknown_moves_no_counter() {
    assert_eq!(changes(2, 1, "pf?f"), "0:up 2:unknown 3:down");
    assert_eq!(changes(2, 1, "pff??fp"), "0:up 2:down 3:unknown 5:down 6:up");
    assert_eq!(changes(2, 1, "p?p"), "0:up 1:unknown 2:up");
    assert_eq!(changes(1, 1, "??"), "");
}

#[test]
fn a_timeout_while_we_starved_is_ours() {
    let mut check = Check::new(policy(1, 1), 7, Memory::default(), None, noon());
    let now = noon() + SECOND * 20;
    check.start(now).expect("due");
    let late = Outcome::fail(Reason::FirstByteTimeout, SECOND * 5);
    let finished = check.finish(now, late, Duration::from_millis(1_001)).expect("under way");
    assert_eq!(finished.outcome.reason, Some(Reason::OwnStarved));
    assert_eq!(check.status(), Status::Unknown);
}

#[test]
fn at_most_one_asking_is_under_way() {
    let mut check = Check::new(policy(1, 1), 7, Memory::default(), None, noon());
    let now = noon() + SECOND * 20;
    assert!(check.start(now).is_some());
    assert_eq!(check.start(now + SECOND * 60), None);
    assert!(check.finish(now, outcome('p'), CALM).is_some());
    assert_eq!(check.finish(now, outcome('f'), CALM), None, "an outcome nobody asked for");
    assert_eq!(check.status(), Status::Up);
}

#[test]
fn down_time_counts_from_the_first_failure() {
    let mut check = Check::new(policy(2, 1), 7, Memory::default(), None, noon());
    let mut asked = Vec::new();
    let mut last = None;
    for letter in "pff".chars() {
        let now = Now { mono: check.due(), wall: noon().wall + check.due().since_origin() };
        asked.push(check.start(now).expect("due").started.wall);
        let known = now + SECOND;
        last = check.finish(known, outcome(letter), CALM).and_then(|finished| finished.transition);
    }
    let down = last.expect("went down");
    assert_eq!((down.began, down.at), (asked[1], asked[2] + SECOND));
}

#[test]
fn a_restart_forgets_nothing_and_repeats_nothing() {
    let mut check = Check::new(policy(2, 1), 7, Memory::default(), None, noon());
    let mut now = noon();
    for letter in "pf".chars() {
        now = Now { mono: check.due(), wall: noon().wall + check.due().since_origin() };
        check.start(now).expect("due");
        let _ = check.finish(now, outcome(letter), CALM);
    }
    let after = Now { mono: Mono::default(), wall: now.wall + Duration::from_millis(300) };
    let mut again = Check::new(policy(2, 1), 7, *check.memory(), Some(now.wall), after);
    let wait = again.due().since(after.mono);
    assert!(wait >= SECOND * 4, "one blip must not be counted twice: {wait:?}");
    let later = after + wait;
    again.start(later).expect("due");
    let down = again.finish(later, outcome('f'), CALM).expect("under way").transition.expect("second failure");
    assert_eq!(down.to, Status::Down);
    assert_eq!(down.began, now.wall);
}

#[test]
fn one_more_pass_of_what_is_up_is_not_worth_writing() {
    let mut check = Check::new(policy(2, 2), 7, Memory::default(), None, noon());
    let mut written = String::new();
    for letter in "pppfpp".chars() {
        let now = Now { mono: check.due(), wall: noon().wall + check.due().since_origin() };
        check.start(now).expect("due");
        let finished = check.finish(now, outcome(letter), CALM).expect("under way");
        written.push(if finished.remember { 'y' } else { 'n' });
    }
    assert_eq!(written, "ynnyyn");
}

#[test]
fn a_thousand_checks_do_not_start_together() {
    let mut per_second = [0_u32; 10];
    for seed in 0..1_000 {
        let check = Check::new(policy(1, 1), seed, Memory::default(), None, noon());
        per_second[usize::try_from(check.due().since_origin().as_secs()).expect("small")] += 1;
    }
    assert!(per_second.iter().all(|&count| (60..150).contains(&count)), "{per_second:?}");
}

proptest! {
    #[test]
    fn askings_keep_their_distance(seed: u64, interval_s in 1_u64..86_400, late_ms in proptest::collection::vec(0_u64..900, 1..60), start_ms in 0_i64..4_000_000_000_000) {
        let interval = SECOND * u32::try_from(interval_s).expect("small");
        let mut check = Check::new(Policy { interval, ..policy(1, 1) }, seed, Memory::default(), None, Now { mono: Mono::default(), wall: Wall::from_ms(start_ms) });
        let mut last_due: Option<Mono> = None;
        for (index, late) in late_ms.into_iter().enumerate() {
            let mono = check.due() + Duration::from_millis(late * interval_s / 86_400);
            let now = Now { mono, wall: Wall::from_ms(start_ms) + mono.since_origin() };
            let asking = check.start(now).expect("due");
            if let Some(last) = last_due {
                let gap = asking.due.since(last);
                prop_assert!(gap * 2 >= interval, "{gap:?} after the last");
                prop_assert!(gap <= interval + interval / 90 + Duration::from_millis(1), "{gap:?} after the last");
                if index > 2 {
                    prop_assert!(gap.abs_diff(interval) <= Duration::from_millis(1), "on the grid: {gap:?} of {interval:?}");
                }
            }
            last_due = Some(asking.due);
            let _ = check.finish(now, Outcome::pass(CALM), CALM);
        }
    }

    #[test]
    fn a_stepped_wall_clock_moves_no_asking(seed: u64, step_ms in -7_200_000_i64..7_200_000) {
        let mut check = Check::new(policy(1, 1), seed, Memory::default(), None, noon());
        let mut last = None;
        for index in 0..20 {
            let mono = check.due();
            let stepped = if index < 10 { 0 } else { step_ms };
            let now = Now { mono, wall: Wall::from_ms(noon().wall.ms() + stepped) + mono.since_origin() };
            check.start(now).expect("due");
            if let Some(last) = last && index > 2 {
                let gap = mono.since(last);
                prop_assert!(gap >= SECOND * 5 && gap <= SECOND * 15, "{gap:?}");
            }
            last = Some(mono);
            let _ = check.finish(now, Outcome::pass(CALM), CALM);
        }
    }

    #[test]
    fn status_follows_an_independent_fold(outcomes in "[pwf?]{0,60}", down in 1_u32..4, well in 1_u32..4) {
        let mut expected = Vec::new();
        let (mut confirmed, mut shown) = (Status::Unknown, Status::Unknown);
        let known: Vec<char> = outcomes.chars().collect();
        for index in 0..known.len() {
            let history: Vec<char> = known[..=index].iter().copied().filter(|&letter| letter != '?').collect();
            let run = |set: &str| u32::try_from(history.iter().rev().take_while(|letter| set.contains(**letter)).count()).expect("small");
            if known[index] != '?' {
                confirmed = if confirmed != Status::Down && run("f") >= down { Status::Down }
                    else if confirmed == Status::Unknown && run("p") >= 1 { Status::Up }
                    else if matches!(confirmed, Status::Up | Status::Unknown) && run("fw") >= down { Status::Degraded }
                    else if matches!(confirmed, Status::Down | Status::Degraded) && run("p") >= well { Status::Up }
                    else if confirmed == Status::Down && run("pw") >= well { Status::Degraded }
                    else { confirmed };
            }
            let now_shown = if known[index] == '?' { Status::Unknown } else { confirmed };
            if now_shown != shown { expected.push(format!("{index}:{}", now_shown.as_str())); }
            shown = now_shown;
        }
        prop_assert_eq!(changes(down, well, &outcomes), expected.join(" "));
    }
}
