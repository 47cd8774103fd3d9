//! The ready-made checks of databases against real ones: well, frozen in the middle, thawed, their pools exhausted, gone.
#![cfg(feature = "full")]
#![allow(clippy::disallowed_methods, reason = "tests start processes and read clocks")]

mod common;
#[path = "common/mongo.rs"]
mod mongo;
#[path = "common/server.rs"]
mod server;

use std::time::{Duration, Instant};

use allswell::{Check, Details, Health, Status, checks};
use axum::Router;
use common::{Answer, eventually, get, serve, until};
use server::Server;

const SECRET: &str = "hunter2";
const INTERVAL: Duration = Duration::from_millis(400);
const TIMEOUT: Duration = Duration::from_millis(300);

fn brisk(check: Check) -> Check {
    check.interval(INTERVAL).timeout(TIMEOUT)
}

/// A service with this check, whose public answers never show the secret.
async fn service(check: Check) -> (Health, std::net::SocketAddr) {
    let health = Health::builder().details(Details::Full).details_token("sesame").check(check).build().unwrap();
    let app: Router = health.router();
    let address = serve(app.layer(health.layer())).await;
    (health, address)
}

fn ready(answer: &Answer) -> bool {
    assert!(!answer.body.contains(SECRET), "{answer:?}");
    answer.code == 200
}

/// Waits for the message of a failure.
async fn fails_with(health: &Health, words: &[&str]) {
    let name = health.results()[0].name.clone();
    let says = || health.result(&name).unwrap().message.unwrap_or_default();
    let failed = || health.result(&name).unwrap().status == Status::Error;
    eventually(&format!("one of {words:?}"), || failed() && words.iter().any(|word| says().contains(word))).await;
    let detail = health.result(&name).unwrap().detail.unwrap();
    assert!(!detail.contains(SECRET), "{detail}");
}

/// Frozen and thawed: not ready within the time that is promised, every request answered meanwhile, ready again after.
async fn survives_a_freeze(server: &mut Server, health: &Health, address: std::net::SocketAddr, own: usize) {
    until(address, "/ready", ready).await;
    server.freeze();
    let frozen = Instant::now();
    let answer = until(address, "/ready", |answer| answer.code == 503).await;
    assert!(answer.json()["reason"].as_str().unwrap().starts_with("check failed"), "{answer:?}");
    // Three failures in a row at this interval, and the time of the last; the rest is slack for a busy machine.
    assert!(frozen.elapsed() < 3 * INTERVAL + TIMEOUT + Duration::from_secs(5), "{:?}", frozen.elapsed());
    let failures = |more: u32| health.results()[0].consecutive_failures >= more;
    eventually("it is asked on and on", || failures(8)).await;
    assert!(server.connections() <= own + 1, "{} connections, {own} of the pool", server.connections());
    assert_eq!(get(address, "/health").await.code, 200, "no reason to be restarted");
    server.thaw();
    until(address, "/ready", ready).await;
}

/// All connections taken by others: said so, and ready again when they are given back.
async fn survives_exhaustion<T>(health: &Health, address: std::net::SocketAddr, take_all: impl AsyncFnOnce() -> T) {
    let taken = take_all().await;
    fails_with(health, &["pool exhausted"]).await;
    drop(taken);
    until(address, "/ready", ready).await;
}

mod needs_postgres {
    use super::*;
    use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

    fn options(server: &Server) -> PgConnectOptions {
        let address = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(server.port);
        address.username("postgres").password(SECRET).database("postgres")
    }

