//! Accounts, and that what one view writes is there for no other.

use super::*;
use crate::access::{Address, Digest, Kept, LIFETIME, Role, Scope, Scopes};
use crate::model::AccountId;
use crate::store::{
    AccountRow, CountedAccount, DeliveryFilter, NewAccount, NewInvitation, NewKey, NewMark, NewSession, NewSignUp,
    NewUser, Settlement, UserRow,
};

fn owner(address: &str) -> NewUser {
    NewUser {
        address: Address::new(address).expect("an address"),
        name: "somebody".to_owned(),
        role: Role::Owner,
        password: Kept("kept".to_owned()),
    }
}

fn account(address: &str) -> NewAccount {
    NewAccount { name: address.to_owned(), plan: Some("free".to_owned()), owner: owner(address) }
}

pub(crate) async fn accounts_come_back_after_a_restart_with_their_owners_and_plans(open: Open<'_>) {
    let store = open();
    let (made, ada) = store.add_account(account("ada@example.com"), at(5)).await.unwrap();
    assert_eq!((ada.account, &ada.user), (made.id, &owner("ada@example.com")));
    store.add_account(account("ada@example.com"), at(6)).await.unwrap_err();
    let (other, _) = store.add_account(NewAccount { plan: None, ..account("bob@example.com") }, at(7)).await.unwrap();
    assert!(store.set_plan(other.id, Some("pro".to_owned())).await.unwrap());
    assert!(!store.set_plan(AccountId(99), None).await.unwrap());
    store.close().await.unwrap();
    let store = open();
    let accounts = store.accounts().await.unwrap();
    let plans: Vec<_> = accounts.iter().map(|row| (row.id, row.plan.as_deref())).collect();
    assert_eq!(plans, [(AccountId::FIRST, None), (made.id, Some("free")), (other.id, Some("pro"))]);
    assert_eq!(accounts[1], AccountRow { created: at(5), ..made });
    assert_eq!(store.find_account(other.id).await.unwrap().as_ref(), Some(&accounts[2]));
    assert_eq!(store.find_account(AccountId(99)).await.unwrap(), None);
    assert_eq!(store.of(ada.account).users().await.unwrap(), [UserRow { created: at(5), ..ada }]);
    assert_eq!(store.users().await.unwrap(), []);
}

pub(crate) async fn accounts_are_counted_each_by_itself_and_in_pages(open: Open<'_>) {
    let store = open();
    let (ada, _) = store.add_account(account("ada@example.com"), at(5)).await.unwrap();
    let (bob, _) = store.add_account(account("bob@example.com"), at(6)).await.unwrap();
    store.of(ada.id).add_user(owner("eve@example.com"), at(7)).await.unwrap();
    enlist(&*store.of(ada.id), &["api"], at(8)).await;
    enlist(&*store.of(bob.id), &["api", "shop", "web"], at(8)).await;
    enlist(&*store.of(bob.id), &["web", "api"], at(9)).await;
    let all = store.counted_accounts(AccountId::FIRST, 9).await.unwrap();
    let of = |account: AccountRow, monitors, users| CountedAccount { account, monitors, users };
    assert_eq!((all.len(), all[0].account.id, all[0].monitors, all[0].users), (3, AccountId::FIRST, 0, 0));
    assert_eq!(all[1..], [of(ada.clone(), 1, 2), of(bob.clone(), 2, 1)]);
    assert_eq!(store.counted_accounts(ada.id, 1).await.unwrap(), [of(ada, 1, 2)]);
    assert_eq!(store.counted_accounts(AccountId(bob.id.0 + 1), 9).await.unwrap(), []);
}

