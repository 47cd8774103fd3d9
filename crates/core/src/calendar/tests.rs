//! Times are written as people read them; the expected ones on days of moved clocks are from cronie's and systemd's own rules.

use super::*;

fn at(text: &str) -> Wall {
    let moment: Timestamp = text.parse().expect(text);
    Wall::from_ms(moment.as_millisecond())
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect(name)
}

/// The moments after `after`, one after the other, in the zone's own time.
#[track_caller]
fn follow(calendar: &Calendar, zone_name: &str, after: &str, expected: &[&str]) {
    let zone = zone(zone_name);
    let mut after = at(after);
    for expected in expected {
        after = calendar.next(after, &zone).expect("there is a next one");
        let moment = Timestamp::from_millisecond(after.ms()).expect("in range");
        assert_eq!(moment.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M:%S %z").to_string(), *expected);
    }
}

fn cron(line: &str) -> Calendar {
    Calendar::cron(line).expect(line)
}

fn systemd(text: &str) -> Calendar {
    Calendar::on_calendar(text).expect(text)
}

#[test]
fn lines_of_cron_are_followed() {
    let start = "2026-01-30T10:00:00Z";
    follow(&cron("0 3 * * *"), "UTC", start, &["Sat 2026-01-31 03:00:00 +0000", "Sun 2026-02-01 03:00:00 +0000"]);
    follow(
        &cron("*/20 9-10 * * *"),
        "UTC",
        start,
        &["Fri 2026-01-30 10:20:00 +0000", "Fri 2026-01-30 10:40:00 +0000", "Sat 2026-01-31 09:00:00 +0000"],
    );
    follow(&cron("0 2 * * SUN"), "UTC", start, &["Sun 2026-02-01 02:00:00 +0000", "Sun 2026-02-08 02:00:00 +0000"]);
    follow(&cron("5 0 29 2 *"), "UTC", start, &["Tue 2028-02-29 00:05:00 +0000", "Sun 2032-02-29 00:05:00 +0000"]);
    follow(&cron("0 0 31 1,2,3 *"), "UTC", start, &["Sat 2026-01-31 00:00:00 +0000", "Tue 2026-03-31 00:00:00 +0000"]);
    // Both days written: either will do.
    follow(
        &cron("0 0 13 * FRI"),
        "UTC",
        start,
        &["Fri 2026-02-06 00:00:00 +0000", "Fri 2026-02-13 00:00:00 +0000", "Fri 2026-02-20 00:00:00 +0000"],
    );
    assert_eq!(cron("@weekly"), cron("0 0 * * 7"));
    assert_eq!(cron("0 0 * JAN-MAR mon"), cron("0 0 * 1-3 1"));
}

#[test]
fn what_systemd_takes_is_followed() {
    let start = "2026-01-30T10:00:00Z";
    follow(
        &systemd("Mon..Fri 02:30"),
        "UTC",
        start,
        &["Mon 2026-02-02 02:30:00 +0000", "Tue 2026-02-03 02:30:00 +0000"],
    );
    follow(
        &systemd("Sat..Mon *-*-1..7 4:00"),
        "UTC",
        start,
        &["Sun 2026-02-01 04:00:00 +0000", "Mon 2026-02-02 04:00:00 +0000"],
    );
    follow(
        &systemd("*-*-* *:0/25:10"),
        "UTC",
        start,
        &[
            "Fri 2026-01-30 10:00:10 +0000",
            "Fri 2026-01-30 10:25:10 +0000",
            "Fri 2026-01-30 10:50:10 +0000",
            "Fri 2026-01-30 11:00:10 +0000",
        ],
    );
    follow(
        &systemd("2027,2030-02-28"),
        "UTC",
        start,
        &["Sun 2027-02-28 00:00:00 +0000", "Thu 2030-02-28 00:00:00 +0000"],
    );
    assert_eq!(systemd("2026-01-01 00:00").next(at(start), &zone("UTC")), None, "it is over");
    assert_eq!(systemd("quarterly"), systemd("*-1/3-1 00:00:00"));
    assert_eq!(systemd("weekly"), systemd("monday"));
}

#[test]
fn on_the_day_an_hour_is_left_out_each_follows_its_own_rules() {
    // Berlin, 29 March 2026: 02:00 is 03:00.
    let (zone, before) = ("Europe/Berlin", "2026-03-28T12:00:00Z");
    follow(&cron("30 2 * * *"), zone, before, &["Sun 2026-03-29 03:00:00 +0200", "Mon 2026-03-30 02:30:00 +0200"]);
    follow(&cron("0 2 * * *"), zone, before, &["Sun 2026-03-29 03:00:00 +0200", "Mon 2026-03-30 02:00:00 +0200"]);
    follow(
        &cron("0 1,2,3 * * *"),
        zone,
        before,
        &["Sun 2026-03-29 01:00:00 +0100", "Sun 2026-03-29 03:00:00 +0200", "Mon 2026-03-30 01:00:00 +0200"],
    );
    follow(
        &cron("30 * * * *"),
        zone,
        "2026-03-29T00:00:00Z",
        &["Sun 2026-03-29 01:30:00 +0100", "Sun 2026-03-29 03:30:00 +0200"],
    );
    follow(&systemd("02:30"), zone, before, &["Mon 2026-03-30 02:30:00 +0200"]);
}

#[test]
fn on_the_day_an_hour_comes_twice_fixed_times_come_once() {
    // Berlin, 25 October 2026: 03:00 is 02:00 again.
    let (zone, before) = ("Europe/Berlin", "2026-10-24T12:00:00Z");
    follow(&cron("30 2 * * *"), zone, before, &["Sun 2026-10-25 02:30:00 +0200", "Mon 2026-10-26 02:30:00 +0100"]);
    follow(&systemd("02:30"), zone, before, &["Sun 2026-10-25 02:30:00 +0200", "Mon 2026-10-26 02:30:00 +0100"]);
    follow(
        &cron("*/30 2 * * *"),
        zone,
        before,
        &[
            "Sun 2026-10-25 02:00:00 +0200",
            "Sun 2026-10-25 02:30:00 +0200",
            "Sun 2026-10-25 02:00:00 +0100",
            "Sun 2026-10-25 02:30:00 +0100",
            "Mon 2026-10-26 02:00:00 +0100",
        ],
    );
}

#[test]
fn zones_with_odd_moves_are_followed() {
    // Lord Howe moves by half an hour, Samoa left out a whole day, Cairo moves at midnight.
    follow(&cron("15 2 * * *"), "Australia/Lord_Howe", "2026-10-03T00:00:00Z", &["Sun 2026-10-04 02:30:00 +1100"]);
    follow(
        &cron("0 12 * * *"),
        "Pacific/Apia",
        "2011-12-29T00:00:00Z",
        &["Thu 2011-12-29 12:00:00 -1000", "Sat 2011-12-31 00:00:00 +1400", "Sat 2011-12-31 12:00:00 +1400"],
    );
    follow(&cron("0 0 * * *"), "Africa/Cairo", "2026-04-23T00:00:00Z", &["Fri 2026-04-24 01:00:00 +0300"]);
}

#[test]
fn what_is_wrong_is_named_with_the_way_out() {
    let wrong = |result: Result<Calendar, NotACalendar>, part: &str| {
        let why = result.expect_err(part).to_string();
        assert!(why.contains(part), "{why}");
    };
    wrong(Calendar::cron("0 3 * *"), "has 4 fields and not five");
    wrong(Calendar::cron("0 0 3 * * *"), "has 6 fields");
    wrong(Calendar::cron("60 3 * * *"), "`60` as minute is not from 0 to 59");
    wrong(Calendar::cron("0 3 * * FUN"), "is not from 0 to 7, or SUN to SAT");
    wrong(Calendar::cron("5/10 * * * *"), "a step without a range");
    wrong(Calendar::cron("*/0 * * * *"), "a step that is no number");
    wrong(Calendar::cron("0 22-4 * * *"), "ends before it begins");
    wrong(Calendar::cron("0 3 30 2 *"), "a day that none of its months has");
    wrong(Calendar::on_calendar(""), "is empty");
    wrong(Calendar::on_calendar("Fun 02:30"), "no days of the week");
    wrong(Calendar::on_calendar("02:30 Europe/Berlin"), "written as `timezone`");
    wrong(Calendar::on_calendar("*-02~01"), "counts from the end");
    wrong(Calendar::on_calendar("25:00"), "`25` as hour is not from 0 to 23");
    wrong(Calendar::on_calendar("02:30 7"), "neither date nor time");
}

mod oracle {
    //! Minute by minute: what cron would do, held against what is said to come next.

    use jiff::ToSpan;
    use proptest::prelude::*;

    use super::*;

    /// Whether a minute of local time fits, by the fields alone.
    fn fits(calendar: &Calendar, moment: Timestamp, zone: &TimeZone) -> bool {
        let local = zone.to_datetime(moment);
        calendar.has(local.date())
            && calendar.hours.has(local.hour() as u8)
            && calendar.minutes.has(local.minute() as u8)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn a_line_that_follows_real_time_comes_at_every_minute_that_fits(
            minute in prop_oneof![Just("*".to_owned()), (2_u8..40).prop_map(|step| format!("*/{step}"))],
            hour in prop_oneof![Just("*".to_owned()), (0_u8..24).prop_map(|hour| hour.to_string())],
            zone_index in 0_usize..5,
            day in 0_i64..730,
        ) {
            let zone = zone(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu"][zone_index]);
            let calendar = cron(&format!("{minute} {hour} * * *"));
            let begin: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a moment");
            let begin = begin + (day * 24).hours();
            let expected: Vec<_> = (1..3 * 24 * 60)
                .map(|minute| begin + (minute as i64).minutes())
                .filter(|moment| fits(&calendar, *moment, &zone))
                .map(|moment| moment.as_millisecond())
                .collect();
            let mut found = Vec::new();
            let mut after = Wall::from_ms(begin.as_millisecond());
            while found.len() < expected.len() {
                after = calendar.next(after, &zone).expect("there is a next one");
                found.push(after.ms());
            }
            prop_assert_eq!(found, expected);
        }
    }
}
