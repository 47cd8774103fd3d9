//! Definitions of channels: those that come with the program, and the files of `server.channels_dir`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::LazyLock;

use http::Method;

use super::keys::channels::{ChannelKind, interned, is_own};
use super::keys::definitions::DEFINITION;
use super::problem::{self, Code, Errors, Problems};
use super::read::{Datum, Fields, Reader};
use super::reference::{Author, Surroundings};
use super::source::{Source, Span};
use super::tree;
use crate::notify::http::{
    Answers, Body, Definition, Escape, Field, Head, Idempotency, Parts, Statuses, TemplateError, Text, Unit,
};

/// The largest definition, in bytes.
const SIZE_MAX: u64 = 256 << 10;
/// The most definitions of one directory.
const FILES_MAX: usize = 200;

/// A definition that comes with the program.
macro_rules! file {
    ($name:literal) => {
        ($name, include_str!(concat!("../../channels/", $name, ".yaml")))
    };
}

const EMBEDDED: [(&str, &str); 8] = [
    file!("alertmanager"),
    file!("apprise"),
    file!("discord"),
    file!("ntfy"),
    file!("pagerduty"),
    file!("slack"),
    file!("teams"),
    file!("telegram"),
];

/// The definitions that come with the program.
pub(super) fn embedded() -> &'static [ChannelKind] {
    static ALL: LazyLock<Vec<ChannelKind>> = LazyLock::new(|| {
        let read = |(name, text)| interned(name, text, || read(name, text, Path::new(name)));
        EMBEDDED.into_iter().map(|file| read(file).expect("a test reads and tries each")).collect()
    });
    &ALL
}

/// What a directory of definitions holds.
#[derive(Default)]
pub(super) struct Found {
    /// The definitions.
    pub kinds: Vec<ChannelKind>,
    /// The files that were looked at.
    pub files: Vec<PathBuf>,
    /// The names of those that cannot be used.
    pub broken: Vec<String>,
    /// What is wrong with them.
    pub errors: Vec<Errors>,
}

/// Reads all definitions in `directory`.
///
/// # Errors
/// Why the directory cannot be read.
pub(super) fn all_in(directory: &Path) -> Result<Found, String> {
    let files = files(directory)?;
    let mut found = Found { files: files.clone(), ..Found::default() };
    for path in &files {
        match load(path) {
            Ok(kind) => found.kinds.push(kind),
            Err(errors) => {
                found.broken.push(name_of(path));
                found.errors.push(errors);
            }
        }
    }
    Ok(found)
}

fn files(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error: std::io::Error| format!("cannot read the directory: {error}");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|end| end == "yaml" || end == "yml") {
            files.push(path);
        }
    }
    if files.len() > FILES_MAX {
        return Err(format!("it has {} definitions; at most {FILES_MAX} are read", files.len()));
    }
    files.sort();
    Ok(files)
}

fn name_of(path: &Path) -> String {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned()
}

