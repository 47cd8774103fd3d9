//! Misuse is refused when the health is built, with a sentence that says what to do.

use std::time::Duration;

use allswell::{Builder, Check, FaultAccess, Health, Paths, Watchdog};

fn refused(builder: Builder, what: &[&str]) {
    let sentence = builder.build().expect_err("refused").to_string();
    for part in what {
        assert!(sentence.contains(part), "`{part}` is missing in: {sentence}");
    }
}

fn check(name: &str) -> Check {
    Check::new(name, || async {})
}

#[tokio::test]
async fn each_mistake_has_its_sentence() {
    let one = |check: Check| Health::builder().check(check);
    let zero = Duration::ZERO;
    refused(one(check("a")).check(check("a")), &["`a`", "registered twice", "name of its own"]);
    refused(one(check("no spaces")), &["`no spaces`", "use 1 to 64"]);
    refused(one(check("")), &["use 1 to 64"]);
    refused(one(check("database").liveness()), &["`database`", "does not mend", ".internal()", ".restart_after(...)"]);
    refused(one(check("a")).group("no spaces", ["a"]), &["group `no spaces`", "use 1 to 64"]);
    refused(one(check("a")).group("g", ["a", "b"]), &["group `g`", "check `b`", "not registered", "there are: a"]);
    refused(one(check("a")).group("g", [""; 0]), &["group `g`", "no members"]);
    refused(one(check("a")).group("a", ["a"]), &["group `a`", "name of its own"]);
    refused(one(check("a")).group("g", ["a"]).group("g", ["a"]), &["group `g`", "another group"]);
    refused(one(check("a").interval(zero)), &["interval of zero", "above zero"]);
    refused(one(check("a").on_demand(zero)), &["max_age of zero"]);
    refused(one(check("a").timeout(zero)), &["timeout of zero"]);
    refused(one(check("a").failure_threshold(0)), &["failure threshold of zero"]);
    refused(one(check("a").success_threshold(0)), &["success threshold of zero"]);
    let long = check("a").timeout(Duration::from_secs(20));
    refused(one(long), &["timeout longer than its interval", "shorter"]);
    refused(Health::builder().startup_hold("x").startup_hold("x"), &["`x`", "named twice"]);
    refused(Health::builder().details_token(" "), &["token is empty", "leave it out"]);
    refused(Health::builder().probe_deadline(zero), &["probe deadline is zero"]);
    refused(Health::builder().fault_endpoints(FaultAccess::Token(String::new())), &["token for faults is empty"]);
    refused(Health::builder().in_flight_max(0), &["in_flight_max is zero"]);
    let backwards = Watchdog { dead_after: Duration::from_millis(1), ..Watchdog::default() };
    refused(Health::builder().watchdog(backwards), &["out of order"]);
    let mut paths = Paths::default();
    paths.status = paths.readiness.clone();
    refused(Health::builder().paths(paths.clone()), &["`/ready`", "two endpoints"]);
    paths.status = vec!["status".into()];
    refused(Health::builder().paths(paths), &["`status`", "leading `/`"]);
}

#[test]
fn there_must_be_a_runtime() {
    refused(Health::builder(), &["no runtime", ".runtime(...)"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert!(Health::builder().runtime(runtime.handle().clone()).build().is_ok());
}

#[tokio::test]
async fn what_fits_is_taken() {
    let inside = check("inside").internal().liveness();
    let mended = check("mended").restart_after(Duration::from_secs(600));
    assert!(Health::builder().check(inside).check(mended).paths(Paths::below("/internal")).build().is_ok());
}
