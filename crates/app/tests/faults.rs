//! Simulated faults end by themselves, and say what they are.

mod common;

use std::time::Duration;

use allswell::{Check, FaultAccess, Health, Style};
use common::{ask, get, serve, until};

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

#[tokio::test]
async fn over_http_the_token_decides_and_the_guides_paths_work() {
    let quick = |name| Check::new(name, || async {}).interval(Duration::from_secs(3_600));
    let health = Health::builder()
        .check(quick("database"))
        .check(quick("external_service"))
        .fault_endpoints(FaultAccess::Token("sesame".to_owned()))
        .style(Style::Kubernetes)
        .build()
        .unwrap();
    let address = serve(health.router()).await;
    until(address, "/ready", |answer| answer.code == 200).await;
    let post = |path: &'static str| ask(address, "POST", path, &[("authorization", "Bearer sesame")]);
    assert_eq!(ask(address, "POST", "/simulate_db_failure", &[]).await.code, 401);
    assert_eq!(get(address, "/ready").await.code, 200);
    let names = [("db", "Database"), ("external_service", "External service")];
    for (name, sentence) in names {
        let (fail, recover) = match name {
            "db" => ("/simulate_db_failure", "/simulate_db_recovery"),
            _ => ("/simulate_external_service_failure", "/simulate_external_service_recovery"),
        };
        let failed = post(fail).await;
        assert!(
            failed.code == 200 && failed.json()["message"].as_str().unwrap().contains("simulated as"),
            "{failed:?}"
        );
        let answer = get(address, "/ready").await;
        assert_eq!((answer.code, &answer.json()["detail"]), (503, &format!("{sentence} not available").into()));
        assert_eq!(post(recover).await.code, 200);
        assert_eq!(get(address, "/ready").await.code, 200);
    }
    assert_eq!(post("/faults/fail/database?for=1h").await.json()["message"], "fail database for 1 h");
    assert_eq!(get(address, "/ready").await.code, 503);
    assert_eq!(post("/faults/recover/database").await.code, 200);
    assert_eq!(post("/faults/refuse?for=1h").await.code, 200);
    assert_eq!(get(address, "/ready").await.code, 503);
    assert_eq!(post("/faults/leak?bytes=1000&for=1ms").await.code, 200);
    for wrong in ["/faults/fail/nothing", "/faults/explode", "/faults/refuse?for=ever", "/faults/leak?bytes=much"] {
        let answer = post(wrong).await;
        assert!(answer.code == 400 && !answer.json()["detail"].as_str().unwrap().is_empty(), "{wrong}: {answer:?}");
    }
}

#[tokio::test]
async fn a_refusal_closes_the_service_and_leaves_its_health_open() {
    let health = Health::builder().fault_endpoints(FaultAccess::Everybody).build().unwrap();
    let app = axum::Router::new()
        .route("/items", axum::routing::get(|| async { "item" }))
        .merge(health.router())
        .layer(health.layer());
    let address = serve(app).await;
    assert_eq!(get(address, "/items").await.body, "item");
    assert_eq!(ask(address, "POST", "/faults/refuse?for=1h", &[]).await.code, 200);
    for path in ["/items", "/nowhere"] {
        let refused = get(address, path).await;
        assert_eq!((refused.code, refused.body.as_str()), (503, ""), "{path}");
    }
    assert_eq!(get(address, "/health").await.code, 200, "refusing is no reason to be restarted");
    assert_eq!(get(address, "/ready").await.json()["reason"], "simulated refusal");
    let metrics = get(address, "/metrics").await.body;
    assert!(metrics.contains(r#"_count{method="GET",route="/items",status="5xx"} 1"#), "{metrics}");
    assert_eq!(ask(address, "POST", "/faults/recover", &[]).await.code, 200);
    assert_eq!(get(address, "/items").await.body, "item");
    assert_eq!(get(address, "/ready").await.code, 200);
}

#[tokio::test]
async fn faults_over_http_are_off_unless_they_are_wanted() {
    let health = Health::builder().check(Check::new("database", || async {})).build().unwrap();
    let address = serve(health.router()).await;
    for path in ["/faults/fail/database", "/simulate_db_failure"] {
        assert_eq!(ask(address, "POST", path, &[]).await.code, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_simulated_block_is_seen_by_the_watchdog() {
    let health = Health::builder().build().unwrap();
    let side = health.side_port("127.0.0.1:0").unwrap();
    health.faults().block_worker(Duration::from_secs(4));
    until(side, "/ready", |answer| answer.body.contains("workers stuck")).await;
    until(side, "/ready", |answer| answer.code == 200).await;
}
