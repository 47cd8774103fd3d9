//! What may be kept of what the other side said: bounded, secrets masked, nothing that a terminal would obey.

/// Whether a character must not reach a terminal, a log or a page: controls and those that turn the direction of text.
pub(crate) fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
