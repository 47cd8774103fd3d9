//! Accounts come and go while the server runs, starts and stops.

use allswell_monitor::access::{Address, Kept, Role, Secret};
use allswell_monitor::store::{NewAccount, NewUser};

use futures_util::future::{FutureExt as _, join, join3};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::server::{Options, Server};

const CONFIG: &str = "
plans: { free: { monitors: 1 }, pro: { monitors: 9 } }
server:
  sign_up: { plan: free, accounts: 3, private_networks: true }
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

/// Opens an account that tells somebody something, by a relay that lets it wait until this connection is dropped.
async fn with_a_message_on_its_way(keeper: &Keeper) -> (AccountId, TcpStream) {
    let id = write(keeper, "bob@example.com").await;
    keeper.open(id).await.expect("it opens");
    let relay = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let smtp = format!("smtp://{}", relay.local_addr().expect("bound"));
    let text = format!(
        r#"
channels: {{ mail: {{ type: email, smtp: "{smtp}", from: bob@example.com, to: [bob@example.com] }} }}
monitors:
  - {{ name: api, http: {{ url: "http://127.0.0.1:1/" }}, interval: 1s, timeout: 800ms, failure_threshold: 1, channels: [mail] }}
"#
    );
    let state = keeper.accounts().of(id).expect("it is open");
    state.resources.apply(vec![("a.yaml".to_owned(), text)], false, None).await.expect("it is in force");
    (id, relay.accept().await.expect("it is told").0)
}

/// Waits until somebody takes `id` down.
async fn leaves(keeper: &Keeper, id: AccountId) {
    while keeper.accounts().of(id).is_some() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_message_of_an_account_that_goes_keeps_no_other_waiting() {
    let folder = tempfile::tempdir().expect("a directory");
    let server = start(&folder).await;
    let keeper = server.keeper();
    let (id, message) = with_a_message_on_its_way(keeper).await;
    let eve = link(keeper, "eve@example.com").await;
    let meanwhile = async {
        leaves(keeper, id).await;
        sign_up(keeper, &eve).await.expect("there is room");
        keeper.keep_to(AccountId::FIRST, None).await.expect("written");
        keeper.open(id).await.expect("nothing fails");
        assert!(keeper.accounts().of(id).is_none(), "what is being deleted is not opened again");
        assert!(keeper.shared.store.find_account(id).await.expect("read").is_some(), "nobody waited for its end");
        drop(message);
    };
    let (removed, ()) = join(join(keeper.remove(id), keeper.remove(id)), meanwhile).await;
    assert_eq!(removed, (Ok(true), Ok(false)));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_waits_for_an_account_that_is_being_deleted() {
    let folder = tempfile::tempdir().expect("a directory");
    let server = start(&folder).await;
    let keeper = server.keeper();
    let (id, message) = with_a_message_on_its_way(keeper).await;
    let stop = async {
        leaves(keeper, id).await;
        keeper.finish().await;
        keeper.shared.store.find_account(id).await.expect("read")
    };
    let let_go = async {
        while !matches!(keeper.open(AccountId(99)).await, Err(FollowError::Stopping)) {
            tokio::task::yield_now().await;
        }
        assert_eq!(keeper.remove(id).now_or_never(), None, "another who wants it gone waits as well");
        drop(message);
    };
    let (removed, left, ()) = join3(keeper.remove(id), stop, let_go).await;
    assert_eq!((removed, left), (Ok(true), None));
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

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_could_not_be_deleted_goes_on() {
    let folder = tempfile::tempdir().expect("a directory");
    let server = start(&folder).await;
    let keeper = server.keeper();
    let id = write(keeper, "bob@example.com").await;
    keeper.open(id).await.expect("it opens");
    let account = keeper.take_out(id).await.expect("the server runs").expect("so does the account");
    account.finish(Some(&keeper.shared.health)).await;
    keeper.has_left(id, false).await;
    assert!(keeper.accounts().of(id).is_some());
    assert_eq!(keeper.remove(id).await, Ok(true), "and goes when it is tried again");
    server.stop().await;
}
