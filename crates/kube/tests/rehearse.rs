//! Real processes under real probes: this test's own program plays the app.

#[path = "../examples/sample_app.rs"]
#[expect(dead_code, reason = "its `main` is for the example")]
mod sample_app;

use std::sync::Arc;
use std::time::Duration;

use allswell_core::kubelet::{Kind, Note};
use allswell_kube::rehearse::measure::measure;
use allswell_kube::rehearse::subject::Choice;
use allswell_kube::rehearse::suggest::suggest;
use allswell_kube::rehearse::{
    Dependency, Error, Load, Policy, Rehearsed, Settings, Subject, What, advice, fault, rehearse,
};
use allswell_kube::{Source, yaml};
use tokio::sync::mpsc;

/// The app, when a rehearsal starts this program; nothing otherwise.
#[test]
fn app() {
    if std::env::var_os("REHEARSED").is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        std::process::exit(runtime.block_on(sample_app::run()));
    }
}

fn manifest(environment: &str, container: &str) -> Arc<Subject> {
    subject(&text(environment, container))
}

fn text(environment: &str, container: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  terminationGracePeriodSeconds: 3\n  containers:\n  \
         - name: app\n    image: i\n    ports: [{{containerPort: 8000}}]\n    env: [{{name: REHEARSED, value: \"1\"}}{environment}]\n    \
         readinessProbe: {{httpGet: {{path: /ready, port: 8000}}, periodSeconds: 1, failureThreshold: 2}}\n    {container}\n"
    )
}

fn subject(text: &str) -> Arc<Subject> {
    let (documents, problems) = yaml::read(text);
    assert_eq!(problems, []);
    Arc::new(Subject::choose(&documents, &Choice::default()).expect("it can be rehearsed"))
}

fn settings(output: &tempfile::TempDir) -> Settings {
    let program = std::env::current_exe().expect("it has a name").to_string_lossy().into_owned();
    let command = [&program, "--exact", "app", "--nocapture"].map(str::to_owned).to_vec();
    Settings {
        command,
        replicas: 1,
        port: Some(0),
        seed: 1,
        output: Some(output.path().to_owned()),
        ..Settings::default()
    }
}

async fn play(subject: &Arc<Subject>, change: impl FnOnce(&mut Settings)) -> Rehearsed {
    let directory = tempfile::tempdir().expect("a directory");
    let mut settings = settings(&directory);
    change(&mut settings);
    let (_keep, stop) = mpsc::channel(1);
    rehearse(subject, &settings, stop, |_, _| {}).await.expect("it begins")
}

const LIVENESS: &str = "livenessProbe: {httpGet: {path: /health, port: 8000}, periodSeconds: 1, failureThreshold: 3}";

#[tokio::test]
async fn an_app_that_is_well_is_ready_and_ends_in_good_order() {
    let rehearsed = play(&manifest("", LIVENESS), |_| {}).await;
    let verdict = &rehearsed.verdict;
    assert!(verdict.ready_after.is_some(), "{verdict:?}");
    assert_eq!((verdict.restarts, verdict.crashes, verdict.shot), (0, 0, false));
    assert!(verdict.shutdown.is_some());
    assert_eq!(Policy::default().broken_by(verdict), Vec::<String>::new());
}

#[tokio::test]
async fn an_app_that_freezes_is_taken_out_of_service_then_killed_by_force_and_started_again() {
    let faults = fault::parse("hang@3s..60s").expect("it can be read");
    let rehearsed = play(&manifest("", LIVENESS), |settings| {
        settings.faults = faults;
        settings.length = Some(Duration::from_secs(12));
    })
    .await;
    let position = |wanted: &dyn Fn(&What) -> bool| {
        rehearsed
            .entries
            .iter()
            .position(|entry| wanted(&entry.what))
            .unwrap_or_else(|| panic!("{:#?}", rehearsed.entries))
    };
    let fault = position(&|what| matches!(what, What::Fault { begins: true, .. }));
    let unready = position(&|what| matches!(what, What::Note(Note::Unready)));
    let killing = position(&|what| matches!(what, What::Note(Note::Killing { by: Some(Kind::Liveness), .. })));
    let forced = position(&|what| matches!(what, What::Note(Note::GraceOver)));
    let again = position(&|what| matches!(what, What::Note(Note::Started { restarts: 1 })));
    assert!(fault < unready && unready < killing && killing < forced && forced < again);
    assert!(!rehearsed.verdict.kills.is_empty());
}

#[tokio::test]
async fn a_database_that_is_down_empties_readiness_and_restarts_nothing() {
    let database = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = database.local_addr().expect("it listens").to_string();
    let accept = async {
        loop {
            let _ = database.accept().await;
        }
    };
    let subject = manifest("", LIVENESS);
    let dependency = Dependency::new("db", "DATABASE", &address).expect("it is an address");
    let played = play(&subject, |settings| {
        settings.dependencies = vec![dependency];
        settings.faults = fault::parse("db-down@2s..5s").expect("it can be read");
    });
    let rehearsed = tokio::select! {
        rehearsed = played => rehearsed,
        () = accept => unreachable!("it accepts for ever"),
    };
    let verdict = &rehearsed.verdict;
    assert!(verdict.unready > Duration::ZERO, "{:#?}", rehearsed.entries);
    assert_eq!((verdict.restarts, verdict.crashes), (0, 0), "{:#?}", rehearsed.entries);
}

#[tokio::test]
async fn the_same_database_in_liveness_restarts_the_app() {
    let deep = "livenessProbe: {httpGet: {path: /db, port: 8000}, periodSeconds: 1, failureThreshold: 2}";
    let dependency = Dependency::new("db", "DATABASE", "127.0.0.1:1").expect("it is an address");
    let rehearsed = play(&manifest("", deep), |settings| {
        settings.dependencies = vec![dependency];
        settings.faults = fault::parse("db-down@0s..60s").expect("it can be read");
        settings.length = Some(Duration::from_secs(8));
    })
    .await;
    assert!(rehearsed.verdict.kills.len() >= 2, "{:#?}", rehearsed.entries);
}

/// The guide's story at a twentieth of its length: killed 3 to 4 s after each start, while it needs 6 s.
#[tokio::test]
async fn an_app_that_starts_too_slowly_is_killed_for_ever_and_comes_up_with_what_is_suggested() {
    let liveness = "livenessProbe:\n      httpGet: {path: /health, port: 8000}\n      initialDelaySeconds: 1\n      \
                    periodSeconds: 1\n      failureThreshold: 3";
    let written = text(", {name: START_SECONDS, value: \"6\"}", liveness);
    let rehearsed = play(&subject(&written), |settings| settings.length = Some(Duration::from_secs(10))).await;
    let verdict = &rehearsed.verdict;
    assert_eq!(verdict.ready_after, None);
    assert!(verdict.kills.len() >= 2 && verdict.kills.iter().all(|(_, by)| *by == Kind::Liveness), "{verdict:?}");
    let advice = advice::advice(&rehearsed, &subject(&written));
    assert!(advice.iter().any(|sentence| sentence.contains("while it still starts")), "{advice:?}");

    let directory = tempfile::tempdir().expect("a directory");
    let (_keep, stop) = mpsc::channel(1);
    let measured = measure(&subject(&written), &settings(&directory), stop).await.expect("it comes up");
    let suggestion = suggest(&Source::new("x.yaml", written), &Choice::default(), &measured);
    let rehearsed = play(&subject(&suggestion.text), |_| {}).await;
    let verdict = &rehearsed.verdict;
    assert!(verdict.ready_after.is_some(), "{}: {:#?}", suggestion.text, rehearsed.entries);
    assert_eq!((verdict.restarts, verdict.kills.len()), (0, 0), "{}", suggestion.text);
}

#[tokio::test]
async fn a_hook_runs_before_sigterm_and_an_app_that_ignores_that_is_shot() {
    let subject = manifest(", {name: DRAIN_SECONDS, value: ignore}", "lifecycle: {preStop: {sleep: {seconds: 1}}}");
    let rehearsed = play(&subject, |_| {}).await;
    let told: Vec<&What> = rehearsed
        .entries
        .iter()
        .map(|entry| &entry.what)
        .skip_while(|what| !matches!(what, What::HookBegan))
        .filter(|what| !matches!(what, What::Probed { .. }))
        .collect();
    assert!(matches!(told[1], What::HookEnded(Ok(()))) && matches!(told[2], What::Terminated), "{told:#?}");
    assert!(rehearsed.verdict.shot);
}

/// A rolling update of two pods under load: requests sent and lost.
async fn update(lifecycle: &str) -> (u64, u64) {
    let text = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d}}\nspec:\n  replicas: 2\n  selector: {{matchLabels: {{a: b}}}}\n  \
         template:\n    metadata: {{labels: {{a: b}}}}\n    spec:\n      containers:\n      - name: app\n        image: i\n        \
         ports: [{{containerPort: 8000}}]\n        env: [{{name: REHEARSED, value: \"1\"}}]\n        readinessProbe: \
         {{httpGet: {{path: /ready, port: 8000}}, periodSeconds: 1}}\n        {lifecycle}\n"
    );
    let subject = subject(&text);
    let load = Load { per_second: 50, path: "/".to_owned(), propagation: Duration::from_millis(1_000) };
    let rehearsed = play(&subject, |settings| {
        (settings.replicas, settings.rollout, settings.load) = (2, true, Some(load));
    })
    .await;
    assert_eq!(rehearsed.replicas, 4, "{:#?}", rehearsed.entries);
    rehearsed.verdict.requests.expect("there was a load")
}

#[tokio::test]
async fn an_app_that_ends_at_once_loses_requests_in_a_rolling_update() {
    let (sent, lost) = update("").await;
    assert!(lost > 0 && lost < sent, "{lost} of {sent}");
}

#[tokio::test]
async fn a_pause_before_sigterm_loses_none() {
    let (sent, lost) = update("lifecycle: {preStop: {sleep: {seconds: 3}}}").await;
    assert!(sent > 100, "{sent}");
    assert_eq!(lost, 0, "of {sent}");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_said_so_and_backs_off() {
    let rehearsed = play(&manifest("", ""), |settings| {
        settings.command = vec!["/nonexistent/app".to_owned()];
        settings.length = Some(Duration::from_secs(4));
    })
    .await;
    assert!(rehearsed.entries.iter().any(|entry| matches!(entry.what, What::CannotStart(_))));
    assert!(rehearsed.entries.iter().any(|entry| matches!(entry.what, What::Note(Note::BackOff { .. }))));
    assert_eq!(Policy::default().broken_by(&rehearsed.verdict), ["never ready"]);
}

#[tokio::test]
async fn an_app_that_listens_on_another_port_is_told_where() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = free.local_addr().expect("it listens").port();
    drop(free);
    let subject = manifest("", "");
    let rehearsed = play(&subject, |settings| {
        let own = ["env".to_owned(), format!("PORT={port}")];
        settings.command = own.into_iter().chain(settings.command.clone()).collect();
        settings.length = Some(Duration::from_secs(5));
    })
    .await;
    let advice = advice::advice(&rehearsed, &subject);
    assert!(advice[0].contains(&format!("the app listens on port {port}, and its probes ask port")), "{advice:?}");
    assert_eq!(rehearsed.verdict.ready_after, None);
}

#[tokio::test]
async fn a_port_that_is_taken_is_refused_before_anything_starts() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("it listens").port();
    let directory = tempfile::tempdir().expect("a directory");
    let settings = Settings { port: Some(port), ..settings(&directory) };
    let (_keep, stop) = mpsc::channel(1);
    let error = rehearse(&manifest("", ""), &settings, stop, |_, _| {}).await.expect_err("it is taken");
    assert!(matches!(error, Error::PortTaken { .. }), "{error}");
}
