//! What a rehearsal must come to, in virtual time.

use std::time::Duration;

use allswell_core::kubelet::pod::Chance;
use allswell_core::kubelet::simulate::{App, Asking, run};
use allswell_core::kubelet::{Answer, Kind};

use super::subject::Choice;
use super::{Error, Subject};
use crate::yaml;

fn subject(text: &str, choice: &Choice) -> Result<Subject, Error> {
    let (documents, problems) = yaml::read(text);
    assert_eq!(problems, []);
    Subject::choose(&documents, choice)
}

fn guide() -> Subject {
    subject(include_str!("../../tests/manifests/guide.yaml"), &Choice::default()).expect("it can be rehearsed")
}

/// Listens after so long.
struct Slow(Duration);

impl App for Slow {
    fn answer(&mut self, asking: &Asking) -> (Answer, Duration) {
        (if asking.age < self.0 { Answer::Failure } else { Answer::Success }, Duration::from_millis(2))
    }
}

#[test]
fn the_guide_s_manifest_kills_an_app_that_needs_80_s_between_55_and_75_s_again_and_again() {
    for seed in 0..300 {
        let mut app = Slow(Duration::from_secs(80));
        let run = run(&guide().plan, &mut app, Chance::of(seed), Duration::from_secs(900), None);
        assert_eq!(run.first_ready(), None, "seed {seed}");
        assert!(run.restarts >= 5, "seed {seed}: {} restarts", run.restarts);
        let mut started = Duration::ZERO;
        for happened in &run.story {
            match happened.what {
                allswell_core::kubelet::Note::Started { .. } => started = happened.at,
                allswell_core::kubelet::Note::Killing { by, .. } => {
                    assert_eq!(by, Some(Kind::Liveness));
                    // The status keeps whole seconds, so a delay may be up to one second shorter than written.
                    let age = (happened.at - started).as_secs_f64();
                    assert!((54.0..=75.1).contains(&age), "seed {seed}: killed after {age} s");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn the_only_workload_is_found_among_other_kinds() {
    let text = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n---\napiVersion: x.io/v1\nkind: Widget\nmetadata: \
                {name: w}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: n}\nspec: {containers: [{name: c, \
                image: i, env: [{name: A, value: b}], command: [run, $(A)]}]}\n";
    let subject = subject(text, &Choice::default()).expect("there is one");
    assert_eq!((subject.title.as_str(), subject.namespace.as_str(), subject.container.as_str()), ("Pod/p", "n", "c"));
    assert_eq!(subject.environment, [("A".to_owned(), "b".to_owned())]);
}

#[test]
fn which_one_is_asked_when_there_are_several() {
    let pod = |name: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{containers: [{{name: c, image: i}}]}}\n"
        )
    };
    let text = pod("a") + &pod("b");
    let error = subject(&text, &Choice::default()).expect_err("there are two");
    assert_eq!(error.to_string(), "there are several workloads: Pod/a, Pod/b; choose one with --workload");
    let choice = Choice { workload: Some("b".to_owned()), container: None };
    assert_eq!(subject(&text, &choice).expect("b is there").name, "b");
}

#[test]
fn what_the_api_server_refuses_is_not_rehearsed() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: i, livenessProbe: {}}]}\n";
    let error = subject(text, &Choice::default()).expect_err("it is refused").to_string();
    assert!(error.contains("must specify a handler type"), "{error}");
}
