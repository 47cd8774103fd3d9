//! Signing in, as often as it is tried, over a real store.

use super::sessions::SESSIONS_MAX;
use super::*;
use crate::store::sqlite::{SqliteStore, Timing};
use allswell_core::Mono;

const START: Wall = Wall::from_ms(1_795_261_334_120);
const PASSWORD: &str = "correct horse battery";

fn at(seconds: u64) -> Now {
    let since = Duration::from_secs(seconds);
    Now { mono: Mono::after(since), wall: START + since }
}

fn ada() -> Address {
    Address::new("ada@example.com").expect("an address")
}

fn role(role: Role) -> PersonChange {
    PersonChange { role: Some(role), ..PersonChange::default() }
}

fn wish(address: &str, role: Role) -> NewPerson {
    let address = Address::new(address).expect("an address");
    NewPerson { address, name: None, role, password: PASSWORD.to_owned().into() }
}

fn attempt(address: &str, password: &str) -> SignIn {
    SignIn {
        address: Address::new(address).expect("an address"),
        password: password.to_owned().into(),
        code: None,
        from: "192.0.2.7".parse().expect("an address"),
        agent: "Firefox\u{1b}[2J".to_owned(),
    }
}

async fn open(folder: &std::path::Path) -> People {
    let store = SqliteStore::open(folder, START, Timing::none()).expect("the store opens");
    People::open(Arc::new(store), Passwords::for_tests()).await.expect("the store reads")
}

/// Ada, the owner, alone.
async fn with_ada() -> (People, UserRow, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let people = open(folder.path()).await;
    let user = people.create(wish("ada@example.com", Role::Owner), at(0).wall).await.expect("a user");
    (people, user, folder)
}

#[tokio::test]
async fn the_first_user_is_an_owner_and_the_last_owner_stays_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let people = open(folder.path()).await;
    assert!(people.is_empty());
    let first = people.create(wish("bob@example.com", Role::Editor), START).await;
    assert!(matches!(first, Err(PeopleError::First)));
    let ada = people.create(wish("Ada@Example.com", Role::Owner), START).await.expect("a user");
    assert_eq!((ada.user.name.as_str(), people.have_owner()), ("ada", true));
    let again = people.create(wish("ada@example.com", Role::Viewer), START).await;
    assert!(matches!(again, Err(PeopleError::Taken(_))));
    let bob = people.create(wish("bob@example.com", Role::Editor), START).await.expect("a user");
    assert!(matches!(people.change(ada.id, role(Role::Editor)).await, Err(PeopleError::LastOwner)));
    assert!(matches!(people.remove(ada.id).await, Err(PeopleError::LastOwner)));
    people
        .change(bob.id, PersonChange { name: Some("Robert".to_owned()), ..role(Role::Owner) })
        .await
        .expect("it is changed");
    people.change(ada.id, role(Role::Viewer)).await.expect("there is another owner");
    people.remove(ada.id).await.expect("she is none any more");
    assert!(matches!(people.remove(ada.id).await, Err(PeopleError::Missing)));
    assert_eq!(people.all().iter().map(|row| row.user.name.as_str()).collect::<Vec<_>>(), ["Robert"]);
}