pub(crate) async fn a_way_to_an_account_is_good_once_and_for_one_address(open: Open<'_>) {
    let store = open();
    let address = |text: &str| Address::new(text).expect("an address");
    let way = |who: &str, text: &str, expires: i64| NewSignUp {
        address: address(who),
        digest: Digest::of(text),
        expires: at(expires),
    };
    let (ada, bob) = ("ada@example.com", "bob@example.com");
    store.add_sign_up(way(ada, "one", 50), at(1)).await.unwrap();
    store.add_sign_up(way(ada, "two", 60), at(2)).await.unwrap();
    store.add_sign_up(way(bob, "bobs", 60), at(2)).await.unwrap();
    store.close().await.unwrap();
    let store = open();
    let whose = async |text: &str, now: i64| store.whose_sign_up(Digest::of(text), at(now)).await.unwrap();
    assert_eq!((whose("one", 5).await, whose("two", 5).await), (None, Some(address(ada))));
    assert_eq!((whose("two", 60).await, whose("guessed", 5).await), (None, None));
    let take =
        async |text: &str, who: &str, now: i64| store.sign_up(Digest::of(text), account(who), at(now)).await.unwrap();
    assert_eq!(take("one", ada, 5).await, None, "the second took its place");
    assert_eq!(take("two", bob, 5).await, None, "it is another's");
    assert_eq!(take("two", ada, 60).await, None, "too late");
    assert_eq!(store.accounts().await.unwrap().len(), 1);
    let (row, owner) = take("two", ada, 59).await.expect("it is good");
    assert_eq!((row.plan.as_deref(), owner.account, owner.user.address), (Some("free"), row.id, address(ada)));
    assert_eq!(take("two", ada, 59).await, None, "it was used");
    store.add_user(self::owner(bob), at(10)).await.unwrap();
    assert_eq!(whose("bobs", 11).await, None, "who is a user otherwise needs none");
    store.add_sign_up(way("eve@example.com", "eves", 70), at(60)).await.unwrap();
    store.add_user(self::owner("mallory@example.com"), at(61)).await.unwrap();
    store.add_sign_up(way("mallory@example.com", "m", 90), at(62)).await.unwrap();
    store.sign_up(Digest::of("m"), account("mallory@example.com"), at(63)).await.unwrap_err();
    assert!(whose("m", 64).await.is_some(), "an account that cannot be written takes nothing");
    store.add_sign_up(way("zoe@example.com", "z", 200), at(100)).await.unwrap();
    assert_eq!(whose("eves", 65).await, None, "what is over is forgotten");
}

pub(crate) async fn an_account_goes_with_all_that_belongs_to_it_and_its_number_never_comes_again(open: Open<'_>) {
    let first = open();
    let [hers] = enlist(&*first, &["api"], at(1)).await.try_into().unwrap();
    let (row, bob) = first.add_account(account("bob@example.com"), at(1)).await.unwrap();
    let view = first.of(row.id);
    let [api, other] = enlist(&*view, &["api", "shop"], at(2)).await.try_into().unwrap();
    view.commit(vec![down(api.id, 1, at(4), &["ops"]), down(other.id, 1, at(4), &["ops"])]).await.unwrap();
    let claimed = view.claim(at(9), Duration::from_secs(9), 9, &[]).await.unwrap();
    let again = Settlement::Retry { why: "busy".to_owned(), at: at(20) };
    view.settle(claimed[0].id, claimed[0].token, again, at(10)).await.unwrap();
    let mark =
        NewMark { at: at(5), kind: "deploy".to_owned(), text: "x".to_owned(), link: None, monitor: Some(api.id) };
    view.add_mark(mark).await.unwrap();
    let session = NewSession { user: bob.id, digest: Digest::of("s"), from: String::new(), agent: String::new() };
    view.add_session(session, LIFETIME, at(5)).await.unwrap();
    let key =
        NewKey { name: "k".to_owned(), digest: Digest::of("k"), scopes: Scopes::of([Scope::Read]), expires: None };
    view.add_key(key, at(6)).await.unwrap();

    assert!(!first.remove_account(AccountId::FIRST, at(30)).await.unwrap(), "it is that of who runs the server");
    assert!(!first.remove_account(AccountId(99), at(30)).await.unwrap());
    assert!(first.remove_account(row.id, at(30)).await.unwrap());
    assert!(!first.remove_account(row.id, at(31)).await.unwrap());
    first.close().await.unwrap();
    let first = open();
    let view = first.of(row.id);
    assert_eq!(first.accounts().await.unwrap().len(), 1);
    assert_eq!((view.monitors().await.unwrap(), view.users().await.unwrap()), (vec![], vec![]));
    assert_eq!((view.sessions().await.unwrap(), view.keys().await.unwrap()), (vec![], vec![]));
    assert_eq!(view.deliveries(DeliveryFilter::newest(9)).await.unwrap(), []);
    assert_eq!(view.claim(at(99), Duration::from_secs(9), 9, &[]).await.unwrap(), []);
    assert_eq!((first.whose_monitor(api.id).await.unwrap(), first.monitors().await.unwrap().len()), (None, 1));
    assert_eq!(first.whose_monitor(hers.id).await.unwrap(), Some(AccountId::FIRST), "others keep what is theirs");
    view.add_user(owner("late@example.com"), at(32)).await.unwrap_err();
    let (next, _) = first.add_account(account("bob@example.com"), at(33)).await.unwrap();
    assert_eq!(next.id, AccountId(row.id.0 + 1));
}

