//! The endpoints on a real socket: codes, words, forms, aliases, and what strangers may read.

mod common;

use std::time::Duration;

use allswell::{Builder, Check, CheckName, Checked, Details, Health, Paths, Probe, Required, Style};
use allswell_probe::health::{Document, Format, Status, recognise};
use axum::Router;
use axum::extract::FromRef;
use axum::routing::get as on_get;
use common::{Answer, ask, get, get_as, serve, until};

const SECRET: &str = "hunter2";

fn refused() -> std::io::Error {
    let inner = format!("postgres://app:{SECRET}@db/orders refused");
    std::io::Error::new(std::io::ErrorKind::ConnectionRefused, inner)
}

fn checks(builder: Builder, database_well: bool) -> Builder {
    let database = Check::new("database", move || async move { if database_well { Ok(()) } else { Err(refused()) } });
    builder
        .check(database.interval(Duration::from_millis(100)).component("datastore"))
        .check(Check::new("redis", || async {}).degrades())
}

/// A service whose checks have all been asked.
async fn service(builder: Builder, database_well: bool) -> (std::net::SocketAddr, Health) {
    let health = checks(builder, database_well).build().unwrap();
    let address = serve(health.router()).await;
    until(address, "/status", |_| health.results().iter().all(|result| result.time.is_some())).await;
    (address, health)
}

fn read(answer: &Answer) -> Document {
    let document = recognise(answer.header("content-type"), answer.code, answer.body.as_bytes());
    document.unwrap_or_else(|| panic!("not recognised: {answer:?}"))
}

#[tokio::test]
async fn every_path_answers_with_its_code_and_is_not_stored() {
    let (address, _health) = service(Health::builder(), false).await;
    let paths = [
        (200, &["/health", "/livez", "/health/live", "/startup", "/startupz", "/health/startup", "/ready/redis"][..]),
        (503, &["/ready", "/readyz", "/health/ready", "/status", "/health?full", "/ready/database"]),
        (404, &["/ready/unknown"]),
    ];
    for (code, paths) in paths {
        for path in paths {
            let answer = get(address, path).await;
            assert_eq!(answer.code, code, "{path}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
            let head = ask(address, "HEAD", path, &[]).await;
            assert_eq!((head.code, head.body.as_str()), (code, ""), "HEAD {path}");
            assert_eq!(head.header("content-length"), answer.header("content-length"), "HEAD {path}");
        }
    }
}

#[tokio::test]
async fn the_guides_find_what_they_expect() {
    let (address, _health) = service(Health::builder().version("1.0.0").details(Details::None), true).await;
    let basic = get(address, "/health").await.json();
    assert_eq!((&basic["status"], &basic["version"]), (&"healthy".into(), &"1.0.0".into()));
    assert!(basic["timestamp"].as_str().unwrap().ends_with("+00:00"), "{basic}");
    assert!(basic.get("checks").is_none());

    let (address, _health) = service(Health::builder(), false).await;
    let names = get(address, "/health?full").await;
    assert_eq!(names.code, 503);
    let body = names.json();
    assert_eq!(body["status"], "unhealthy");
    assert_eq!(body["checks"], serde_json::json!({"database": "error", "redis": "ok"}));

    let (address, _health) = service(Health::builder().details(Details::Full), false).await;
    let full = get(address, "/ready").await.json();
    assert_eq!(full["checks"]["database"]["status"], "error");
    assert_eq!(full["checks"]["database"]["message"], "connection refused");
    assert!(full["checks"]["redis"]["response_time_ms"].is_f64(), "{full}");
    assert_eq!(full["checks"]["redis"]["message"], serde_json::Value::Null);

    let (address, health) = service(Health::builder().style(Style::Kubernetes), false).await;
    assert_eq!(get(address, "/health").await.json()["status"], "up");
    let not_ready = get(address, "/ready").await;
    assert_eq!((not_ready.code, &not_ready.json()["detail"]), (503, &"Database not available".into()));
    health.remove("database");
    let ready = get(address, "/ready").await;
    assert_eq!((ready.code, &ready.json()["status"]), (200, &"ready".into()));
}

#[tokio::test]
async fn the_outside_door_reads_every_form() {
    let (address, _health) =
        service(Health::builder().version("1.4.2").release_id("3f2c1ab").details(Details::Full), false).await;
    let check = |answer: Answer, format: Format, name: &str| {
        let document = read(&answer);
        assert_eq!((document.format, document.status), (format, Status::Error), "{answer:?}");
        let database =
            document.checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("{document:?}"));
        assert_eq!(database.status, Status::Error);
        assert!(database.message.as_ref().unwrap().contains("connection refused"), "{database:?}");
        document
    };
    let ours = check(get(address, "/ready").await, Format::Allswell, "database");
    assert_eq!((ours.version.as_deref(), ours.release_id.as_deref()), (Some("1.4.2"), Some("3f2c1ab")));
    assert_eq!(ours.detail.as_deref(), Some("check failed: database"));
    check(get_as(address, "/ready", "application/health+json").await, Format::HealthJson, "database:responseTime");
    check(get(address, "/ready?format=health").await, Format::HealthJson, "database:responseTime");
    check(get(address, "/ready?format=microprofile").await, Format::MicroProfile, "database");
    let spring = get_as(address, "/ready", "application/vnd.spring-boot.actuator.v3+json").await;
    check(spring, Format::Spring, "database");
}