#[tokio::test]
async fn who_signed_in_is_known_until_the_session_ends_also_over_a_restart() {
    let (people, ada, folder) = with_ada().await;
    let signed = people.sign_in(attempt("ADA@example.com", PASSWORD), at(5)).await.expect("signed in");
    let visitor = Visitor { account: ada.account, user: ada.id, session: signed.session.id, role: Role::Owner };
    assert_eq!(
        (signed.session.session.agent.as_str(), signed.session.session.from.as_str()),
        ("Firefox[2J", "192.0.2.7")
    );
    assert_eq!(people.admit(signed.secret.text(), at(6).wall).await, Some(visitor));
    assert_eq!(people.admit("aw_nobody", at(6).wall).await, None);
    people.admit(signed.secret.text(), at(70).wall).await.expect("known");
    people.store.close().await.expect("it closes");
    drop(people);
    let people = open(folder.path()).await;
    assert_eq!(people.admit(signed.secret.text(), at(71).wall).await, Some(visitor));
    assert_eq!(people.sessions_of(ada.id, at(71).wall)[0].used, at(70).wall);
    let idle = at(70).wall + LIFETIME.idle;
    assert_eq!(people.admit(signed.secret.text(), idle).await, None, "nobody used it for two weeks");
    assert_eq!(people.end(ada.id, Which::All).await.expect("it ends"), 1);
    assert_eq!(people.admit(signed.secret.text(), at(72).wall).await, None);
}

#[tokio::test]
async fn a_role_that_changed_holds_at_once_and_a_removed_user_is_nobody() {
    let (people, _, _folder) = with_ada().await;
    let bob = people.create(wish("bob@example.com", Role::Editor), START).await.expect("a user");
    let signed = people.sign_in(attempt("bob@example.com", PASSWORD), at(1)).await.expect("signed in");
    people.change(bob.id, role(Role::Viewer)).await.expect("it is changed");
    let role = async || people.admit(signed.secret.text(), at(2).wall).await.map(|visitor| visitor.role);
    assert_eq!(role().await, Some(Role::Viewer));
    people.remove(bob.id).await.expect("he goes");
    assert_eq!(role().await, None);
}

#[tokio::test]
async fn a_wrong_address_and_a_wrong_password_are_refused_alike_and_not_for_ever() {
    let (people, ..) = with_ada().await;
    for (address, password) in [("ada@example.com", "correct horse batterz"), ("eve@example.com", PASSWORD)] {
        for _ in 0..10 {
            let refused = people.sign_in(attempt(address, password), at(1)).await;
            assert!(matches!(refused, Err(PeopleError::Refused)), "{address}");
        }
        let refused = people.sign_in(attempt(address, password), at(1)).await;
        assert!(matches!(refused, Err(PeopleError::TooMany { wait }) if wait == Duration::from_secs(60)), "{address}");
    }
    let right = people.sign_in(attempt("ada@example.com", PASSWORD), at(1)).await;
    assert!(
        matches!(right, Err(PeopleError::TooMany { .. })),
        "who guesses on learns nothing, also by the right guess"
    );
    people.sign_in(attempt("ada@example.com", PASSWORD), at(61)).await.expect("a minute later");
}

#[tokio::test]
async fn a_new_password_signs_out_everywhere_else() {
    let (people, ada, _folder) = with_ada().await;
    let here = people.sign_in(attempt("ada@example.com", PASSWORD), at(1)).await.expect("signed in");
    let there = people.sign_in(attempt("ada@example.com", PASSWORD), at(2)).await.expect("signed in");
    let visitor = people.admit(here.secret.text(), at(3).wall).await.expect("known");
    let from = "192.0.2.7".parse().expect("an address");
    let change = async |current: &str, new: &str| {
        people.change_password(visitor, from, current.to_owned().into(), &new.to_owned().into(), at(3)).await
    };
    assert!(matches!(change("wrong", "another good one").await, Err(PeopleError::Refused)));
    assert!(matches!(change(PASSWORD, "short").await, Err(PeopleError::NotAPassword(NotAPassword::Length))));
    change(PASSWORD, "another good one").await.expect("it is changed");
    assert_eq!(people.admit(here.secret.text(), at(4).wall).await, Some(visitor));
    assert_eq!(people.admit(there.secret.text(), at(4).wall).await, None);
    assert!(matches!(people.sign_in(attempt("ada@example.com", PASSWORD), at(5)).await, Err(PeopleError::Refused)));
    // One whose password was looked at before it was changed comes too late.
    assert!(matches!(people.begin(ada, from, "", at(5).wall).await, Err(PeopleError::Refused)));
    people.sign_in(attempt("ada@example.com", "another good one"), at(5)).await.expect("signed in");
}

