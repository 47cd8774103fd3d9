//! Makes text of others fit for a header, a line or a paragraph: what it shows is what it says.

/// The text on one line of at most `max` characters: line breaks and control characters become spaces, runs of spaces one,
/// and characters that turn the direction of text around them are left out.
pub(crate) fn line(text: &str, max: usize) -> String {
    let spaced: String = text.chars().filter(|c| !turns(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    capped(&spaced.split_whitespace().collect::<Vec<_>>().join(" "), max)
}

/// The text with its lines kept, at most `max` characters of it; other control characters become `·`.
pub(crate) fn block(text: &str, max: usize) -> String {
    let kept = |c: char| if c.is_control() && c != '\n' && c != '\t' { '·' } else { c };
    let text: String = text.replace("\r\n", "\n").chars().filter(|c| !turns(*c)).map(kept).collect();
    capped(text.trim_end(), max)
}

/// What another side said, for a log: on one line, without people's names at their mail providers.
pub(crate) fn for_log(text: &str) -> String {
    let masked = |word: &str| match word.rsplit_once('@') {
        Some((before, domain)) if !before.is_empty() => {
            let open = if before.starts_with('<') { "<" } else { "" };
            format!("{open}…@{domain}")
        }
        _ => word.to_owned(),
    };
    line(text, 400).split(' ').map(masked).collect::<Vec<_>>().join(" ")
}

/// The text with `***` for each `address` in it, in whatever letters.
pub(crate) fn without(text: &str, address: &str) -> String {
    // Of ASCII alone, so that what is found has the same place in the text itself.
    let (small, address) = (text.to_ascii_lowercase(), address.to_ascii_lowercase());
    let mut masked = String::new();
    let mut from = 0;
    for (at, found) in small.match_indices(&address) {
        masked.push_str(&text[from..at]);
        masked.push_str("***");
        from = at + found.len();
    }
    masked + &text[from..]
}

fn capped(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Characters that reorder or hide what is around them (Unicode bidirectional controls, zero-width and line separators).
fn turns(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_of_others_is_made_fit() {
        assert_eq!(line("a\r\nBcc: x@y.z\t b\u{202e}c", 200), "a Bcc: x@y.z bc");
        assert_eq!(line("abcdef", 4), "abc…");
        assert_eq!(block("{\r\n  \"a\": 1\u{0}\n}\n\n", 200), "{\n  \"a\": 1·\n}");
        assert_eq!(for_log("550 5.1.1 <bob@example.com>: no such user"), "550 5.1.1 <…@example.com>: no such user");
        assert_eq!(for_log("ann@example.com refused @ noon"), "…@example.com refused @ noon");
        let said = "550 <Bob@EXAMPLE.com>: Ü bob@example.com; not eve@example.com";
        assert_eq!(without(said, "bob@example.com"), "550 <***>: Ü ***; not eve@example.com");
        assert_eq!(without(said, "sam@example.com"), said);
    }

    proptest! {
        #[test]
        fn a_line_is_one_short_line(text: String, max in 1_usize..300) {
            let line = line(&text, max);
            prop_assert!(line.chars().count() <= max);
            prop_assert!(!line.chars().any(|c| c.is_control() || turns(c)));
        }
    }
}