#[tokio::test]
async fn the_forms_that_are_no_health_documents_say_the_same() {
    let (address, health) = service(Health::builder(), false).await;
    let problem = get_as(address, "/ready", "application/problem+json").await;
    assert_eq!(problem.header("content-type"), Some("application/problem+json"));
    let body = problem.json();
    assert_eq!((&body["status"], &body["detail"]), (&503.into(), &"check failed: database".into()));
    let text = get_as(address, "/ready", "text/plain").await;
    assert_eq!(
        text.body,
        "[-]database failed: reason withheld\n[+]redis ok\nreadyz check failed: check failed: database\n"
    );
    let without = get(address, "/ready?verbose&exclude=database").await;
    assert_eq!((without.code, without.body.as_str()), (200, "[+]redis ok\nreadyz check passed\n"));
    health.remove("database");
    assert_eq!(get_as(address, "/ready", "text/plain").await.body, "ok");
    let no_problem = get_as(address, "/ready", "application/problem+json").await;
    assert_eq!(no_problem.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_group_answers_for_its_members_alone() {
    let builder =
        Health::builder().details(Details::Full).group("storage", ["database", "redis"]).group("fast", ["redis"]);
    let (address, health) = service(builder.startup_hold("migrations"), false).await;
    let fast = get(address, "/ready/fast").await;
    assert_eq!((fast.code, &fast.json()["status"]), (200, &"healthy".into()), "the hold is no matter of the group's");
    assert_eq!(fast.json()["ready"], false, "the service itself is not");
    let storage = get(address, "/ready/storage").await;
    assert_eq!((storage.code, &storage.json()["reason"]), (503, &"check failed: database".into()));
    assert_eq!(storage.json()["checks"].as_object().unwrap().len(), 2);
    assert_eq!(get(address, "/ready/fast?format=spring").await.json()["components"]["redis"]["status"], "UP");
    let again = health.add(Check::new("fast", || async {})).unwrap_err();
    assert!(again.to_string().contains("name of its own"), "{again}");
    health.remove("redis");
    let gone = get(address, "/ready/fast").await;
    assert_eq!((gone.code, &gone.json()["reason"]), (503, &"check without a fresh result: redis".into()));
}

#[tokio::test]
async fn every_document_says_which_version_on_which_instance_since_when() {
    let builder = Health::builder().version("1.4.2").release_id("3f2c1ab").instance("pod-7");
    let (address, _health) = service(builder, false).await;
    for format in ["json", "health", "problem", "spring", "microprofile"] {
        for path in ["/health", "/ready", "/startup", "/status"] {
            let answer = get(address, &format!("{path}?format={format}")).await;
            let document = answer.json();
            for (names, value) in [
                (&["version"][..], Some("1.4.2")),
                (&["release_id", "releaseId"], Some("3f2c1ab")),
                (&["instance", "service_instance"], Some("pod-7")),
                (&["started_at", "startedAt"], None),
            ] {
                let found = names.iter().find_map(|name| document[*name].as_str());
                let expected = value.or(found.filter(|moment| moment.ends_with("+00:00")));
                assert!(found.is_some() && found == expected, "{names:?} in {path} as {format}: {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn whatever_a_prober_accepts_it_gets_an_answer() {
    let (address, _health) = service(Health::builder(), true).await;
    for accept in
        ["*/*", "text/html,application/xhtml+xml;q=0.9", "image/png", "application/json;q=0", "", "\u{7f}", ",;,"]
    {
        let answer = get_as(address, "/ready", accept).await;
        // hyper itself refuses what is no header value.
        assert!(answer.code == 200 || accept == "\u{7f}", "{accept:?}: {answer:?}");
    }
}

#[tokio::test]
async fn strangers_read_classes_and_the_token_reads_texts_without_secrets() {
    let builder = Health::builder().details(Details::Full).details_token("sesame");
    let (address, _health) = service(builder, false).await;
    for path in [
        "/health",
        "/ready",
        "/status",
        "/ready/database",
        "/ready?verbose",
        "/ready?format=spring",
        "/ready?format=health",
    ] {
        let stranger = get(address, path).await;
        for word in [SECRET, "orders"] {
            assert!(!format!("{stranger:?}").contains(word), "{path}: {stranger:?}");
        }
        let wrong = ask(address, "GET", path, &[("authorization", "Bearer Sesame")]).await;
        assert!(!wrong.body.contains("orders"), "{path}: {wrong:?}");
        let trusted = ask(address, "GET", path, &[("authorization", "Bearer sesame")]).await;
        assert!(!format!("{trusted:?}").contains(SECRET), "{path}: {trusted:?}");
        let shows = path != "/health";
        assert_eq!(trusted.body.contains("***@db/orders refused"), shows, "{path}: {trusted:?}");
    }
}

#[tokio::test]
async fn the_service_starts_when_all_holds_are_released_and_then_for_good() {
    let builder = Health::builder().startup_hold("migrations");
    let health = builder.check(Check::new("model", || async { true }).startup()).build().unwrap();
    let address = serve(health.router()).await;
    let hold = health.startup_hold("cache");
    drop(health.startup_hold("forgotten"));
    until(address, "/ready/model", |answer| answer.code == 200).await;
    let answer = get(address, "/startup").await;
    assert_eq!(
        (answer.code, &answer.json()["reason"]),
        (503, &"starting: waiting for migrations, cache, forgotten".into())
    );
    assert_eq!(get(address, "/health").await.code, 200, "starting is no reason to be restarted");
    assert_eq!(get(address, "/ready").await.code, 503);
    hold.release();
    assert!(health.release("migrations"));
    let answer = get(address, "/startup").await;
    assert_eq!(answer.json()["reason"], "starting: waiting for forgotten", "a hold that is dropped still holds");
    assert!(health.release("forgotten"));
    assert_eq!(get(address, "/startup").await.code, 200);
    let late = health.startup_hold("late");
    assert_eq!(get(address, "/startup").await.code, 200, "started is started");
    late.release();
}

#[tokio::test]
async fn a_service_that_fails_its_own_first_requests_never_gets_a_real_one() {
    use std::sync::atomic::{AtomicU32, Ordering};
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let answer = || async {
        let broken = ASKED.fetch_add(1, Ordering::SeqCst) < 2;
        if broken { axum::http::StatusCode::INTERNAL_SERVER_ERROR } else { axum::http::StatusCode::OK }
    };
    let health = Health::builder().build().unwrap();
    let app = Router::new().route("/items", on_get(answer)).merge(health.router());
    health.warm_up(app.clone(), ["/health", "/items"]);
    let address = serve(app).await;
    let before = get(address, "/ready").await;
    assert_eq!((before.code, &before.json()["reason"]), (503, &"starting: waiting for warm-up".into()));
    until(address, "/ready", |answer| answer.code == 200).await;
    assert_eq!(ASKED.load(Ordering::SeqCst), 3, "twice in vain, then well");
}

#[tokio::test]
async fn draining_goes_in_order() {
    let health = Health::builder().build().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let drained = health.drained_by(async { drop(ended.await) }, Duration::from_millis(300));
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let wait = gate.clone();
    let slow = on_get(|| async move { wait.acquire().await.map(|_| "finished").unwrap_or_default() });
    let app = Router::new().route("/slow", slow).merge(health.router()).layer(health.layer());
    #[expect(clippy::disallowed_methods, reason = "the server runs beside the test")]
    let server = tokio::spawn(axum::serve(listener, app).with_graceful_shutdown(drained).into_future());
    #[expect(clippy::disallowed_methods, reason = "a request that is under way while the service ends")]
    let under_way = tokio::spawn(async move { get(address, "/slow").await });
    until(address, "/metrics", |answer| answer.body.contains("in_flight{method=\"GET\",route=\"/slow\"} 1")).await;
    assert_eq!(get(address, "/ready").await.code, 200);
    end.send(()).unwrap();
    let answer = until(address, "/ready", |answer| answer.code == 503).await;
    assert_eq!(answer.json()["reason"], "shutting down");
    assert_eq!(get(address, "/health").await.code, 200, "still serving, and alive");
    assert!(!under_way.is_finished(), "what is under way is still so");
    #[expect(clippy::disallowed_methods, reason = "the client of this test")]
    let closed = || std::net::TcpStream::connect(address).is_err();
    common::eventually("the listener is closed after the delay", closed).await;
    assert!(!server.is_finished(), "it waits for what is under way");
    gate.add_permits(1);
    assert_eq!(under_way.await.unwrap().body, "finished");
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn paths_can_be_moved() {
    let health = Health::builder().paths(Paths::below("/internal").without_aliases()).build().unwrap();
    let app = Router::new().route("/status", on_get(|| async { "mine" })).merge(health.router());
    let address = serve(app).await;
    assert_eq!(get(address, "/internal/health").await.code, 200);
    assert_eq!(get(address, "/internal/livez").await.code, 404);
    assert_eq!(get(address, "/status").await.body, "mine");
}

#[derive(Clone)]
struct App {
    health: Health,
}

impl FromRef<App> for Health {
    fn from_ref(app: &App) -> Self {
        app.health.clone()
    }
}

struct Database;
impl CheckName for Database {
    const NAME: &'static str = "database";
}

struct Nothing;
impl CheckName for Nothing {
    const NAME: &'static str = "nothing";
}

#[tokio::test]
async fn handlers_take_results_as_they_take_anything_else() {
    let health = checks(Health::builder(), false).build().unwrap();
    let app = Router::new()
        .route("/soft", on_get(|database: Checked<Database>| async move { database.status.as_str() }))
        .route("/hard", on_get(|_: Required<Database>| async { "served" }))
        .route("/wrong", on_get(|_: Checked<Nothing>| async { "served" }))
        .merge(health.router())
        .with_state(App { health: health.clone() });
    let address = serve(app).await;
    until(address, "/soft", |answer| answer.body == "error").await;
    let hard = get(address, "/hard").await;
    assert_eq!((hard.code, hard.body.as_str()), (503, r#"{"detail":"Database not available"}"#));
    assert_eq!(get(address, "/wrong").await.code, 500);
}

#[tokio::test]
async fn a_report_is_had_without_a_request() {
    let (_, health) = service(Health::builder().version("2.0"), false).await;
    let report = health.report(Probe::Status, Details::Names);
    assert_eq!((report.status.as_str(), report.up, report.ready), ("unhealthy", true, false));
    assert_eq!(report.version.as_deref(), Some("2.0"));
    assert_eq!(report.checks.len(), 2);
}

#[cfg(feature = "serde")]
#[tokio::test]
async fn the_typed_document_is_the_one_that_is_served() {
    for details in [Details::None, Details::Names, Details::Full] {
        let (address, health) = service(Health::builder().version("2.0").details(details), false).await;
        let mut served = get(address, "/status").await.json();
        let typed: allswell::HealthReport = serde_json::from_value(served.clone()).unwrap();
        assert_eq!(serde_json::to_value(&typed).unwrap(), served, "nothing is lost by reading and writing");
        let mut report = serde_json::to_value(health.report(Probe::Status, details)).unwrap();
        for document in [&mut served, &mut report] {
            let object = document.as_object_mut().unwrap();
            object.remove("timestamp");
            for (_, check) in object.get_mut("checks").and_then(|c| c.as_object_mut()).into_iter().flatten() {
                for moving in ["age_ms", "time", "response_time_ms", "consecutive_failures", "since"] {
                    check.as_object_mut().map(|check| check.remove(moving));
                }
            }
        }
        assert_eq!(served, report);
    }
}

#[cfg(feature = "utoipa")]
#[tokio::test]
async fn the_openapi_document_has_both_answers() {
    let health = Health::builder().build().unwrap();
    let document = serde_json::to_value(health.openapi()).unwrap();
    for path in ["/health", "/ready", "/startup", "/status"] {
        for code in ["200", "503"] {
            let schema = &document["paths"][path]["get"]["responses"][code]["content"]["application/json"]["schema"];
            assert_eq!(schema["$ref"], "#/components/schemas/HealthReport", "{path} {code}");
        }
    }
    for name in ["HealthReport", "CheckReport", "CheckDetail", "Status"] {
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
}

#[cfg(feature = "schemars")]
#[test]
fn the_types_have_a_json_schema() {
    let schema = serde_json::to_value(schemars::schema_for!(allswell::HealthReport)).unwrap();
    assert!(schema["properties"]["checks"].is_object(), "{schema}");
}
