//! Mails against servers: one that takes everything, ones that say what a script wants, and a real one in a process of its own.

mod dialogue;
mod needs_python;
mod pictures;

use std::path::PathBuf;
use std::sync::Arc;

use allswell_probe::dialer::Dialer;
use mail_parser::MessageParser;
use tokio::task::JoinSet;

use super::{Email, Mail, Mailer, RelaySettings, Settings, StartTls};
use crate::clock::SystemClock;
use crate::mail_catcher::{MailCatcher, Mails};
use crate::notification::Notification;
use crate::notify::testing::deadline;
use crate::notify::{Channel, Delivery, samples};

/// Settings for a relay at `smtp` that needs no login, with one recipient.
fn settings(smtp: &str) -> Settings {
    let from = "Allswell <allswell@example.com>".to_owned();
    let relay = RelaySettings { smtp: smtp.into(), starttls: None, username: None, password: None, from, ca: None };
    Settings { relay, to: vec!["ops@example.com".to_owned()] }
}

/// The same way, with the roots of this file.
fn with_roots(ca: PathBuf, smtp: &str) -> Settings {
    let Settings { relay, to } = settings(smtp);
    Settings { relay: RelaySettings { ca: Some(ca), ..relay }, to }
}

async fn send(settings: &Settings, notification: &Notification, key: &str) -> Delivery {
    let channel = Email::new(settings, Dialer::default()).unwrap();
    channel.send(notification, key, samples::NOW, deadline()).await
}

async fn catcher() -> (JoinSet<()>, Settings, Mails) {
    let catcher = MailCatcher::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let (settings, mails) = (settings(&format!("smtp://{}", catcher.address())), catcher.mails());
    let mut tasks = JoinSet::new();
    tasks.spawn(catcher.run(Arc::new(SystemClock::new())));
    (tasks, settings, mails)
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_meant() {
    let (_tasks, mut settings, mails) = catcher().await;
    settings.to.push("Night Watch <night@example.com>".to_owned());
    let delivery = send(&settings, &samples::down(), "12-7:down:8:ops").await;
    assert_eq!(delivery, Delivery::Accepted { answer: "250 2.0.0 kept as number 1".to_owned() });
    let mail = mails.find(1).unwrap();
    assert_eq!(mail.from, "allswell@example.com");
    assert_eq!(mail.to, ["ops@example.com", "night@example.com"]);
    assert_eq!(mail.subject, "■ Down: payments-api says its database timed out");
    let parsed = MessageParser::default().parse(&mail.raw).unwrap();
    assert_eq!(parsed.from().unwrap().first().unwrap().name(), Some("Allswell"));
    assert_eq!(parsed.to().unwrap().iter().nth(1).unwrap().name(), Some("Night Watch"));
    assert_eq!(parsed.references().as_text(), parsed.in_reply_to().as_text());
    let (text, html) = (mail.text.as_deref().unwrap(), mail.html.as_deref().unwrap());
    assert!(text.contains("database") && text.contains("https://allswell.acme.dev/i/12-7"), "{text}");
    assert!(html.contains("payments-api is down"), "{html}");
}

#[tokio::test]
async fn a_mail_that_is_no_alert_arrives_and_can_be_sent_off_with_one_click() {
    let (_tasks, settings, mails) = catcher().await;
    let mailer = Mailer::new(&settings.relay, Dialer::default()).unwrap();
    let mail = Mail {
        to: "ann@example.com".to_owned(),
        key: "acme:7".to_owned(),
        subject: "Acme\r\nBcc: thief@example.com".to_owned(),
        text: "It is down.".to_owned(),
        html: "<p>It is down.</p>".to_owned(),
        unsubscribe: Some("https://status.acme.dev/unsubscribe?a=b".to_owned()),
        at: samples::NOW,
    };
    assert!(matches!(mailer.send(&mail).await, Delivery::Accepted { .. }));
    let refused = mailer.send(&Mail { to: "ann@example.com, bob@example.com".to_owned(), ..mail }).await;
    assert!(matches!(refused, Delivery::Refused { .. }), "{refused:?}");
    let caught = mails.find(1).unwrap();
    assert_eq!(
        (caught.to.as_slice(), caught.text.as_deref()),
        (&["ann@example.com".to_owned()][..], Some("It is down."))
    );
    let parsed = MessageParser::default().parse(&caught.raw).unwrap();
    let raw = String::from_utf8_lossy(&caught.raw).replace("\r\n ", " ");
    assert!(raw.contains("List-Unsubscribe: <https://status.acme.dev/unsubscribe?a=b>\r\n"), "{raw}");
    assert!(raw.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{raw}");
    assert!(parsed.bcc().is_none(), "{raw}");
}

#[tokio::test]
async fn international_names_arrive_and_international_addresses_wait_for_a_relay_that_takes_them() {
    let (_tasks, mut settings, mails) = catcher().await;
    settings.relay.from = "Nachtwächter <allswell@example.com>".to_owned();
    let named =
        Notification {
            monitor: "Zahlungs-Dienst für Köln".to_owned(), failing_checks: Vec::new(), ..samples::down()
        };
    assert!(matches!(send(&settings, &named, "k").await, Delivery::Accepted { .. }));
    assert!(mails.find(1).unwrap().subject.starts_with("■ Down: Zahlungs-Dienst für Köln: "));
    settings.to = vec!["wächter@example.com".to_owned()];
    let Delivery::Unreachable { why, .. } = send(&settings, &named, "k").await else { panic!("put off") };
    assert!(why.contains("SMTPUTF8"), "{why}");
}

#[test]
fn a_file_of_roots_that_cannot_be_read_is_named_when_the_channel_is_opened() {
    let settings = with_roots("/nonexistent/ca.pem".into(), "smtps://127.0.0.1");
    let error = Email::new(&settings, Dialer::default()).unwrap_err();
    assert_eq!(error.field, "ca");
    assert!(error.why.contains("/nonexistent/ca.pem"), "{error}");
}

#[test]
fn an_opened_channel_shows_no_password() {
    let mut settings = settings("smtp://me:canary@127.0.0.1");
    settings.relay.starttls = Some(StartTls::Off);
    let channel = Email::new(&settings, Dialer::default()).unwrap();
    assert!(!format!("{channel:?}").contains("canary"), "{channel:?}");
}
