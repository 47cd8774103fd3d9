//! Probe values that fit what was measured, as a changed manifest.

use std::time::Duration;

use allswell_core::kubelet::Kind;

use super::measure::Measured;
use super::subject::Choice;
use crate::Source;
use crate::lint::{Facts, Fix, fix, fix_all};
use crate::manifest::{Object, Workload};
use crate::yaml;

/// A changed manifest and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The new text.
    pub text: String,
    /// What was changed by measure, in sentences.
    pub reasons: Vec<String>,
}

/// Fits the probes in `source` to what was measured of the chosen workload: timeouts to the slowest answer, then all
/// that the linter proposes with the measured start and drain.
pub fn suggest(source: &Source, choice: &Choice, measured: &Measured) -> Suggestion {
    let mut reasons = Vec::new();
    let mut text = source.text.clone();
    if let Some((changed, reason)) = timeouts(source, choice, measured) {
        text = changed;
        reasons.push(reason);
    }
    let facts = Facts { start: Some(measured.start), drain: Some(measured.drain) };
    let (changed, _) = fix_all(&[Source::new(source.name.clone(), text.clone())], &facts, true);
    if let Some((_, changed)) = changed.into_iter().next() {
        text = changed;
    }
    let drain = match measured.drain.as_secs_f64() {
        drain if drain < 0.1 => "stops serving at once on SIGTERM".to_owned(),
        drain => format!("serves on for {drain:.1} s after SIGTERM"),
    };
    reasons.push(format!("it starts in {:.1} s and {drain}", measured.start.as_secs_f64()));
    Suggestion { text, reasons }
}

/// Gives each probe of the chosen workload four times the slowest answer, where it has less than twice.
fn timeouts(source: &Source, choice: &Choice, measured: &Measured) -> Option<(String, String)> {
    let slowest = measured.slowest();
    let wanted = (slowest.as_secs_f64() * 4.0).ceil().max(1.0) as u64;
    let (documents, _) = yaml::read(&source.text);
    let chosen = |workload: &Workload<'_>| {
        choice.workload.as_deref().is_none_or(|name| workload.object.name == name || workload.object.title() == name)
    };
    let mut fixes = Vec::new();
    for workload in documents.iter().flat_map(Object::of).filter_map(Workload::of).filter(chosen) {
        for probe in workload.containers.iter().flat_map(|container| &container.probes) {
            let has = Duration::from_secs(u64::from(probe.spec.timeout_s.max(1).unsigned_abs()));
            if probe.kind != Kind::Startup && has < slowest * 2 {
                let edit = fix::set(source, probe.node, "timeoutSeconds", &wanted.to_string());
                fixes.push(Fix::proposal("", edit.into_iter().collect()));
            }
        }
    }
    let (text, count) = fix::apply(&source.text, &fixes.iter().collect::<Vec<_>>());
    let ms = slowest.as_secs_f64() * 1_000.0;
    (count > 0)
        .then(|| (text, format!("its slowest answer took {ms:.0} ms: a timeout of {wanted} s is four times that")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::Subject;

    const GUIDE: &str = include_str!("../../tests/manifests/guide.yaml");

    #[test]
    fn an_app_that_needs_80_s_comes_up_and_stays_up_with_what_is_suggested() {
        use allswell_core::kubelet::pod::Chance;

        use crate::rehearse::model::{Model, Range, Series, simulate};
        let measured = Measured {
            start: Duration::from_secs(80),
            latencies: vec![Duration::from_millis(30)],
            ..Measured::default()
        };
        let suggestion = suggest(&Source::new("guide.yaml", GUIDE), &Choice::default(), &measured);
        let (documents, problems) = yaml::read(&suggestion.text);
        assert_eq!(problems, []);
        let subject = Subject::choose(&documents, &Choice::default()).expect("it is a good manifest");
        let of = |text: &str| Range::parse(text).expect("a range");
        let model = Model { start: of("80s"), latency: of("10ms..30ms"), faults: Vec::new() };
        let series = Series { runs: 200, length: Duration::from_secs(900), seed: Chance::default().seed };
        let all = simulate(&subject, &model, &series, &crate::rehearse::Policy::default());
        assert_eq!((all.failed, all.ready_after.len()), (0, 200), "{}", suggestion.text);
        assert!(suggestion.text.contains("sleep"), "an app that ends at once gets a pause: {}", suggestion.text);
    }

    #[test]
    fn a_timeout_fits_the_slowest_answer() {
        let measured =
            Measured { start: Duration::from_secs(2), latencies: vec![Duration::from_secs(3)], ..Measured::default() };
        let suggestion = suggest(&Source::new("guide.yaml", GUIDE), &Choice::default(), &measured);
        assert_eq!(suggestion.text.matches("timeoutSeconds: 12").count(), 2, "{}", suggestion.text);
    }
}
