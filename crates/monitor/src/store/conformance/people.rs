//! Users and their sessions.

use super::*;
use crate::access::{Address, Digest, FactorSecret, Kept, Role};
use crate::store::{Factor, Lifetime, NewInvitation, NewReset, NewSession, NewUser, UserRow, Which};

const LIFETIME: Lifetime = Lifetime { idle: Duration::from_secs(100), whole: Duration::from_secs(1_000) };

fn user(name: &str) -> NewUser {
    NewUser {
        address: Address::new(&format!("{name}@example.com")).unwrap(),
        name: name.to_owned(),
        role: Role::Editor,
        password: Kept(format!("$argon2id${name}")),
    }
}

fn session(user: &UserRow, text: &str) -> NewSession {
    NewSession { user: user.id, digest: Digest::of(text), from: "192.0.2.7".to_owned(), agent: "Firefox".to_owned() }
}

async fn ids(store: &dyn Store) -> Vec<i64> {
    store.sessions().await.unwrap().into_iter().map(|session| session.id).collect()
}

pub(crate) async fn users_come_back_after_a_restart(open: Open<'_>) {
    let store = open();
    let ada = store.add_user(user("ada"), at(5)).await.unwrap();
    let bob = store.add_user(user("bob"), at(6)).await.unwrap();
    assert!(store.change_user(bob.id, "Robert".to_owned(), Role::Owner).await.unwrap());
    assert!(!store.change_user(99, "Nobody".to_owned(), Role::Owner).await.unwrap());
    store.close().await.unwrap();
    let changed = UserRow { user: NewUser { name: "Robert".to_owned(), role: Role::Owner, ..user("bob") }, ..bob };
    assert_eq!(open().users().await.unwrap(), [ada.clone(), changed]);
    assert_eq!((ada.user, ada.created), (user("ada"), at(5)));
}

pub(crate) async fn an_address_is_taken_once_and_a_number_never_given_again(open: Open<'_>) {
    let store = open();
    let ada = store.add_user(user("ada"), at(5)).await.unwrap();
    store.add_user(NewUser { name: "another".to_owned(), ..user("ada") }, at(6)).await.unwrap_err();
    assert!(store.remove_user(ada.id).await.unwrap());
    assert!(!store.remove_user(ada.id).await.unwrap());
    assert!(store.add_user(user("ada"), at(7)).await.unwrap().id > ada.id);
}

pub(crate) async fn sessions_come_back_and_end_with_their_user(open: Open<'_>) {
    let store = open();
    let ada = store.add_user(user("ada"), at(1)).await.unwrap();
    let bob = store.add_user(user("bob"), at(1)).await.unwrap();
    let first = store.add_session(session(&ada, "one"), LIFETIME, at(5)).await.unwrap();
    let second = store.add_session(session(&bob, "two"), LIFETIME, at(6)).await.unwrap();
    store.add_session(session(&bob, "two"), LIFETIME, at(6)).await.unwrap_err();
    store.add_session(NewSession { user: 99, ..session(&bob, "three") }, LIFETIME, at(6)).await.unwrap_err();
    store.session_used(first.id, at(9)).await.unwrap();
    store.session_used(first.id, at(8)).await.unwrap();
    store.close().await.unwrap();
    let store = open();
    let found = store.sessions().await.unwrap();
    assert_eq!((found[0].id, &found[0].session), (first.id, &session(&ada, "one")));
    assert_eq!((found[0].began, found[0].used), (at(5), at(9)));
    assert!(store.remove_user(ada.id).await.unwrap());
    assert_eq!(ids(&*store).await, [second.id]);
}