    #[tokio::test]
    async fn an_sqlx_pool_of_postgresql() {
        let mut server = Server::postgres();
        let pool = PgPoolOptions::new().max_connections(2).connect_lazy_with(options(&server));
        let (health, address) = service(brisk(checks::sqlx(pool.clone()))).await;
        survives_a_freeze(&mut server, &health, address, 2).await;
        let both = async || (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
        survives_exhaustion(&health, address, both).await;
        server.stop();
        fails_with(&health, &["connection refused"]).await;
    }

    #[tokio::test]
    async fn a_sea_orm_connection_to_postgresql() {
        let mut server = Server::postgres();
        let pool = PgPoolOptions::new().max_connections(2).connect_lazy_with(options(&server));
        let connection = sea_orm::SqlxPostgresConnector::from_sqlx_postgres_pool(pool.clone());
        let (health, address) = service(brisk(checks::sea_orm(connection))).await;
        survives_a_freeze(&mut server, &health, address, 2).await;
        let both = async || (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
        survives_exhaustion(&health, address, both).await;
        server.stop();
        fails_with(&health, &["connection refused"]).await;
    }

    #[tokio::test]
    async fn one_connection_of_tokio_postgres() {
        use deadpool_postgres::tokio_postgres::{Config, NoTls};
        let mut server = Server::postgres();
        let mut config = Config::new();
        config.host("127.0.0.1").port(server.port).user("postgres").password(SECRET);
        // It listens a moment before it lets anybody in.
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        let (client, connection) = loop {
            pace.tick().await;
            match config.connect(NoTls).await {
                Ok(connected) => break connected,
                Err(error) => assert!(error.to_string().contains("db error"), "{error:?}"),
            }
        };
        tokio::spawn(connection);
        let (health, address) = service(brisk(checks::tokio_postgres(client.into()))).await;
        survives_a_freeze(&mut server, &health, address, 1).await;
        server.stop();
        fails_with(&health, &["connection lost"]).await;
    }

    #[tokio::test]
    async fn a_pool_whose_users_hang_with_the_database_is_not_called_exhausted() {
        let mut server = Server::postgres();
        let pool = PgPoolOptions::new().max_connections(2).connect_lazy_with(options(&server));
        let (health, address) = service(brisk(checks::sqlx(pool.clone()))).await;
        until(address, "/ready", ready).await;
        let taken = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
        server.freeze();
        fails_with(&health, &["timed out"]).await;
        server.thaw();
        fails_with(&health, &["pool exhausted"]).await;
        drop(taken);
        until(address, "/ready", ready).await;
    }

    #[tokio::test]
    async fn a_deadpool_of_tokio_postgres() {
        let mut server = Server::postgres();
        let mut config = deadpool_postgres::tokio_postgres::Config::new();
        config.host("127.0.0.1").port(server.port).user("postgres").password(SECRET);
        let manager = deadpool_postgres::Manager::new(config, deadpool_postgres::tokio_postgres::NoTls);
        let pool = deadpool_postgres::Pool::builder(manager).max_size(2).build().unwrap();
        let (health, address) = service(brisk(checks::deadpool_postgres(pool.clone()))).await;
        survives_a_freeze(&mut server, &health, address, 2).await;
        let both = async || (pool.get().await.unwrap(), pool.get().await.unwrap());
        survives_exhaustion(&health, address, both).await;
        server.stop();
        fails_with(&health, &["connection refused"]).await;
    }
}

mod needs_redis {
    use super::*;

    #[tokio::test]
    async fn a_connection_of_redis_that_connects_again() {
        let mut server = Server::redis();
        let client = redis::Client::open(format!("redis://127.0.0.1:{}/", server.port)).unwrap();
        let manager = redis::aio::ConnectionManager::new(client).await.unwrap();
        let (health, address) = service(brisk(checks::redis(manager))).await;
        survives_a_freeze(&mut server, &health, address, 1).await;
        server.stop();
        fails_with(&health, &["connection refused", "connection lost", "timed out"]).await;
    }
}

mod needs_mariadb {
    use super::*;
    use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};

    #[tokio::test]
    async fn an_sqlx_pool_of_mariadb() {
        let mut server = Server::mariadb();
        let options = MySqlConnectOptions::new().host("127.0.0.1").port(server.port).username("root").password(SECRET);
        let pool = MySqlPoolOptions::new().max_connections(2).connect_lazy_with(options);
        let (health, address) = service(brisk(checks::sqlx(pool))).await;
        survives_a_freeze(&mut server, &health, address, 2).await;
        server.stop();
        fails_with(&health, &["connection refused"]).await;
    }
}

#[tokio::test]
async fn a_client_of_mongodb() {
    use mongo::{Mongo, Mood};
    use mongodb::bson::doc;
    let server = Mongo::start().await;
    let url = format!("mongodb://app:{SECRET}@{}/orders?maxPoolSize=1&authMechanism=PLAIN", server.address);
    let mut options = mongodb::options::ClientOptions::parse(url).await.unwrap();
    // The server knows no users; the password must not show up all the same.
    options.credential = None;
    options.server_selection_timeout = Some(Duration::from_millis(100));
    let client = mongodb::Client::with_options(options).unwrap();
    let (health, address) = service(brisk(checks::mongodb(client.database("orders")))).await;
    until(address, "/ready", ready).await;
    server.mood.send_replace(Mood::Frozen);
    fails_with(&health, &["timed out"]).await;
    server.mood.send_replace(Mood::Well);
    until(address, "/ready", ready).await;
    server.mood.send_replace(Mood::Holding);
    let hold = client.clone();
    let held = tokio::spawn(async move { hold.database("orders").run_command(doc! { "count": "things" }).await });
    fails_with(&health, &["pool exhausted"]).await;
    server.mood.send_replace(Mood::Well);
    held.await.unwrap().unwrap();
    until(address, "/ready", ready).await;
    drop(server);
    fails_with(&health, &["no server is reachable", "connection refused", "connection lost"]).await;
}

#[tokio::test]
async fn an_sqlx_pool_of_sqlite() {
    let pool = sqlx::SqlitePool::connect("sqlite::memory:").await.unwrap();
    let (health, address) = service(brisk(checks::sqlx(pool.clone()))).await;
    until(address, "/ready", ready).await;
    pool.close().await;
    fails_with(&health, &["failed"]).await;
}

#[tokio::test]
async fn a_sea_orm_connection() {
    let connection = sea_orm::Database::connect("sqlite::memory:").await.unwrap();
    let (health, address) = service(brisk(checks::sea_orm(connection.clone()))).await;
    until(address, "/ready", ready).await;
    connection.close_by_ref().await.unwrap();
    fails_with(&health, &["failed"]).await;
}

#[tokio::test]
async fn a_deadpool_of_diesel_connections() {
    use deadpool_diesel::sqlite::{Manager, Pool, Runtime};
    let manager = Manager::new(":memory:", Runtime::Tokio1);
    let pool = Pool::builder(manager).max_size(1).build().unwrap();
    let (health, address) = service(brisk(checks::deadpool_diesel(pool.clone()))).await;
    until(address, "/ready", ready).await;
    survives_exhaustion(&health, address, async || pool.get().await.unwrap()).await;
}

/// A service behind TLS with a certificate for `localhost`, and what a client that trusts it says.
async fn behind_tls(health: &Health) -> (std::net::SocketAddr, std::sync::Arc<tokio_rustls::rustls::ClientConfig>) {
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
    tokio_rustls::rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = made.signing_key.serialize_der().try_into().unwrap();
    let certificate = made.cert.der().clone();
    let server =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.clone()], key).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(server));
    let router: Router = health.router();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust us ends the handshake.
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let router = router.clone();
            let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                tower::ServiceExt::oneshot(router.clone(), request.map(axum::body::Body::new))
            });
            let io = hyper_util::rt::TokioIo::new(stream);
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(io, service));
        }
    });
    (address, client.into())
}

