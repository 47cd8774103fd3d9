//! Accounts come and go while the server runs, starts and stops.

use allswell_monitor::access::{Address, Kept, Role, Secret};
use allswell_monitor::store::{NewAccount, NewUser};

use super::*;
use crate::server::{Options, Server};

const CONFIG: &str = "
plans: { free: { monitors: 1 }, pro: { monitors: 9 } }
server:
  sign_up: { plan: free, accounts: 3 }
  mail: { smtp: \"smtp://127.0.0.1:1\", from: \"Acme <ops@acme.dev>\" }
";

async fn start(folder: &tempfile::TempDir) -> Server {
    let config = config::parse(CONFIG, "test.yaml".as_ref(), &|_| None).expect("a good configuration");
    Server::start(Options::alone(folder.path()), config).await.expect("starts")
}

/// Writes an account, and does not open it.
async fn write(keeper: &Keeper, email: &str) -> AccountId {
    let address = Address::new(email).expect("an address");
    let owner = NewUser { address, name: "Bob".to_owned(), role: Role::Owner, password: Kept(String::new()) };
    let new = NewAccount { name: "Acme".to_owned(), plan: Some("free".to_owned()), owner };
    keeper.shared.store.add_account(new, keeper.shared.clock.now().wall).await.expect("written").0.id
}

/// The link that somebody with this address got.
async fn link(keeper: &Keeper, email: &str) -> Secret {
    let address = Address::new(email).expect("an address");
    let way = keeper.shared.people.wants_account(address, keeper.shared.clock.now().wall).await;
    way.expect("written").secret
}

async fn sign_up(keeper: &Keeper, link: &Secret) -> Result<SignedIn, Problem> {
    let (token, password) = (link.text().to_owned().into(), "correct horse battery".to_owned().into());
    let place = Place { from: [192, 0, 2, 7].into(), is_here: false };
    keeper.sign_up(SignUp { token, password, name: None, account: None }, place, "").await
}

async fn is_good(keeper: &Keeper, link: &Secret) -> bool {
    keeper.shared.people.signing_up(link.text(), keeper.shared.clock.now().wall).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_does_not_run_yet_counts_among_those_there_are() {
    let folder = tempfile::tempdir().expect("a directory");
    let server = start(&folder).await;
    let keeper = server.keeper();
    write(keeper, "bob@example.com").await;
    let (eve, sam) = (link(keeper, "eve@example.com").await, link(keeper, "sam@example.com").await);
    sign_up(keeper, &eve).await.expect("there is room");
    let full = sign_up(keeper, &sam).await.expect_err("there is none");
    assert_eq!(full.status(), 409);
    assert!(is_good(keeper, &sam).await, "who runs the server may let it take more");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_uses_up_no_link() {
    let folder = tempfile::tempdir().expect("a directory");
    let server = start(&folder).await;
    let keeper = server.keeper();
    let eve = link(keeper, "eve@example.com").await;
    keeper.finish().await;
    assert_eq!(sign_up(keeper, &eve).await.expect_err("it stops").status(), 503);
    assert!(is_good(keeper, &eve).await);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_comes_between_writing_an_account_and_opening_it_holds() {
    let folder = tempfile::tempdir().expect("a directory");
    let server = start(&folder).await;
    let keeper = server.keeper();
    let id = write(keeper, "bob@example.com").await;
    assert!(keeper.keep_to(id, Some("pro".to_owned())).await.expect("written"));
    keeper.open(id).await.expect("it opens");
    let plan = keeper.accounts().of(id).and_then(|state| state.resources.kept_to()).expect("it is kept by one");
    assert_eq!((plan.name.as_str(), plan.limits.monitors), ("pro", Some(9)));
    keeper.open(AccountId(99)).await.expect("nothing is opened for nobody");
    assert!(keeper.accounts().of(AccountId(99)).is_none());
    server.stop().await;
}
