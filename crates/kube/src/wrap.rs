//! Text in lines that fit a terminal.

/// A text in pieces of at most `room` characters, broken at blanks; a word that is longer is left whole.
pub(crate) fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match pieces.last_mut() {
            Some(piece) if piece.chars().count() + 1 + word.chars().count() <= room => {
                piece.push(' ');
                piece.push_str(word);
            }
            _ => pieces.push(word.to_owned()),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_blanks_and_long_words_stay_whole() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("http://127.0.0.1:8000/ready is down", 10), ["http://127.0.0.1:8000/ready", "is down"]);
        assert_eq!(wrap("", 10), [""]);
    }
}
