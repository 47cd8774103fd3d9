//! A small service to watch: an API whose readiness follows a real connection to a small database, which goes away now and then.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use allswell_probe::dialer::{Dialer, Options};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tracing::info;

/// How often the service looks at its database.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// When the database is away. Each round brings a new version a little before.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// Well, with the version of the round before.
    pub calm: Duration,
    /// Well, with the new version.
    pub deployed: Duration,
    /// The database is away.
    pub outage: Duration,
}

impl Default for Schedule {
    /// The first outage begins 25 seconds after the start, each lasts 20, and there is one every 100.
    fn default() -> Self {
        Self { calm: Duration::from_secs(17), deployed: Duration::from_secs(8), outage: Duration::from_secs(20) }
    }
}

impl Schedule {
    /// The rest between two rounds.
    const REST: Duration = Duration::from_secs(55);
}

/// The running service; it ends when this is dropped.
#[derive(Debug)]
pub struct SampleService {
    /// Where the API answers.
    pub api: SocketAddr,
    /// Where the database answers, when it is there.
    pub database: SocketAddr,
    _tasks: JoinSet<()>,
}

/// What the service knows of itself.
#[derive(Debug)]
struct Known {
    version: String,
    database: Result<Duration, String>,
}

type Shared = Arc<Mutex<Known>>;

impl SampleService {
    /// Starts the service and its database on free ports of this machine.
    ///
    /// # Errors
    /// When no port of the loopback address can be had.
    pub async fn start(schedule: Schedule, dialer: Dialer) -> std::io::Result<Self> {
        let database = TcpListener::bind("127.0.0.1:0").await?;
        let database_address = database.local_addr()?;
        let api = TcpListener::bind("127.0.0.1:0").await?;
        let api_address = api.local_addr()?;
        let known: Shared =
            Arc::new(Mutex::new(Known { version: version(0), database: Err("not asked yet".to_owned()) }));
        let mut tasks = JoinSet::new();
        tasks.spawn(run_database(database, database_address, schedule, Arc::clone(&known)));
        tasks.spawn(watch_database(database_address, dialer, Arc::clone(&known)));
        tasks.spawn(async move {
            let served = axum::serve(api, router(known)).await;
            if let Err(error) = served {
                info!(%error, "the sample service has ended");
            }
        });
        Ok(Self { api: api_address, database: database_address, _tasks: tasks })
    }
}

fn router(known: Shared) -> Router {
    Router::new()
        .route("/", get(|| async { "the sample shop is open\n" }))
        .route("/health", get(health))
        .route("/ready", get(ready))
        .with_state(known)
}

async fn health(State(known): State<Shared>) -> Json<Value> {
    Json(json!({ "status": "healthy", "version": read(&known, |known| known.version.clone()) }))
}

async fn ready(State(known): State<Shared>) -> impl IntoResponse {
    let (version, database) = read(&known, |known| (known.version.clone(), known.database.clone()));
    let (status, word, check) = match database {
        Ok(took) => {
            (StatusCode::OK, "healthy", json!({ "status": "ok", "response_time_ms": took.as_secs_f64() * 1e3 }))
        }
        Err(message) => {
            (StatusCode::SERVICE_UNAVAILABLE, "unhealthy", json!({ "status": "error", "message": message }))
        }
    };
    let checks = json!({ "database": check, "templates": { "status": "ok" } });
    (status, Json(json!({ "status": word, "version": version, "checks": checks })))
}

/// Answers every connection with one line, and closes the port during outages.
async fn run_database(mut listener: TcpListener, address: SocketAddr, schedule: Schedule, known: Shared) {
    for round in 1_u32.. {
        answer_for(&listener, schedule.calm).await;
        write(&known, |known| known.version = version(round));
        info!(version = version(round), "sample service: a new version is out");
        answer_for(&listener, schedule.deployed).await;
        drop(listener);
        info!(seconds = schedule.outage.as_secs(), "sample service: its database goes away");
        tokio::time::sleep(schedule.outage).await;
        listener = match TcpListener::bind(address).await {
            Ok(listener) => listener,
            Err(error) => {
                info!(%error, "sample service: its database cannot come back, another program took its port");
                return;
            }
        };
        info!("sample service: its database is back");
        answer_for(&listener, Schedule::REST).await;
    }
}

async fn answer_for(listener: &TcpListener, time: Duration) {
    let answering = async {
        loop {
            if let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.write_all(b"ready\n").await;
            }
        }
    };
    let _ = tokio::time::timeout(time, answering).await;
}

async fn watch_database(address: SocketAddr, dialer: Dialer, known: Shared) {
    let mut interval = tokio::time::interval(CHECK_INTERVAL);
    loop {
        let asked = interval.tick().await;
        let host = address.ip().to_string();
        let connected = dialer.connect(&host, address.port(), &Options::default(), asked + CHECK_INTERVAL).await;
        let database = match connected {
            Ok(connected) => Ok(connected.phases.connect.unwrap_or_default()),
            Err(error) => Err(error.reason.as_str().replace('_', " ")),
        };
        write(&known, |known| known.database = database);
    }
}

fn version(round: u32) -> String {
    format!("1.{}.0", 41 + round)
}

fn read<T>(known: &Shared, what: impl FnOnce(&Known) -> T) -> T {
    what(&known.lock().unwrap_or_else(PoisonError::into_inner))
}

fn write(known: &Shared, what: impl FnOnce(&mut Known)) {
    what(&mut known.lock().unwrap_or_else(PoisonError::into_inner));
}