pub(crate) async fn what_one_view_writes_is_there_for_no_other(open: Open<'_>) {
    let first = open();
    let (row, _) = first.add_account(account("ada@example.com"), at(1)).await.unwrap();
    let second = first.of(row.id);
    let [api] = enlist(&*second, &["api"], at(2)).await.try_into().unwrap();
    second.record(vec![passed(api.id, at(3))]).await.unwrap();
    second.commit(vec![down(api.id, 1, at(4), &["ops"])]).await.unwrap();
    let mark = NewMark { at: at(5), kind: "deploy".to_owned(), text: "x".to_owned(), link: None, monitor: None };
    let mark = second.add_mark(mark).await.unwrap();
    let scopes = Scopes::of([Scope::Read]);
    let key = NewKey { name: "k".to_owned(), digest: Digest::of("k"), scopes, expires: None };
    let key = second.add_key(key, at(6)).await.unwrap();
    let address = Address::new("new@example.com").expect("an address");
    let asked = NewInvitation { address, role: Role::Viewer, digest: Digest::of("link"), expires: at(900) };
    let asked = second.invite(asked, at(7)).await.unwrap();

    let incident = IncidentId { monitor: api.id, seq: 1 };
    assert_eq!(first.monitors().await.unwrap(), []);
    assert_eq!(first.monitor(&api.id.to_string()).await.unwrap(), None);
    assert_eq!(first.results(api.id, at(0)..at(99), 9).await.unwrap(), []);
    assert_eq!(first.samples(api.id, at(0)..at(99)).await.unwrap(), []);
    assert_eq!(first.marks(api.id, at(0)..at(99)).await.unwrap(), []);
    assert_eq!(first.incident(incident).await.unwrap(), None);
    assert_eq!(first.deliveries(DeliveryFilter::newest(9)).await.unwrap(), []);
    assert_eq!(first.claim(at(9), Duration::from_secs(9), 9, &[]).await.unwrap(), []);
    assert_eq!(first.added_marks(at(0)..at(99), 9).await.unwrap(), []);
    assert!(!first.remove_mark(mark.id).await.unwrap());
    assert!(!first.remove_key(key.id).await.unwrap());
    assert!(!first.remove_invitation(asked.id).await.unwrap());

    assert_eq!(second.results(api.id, at(0)..at(99), 9).await.unwrap().len(), 1);
    let claimed = second.claim(at(9), Duration::from_secs(9), 9, &[]).await.unwrap();
    let settled = Settlement::Sent { answer: "ok".to_owned() };
    assert!(!first.settle(claimed[0].id, claimed[0].token, settled, at(10)).await.unwrap());
    assert_eq!(first.whose_monitor(api.id).await.unwrap(), Some(row.id));
    assert_eq!(first.whose_message(claimed[0].id).await.unwrap(), Some(row.id));
    assert_eq!(first.whose_invitation(Digest::of("link")).await.unwrap(), Some(row.id));
    assert_eq!(first.whose_monitor(MonitorId(99)).await.unwrap(), None);
}
