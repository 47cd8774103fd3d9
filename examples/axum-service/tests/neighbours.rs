//! The service as a process, with a real PostgreSQL, a real Redis and another service: they freeze, stop and come back, workers are
//! blocked, faults are simulated, and in the end it drains.
#![allow(clippy::disallowed_methods, reason = "tests start processes, open sockets and read clocks")]

#[path = "../../../crates/app/tests/common/mod.rs"]
mod common;
#[path = "../../../crates/app/tests/common/server.rs"]
mod server;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get as on_get;
use common::{Answer, ask, eventually, get, serve, until};
use server::Server;

/// The service; it ends with the test.
struct Service {
    child: Child,
    main: SocketAddr,
    side: SocketAddr,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

impl Service {
    async fn start(postgres: &Server, redis: &Server, prices: SocketAddr) -> Self {
        let (main, side) = (free_port(), free_port());
        let child = Command::new(env!("CARGO_BIN_EXE_example-axum-service"))
            .env("DATABASE_URL", format!("postgres://postgres:hunter2@127.0.0.1:{}/postgres", postgres.port))
            .env("REDIS_URL", format!("redis://127.0.0.1:{}/", redis.port))
            .env("PRICES_URL", format!("http://{prices}/health"))
            .env("LISTEN", main.to_string())
            .env("SIDE_PORT", side.to_string())
            .envs([("FAULT_TOKEN", "sesame"), ("CHECK_INTERVAL", "0.5"), ("DRAIN_DELAY", "1")])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        eventually("it listens", || TcpStream::connect(main).is_ok()).await;
        Self { child, main, side }
    }

    fn terminate(&self) {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
    }
}

/// A price service that is well while the switch is on.
async fn prices(well: &Arc<AtomicBool>) -> SocketAddr {
    let well = well.clone();
    let health = on_get(move || async move {
        if well.load(Ordering::SeqCst) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
    });
    serve(Router::new().route("/health", health)).await
}

fn says(answer: &Answer, status: &str, reason: Option<&str>) -> bool {
    assert!(!answer.body.contains("hunter2"), "{answer:?}");
    let body = answer.json();
    body["status"] == status && body["reason"].as_str() == reason
}

fn healthy(answer: &Answer) -> bool {
    says(answer, "healthy", None)
}

mod needs_postgres {
    mod needs_redis {
        use super::super::*;

        #[tokio::test]
        async fn neighbours_go_and_come_back_and_the_service_says_so() {
            let (mut postgres, mut redis) = (Server::postgres(), Server::redis());
            let well = Arc::new(AtomicBool::new(true));
            let mut service = Service::start(&postgres, &redis, prices(&well).await).await;
            let main = service.main;
            until(main, "/ready", healthy).await;
            assert_eq!(get(main, "/orders/count").await.json()["count"], 0);
            assert_eq!(get(main, "/quote").await.json()["fresh"], true);

            well.store(false, Ordering::SeqCst);
            redis.freeze();
            let soft = |answer: &Answer| answer.json()["checks"]["external_service"] == "error";
            let answer =
                until(main, "/ready", |answer| soft(answer) && answer.body.contains(r#""redis":"error""#)).await;
            assert_eq!((answer.code, says(&answer, "degraded", None)), (200, true), "{answer:?}");
            assert_eq!(get(main, "/quote").await.json()["fresh"], false);
            well.store(true, Ordering::SeqCst);
            redis.thaw();
            until(main, "/ready", healthy).await;

            postgres.freeze();
            let down = |answer: &Answer| says(answer, "unhealthy", Some("check failed: database"));
            assert_eq!(until(main, "/ready", down).await.code, 503);
            assert_eq!(get(main, "/ready/storage").await.code, 503);
            assert_eq!(get(main, "/health").await.code, 200, "no reason to be restarted");
            let count = get(main, "/orders/count").await;
            assert_eq!((count.code, count.body.as_str()), (503, r#"{"detail":"Database not available"}"#));
            postgres.thaw();
            until(main, "/ready", healthy).await;

            let sesame = [("authorization", "Bearer sesame")];
            assert_eq!(ask(main, "POST", "/simulate_external_service_failure", &sesame).await.code, 200);
            until(main, "/ready", |answer| says(answer, "degraded", None)).await;
            assert_eq!(ask(main, "POST", "/simulate_external_service_recovery", &sesame).await.code, 200);
            for _ in 0..8 {
                assert_eq!(ask(main, "POST", "/faults/block_worker?for=3s", &sesame).await.code, 200);
            }
            until(service.side, "/ready", |answer| answer.body.contains("workers stuck")).await;
            until(service.side, "/ready", healthy).await;

            postgres.stop();
            assert_eq!(until(main, "/ready", down).await.code, 503);
            service.terminate();
            until(main, "/ready", |answer| says(answer, "unhealthy", Some("shutting down"))).await;
            assert_eq!(get(main, "/health").await.code, 200, "alive to the end");
            eventually("the listener is closed", || TcpStream::connect(main).is_err()).await;
            assert!(service.child.wait().unwrap().success());
        }
    }
}
