//! Checks: asked away from requests, one at a time, within their time; what they say and for how long it holds.
#![allow(clippy::disallowed_methods, reason = "tests read clocks and block threads on purpose")]

mod common;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use allswell::{Check, CheckContext, Health, HealthCheck, Outcome, Status};
use axum::Router;
use common::{eventually, get, serve, until};

const SHORT: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(3_600);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A check that passes while the switch is on.
fn switched(name: &str, well: &Arc<AtomicBool>) -> Check {
    let well = well.clone();
    Check::new(name, move || {
        let well = well.load(Ordering::SeqCst);
        async move { well }
    })
    .interval(SHORT)
}

fn status(health: &Health, name: &str) -> Status {
    health.result(name).unwrap().status
}

#[tokio::test]
async fn the_first_result_counts_at_once_and_later_ones_are_damped() {
    let well = Arc::new(AtomicBool::new(false));
    let health = Health::builder().check(switched("database", &well).failure_threshold(3)).build().unwrap();
    assert_eq!(status(&health, "database"), Status::Unknown);
    assert!(!health.is_ready(), "nothing is known yet");
    eventually("the first failure counts", || status(&health, "database") == Status::Error).await;
    well.store(true, Ordering::SeqCst);
    eventually("one success recovers", || status(&health, "database") == Status::Ok).await;
    assert!(health.is_ready());
    let (sender, changes) = mpsc::channel();
    health.on_change(move |change| sender.send(change.clone()).unwrap());
    well.store(false, Ordering::SeqCst);
    eventually("three failures count", || status(&health, "database") == Status::Error).await;
    let change = changes.recv().unwrap();
    assert_eq!((change.from, change.result.status), (Status::Ok, Status::Error));
    assert_eq!(change.result.consecutive_failures, 3, "it changed with the third failure, not before");
}

#[tokio::test]
async fn a_panic_is_an_error_of_that_check_alone() {
    let health = Health::builder()
        .check(
            Check::new("wild", || async {
                if true {
                    panic!("token=hunter2 at line 5")
                }
            })
            .interval(ms(300)),
        )
        .check(Check::blocking("wilder", || assert!(std::hint::black_box(false), "no")).interval(ms(300)))
        .check(Check::new("calm", || async {}).interval(SHORT))
        .build()
        .unwrap();
    for name in ["wild", "wilder"] {
        // Writing a backtrace may take longer than the check has; then it is asked again.
        let panicked = || health.result(name).unwrap().message.as_deref() == Some("panicked");
        eventually("the panic is what is told", panicked).await;
        assert_eq!(status(&health, name), Status::Error);
    }
    assert_eq!(health.result("wild").unwrap().detail.unwrap(), "token=*** at line 5");
    eventually("the other one is well", || status(&health, "calm") == Status::Ok).await;
    let failures = health.result("wild").unwrap().consecutive_failures;
    eventually("it is asked again", || health.result("wild").unwrap().consecutive_failures > failures).await;
}