#[tokio::test]
async fn with_a_second_factor_the_password_is_not_enough_and_no_code_is_taken_twice() {
    let (people, ada, _folder) = with_ada().await;
    let from: IpAddr = "192.0.2.7".parse().expect("an address");
    let begin = async |password: &str| people.begin_factor(ada.id, from, password.to_owned().into(), at(0)).await;
    let sign_in = async |code: Option<&str>, seconds| {
        let attempt = SignIn { code: code.map(str::to_owned), ..attempt("ada@example.com", PASSWORD) };
        people.sign_in(attempt, at(seconds)).await.map(drop)
    };
    assert!(matches!(begin("wrong").await, Err(PeopleError::Refused)));
    assert!(matches!(people.confirm_factor(ada.id, "123456", at(0)).await, Err(PeopleError::NotBegun)));
    let (secret, _) = begin(PASSWORD).await.expect("begun");
    sign_in(None, 1).await.expect("nothing is asked for yet");
    assert!(matches!(people.confirm_factor(ada.id, "no code", at(1)).await, Err(PeopleError::CodeWrong)));
    let late = people.confirm_factor(ada.id, &secret.code_at(at(600).wall), at(600)).await;
    assert!(matches!(late, Err(PeopleError::NotBegun)));
    let codes = people.confirm_factor(ada.id, &secret.code_at(at(1).wall), at(1)).await.expect("confirmed");
    assert!(matches!(sign_in(None, 2).await, Err(PeopleError::CodeNeeded)));
    assert!(matches!(sign_in(Some("  "), 2).await, Err(PeopleError::CodeNeeded)));
    let used = secret.code_at(at(1).wall);
    assert!(matches!(sign_in(Some(&used), 2).await, Err(PeopleError::CodeWrong)), "it has confirmed already");
    let next = secret.code_at(at(40).wall);
    sign_in(Some(&format!("{} {}", &next[..3], &next[3..])), 40).await.expect("signed in");
    assert!(matches!(sign_in(Some(&next), 41).await, Err(PeopleError::CodeWrong)));
    sign_in(Some(&codes[3].to_uppercase()), 42).await.expect("signed in");
    assert!(matches!(sign_in(Some(&codes[3]), 43).await, Err(PeopleError::CodeWrong)));
    people.drop_factor(ada.id).await.expect("it goes");
    sign_in(None, 44).await.expect("signed in");
}

#[tokio::test]
async fn codes_are_not_guessed_without_end() {
    let (people, ada, _folder) = with_ada().await;
    let from = "192.0.2.7".parse().expect("an address");
    let (secret, _) = people.begin_factor(ada.id, from, PASSWORD.to_owned().into(), at(0)).await.expect("begun");
    people.confirm_factor(ada.id, &secret.code_at(at(0).wall), at(0)).await.expect("confirmed");
    let guess = async |code: &str| {
        let attempt = SignIn { code: Some(code.to_owned()), ..attempt("ada@example.com", PASSWORD) };
        people.sign_in(attempt, at(60)).await
    };
    for _ in 0..10 {
        assert!(matches!(guess("no code").await, Err(PeopleError::CodeWrong)));
    }
    assert!(matches!(guess(&secret.code_at(at(60).wall)).await, Err(PeopleError::TooMany { .. })));
}

