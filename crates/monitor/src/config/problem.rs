//! What is wrong with a configuration, told to a person: what, where, and what next.

use std::fmt::{self, Write as _};

use super::source::{Excerpt, Source, Span};
use super::spec::Places;

/// How many problems are told; what lies beyond is counted.
const TOLD: usize = 100;

/// The kinds of problems. The list is closed; `docs/configuration.md` explains each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// The file cannot be read.
    Unreadable,
    /// The file is not UTF-8.
    NotText,
    /// The file is too large, too deep, or grows too much by its aliases.
    TooMuch,
    /// The text is not YAML.
    NotYaml,
    /// A key is there twice.
    Twice,
    /// A key that nobody knows.
    UnknownKey,
    /// A key that must be there is not.
    Missing,
    /// A list where text is expected, and the like.
    WrongShape,
    /// A value that cannot be read or lies out of bounds.
    WrongValue,
    /// Keys that do not go together.
    Contradiction,
    /// A name that cannot be used.
    WrongName,
    /// A channel that does not exist.
    NoSuchChannel,
    /// A `${...}` that cannot be resolved.
    Unresolved,
    /// A question that cannot be asked.
    WrongQuestion,
    /// A condition that cannot be meant.
    WrongCondition,
    /// A channel that cannot be used.
    WrongChannel,
    /// A definition of channels that cannot be used.
    WrongDefinition,
    /// A monitor, a group or a tag that does not exist.
    NoSuchMonitor,
}

impl Code {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 18] = [
        Self::Unreadable,
        Self::NotText,
        Self::TooMuch,
        Self::NotYaml,
        Self::Twice,
        Self::UnknownKey,
        Self::Missing,
        Self::WrongShape,
        Self::WrongValue,
        Self::Contradiction,
        Self::WrongName,
        Self::NoSuchChannel,
        Self::Unresolved,
        Self::WrongQuestion,
        Self::WrongCondition,
        Self::WrongChannel,
        Self::WrongDefinition,
        Self::NoSuchMonitor,
    ];

    /// The code as it is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "V001",
            Self::NotText => "V002",
            Self::TooMuch => "V004",
            Self::NotYaml => "V010",
            Self::Twice => "V011",
            Self::UnknownKey => "V012",
            Self::Missing => "V013",
            Self::WrongShape => "V014",
            Self::WrongValue => "V015",
            Self::Contradiction => "V016",
            Self::WrongName => "V017",
            Self::NoSuchChannel => "V018",
            Self::Unresolved => "V019",
            Self::WrongQuestion => "V020",
            Self::WrongCondition => "V021",
            Self::WrongChannel => "V022",
            Self::WrongDefinition => "V023",
            Self::NoSuchMonitor => "V024",
        }
    }

    /// What it means, and the way out, for the reference.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Unreadable => "The file cannot be read. Check the path and its permissions.",
            Self::NotText => "The file is not UTF-8. Save it as UTF-8; the place is the first byte that is not.",
            Self::TooMuch => {
                "The file is larger than 4 MiB, nested deeper than 32 levels, or grows beyond 500,000 values or 32 MiB by \
                 its aliases. Split it, or write less indirectly."
            }
            Self::NotYaml => {
                "The text is not YAML 1.2, or uses what a configuration does not need: tags and several documents. \
                 Often a missing quote, a tab in the indentation, or `: ` inside of an unquoted value."
            }
            Self::Twice => "A key is there twice in one block. Remove one; which of them was meant cannot be known.",
            Self::UnknownKey => {
                "A key that has no meaning at its place; the nearest one is named. Top-level keys that begin with `x-` are \
                 yours, as a place for anchors."
            }
            Self::Missing => "A key that must be there is not.",
            Self::WrongShape => "A list where text is expected, a block where a list is expected, or nothing at all.",
            Self::WrongValue => "A value that cannot be read, or lies out of its bounds.",
            Self::Contradiction => {
                "Keys that do not go together: two kinds of asking in one monitor or none, a timeout longer than the \
                 interval."
            }
            Self::WrongName => {
                "Names of monitors, channels and groups have 1 to 128 characters, none of them a control character, and \
                 monitors are each named differently. Tags have 1 to 64 letters, digits, `-`, `_`, `.`, `:` and `/`."
            }
            Self::NoSuchMonitor => {
                "Maintenance or `depends_on` names a monitor, a group or a tag that the file does not have; the nearest one is \
                 named."
            }
            Self::NoSuchChannel => "A channel is named that `channels` does not have; the nearest one is named.",
            Self::Unresolved => {
                "A `${env:NAME}` or `${file:PATH}` cannot be resolved: the variable is not set, the file cannot be read. \
                 A literal `${` is written `$${`. In an account other than the server's own nothing is looked up: there references \
                 and paths are refused."
            }
            Self::WrongQuestion => {
                "What is to be asked cannot be asked: a URL that is none, a file that cannot be read."
            }
            Self::WrongCondition => {
                "A condition that cannot be meant: bad syntax, an unknown name, a comparison of different types. The place \
                 is the one inside the condition."
            }
            Self::WrongChannel => {
                "A channel cannot be used as it is written: an address that is none, an unknown type."
            }
            Self::WrongDefinition => {
                "A definition of channels cannot be used: a template that is none, or that makes no request of a message of \
                 some kind. Each definition is tried with messages of all kinds when it is read; the place is the line of the \
                 template."
            }
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    code: Code,
    message: String,
    at: Option<At>,
    label: Option<String>,
    help: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct At {
    /// The file, when it is not the one that was read.
    origin: Option<String>,
    line: usize,
    column: usize,
    excerpt: Excerpt,
}

