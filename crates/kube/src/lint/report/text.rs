//! For eyes: what, where, what next.

use std::fmt::Write;

use super::{Shown, subject};
use crate::Source;
use crate::lint::{Finding, Rule, Severity};

/// Every finding with its place and what would help, then one line that counts them.
pub fn text(shown: &Shown<'_>) -> String {
    let mut out = String::new();
    for (source, finding) in shown.findings() {
        // Writing into a String cannot fail.
        let _ = one(&mut out, source, finding, shown.colour);
        out.push('\n');
    }
    out.push_str(&summary(shown));
    out
}

/// One rule: what it finds and why it matters.
pub fn explain(rule: &Rule) -> String {
    let mut out = format!("{} ({}): {}\n\n{}\n", rule.id, rule.severity, rule.title, wrap(rule.why, 100));
    if !rule.aliases.is_empty() {
        out.push_str(&format!("\nElsewhere called {}.\n", rule.aliases.join(", ")));
    }
    out.push_str(&format!(
        "\nTo silence it: the annotation allswell.dev/ignore: {} on the pod or its workload.\n",
        rule.id
    ));
    out
}

fn one(out: &mut String, source: &Source, finding: &Finding, colour: bool) -> std::fmt::Result {
    let paint = |code: &str, text: &str| match colour {
        true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        false => text.to_owned(),
    };
    let tone = match finding.severity {
        Severity::Error => "1;31",
        Severity::Warning => "1;33",
        Severity::Info => "1;34",
    };
    let place = source.place(finding.at.start);
    let number = place.line.to_string();
    let gutter = " ".repeat(number.len());
    let head = format!("{}[{}]", finding.severity, finding.rule.id);
    writeln!(out, "{}: {}", paint(tone, &head), printable(&finding.message))?;
    let of = subject(finding);
    let of = if of.is_empty() { of } else { format!("  {of}") };
    writeln!(out, "{gutter} --> {}:{}:{}{}", source.name, place.line, place.column, printable(&of))?;
    writeln!(out, "{gutter}  |")?;
    let (shown, before) = window(source, finding.at.start);
    writeln!(out, " {number} | {}", printable(shown))?;
    let rest = shown.chars().count().saturating_sub(before).max(1);
    let marks = paint(tone, &"^".repeat(marked(source, finding).min(rest)));
    let label = printable(&finding.label);
    writeln!(out, "{}", format!("{gutter}  | {}{marks} {label}", " ".repeat(before)).trim_end())?;
    writeln!(out, "{gutter}  |")?;
    if let Some(fix) = &finding.fix {
        writeln!(out, "{gutter}  = fix: {}", printable(&fix.what))?;
        for line in fix.patch(source) {
            let tone = if line.starts_with('+') { "32" } else { "31" };
            writeln!(out, "{gutter}      {}", paint(tone, &printable(&line)))?;
        }
    }
    writeln!(out, "{gutter}  = see: allswell lint --explain {}", finding.rule.id)
}

/// How many characters the place has on its first line, counted as far as a line is shown.
fn marked(source: &Source, finding: &Finding) -> usize {
    let text = source.text.get(finding.at.clone()).unwrap_or("");
    text.chars().take_while(|c| *c != '\n').take(WIDTH).count().max(1)
}

/// How many characters of a line are shown.
const WIDTH: usize = 160;

/// The part of the line around a byte, and how many characters of it lie before that byte.
fn window(source: &Source, at: usize) -> (&str, usize) {
    let line = source.whole_lines(&(at..at));
    let at = at.clamp(line.start, line.end);
    let mut from = if at - line.start > WIDTH { at - WIDTH / 2 } else { line.start };
    while !source.text.is_char_boundary(from) {
        from += 1;
    }
    let shown = &source.text[from..line.end];
    let end = shown.char_indices().nth(WIDTH).map_or(shown.len(), |(end, _)| end);
    (shown[..end].trim_end_matches('\r'), source.text[from..at].chars().count())
}

/// A terminal must not be told what to do by a manifest.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn summary(shown: &Shown<'_>) -> String {
    let report = shown.report;
    let count = |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    let mut parts = vec![
        count(shown.sources.len(), "file"),
        count(report.workloads, "workload"),
        count(report.count(Severity::Error), "error"),
        count(report.count(Severity::Warning), "warning"),
    ];
    let infos = report.count(Severity::Info);
    if shown.least == Severity::Info {
        parts.push(count(infos, "hint"));
    }
    if report.suppressed > 0 {
        parts.push(format!("{} silenced", report.suppressed));
    }
    let mut line = format!("{}.", parts.join(", "));
    match report.fixable() {
        0 => {}
        number => line.push_str(&format!(" {number} can be fixed with --fix.")),
    }
    if shown.least < Severity::Info && infos > 0 {
        line.push_str(&format!(" {} with --level info.", count(infos, "hint")));
    }
    line + "\n"
}

fn wrap(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("never empty");
        if !last.is_empty() && last.len() + word.len() >= width {
            lines.push(word.to_owned());
        } else {
            last.push_str(if last.is_empty() { "" } else { " " });
            last.push_str(word);
        }
    }
    lines.join("\n")
}
