//! One account: the parts that it has of its own, and those of the server that it uses.
//!
//! Its own are the view of the store, what is configured, the engine, the outbox and what is at hand of all of these. The files, the
//! dialler, the keys that links and tokens are made with, and who may sign in are the server's.

use std::collections::BTreeMap;
use std::sync::Arc;

use allswell_monitor::access::{Keyring, People};
use allswell_monitor::acknowledge::Acknowledger;
use allswell_monitor::audience::{Audience, Bulletin};
use allswell_monitor::backup::Backups;
use allswell_monitor::clock::Clock;
use allswell_monitor::config::Config;
use allswell_monitor::engine::Engine;
use allswell_monitor::fleet::Fleet;
use allswell_monitor::health::ServerHealth;
use allswell_monitor::heartbeats::{Heartbeats, TokenKey};
use allswell_monitor::links::Links;
use allswell_monitor::metrics::Metrics;
use allswell_monitor::model::AccountId;
use allswell_monitor::notification::Notification;
use allswell_monitor::notify::{self, Deliverer};
use allswell_monitor::plan::{Limits, Plan};
use allswell_monitor::resources::{Addresses, FollowError, Resources};
use allswell_monitor::runner::{Parts, Runner};
use allswell_monitor::scribe::{Emergency, Scribe};
use allswell_monitor::store::{AccountRow, Store, StoreError};
use allswell_probe::Prober;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tracing::error;

use crate::api::ApiState;
use crate::pages::Console;
use crate::post::Post;
use crate::status_page::{Press, StatusPages};

/// How many askings of one account may be under way at once: those of the first.
const IN_FLIGHT_MAX: usize = 512;
/// Those of any other.
const IN_FLIGHT_OF_OTHERS_MAX: usize = 64;

/// What all accounts of a server use.
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) people: People,
    pub(crate) keys: Keyring,
    pub(crate) health: Arc<ServerHealth>,
    /// Asks for the first account.
    pub(crate) prober: Arc<Prober>,
    /// Asks for all others.
    pub(crate) prober_of_others: Arc<Prober>,
    pub(crate) anchors: Vec<String>,
    pub(crate) links: Links,
    pub(crate) token_key: TokenKey,
    pub(crate) status_pages: Arc<StatusPages>,
    /// Which account has which address of a status page.
    pub(crate) addresses: Addresses,
    /// Writes to users; `None` without a relay.
    pub(crate) post: Option<Post>,
    pub(crate) console: Console,
    pub(crate) public_url: String,
    /// For who runs the server.
    pub(crate) backups: Arc<Backups>,
    /// What accounts may have, by the name of their plan.
    pub(crate) plans: BTreeMap<String, Limits>,
}

impl Shared {
    /// The plan called `name`.
    pub(crate) fn plan(&self, name: String) -> Plan {
        match self.plans.get(&name) {
            Some(limits) => Plan { limits: limits.clone(), name },
            None => {
                error!(plan = name, "the configuration has no such plan: accounts that have it get nothing more");
                Plan::unknown(name)
            }
        }
    }
}

/// A running account.
pub(crate) struct Account {
    pub(crate) state: ApiState,
    runner: JoinHandle<()>,
    /// What shows how it is, until it is told to stop.
    showing: [JoinHandle<()>; 3],
    stopping: watch::Sender<bool>,
    deliverer: Deliverer,
}