#[tokio::test]
async fn an_invitation_is_good_once_and_for_a_week() {
    let (people, ..) = with_ada().await;
    let bob = Address::new("bob@example.com").expect("an address");
    let join = async |secret: &Secret, seconds| {
        let (token, password) = (secret.text().to_owned().into(), PASSWORD.to_owned().into());
        let from = "192.0.2.8".parse().expect("an address");
        people.join(Join { token, name: None, password, from, agent: String::new() }, at(seconds).wall).await
    };
    assert!(matches!(people.invite(ada(), Role::Viewer, START).await, Err(PeopleError::Taken(_))));
    let (_, replaced) = people.invite(bob.clone(), Role::Owner, START).await.expect("invited");
    let (row, secret) = people.invite(bob.clone(), Role::Viewer, START).await.expect("invited");
    assert_eq!(people.invitations(START).await.expect("read").len(), 1);
    assert!(matches!(join(&replaced, 1).await, Err(PeopleError::NotInvited)));
    assert!(matches!(join(&secret, 7 * 86_400).await, Err(PeopleError::NotInvited)), "too late");
    people.take_back(row.id).await.expect("taken back");
    assert!(matches!(people.take_back(row.id).await, Err(PeopleError::NotInvited)));
    assert!(matches!(join(&secret, 1).await, Err(PeopleError::NotInvited)));
    let (_, secret) = people.invite(bob.clone(), Role::Editor, START).await.expect("invited");
    let signed = join(&secret, 2).await.expect("he comes");
    assert_eq!((signed.user.user.address, signed.user.user.role), (bob, Role::Editor));
    assert!(people.admit(signed.secret.text(), at(3).wall).await.is_some());
    assert!(matches!(join(&secret, 3).await, Err(PeopleError::NotInvited)), "it was used");
}

#[tokio::test]
async fn nobody_gathers_sessions_without_end() {
    let (people, ada, _folder) = with_ada().await;
    let first = people.sign_in(attempt("ada@example.com", PASSWORD), at(0)).await.expect("signed in");
    for second in 1..=SESSIONS_MAX as u64 {
        people.begin(ada.clone(), "::1".parse().expect("an address"), "", at(second).wall).await.expect("begun");
    }
    assert_eq!(people.sessions_of(ada.id, at(200).wall).len(), SESSIONS_MAX);
    assert_eq!(people.admit(first.secret.text(), at(200).wall).await, None);
}

#[tokio::test]
async fn who_lost_a_password_chooses_another_one_by_a_link_that_is_good_once_and_for_an_hour() {
    let (people, ada_row, _folder) = with_ada().await;
    let signed = people.sign_in(attempt("ada@example.com", PASSWORD), at(0)).await.expect("signed in");
    let nobody = Address::new("nobody@example.com").expect("an address");
    assert!(people.forgot(&nobody, START).await.expect("looked for").is_none());
    let old = people.forgot(&ada(), START).await.expect("written").expect("a way");
    let way = people.forgot(&ada(), START).await.expect("written").expect("a way");
    let choose = async |way: &Reset, password: &str, seconds: u64| {
        let token = way.secret.text().to_owned().into();
        people.reset(&token, &password.to_owned().into(), at(seconds).wall).await
    };
    let new = "another horse entirely";
    assert!(matches!(choose(&old, new, 1).await, Err(PeopleError::NotReset)), "the second took its place");
    assert!(matches!(choose(&way, new, 3_600).await, Err(PeopleError::NotReset)), "too late");
    assert!(matches!(choose(&way, "short", 1).await, Err(PeopleError::NotAPassword(_))));
    assert_eq!(people.resetting(way.secret.text(), at(1).wall).await.expect("it is as good as before").id, ada_row.id);
    assert!(people.admit(signed.secret.text(), at(1).wall).await.is_some(), "looking changes nothing");
    choose(&way, new, 3_599).await.expect("chosen");
    assert_eq!(people.admit(signed.secret.text(), at(3_600).wall).await, None, "signed out everywhere");
    assert!(matches!(choose(&way, new, 3_599).await, Err(PeopleError::NotReset)), "it was used");
    let refused = people.sign_in(attempt("ada@example.com", PASSWORD), at(3_600)).await;
    assert!(matches!(refused, Err(PeopleError::Refused)));
    people.sign_in(attempt("ada@example.com", new), at(3_600)).await.expect("the new one is it");
}