pub(crate) async fn a_new_password_ends_the_sessions_it_is_meant_to_end(open: Open<'_>) {
    let store = open();
    let ada = store.add_user(user("ada"), at(1)).await.unwrap();
    let bob = store.add_user(user("bob"), at(1)).await.unwrap();
    let mut made = Vec::new();
    for (whose, text) in [(&ada, "one"), (&ada, "two"), (&ada, "three"), (&bob, "four")] {
        made.push(store.add_session(session(whose, text), LIFETIME, at(5)).await.unwrap().id);
    }
    assert_eq!(store.end_sessions(ada.id, Which::One(made[3])).await.unwrap(), 0, "it is another one's");
    assert_eq!(store.end_sessions(ada.id, Which::One(made[0])).await.unwrap(), 1);
    assert_eq!(ids(&*store).await, made[1..]);
    let new = Kept("$argon2id$new".to_owned());
    assert!(store.set_password(ada.id, new.clone(), Which::But(made[2])).await.unwrap());
    assert_eq!(ids(&*store).await, made[2..]);
    assert_eq!(store.users().await.unwrap()[0].user.password, new);
    assert!(store.set_password(ada.id, new.clone(), Which::All).await.unwrap());
    assert_eq!(ids(&*store).await, made[3..]);
    assert!(!store.set_password(99, new, Which::All).await.unwrap());
}

pub(crate) async fn sessions_that_are_over_are_forgotten(open: Open<'_>) {
    let store = open();
    let ada = store.add_user(user("ada"), at(1)).await.unwrap();
    let begin = async |text: &str, seconds: i64| {
        let now = at(seconds * 1_000);
        let session = store.add_session(session(&ada, text), LIFETIME, now).await.unwrap();
        (session.id, session.is_over(LIFETIME, now))
    };
    let (idle, _) = begin("idle", 0).await;
    let (used, is_over) = begin("used", 0).await;
    assert!(!is_over);
    store.session_used(used, at(60_000)).await.unwrap();
    let (second, _) = begin("second", 99).await;
    assert_eq!(ids(&*store).await, [idle, used, second]);
    assert!(!store.sessions().await.unwrap()[0].is_over(LIFETIME, at(99_999)));
    assert!(store.sessions().await.unwrap()[0].is_over(LIFETIME, at(100_000)));
    begin("third", 100).await;
    assert_eq!(ids(&*store).await, [used, second, second + 1]);
    store.session_used(used, at(999_000)).await.unwrap();
    assert!(store.sessions().await.unwrap()[0].is_over(LIFETIME, at(1_000_000)));
    let (last, _) = begin("last", 1_000).await;
    assert_eq!(ids(&*store).await, [last]);
}

fn factor() -> Factor {
    let mut recovery = vec![Digest::of("one"), Digest::of("two")];
    recovery.sort_by_key(|digest| digest.0);
    Factor { secret: FactorSecret([7; 20]), step: 100, recovery }
}

pub(crate) async fn a_second_factor_comes_back_and_goes_with_its_user(open: Open<'_>) {
    let store = open();
    let ada = store.add_user(user("ada"), at(1)).await.unwrap();
    let bob = store.add_user(user("bob"), at(1)).await.unwrap();
    assert!(store.set_factor(ada.id, Some(factor())).await.unwrap());
    assert!(store.set_factor(bob.id, Some(factor())).await.unwrap());
    store.set_factor(99, Some(factor())).await.unwrap_err();
    store.close().await.unwrap();
    let store = open();
    assert_eq!(store.with_factor().await.unwrap(), [ada.id, bob.id]);
    assert_eq!(store.factor(ada.id).await.unwrap(), Some(factor()));
    let other = Factor { secret: FactorSecret([8; 20]), recovery: vec![Digest::of("three")], ..factor() };
    assert!(store.set_factor(ada.id, Some(other.clone())).await.unwrap());
    assert_eq!(store.factor(ada.id).await.unwrap(), Some(other));
    assert!(store.set_factor(ada.id, None).await.unwrap());
    assert!(!store.set_factor(ada.id, None).await.unwrap());
    assert!(store.remove_user(bob.id).await.unwrap());
    assert_eq!(store.factor(bob.id).await.unwrap(), None);
    assert_eq!(store.with_factor().await.unwrap(), Vec::<i64>::new());
}

