//! What the server writes to its own people: the way to a new password or to an account, an invitation.
//!
//! Such a letter holds a secret, of which the store knows a digest; so it waits in memory and nowhere else. While the relay is away it is
//! tried again for as long as its link is good. A server that stops forgets it, and whoever waits for it asks again.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use allswell_core::throttle::{Limit, Throttle};
use allswell_core::{Now, Wall, backoff};
use allswell_monitor::access::{Address, People, Role, Secret, customer};
use allswell_monitor::clock::Clock;
use allswell_monitor::notify::Delivery;
use allswell_monitor::notify::email::{Mail, Mailer};
use futures_util::StreamExt as _;
use tokio::sync::{Semaphore, mpsc, watch};
use tracing::{info, warn};

use crate::letters::{self, Letter};

/// How often ways to new passwords, and to accounts, are asked for from one place.
const BY_PLACE: Limit = Limit { burst: 10, every: Duration::from_secs(60) };
/// How often one address is written to for one purpose; what is asked for beyond is answered alike, and nothing is sent.
const BY_ADDRESS: Limit = Limit { burst: 3, every: Duration::from_secs(1_200) };
/// Of so many it is known how often they asked.
const KNOWN_MAX: usize = 20_000;
/// So many letters wait at most; what comes beyond is not written.
const WAITING_MAX: usize = 1_000;
/// So many are on their way at once.
const AT_ONCE: usize = 64;
/// So long a letter is tried that a stranger asked for.
const TRIED_FOR_STRANGERS: Duration = Duration::from_secs(600);

/// Takes what is to be written. A copy is as good as the first.
#[derive(Clone)]
pub struct Post {
    orders: mpsc::Sender<Order>,
    throttles: Arc<Mutex<Throttles>>,
}

struct Throttles {
    places: Throttle<IpAddr>,
    addresses: Throttle<(Purpose, Address)>,
}

/// What somebody is written to for. Each has an allowance of its own, so that what a stranger has sent keeps back nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Purpose {
    Password,
    Account,
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
    /// Somebody was asked in.
    Invited(Invited),
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
        let throttles =
            Throttles { places: Throttle::new(BY_PLACE, KNOWN_MAX), addresses: Throttle::new(BY_ADDRESS, KNOWN_MAX) };
        let root = root.trim_end_matches('/').to_owned();
        let post = Self { orders, throttles: Arc::new(Mutex::new(throttles)) };
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
            let mut throttles = self.throttles.lock().unwrap_or_else(PoisonError::into_inner);
            throttles.places.take(&customer(from), now.mono)?;
            throttles.addresses.take(&whom, now.mono).is_ok()
        };
        if is_written {
            self.take(order);
        }
        Ok(())
    }

    /// Writes to somebody who was asked in.
    pub(crate) fn invite(&self, invited: Invited) {
        self.take(Order::Invited(invited));
    }

    fn take(&self, order: Order) {
        if self.orders.try_send(order).is_err() {
            warn!(most = WAITING_MAX, "a letter to a user is not written: too many wait, or the server is stopping");
        }
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
            Order::Invited(Invited { address, role, secret, expires }) => {
                let link = self.link("join", &secret);
                let letter = letters::invitation(self.host(), role.as_str(), &link);
                self.send(self.mail(&address, &secret, letter, now), expires).await;
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
