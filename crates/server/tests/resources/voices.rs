//! Two accounts on one server, each with an owner who has signed in and a key that may write.

use std::sync::Arc;

use allswell_core::Wall;
use allswell_monitor::access::{Address, NewPerson, Passwords, People, Role, Scope, Scopes, Secret};
use allswell_monitor::model::AccountId;
use allswell_monitor::store::sqlite::{SqliteStore, Timing};
use allswell_monitor::store::{AccountStore, NewAccount, NewKey, NewUser, Store};
use serde_json::{Value, json};

use super::world::{Answer, World};

const PASSWORD: &str = "correct horse battery";

/// The word that stands in every name of the first account, and in none of the second.
pub const HERS: &str = "hers";
/// The word that stands in every name of the second account, and in none of the first.
pub const BOBS: &str = "bobs";

/// What is asked in the name of an account.
pub struct Voice<'w> {
    pub world: &'w World,
    /// The word that stands in every name of the account.
    pub mark: &'static str,
    key: String,
    cookie: String,
}

impl<'w> Voice<'w> {
    pub async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let key = format!("Bearer {}", self.key);
        let origin = format!("http://{}", self.world.server().address());
        // What belongs to a user is asked for by one who has signed in.
        let who = if path.starts_with("/api/v1/me") {
            [("Cookie", self.cookie.as_str()), ("Origin", origin.as_str())]
        } else {
            [("Authorization", key.as_str()), ("Origin", origin.as_str())]
        };
        self.world.send(method, path, &who, body).await
    }

    /// A header by which its key is shown.
    pub fn shows_key(&self) -> String {
        format!("Authorization: Bearer {}", self.key)
    }

    /// A header by which its owner's browser is known.
    pub fn shows_cookie(&self) -> String {
        format!("Cookie: {}", self.cookie)
    }

    pub async fn get(&self, path: &str) -> Value {
        self.ask("GET", path, None).await.expect(200)
    }

    pub async fn make(&self, path: &str, body: Value) -> Value {
        let answer = self.ask("POST", path, Some(&body)).await;
        assert!(answer.status < 300, "{path}: {}", answer.body);
        answer.json()
    }

    /// The voices of the first and the second account, as `keys` has their keys.
    pub async fn of_both(world: &'w World, keys: &[String; 2]) -> [Self; 2] {
        let [ada, bob] = [signed_in(world, HERS).await, signed_in(world, BOBS).await];
        let voice = |mark, key: &String, cookie| Self { world, mark, key: key.clone(), cookie };
        [voice(HERS, &keys[0], ada), voice(BOBS, &keys[1], bob)]
    }
}

async fn signed_in(world: &World, mark: &str) -> String {
    let who = json!({ "email": format!("{mark}@example.com"), "password": PASSWORD });
    let answer = world.post("/api/v1/sign-in", &who).await;
    answer.expect(200);
    let cookie = answer.header("set-cookie").expect("a cookie");
    cookie.split(';').next().unwrap_or_default().to_owned()
}

/// A server with two accounts and this as its own file; and the key of each.
pub async fn start_two(yaml: &str) -> (World, [String; 2]) {
    let mut world = World::start().await;
    world.server.take().expect("it runs").stop().await;
    let keys = two_accounts(&world).await;
    world.begin(yaml).await;
    (world, keys)
}

/// The store of a server that does not run.
pub fn store_of(world: &World) -> Arc<SqliteStore> {
    let now = Wall::from_ms(1_795_261_334_120);
    Arc::new(SqliteStore::open(world.data.path(), now, Timing::none()).expect("the store opens"))
}

/// Writes two accounts into the store of a server that does not run, each with an owner and a key that may write.
async fn two_accounts(world: &World) -> [String; 2] {
    let now = Wall::from_ms(1_795_261_334_120);
    let first = store_of(world);
    let people = People::open(first.clone(), Passwords::for_tests()).await.expect("the store reads");
    let address = |mark: &str| Address::new(&format!("{mark}@example.com")).expect("an address");
    let wish =
        NewPerson { address: address(HERS), name: None, role: Role::Owner, password: PASSWORD.to_owned().into() };
    let ada = people.create(wish, now).await.expect("an owner");
    let password = ada.user.password.clone();
    let owner = NewUser { address: address(BOBS), name: BOBS.to_owned(), role: Role::Owner, password };
    let account = NewAccount { name: "bobs@example.com".to_owned(), plan: None, owner };
    let (row, _) = first.add_account(account, now).await.expect("an account");
    assert_ne!(row.id, AccountId::FIRST);
    let mut keys = [String::new(), String::new()];
    for (text, (mark, account)) in keys.iter_mut().zip([(HERS, AccountId::FIRST), (BOBS, row.id)]) {
        let secret = Secret::random().expect("random numbers");
        let scopes = Scopes::of([Scope::Write]);
        let key = NewKey { name: format!("{mark}-key"), digest: secret.digest(), scopes, expires: None };
        first.of(account).add_key(key, now).await.expect("a key");
        *text = secret.text().to_owned();
    }
    first.close().await.expect("the store closes");
    keys
}
