//! Texts of the other side, before a person sees them.

/// `text` on one line, at most `max` characters, with nothing in it that a terminal or a page would obey:
/// line breaks and tabs are spaces, other control characters and those that turn the direction of writing are `U+FFFD`.
/// What is cut off is shown as `…`.
pub fn tame(text: &str, max: usize) -> String {
    let harmless = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        c if is_unprintable(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    let mut tame: String = text.chars().take(max).map(harmless).collect();
    if text.chars().nth(max).is_some() {
        tame.push('\u{2026}');
    }
    tame
}

/// Whether a terminal or a page would obey a character, or show nothing for it: controls, and those that turn the
/// direction of writing.
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::tame;

    #[test]
    fn nothing_is_left_that_a_terminal_would_obey() {
        assert_eq!(tame("\x1b[31mred\x07", 20), "\u{fffd}[31mred\u{fffd}");
        assert_eq!(tame("a\r\nb\tc", 20), "a  b c");
        assert_eq!(tame("user\u{202e}gpj.exe", 20), "user\u{fffd}gpj.exe");
        assert_eq!(tame("naïve 日本", 20), "naïve 日本");
    }

    #[test]
    fn what_is_cut_off_is_shown() {
        assert_eq!(tame("abcdef", 6), "abcdef");
        assert_eq!(tame("abcdefg", 6), "abcdef…");
    }
}
