//! Puts the parts together, and takes them apart again in order: nobody decides any more, what is decided is written,
//! what is being sent is finished, the pages close, the store closes.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use allswell_core::Wall;
use allswell_monitor::access::{Keyring, Passwords, People, Secret};
use allswell_monitor::acknowledge::Acknowledger;
use allswell_monitor::audience::{Audience, Bulletin};
use allswell_monitor::clock::Clock;
use allswell_monitor::config::Config;
use allswell_monitor::engine::Engine;
use allswell_monitor::fleet::Fleet;
use allswell_monitor::health::ServerHealth;
use allswell_monitor::heartbeats::{Heartbeats, TokenKey};
use allswell_monitor::links::Links;
use allswell_monitor::metrics::{File, Metrics};
use allswell_monitor::notification::Notification;
use allswell_monitor::notify::email::Mailer;
use allswell_monitor::notify::{self, ChannelError, Deliverer};
use allswell_monitor::resources::{FollowError, Resources};
use allswell_monitor::runner::{Parts, Runner};
use allswell_monitor::scribe::{Emergency, Scribe};
use allswell_monitor::store::sqlite::{SqliteStore, Timing};
use allswell_monitor::store::{Store, StoreError};
use allswell_probe::Prober;
use futures_util::future::{BoxFuture, FutureExt};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tracing::{error, warn};

use crate::api::{self, ApiState};
use crate::pages::Console;
use crate::status_page::StatusPages;

/// How many askings may be under way at once.
const IN_FLIGHT_MAX: usize = 512;
/// How often old results are deleted.
const FORGETTING: Duration = Duration::from_secs(3_600);

