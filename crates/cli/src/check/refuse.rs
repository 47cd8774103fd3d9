//! Mistakes in the command: what is wrong, where, and the way out. They go to standard error and end with 2.

use std::process::ExitCode;

use allswell_probe::QuestionError;

use crate::paint::Paint;

/// How much of a condition is shown before and behind the mistake, in characters.
const AROUND: usize = 25;

/// Settings that are written in the target's URL.
const IN_TARGET: [&str; 8] = ["host", "name", "server", "service", "transport", "type", "gap", "wait"];

/// A flag or a target that cannot be.
pub fn usage(why: &str) -> ExitCode {
    eprintln!("{}", error(why, Paint::for_stderr()));
    ExitCode::from(2)
}

/// A question that cannot be asked.
pub fn question(wrong: &QuestionError, conditions: &[String]) -> ExitCode {
    eprintln!("{}", in_words(wrong, conditions, Paint::for_stderr()));
    ExitCode::from(2)
}

fn error(why: &str, paint: Paint) -> String {
    format!("{}: {why}", paint.red("error"))
}

/// The mistake with its place.
pub fn in_words(wrong: &QuestionError, conditions: &[String], paint: Paint) -> String {
    match wrong {
        QuestionError::Field { field, why } if field == "dsn" => error(&format!("the target {why}"), paint),
        QuestionError::Field { field, why } if IN_TARGET.contains(&field.as_str()) => {
            error(&format!("the target's `{field}`: {why}"), paint)
        }
        QuestionError::Field { field, why } => match flag(field) {
            Some(flag) => error(&format!("`{}`: {why}", paint.bold(&flag)), paint),
            None => error(why, paint),
        },
        QuestionError::Condition { index, column, why } => {
            let text = conditions.get(*index).map_or("", String::as_str);
            format!("{}{}", error(why, paint), place(text, *column, paint))
        }
    }
}

/// The flag that gives a setting; `None` for the target itself.
fn flag(field: &str) -> Option<String> {
    match field.split_once('.') {
        None if matches!(field, "url" | "address") => None,
        None if field == "tls" => Some("--ca".to_owned()),
        None if field == "basic_auth" => Some("--user".to_owned()),
        None => Some(format!("--{}", field.replace('_', "-"))),
        Some(("headers", name)) => Some(format!("--header {name}")),
        Some(("basic_auth", _)) => Some("--user".to_owned()),
        Some((_, name)) => Some(format!("--{}", name.replace('_', "-"))),
    }
}

/// The condition, with a mark under the mistake where its column is known.
fn place(text: &str, column: Option<usize>, paint: Paint) -> String {
    let one_line = |c: char| if c.is_control() { ' ' } else { c };
    let skipped = column.unwrap_or(1).saturating_sub(1 + AROUND);
    let shown: String = text.chars().map(one_line).skip(skipped).take(2 * AROUND).collect();
    let (arrow, bar) = (paint.cyan("-->"), paint.cyan("|"));
    let Some(column) = column else { return format!("\n  {arrow} --expect\n   {bar}\n   {bar} {shown}") };
    let indent = " ".repeat(column - 1 - skipped);
    let mark = paint.red("^");
    format!("\n  {arrow} --expect, column {column}\n   {bar}\n   {bar} {shown}\n   {bar} {indent}{mark}")
}
