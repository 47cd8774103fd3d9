//! For eyes: what, where, what next.

use std::fmt::Write;

use super::{Shown, subject};
use crate::Source;
use crate::lint::{Finding, Rule, Severity};
use crate::wrap::wrap;

/// Every finding with its place and what would help, then one line that counts them.
pub fn text(shown: &Shown<'_>) -> String {
    let mut out = String::new();
    for (source, finding) in shown.findings() {
        // Writing into a String cannot fail.
        let _ = one(&mut out, source, finding, shown);
        out.push('\n');
    }
    out.push_str(&summary(shown));
    out
}

/// One rule: what it finds and why it matters.
pub fn explain(rule: &Rule) -> String {
    let mut out = format!("{} ({}): {}\n\n{}\n", rule.id, rule.severity, rule.title, wrap(rule.why, 100).join("\n"));
    if !rule.aliases.is_empty() {
        out.push_str(&format!("\nElsewhere called {}.\n", rule.aliases.join(", ")));
    }
    out.push_str(&format!(
        "\nTo silence it: the annotation allswell.dev/ignore: {} on the pod or its workload.\n",
        rule.id
    ));
    out
}

/// How text is painted, when it is.
struct Paint(bool);

impl Paint {
    fn with(&self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

fn one(out: &mut String, source: &Source, finding: &Finding, shown: &Shown<'_>) -> std::fmt::Result {
    let paint = Paint(shown.colour);
    let tone = match finding.severity {
        Severity::Error => "31",
        Severity::Warning => "33",
        Severity::Info => "34",
    };
    let place = source.place(finding.at.start);
    let number = place.line.to_string();
    let gutter = " ".repeat(number.len());
    let bar = paint.with("36", "|");
    let head = format!("{}[{}]", finding.severity, finding.rule.id);
    let message = format!("{head}: {}", printable(&finding.message));
    let lines = wrap(&message, shown.width.saturating_sub(4)).join("\n    ");
    writeln!(out, "{}", lines.replacen(&head, &paint.with(tone, &head), 1))?;
    let of = subject(finding);
    let place_of = format!("{}:{}:{}", source.name, place.line, place.column);
    let fits = gutter.len() + place_of.chars().count() + of.chars().count() + 7 <= shown.width;
    let gap = if fits { "  ".to_owned() } else { format!("\n{gutter}     ") };
    let of = if of.is_empty() { of } else { format!("{gap}{}", printable(&of)) };
    writeln!(out, "{gutter} {} {place_of}{of}", paint.with("36", "-->"))?;
    writeln!(out, "{gutter}  {bar}")?;
    let (line, before) = window(source, finding.at.start);
    writeln!(out, " {number} {bar} {}", printable(line))?;
    let rest = line.chars().count().saturating_sub(before).max(1);
    let marks = paint.with(tone, &"^".repeat(marked(source, finding).min(rest)));
    let label = printable(&finding.label);
    writeln!(out, "{}", format!("{gutter}  {bar} {}{marks} {label}", " ".repeat(before)).trim_end())?;
    writeln!(out, "{gutter}  {bar}")?;
    if let Some(fix) = &finding.fix {
        let room = shown.width.saturating_sub(number.len() + 9);
        let what = wrap(&printable(&fix.what), room).join(&format!("\n{gutter}         "));
        writeln!(out, "{gutter}  = fix: {what}")?;
        for line in fix.patch(source) {
            let line = printable(&line);
            let painted = match line.as_bytes().first() {
                Some(b'+') => paint.with("32", &line),
                Some(b'-') => paint.with("31", &line),
                _ => line,
            };
            writeln!(out, "{gutter}      {painted}")?;
        }
    }
    let explain = paint.with("1", &format!("allswell lint --explain {}", finding.rule.id));
    writeln!(out, "{gutter}  = see: {explain}")
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

/// How many of those shown could be fixed without changing what a working manifest does, and how many by wish.
fn fixable(shown: &Shown<'_>) -> (usize, usize) {
    let fixes = shown.findings().filter_map(|(_, finding)| finding.fix.as_ref()).filter(|fix| !fix.edits.is_empty());
    let (safe, proposed): (Vec<_>, Vec<_>) = fixes.partition(|fix| fix.safe);
    (safe.len(), proposed.len())
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
    let paint = Paint(shown.colour);
    match fixable(shown) {
        (0, 0) => {}
        (safe, 0) => line.push_str(&format!(" {safe} can be fixed with {}.", paint.with("1", "--fix"))),
        (safe, proposed) => {
            let fixed = if safe > 0 {
                format!("{safe} can be fixed with {}, ", paint.with("1", "--fix"))
            } else {
                String::new()
            };
            let more = if safe > 0 { " more" } else { " can be fixed" };
            line.push_str(&format!(" {fixed}{proposed}{more} with {}.", paint.with("1", "--fix --proposals")));
        }
    }
    if shown.least < Severity::Info && infos > 0 {
        line.push_str(&format!(" {} with {}.", count(infos, "hint"), paint.with("1", "--level info")));
    }
    // Colours take no room, but a line is hardly ever so long that they matter.
    wrap(&line, shown.width).join("\n") + "\n"
}