/// Where a server lives.
pub struct Options {
    /// The directory of its files.
    pub data: PathBuf,
    /// Where it serves pages and API.
    pub listen: SocketAddr,
    /// A key that may do everything, beside those of the store.
    pub key: Option<Secret>,
    /// The files of the console.
    pub console: Console,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// Why a server does not start, or does not take a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {address}; where another program does, choose another address with --listen, like 127.0.0.1:0"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Others can reach the address, and nobody would ask them who they are.
    #[error(
        "will not listen on {address} before there is an API key or a user: whoever reaches it could read and change \
         everything; make a user with `allswell user add --role owner EMAIL --data {0}` or a key with \
         `allswell keys create --data {0} --scope write`, give one with --key-file, or listen on 127.0.0.1", data.display()
    )]
    Unguarded {
        /// The address.
        address: SocketAddr,
        /// Where the store is.
        data: PathBuf,
    },
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The relay for the server's own mails cannot be used.
    #[error("`server.mail`")]
    Mail(#[source] ChannelError),
    /// The configuration cannot be in force.
    #[error(transparent)]
    Follow(#[from] FollowError),
}

/// A running server.
pub struct Server {
    address: SocketAddr,
    data: PathBuf,
    is_new: bool,
    store: Arc<dyn Store>,
    health: Arc<ServerHealth>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
    deliverer: Deliverer,
    resources: Arc<Resources>,
    status_pages: Arc<StatusPages>,
    tasks: Tasks,
}

/// What runs beside the deliverer; each ends when it is told.
struct Tasks {
    stopping: watch::Sender<bool>,
    runner: JoinHandle<()>,
    pages: JoinHandle<()>,
    forgetting: JoinHandle<()>,
    publishing: JoinHandle<()>,
    writing: JoinHandle<()>,
    following: JoinHandle<()>,
}

impl Server {
    /// Opens the store, takes over `config`, and serves. Returns when pages are served and every monitor is scheduled.
    ///
    /// # Errors
    /// [`ServeError`] when the address or the store cannot be used.
    pub fn start(options: Options, config: Config) -> BoxFuture<'static, Result<Self, ServeError>> {
        // Boxed, like `stop`: compiled here and not again in the binary.
        Self::set_up(options, config).boxed()
    }

    #[expect(clippy::disallowed_methods, reason = "the server owns its tasks and joins them in `stop`")]
    async fn set_up(options: Options, config: Config) -> Result<Self, ServeError> {
        let Options { data, listen, key, console, clock } = options;
        let started = clock.now();
        let refused = |source| ServeError::Listen { address: listen, source };
        // Before the store, so that a second server on the same address fails without touching anything.
        let listener = TcpListener::bind(listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let is_new = !data.join("main.db").exists();
        let metrics = Arc::new(Metrics::new(env!("CARGO_PKG_VERSION")));
        let store = open(&data, started.wall, &metrics)?;
        let people = Arc::new(People::open(Arc::clone(&store), Passwords::default()).await?);
        let keys = Arc::new(Keyring::open(Arc::clone(&store), key.as_ref(), Arc::clone(&people)).await?);
        if keys.is_open() && !address.ip().is_loopback() {
            return Err(ServeError::Unguarded { address, data });
        }
        let health = Arc::new(ServerHealth::starting(started));
        let fleet = Arc::new(Fleet::new(started.wall));
        let public_url = config.server.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        let prober = Arc::new(Prober::new(config.server.address_policy.clone()));
        let committed = Arc::new(Notify::new());
        let failed =
            |source: std::io::Error| StoreError::Open { path: data.display().to_string(), source: source.into() };
        let links = Links::of(&data, &public_url).map_err(failed)?;
        let bulletin = Arc::new(Bulletin::default());
        let status_pages =
            StatusPages::of(&data, &public_url, Arc::clone(&clock), Arc::clone(&bulletin)).map_err(failed)?;
        let mailer = config.server.mail.as_ref().map(|relay| Mailer::new(relay, prober.dialer().clone()));
        let status_pages = match mailer.transpose().map_err(ServeError::Mail)? {
            Some(mailer) => status_pages.with_mail(Arc::clone(&store), mailer),
            None => status_pages,
        };
        let status_pages = Arc::new(status_pages);
        let audience = Audience { fleet: Arc::clone(&fleet), bulletin: Arc::clone(&bulletin) };
        let deliverer = Deliverer::start(notify::Parts {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            metrics: Arc::clone(&metrics),
            committed: Arc::clone(&committed),
            dialer: prober.dialer().clone(),
            links: links.clone(),
        });
        let scribe = Scribe::start(
            Arc::clone(&store),
            Arc::clone(&clock),
            Arc::clone(&metrics),
            Arc::clone(&health),
            audience.clone(),
            committed,
            emergency(&deliverer, &clock),
        );
        let (acknowledger, acknowledged) = Acknowledger::new(Arc::clone(&store), Arc::clone(&clock));
        let (heartbeats, calls) = Heartbeats::new(token_key(&data)?);
        let heartbeats = Arc::new(heartbeats);
        let parts = Parts {
            clock: Arc::clone(&clock),
            prober: Arc::clone(&prober),
            store: Arc::clone(&store),
            scribe,
            metrics: Arc::clone(&metrics),
            health: Arc::clone(&health),
            anchors: config.server.anchors.clone(),
            heartbeats: Arc::clone(&heartbeats),
            audience,
            calls,
            acknowledged,
        };
        let (commands, orders) = mpsc::channel(1);
        let resources = Arc::new(Resources::open(&*store, commands, deliverer.switch(), Arc::clone(&bulletin)).await?);
        let (stopping, stop) = watch::channel(false);
        let (stop_publishing, stop_writing) = (stop.clone(), stop.clone());
        let state = ApiState {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            metrics: Arc::clone(&metrics),
            health: Arc::clone(&health),
            keys,
            people,
            fleet: Arc::clone(&fleet),
            heartbeats,
            prober: Arc::clone(&prober),
            links,
            acknowledger,
            resources: Arc::clone(&resources),
            status_pages: Arc::clone(&status_pages),
            bulletin: Arc::clone(&bulletin),
            console,
            public_url: Some(public_url.clone()),
        };
        let tasks = Tasks {
            runner: tokio::spawn(Runner::new(Engine::new(IN_FLIGHT_MAX, Some(public_url)), parts).run(orders)),
            pages: tokio::spawn(serve(listener, state, stop.clone())),
            following: tokio::spawn({
                let (store, stop) = (Arc::clone(&store), stop.clone());
                async move { fleet.follow(store, stop).await }
            }),
            forgetting: tokio::spawn(forget(Arc::clone(&store), Arc::clone(&clock), config.server.retention, stop)),
            publishing: tokio::spawn({
                let (pages, store) = (Arc::clone(&status_pages), Arc::clone(&store));
                async move { pages.run(&*store, stop_publishing).await }
            }),
            writing: tokio::spawn({
                let pages = Arc::clone(&status_pages);
                async move { pages.write_mails(stop_writing).await }
            }),
            stopping,
        };
        let server =
            Self { address, data, is_new, store, health, metrics, clock, deliverer, resources, status_pages, tasks };
        server.configure(config).await?;
        server.health.started();
        Ok(server)
    }

    /// Makes `config` the one in force, beside what was written through the API. What it says of the server itself needs a
    /// restart.
    ///
    /// # Errors
    /// [`FollowError`]; then the one before stays in force.
    pub async fn configure(&self, config: Config) -> Result<(), FollowError> {
        self.resources.follow(config).await?;
        // What is decided until now is there when the server says that it has started.
        self.status_pages.publish_now(&*self.store).await;
        self.metrics.configured(true, self.clock.now().wall);
        Ok(())
    }

    /// Takes note that a new configuration could not be read, and the old one stays in force.
    pub fn rejected_configuration(&self) {
        self.metrics.configured(false, self.clock.now().wall);
    }

    /// Where pages and API are served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The directory of the server's files.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Whether the directory held no store before.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// How many monitors there are.
    pub fn monitors(&self) -> usize {
        self.resources.counts().0
    }

    /// How many channels there are.
    pub fn channels(&self) -> usize {
        self.resources.counts().1
    }

    /// Stops in order; everything that was decided is written when it returns.
    pub fn stop(self) -> BoxFuture<'static, ()> {
        self.take_down().boxed()
    }

    async fn take_down(self) {
        let Self { store, health, deliverer, resources, tasks, .. } = self;
        health.draining();
        resources.close();
        join("the engine", tasks.runner).await;
        deliverer.stop().await;
        // Who listened has gone already; then there is nothing to stop.
        let _ = tasks.stopping.send(true);
        // Before the pages: who follows the news is let go.
        join("the news", tasks.following).await;
        join("the pages", tasks.pages).await;
        join("the clean-up of old results", tasks.forgetting).await;
        join("the status pages", tasks.publishing).await;
        join("the mails to subscribers", tasks.writing).await;
        if let Err(error) = store.close().await {
            error!(error = &error as &dyn std::error::Error, "the store did not close well");
        }
    }
}

