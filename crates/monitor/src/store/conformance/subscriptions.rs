//! Subscribers of status pages, and the mails to them.

use super::*;
use crate::access::Address;
use crate::store::News;
use crate::store::subscriptions::{ASK_AGAIN, ASKED_FOR};

fn page() -> String {
    "acme".to_owned()
}

fn ada() -> Address {
    Address::new("ada@example.com").unwrap()
}

fn news(names: &[&str]) -> Vec<News> {
    names.iter().map(|name| News { name: (*name).to_owned(), body: format!("\"{name}\"") }).collect()
}

/// What is to be sent at `now`: to whom, and what.
async fn due(store: &dyn Store, now: Wall) -> Vec<(String, String)> {
    let mails = store.due_mails(now, 100).await.unwrap();
    mails.into_iter().map(|mail| (mail.address.to_string(), mail.body)).collect()
}

async fn subscribe(store: &dyn Store, address: &str, now: Wall) {
    let address = Address::new(address).unwrap();
    assert!(store.ask_subscriber(page(), address.clone(), now).await.unwrap());
    assert!(store.confirm_subscriber(page(), address, now).await.unwrap());
    for mail in store.due_mails(now, 100).await.unwrap() {
        store.settle_mail(mail.id, None).await.unwrap();
    }
}

fn to(address: &str, body: &str) -> (String, String) {
    (address.to_owned(), body.to_owned())
}

pub(crate) async fn only_who_said_yes_is_told_and_each_thing_once(open: Open<'_>) {
    let store = open();
    subscribe(&*store, "ada@example.com", at(0)).await;
    assert_eq!(store.tell_subscribers(page(), news(&["old"]), at(1)).await.unwrap(), 0, "it was there before");
    store.ask_subscriber(page(), Address::new("bob@example.com").unwrap(), at(2)).await.unwrap();
    store.close().await.unwrap();
    let store = open();
    assert_eq!(store.tell_subscribers(page(), news(&["old", "one", "two"]), at(3)).await.unwrap(), 1);
    assert_eq!(store.tell_subscribers(page(), news(&["one", "two"]), at(4)).await.unwrap(), 0);
    assert_eq!(store.tell_subscribers("other".to_owned(), news(&["one"]), at(4)).await.unwrap(), 0);
    let expected = [to("bob@example.com", "[]"), to("ada@example.com", "[\"one\",\"two\"]")];
    assert_eq!(due(&*store, at(5)).await, expected);
    assert_eq!(store.subscribers().await.unwrap(), [(page(), 1)].into());
}

pub(crate) async fn who_asks_again_is_written_to_again_but_not_at_once(open: Open<'_>) {
    let store = open();
    let ask = async |now: Wall| store.ask_subscriber(page(), ada(), now).await.unwrap();
    assert!(ask(at(0)).await && !ask(at(1)).await);
    assert!(ask(at(1) + ASK_AGAIN).await);
    assert!(store.confirm_subscriber(page(), ada(), at(2) + ASK_AGAIN).await.unwrap());
    assert!(!ask(at(0) + ASKED_FOR).await, "it subscribes already");
    let bob = Address::new("bob@example.com").unwrap();
    assert!(store.ask_subscriber(page(), bob.clone(), at(0)).await.unwrap());
    ask(at(1) + ASKED_FOR).await;
    assert!(!store.confirm_subscriber(page(), bob, at(2) + ASKED_FOR).await.unwrap(), "it is forgotten");
    assert!(store.confirm_subscriber(page(), ada(), at(2) + ASKED_FOR).await.unwrap());
}

pub(crate) async fn who_leaves_is_forgotten_with_the_mails_that_were_to_go_there(open: Open<'_>) {
    let store = open();
    subscribe(&*store, "ada@example.com", at(0)).await;
    subscribe(&*store, "bob@example.com", at(0)).await;
    store.tell_subscribers(page(), Vec::new(), at(1)).await.unwrap();
    assert_eq!(store.tell_subscribers(page(), news(&["one"]), at(2)).await.unwrap(), 2);
    assert!(store.remove_subscriber(page(), ada()).await.unwrap());
    assert!(!store.remove_subscriber(page(), ada()).await.unwrap());
    assert_eq!(due(&*store, at(3)).await, [to("bob@example.com", "[\"one\"]")]);
    assert!(!store.confirm_subscriber(page(), ada(), at(4)).await.unwrap(), "an old link brings nobody back");
}

pub(crate) async fn a_mail_that_was_put_off_comes_again_and_one_that_is_done_does_not(open: Open<'_>) {
    let store = open();
    store.ask_subscriber(page(), ada(), at(0)).await.unwrap();
    let mail = store.due_mails(at(0), 1).await.unwrap().remove(0);
    assert_eq!((mail.page.as_str(), mail.created, mail.attempts), ("acme", at(0), 0));
    store.settle_mail(mail.id, Some(at(500))).await.unwrap();
    assert!(store.due_mails(at(499), 1).await.unwrap().is_empty());
    store.close().await.unwrap();
    let store = open();
    assert_eq!(store.next_mail().await.unwrap(), Some(at(500)));
    let again = store.due_mails(at(500), 1).await.unwrap().remove(0);
    assert_eq!((again.id, again.attempts), (mail.id, 1));
    store.settle_mail(mail.id, None).await.unwrap();
    assert_eq!((store.next_mail().await.unwrap(), due(&*store, at(900)).await.len()), (None, 0));
}
