//! `${env:NAME}` and `${file:PATH}` in values. What they bring is data: it is put in after the YAML was read, and never
//! read again.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::source::quotable;
use crate::model::AccountId;

/// The largest file a reference may bring, in bytes.
const FILE_MAX: u64 = 64 << 10;

/// Who wrote what is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Author {
    /// Who runs the server: may name its variables and files.
    #[default]
    Operator,
    /// Who has an account on the server of somebody else: nothing is looked up there.
    Guest,
}

impl Author {
    /// Who writes what `account` has.
    pub fn of(account: AccountId) -> Self {
        if account == AccountId::FIRST { Self::Operator } else { Self::Guest }
    }
}

/// What a guest is told who names something of the server.
pub(super) const NOT_A_GUESTS: &str = "only who runs the server can name its variables and files";

/// Where references are looked up.
pub(super) struct Surroundings<'a> {
    /// The variable with this name.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    /// The directory that relative paths begin at.
    pub directory: PathBuf,
    /// For whom.
    pub author: Author,
}

/// A text whose references are resolved.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    /// The text.
    pub text: String,
    /// What the references brought; never to be shown.
    pub brought: Vec<String>,
    /// The files they name.
    pub files: Vec<PathBuf>,
}

/// Why a reference cannot be resolved. Names it and never holds what it brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unresolved {
    pub message: String,
    pub way_out: String,
}

fn unresolved(message: String, way_out: impl Into<String>) -> Unresolved {
    Unresolved { message, way_out: way_out.into() }
}

impl Surroundings<'static> {
    /// Those of this process, where relative paths begin at its own directory.
    pub(super) fn of_process(author: Author) -> Self {
        Self { variable: &|name| std::env::var_os(name), directory: PathBuf::new(), author }
    }
}