impl Problem {
    /// What kind of problem it is.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What is wrong, with the value.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The file, when it is another one than the one that was read.
    pub fn origin(&self) -> Option<&str> {
        self.at.as_ref().and_then(|at| at.origin.as_deref())
    }

    /// The line, from 1 on; `None` when the file could not be read at all.
    pub fn line(&self) -> Option<usize> {
        self.at.as_ref().map(|at| at.line)
    }

    /// The column, in characters from 1 on.
    pub fn column(&self) -> Option<usize> {
        self.at.as_ref().map(|at| at.column)
    }

    /// The way out.
    pub fn way_out(&self) -> Option<String> {
        match (&self.label, &self.help) {
            (Some(label), Some(help)) => Some(format!("{label}; {help}")),
            (one, other) => one.clone().or_else(|| other.clone()),
        }
    }
}

/// Whether colours are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// For files, logs and programs.
    Plain,
    /// For a terminal.
    Colour,
}

impl Paint {
    fn red(self, text: &str) -> String {
        self.paint("31;1", text)
    }

    fn blue(self, text: &str) -> String {
        self.paint("34", text)
    }

    fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Colour => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}

/// All that is wrong with a configuration, in the order of the text. Never empty, and free of secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errors {
    origin: String,
    problems: Vec<Problem>,
    more: usize,
}

impl std::error::Error for Errors {}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Paint::Plain))
    }
}

impl Errors {
    /// The one problem of a file that cannot be read.
    pub(super) fn unreadable(origin: String, why: &dyn fmt::Display) -> Self {
        let message = format!("cannot read `{origin}`: {why}");
        let help = Some("check the path and its permissions".to_owned());
        let problem = Problem { code: Code::Unreadable, message, at: None, label: None, help };
        Self { origin, problems: vec![problem], more: 0 }
    }

    /// The first hundred problems.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How many problems there are.
    pub fn count(&self) -> usize {
        self.problems.len() + self.more
    }

    /// The file, as it was named.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether nothing could be said of the file because it could not be read.
    pub fn is_unreadable(&self) -> bool {
        self.problems.iter().any(|problem| problem.code == Code::Unreadable)
    }

    /// All of it for a person, with the lines that are meant; ends without a line break.
    pub fn render(&self, paint: Paint) -> String {
        let told: Vec<_> = self.problems.iter().map(|problem| self.render_one(problem, paint)).collect();
        let mut text = told.join("\n");
        if self.more > 0 {
            let _ = write!(text, "\nand {} more", self.more);
        }
        text.trim_end().to_owned()
    }

