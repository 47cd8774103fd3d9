//! Results as rows of bars: SVG paths, written as short as they can be, since a page has hundreds of them.
//!
//! One bar is one unit wide; the style sheet scales it and cuts the gaps. Height is latency; failures have the full height.

use std::fmt::Write as _;
use std::time::Duration;

use allswell_core::{Phase, Verdict};
use allswell_monitor::store::ResultRow;

use super::text::verdict_shape;

/// The height of a failure; all others are lower.
const FULL: u8 = 9;

/// A run of bars of one colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The letter of the colour.
    pub(super) shape: &'static str,
    /// The `d` of the path.
    pub(super) path: String,
}

/// A row of bars with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Strip {
    pub(super) runs: Vec<Run>,
    /// What a reader that sees no bars is told: `28 pass, 2 fail`.
    pub(super) label: String,
}

/// The bars of `results`, newest first as the store gives them, drawn with the newest on the right of `width` bars.
pub(super) fn of_results(results: &[ResultRow], width: usize) -> Strip {
    let usual = usual(results);
    let bars = results.iter().rev().map(|result| {
        let height = match result.verdict {
            Verdict::Fail => FULL,
            Verdict::Unknown => 2,
            Verdict::Warn => level(result.total, usual).max(5),
            Verdict::Pass => level(result.total, usual),
        };
        (verdict_shape(result.verdict), height)
    });
    Strip { runs: runs(bars, width.saturating_sub(results.len())), label: label(results) }
}

