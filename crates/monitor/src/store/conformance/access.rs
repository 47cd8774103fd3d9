//! Keys, and requests that are done once.

use super::*;
use crate::access::{Digest, Scope, Scopes};
use crate::store::{Claim, KeyChange, KeyRow, NewKey, Once, Remembered};

fn key(name: &str) -> NewKey {
    NewKey {
        name: name.to_owned(),
        digest: Digest::of(name),
        scopes: Scopes::of([Scope::Read, Scope::Heartbeat]),
        expires: Some(at(9_000)),
    }
}

pub(crate) async fn keys_come_back_after_a_restart(open: Open<'_>) {
    let store = open();
    let made = store.add_key(key("a"), at(5)).await.unwrap();
    store.add_key(NewKey { expires: None, ..key("b") }, at(6)).await.unwrap();
    store.key_used(made.id, at(7)).await.unwrap();
    store.close().await.unwrap();
    let keys = open().keys().await.unwrap();
    assert_eq!(keys.len(), 2);
    assert_eq!(
        (keys[0].id, &keys[0].name, keys[0].digest, keys[0].scopes),
        (made.id, &made.name, made.digest, made.scopes)
    );
    assert_eq!((keys[0].created, keys[0].expires, keys[0].used), (at(5), Some(at(9_000)), Some(at(7))));
    assert_eq!((keys[1].expires, keys[1].used), (None, None));
}

pub(crate) async fn a_key_s_name_is_given_once_and_its_number_never_again(open: Open<'_>) {
    let store = open();
    let made = store.add_key(key("a"), at(5)).await.unwrap();
    store.add_key(NewKey { digest: Digest::of("other"), ..key("a") }, at(6)).await.unwrap_err();
    assert!(store.remove_key(made.id).await.unwrap());
    assert!(!store.remove_key(made.id).await.unwrap());
    assert!(store.add_key(key("a"), at(7)).await.unwrap().id > made.id);
}

pub(crate) async fn a_key_is_changed_and_keeps_its_secret(open: Open<'_>) {
    let store = open();
    let made = store.add_key(key("a"), at(5)).await.unwrap();
    store.add_key(NewKey { digest: Digest::of("other"), ..key("b") }, at(5)).await.unwrap();
    let change =
        KeyChange { name: Some("c".to_owned()), scopes: Some(Scopes::of([Scope::Write])), expires: Some(None) };
    let changed = change.apply(&made);
    assert!(store.change_key(changed.clone()).await.unwrap());
    store.change_key(KeyRow { name: "b".to_owned(), ..made.clone() }).await.unwrap_err();
    assert!(!store.change_key(KeyRow { id: 99, name: "d".to_owned(), ..made.clone() }).await.unwrap());
    store.close().await.unwrap();
    assert_eq!(open().keys().await.unwrap()[0], changed);
    assert_eq!((changed.id, changed.digest, changed.expires), (made.id, made.digest, None));
    assert_eq!(KeyChange::default().apply(&made), made);
}

fn once(key: &str, digest: u8) -> Once {
    Once { caller: 3, key: key.to_owned(), digest: [digest; 32] }
}

fn answer() -> Remembered {
    Remembered { status: 201, headers: vec![("location".to_owned(), "/x/1".to_owned())], body: b"{}".to_vec() }
}

pub(crate) async fn a_request_is_taken_once_and_its_answer_outlasts_the_process(open: Open<'_>) {
    let store = open();
    let claim = async |store: &Arc<dyn Store>, once: Once| store.claim_once(once, at(10), at(0)).await.unwrap();
    assert_eq!(claim(&store, once("a", 1)).await, Claim::First);
    assert_eq!(claim(&store, once("a", 1)).await, Claim::Begun);
    assert_eq!(claim(&store, once("a", 2)).await, Claim::Other);
    assert_eq!(claim(&store, Once { caller: 4, ..once("a", 2) }).await, Claim::First);
    store.settle_once(once("a", 1), Some(answer())).await.unwrap();
    assert_eq!(claim(&store, once("b", 1)).await, Claim::First);
    store.close().await.unwrap();
    let store = open();
    assert_eq!(claim(&store, once("a", 1)).await, Claim::Done(answer()));
    assert_eq!(claim(&store, once("b", 1)).await, Claim::Begun);
    store.settle_once(once("b", 1), None).await.unwrap();
    assert_eq!(claim(&store, once("b", 9)).await, Claim::First);
}

pub(crate) async fn an_answer_is_forgotten_in_time(open: Open<'_>) {
    let store = open();
    store.claim_once(once("a", 1), at(10), at(0)).await.unwrap();
    store.settle_once(once("a", 1), Some(answer())).await.unwrap();
    assert_eq!(store.claim_once(once("a", 2), at(50), at(10)).await.unwrap(), Claim::Other);
    assert_eq!(store.claim_once(once("a", 2), at(50), at(11)).await.unwrap(), Claim::First);
}
