//! What each answer and each broken connection means for the mail.

use super::*;
use crate::notify::testing::Answer::{Close, Hang, Say};
use crate::notify::testing::{Answer, Answers, Scripted, after};

/// A relay that takes every mail, with some answers replaced by `others`.
async fn relay(greeting: Answer, others: &[(&'static str, Answer)]) -> Scripted {
    let usual: Answers = vec![
        ("EHLO", Say("250-x\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n")),
        ("AUTH PLAIN", Say("235 2.7.0 welcome\r\n")),
        ("MAIL", Say("250 2.1.0 ok\r\n")),
        ("RCPT", Say("250 2.1.5 ok\r\n")),
        ("DATA", Say("354 go on\r\n")),
        (".\r\n", Say("250 2.0.0 queued as 7\r\n")),
        ("QUIT", Say("221 bye\r\n")),
    ];
    Scripted::start(greeting, others.iter().copied().chain(usual).collect()).await
}

const HELLO: Answer = Say("220 x ESMTP\r\n");

/// Sends to a relay with these answers and gives the word for how it ended, and what is said about it.
async fn ended(greeting: Answer, others: &[(&'static str, Answer)]) -> (&'static str, String) {
    let relay = relay(greeting, others).await;
    described(send(&settings(&format!("smtp://{}", relay.address)), &samples::down(), "k").await)
}

fn described(delivery: Delivery) -> (&'static str, String) {
    match delivery {
        Delivery::Accepted { answer } => ("accepted", answer),
        Delivery::Refused { why } => ("refused", why),
        Delivery::Later { why, .. } => ("later", why),
        Delivery::Unreachable { why, .. } => ("unreachable", why),
        Delivery::Ambiguous { why } => ("ambiguous", why),
    }
}

async fn check(others: &[(&'static str, Answer)], expected: &str, part: &str) {
    let (word, why) = ended(HELLO, others).await;
    assert_eq!(word, expected, "{others:?}: {why}");
    assert!(why.contains(part), "{others:?}: {why}");
}

#[tokio::test]
async fn each_answer_means_what_its_number_says() {
    check(&[], "accepted", "250 2.0.0 queued as 7").await;
    check(&[("MAIL", Say("550 5.7.1 not you\r\n"))], "refused", "did not take the sender: 550 5.7.1 not you").await;
    check(&[("MAIL", Say("530 5.7.0 log in first\r\n"))], "refused", "530 5.7.0 log in first").await;
    check(&[("MAIL", Say("451 4.3.0 soon\r\n"))], "later", "451 4.3.0 soon").await;
    check(&[("MAIL", Say("421 4.3.2 shutting down\r\n"))], "unreachable", "421 4.3.2 shutting down").await;
    check(&[("RCPT", Say("550-5.1.1 no\r\n550 5.1.1 such user\r\n"))], "refused", "refused every recipient: 550").await;
    check(&[("RCPT", Say("450 4.2.0 greylisted\r\n"))], "later", "put off every recipient: 450 4.2.0 greylisted").await;
    check(&[("RCPT", Say("421 4.7.0 too many\r\n"))], "unreachable", "421").await;
    check(&[("DATA", Say("554 5.5.1 no valid recipients\r\n"))], "refused", "did not take the message: 554").await;
    check(&[("DATA", Say("451 4.3.0 soon\r\n"))], "later", "451").await;
    check(&[("DATA", Say("250 what\r\n"))], "unreachable", "answered DATA with 250 instead of 354").await;
    check(&[(".\r\n", Say("552 5.3.4 too large\r\n"))], "refused", "552 5.3.4 too large").await;
    check(&[(".\r\n", Say("452 4.3.1 disk full\r\n"))], "later", "452 4.3.1 disk full").await;
    check(&[(".\r\n", Say("354 again\r\n"))], "ambiguous", "354 again").await;
    check(&[("QUIT", Close)], "accepted", "250").await;
}

#[tokio::test]
async fn what_a_relay_says_about_a_person_is_told_without_their_address() {
    let check = async |answer: &'static str, expected: &str| {
        let relay = relay(HELLO, &[("RCPT", Say(answer))]).await;
        let mailer = Mailer::new(&settings(&format!("smtp://{}", relay.address)).relay, Dialer::default()).unwrap();
        let (text, html, subject) = ("It is down.".to_owned(), "<p>It is down.</p>".to_owned(), "Acme".to_owned());
        let (to, key, at) = ("bob@example.com".to_owned(), "acme:7".to_owned(), samples::NOW);
        let delivery = mailer.send(&Mail { to, key, subject, text, html, unsubscribe: None, at }).await;
        assert!(delivery.said().contains(expected), "{delivery:?}");
        assert!(!delivery.said().to_lowercase().contains("bob"), "{delivery:?}");
    };
    check("550 5.1.1 <Bob@Example.com>: Recipient address rejected\r\n", "550 5.1.1 <***>: Recipient").await;
    check("450 4.2.1 bob@example.com, now bobby@example.org\r\n", "450 4.2.1 ***, now …@example.org").await;
}

#[tokio::test]
async fn a_relay_that_is_not_ready_gets_the_mail_later() {
    for greeting in [Say("554 5.3.2 not today\r\n"), Say("421 4.3.2 busy\r\n"), Say("garbage\r\n"), Close] {
        let (word, why) = ended(greeting, &[]).await;
        assert_eq!(word, "unreachable", "{greeting:?}: {why}");
    }
    check(&[("EHLO", Say("502 5.5.1 no\r\n"))], "unreachable", "502 5.5.1 no").await;
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (word, why) = described(send(&settings(&format!("smtp://{free}")), &samples::down(), "k").await);
    assert_eq!(word, "unreachable");
    assert!(why.contains("connection refused"), "{why}");
}

#[tokio::test]
async fn a_cut_before_the_last_dot_leaves_nothing_and_one_after_it_leaves_doubt() {
    check(&[("EHLO", Close)], "unreachable", "it closed the connection").await;
    check(&[("MAIL", Close)], "unreachable", "while naming sender and recipients: it closed the connection").await;
    check(&[("RCPT", Close)], "unreachable", "closed").await;
    check(&[("DATA", Close)], "unreachable", "closed").await;
    check(&[(".\r\n", Close)], "ambiguous", "was lost while sending: it closed the connection; it may have the mail")
        .await;
}

#[tokio::test]
async fn a_relay_that_hangs_costs_the_deadline_and_no_more() {
    let hanging = [("EHLO", "unreachable"), ("MAIL", "unreachable"), ("DATA", "unreachable"), (".\r\n", "ambiguous")];
    for (command, expected) in hanging {
        let relay = relay(HELLO, &[(command, Hang)]).await;
        let channel = Email::new(&settings(&format!("smtp://{}", relay.address)), Dialer::default()).unwrap();
        let soon = after(std::time::Duration::from_millis(300));
        let (word, why) = described(channel.send(&samples::down(), "k", samples::NOW, soon).await);
        assert_eq!(word, expected, "{command}: {why}");
        assert!(why.contains("no answer in time"), "{command}: {why}");
    }
}

#[tokio::test]
async fn a_relay_that_never_stops_talking_is_left() {
    let endless: &'static str = Box::leak("250-and\r\n".repeat(60_000).into_boxed_str());
    check(&[("EHLO", Say(endless))], "unreachable", "never ended").await;
    check(&[("MAIL", Say(endless))], "unreachable", "it talks without end").await;
    let line: &'static str = Box::leak("2".repeat(100_000).into_boxed_str());
    check(&[("MAIL", Say(line))], "unreachable", "it talks without end").await;
}

#[tokio::test]
async fn a_password_is_said_once_and_a_refused_one_is_final() {
    let relay_ok = relay(HELLO, &[]).await;
    let login = |address| settings(&format!("smtp://me:s3cret@{address}"));
    assert_eq!(described(send(&login(relay_ok.address), &samples::down(), "k").await).0, "accepted");
    assert!(relay_ok.heard().contains(&"AUTH PLAIN AG1lAHMzY3JldA==".to_owned()), "{:?}", relay_ok.heard());
    let echo = relay(HELLO, &[("AUTH", Say("535 5.7.8 no: AUTH PLAIN AG1lAHMzY3JldA== (s3cret)\r\n"))]).await;
    let (word, why) = described(send(&login(echo.address), &samples::down(), "k").await);
    assert_eq!(word, "refused");
    assert!(why.contains("did not take username and password: 535 5.7.8 no: AUTH PLAIN *** (***)"), "{why}");
    let later = relay(HELLO, &[("AUTH", Say("454 4.7.0 try again\r\n"))]).await;
    assert_eq!(described(send(&login(later.address), &samples::down(), "k").await).0, "later");
    let none = relay(HELLO, &[("EHLO", Say("250 x\r\n"))]).await;
    let (word, why) = described(send(&login(none.address), &samples::down(), "k").await);
    assert_eq!(word, "unreachable");
    assert!(why.contains("neither AUTH PLAIN nor AUTH LOGIN"), "{why}");
}

#[tokio::test]
async fn required_starttls_sends_nothing_in_the_clear() {
    let relay = relay(HELLO, &[]).await;
    let (word, why) = described(
        send(&settings(&format!("smtp+starttls://me:s3cret@{}", relay.address)), &samples::down(), "k").await,
    );
    assert_eq!(word, "unreachable");
    assert!(why.contains("offers no STARTTLS, which the settings require"), "{why}");
    assert!(relay.heard().iter().all(|line| line.starts_with("EHLO")), "{:?}", relay.heard());
}

#[tokio::test]
async fn answers_slipped_in_before_tls_are_not_taken_for_the_relays_own() {
    let script =
        [("EHLO", Say("250-x\r\n250 STARTTLS\r\n")), ("STARTTLS", Say("220 go\r\n250-x\r\n250 AUTH PLAIN\r\n"))];
    check(&script, "unreachable", "said more than its answer to STARTTLS").await;
}

#[tokio::test]
async fn who_took_a_mail_is_not_told_again_when_others_were_put_off() {
    let relay =
        relay(HELLO, &[("RCPT TO:<slow", Say("450 4.2.0 greylisted\r\n")), ("RCPT TO:<gone", Say("550 5.1.1 no\r\n"))])
            .await;
    let to = ["ops@example.com", "slow@example.com", "gone@example.com"].map(str::to_owned).into();
    let settings = Settings { to, ..settings(&format!("smtp://{}", relay.address)) };
    let channel = Email::new(&settings, Dialer::default()).unwrap();
    let down = samples::down();
    let attempt = || channel.send(&down, "k", samples::NOW, deadline());
    let (word, why) = described(attempt().await);
    assert_eq!(word, "later");
    assert!(why.contains("1 of 3 recipients took it; put off: 450 4.2.0 greylisted"), "{why}");
    let asked = |relay: &Scripted| relay.heard().iter().filter(|line| line.starts_with("RCPT TO:<ops")).count();
    for _ in 2..super::super::half_taken::TRIES_MAX {
        assert_eq!(described(attempt().await).0, "later");
    }
    let (word, answer) = described(attempt().await);
    assert_eq!(word, "accepted", "in the end the others are left behind");
    assert!(answer.contains("without: 550 5.1.1 no; 450 4.2.0 greylisted"), "{answer}");
    assert_eq!(asked(&relay), 1);
}
