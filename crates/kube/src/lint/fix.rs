//! Changes of a text that keep its comments and its formatting.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::Source;
use crate::yaml::{Node, Value};

/// One change: these bytes become this text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes.
    pub range: Range<usize>,
    /// The text.
    pub text: String,
}

/// What would help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// In words.
    pub what: String,
    /// As changes; empty when it cannot be said as one.
    pub edits: Vec<Edit>,
    /// Whether a manifest that works today goes on as before.
    pub safe: bool,
}

/// The most text that is shown as a patch, in bytes.
const PATCH_MAX: usize = 16_384;

/// The most lines that are compared for a patch.
const PATCH_LINES_MAX: usize = 500;

impl Fix {
    /// Words alone.
    pub fn words(what: impl Into<String>) -> Self {
        Self { what: what.into(), edits: Vec::new(), safe: false }
    }

    /// Changes that keep what a working manifest does.
    pub fn safe(what: impl Into<String>, edits: Vec<Edit>) -> Self {
        let safe = !edits.is_empty();
        Self { what: what.into(), edits, safe }
    }

    /// Changes that somebody must want.
    pub fn proposal(what: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self { what: what.into(), edits, safe: false }
    }

    /// The lines it changes, each with `-` or `+` before it, and those in between; none when they are too long to be read.
    pub fn patch(&self, source: &Source) -> Vec<String> {
        let Some(first) = self.edits.iter().map(|edit| edit.range.start).min() else {
            return Vec::new();
        };
        let last = self.edits.iter().map(|edit| edit.range.end).max().unwrap_or(first);
        let region = source.whole_lines(&(first..last));
        if region.len() > PATCH_MAX {
            return Vec::new();
        }
        let shifted: Vec<Edit> = self.edits.iter().map(|edit| edit.shifted(region.start)).collect();
        let before = &source.text[region];
        let after = splice(before, shifted.iter().collect());
        let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
        if old.len() > PATCH_LINES_MAX || new.len() > PATCH_LINES_MAX {
            return Vec::new();
        }
        trimmed(difference(&old, &new))
    }
}