/// Bars of one height each, given oldest first with the letter of their colour; `None` leaves the place empty.
pub(super) fn of_states(states: &[Option<&'static str>], width: usize) -> Vec<Run> {
    let bars = states.iter().map(|state| match state {
        Some("u") => ("u", 4),
        Some(shape) => (*shape, FULL),
        None => ("n", 1),
    });
    runs(bars, width.saturating_sub(states.len()))
}

/// The latency in the middle of those that passed.
fn usual(results: &[ResultRow]) -> Duration {
    let mut passed: Vec<Duration> =
        results.iter().filter(|result| result.verdict == Verdict::Pass).map(|result| result.total).collect();
    passed.sort_unstable();
    passed.get(passed.len() / 2).copied().unwrap_or_default()
}

/// The usual latency stands at four of nine; what is twice as slow almost fills the strip.
fn level(latency: Duration, usual: Duration) -> u8 {
    if usual.is_zero() {
        return 4;
    }
    let share = latency.as_secs_f64() / usual.as_secs_f64();
    (share * 4.0).round().clamp(1.0, 8.0) as u8
}

/// Draws bars of a letter and a height as one path for each colour; `missing` empty places lie before the first.
fn runs(bars: impl Iterator<Item = (&'static str, u8)>, missing: usize) -> Vec<Run> {
    let empty = std::iter::repeat_n(("n", 1), missing);
    let mut runs: Vec<Run> = Vec::new();
    let mut before = "";
    let mut x = 0;
    for (shape, height, length) in steps(empty.chain(bars)) {
        if shape != before {
            end(&mut runs, before);
            append(&mut runs, shape, format_args!("M{x} {FULL}"));
        }
        append(&mut runs, shape, format_args!("V{}h{length}", FULL - height));
        before = shape;
        x += length;
    }
    end(&mut runs, before);
    runs
}

/// Equal neighbours as one step, with their number.
fn steps(bars: impl Iterator<Item = (&'static str, u8)>) -> Vec<(&'static str, u8, usize)> {
    let mut steps: Vec<(&'static str, u8, usize)> = Vec::new();
    for (shape, height) in bars {
        match steps.last_mut() {
            Some((same, level, length)) if *same == shape && *level == height => *length += 1,
            _ => steps.push((shape, height, 1)),
        }
    }
    steps
}

/// Brings the path of a colour back to the ground.
fn end(runs: &mut Vec<Run>, shape: &'static str) {
    if !shape.is_empty() {
        append(runs, shape, format_args!("V{FULL}"));
    }
}

/// Adds to the path of a colour.
fn append(runs: &mut Vec<Run>, shape: &'static str, part: std::fmt::Arguments<'_>) {
    let index = runs.iter().position(|run| run.shape == shape).unwrap_or_else(|| {
        runs.push(Run { shape, path: String::new() });
        runs.len() - 1
    });
    runs[index].path.write_fmt(part).expect("writing to a string cannot fail");
}

fn label(results: &[ResultRow]) -> String {
    let counts = [Verdict::Pass, Verdict::Warn, Verdict::Fail, Verdict::Unknown].into_iter().filter_map(|verdict| {
        let count = results.iter().filter(|result| result.verdict == verdict).count();
        (count > 0).then(|| format!("{count} {}", verdict.as_str()))
    });
    let label = counts.collect::<Vec<_>>().join(", ");
    if label.is_empty() { "no results yet".to_owned() } else { label }
}

/// The height of the chart of phases, in its own units.
const CHART: f64 = 100.0;
/// The height of the mark on a column that failed.
const CAP: f64 = 6.0;

/// Response times by phase: one path for each phase, and the columns that failed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chart {
    /// One path for each phase, in their order.
    pub(super) phases: [String; 5],
    /// The marks on the columns of failures and of what we could not ask.
    pub(super) marks: Vec<Run>,
    /// The time that the full height stands for.
    pub(super) top: Duration,
    /// How many columns there are.
    pub(super) width: usize,
}

/// The chart of `results`, newest first as the store gives them; failures that took longer than twice the slowest answer are cut.
pub(super) fn chart(results: &[ResultRow], width: usize) -> Chart {
    let top = top(results);
    let missing = width.saturating_sub(results.len());
    let mut chart = Chart { phases: Default::default(), marks: Vec::new(), top, width };
    for (index, result) in results.iter().rev().enumerate() {
        let x = missing + index;
        let mut base = 0.0;
        for (path, phase) in chart.phases.iter_mut().zip(Phase::ALL) {
            let Some(took) = result.phases.of(phase) else { continue };
            let next = (base + took.as_secs_f64() / top.as_secs_f64() * CHART).min(CHART);
            column(path, x, base, next);
            base = next;
        }
        if matches!(result.verdict, Verdict::Fail | Verdict::Unknown) {
            append(&mut chart.marks, verdict_shape(result.verdict), format_args!("M{x} 0h1v{CAP}h-1z"));
        }
    }
    chart
}

fn top(results: &[ResultRow]) -> Duration {
    let slowest = |counted: &dyn Fn(Verdict) -> bool| {
        results.iter().filter(|result| counted(result.verdict)).map(|result| result.total).max()
    };
    let answered = slowest(&|verdict| matches!(verdict, Verdict::Pass | Verdict::Warn)).map(|time| time * 2);
    let all = slowest(&|_| true);
    answered
        .zip(all)
        .map(|(answered, all)| answered.min(all))
        .or(all)
        .unwrap_or_default()
        .max(Duration::from_micros(100))
}

fn column(path: &mut String, x: usize, from: f64, to: f64) {
    if to - from >= 0.05 {
        let _ = write!(path, "M{x} {:.1}h1V{:.1}h-1z", CHART - from, CHART - to);
    }
}

#[cfg(test)]
mod tests {
    use allswell_core::{Phases, Reason, Wall};
    use allswell_monitor::model::MonitorId;
    use allswell_monitor::store::ResultRow;

    use super::*;

    fn result(verdict: Verdict, ms: u64) -> ResultRow {
        let phases = Phases { connect: Some(Duration::from_millis(ms / 2)), ..Phases::default() };
        ResultRow {
            monitor: MonitorId(1),
            asked: Wall::default(),
            verdict,
            reason: (verdict != Verdict::Pass).then_some(Reason::Status),
            status: None,
            phases,
            total: Duration::from_millis(ms),
            detail: None,
        }
    }

    #[test]
    fn equal_neighbours_are_one_step_and_each_colour_one_path() {
        let pass = || result(Verdict::Pass, 100);
        let results = [
            pass(),
            result(Verdict::Fail, 5_000),
            result(Verdict::Fail, 20),
            pass(),
            pass(),
            result(Verdict::Pass, 175),
        ];
        let strip = of_results(&results, 8);
        let expected = [("n", "M0 9V8h2V9"), ("u", "M2 9V2h1V5h2V9M7 9V5h1V9"), ("d", "M5 9V0h2V9")];
        let found: Vec<_> = strip.runs.iter().map(|run| (run.shape, run.path.as_str())).collect();
        assert_eq!(found, expected);
        assert_eq!(strip.label, "4 pass, 2 fail");
    }

    #[test]
    fn without_results_there_is_an_empty_line() {
        let strip = of_results(&[], 30);
        assert_eq!(strip.runs, [Run { shape: "n", path: "M0 9V8h30V9".to_owned() }]);
        assert_eq!(strip.label, "no results yet");
    }

    #[test]
    fn a_long_timeout_does_not_flatten_the_answers() {
        let results = [result(Verdict::Fail, 5_000), result(Verdict::Pass, 50), result(Verdict::Pass, 40)];
        let chart = chart(&results, 3);
        assert_eq!(chart.top, Duration::from_millis(100));
        assert_eq!(chart.phases[1], "M0 100.0h1V80.0h-1zM1 100.0h1V75.0h-1zM2 100.0h1V0.0h-1z");
        assert_eq!(chart.marks, [Run { shape: "d", path: "M2 0h1v6h-1z".to_owned() }]);
    }

    #[test]
    fn a_chart_of_nothing_is_empty() {
        let chart = chart(&[], 60);
        assert_eq!(chart.phases, [const { String::new() }; 5]);
        assert!(chart.top > Duration::ZERO);
    }
}
