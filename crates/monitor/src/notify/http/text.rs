//! The texts of a message, within the limits of the other side.

use super::template::Escape;

/// A text that is written before the request, in the other side's markup.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub name: String,
    pub template: String,
    pub escape: Escape,
    pub most: usize,
    pub unit: Unit,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Characters,
    /// As JavaScript and Java count.
    Utf16,
    Bytes,
}

impl Unit {
    /// The words in definitions.
    pub const WORDS: [(&'static str, Self); 3] =
        [("characters", Self::Characters), ("utf16", Self::Utf16), ("bytes", Self::Bytes)];

    fn of(self, c: char) -> usize {
        match self {
            Self::Characters => 1,
            Self::Utf16 => c.len_utf16(),
            Self::Bytes => c.len_utf8(),
        }
    }

    fn count(self, text: &str) -> usize {
        text.chars().map(|c| self.of(c)).sum()
    }
}

impl Text {
    /// Where its template stands in the definition.
    pub fn path(&self) -> String {
        format!("texts.{}.template", self.name)
    }
}

/// The text as far as the other side takes it: whole lines and `…`; of a first line that is too long its beginning, never
/// cut inside of an escape.
pub(crate) fn fit(text: &str, limits: &Text) -> String {
    let (most, unit) = (limits.most, limits.unit);
    if unit.count(text) <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(unit.count("\n…"));
    let mut kept = String::new();
    let mut used = 0;
    for line in text.split_inclusive('\n') {
        used += unit.count(line);
        if used > room {
            break;
        }
        kept.push_str(line);
    }
    if kept.trim().is_empty() {
        return format!("{}…", beginning(text.trim_start(), room, limits));
    }
    format!("{}\n…", kept.trim_end())
}

/// As many characters as there is room for, without the part of an escape that would be left over.
fn beginning<'t>(text: &'t str, room: usize, limits: &Text) -> &'t str {
    let mut used = 0;
    let end = text.char_indices().find(|(_, c)| {
        used += limits.unit.of(*c);
        used > room
    });
    let kept = &text[..end.map_or(text.len(), |(at, _)| at)];
    let cut = match limits.escape {
        Escape::Slack | Escape::Html => kept.rfind('&').filter(|at| !kept[*at..].contains(';')),
        Escape::Markdown => {
            let slashes = kept.len() - kept.trim_end_matches('\\').len();
            (slashes % 2 == 1).then(|| kept.len() - 1)
        }
        Escape::None | Escape::Json => None,
    };
    kept[..cut.unwrap_or(kept.len())].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limits(escape: Escape, most: usize, unit: Unit) -> Text {
        Text { name: "x".to_owned(), template: String::new(), escape, most, unit }
    }

    #[test]
    fn whole_lines_are_kept_and_escapes_are_not_cut() {
        let check = |text: &str, escape, most, expected: &str| {
            assert_eq!(fit(text, &limits(escape, most, Unit::Characters)), expected);
        };
        check("one\ntwo", Escape::None, 7, "one\ntwo");
        check("one\ntwo\nthree", Escape::None, 10, "one\ntwo\n…");
        check("abcdefghij", Escape::None, 6, "abcd…");
        check("ab&amp;cdef", Escape::Html, 7, "ab…");
        check("ab&amp;cdefgh", Escape::Slack, 9, "ab&amp;…");
        check("abc\\*defgh", Escape::Markdown, 6, "abc…");
        check("ab\\\\*defgh", Escape::Markdown, 6, "ab\\\\…");
        assert_eq!(fit("日本語日本語", &limits(Escape::None, 10, Unit::Bytes)), "日本…");
        assert_eq!(fit("😀😀😀", &limits(Escape::None, 5, Unit::Utf16)), "😀…");
    }

    proptest! {
        #[test]
        fn no_text_is_longer_than_the_limit(text: String, most in 5_usize..200, unit in 0_usize..3) {
            let unit = Unit::WORDS[unit].1;
            prop_assert!(unit.count(&fit(&text, &limits(Escape::Html, most, unit))) <= most);
        }
    }
}
