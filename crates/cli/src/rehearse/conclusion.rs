//! The end of a rehearsal: strip, figures, and what they teach.

use allswell_kube::Source;
use allswell_kube::lint::{Facts, Finding, Severity, lint};
use allswell_kube::rehearse::{Rehearsed, Subject, advice, timeline};
use serde_json::Value;

use super::Args;
use crate::layout::Layout;
use crate::paint::Paint;

/// Prints it. `broken` is what happened that --fail-on names.
pub(super) fn print(
    args: &Args,
    sources: &[Source],
    subject: &Subject,
    rehearsed: &Rehearsed,
    broken: &[String],
) -> anyhow::Result<()> {
    super::print(&match args.json {
        true => format!("{:#}\n", document(subject, rehearsed, broken)),
        false => text(sources, subject, rehearsed, broken, Layout::for_stdout()),
    })
}

/// All of it, for programs.
pub(super) fn document(subject: &Subject, rehearsed: &Rehearsed, broken: &[String]) -> Value {
    let mut document = rehearsed.verdict.json();
    document["workload"] = subject.title.as_str().into();
    document["container"] = subject.container.as_str().into();
    document["failed_on"] = broken.into();
    document["advice"] = advice::advice(rehearsed, subject).into();
    document["timeline"] = timeline::json(&rehearsed.entries, subject, rehearsed.zero);
    document
}

fn text(sources: &[Source], subject: &Subject, rehearsed: &Rehearsed, broken: &[String], layout: Layout) -> String {
    let Layout { paint, width } = layout;
    let mut out = format!("\n{}", rehearsed.verdict.text(rehearsed, width, paint == Paint::Colour));
    let label = |word: &str, painted: String| format!("  {painted}{}", " ".repeat(8_usize.saturating_sub(word.len())));
    let mut lessons = Vec::new();
    for sentence in advice::advice(rehearsed, subject) {
        lessons.push(layout.labelled(&label("hint", paint.yellow("hint")), 8, &sentence));
    }
    for finding in findings(sources, subject, rehearsed) {
        let (word, painted) = match finding.severity {
            Severity::Error => ("error", paint.red("error")),
            _ => ("warning", paint.yellow("warning")),
        };
        let found = layout.labelled(&label(word, painted), 8, &in_words(&finding));
        lessons.push(format!("{found}\n{}{}", " ".repeat(10), paint.dim(&place(sources, &finding))));
    }
    if !lessons.is_empty() {
        out.push_str(&format!("\n{}\n", lessons.join("\n")));
    }
    let well = match broken {
        [] => paint.green("All's well."),
        broken => paint.red(&format!("Not well: {}", broken.join(", "))),
    };
    out + &format!("\n  {well}\n")
}

/// What the linter finds once it is told how long the app took to start, errors first.
fn findings(sources: &[Source], subject: &Subject, rehearsed: &Rehearsed) -> Vec<Finding> {
    let facts = Facts { start: advice::start(rehearsed), ..Facts::default() };
    let mut findings = lint(sources, &facts).findings;
    findings.retain(|finding| finding.object == subject.title && finding.severity <= Severity::Warning);
    findings.sort_by_key(|finding| finding.severity);
    findings
}

fn in_words(finding: &Finding) -> String {
    format!("{}: {}", finding.rule.id, finding.message)
}

fn place(sources: &[Source], finding: &Finding) -> String {
    let source = &sources[finding.source];
    let place = source.place(finding.at.start);
    format!("{}:{}:{}  allswell lint --explain {}", source.name, place.line, place.column, finding.rule.id)
}
