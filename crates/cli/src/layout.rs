//! Text on a page of some width, painted or plain.

use std::io::IsTerminal;

use unicode_width::UnicodeWidthStr;

use crate::paint::Paint;

/// The width where there is no terminal: a file, a pipe.
const WIDTH: usize = 88;

/// The narrowest and the widest that a page gets: sentences that run across a whole screen are hard to read.
const WIDTHS: (usize, usize) = (40, 100);

/// Units that stay on the line of their number.
const UNITS: [&str; 11] = ["ms", "s", "m", "h", "d", "day", "days", "byte", "bytes", "KiB", "MiB"];

/// How a page is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Whether to colour.
    pub paint: Paint,
    /// Where lines are broken, in cells.
    pub width: usize,
}

impl Layout {
    /// As it fits standard output.
    pub fn for_stdout() -> Self {
        let (narrowest, widest) = WIDTHS;
        let columns = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
        Self { paint: Paint::for_stdout(), width: columns.map_or(WIDTH, |columns| columns.clamp(narrowest, widest)) }
    }

    /// `text` in lines that fit, all of them indented by `indent` cells.
    pub fn wrapped(self, indent: usize, text: &str) -> String {
        let margin = " ".repeat(indent);
        let mut lines: Vec<String> = Vec::new();
        for word in words(text) {
            match lines.last_mut() {
                Some(line) if line.width() + 1 + word.width() <= self.width => {
                    line.push(' ');
                    line.push_str(&word);
                }
                _ => lines.push(format!("{margin}{word}")),
            }
        }
        lines.join("\n")
    }

    /// `label  text`, the lines of the text below each other; below the label, when too little room is left beside it.
    pub fn labelled(self, label: &str, label_width: usize, text: &str) -> String {
        let indent = label_width + 2;
        if indent + 24 > self.width && indent + text.width() > self.width {
            let indent = label.len() - label.trim_start().len() + 4;
            return format!("{}\n{}", label.trim_end(), self.wrapped(indent, text));
        }
        let gap = " ".repeat(label_width.saturating_sub(visible_width(label)) + 2);
        format!("{label}{gap}{}", self.wrapped(indent, text).trim_start()).trim_end().to_owned()
    }
}

/// Where lines are broken that a program may search: as they fit the terminal, and nowhere when there is none.
pub fn width_of_lines() -> usize {
    if std::io::stdout().is_terminal() { Layout::for_stdout().width } else { usize::MAX }
}

/// The words of a text, each number together with its unit.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let unit = word.trim_end_matches(|c: char| c.is_ascii_punctuation());
        match words.last_mut() {
            Some(number) if UNITS.contains(&unit) && number.ends_with(|c: char| c.is_ascii_digit()) => {
                number.push(' ');
                number.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

/// The cells that `text` takes, colours left out.
pub fn visible_width(text: &str) -> usize {
    let mut parts = text.split('\u{1b}');
    let plain = parts.next().map_or(0, UnicodeWidthStr::width);
    // What follows an escape ends with its first `m`.
    plain + parts.map(|part| part.split_once('m').map_or(0, |(_, rest)| rest.width())).sum::<usize>()
}

/// `1 day`, `3 days`.
pub fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: Layout = Layout { paint: Paint::Plain, width: 40 };

    #[test]
    fn a_number_stays_with_its_unit() {
        let layout = Layout { width: 38, ..NARROW };
        let text = layout.wrapped(2, "the app does not answer within 1.5 s. Does it with 3 days?");
        assert_eq!(text, "  the app does not answer within\n  1.5 s. Does it with 3 days?");
    }

    #[test]
    fn a_label_stands_before_its_text_as_long_as_there_is_room() {
        assert_eq!(NARROW.labelled("hint", 4, "one two"), "hint  one two");
        let label = format!("  {}", "x".repeat(30));
        assert_eq!(
            NARROW.labelled(&label, 32, "there is no room left for this"),
            format!("{label}\n      there is no room left for this")
        );
        assert_eq!(NARROW.labelled(&label, 32, "ok"), format!("{label}  ok"));
    }

    #[test]
    fn colours_take_no_room_and_wide_characters_take_two() {
        assert_eq!(visible_width(&Paint::Colour.red("■ down")), 6);
        assert_eq!(visible_width("日本"), 4);
        let painted = NARROW.labelled(&Paint::Colour.red("ab"), 4, "c");
        assert!(painted.ends_with("\u{1b}[0m    c"), "{painted:?}");
    }
}