impl Surroundings<'_> {
    /// Whether files may be named.
    pub(super) fn has_files(&self) -> bool {
        self.author == Author::Operator
    }

    /// Resolves all references in `text`; `$${` stays as `${`.
    pub(super) fn resolve(&self, text: &str) -> Result<Resolved, Unresolved> {
        let mut resolved = Resolved { text: String::with_capacity(text.len()), brought: Vec::new(), files: Vec::new() };
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            if let Some(before) = rest[..at].strip_suffix('$') {
                resolved.text.push_str(before);
                resolved.text.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            resolved.text.push_str(&rest[..at]);
            let inside = &rest[at + 2..];
            let Some(end) = inside.find('}') else {
                let message = format!("`{}` is not closed", quotable(&rest[at..]));
                return Err(unresolved(message, "close it with `}`, or write `$${` for a literal `${`"));
            };
            if self.author == Author::Guest {
                let message = format!("`${{{}}}` is looked up on the server: {NOT_A_GUESTS}", quotable(&inside[..end]));
                return Err(unresolved(message, "write the value itself, or `$${` for a literal `${`"));
            }
            let value = self.look_up(&inside[..end], &mut resolved.files)?;
            resolved.text.push_str(&value);
            resolved.brought.push(value);
            rest = &inside[end + 1..];
        }
        resolved.text.push_str(rest);
        Ok(resolved)
    }

    fn look_up(&self, reference: &str, files: &mut Vec<PathBuf>) -> Result<String, Unresolved> {
        match reference.split_once(':') {
            Some(("env", name)) => self.read_variable(name),
            Some(("file", path)) if !path.is_empty() => {
                let path = self.directory.join(path);
                let value = read_file(&path);
                files.push(path);
                value
            }
            _ => {
                let shown = quotable(reference);
                let way_out = if is_variable(reference) {
                    format!("write `${{env:{shown}}}` for a variable, or `$${{{shown}}}` for the literal text")
                } else {
                    "write `${env:NAME}`, `${file:PATH}`, or `$${` for a literal `${`".to_owned()
                };
                Err(unresolved(format!("`${{{shown}}}` says not where to look"), way_out))
            }
        }
    }

    fn read_variable(&self, name: &str) -> Result<String, Unresolved> {
        let shown = quotable(name);
        if !is_variable(name) {
            let message = format!("`{shown}` is no name of a variable");
            return Err(unresolved(message, "use letters, digits and `_`; there are no defaults like in a shell"));
        }
        let value = (self.variable)(name).ok_or_else(|| {
            unresolved(format!("environment variable `{shown}` is not set"), "set it, or read a file: `${file:PATH}`")
        })?;
        value
            .into_string()
            .map_err(|_| unresolved(format!("environment variable `{shown}` is not UTF-8"), "set it to text"))
    }
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Reads a file without its last line break.
fn read_file(path: &Path) -> Result<String, Unresolved> {
    let shown = quotable(&path.display().to_string());
    let failed = |why: &dyn std::fmt::Display| {
        unresolved(format!("cannot read `{shown}`: {why}"), "paths begin at the directory of the configuration")
    };
    // A pipe or a device might never end, or never begin.
    let metadata = path.metadata().map_err(|error| failed(&error))?;
    if !metadata.is_file() {
        return Err(failed(&"it is no regular file"));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| failed(&error))?;
    file.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(failed(&format!("it is larger than {} KiB", FILE_MAX >> 10)));
    }
    let text = String::from_utf8(bytes).map_err(|_| failed(&"it is not UTF-8"))?;
    let text = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve_in(directory: &Path, text: &str) -> Result<Resolved, String> {
        let variable = |name: &str| match name {
            "TOKEN" => Some(OsString::from("s: #${env:TOKEN}\n\"}")),
            "EMPTY" => Some(OsString::new()),
            _ => None,
        };
        let author = Author::Operator;
        let surroundings = Surroundings { variable: &variable, directory: directory.to_owned(), author };
        surroundings.resolve(text).map_err(|error| format!("{}; {}", error.message, error.way_out))
    }

    fn resolve(text: &str) -> Result<String, String> {
        resolve_in(Path::new("/nowhere"), text).map(|resolved| resolved.text)
    }

    #[test]
    fn what_a_reference_brings_is_not_read_again() {
        assert_eq!(resolve("a ${env:TOKEN} b").unwrap(), "a s: #${env:TOKEN}\n\"} b");
        assert_eq!(resolve("${env:EMPTY}${env:EMPTY}").unwrap(), "");
        assert_eq!(resolve("costs 5$ and $x {y}").unwrap(), "costs 5$ and $x {y}");
        assert_eq!(resolve("$${env:TOKEN} $$${a").unwrap(), "${env:TOKEN} $${a");
    }

    #[test]
    fn what_cannot_be_resolved_is_named_with_the_way_out() {
        let check = |text: &str, part: &str| {
            let why = resolve(text).expect_err(text);
            assert!(why.contains(part), "{text}: {why}");
        };
        check("${env:MISSING}", "environment variable `MISSING` is not set; set it");
        check("${TOKEN}", "`${TOKEN}` says not where to look; write `${env:TOKEN}`");
        check("${env:TOKEN:-x}", "`TOKEN:-x` is no name of a variable");
        check("${env:}", "`` is no name");
        check("${file:}", "says not where to look");
        check("x${env:TOKEN", "`${env:TOKEN` is not closed");
        check("${vault:a}", "write `${env:NAME}`");
    }

    #[test]
    fn for_a_guest_nothing_is_looked_up() {
        let asked = |name: &str| -> Option<OsString> { panic!("`{name}` was looked up") };
        let surroundings =
            Surroundings { variable: &asked, directory: PathBuf::from("/nowhere"), author: Author::Guest };
        for text in ["${env:HOME}", "a ${file:/etc/hostname}", "${HOME}", "${vault:a}", "$${a} ${env:HOME}"] {
            let why = surroundings.resolve(text).expect_err(text);
            assert!(
                why.message.ends_with(NOT_A_GUESTS) && why.way_out.starts_with("write the value itself"),
                "{why:?}"
            );
        }
        assert_eq!(surroundings.resolve("$${env:HOME} $x").map(|found| found.text), Ok("${env:HOME} $x".to_owned()));
    }

    #[test]
    fn files_are_read_beside_the_configuration_and_lose_one_line_break() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(directory.path().join(name), bytes).unwrap();
        write("unix", b"canary\n");
        write("windows", b"canary\r\n\r\n");
        write("latin", b"caf\xe9");
        write("large", &[b'x'; (FILE_MAX + 1) as usize]);
        let resolve = |text: &str| resolve_in(directory.path(), text);
        let found = resolve("${file:unix}").unwrap();
        assert_eq!((found.text.as_str(), found.files), ("canary", vec![directory.path().join("unix")]));
        assert_eq!(resolve("${file:windows}").unwrap().text, "canary\r\n");
        for (text, part) in [
            ("${file:latin}", "it is not UTF-8"),
            ("${file:large}", "it is larger than 64 KiB"),
            ("${file:.}", "it is no regular file"),
            ("${file:/dev/zero}", "it is no regular file"),
            ("${file:none}", "cannot read `"),
        ] {
            let why = resolve(text).expect_err(text);
            assert!(why.contains(part), "{text}: {why}");
        }
    }
}
