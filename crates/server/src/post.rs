//! What the server writes to its own people: the way to a new password or to an account, an invitation.
//!
//! Such a letter holds a secret, of which the store knows a digest; so it waits in memory and nowhere else. While the relay is away it is
//! tried again for as long as its link is good. A server that stops forgets it, and whoever waits for it asks again.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use allswell_core::throttle::{Limit, Throttle};
use allswell_core::{Now, Wall, backoff};
use allswell_monitor::access::{Address, People, Role, Secret, customer};
use allswell_monitor::clock::Clock;
use allswell_monitor::model::AccountId;
use allswell_monitor::notify::Delivery;
use allswell_monitor::notify::email::{Mail, Mailer};
use futures_util::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tracing::{info, warn};

use crate::letters::{self, Letter};

/// How often ways to new passwords, and to accounts, are asked for from one place.
const BY_PLACE: Limit = Limit { burst: 10, every: Duration::from_secs(60) };
/// How often one address is written to for one purpose; what is asked for beyond is answered alike, and nothing is sent.
const BY_ADDRESS: Limit = Limit { burst: 3, every: Duration::from_secs(1_200) };
/// How often an account but the first asks people in.
const BY_ACCOUNT: Limit = Limit { burst: 20, every: Duration::from_secs(600) };
/// Of so many it is known how often they asked.
const KNOWN_MAX: usize = 20_000;
/// So many letters wait at most; what comes beyond is not written.
const WAITING_MAX: usize = 1_000;
/// So many of these may be invitations by accounts but the first: there is room left for what others ask for.
const OF_GUESTS_MAX: usize = WAITING_MAX / 2;
/// So many are on their way at once.
const AT_ONCE: usize = 64;
/// So long a letter is tried that goes wherever a stranger says.
const TRIED_FOR_STRANGERS: Duration = Duration::from_secs(600);

/// Takes what is to be written. A copy is as good as the first.
#[derive(Clone)]
pub struct Post {
    orders: mpsc::Sender<Order>,
    throttles: Arc<Mutex<Throttles>>,
    /// An invitation by a guest has one until it is settled.
    of_guests: Arc<Semaphore>,
}

struct Throttles {
    places: Throttle<IpAddr>,
    addresses: Throttle<(Purpose, Address)>,
    accounts: Throttle<AccountId>,
}

/// What somebody is written to for. Each has an allowance of its own, so that what a stranger has sent keeps back nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Purpose {
    Password,
    Account,
    /// Of a guest: people that whoever runs the server asks in are their own.
    Invitation,
}

/// Writes and sends what a [`Post`] took.
pub(crate) struct Office {
    orders: mpsc::Receiver<Order>,
    mailer: Arc<Mailer>,
    people: People,
    clock: Arc<dyn Clock>,
    /// Where people find the server, without a slash at its end.
    root: String,
}

/// What is to be written.
enum Order {
    /// Somebody says that they have lost the password of this address.
    Forgot(Address),
    /// Somebody says that they want an account for this address.
    WantsAccount(Address),
    /// Somebody was asked in, by a guest when it has a place of theirs.
    Invited(Invited, Option<OwnedSemaphorePermit>),
}

/// Somebody who was asked in.
#[derive(Debug)]
pub(crate) struct Invited {
    pub(crate) address: Address,
    pub(crate) role: Role,
    pub(crate) secret: Secret,
    /// From when on the link is good no more.
    pub(crate) expires: Wall,
}

impl Post {
    /// A post whose letters go by `mailer` and lead to the server at `root`, and the office that must [run](Office::run) for it.
    pub(crate) fn new(mailer: Arc<Mailer>, people: People, clock: Arc<dyn Clock>, root: &str) -> (Self, Office) {
        let (orders, taken) = mpsc::channel(WAITING_MAX);
        let throttles = Throttles {
            places: Throttle::new(BY_PLACE, KNOWN_MAX),
            addresses: Throttle::new(BY_ADDRESS, KNOWN_MAX),
            accounts: Throttle::new(BY_ACCOUNT, KNOWN_MAX),
        };
        let root = root.trim_end_matches('/').to_owned();
        let of_guests = Arc::new(Semaphore::new(OF_GUESTS_MAX));
        let post = Self { orders, throttles: Arc::new(Mutex::new(throttles)), of_guests };
        (post, Office { orders: taken, mailer, people, clock, root })
    }

    /// Somebody at `from` says that they have lost the password of `address`. Whether anybody has that address is looked at later, so
    /// that not even the time this takes tells.
    ///
    /// # Errors
    /// How long to wait, when it was asked for too often from there.
    pub(crate) fn forgot(&self, address: Address, from: IpAddr, now: Now) -> Result<(), Duration> {
        self.ask(Order::Forgot(address.clone()), (Purpose::Password, address), from, now)
    }