    fn render_one(&self, problem: &Problem, paint: Paint) -> String {
        let mut text = format!("{}: {}\n", paint.red(&format!("error[{}]", problem.code)), problem.message);
        let mut margin = " ".to_owned();
        if let Some(At { origin, line, column, excerpt }) = &problem.at {
            let number = line.to_string();
            margin = " ".repeat(number.len());
            let bar = paint.blue("|");
            let (origin, arrow) = (origin.as_ref().unwrap_or(&self.origin), paint.blue("-->"));
            let indent = " ".repeat(excerpt.indent);
            let carets = paint.red(&"^".repeat(excerpt.width));
            let label = problem.label.as_deref().map(|label| format!(" {label}")).unwrap_or_default();
            let _ = writeln!(text, "{margin} {arrow} {origin}:{line}:{column}");
            let _ = writeln!(text, "{margin}  {bar}");
            let _ = writeln!(text, "{} {bar} {}", paint.blue(&format!(" {number}")), excerpt.line);
            let _ = writeln!(text, "{margin}  {bar} {indent}{carets}{label}");
        }
        if let Some(help) = &problem.help {
            let _ = writeln!(text, "{margin}  = {} {help}", paint.bold("help:"));
        }
        text
    }
}

/// One thing that is wrong with a resource that a program sent. Free of secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// What kind of problem it is.
    pub code: Code,
    /// Where: a JSON pointer (RFC 6901), like `/http/url`.
    pub pointer: String,
    /// What is wrong, with the value.
    pub message: String,
    /// The way out.
    pub way_out: Option<String>,
}

impl FieldProblem {
    pub(super) fn name_of_channel(is_written: bool) -> Self {
        let (code, message) = match is_written {
            true => (Code::WrongShape, "`name` is no text"),
            false => (Code::Missing, "a channel needs `name`"),
        };
        let way_out = Some("write a word, like \"ops\"".to_owned());
        Self { code, pointer: "/name".to_owned(), message: message.to_owned(), way_out }
    }
}

/// Gathers problems while a text is read.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<Found>,
    /// Of other files.
    others: Vec<Problem>,
    more: usize,
}

/// One problem, before it is known which parts of the text are secret.
#[derive(Debug)]
pub(super) struct Found {
    code: Code,
    span: Span,
    message: String,
    label: Option<String>,
    help: Option<String>,
}

impl Found {
    pub(super) fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, span, message: message.into(), label: None, help: None }
    }

    /// A short way out, written beside the place.
    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// A longer way out, written below.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl Problems {
    pub(super) fn push(&mut self, found: Found) {
        if self.found.len() < TOLD {
            self.found.push(found);
        } else {
            self.more += 1;
        }
    }

    /// Takes over what is wrong with another file.
    pub(super) fn adopt(&mut self, errors: Errors) {
        let Errors { origin, problems, more } = errors;
        self.more += more;
        self.others.extend(problems.into_iter().map(|mut problem| {
            if let Some(at) = &mut problem.at {
                at.origin.get_or_insert_with(|| origin.clone());
            }
            problem
        }));
    }

    /// How many were found so far.
    pub(super) fn count(&self) -> usize {
        self.found.len() + self.others.len() + self.more
    }

    /// Nothing when nothing was found, else each problem with its field.
    pub(super) fn told_by_field(mut self, places: &Places) -> Result<(), Vec<FieldProblem>> {
        if self.found.is_empty() {
            return Ok(());
        }
        self.found.sort_by_key(|found| found.span);
        let told = self.found.into_iter().map(|Found { code, span, message, label, help }| {
            let way_out = match (label, help) {
                (Some(label), Some(help)) => Some(format!("{label}; {help}")),
                (one, other) => one.or(other),
            };
            FieldProblem { code, pointer: places.pointer(span).to_owned(), message, way_out }
        });
        Err(told.collect())
    }

    /// Nothing when nothing was found.
    pub(super) fn finish(mut self, source: &Source) -> Result<(), Errors> {
        if self.count() == 0 {
            return Ok(());
        }
        self.found.sort_by_key(|found| found.span);
        let problems = self.found.into_iter().map(|found| {
            let place = source.place(found.span);
            let at =
                Some(At { origin: None, line: place.line, column: place.column, excerpt: source.excerpt(found.span) });
            Problem { code: found.code, message: found.message, at, label: found.label, help: found.help }
        });
        Err(Errors { origin: source.origin.clone(), problems: problems.chain(self.others).collect(), more: self.more })
    }
}
