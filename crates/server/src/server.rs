//! Puts the parts together, and takes them apart again in order: nobody decides any more, what is decided is written,
//! what is being sent is finished, the pages close, the store closes.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use allswell_core::Wall;
use allswell_monitor::access::{Keyring, Passwords, People, Secret};
use allswell_monitor::audience::Bulletin;
use allswell_monitor::backup::Backups;
use allswell_monitor::clock::{Clock, SystemClock};
use allswell_monitor::config::{self, Config};
use allswell_monitor::health::ServerHealth;
use allswell_monitor::heartbeats::TokenKey;
use allswell_monitor::links::Links;
use allswell_monitor::metrics::{File, Metrics};
use allswell_monitor::model::AccountId;
use allswell_monitor::notify::ChannelError;
use allswell_monitor::notify::email::Mailer;
use allswell_monitor::resources::{Addresses, FollowError, Resources};
use allswell_monitor::store::sqlite::{SqliteStore, Timing};
use allswell_monitor::store::{Store, StoreError};
use allswell_probe::{AddressPolicy, Prober};
use futures_util::future::{BoxFuture, FutureExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{error, warn};

use crate::account::{Account, Shared, join};
use crate::accounts::Accounts;
use crate::api;
use crate::keeper::Keeper;
use crate::pages::Console;
use crate::post::{Office, Post};
use crate::status_page::{Press, StatusPages};

/// How often old results are deleted.
const FORGETTING: Duration = Duration::from_secs(3_600);

/// So long a server that stops waits for who reads an answer: some read slowly, or not at all.
const READING: Duration = Duration::from_secs(10);

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

impl Options {
    /// A server by itself, for tests and benches: no console, no key, on a free port of this machine.
    pub fn alone(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            key: None,
            console: Console::default(),
            clock: Arc::new(SystemClock::new()),
        }
    }
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
    keeper: Arc<Keeper>,
    resources: Arc<Resources>,
    press: Arc<Press>,
    tasks: Tasks,
}

/// What runs beside the accounts; each ends when it is told.
struct Tasks {
    stopping: watch::Sender<bool>,
    pages: JoinHandle<()>,
    forgetting: JoinHandle<()>,
    posting: Option<JoinHandle<()>>,
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
        let backups = Arc::new(Backups::open(&data, Arc::clone(&store), Arc::clone(&clock)));
        let people = People::open(Arc::clone(&store), Passwords::default()).await?;
        let keys = Keyring::open(Arc::clone(&store), key.as_ref(), people.clone()).await?;
        if keys.is_open() && !address.ip().is_loopback() {
            return Err(ServeError::Unguarded { address, data });
        }
        let health = Arc::new(ServerHealth::starting(started));
        let public_url = config.server.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        let prober = Arc::new(Prober::new(config.server.address_policy.clone()));
        let bulletin = Arc::new(Bulletin::default());
        let mailer = config.server.mail.as_ref().map(|relay| Mailer::new(relay, prober.dialer().clone()));
        let mailer = mailer.transpose().map_err(ServeError::Mail)?.map(Arc::new);
        let failed =
            |source: std::io::Error| StoreError::Open { path: data.display().to_string(), source: source.into() };
        let addresses = Addresses::default();
        let status_pages =
            StatusPages::of(&data, &public_url, Arc::clone(&clock), addresses.clone()).map_err(failed)?;
        let status_pages = match &mailer {
            Some(mailer) => status_pages.with_mail(Arc::clone(mailer)),
            None => status_pages,
        };
        let post = mailer.map(|mailer| Post::new(mailer, people.clone(), Arc::clone(&clock), &public_url));
        let (post, office) = post.unzip();
        let (stopping, stop) = watch::channel(false);
        let shared = Shared {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            people,
            keys,
            health: Arc::clone(&health),
            prober,
            prober_of_others: Arc::new(Prober::new(of_others(&config.server))),
            anchors: config.server.anchors.clone(),
            links: Links::of(&data, &public_url).map_err(failed)?,
            token_key: TokenKey::of(&data).map_err(failed)?,
            status_pages: Arc::new(status_pages),
            addresses: addresses.clone(),
            post,
            console,
            public_url,
            backups,
            plans: config.plans.clone(),
        };
        let rows = store.accounts().await?;
        let row = rows.into_iter().find(|row| row.id == AccountId::FIRST).expect("opening the store writes it");
        let first = Account::open(&shared, row, Arc::clone(&metrics), bulletin).await?;
        // Before the file says what it wants: what others have had until now stays theirs.
        addresses.take_those_of_others(&*store).await?;
        let (resources, press) = (Arc::clone(&first.state.resources), Arc::clone(&first.state.press));
        let keeper = Arc::new(Keeper::new(shared, config.server.clone(), first));
        keeper.accounts().kept_by(&keeper);
        let tasks = Tasks::start(listener, &keeper, office, config.server.retention, stopping, &stop);
        let server = Self { address, data, is_new, store, health, metrics, clock, keeper, resources, press, tasks };
        server.configure(config).await?;
        server.keeper.open_others().await?;
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
        self.press.publish_now().await;
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

