//! What a rehearsal teaches: sentences that say what happened and what to do about it.

use std::time::Duration;

use allswell_core::kubelet::{Answer, Kind, Note};

use super::timeline::{Entry, What, numbers};
use super::{Rehearsed, Subject};

/// Sentences about what went wrong in a rehearsal, the weightiest first; none when all went well.
pub fn advice(rehearsed: &Rehearsed, subject: &Subject) -> Vec<String> {
    let entries = &rehearsed.entries;
    let mut told = Vec::new();
    let mut tell = |holds: bool, sentence: String| told.extend(holds.then_some(sentence));
    if let Some((ports, wanted)) = listens_elsewhere(entries) {
        let (is, asked) = (numbers(ports), numbers(wanted));
        tell(
            true,
            format!(
                "the app listens on port {is}, and its probes ask port {asked}. Give it the port with {{port}} or $PORT in its \
                 command, say --port {is} when only here it differs, or write {is} into the manifest."
            ),
        );
    }
    tell(
        killed_while_starting(entries),
        "it is killed while it still starts. A startup probe holds liveness back until it is up: --suggest instead of --for \
         measures the start and prints one that fits."
            .to_owned(),
    );
    for name in dependencies_that_kill(entries) {
        tell(
            true,
            format!(
                "liveness restarts the app because {name} is down, which does not bring {name} back. Let liveness look at the \
                 process alone, and readiness at {name}."
            ),
        );
    }
    let (lost, has_pause) = (rehearsed.verdict.requests.map_or(0, |(_, lost)| lost), subject.hook.is_some());
    tell(
        lost > 0 && !has_pause,
        format!(
            "{lost} requests came to pods that were not there any more. A preStop sleep of 5 s keeps them there until nobody asks: \
             --suggest prints it."
        ),
    );
    for kind in Kind::ALL {
        let name = kind.as_str();
        let seen = |wanted: &dyn Fn(Answer, &str) -> bool| saw(entries, kind, wanted);
        let refused = |answer, output: &str| {
            answer == Answer::Failure && (output.ends_with("statuscode: 401") || output.ends_with("statuscode: 403"))
        };
        tell(
            seen(&refused),
            format!(
                "the {name} probe is asked to log in. Serve its path without, or give it a header with httpHeaders."
            ),
        );
        tell(
            seen(&|answer, _| answer == Answer::Warning),
            format!(
                "the {name} probe is sent elsewhere, which counts as a success whatever is there. Ask the path that answers."
            ),
        );
        tell(
            seen(&|answer, _| answer == Answer::Error) && !seen(&|answer, _| answer != Answer::Error),
            format!("the {name} probe only ever errs, and errors are thrown away: it does nothing at all."),
        );
    }
    tell(
        rehearsed.verdict.shot,
        "it did not end by itself after SIGTERM and was killed, with all that it had in hand. Let it hear SIGTERM, or give it more \
         grace."
            .to_owned(),
    );
    told
}

/// How long the app took to start, at most: from a start to the first probe that succeeded, the slowest replica.
pub fn start(rehearsed: &Rehearsed) -> Option<Duration> {
    let of = |replica: usize| {
        let mut own = rehearsed.entries.iter().filter(|entry| entry.replica == replica);
        let started = own.find(|entry| matches!(entry.what, What::Note(Note::Started { .. })))?;
        let up = own.find(|entry| matches!(entry.what, What::Probed { answer: Answer::Success, .. }))?;
        Some(up.at.saturating_sub(started.at))
    };
    (0..rehearsed.replicas).map(of).collect::<Option<Vec<_>>>()?.into_iter().max()
}

fn saw(entries: &[Entry], wanted: Kind, is: &dyn Fn(Answer, &str) -> bool) -> bool {
    entries.iter().any(|entry| match &entry.what {
        What::Probed { kind, answer, output, .. } => *kind == wanted && is(*answer, output),
        _ => false,
    })
}

/// Where the app listened and where it was asked, when those differed.
fn listens_elsewhere(entries: &[Entry]) -> Option<(&[u16], &[u16])> {
    entries.iter().find_map(|entry| match &entry.what {
        What::ListensElsewhere { ports, wanted } => Some((ports.as_slice(), wanted.as_slice())),
        _ => None,
    })
}

/// Whether a probe killed a container before any probe had ever succeeded, in this one or one before it.
fn killed_while_starting(entries: &[Entry]) -> bool {
    let mut was_up = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.is_for_all()) {
        was_up.resize(was_up.len().max(entry.replica + 1), false);
        match &entry.what {
            What::Probed { answer: Answer::Success | Answer::Warning, .. } => was_up[entry.replica] = true,
            What::Note(Note::Killing { by: Some(_), .. }) if !was_up[entry.replica] => return true,
            _ => {}
        }
    }
    false
}

/// The things that were down while liveness killed.
fn dependencies_that_kill(entries: &[Entry]) -> Vec<String> {
    let (mut down, mut guilty): (Vec<&str>, Vec<String>) = (Vec::new(), Vec::new());
    for entry in entries {
        match &entry.what {
            What::Fault { name, begins } => {
                let Some(name) = name.strip_suffix("-down") else {
                    continue;
                };
                down.retain(|own| *own != name);
                down.extend(begins.then_some(name));
            }
            What::Note(Note::Killing { by: Some(Kind::Liveness), .. }) => {
                guilty.extend(down.iter().map(|name| (*name).to_owned()));
            }
            _ => {}
        }
    }
    guilty.sort();
    guilty.dedup();
    guilty
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64, what: What) -> Entry {
        Entry { at: Duration::from_secs(seconds), replica: 0, what }
    }

    fn probed(seconds: u64, answer: Answer) -> Entry {
        let (output, took) = (String::new(), Duration::ZERO);
        at(seconds, What::Probed { kind: Kind::Liveness, answer, output, took, count: (1, 3), news: true })
    }

    fn killing() -> What {
        What::Note(Note::Killing { by: Some(Kind::Liveness), grace: Duration::from_secs(30) })
    }

    fn started() -> Entry {
        at(0, What::Note(Note::Started { restarts: 0 }))
    }

    #[test]
    fn a_kill_before_the_first_success_is_a_slow_start() {
        assert!(killed_while_starting(&[started(), probed(5, Answer::Failure), at(9, killing())]));
        assert!(!killed_while_starting(&[started(), probed(5, Answer::Success), at(9, killing())]));
    }

    #[test]
    fn what_was_down_at_the_kill_is_named_once() {
        let fault = |at_s, begins| at(at_s, What::Fault { name: "db-down".to_owned(), begins });
        let story = [fault(1, true), at(9, killing()), at(19, killing()), fault(30, false)];
        assert_eq!(dependencies_that_kill(&story), ["db"]);
        assert_eq!(dependencies_that_kill(&[fault(1, true), fault(3, false), at(9, killing())]), Vec::<String>::new());
    }

    #[test]
    fn the_start_ends_with_the_first_success() {
        let rehearsed = Rehearsed {
            entries: vec![started(), probed(5, Answer::Failure), probed(15, Answer::Success)],
            zero: Duration::ZERO,
            replicas: 1,
            verdict: super::super::Verdict::default(),
        };
        assert_eq!(start(&rehearsed), Some(Duration::from_secs(15)));
        assert_eq!(start(&Rehearsed { entries: vec![started()], ..rehearsed }), None);
    }
}