/// Which lines stay, go and come, by their longest common subsequence.
fn difference(old: &[&str], new: &[&str]) -> Vec<String> {
    // `common[i][j]`: how many lines `old[i..]` and `new[j..]` have in common.
    let mut common = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            let skipped = common[i + 1][j].max(common[i][j + 1]);
            common[i][j] = if old[i] == new[j] { common[i + 1][j + 1] + 1 } else { skipped };
        }
    }
    let (mut lines, mut i, mut j) = (Vec::new(), 0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push(format!("  {}", old[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && (j == new.len() || common[i + 1][j] >= common[i][j + 1]) {
            lines.push(format!("- {}", old[i]));
            i += 1;
        } else {
            lines.push(format!("+ {}", new[j]));
            j += 1;
        }
    }
    lines
}

/// Without the lines that stay before the first change and after the last.
fn trimmed(mut lines: Vec<String>) -> Vec<String> {
    let changes = |line: &String| !line.starts_with(' ');
    let end = lines.iter().rposition(changes).map_or(0, |last| last + 1);
    lines.truncate(end);
    let start = lines.iter().position(changes).unwrap_or(0);
    lines.split_off(start)
}

impl Edit {
    fn shifted(&self, by: usize) -> Self {
        Self { range: self.range.start - by..self.range.end - by, text: self.text.clone() }
    }
}

/// Applies the fixes that do not touch each other; returns the text and how many were applied.
pub(crate) fn apply(text: &str, fixes: &[&Fix]) -> (String, usize) {
    let mut taken: BTreeMap<(usize, usize), &Edit> = BTreeMap::new();
    let mut count = 0;
    for fix in fixes {
        let apart = |edit: &Edit| {
            // What is taken is apart from each other, so only the nearest on each side can touch.
            let before = taken.range(..=(edit.range.end, usize::MAX)).next_back();
            before.is_none_or(|(_, other)| other.range.end < edit.range.start)
        };
        if !fix.edits.is_empty() && fix.edits.iter().all(apart) {
            let first = taken.len();
            taken.extend((first..).zip(&fix.edits).map(|(order, edit)| ((edit.range.start, order), edit)));
            count += 1;
        }
    }
    (splice(text, taken.into_values().collect()), count)
}

fn splice(text: &str, mut edits: Vec<&Edit>) -> String {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        out.push_str(&text[at..edit.range.start]);
        out.push_str(&edit.text);
        at = edit.range.end;
    }
    out.push_str(&text[at..]);
    out
}

/// Writes text instead of a value.
pub(super) fn replace(node: &Node, text: impl Into<String>) -> Edit {
    Edit { range: node.span.clone(), text: text.into() }
}

/// Gives a key of a map this value: instead of the one it has, else on a line of its own after the map's last.
///
/// `None` when the map is empty or shares its lines with others.
pub(crate) fn set(source: &Source, map: &Node, key: &str, value: &str) -> Option<Edit> {
    match map.entry(key) {
        Some(entry) if entry.node.value != Value::Null => Some(replace(&entry.node, value)),
        Some(_) => None,
        None if map.flow => {
            let last = map.entries().last()?;
            Some(Edit { range: last.node.span.end..last.node.span.end, text: format!(", {key}: {value}") })
        }
        None => add(source, map, &format!("{key}: {value}")),
    }
}

/// Adds lines to a block map after its last one; they are indented like its keys.
pub(super) fn add(source: &Source, map: &Node, lines: &str) -> Option<Edit> {
    let last = map.entries().last().filter(|_| !map.flow)?;
    let text = &source.text;
    let end = text[..last.node.span.end.max(last.key_span.end)].trim_end().len();
    let end = text[end..].find('\n').map_or(text.len(), |found| end + found);
    let end = if text[..end].ends_with('\r') { end - 1 } else { end };
    let indent = indent_of(source, map)?;
    let added: String = lines.lines().map(|line| format!("{}{indent}{line}", source.newline())).collect();
    Some(Edit { range: end..end, text: added })
}

/// Adds lines to a block map before one of its keys.
pub(super) fn add_before(source: &Source, map: &Node, key: &str, lines: &str) -> Option<Edit> {
    let entry = map.entry(key).filter(|_| !map.flow)?;
    let indent = indent_of(source, map)?;
    let added: String = lines.lines().map(|line| format!("{line}{}{indent}", source.newline())).collect();
    Some(Edit { range: entry.key_span.start..entry.key_span.start, text: added })
}

/// Takes the line of a key away; `None` when it shares its line with others.
pub(super) fn remove(source: &Source, map: &Node, key: &str) -> Option<Edit> {
    let entry = map.entry(key).filter(|_| !map.flow && map.entries().len() > 1)?;
    let lines = source.whole_lines(&(entry.key_span.start..entry.node.span.end.max(entry.key_span.end)));
    let before = &source.text[lines.start..entry.key_span.start];
    if !before.chars().all(|c| c == ' ') {
        return None;
    }
    let end = if source.text[lines.end..].starts_with('\n') { lines.end + 1 } else { lines.end };
    Some(Edit { range: lines.start..end, text: String::new() })
}

/// The whitespace before the keys of a block map.
pub(super) fn indent_of(source: &Source, map: &Node) -> Option<String> {
    let first = map.entries().first()?;
    Some(" ".repeat(source.place(first.key_span.start).column - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn check(text: &str, edit: impl Fn(&Source, &Node) -> Option<Edit>, expected: &str) {
        let source = Source::new("x", text);
        let (documents, problems) = yaml::read(text);
        assert_eq!(problems, []);
        let edit = edit(&source, documents[0].get("m").expect("a map")).expect("it can be done");
        assert_eq!(splice(text, vec![&edit]), expected);
    }

    #[test]
    fn what_is_written_around_a_value_stays() {
        check("m:\n  a: 1   # why\n  b: 2\n", |s, m| set(s, m, "a", "7"), "m:\n  a: 7   # why\n  b: 2\n");
        check("m:\n  a: 1 # why\nn: 1\n", |s, m| set(s, m, "b", "7"), "m:\n  a: 1 # why\n  b: 7\nn: 1\n");
        check("m: {a: 1} # why\n", |s, m| set(s, m, "b", "7"), "m: {a: 1, b: 7} # why\n");
        check("m:\r\n  a: 1\r\n", |s, m| set(s, m, "b", "7"), "m:\r\n  a: 1\r\n  b: 7\r\n");
        check("m:\n  a: |\n    x\n    y\n", |s, m| set(s, m, "b", "7"), "m:\n  a: |\n    x\n    y\n  b: 7\n");
    }

    #[test]
    fn keys_come_and_go_by_whole_lines() {
        check("m:\n  a: 1\n  b: 2\n", |s, m| remove(s, m, "a"), "m:\n  b: 2\n");
        check("m:\n  a: 1\n  b: 2", |s, m| add_before(s, m, "b", "c:\n  d: 3"), "m:\n  a: 1\n  c:\n    d: 3\n  b: 2");
    }

    #[test]
    fn a_patch_shows_the_lines_that_change() {
        let source = Source::new("x", "m:\n  a: 1\n  b: 2\n");
        let fix = Fix::safe("do", vec![Edit { range: 8..9, text: "7".into() }]);
        assert_eq!(fix.patch(&source), ["-   a: 1", "+   a: 7"]);
        let both = Edit { range: 0..0, text: "n: 0\n".into() };
        let fix = Fix::safe("do", vec![both, Edit { range: 12..16, text: "b: 3".into() }]);
        assert_eq!(fix.patch(&source), ["+ n: 0", "  m:", "    a: 1", "-   b: 2", "+   b: 3"]);
    }
}
