//! The text of a configuration, and how a place in it is shown without showing a secret.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

/// How much of a long line is shown around a place.
const SHOWN_CHARACTERS: usize = 120;

/// How long a value is that a message quotes.
const QUOTED_CHARACTERS: usize = 60;

/// Where something stands in the text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// The text of a configuration and what it came from.
#[derive(Debug)]
pub(super) struct Source {
    /// What it came from, as a person names it.
    pub origin: String,
    /// The text.
    pub text: String,
    lines: Vec<usize>,
    hidden: Vec<Span>,
    read: bool,
}

/// A place for a person: lines and columns from 1 on, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub line: usize,
    pub column: usize,
}

/// One line of the text as it may be shown, and which part of it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// The line: secrets masked, control characters replaced, cut when it is long.
    pub line: String,
    /// How many columns of a terminal stand before what is meant.
    pub indent: usize,
    /// How many columns of a terminal are meant, at least one.
    pub width: usize,
}

impl Source {
    pub(super) fn new(origin: String, text: String) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { origin, text, lines, hidden: Vec::new(), read: false }
    }

    /// Says which parts of the text hold secrets. Until it is said, whatever follows a telling key is taken for one.
    pub(super) fn hide(&mut self, mut spans: Vec<Span>) {
        spans.sort_unstable();
        self.hidden = spans;
        self.read = true;
    }

    pub(super) fn place(&self, span: Span) -> Place {
        let line = self.lines.partition_point(|start| *start <= span.start).max(1);
        let start = self.lines[line - 1];
        let column = self.text.get(start..span.start).map_or(1, |before| before.chars().count() + 1);
        Place { line, column }
    }

    /// The line that `span` begins in.
    pub(super) fn excerpt(&self, span: Span) -> Excerpt {
        let range = self.line(self.place(span).line);
        let line = &self.text[range.clone()];
        let masked = if self.read { self.hidden_in(&range) } else { after_telling_keys(line) };
        let masked: Vec<_> = masked.into_iter().chain(url_secrets(line)).collect();
        let from = span.start.clamp(range.start, range.end) - range.start;
        let to = span.end.clamp(range.start, range.end).max(range.start + from) - range.start;
        draw(line, &masked, from..to)
    }

    fn line(&self, number: usize) -> Range<usize> {
        let start = self.lines[number - 1];
        let end = self.lines.get(number).map_or(self.text.len(), |next| next - 1);
        let end = start + self.text[start..end].trim_end_matches('\r').len();
        start..end
    }

    fn hidden_in(&self, line: &Range<usize>) -> Vec<Range<usize>> {
        let first = self.hidden.partition_point(|span| span.end <= line.start);
        let touching = self.hidden[first..].iter().take_while(|span| span.start < line.end);
        touching.map(|span| span.start.max(line.start) - line.start..span.end.min(line.end) - line.start).collect()
    }
}

/// Draws a line with its masked parts as `***` and says where `meant` (in bytes) stands in the drawing.
fn draw(line: &str, masked: &[Range<usize>], meant: Range<usize>) -> Excerpt {
    let before = line[..meant.start].chars().count();
    let is_long = line.chars().count() > SHOWN_CHARACTERS;
    let skipped = if is_long { before.saturating_sub(SHOWN_CHARACTERS / 2) } else { 0 };
    let mut drawn = String::from(if skipped > 0 { "..." } else { "" });
    let (mut columns, mut indent, mut end, mut in_mask) = (drawn.len(), None, None, false);
    for (shown, (at, c)) in line.char_indices().skip(skipped).enumerate() {
        if at >= meant.start {
            indent.get_or_insert(columns);
        }
        if at >= meant.end {
            end.get_or_insert(columns);
        }
        if shown >= SHOWN_CHARACTERS {
            drawn.push_str("...");
            break;
        }
        let is_masked = masked.iter().any(|range| range.contains(&at));
        let text = match c {
            _ if is_masked && in_mask => String::new(),
            _ if is_masked => "***".to_owned(),
            _ => printable(c),
        };
        in_mask = is_masked;
        columns += text.chars().map(|c| c.width().unwrap_or(0)).sum::<usize>();
        drawn.push_str(&text);
    }
    let indent = indent.unwrap_or(columns);
    let width = end.unwrap_or(columns).saturating_sub(indent).max(1);
    Excerpt { line: drawn, indent, width }
}

/// A character that neither moves the cursor nor colours the terminal.
fn printable(c: char) -> String {
    match c {
        '\t' => " ".to_owned(),
        _ if c.is_control() || invisible(c) => "\u{fffd}".to_owned(),
        _ => c.to_string(),
    }
}

/// Marks that turn the direction of text around or take no room.
fn invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A value as a message may quote it: on one line, cut when it is long, without the password of a URL.
pub(super) fn quotable(value: &str) -> String {
    let cut = value.char_indices().nth(QUOTED_CHARACTERS).map(|(at, _)| at);
    let shown = &value[..cut.unwrap_or(value.len())];
    let text = masked(shown, &url_secrets(value), |c| if c == '\n' { "\\n".to_owned() } else { printable(c) });
    if cut.is_some() { text + "..." } else { text }
}