#[tokio::test]
async fn a_lost_password_is_that_of_whatever_account_the_address_belongs_to() {
    use crate::store::{AccountStore as _, NewAccount, NewUser};
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path(), START, Timing::none()).expect("the store opens");
    let chosen = Password::chosen(&PASSWORD.to_owned().into(), &ada()).expect("it will do");
    let password = Passwords::for_tests().keep(chosen).await.expect("kept");
    let (name, role) = ("Bob".to_owned(), Role::Owner);
    let address = Address::new("bob@example.com").expect("an address");
    let owner = NewUser { address: address.clone(), name, role, password };
    let account = NewAccount { name: "bob".to_owned(), plan: None, owner };
    store.add_account(account, START).await.expect("an account");
    let people = People::open(Arc::new(store), Passwords::for_tests()).await.expect("the store reads");
    let way = people.forgot(&address, START).await.expect("written").expect("a way");
    let (token, new) = (way.secret.text().to_owned().into(), "another horse entirely".to_owned().into());
    people.reset(&token, &new, at(1).wall).await.expect("chosen");
    people.sign_in(attempt("bob@example.com", "another horse entirely"), at(2)).await.expect("the new one is it");
}

#[tokio::test]
async fn an_account_of_ones_own_comes_by_a_link_that_is_good_once_and_for_a_day() {
    let (people, ada_row, folder) = with_ada().await;
    let bob = Address::new("bob@example.com").expect("an address");
    let wants = async |address: &Address| people.wants_account(address.clone(), START).await.expect("written");
    let sign_up = async |way: &WayIn, password: &str, seconds: u64| {
        let (token, password) = (way.secret.text().to_owned().into(), password.to_owned().into());
        let wanted = SignUp { token, password, name: None, account: None };
        people.sign_up(wanted, "free".to_owned(), at(seconds).wall).await
    };
    let known = wants(&ada()).await;
    assert!(known.is_known && matches!(sign_up(&known, PASSWORD, 1).await, Err(PeopleError::NotSigningUp)));
    let (old, way) = (wants(&bob).await, wants(&bob).await);
    assert!(matches!(sign_up(&old, PASSWORD, 1).await, Err(PeopleError::NotSigningUp)), "the second took its place");
    assert!(matches!(sign_up(&way, PASSWORD, 86_400).await, Err(PeopleError::NotSigningUp)), "too late");
    assert!(matches!(sign_up(&way, "short", 1).await, Err(PeopleError::NotAPassword(_))));
    assert_eq!(people.signing_up(way.secret.text(), at(1).wall).await.expect("it is as good as before"), bob);
    let (account, owner) = sign_up(&way, PASSWORD, 86_399).await.expect("made");
    assert_eq!((account.name.as_str(), account.plan.as_deref()), ("bob@example.com", Some("free")));
    assert_eq!((owner.account, owner.user.name.as_str(), owner.user.role), (account.id, "bob", Role::Owner));
    assert!(matches!(sign_up(&way, PASSWORD, 2).await, Err(PeopleError::NotSigningUp)), "it was used");
    assert_eq!(people.all(), [ada_row], "the first account has nobody more");
    let signed = people.sign_in(attempt("bob@example.com", PASSWORD), at(3)).await.expect("signed in");
    assert_eq!(signed.user.account, account.id);
    people.store.close().await.expect("it closes");
    let people = open(folder.path()).await;
    let found = people.sign_in(attempt("bob@example.com", PASSWORD), at(4)).await.expect("it outlasts the process");
    assert_eq!(found.user.account, account.id);
}

#[test]
fn nothing_shows_a_password_by_accident() {
    let shown = format!("{:?} {:?}", wish("ada@example.com", Role::Owner), attempt("ada@example.com", PASSWORD));
    assert!(!shown.contains("horse"), "{shown}");
    assert_eq!(ada().to_string(), "ada@example.com");
}