pub(crate) async fn no_code_is_taken_twice(open: Open<'_>) {
    let store = open();
    let ada = store.add_user(user("ada"), at(1)).await.unwrap();
    assert!(!store.take_step(ada.id, 101).await.unwrap(), "there is no second factor");
    store.set_factor(ada.id, Some(factor())).await.unwrap();
    for (step, taken) in [(100, false), (102, true), (102, false), (101, false), (103, true)] {
        assert_eq!(store.take_step(ada.id, step).await.unwrap(), taken, "{step}");
    }
    for (code, taken) in [("three", false), ("two", true), ("two", false), ("one", true), ("one", false)] {
        assert_eq!(store.take_recovery(ada.id, Digest::of(code)).await.unwrap(), taken, "{code}");
    }
    store.close().await.unwrap();
    let left = open().factor(ada.id).await.unwrap().unwrap();
    assert_eq!((left.step, left.recovery), (103, Vec::new()));
}

fn invitation(name: &str, text: &str, expires: i64) -> NewInvitation {
    NewInvitation { address: user(name).address, role: Role::Viewer, digest: Digest::of(text), expires: at(expires) }
}

pub(crate) async fn an_invitation_is_replaced_forgotten_and_gone_when_its_guest_has_come(open: Open<'_>) {
    let store = open();
    let known =
        async |store: &dyn Store| store.invitations().await.unwrap().into_iter().map(|row| row.id).collect::<Vec<_>>();
    let first = store.invite(invitation("ada", "one", 50), at(5)).await.unwrap();
    let second = store.invite(invitation("ada", "two", 60), at(6)).await.unwrap();
    let bob = store.invite(invitation("bob", "three", 40), at(7)).await.unwrap();
    store.invite(invitation("eve", "three", 40), at(8)).await.unwrap_err();
    store.close().await.unwrap();
    let store = open();
    assert_eq!(store.invitations().await.unwrap(), [second.clone(), bob.clone()]);
    assert_eq!((second.invitation, second.made), (invitation("ada", "two", 60), at(6)));
    assert!(second.id > first.id);
    let eve = store.invite(invitation("eve", "four", 90), at(40)).await.unwrap();
    assert_eq!(known(&*store).await, [second.id, eve.id], "bob's was over");
    store.add_user(user("ada"), at(41)).await.unwrap();
    assert_eq!(known(&*store).await, [eve.id]);
    assert!(store.remove_invitation(eve.id).await.unwrap());
    assert!(!store.remove_invitation(eve.id).await.unwrap());
}

pub(crate) async fn a_way_to_a_new_password_is_good_once_and_ends_all_sessions(open: Open<'_>) {
    let store = open();
    let ada = store.add_user(user("ada"), at(1)).await.unwrap();
    let way = |user: i64, text: &str, expires: i64| NewReset { user, digest: Digest::of(text), expires: at(expires) };
    assert!(!store.add_reset(way(99, "none", 50), at(2)).await.unwrap(), "there is no such user");
    assert!(store.add_reset(way(ada.id, "one", 50), at(2)).await.unwrap());
    assert!(store.add_reset(way(ada.id, "two", 60), at(3)).await.unwrap());
    store.add_session(session(&ada, "s"), LIFETIME, at(4)).await.unwrap();
    store.close().await.unwrap();
    let store = open();
    let whose =
        async |text: &str, now: i64| store.whose_reset(Digest::of(text), at(now)).await.unwrap().map(|(_, user)| user);
    assert_eq!((whose("one", 5).await, whose("two", 5).await, whose("two", 60).await), (None, Some(ada.id), None));
    let take = async |text: &str, now: i64| {
        let kept = Kept(format!("$argon2id$by-{text}"));
        store.reset_password(Digest::of(text), ada.id, kept, at(now)).await.unwrap()
    };
    assert!(!take("one", 5).await && !take("two", 60).await);
    assert_eq!(ids(&*store).await.len(), 1, "nothing was done");
    assert!(take("two", 59).await && !take("two", 59).await);
    assert_eq!(
        (ids(&*store).await.len(), store.users().await.unwrap()[0].user.password.0.as_str()),
        (0, "$argon2id$by-two")
    );
    store.add_reset(way(ada.id, "three", 90), at(60)).await.unwrap();
    store.set_password(ada.id, Kept("$argon2id$new".to_owned()), crate::store::Which::All).await.unwrap();
    assert_eq!(whose("three", 61).await, None, "who has another password needs none");
    store.add_reset(way(ada.id, "four", 90), at(61)).await.unwrap();
    assert!(store.remove_user(ada.id).await.unwrap());
    assert_eq!(whose("four", 62).await, None);
}