impl Account {
    /// Opens an account; it asks and tells nobody before it was configured. What is counted goes to `metrics`, what changes for
    /// strangers to `bulletin`.
    #[expect(clippy::disallowed_methods, reason = "an account owns its tasks and joins them in `stop`")]
    pub(crate) async fn open(
        shared: &Shared,
        row: AccountRow,
        metrics: Arc<Metrics>,
        bulletin: Arc<Bulletin>,
    ) -> Result<Self, StoreError> {
        let account = row.id;
        let (store, clock) = (shared.store.of(account), Arc::clone(&shared.clock));
        let is_first = account == AccountId::FIRST;
        let prober = Arc::clone(if is_first { &shared.prober } else { &shared.prober_of_others });
        let fleet = Arc::new(Fleet::new(Arc::clone(&clock)));
        let audience = Audience { fleet: Arc::clone(&fleet), bulletin: Arc::clone(&bulletin) };
        let committed = Arc::new(Notify::new());
        let deliverer = Deliverer::start(notify::Parts {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            metrics: Arc::clone(&metrics),
            committed: Arc::clone(&committed),
            dialer: prober.dialer().clone(),
            links: shared.links.clone(),
        });
        let scribe = Scribe::start(
            Arc::clone(&store),
            Arc::clone(&clock),
            Arc::clone(&metrics),
            Arc::clone(&shared.health),
            audience.clone(),
            committed,
            emergency(&deliverer, &clock),
        );
        let (acknowledger, acknowledged) = Acknowledger::new(Arc::clone(&store), Arc::clone(&clock));
        let (heartbeats, calls) = Heartbeats::new(shared.token_key.of_account(account));
        let heartbeats = Arc::new(heartbeats);
        let parts = Parts {
            clock: Arc::clone(&clock),
            prober: Arc::clone(&prober),
            store: Arc::clone(&store),
            scribe,
            metrics: Arc::clone(&metrics),
            health: Arc::clone(&shared.health),
            anchors: shared.anchors.clone(),
            heartbeats: Arc::clone(&heartbeats),
            audience,
            calls,
            acknowledged,
        };
        let (commands, orders) = mpsc::channel(1);
        let addresses = shared.addresses.of(account);
        let plan = row.plan.clone().map(|name| shared.plan(name));
        let (channels, shown) = (deliverer.switch(), Arc::clone(&bulletin));
        let resources = Resources::open(&*store, commands, channels, shown, addresses, plan).await?;
        let resources = Arc::new(resources);
        let most = if is_first { IN_FLIGHT_MAX } else { IN_FLIGHT_OF_OTHERS_MAX };
        let engine = Engine::new(most, Some(shared.public_url.clone()));
        let runner = tokio::spawn(Runner::new(engine, parts).run(orders));
        let press = Press::new(Arc::clone(&shared.status_pages), Arc::clone(&store), Arc::clone(&bulletin));
        let press = Arc::new(press);
        let (stopping, stop) = watch::channel(false);
        let showing = [
            tokio::spawn({
                let (fleet, store, stop) = (Arc::clone(&fleet), Arc::clone(&store), stop.clone());
                async move { fleet.follow(store, stop).await }
            }),
            tokio::spawn({
                let (press, stop) = (Arc::clone(&press), stop.clone());
                async move { press.run(stop).await }
            }),
            tokio::spawn({
                let press = Arc::clone(&press);
                async move { press.write_mails(stop).await }
            }),
        ];
        let state = ApiState {
            account: Arc::new(row),
            store,
            clock,
            metrics,
            health: Arc::clone(&shared.health),
            keys: shared.keys.of(account),
            people: shared.people.of(account),
            fleet,
            heartbeats,
            prober,
            links: shared.links.clone(),
            acknowledger,
            resources,
            press,
            bulletin,
            post: shared.post.clone(),
            console: shared.console.clone(),
            public_url: Some(shared.public_url.clone()),
            backups: is_first.then(|| Arc::clone(&shared.backups)),
        };
        Ok(Self { state, runner, showing, stopping, deliverer })
    }

    /// Puts `config`, and what was written through the API, in force.
    pub(crate) async fn follow(&self, config: Config) -> Result<(), FollowError> {
        self.state.resources.follow(config).await
    }

    /// Decides nothing more, writes what is decided, finishes what is being sent and lets those go who follow. `without_it` is the
    /// health of a server that goes on.
    pub(crate) async fn finish(self, without_it: Option<&ServerHealth>) {
        self.state.resources.close().await;
        join("the engine", self.runner).await;
        // At once: a message that is still being sent takes longer than an engine may be silent.
        if let Some(health) = without_it {
            health.ended(self.state.store.account());
        }
        self.deliverer.stop().await;
        // Who listened has gone already; then there is nothing to stop.
        let _ = self.stopping.send(true);
        for task in self.showing {
            join("what an account shows", task).await;
        }
    }
}

/// Tells every channel that the store fails, without the store.
fn emergency(deliverer: &Deliverer, clock: &Arc<dyn Clock>) -> Emergency {
    let (tell, clock) = (deliverer.emergency(), Arc::clone(clock));
    Box::new(move |error| {
        let at = clock.now().wall;
        tell(Notification::cannot_store(error, at), &format!("store:{}", at.ms()));
    })
}

/// Waits for the end of `task`.
pub(crate) async fn join(what: &str, task: JoinHandle<()>) {
    if let Err(error) = task.await {
        error!(%error, "{what} broke");
    }
}
