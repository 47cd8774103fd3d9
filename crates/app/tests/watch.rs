//! The watchdog and the side port: what they say when workers are stuck, and that they answer then.
#![allow(clippy::disallowed_methods, reason = "tests block threads on purpose")]

mod common;

use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use allswell::{Details, Health, Watchdog};
use axum::Router;
use axum::routing::get as on_get;
use common::{get, serve, until};

/// Blocks whole threads until it is opened.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn block(&self) {
        let (open, changed) = &*self.0;
        let open = open.lock().unwrap();
        drop(changed.wait_timeout_while(open, Duration::from_secs(30), |open| !*open).unwrap());
    }

    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}

/// A service on a runtime of its own, beside the one of the test.
struct Service {
    main: SocketAddr,
    side: SocketAddr,
    gate: Gate,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.gate.open();
        self.runtime.take().expect("taken once").shutdown_background();
    }
}

async fn service(workers: usize) -> Service {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap();
    let gate = Gate::default();
    let block = gate.clone();
    let built = runtime.spawn(async move {
        let watchdog = Watchdog { unready_after: Duration::from_millis(300), ..Watchdog::default() };
        let health = Health::builder().watchdog(watchdog).details(Details::None).build().unwrap();
        let app = Router::new()
            .route("/report/{id}", on_get(move || async move { block.block() }))
            .merge(health.router())
            .layer(health.layer());
        let main = serve(app).await;
        health.watch_listener(main);
        (main, health.side_port("127.0.0.1:0").unwrap())
    });
    let (main, side) = built.await.unwrap();
    Service { main, side, gate, runtime: Some(runtime) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_stuck_worker_is_named_and_takes_the_service_out() {
    let service = service(2).await;
    assert_eq!(get(service.side, "/ready").await.code, 200);
    let main = service.main;
    let stuck = tokio::spawn(async move { get(main, "/report/17").await });
    let answer = until(service.side, "/ready", |answer| answer.code == 503).await;
    let body = answer.json();
    assert_eq!(body["workers"][0]["blocked_in"], "GET /report/{id}", "{body}");
    assert!(body["workers"][0]["stuck_for_ms"].as_f64().unwrap() >= 250.0, "{body}");
    assert!(body["reason"].as_str().unwrap().contains("in GET /report/{id} for"), "{body}");
    assert_eq!(get(service.side, "/health").await.code, 200, "busy is not dead");
    service.gate.open();
    assert_eq!(stuck.await.unwrap().code, 200);
    until(service.side, "/ready", |answer| answer.code == 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_side_port_answers_when_every_worker_is_stuck() {
    let service = service(2).await;
    let main = service.main;
    let stuck: Vec<_> = (0..2).map(|_| tokio::spawn(async move { get(main, "/report/1").await })).collect();
    let all = |answer: &common::Answer| answer.body.contains("all workers stuck");
    let answer = until(service.side, "/ready", all).await;
    assert_eq!((answer.code, answer.json()["workers"].as_array().unwrap().len()), (503, 2));
    let metrics = get(service.side, "/metrics").await.body;
    assert!(metrics.contains("allswell_runtime_workers_stuck 2\n"), "{metrics}");
    // Nobody accepts any more: the queue of the service's own port shows it.
    let waiting = tokio::net::TcpStream::connect(main).await.unwrap();
    let queued = |answer: &common::Answer| answer.body.contains("allswell_accept_queue_connections 1\n");
    let metrics = until(service.side, "/metrics", queued).await.body;
    assert!(metrics.contains("allswell_accept_queue_limit_connections "), "{metrics}");
    service.gate.open();
    for request in stuck {
        assert_eq!(request.await.unwrap().code, 200);
    }
    until(service.side, "/ready", |answer| answer.code == 200).await;
    drop(waiting);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_stuck_outside_of_requests_is_seen_too() {
    let service = service(2).await;
    let gate = service.gate.clone();
    service.runtime.as_ref().unwrap().spawn(async move { gate.block() });
    let answer = until(service.side, "/status", |answer| answer.code == 503).await;
    let workers = answer.json()["workers"].clone();
    assert!(workers[0]["stuck_for_ms"].as_f64().unwrap() >= 2_000.0 && workers[0]["blocked_in"].is_null(), "{workers}");
    service.gate.open();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runtime_of_one_thread_is_watched_too() {
    let (told, built) = std::sync::mpsc::channel();
    let gate = Gate::default();
    let block = gate.clone();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let service = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let health = Health::builder().build().unwrap();
            let app = Router::new()
                .route("/report/{id}", on_get(move || async move { block.block() }))
                .merge(health.router())
                .layer(health.layer());
            told.send((serve(app).await, health.side_port("127.0.0.1:0").unwrap())).unwrap();
            drop(ended.await);
        });
    });
    let (main, side) = built.recv().unwrap();
    let stuck = tokio::spawn(async move { get(main, "/report/1").await });
    let answer = until(side, "/ready", |answer| answer.code == 503).await;
    let reason = answer.json()["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("all workers stuck: worker 0 in GET /report/{id} for"), "{reason}");
    gate.open();
    assert_eq!(stuck.await.unwrap().code, 200);
    until(side, "/ready", |answer| answer.code == 200).await;
    end.send(()).unwrap();
    service.join().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_side_port_shows_what_the_main_port_does_not() {
    let service = service(1).await;
    for path in ["/health", "/livez", "/ready", "/startup", "/status", "/metrics"] {
        assert_eq!(get(service.side, path).await.code, 200, "{path}");
    }
    assert_eq!(get(service.side, "/report/1").await.code, 404, "the service itself is not there");
}