    /// Somebody at `from` says that they want an account for `address`, as [`Self::forgot`] has it.
    ///
    /// # Errors
    /// How long to wait, when it was asked for too often from there.
    pub(crate) fn wants_account(&self, address: Address, from: IpAddr, now: Now) -> Result<(), Duration> {
        self.ask(Order::WantsAccount(address.clone()), (Purpose::Account, address), from, now)
    }

    fn ask(&self, order: Order, whom: (Purpose, Address), from: IpAddr, now: Now) -> Result<(), Duration> {
        let is_written = {
            let mut throttles = self.throttles();
            throttles.places.take(&customer(from), now.mono)?;
            throttles.addresses.take(&whom, now.mono).is_ok()
        };
        if is_written {
            self.take(order);
        }
        Ok(())
    }

    /// Somebody of `account` is about to ask somebody in, or to make a user. The first account may do so at any time.
    ///
    /// # Errors
    /// How long to wait, when that account did too often.
    pub(crate) fn may_invite(&self, account: AccountId, now: Now) -> Result<(), Duration> {
        if account == AccountId::FIRST { Ok(()) } else { self.throttles().accounts.take(&account, now.mono) }
    }

    /// Writes to somebody whom `account` has asked in; `false` when they are not written to: guests wrote to that address too often,
    /// or too many letters wait.
    pub(crate) fn invite(&self, account: AccountId, invited: Invited, now: Now) -> bool {
        if account == AccountId::FIRST {
            return self.take(Order::Invited(invited, None));
        }
        let Ok(place) = Arc::clone(&self.of_guests).try_acquire_owned() else {
            warn!(most = OF_GUESTS_MAX, "an invitation is not mailed: too many by accounts but the first wait");
            return false;
        };
        let whom = (Purpose::Invitation, invited.address.clone());
        let may = self.throttles().addresses.take(&whom, now.mono).is_ok();
        may && self.take(Order::Invited(invited, Some(place)))
    }

    /// Whether it is written.
    fn take(&self, order: Order) -> bool {
        let is_taken = self.orders.try_send(order).is_ok();
        if !is_taken {
            warn!(most = WAITING_MAX, "a letter to a user is not written: too many wait, or the server is stopping");
        }
        is_taken
    }

    fn throttles(&self) -> MutexGuard<'_, Throttles> {
        self.throttles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Office {
    /// Writes and sends, until `stop` says so.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let Self { orders, mailer, people, clock, root } = self;
        let desk = Desk { mailer, people, clock, root, turns: Semaphore::new(AT_ONCE) };
        let orders = futures_util::stream::unfold(orders, async |mut orders| Some((orders.recv().await?, orders)));
        let all = orders.for_each_concurrent(WAITING_MAX, |order| desk.handle(order));
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = all => {}
        }
    }
}

/// Where letters are written.
struct Desk {
    mailer: Arc<Mailer>,
    people: People,
    clock: Arc<dyn Clock>,
    root: String,
    /// A letter has one while it is sent, and none while it waits: many that wait keep no other from being sent.
    turns: Semaphore,
}

impl Desk {
    async fn handle(&self, order: Order) {
        let now = self.clock.now().wall;
        match order {
            Order::Forgot(address) => match self.people.forgot(&address, now).await {
                Ok(Some(reset)) => {
                    let link = self.link("reset", &reset.secret);
                    let mail = self.mail(&address, &reset.secret, letters::reset(self.host(), &link), now);
                    self.send(mail, reset.expires).await;
                }
                Ok(None) => {}
                Err(error) => {
                    warn!(error = &error as &dyn std::error::Error, "cannot make a way to a new password");
                }
            },
            Order::WantsAccount(address) => match self.people.wants_account(address.clone(), now).await {
                Ok(way) => {
                    let letter = match way.is_known {
                        true => letters::is_user(self.host(), &self.root),
                        false => letters::sign_up(self.host(), &self.link("sign-up", &way.secret)),
                    };
                    // It goes wherever a stranger says, so it is not tried for as long as its link is good.
                    let tried_until = way.expires.min(now + TRIED_FOR_STRANGERS);
                    self.send(self.mail(&address, &way.secret, letter, now), tried_until).await;
                }
                Err(error) => warn!(error = &error as &dyn std::error::Error, "cannot make a way to an account"),
            },
            Order::Invited(Invited { address, role, secret, expires }, of_guest) => {
                let link = self.link("join", &secret);
                let letter = letters::invitation(self.host(), role.as_str(), &link);
                let tried_until = match of_guest {
                    Some(_) => expires.min(now + TRIED_FOR_STRANGERS),
                    None => expires,
                };
                self.send(self.mail(&address, &secret, letter, now), tried_until).await;
            }
        }
    }

    fn link(&self, page: &str, secret: &Secret) -> String {
        format!("{}/{page}?token={}", self.root, secret.text())
    }

    /// The server as people call it.
    fn host(&self) -> &str {
        self.root.split_once("://").map_or(self.root.as_str(), |(_, host)| host)
    }

