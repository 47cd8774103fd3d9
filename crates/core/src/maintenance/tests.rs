use jiff::Timestamp;

use super::*;

const HOUR: Duration = Duration::from_secs(3_600);

fn at(text: &str) -> Wall {
    let moment: Timestamp = text.parse().expect(text);
    Wall::from_ms(moment.as_millisecond())
}

fn again(cron: &str, zone: &str, duration: Duration) -> Window {
    let calendar = Box::new(Calendar::cron(cron).expect(cron));
    Window::Again { calendar, zone: TimeZone::get(zone).expect(zone), duration }
}

#[track_caller]
fn check(window: &Window, moment: &str, is_open: bool, until: Option<&str>) {
    assert_eq!(window.state(at(moment)), State { is_open, until: until.map(at) }, "{moment}");
}

#[test]
fn once_is_from_its_first_moment_up_to_the_first_one_after_it() {
    let window = Window::Once { from: at("2026-11-21T22:00:00Z"), until: Some(at("2026-11-21T23:00:00Z")) };
    check(&window, "2026-11-21T21:59:59Z", false, Some("2026-11-21T22:00:00Z"));
    check(&window, "2026-11-21T22:00:00Z", true, Some("2026-11-21T23:00:00Z"));
    check(&window, "2026-11-21T23:00:00Z", false, None);
    let endless = Window::Once { from: at("2026-11-21T22:00:00Z"), until: None };
    check(&endless, "2030-01-01T00:00:00Z", true, None);
}

#[test]
fn a_window_that_comes_again_is_open_for_its_duration() {
    let window = again("0 2 * * SUN", "Europe/Berlin", HOUR);
    check(&window, "2026-11-21T12:00:00Z", false, Some("2026-11-22T01:00:00Z"));
    check(&window, "2026-11-22T01:00:00Z", true, Some("2026-11-22T02:00:00Z"));
    check(&window, "2026-11-22T01:59:59Z", true, Some("2026-11-22T02:00:00Z"));
    check(&window, "2026-11-22T02:00:00Z", false, Some("2026-11-29T01:00:00Z"));
}

#[test]
fn on_days_of_moved_clocks_it_is_as_long_as_ever_and_there_once() {
    let window = again("30 2 * * *", "Europe/Berlin", HOUR);
    // 02:30 is left out on 29 March: it begins when the clock is moved, 01:00 UTC.
    check(&window, "2026-03-29T01:00:00Z", true, Some("2026-03-29T02:00:00Z"));
    check(&window, "2026-03-29T02:00:00Z", false, Some("2026-03-30T00:30:00Z"));
    // 02:30 comes twice on 25 October: the first one counts, 00:30 UTC.
    check(&window, "2026-10-25T00:30:00Z", true, Some("2026-10-25T01:30:00Z"));
    check(&window, "2026-10-25T01:30:00Z", false, Some("2026-10-26T01:30:00Z"));
}

#[test]
fn windows_that_touch_or_overlap_are_one() {
    let window = again("0 1,2,3 * * *", "UTC", HOUR);
    check(&window, "2026-11-21T01:30:00Z", true, Some("2026-11-21T04:00:00Z"));
    let long = again("0 1,2 * * *", "UTC", HOUR * 3);
    check(&long, "2026-11-21T01:30:00Z", true, Some("2026-11-21T05:00:00Z"));
    let endless = again("* * * * *", "UTC", HOUR).state(at("2026-11-21T12:00:00Z"));
    assert!(endless.is_open && endless.until > Some(at("2026-11-21T13:00:00Z")));
}

#[test]
fn openings_come_one_after_the_other_the_one_that_is_open_first() {
    let window = again("30 1 * * *", "Europe/Berlin", HOUR);
    let from: Vec<_> = window.openings(at("2026-03-28T01:00:00Z")).take(3).map(|opening| opening.from).collect();
    // 01:30 by the clock: an hour less of UTC once the clock was moved.
    assert_eq!(from, ["2026-03-28T00:30:00Z", "2026-03-29T00:30:00Z", "2026-03-29T23:30:00Z"].map(at));
    let once = Window::Once { from: at("2026-11-21T22:00:00Z"), until: Some(at("2026-11-21T23:00:00Z")) };
    assert_eq!(once.openings(at("2026-11-21T22:30:00Z")).count(), 1);
    assert_eq!(once.openings(at("2026-11-21T23:00:00Z")).count(), 0);
    let endless = Window::Once { from: at("2026-11-21T22:00:00Z"), until: None };
    assert_eq!(endless.openings(at("2030-01-01T00:00:00Z")).count(), 1);
}