#[tokio::test]
async fn a_hang_is_an_error_and_is_dropped() {
    struct Dropped(Arc<AtomicU32>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicU32::new(0));
    let counter = dropped.clone();
    let hang = Check::new("hang", move || {
        let guard = Dropped(counter.clone());
        async move {
            std::future::pending::<()>().await;
            drop(guard);
        }
    });
    let health = Health::builder().check(hang.interval(ms(60)).timeout(ms(40))).build().unwrap();
    eventually("the hang is an error", || status(&health, "hang") == Status::Error).await;
    let result = health.result("hang").unwrap();
    assert_eq!(result.message.as_deref(), Some("timed out after 0.04 s"));
    eventually("what hung is dropped, again and again", || dropped.load(Ordering::SeqCst) >= 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_never_runs_twice_at_a_time_even_if_it_cannot_be_stopped() {
    let (running, most, runs) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (open, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let (now, top, count) = (running.clone(), most.clone(), runs.clone());
    let stubborn = Check::blocking("stubborn", move || {
        top.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        count.fetch_add(1, Ordering::SeqCst);
        gate.lock().unwrap().recv().ok();
        now.fetch_sub(1, Ordering::SeqCst);
    });
    let health = Health::builder().check(stubborn.interval(ms(30)).timeout(ms(10))).build().unwrap();
    let failures = |wanted: u32| health.result("stubborn").unwrap().consecutive_failures >= wanted;
    eventually("it fails on and on while it does not return", || failures(6)).await;
    assert_eq!((runs.load(Ordering::SeqCst), most.load(Ordering::SeqCst)), (1, 1));
    drop(open);
    eventually("it recovers once it returns", || status(&health, "stubborn") == Status::Ok).await;
    assert_eq!(most.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_result_that_is_too_old_is_unknown() {
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    // Asked when wanted, and then never wanted again.
    let once = Check::new("once", move || {
        count.fetch_add(1, Ordering::SeqCst);
        async {}
    });
    let health = Health::builder().check(once.on_demand(ms(50)).timeout(ms(50))).build().unwrap();
    eventually("it is asked at the start", || status(&health, "once") == Status::Ok).await;
    eventually("nobody asks, so nothing is known", || status(&health, "once") == Status::Unknown).await;
    let message = health.result("once").unwrap().message.unwrap();
    assert!(message.starts_with("stale, last run"), "{message}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn requests_that_come_together_wait_for_one_asking() {
    let (asked, gate) = (Arc::new(AtomicU32::new(0)), Arc::new(tokio::sync::Semaphore::new(1)));
    let (count, wait) = (asked.clone(), gate.clone());
    let check = Check::new("database", move || {
        count.fetch_add(1, Ordering::SeqCst);
        let wait = wait.clone();
        async move { wait.acquire_owned().await.map(tokio::sync::OwnedSemaphorePermit::forget) }
    });
    let health = Health::builder()
        .check(check.on_demand(ms(1)).timeout(LONG))
        .probe_deadline(Duration::from_secs(10))
        .build()
        .unwrap();
    eventually("asked at the start", || asked.load(Ordering::SeqCst) == 1).await;
    eventually("and answered", || health.result("database").unwrap().time.is_some()).await;
    let app: Router = health.router();
    let address = serve(app.layer(health.layer())).await;
    let requests: Vec<_> = (0..20).map(|_| tokio::spawn(async move { get(address, "/ready").await.code })).collect();
    let all_wait = r#"http_requests_in_flight{method="GET",route="/ready"} 20"#;
    until(address, "/metrics", |answer| answer.body.contains(all_wait)).await;
    assert_eq!(asked.load(Ordering::SeqCst), 2, "once at the start, and once for all that wait");
    gate.add_permits(1_000);
    for request in requests {
        assert_eq!(request.await.unwrap(), 200);
    }
}

#[tokio::test]
async fn a_request_waits_for_a_check_on_demand_no_longer_than_its_deadline() {
    let hang = Check::new("hang", std::future::pending::<()>).on_demand(SHORT).timeout(LONG);
    let health = Health::builder().check(hang).probe_deadline(ms(30)).build().unwrap();
    let address = serve(health.router()).await;
    let answer = get(address, "/ready").await;
    assert_eq!((answer.code, &answer.json()["reason"]), (503, &"check without a fresh result: hang".into()));
}

#[tokio::test]
async fn slow_successes_are_warnings_and_warnings_degrade() {
    let slow = Check::new("slow", || tokio::time::sleep(ms(20))).interval(ms(50)).degraded_above(ms(1));
    let lag = Check::new("lag", || async { Outcome::warn("replica 2 lags by 40 s") }).interval(SHORT);
    let health = Health::builder().check(slow).check(lag).build().unwrap();
    let address = serve(health.router()).await;
    let answer = until(address, "/ready", |answer| answer.code == 200).await;
    let body = answer.json();
    assert_eq!((&body["status"], &body["checks"]["slow"]), (&"degraded".into(), &"warn".into()), "{body}");
    assert_eq!(health.result("slow").unwrap().message.unwrap(), "slower than 1 ms");
    assert_eq!(health.result("lag").unwrap().message.unwrap(), "failed", "the text of a check is not public by itself");
}

#[tokio::test]
async fn checks_come_and_go_while_the_service_runs() {
    let health = Health::builder().build().unwrap();
    let address = serve(health.router()).await;
    assert_eq!(get(address, "/ready").await.code, 200, "nothing to check is well");
    health.add(Check::new("tenant-7", || async { false }).interval(SHORT)).unwrap();
    let answer = until(address, "/ready", |answer| answer.body.contains("check failed: tenant-7")).await;
    assert_eq!(answer.code, 503);
    assert_eq!(get(address, "/ready/tenant-7").await.code, 503);
    let again = health.add(Check::new("tenant-7", || async {})).unwrap_err();
    assert!(again.to_string().contains("registered twice"), "{again}");
    assert!(health.remove("tenant-7"));
    assert!(!health.remove("tenant-7"));
    assert_eq!(get(address, "/ready").await.code, 200);
    assert_eq!(get(address, "/ready/tenant-7").await.code, 404);
}

#[tokio::test]
async fn a_check_ends_with_the_health_it_belongs_to() {
    let alive = Arc::new(());
    let witness = alive.clone();
    let check = Check::new("hang", move || {
        let witness = witness.clone();
        async move {
            std::future::pending::<()>().await;
            drop(witness);
        }
    });
    let health = Health::builder().check(check.timeout(LONG).interval(LONG)).build().unwrap();
    eventually("it is being asked", || Arc::strong_count(&alive) == 3).await;
    drop(health);
    eventually("nothing of it is left", || Arc::strong_count(&alive) == 1).await;
}

#[tokio::test]
async fn a_check_may_be_a_type_of_its_own() {
    struct Queue;
    impl HealthCheck for Queue {
        fn name(&self) -> &str {
            "queue"
        }
        async fn check(&self, context: &CheckContext) -> Outcome {
            assert_eq!(context.name(), "orders");
            if context.timeout() == ms(7) { Outcome::pass() } else { Outcome::fail("wrong timeout") }
        }
    }
    let check = Check::of(Queue).named("orders").interval(SHORT).timeout(ms(7));
    let health = Health::builder().check(check).build().unwrap();
    eventually("it is asked", || status(&health, "orders") == Status::Ok).await;
}

#[tokio::test]
async fn liveness_looks_at_what_a_restart_mends_and_at_nothing_else() {
    let well = Arc::new(AtomicBool::new(false));
    let health = Health::builder()
        .check(switched("database", &well))
        .check(switched("pool", &well).restart_after(LONG).not_in_readiness())
        .build()
        .unwrap();
    let app: Router = health.router();
    let address = serve(app).await;
    until(address, "/ready", |answer| answer.body.contains("check failed: database")).await;
    eventually("the pool failed", || status(&health, "pool") == Status::Error).await;
    assert_eq!(get(address, "/health").await.code, 200, "not yet for long enough");
    assert!(health.remove("pool"));
    let inside = Check::new("cache", || async { false }).internal().liveness().interval(SHORT);
    health.add(inside).unwrap();
    let answer = until(address, "/health", |answer| answer.code == 503).await;
    assert_eq!(answer.json()["reason"], "check failed: cache");
}
