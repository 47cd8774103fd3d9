//! Workflow commands: a build on GitHub shows them at their lines.

use super::{Shown, subject};
use crate::lint::Severity;

/// One line for each finding.
pub fn github(shown: &Shown<'_>) -> String {
    let mut out = String::new();
    for (source, finding) in shown.findings() {
        let (start, end) = (source.place(finding.at.start), source.place(finding.at.end));
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let fix = finding.fix.as_ref().map_or_else(String::new, |fix| format!("\nfix: {}", fix.what));
        let of = subject(finding);
        let of = if of.is_empty() { of } else { format!(" ({of})") };
        out.push_str(&format!(
            "::{command} file={},line={},col={},endLine={},endColumn={},title={}::{}\n",
            property(&source.name),
            start.line,
            start.column,
            end.line,
            end.column,
            finding.rule.id,
            data(&format!("{}{of}{fix}", finding.message)),
        ));
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
