//! What people see: the text and the HTML of each kind of mail, as files beside this one.

use std::time::Duration;

use super::super::letter::Letter;
use super::*;

fn check(name: &str, notification: &Notification, late: Duration) {
    let letter = Letter::write(notification, samples::NOW + late);
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::assert_snapshot!(format!("{name}.txt"), format!("Subject: {}\n\n{}", letter.subject, letter.text));
        insta::assert_snapshot!(format!("{name}.html"), letter.html);
    });
}

#[test]
fn down_names_the_failing_check_and_the_new_version() {
    check("down", &samples::down(), Duration::ZERO);
}

#[test]
fn down_that_comes_late_says_so() {
    let letter = Letter::write(&samples::down(), samples::NOW + Duration::from_secs(1_860));
    insta::assert_snapshot!(letter.text.lines().nth(4).unwrap(), @"This message comes 31 m late: it was decided at 11:39:14 and could not be handed over before 12:10:15 UTC. What it says may be over by now.");
    assert!(letter.html.contains("31 m late"), "{}", letter.html);
    let in_time = Letter::write(&samples::down(), samples::NOW + Duration::from_secs(300));
    assert!(!in_time.text.contains("comes"), "{}", in_time.text);
}

#[test]
fn up_says_how_long_it_was_down() {
    check("up", &samples::up(), Duration::ZERO);
}

#[test]
fn degraded_escapes_what_looks_like_markup() {
    check("degraded", &samples::degraded(), Duration::ZERO);
}

#[test]
fn certificate_says_how_many_days_are_left() {
    check("certificate", &samples::certificate(), Duration::ZERO);
}

#[test]
fn test_says_what_it_proves() {
    check("test", &Notification::test("ops", "2026-11-21T11:39:14.120Z".to_owned()), Duration::ZERO);
}

#[test]
fn a_reminder_says_for_how_long_nobody_has_seen_to_it() {
    check("reminder", &samples::reminder(), Duration::from_secs(10_800));
}

#[test]
fn what_comes_and_goes_says_when_one_hears_of_it_again() {
    check("flapping", &samples::flapping(), Duration::ZERO);
}

#[test]
fn what_has_settled_says_how_often_it_was_out() {
    check("settled", &samples::settled(), Duration::from_secs(4_845));
}

#[test]
fn many_at_once_are_named_by_what_they_share() {
    check("group", &samples::group(), Duration::ZERO);
}

#[test]
fn many_that_are_up_again_are_named() {
    check("group_up", &samples::group_up(), Duration::ZERO);
}

#[test]
fn two_thousand_names_are_all_in_the_mail() {
    let names = (0..2_000).map(|number| Notification { monitor: format!("m-{number}-x"), ..samples::down() });
    let letter = Letter::write(&samples::down().together(names.collect()), samples::NOW);
    assert_eq!(letter.subject, "■ 2001 monitors are down, 2001 of them share dependency database");
    assert!((0..2_000).all(|number| letter.text.contains(&format!("m-{number}-x"))), "text");
    assert!((0..2_000).all(|number| letter.html.contains(&format!("m-{number}-x"))), "HTML");
}

#[test]
fn the_link_to_acknowledge_is_in_text_and_html() {
    let link = "https://allswell.acme.dev/acknowledge/12-7/ops/1795865955/4f1b22";
    let letter = Letter::write(&Notification { acknowledge: Some(link.to_owned()), ..samples::down() }, samples::NOW);
    assert!(letter.text.contains(&format!("\nI am looking after it: {link}\n")), "{}", letter.text);
    assert!(letter.html.contains(&format!("href=\"{link}\"")), "{}", letter.html);
    assert!(!Letter::write(&samples::down(), samples::NOW).html.contains("looking after it"), "there is no link");
}

#[test]
fn subjects_tell_the_whole_story() {
    let check = |notification: &Notification, subject: &str| {
        assert_eq!(Letter::write(notification, samples::NOW).subject, subject);
    };
    let plain = Notification { failing_checks: Vec::new(), ..samples::down() };
    let refused = Notification { cause: "connection refused by 127.0.0.1:8801".to_owned(), ..plain };
    check(&refused, "■ Down: payments-api: connection refused by 127.0.0.1:8801");
    let mut two = samples::down();
    two.failing_checks.push(crate::notification::FailingCheck { name: "redis".to_owned(), message: None });
    check(&two, "■ Down: payments-api says its database and redis failed");
    two.failing_checks.push(crate::notification::FailingCheck { name: "queue".to_owned(), message: None });
    check(&two, "■ Down: payments-api says 3 of its checks are not well");
    check(
        &Notification { certificate_days_left: Some(0), ..samples::certificate() },
        "▲ Certificate: payments-api ends today",
    );
    check(
        &Notification { certificate_days_left: Some(1), ..samples::certificate() },
        "▲ Certificate: payments-api ends in 1 day",
    );
    let long = Notification {
        monitor: "x".repeat(300),
        cause: "y".repeat(300),
        failing_checks: Vec::new(),
        ..samples::down()
    };
    assert_eq!(Letter::write(&long, samples::NOW).subject.chars().count(), 200);
}