mod needs_python {
    use std::process::Command;

    use super::*;

    /// One schedule of the oracle: how it is written, and the minutes since the beginning at which it opens and closes.
    struct Truth {
        cron: String,
        zone: String,
        minutes: i64,
        open: Vec<(i64, i64)>,
    }

    /// Has `oracle.py` draw schedules and say, by brute force and Python's own time zones, when they are open.
    fn truths(begin: &str, days: &str) -> Vec<Truth> {
        let python = std::env::var("ALLSWELL_TEST_PYTHON").expect("set by `cargo xtask test`");
        let told = Command::new(python)
            .args(["-c", include_str!("oracle.py"), begin, days, "500", "1"])
            .output()
            .expect("Python runs");
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        let lines = String::from_utf8(told.stdout).expect("UTF-8");
        lines.lines().map(|line| truth(&serde_json::from_str(line).expect("a line of JSON"))).collect()
    }

    fn truth(row: &serde_json::Value) -> Truth {
        let number = |value: &serde_json::Value| value.as_i64().expect("a number");
        let pair = |pair: &serde_json::Value| (number(&pair[0]), number(&pair[1]));
        Truth {
            cron: row["cron"].as_str().expect("a line").to_owned(),
            zone: row["zone"].as_str().expect("a name").to_owned(),
            minutes: number(&row["minutes"]),
            open: row["open"].as_array().expect("a list").iter().map(pair).collect(),
        }
    }

    #[test]
    fn five_hundred_schedules_are_open_in_the_minutes_that_python_says() {
        let (begin, days) = ("2026-01-01T00:00:00+00:00", 730_i64);
        let start = at(begin);
        let minute = |minute: i64| Wall::from_ms(start.ms() + minute * 60_000);
        let truths = truths(begin, &days.to_string());
        assert_eq!(truths.len(), 500);
        for truth in truths {
            let duration = Duration::from_secs(truth.minutes.unsigned_abs() * 60);
            let window = again(&truth.cron, &truth.zone, duration);
            let mut open = Vec::new();
            let (mut from, mut stretches) = (0, 0);
            while from < days * 1_440 {
                let state = window.state(minute(from));
                let until = state.until.map_or(days * 1_440, |until| (until.ms() - start.ms()) / 60_000);
                let until = until.min(days * 1_440);
                assert!(until > from, "{} {} stands still at minute {from}", truth.cron, truth.zone);
                if state.is_open {
                    open.push((from, until));
                }
                stretches += 1;
                // What it says of a stretch it says of a minute in it, and of its last one, too.
                for probe in [(from + until) / 2, until - 1].into_iter().filter(|_| stretches % 16 == 0) {
                    assert_eq!(window.state(minute(probe)).is_open, state.is_open, "{} at {probe}", truth.cron);
                }
                from = until;
            }
            let merged = merge(&open);
            let wrong = merged.iter().zip(&truth.open).position(|(ours, theirs)| ours != theirs);
            let first = wrong.map(|index| (minute(merged[index].0), merged[index], truth.open[index]));
            assert!(
                merged == truth.open,
                "{} in {} for {} min: {first:?}, {} and {} windows",
                truth.cron,
                truth.zone,
                truth.minutes,
                merged.len(),
                truth.open.len()
            );
        }
    }

    fn merge(open: &[(i64, i64)]) -> Vec<(i64, i64)> {
        let mut merged: Vec<(i64, i64)> = Vec::new();
        for (from, until) in open {
            match merged.last_mut() {
                Some(last) if last.1 == *from => last.1 = *until,
                _ => merged.push((*from, *until)),
            }
        }
        merged
    }
}