    /// Who opens its accounts.
    #[cfg(test)]
    pub(crate) fn keeper(&self) -> &Keeper {
        &self.keeper
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
        let Self { store, health, keeper, tasks, .. } = self;
        health.draining();
        // Before the pages: who follows the news is let go.
        keeper.finish().await;
        // Who listened has gone already; then there is nothing to stop.
        let _ = tasks.stopping.send(true);
        join("the pages", tasks.pages).await;
        join("the clean-up of old results", tasks.forgetting).await;
        if let Some(posting) = tasks.posting {
            join("the mails to users", posting).await;
        }
        if let Err(error) = store.close().await {
            error!(error = &error as &dyn std::error::Error, "the store did not close well");
        }
    }
}

impl Tasks {
    #[expect(clippy::disallowed_methods, reason = "the server owns its tasks and joins them in `stop`")]
    fn start(
        listener: TcpListener,
        keeper: &Keeper,
        office: Option<Office>,
        retention: Duration,
        stopping: watch::Sender<bool>,
        stop: &watch::Receiver<bool>,
    ) -> Self {
        let accounts = keeper.accounts().clone();
        let (store, clock) = (Arc::clone(&accounts.first().store), Arc::clone(&accounts.first().clock));
        Self {
            pages: tokio::spawn(serve(listener, accounts, stop.clone())),
            forgetting: tokio::spawn(forget(store, clock, retention, stop.clone())),
            posting: office.map(|office| tokio::spawn(office.run(stop.clone()))),
            stopping,
        }
    }
}

/// Which addresses all accounts but the first may have connected to: whoever watches from here sees nothing of what lies around us,
/// unless who runs the server says that they are among their own.
fn of_others(server: &config::Server) -> AddressPolicy {
    match &server.sign_up {
        Some(sign_up) if sign_up.private_networks => server.address_policy.clone(),
        _ => AddressPolicy { deny_private: true, allow: Vec::new() },
    }
}

fn open(data: &Path, now: Wall, metrics: &Arc<Metrics>) -> Result<Arc<dyn Store>, StoreError> {
    let metrics = Arc::clone(metrics);
    let timing = Timing::new(move |file, took| {
        metrics.committed(if file == "main" { File::Main } else { File::Results }, took);
    });
    Ok(Arc::new(SqliteStore::open(data, now, timing)?))
}

async fn serve(listener: TcpListener, accounts: Accounts, stop: watch::Receiver<bool>) {
    let service = api::router(accounts).into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(stopped(stop.clone()));
    match ended(serving.into_future(), stop, READING).await {
        Some(Ok(())) => {}
        Some(Err(error)) => error!(%error, "the pages are not served any more"),
        None => warn!("the server stops while somebody still reads: a download is cut off"),
    }
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// What `serving` comes to; `None` when that takes longer than `patience` from the moment on at which it is to stop.
async fn ended<T>(serving: impl Future<Output = T>, stop: watch::Receiver<bool>, patience: Duration) -> Option<T> {
    let too_late = async {
        stopped(stop).await;
        tokio::time::sleep(patience).await;
    };
    tokio::select! {
        biased;
        ended = serving => Some(ended),
        () = too_late => None,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_reads_without_end_keeps_no_server_from_stopping() {
        let (stopping, stop) = watch::channel(false);
        let told = async {
            stopping.send(true).expect("somebody listens");
            tokio::task::yield_now().await;
        };
        assert_eq!(ended(told, stop.clone(), READING).await, Some(()), "who is done in time is let finish");
        assert_eq!(ended(std::future::pending::<()>(), stop, Duration::ZERO).await, None);
    }
}
