//! From text to the grammar's tree, by the parser of the crate `cel`; its complaints turned into sentences.

use std::thread;

use cel::common::ast::SourceInfo;
use cel::parser::Expression;
use cel::{Env, ParseError};

use super::Wrong;

/// The longest condition, in characters.
const LENGTH_MAX: usize = 2_048;

/// The deepest nesting of brackets.
const DEPTH_MAX: u16 = 32;

/// The parser descends about ten calls for each bracket: 80 KiB in a debug build, more than the stack of a worker has.
const STACK_BYTES: usize = 16 << 20;

/// Where the parts of a parsed text stand.
pub struct Source<'a> {
    text: &'a str,
    info: SourceInfo,
}

impl Source<'_> {
    /// The column of the part `id`: its first character, for an operator its sign, for a call its bracket.
    pub fn column(&self, id: u64) -> usize {
        let byte = self.info.offset_for(id).map_or(0, |(start, _)| start as usize);
        self.text.char_indices().take_while(|(at, _)| *at < byte).count() + 1
    }
}

/// Parses `text` and hands the tree to `then`.
pub fn read<T: Send>(
    text: &str,
    then: impl FnOnce(&Expression, &Source) -> Result<T, Wrong> + Send,
) -> Result<T, Wrong> {
    if text.trim().is_empty() {
        return Err(Wrong { column: None, why: "the condition is empty; write one like `status == 200`".to_owned() });
    }
    if text.chars().count() > LENGTH_MAX {
        let why = format!("the condition is longer than {LENGTH_MAX} characters; write it as several");
        return Err(Wrong { column: None, why });
    }
    let work = || {
        let (parsed, info) = parse(text)?;
        then(&parsed, &Source { text, info })
    };
    let gave_up = |why: String| Wrong { column: None, why };
    thread::scope(|scope| {
        let parser = thread::Builder::new().name("condition".to_owned()).stack_size(STACK_BYTES);
        let running = parser
            .spawn_scoped(scope, work)
            .map_err(|error| gave_up(format!("cannot start a thread to parse the condition: {error}")))?;
        running.join().unwrap_or_else(|_| Err(gave_up("the parser gave up on this text; write it simpler".to_owned())))
    })
}

fn parse(text: &str) -> Result<(Expression, SourceInfo), Wrong> {
    // Without macros: `has`, `all` and the like stay as they are written, so that their parts keep their places.
    let parser = Env::default().with_optional_support(false).parser().max_recursion_depth(DEPTH_MAX);
    parser.parse_with_source_info(text).map_err(|wrong| {
        // A half-built part is named before the place where it breaks off.
        let broken_off = wrong.errors.iter().find(|error| !error.msg.starts_with("Incomplete"));
        match broken_off.or(wrong.errors.first()) {
            Some(first) => explain(text, first),
            None => Wrong { column: None, why: "this is no CEL".to_owned() },
        }
    })
}

fn explain(text: &str, error: &ParseError) -> Wrong {
    let message = error.msg.trim_start_matches("Syntax error: ");
    if message.contains("ecursion limit") {
        let why = format!("the condition is nested deeper than {DEPTH_MAX}; write it as several");
        return Wrong { column: None, why };
    }
    let column = column_of(text, error.pos);
    Wrong { column, why: sentence(text, column, message) }
}

/// Line (from 1) and column (from 1), both in characters, as a column over all lines.
fn column_of(text: &str, (line, column): (isize, isize)) -> Option<usize> {
    let before = text.split_inclusive('\n').take(usize::try_from(line).ok()?.checked_sub(1)?);
    Some(before.map(|line| line.chars().count()).sum::<usize>() + usize::try_from(column).ok()?)
}

fn sentence(text: &str, column: Option<usize>, message: &str) -> String {
    let rest: String = column.map_or_else(String::new, |column| text.chars().skip(column - 1).collect());
    let before = &text[..text.len() - rest.len()];
    let quoted = message.split('\'').nth(1).unwrap_or_default();
    match () {
        () if rest.is_empty() => ends_early(text, message),
        () if message.starts_with("token recognition error") => unreadable(&rest),
        () if message.starts_with("reserved identifier") => {
            format!("`{}` is a reserved word of CEL; a field of this name is read with `body[\"...\"]`", word(&rest))
        }
        () if message.starts_with("invalid") => format!("{message}: `{}`", word(&rest)),
        () if message.starts_with("unsupported syntax") => {
            "optional fields (`.?`) are not supported; use `has(...)`".to_owned()
        }
        () if message.starts_with("missing") => format!("`{quoted}` is missing before `{}`", word(&rest)),
        () if before.ends_with('.') && ["null", "true", "false", "in"].contains(&&*word(&rest)) => {
            let name = word(&rest);
            format!("`{name}` is a word of CEL; a field of this name is read with `[\"{name}\"]`")
        }
        () if message.starts_with("no viable alternative") => {
            "what begins here has no end; is a bracket, or the `:` of a `?`, missing?".to_owned()
        }
        () => misplaced(before, &word(&rest)),
    }
}

fn ends_early(text: &str, message: &str) -> String {
    match message.strip_prefix("missing '").and_then(|rest| rest.split('\'').next()) {
        Some(bracket) => format!("`{bracket}` is missing at the end"),
        None if text.trim_end().ends_with(['\'', '"']) => {
            "the condition ends too early; is a quote missing?".to_owned()
        }
        None => "the condition ends too early; what should stand here?".to_owned(),
    }
}

fn unreadable(rest: &str) -> String {
    let first = rest.chars().next().unwrap_or_default();
    match first {
        '=' => "`=` is no operator; to compare write `==`".to_owned(),
        '&' => "`&` is no operator; for \"and\" write `&&`".to_owned(),
        '|' => "`|` is no operator; for \"or\" write `||`".to_owned(),
        '\'' | '"' => format!("the text that begins here has no end; close it with {first}"),
        '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' => {
            format!("`{first}` is a typographic quote; write ' or \"")
        }
        _ if first.is_control() => format!("`{}` is no character of CEL", first.escape_default()),
        _ => format!("`{first}` is no character of CEL; texts stand in quotes"),
    }
}

fn misplaced(before: &str, word: &str) -> String {
    let hint = match (before.trim_end().rsplit([' ', '(']).next(), word) {
        (_, "and" | "AND") => "; write `&&`",
        (_, "or" | "OR") => "; write `||`",
        (Some("not" | "NOT"), _) => "; for \"not\" write `!`",
        (_, "==" | "!=") => "; what should be compared?",
        _ => "",
    };
    format!("`{word}` cannot stand here{hint}")
}

/// The first word or sign of `rest`, for naming it.
fn word(rest: &str) -> String {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    let is_sign = |c: char| "=!<>&|".contains(c);
    let first = rest.chars().next().unwrap_or_default();
    let kind: &dyn Fn(char) -> bool = if is_sign(first) { &is_sign } else { &in_word };
    let length = rest.chars().take_while(|c| kind(*c)).count().clamp(1, 40);
    rest.chars().take(length).collect()
}
