//! A small service to watch, with its health from the crate `allswell`: its readiness follows a real connection to a small
//! database, which goes away now and then, each time shortly after a deploy.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use allswell::{Check, Details, Health, Misuse, checks};
use anyhow::Context as _;
use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::get;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower_service::Service as _;
use tracing::{error, info};

/// How often the service looks at its database, and how long at most.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// When the database is away. Each round brings a new version a little before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    /// Well, with the version of the round before.
    calm: Duration,
    /// Well, with the new version.
    deployed: Duration,
    /// The database is away.
    outage: Duration,
    /// Well, until the next round.
    rest: Duration,
}

impl Default for Schedule {
    /// The first outage begins 25 seconds after the start, each lasts 20, and there is one every 100.
    fn default() -> Self {
        let [calm, deployed, outage, rest] = [17, 8, 20, 55].map(Duration::from_secs);
        Self { calm, deployed, outage, rest }
    }
}

/// The running service; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct SampleService {
    /// Where the API answers.
    pub(super) api: SocketAddr,
    /// Where the database answers, when it is there.
    pub(super) database: SocketAddr,
    _tasks: JoinSet<()>,
}

/// One instance of the service, with its own health, as a deploy starts it.
#[derive(Clone, Debug)]
struct Instance {
    app: Router,
    health: Health,
}

impl SampleService {
    /// Starts the service and its database on free ports of this machine.
    ///
    /// # Errors
    /// When no port of the loopback address can be had.
    pub(super) async fn start(schedule: Schedule) -> anyhow::Result<Self> {
        let listen = || TcpListener::bind("127.0.0.1:0");
        let (listener, api) = (listen().await?, listen().await?);
        let (database, address) = (listener.local_addr()?, api.local_addr()?);
        let first = instance(&version(0), database).context("the sample's health is put together wrongly")?;
        let (deploy, current) = watch::channel(first);
        let mut tasks = JoinSet::new();
        tasks.spawn(live(listener, database, schedule, deploy));
        tasks.spawn(async move {
            let app = Router::new().fallback(pass_on).with_state(current);
            if let Err(error) = axum::serve(api, app).await {
                error!(%error, "the sample service has ended");
            }
        });
        Ok(Self { api: address, database, _tasks: tasks })
    }
}

/// A load balancer of one: requests go to the instance that was deployed last.
async fn pass_on(State(current): State<watch::Receiver<Instance>>, request: Request) -> Result<Response, Infallible> {
    let mut app = current.borrow().app.clone();
    app.call(request).await
}

/// All that a service needs to have `/health`, `/ready`, `/startup` and `/metrics`.
fn instance(version: &str, database: SocketAddr) -> Result<Instance, Misuse> {
    let brisk = |check: Check| check.interval(CHECK_INTERVAL).timeout(CHECK_INTERVAL).failure_threshold(1);
    let health = Health::builder()
        .version(version)
        .details(Details::Full)
        .check(brisk(checks::tcp(database.to_string()).named("database")))
        .check(brisk(Check::new("templates", || async { true })))
        .build()?;
    let app = Router::new()
        .route("/", get(|| async { "the sample shop is open\n" }))
        .merge(health.router())
        .layer(health.layer());
    Ok(Instance { app, health })
}

/// Deploys, and takes the database away, round by round.
async fn live(mut listener: TcpListener, address: SocketAddr, schedule: Schedule, current: watch::Sender<Instance>) {
    for round in 1_u32.. {
        answer_for(&listener, schedule.calm).await;
        answer_while(&listener, deploy(round, address, &current)).await;
        answer_for(&listener, schedule.deployed).await;
        drop(listener);
        info!(seconds = schedule.outage.as_secs(), "sample service: its database goes away");
        tokio::time::sleep(schedule.outage).await;
        listener = match TcpListener::bind(address).await {
            Ok(listener) => listener,
            Err(error) => {
                error!(%error, "sample service: its database cannot come back, another program took its port");
                return;
            }
        };
        info!("sample service: its database is back");
        answer_for(&listener, schedule.rest).await;
    }
}

/// Puts a new version in the place of the old one, once it is ready.
async fn deploy(round: u32, database: SocketAddr, current: &watch::Sender<Instance>) {
    let version = version(round);
    let instance = match instance(&version, database) {
        Ok(instance) => instance,
        Err(error) => return error!(%error, "sample service: the new version does not start"),
    };
    let mut looks = tokio::time::interval(CHECK_INTERVAL / 10);
    while !instance.health.is_ready() {
        looks.tick().await;
    }
    current.send_replace(instance);
    info!(version, "sample service: a new version is out");
}

/// Answers every connection with one line for some time.
async fn answer_for(listener: &TcpListener, time: Duration) {
    answer_while(listener, tokio::time::sleep(time)).await;
}

/// Answers every connection with one line until something else is done.
async fn answer_while(listener: &TcpListener, done: impl Future<Output = ()>) {
    let answering = async {
        loop {
            if let Ok((mut stream, _)) = listener.accept().await {
                // Who asked may have gone already.
                let _ = stream.write_all(b"ready\n").await;
            }
        }
    };
    tokio::select! {
        () = done => {}
        () = answering => {}
    }
}

fn version(round: u32) -> String {
    format!("1.{}.0", 41 + round)
}