fn load(path: &Path) -> Result<ChannelKind, Errors> {
    let origin = path.display().to_string();
    let name = name_of(path);
    let is_good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(is_good) || is_own(&name) {
        let why = "its name becomes a type of channels: lower-case letters, digits, `-` and `_`, and neither `email` nor `webhook`";
        return Err(Errors::unreadable(origin, &why));
    }
    let size = path.metadata().map_err(|error| Errors::unreadable(origin.clone(), &error))?.len();
    if size > SIZE_MAX {
        return Err(Errors::unreadable(origin, &format!("it has {size} bytes; at most {SIZE_MAX} are read")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| Errors::unreadable(origin, &error))?;
    interned(&name, &text, || read(&name, &text, path))
}

/// Reads the definition `text` called `name` and tries it.
pub(super) fn read(name: &str, text: &str, origin: &Path) -> Result<Definition, Errors> {
    let mut source = Source::new(origin.display().to_string(), text.to_owned());
    let mut problems = Problems::default();
    let Some(root) = tree::read(text, &mut problems) else {
        problems.finish(&source)?;
        unreachable!("a text without a tree has a problem");
    };
    let surroundings = Surroundings { variable: &|_| None, directory: PathBuf::new(), author: Author::Operator };
    let mut reader = Reader::new(problems, &surroundings, text);
    let fields = reader.block(&root, &DEFINITION);
    let before = reader.problems.count();
    let made = if fields.sound { make(name, &fields, &mut reader) } else { None };
    let tried = made.map(|made| made.and_then(|definition| definition.try_out().map(|()| definition)));
    if let Some(Err(error)) = &tried {
        let span = place(&error.path, error.line, &fields, text);
        reader.problems.push(problem::Found::new(
            Code::WrongDefinition,
            span,
            format!("`{}` {}", error.path, error.why),
        ));
    }
    let found = reader.problems.count() > before || !fields.sound;
    source.hide(Vec::new());
    reader.problems.finish(&source)?;
    debug_assert!(!found, "what is wrong was told");
    Ok(tried.and_then(Result::ok).expect("nothing is wrong with it"))
}

/// Where a line of a template stands.
fn place(path: &str, line: Option<usize>, fields: &Fields<'_>, text: &str) -> Span {
    let span = fields.node.find(path).span;
    let raw = text.get(span.start..).unwrap_or_default();
    let Some(line) = line.filter(|_| text.get(span.start..span.end).is_some_and(|raw| raw.contains('\n'))) else {
        return span;
    };
    // A block begins in the line after its `|`, or at its own first line, as the parser has it.
    let skipped = if raw.starts_with(['|', '>']) { line } else { line - 1 };
    let start = raw.match_indices('\n').nth(skipped.wrapping_sub(1)).map_or(span.start, |(at, _)| span.start + at + 1);
    let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let indent = text[start..end].len() - text[start..end].trim_start().len();
    Span { start: start + indent, end }
}

fn make(name: &str, fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<Result<Definition, TemplateError>> {
    let before = reader.problems.count();
    let head = Head {
        name: name.to_owned(),
        about: owned(fields, "about"),
        documentation: fields.text("documentation").map(str::to_owned),
        fields: named(fields, "fields").map(|(name, block)| field(name, block)).collect(),
    };
    let request = fields.block("request")?;
    let parts = Parts {
        texts: named(fields, "texts").map(|(name, block)| text(name, block)).collect(),
        method: request.text("method").and_then(|method| Method::from_str(method).ok()).unwrap_or(Method::POST),
        url: owned(request, "url"),
        headers: values(request, "headers"),
        body: body(request, reader)?,
        idempotency: fields.block("idempotency").map(|block| Idempotency {
            field: owned(block, "field"),
            of_incident: block.text("same_for") == Some("incident"),
        }),
    };
    let answers = fields.block("answers").map_or_else(usual, |block| answers(block, reader));
    (reader.problems.count() == before).then(|| Definition::new(head, parts, answers))
}

fn owned(fields: &Fields<'_>, name: &str) -> String {
    fields.text(name).unwrap_or_default().to_owned()
}

/// The blocks below `key`, by the names that the writer chose.
fn named<'f>(fields: &'f Fields<'_>, key: &str) -> impl Iterator<Item = (&'f str, &'f Fields<'f>)> {
    let names = if let Some(Datum::Names(names)) = fields.get(key) { names.as_slice() } else { &[] };
    names.iter().filter_map(
        |(entry, datum)| {
            if let Datum::Block(block) = datum { Some((entry.key.as_str(), block)) } else { None }
        },
    )
}

fn values(fields: &Fields<'_>, key: &str) -> BTreeMap<String, String> {
    let names = if let Some(Datum::Names(names)) = fields.get(key) { names.as_slice() } else { &[] };
    let text = |datum: &Datum<'_>| if let Datum::Text(text) = datum { text.clone() } else { String::new() };
    names.iter().map(|(entry, datum)| (entry.key.clone(), text(datum))).collect()
}

fn list(fields: &Fields<'_>, key: &str) -> Vec<String> {
    fields.texts(key).unwrap_or_default().into_iter().map(|(_, text)| text.to_owned()).collect()
}

fn field(name: &str, block: &Fields<'_>) -> Field {
    let default = block.text("default").map(str::to_owned);
    Field {
        name: name.to_owned(),
        about: owned(block, "about"),
        secret: block.flag("secret").unwrap_or_default(),
        optional: block.flag("optional").unwrap_or_default() || default.is_some(),
        default,
        one_of: list(block, "one_of"),
        like: block.text("like").map(str::to_owned),
    }
}

fn text(name: &str, block: &Fields<'_>) -> Text {
    Text {
        name: name.to_owned(),
        template: owned(block, "template"),
        escape: word(&Escape::WORDS, block.text("escape")).unwrap_or(Escape::None),
        most: block.number("most").map_or(65_536, |most| most as usize),
        unit: word(&Unit::WORDS, block.text("counted_in")).unwrap_or(Unit::Characters),
    }
}

fn word<T: Copy>(words: &[(&str, T)], written: Option<&str>) -> Option<T> {
    words.iter().find(|(word, _)| Some(*word) == written).map(|(_, meant)| *meant)
}

fn body(request: &Fields<'_>, reader: &mut Reader<'_>) -> Option<Body> {
    let written: Vec<_> = ["json", "form", "text"].into_iter().filter(|key| request.entry(key).is_some()).collect();
    match written.as_slice() {
        ["json"] => Some(Body::Json(owned(request, "json"))),
        ["form"] => Some(Body::Form(values(request, "form"))),
        ["text"] => Some(Body::Text(owned(request, "text"))),
        other => {
            let span = other.get(1).map_or(request.node.span, |key| request.span(key));
            let message = "a request has one body: `json`, `form` or `text`";
            reader.problems.push(problem::Found::new(Code::Contradiction, span, message).label("write one of them"));
            None
        }
    }
}

/// What holds where a definition says nothing.
fn usual() -> Answers {
    Answers { accepted: Statuses(vec![200..=299]), ..Answers::default() }
}

fn answers(block: &Fields<'_>, reader: &mut Reader<'_>) -> Answers {
    let mut statuses = |key: &str| {
        let mut ranges = Vec::new();
        for (node, text) in block.texts(key).unwrap_or_default() {
            match Statuses::read(text) {
                Some(range) => ranges.push(range),
                None => {
                    let message = format!("`{}` is no status", reader.quoted(node));
                    let found = problem::Found::new(Code::WrongValue, node.span, message);
                    reader.problems.push(found.label("write it like 202 or 500-599"));
                }
            }
        }
        Statuses(ranges)
    };
    let accepted = if block.entry("accepted").is_some() { statuses("accepted") } else { usual().accepted };
    let expected = || block.text("equals").unwrap_or("true").to_owned();
    Answers {
        accepted,
        later: statuses("later"),
        rest: statuses("rest"),
        gone: statuses("gone"),
        expect: block.text("field").map(|field| (field.to_owned(), expected())),
        retry_after: block.text("retry_after").map(str::to_owned),
    }
}