#[tokio::test]
async fn another_service_behind_tls() {
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};
    let other = Health::builder().check(Check::new("mail", || async { false }).degrades()).build().unwrap();
    eventually("it was asked", || other.results()[0].time.is_some()).await;
    let (address, trusting) = behind_tls(&other).await;
    let nobody = ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    let url = format!("https://localhost:{}/ready", address.port());
    let health = Health::builder()
        .check(checks::https(&url, trusting).named("neighbour"))
        .check(checks::https(&url, nobody.into()).named("stranger"))
        .check(checks::http(&url).named("plain"))
        .build()
        .unwrap();
    eventually("all were asked", || health.results().iter().all(|result| result.time.is_some())).await;
    let neighbour = health.result("neighbour").unwrap();
    assert_eq!((neighbour.status, neighbour.detail.as_deref()), (Status::Warn, Some("degraded: mail")));
    let detail = |name: &str| health.result(name).unwrap().detail.unwrap_or_default();
    assert!(detail("stranger").contains("certificate"), "{}", detail("stranger"));
    assert!(detail("plain").contains("does not start with http://"), "{}", detail("plain"));
}

#[tokio::test]
async fn a_port_a_name_a_disk_and_another_service() {
    let other = Health::builder().check(Check::new("mail", || async { false }).degrades()).build().unwrap();
    let theirs = serve(other.router()).await;
    until(theirs, "/ready", |answer| answer.body.contains("degraded")).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let health = Health::builder()
        .check(checks::tcp(theirs.to_string()))
        .check(checks::tcp(free.to_string()).named("closed"))
        .check(checks::dns("localhost"))
        .check(checks::dns("no-such-host.invalid").named("nobody"))
        .check(checks::disk("/", checks::Free::Bytes(1)))
        .check(checks::memory(99.9))
        .check(checks::http(format!("http://{theirs}/ready")).named("neighbour"))
        .check(checks::http(format!("http://{theirs}/nowhere")).named("moved"))
        .build()
        .unwrap();
    eventually("all were asked", || health.results().iter().all(|result| result.time.is_some())).await;
    let says = |name: &str| {
        let result = health.result(name).unwrap();
        (result.status, result.message)
    };
    let with = |message: &str| Some(message.to_owned());
    assert_eq!(says("tcp"), (Status::Ok, None));
    assert_eq!(says("closed"), (Status::Error, with("connection refused")));
    assert_eq!(says("dns"), (Status::Ok, None));
    assert_eq!(says("nobody"), (Status::Error, with("name not resolved")));
    assert_eq!(says("disk"), (Status::Ok, None));
    assert_eq!(says("memory"), (Status::Ok, None));
    assert_eq!(says("neighbour"), (Status::Warn, with("says it is degraded")));
    assert_eq!(says("moved"), (Status::Error, with("answered 404")));
    assert_eq!(health.result("neighbour").unwrap().detail.unwrap(), "degraded: mail");
}