fn open(data: &Path, now: Wall, metrics: &Arc<Metrics>) -> Result<Arc<dyn Store>, StoreError> {
    let metrics = Arc::clone(metrics);
    let timing = Timing::new(move |file, took| {
        metrics.committed(if file == "main" { File::Main } else { File::Results }, took);
    });
    Ok(Arc::new(SqliteStore::open(data, now, timing)?))
}

fn token_key(data: &Path) -> Result<TokenKey, StoreError> {
    TokenKey::of(data).map_err(|error| StoreError::Open { path: data.display().to_string(), source: error.into() })
}

/// Tells every channel that the store fails, without the store.
fn emergency(deliverer: &Deliverer, clock: &Arc<dyn Clock>) -> Emergency {
    let (tell, clock) = (deliverer.emergency(), Arc::clone(clock));
    Box::new(move |error| {
        let at = clock.now().wall;
        tell(Notification::cannot_store(error, at), &format!("store:{}", at.ms()));
    })
}

async fn serve(listener: TcpListener, state: ApiState, mut stop: watch::Receiver<bool>) {
    let stopped = async move {
        let _ = stop.wait_for(|stop| *stop).await;
    };
    let service = api::router(state).into_make_service_with_connect_info::<SocketAddr>();
    if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(stopped).await {
        error!(%error, "the pages are not served any more");
    }
}

/// Deletes what is older than `retention`, once an hour.
async fn forget(store: Arc<dyn Store>, clock: Arc<dyn Clock>, retention: Duration, mut stop: watch::Receiver<bool>) {
    while tokio::time::timeout(FORGETTING, stop.wait_for(|stop| *stop)).await.is_err() {
        if let Err(error) = store.forget(clock.now().wall - retention).await {
            warn!(error = &error as &dyn std::error::Error, "cannot delete old results");
        }
    }
}

async fn join(what: &str, task: JoinHandle<()>) {
    if let Err(error) = task.await {
        error!(%error, "{what} broke");
    }
}
