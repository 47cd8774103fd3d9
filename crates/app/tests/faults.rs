//! Simulated faults end by themselves, and say what they are.

mod common;

use std::time::Duration;

use allswell::{Check, Health};
use common::{get, serve, until};

#[tokio::test]
async fn a_simulated_failure_is_seen_at_once_and_so_is_its_end() {
    let health = Health::builder().check(Check::new("database", || async {})).build().unwrap();
    let address = serve(health.router()).await;
    until(address, "/ready", |answer| answer.code == 200).await;
    health.faults().fail("database", Duration::from_secs(3_600)).unwrap();
    assert_eq!(get(address, "/ready").await.json()["reason"], "check failed: database");
    health.faults().recover("database").unwrap();
    assert_eq!(get(address, "/ready").await.code, 200);
    let wrong = health.faults().fail("databse", Duration::from_secs(1)).unwrap_err();
    assert_eq!(wrong.to_string(), "no check is named `databse`; there are: database");
}

#[tokio::test]
async fn a_fault_expires_by_itself() {
    let health = Health::builder().check(Check::new("database", || async {})).build().unwrap();
    let address = serve(health.router()).await;
    until(address, "/ready", |answer| answer.code == 200).await;
    health.faults().fail("database", Duration::from_millis(30)).unwrap();
    health.faults().refuse(Duration::from_millis(30));
    until(address, "/ready", |answer| answer.code == 200).await;
}

#[tokio::test]
async fn a_check_that_hangs_or_is_slow_runs_out_of_time() {
    let check = |name| Check::new(name, || async {}).interval(Duration::from_millis(100)).failure_threshold(1);
    let health = Health::builder().check(check("hang")).check(check("slow")).build().unwrap();
    let address = serve(health.router()).await;
    until(address, "/ready", |answer| answer.code == 200).await;
    let hour = Duration::from_secs(3_600);
    health.faults().hang("hang", hour).unwrap();
    health.faults().slow("slow", hour, hour).unwrap();
    for name in ["hang", "slow"] {
        until(address, &format!("/ready/{name}"), |answer| answer.code == 503).await;
        assert_eq!(health.result(name).unwrap().message.unwrap(), "timed out after 0.1 s");
        health.faults().recover(name).unwrap();
    }
    until(address, "/ready", |answer| answer.code == 200).await;
}