    fn mail(&self, to: &Address, secret: &Secret, letter: Letter, at: Wall) -> Mail {
        let Letter { subject, text, html } = letter;
        // Another name for the same link each time that it is tried would make it look like many.
        let name: String = secret.digest().0[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        Mail { to: to.to_string(), key: format!("user:{name}"), subject, text, html, unsubscribe: None, at }
    }

    /// Sends a mail, again and again while the relay is away and its link is good.
    async fn send(&self, mail: Mail, good_until: Wall) {
        let seed = mail.key.bytes().fold(0, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        for attempts in 1.. {
            let sent = {
                let _turn = self.turns.acquire().await;
                self.mailer.send(&mail).await
            };
            let why = match sent {
                Delivery::Accepted { .. } => return,
                Delivery::Refused { why } => {
                    info!(why, "a letter to a user was refused");
                    return;
                }
                Delivery::Unreachable { why, .. } | Delivery::Later { why, .. } | Delivery::Ambiguous { why } => why,
            };
            let wait = backoff::delay(attempts, seed);
            let is_over = self.clock.now().wall + wait >= good_until;
            warn!(why, attempts, given_up = is_over, "a letter to a user could not be sent");
            if is_over {
                return;
            }
            tokio::time::sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use allswell_core::Mono;
    use allswell_monitor::access::Passwords;
    use allswell_monitor::notify::email::RelaySettings;
    use allswell_monitor::store::sqlite::{SqliteStore, Timing};
    use allswell_probe::dialer::Dialer;

    use super::*;

    const START: Wall = Wall::from_ms(1_795_261_155_000);
    const BEGIN: Now = Now { mono: Mono::after(Duration::ZERO), wall: START };
    const WEEK: Duration = Duration::from_secs(7 * 86_400);

    /// A clock that goes a quarter of an hour ahead with every look at it.
    struct Quarters(watch::Sender<u32>);

    impl Clock for Quarters {
        fn now(&self) -> Now {
            self.0.send_modify(|looks| *looks += 1);
            let since = Duration::from_secs(900) * *self.0.borrow();
            Now { mono: Mono::after(since), wall: START + since }
        }
    }

    /// A post whose relay is never there.
    async fn post(folder: &tempfile::TempDir, clock: Quarters) -> (Post, Office) {
        let store = SqliteStore::open(folder.path(), START, Timing::none()).expect("a store");
        let people = People::open(Arc::new(store), Passwords::default()).await.expect("the store reads");
        let (smtp, from) = ("smtp://127.0.0.1:1".into(), "ops@acme.dev".to_owned());
        let relay = RelaySettings { smtp, starttls: None, username: None, password: None, from, ca: None };
        let mailer = Mailer::new(&relay, Dialer::default()).expect("good settings");
        Post::new(Arc::new(mailer), people, Arc::new(clock), "https://ops.acme.dev")
    }

    fn address(text: &str) -> Address {
        Address::new(text).expect("an address")
    }

    fn invited(text: &str) -> Invited {
        let secret = Secret::random().expect("random numbers");
        Invited { address: address(text), role: Role::Viewer, secret, expires: START + WEEK }
    }

    /// Whether a letter of `account` is not tried again a quarter of an hour after it was taken.
    async fn is_given_up(account: AccountId) -> bool {
        let folder = tempfile::tempdir().expect("a directory");
        let (looks, mut looked) = watch::channel(0);
        let (post, office) = post(&folder, Quarters(looks)).await;
        assert!(post.invite(account, invited("eve@example.com"), BEGIN));
        drop(post);
        let (_stopping, stop) = watch::channel(false);
        tokio::select! {
            biased;
            () = office.run(stop) => true,
            // When it was taken, and when the relay was not there.
            _ = looked.wait_for(|looks| *looks == 2) => false,
        }
    }

    #[tokio::test]
    async fn a_letter_of_a_guest_is_given_up_soon_and_one_of_the_first_account_is_not() {
        assert!(is_given_up(AccountId(2)).await);
        assert!(!is_given_up(AccountId::FIRST).await);
    }

    #[tokio::test]
    async fn invitations_of_guests_leave_room_for_all_else() {
        let folder = tempfile::tempdir().expect("a directory");
        let (post, office) = post(&folder, Quarters(watch::Sender::new(0))).await;
        let invite = |account, number: u32| {
            let invited = invited(&format!("friend{number}@example.com"));
            post.invite(AccountId(account), invited, BEGIN)
        };
        let mailed = (2..2_000).filter(|number| invite(*number, *number)).count();
        assert_eq!(mailed, OF_GUESTS_MAX);
        post.forgot(address("ada@example.com"), [192, 0, 2, 7].into(), BEGIN).expect("it is not too often");
        assert_eq!(office.orders.len(), OF_GUESTS_MAX + 1);
        assert!(invite(AccountId::FIRST.0, 0));
        drop(office);
        assert!(!invite(AccountId::FIRST.0, 1), "nobody writes any more");
    }
}
