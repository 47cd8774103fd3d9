//! Patterns of `matches`, and what looking for one costs.
//!
//! The crate `regex` takes linear time in the text, but the factor is the pattern's: in the worst case every place of
//! the pattern is tried at every byte, 11 ns each (measured with `[ab]*a[ab]{904}c` on a text of a and b).

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};

/// The most places that a pattern may have, counted repetitions multiplied out.
const PLACES_MAX: usize = 1_000;

/// The size of a compiled pattern, in bytes. Classes like `\w` take 64 KiB each, as they know all scripts.
const COMPILED_MAX: usize = 1 << 20;

/// How many bytes of a literal count as one place: they are looked for all at once.
const LITERAL_BYTES: usize = 16;

/// A pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    places: usize,
}

impl Pattern {
    /// Reads a pattern, or says what is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let too_big = || "the pattern is too big; use less repetition, or `[0-9]` for `\\d`".to_owned();
        let wrong = |why: &str| {
            let last = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
            format!("the pattern cannot be used: {last}")
        };
        let places = places(&regex_syntax::parse(text).map_err(|error| wrong(&error.to_string()))?);
        if places > PLACES_MAX {
            return Err(too_big());
        }
        match RegexBuilder::new(text).size_limit(COMPILED_MAX).build() {
            Ok(regex) => Ok(Self { regex, places: places.max(1) }),
            Err(regex::Error::CompiledTooBig(_)) => Err(too_big()),
            Err(error) => Err(wrong(&error.to_string())),
        }
    }

    /// As written.
    pub fn text(&self) -> &str {
        self.regex.as_str()
    }

    /// How many steps it may take to look for the pattern in a text of `bytes`.
    pub const fn steps(&self, bytes: usize) -> usize {
        (bytes / 32).saturating_mul(self.places)
    }

    /// Whether the pattern is found in `text`.
    pub fn is_in(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// How many places of the pattern can be tried at one byte. The parser bounds the depth.
fn places(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => literal.0.len().div_ceil(LITERAL_BYTES),
        HirKind::Class(_) => 1,
        HirKind::Capture(capture) => places(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().map(places).fold(0, usize::saturating_add),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(repetition.min).max(1);
            places(&repetition.sub).saturating_mul(times as usize)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_repetitions_multiply_the_cost() {
        let check = |text: &str, places: usize| assert_eq!(Pattern::read(text).unwrap().places, places, "{text}");
        check("^ok$", 1);
        check("a long sentence that is looked for", 3);
        check(r"\w+@\w+\.\w+", 5);
        check("[0-9]{1,3}", 3);
        check("(a[0-9]{10}){10}", 110);
    }

    #[test]
    fn a_pattern_that_would_take_long_is_refused() {
        for text in [".{1001}", "(a{100}){100}", "((((a{9}){9}){9}){9}){9}", r"(\w+\s?){500}", &"[ab]".repeat(1_001)] {
            assert!(Pattern::read(text).unwrap_err().contains("too big"), "{text}");
        }
    }

    #[test]
    fn a_wrong_pattern_says_what_is_wrong() {
        let check = |text: &str, why: &str| assert_eq!(Pattern::read(text).unwrap_err(), why);
        check("(", "the pattern cannot be used: unclosed group");
        check(
            "(?=a)",
            "the pattern cannot be used: look-around, including look-ahead and look-behind, is not supported",
        );
    }
}
