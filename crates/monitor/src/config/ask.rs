//! Makes questions, and finds in the text what keeps one from being asked.

use allswell_probe::{Question, QuestionError};
use serde_json::{Map, Value as Json};

use super::problem::{Code, Found};
use super::read::{Fields, Reader};
use super::source::Span;
use super::tree::{Entry, Node};

/// Makes the question that is written under `kind`, or tells everything that keeps it from being asked.
pub(super) fn ask(
    kind: &Entry,
    monitor: &Fields<'_>,
    certificate_days: u32,
    reader: &mut Reader<'_>,
) -> Option<Question> {
    let block = monitor.block(&kind.key)?;
    if !block.sound {
        return None;
    }
    let conditions = monitor.texts("conditions").unwrap_or_default();
    let texts: Vec<_> = conditions.iter().map(|(_, text)| (*text).to_owned()).collect();
    let mut settings = Written { kind: &kind.key, block: block.to_json() };
    if let Ok(question) = settings.question(&texts, certificate_days) {
        return Some(question);
    }
    // One mistake at a time is found, so each is told and left out until nothing is wrong any more.
    while let Err(QuestionError::Field { field, why }) = settings.question(&[], certificate_days) {
        let why = reader.masked(&why, monitor.node);
        let span = kind.node.find(&field).span;
        reader.problems.push(Found::new(Code::WrongQuestion, span, format!("`{field}`: {why}")));
        if !settings.leave_out(&field) {
            return None;
        }
    }
    for ((node, _), text) in conditions.iter().zip(&texts) {
        if let Err(error) = settings.question(std::slice::from_ref(text), certificate_days) {
            tell_condition(&error, node, text, reader);
        }
    }
    None
}

/// The settings of one kind of asking.
pub(super) struct Written<'k> {
    pub kind: &'k str,
    pub block: Json,
}

impl Written<'_> {
    /// Makes the question that the settings stand for.
    pub(super) fn question(&self, conditions: &[String], certificate_days: u32) -> Result<Question, QuestionError> {
        let tagged = Map::from_iter([(self.kind.to_owned(), self.block.clone())]);
        let settings = serde_json::from_value(Json::Object(tagged))
            .map_err(|error| QuestionError::Field { field: String::new(), why: error.to_string() })?;
        Question::new(settings, conditions, certificate_days)
    }

    /// Leaves out what stands at the beginning of a path; `false` when that is not there, or must be.
    fn leave_out(&mut self, path: &str) -> bool {
        let first = path.split(['.', '[']).next().unwrap_or_default();
        let needed = matches!(first, "url" | "address" | "name" | "dsn" | "host");
        !needed && self.block.as_object_mut().is_some_and(|block| block.remove(first).is_some())
    }
}

fn tell_condition(error: &QuestionError, node: &Node, text: &str, reader: &mut Reader<'_>) {
    let (column, why) = match error {
        QuestionError::Condition { column, why, .. } => (*column, why),
        QuestionError::Field { why, .. } => (None, why),
    };
    let why = reader.masked(why, node);
    let message = format!("condition `{}`: {why}", reader.quoted(node));
    let span = column.and_then(|column| inside(reader.raw(node), node.span.start, text, column)).unwrap_or(node.span);
    reader.problems.push(Found::new(Code::WrongCondition, span, message));
}

/// Where the character `column` (from 1 on) of a scalar stands in the text it was written as.
///
/// `raw` is the scalar as written, quotes included, and begins at byte `start`. `None` when it was written in another way.
pub(super) fn inside(raw: &str, start: usize, text: &str, column: usize) -> Option<Span> {
    let (quote, body) = match raw.chars().next()? {
        quote @ ('"' | '\'') => (Some(quote), &raw[1..]),
        _ => (None, raw),
    };
    if raw.contains('\n') {
        return None;
    }
    let mut at = start + raw.len() - body.len();
    let mut rest = body;
    for expected in text.chars().take(column - 1) {
        let width = written_width(rest, quote, expected)?;
        at += width;
        rest = &rest[width..];
    }
    let next = text.chars().nth(column - 1);
    let width = next.map_or(Some(0), |next| written_width(rest, quote, next))?;
    Some(Span { start: at, end: at + width })
}

/// How many bytes the next character takes as it is written.
fn written_width(rest: &str, quote: Option<char>, expected: char) -> Option<usize> {
    let first = rest.chars().next()?;
    match (quote, first) {
        (Some('\''), '\'') => rest.starts_with("''").then_some(2),
        (Some('"'), '\\') => {
            let digits = match rest[1..].chars().next()? {
                'x' => 2,
                'u' => 4,
                'U' => 8,
                other => return Some(1 + other.len_utf8()),
            };
            rest.is_char_boundary(2 + digits).then_some(2 + digits)
        }
        _ => (first == expected).then_some(first.len_utf8()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_a_condition_is_found_in_each_way_of_writing_it() {
        let check = |raw: &str, text: &str, column: usize, meant: Option<&str>| {
            let found = inside(raw, 100, text, column).map(|span| &raw[span.start - 100..span.end - 100]);
            assert_eq!(found, meant, "{raw}");
        };
        check("statu == 200", "statu == 200", 7, Some("="));
        check("\"statu == 200\"", "statu == 200", 1, Some("s"));
        check(r#""a == \"x\" && b""#, r#"a == "x" && b"#, 13, Some("b"));
        check(r#""\u00e9\n\x41 b""#, "é\nA b", 5, Some("b"));
        check("'it''s ö b'", "it's ö b", 8, Some("b"));
        check("'a'", "a", 2, Some(""));
        check("|\n  a == b", "a == b", 1, None);
        check("${env:X} b", "secret b", 8, None);
    }
}