/// `text` with its masked parts as `***`, everything else as `draw` has it.
fn masked(text: &str, masked: &[Range<usize>], draw: fn(char) -> String) -> String {
    let mut in_mask = false;
    let drawn = text.char_indices().map(|(at, c)| {
        let was_in_mask = std::mem::replace(&mut in_mask, masked.iter().any(|range| range.contains(&at)));
        match (in_mask, was_in_mask) {
            (true, true) => String::new(),
            (true, false) => "***".to_owned(),
            (false, _) => draw(c),
        }
    });
    drawn.collect()
}

/// Whether what is called so is likely to be a secret, misspelt or not.
pub(super) fn is_telling(key: &str) -> bool {
    const PARTS: [&str; 14] = [
        "pass",
        "pasw",
        "pwd",
        "secret",
        "secert",
        "token",
        "auth",
        "key",
        "cookie",
        "credential",
        "header",
        "body",
        "send",
        "bearer",
    ];
    let key = key.to_ascii_lowercase();
    PARTS.iter().any(|part| key.contains(part))
}

/// What stands between `://` and `@` in URLs, and the values of telling parameters.
fn url_secrets(text: &str) -> Vec<Range<usize>> {
    let until = |start: usize, ends: &[char]| text[start..].find(ends).map_or(text.len(), |n| start + n);
    let users = text.match_indices("://").filter_map(|(at, scheme_end)| {
        let start = at + scheme_end.len();
        let end = until(start, &['/', '?', '#', '"', '\'', ' ', '\t', '\n']);
        text[start..end].rfind('@').map(|n| start..start + n)
    });
    let parameters = text.match_indices(['?', '&']).filter_map(|(at, _)| {
        let end = until(at + 1, &['&', '#', '"', '\'', ' ', '\t', '\n']);
        let (name, _) = text[at + 1..end].split_once('=')?;
        is_telling(name).then_some(at + 1 + name.len() + 1..end)
    });
    users.chain(parameters).collect()
}

/// A sentence without the passwords of the URLs in it.
pub(super) fn without_url_secrets(text: &str) -> String {
    masked(text, &url_secrets(text), |c| c.to_string())
}

/// What follows the first key of a line that is likely to name a secret. For text that could not be read as YAML.
fn after_telling_keys(line: &str) -> Vec<Range<usize>> {
    let telling = line.match_indices(':').find(|(at, _)| {
        let key = line[..*at].trim_end_matches(['"', '\'', ' ']);
        let start = key.rfind(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').map_or(0, |n| n + 1);
        is_telling(key.get(start..).unwrap_or_default())
    });
    telling.map(|(at, _)| at + 1..line.len()).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(text: &str, meant: &str) -> (String, String) {
        let source = Source::new("test".into(), text.into());
        let start = text.find(meant).expect("the test names a part of its text");
        let excerpt = source.excerpt(Span { start, end: start + meant.len() });
        (excerpt.line, " ".repeat(excerpt.indent) + &"^".repeat(excerpt.width))
    }

    #[test]
    fn a_place_is_counted_in_characters_and_drawn_in_columns() {
        let text = "a: 1\nnäme: \"日本\" x\n";
        let source = Source::new("test".into(), text.into());
        let start = text.find('x').expect("it is there");
        assert_eq!(source.place(Span { start, end: start + 1 }), Place { line: 2, column: 12 });
        assert_eq!(excerpt(text, "x").1, " ".repeat(13) + "^");
        assert_eq!(source.place(Span::default()), Place { line: 1, column: 1 });
        assert_eq!(Source::new("test".into(), String::new()).place(Span::default()), Place { line: 1, column: 1 });
    }

    #[test]
    fn control_characters_are_not_shown() {
        assert_eq!(excerpt("a:\t\u{1b}[31m\u{202e}x\r\n", "a").0, "a: \u{fffd}[31m\u{fffd}x");
        assert_eq!(quotable("a\nb\u{7}"), "a\\nb\u{fffd}");
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{}HERE{}", "x".repeat(10_000), "y".repeat(10_000));
        let (line, carets) = excerpt(&text, "HERE");
        assert_eq!(line.len(), 3 + SHOWN_CHARACTERS + 3);
        assert_eq!(line.find("HERE"), carets.find('^'));
        assert_eq!(carets.trim_start(), "^^^^");
        assert_eq!(quotable(&text).len(), QUOTED_CHARACTERS + 3);
    }

    #[test]
    fn secrets_are_masked_and_the_carets_follow() {
        let (line, carets) = excerpt("smtp: \"smtp://me:hunter2@mail:25x\"", "25x");
        assert_eq!(line, "smtp: \"smtp://***@mail:25x\"");
        assert_eq!(line.find("25x"), carets.find('^'));
        assert_eq!(excerpt("  password: \"hunter2\": x", "password").0, "  password:***");
        assert_eq!(excerpt("{ url: x, bearer_token: abc }", "url").0, "{ url: x, bearer_token:***");
        let mut source = Source::new("test".into(), "a: hunter2, b: 1".into());
        source.hide(vec![Span { start: 3, end: 10 }]);
        let excerpt = source.excerpt(Span { start: 15, end: 16 });
        assert_eq!((excerpt.line.as_str(), excerpt.indent), ("a: ***, b: 1", 11));
    }
}
