//! Where manifests come from: files, directories, the standard input.

use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The largest file that is read.
pub const BYTES_MAX: u64 = 10 << 20;

/// How deep directories are walked.
const DEPTH_MAX: usize = 32;

/// How many files one run reads.
const FILES_MAX: usize = 100_000;

/// A text and its name.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as given, or `-`.
    pub name: String,
    /// The text.
    pub text: String,
    lines: Vec<usize>,
    /// How many characters lie before each [`STEP`]th byte: a line may be as long as the text.
    characters: Vec<usize>,
    crlf: bool,
}

/// How many bytes are counted anew for each place.
const STEP: usize = 4_096;

/// A line and a column, both from 1 on; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Why manifests cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused.
    #[error("cannot read `{name}`")]
    Read {
        /// The file.
        name: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// Too much of it.
    #[error("cannot read `{name}`: it is larger than {BYTES_MAX} bytes; split it, or lint its parts one by one")]
    TooLarge {
        /// The file.
        name: String,
    },
    /// No text.
    #[error("cannot read `{name}`: byte {at} is no UTF-8; save it as UTF-8")]
    NotText {
        /// The file.
        name: String,
        /// The first byte that is wrong.
        at: usize,
    },
    /// Nothing there.
    #[error("`{name}` holds no .yaml, .yml or .json file; name a file, another directory, or - for the standard input")]
    Nothing {
        /// The directory.
        name: String,
    },
    /// Far too many.
    #[error(
        "`{name}` holds more than {FILES_MAX} manifests, or directories deeper than {DEPTH_MAX}; name a smaller one"
    )]
    TooMany {
        /// The directory.
        name: String,
    },
}

impl Source {
    /// A text with a name.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let characters = std::iter::once(0)
            .chain(text.as_bytes().chunks(STEP).scan(0, |count, chunk| {
                *count += starts(chunk);
                Some(*count)
            }))
            .collect();
        let crlf = text.contains("\r\n");
        Self { name: name.into(), text, lines, characters, crlf }
    }

    /// How its lines end.
    pub const fn newline(&self) -> &'static str {
        if self.crlf { "\r\n" } else { "\n" }
    }

    /// Reads what `path` names: a file, every manifest below a directory in order of their names, or `-`.
    ///
    /// # Errors
    /// [`Error`] with the file and the way out.
    pub fn read(path: &str) -> Result<Vec<Self>, Error> {
        if path == "-" {
            return read_from("-", io::stdin().lock()).map(|source| vec![source]);
        }
        let read_error = |cause| Error::Read { name: path.to_owned(), cause };
        if !std::fs::metadata(path).map_err(read_error)?.is_dir() {
            return read_file(Path::new(path)).map(|source| vec![source]);
        }
        let mut files = Vec::new();
        walk(Path::new(path), 0, &mut files).map_err(read_error)?;
        match files.len() {
            0 => Err(Error::Nothing { name: path.to_owned() }),
            count if count > FILES_MAX => Err(Error::TooMany { name: path.to_owned() }),
            _ => files.iter().map(|file| read_file(file)).collect(),
        }
    }

    /// Where a byte stands.
    pub fn place(&self, byte: usize) -> Place {
        let line = self.lines.partition_point(|start| *start <= byte).max(1);
        let column = self.characters_before(byte) - self.characters_before(self.lines[line - 1]);
        Place { line, column: column + 1 }
    }

    fn characters_before(&self, byte: usize) -> usize {
        let byte = byte.min(self.text.len());
        let step = byte / STEP;
        self.characters[step] + starts(&self.text.as_bytes()[step * STEP..byte])
    }

    /// The text of a line, from 1 on, without its end.
    pub fn line(&self, line: usize) -> &str {
        let Some(start) = line.checked_sub(1).and_then(|index| self.lines.get(index)) else {
            return "";
        };
        let end = self.lines.get(line).map_or(self.text.len(), |next| next - 1);
        self.text[*start..end].trim_end_matches('\r')
    }

    /// The bytes of the lines that hold `range`, without the last line's end.
    pub fn whole_lines(&self, range: &Range<usize>) -> Range<usize> {
        let (first, last) = (self.place(range.start).line, self.place(range.end).line);
        let end = self.lines.get(last).map_or(self.text.len(), |next| next - 1);
        self.lines[first - 1]..end
    }
}

/// How many characters begin within these bytes of UTF-8.
fn starts(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

fn read_file(path: &Path) -> Result<Source, Error> {
    let name = path.to_string_lossy().into_owned();
    let file = std::fs::File::open(path).map_err(|cause| Error::Read { name: name.clone(), cause })?;
    read_from(&name, file)
}

fn read_from(name: &str, reader: impl Read) -> Result<Source, Error> {
    let mut bytes = Vec::new();
    let read = reader.take(BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|cause| Error::Read { name: name.to_owned(), cause })?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(Error::TooLarge { name: name.to_owned() });
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| Error::NotText { name: name.to_owned(), at: error.utf8_error().valid_up_to() })?;
    Ok(Source::new(name, text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned)))
}

/// Gathers manifests in order of their names. Hidden entries and links to directories are passed over.
fn walk(directory: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if depth > DEPTH_MAX || files.len() > FILES_MAX {
        files.resize(FILES_MAX + 1, PathBuf::new());
        return Ok(());
    }
    let mut entries: Vec<_> = std::fs::read_dir(directory)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type()?);
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            walk(&path, depth + 1, files)?;
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one_and_in_characters() {
        let source = Source::new("x", "a: ä1\nb: 2\n");
        assert_eq!(source.place(0), Place { line: 1, column: 1 });
        assert_eq!(source.place(5), Place { line: 1, column: 5 });
        assert_eq!(source.place(7), Place { line: 2, column: 1 });
        assert_eq!(source.line(2), "b: 2");
        assert_eq!(source.place(999).line, 3);
    }

    #[test]
    fn columns_of_a_very_long_line_are_right() {
        let source = Source::new("x", "ä".repeat(10_000));
        for at in [0, 1, 2_047, 2_048, 2_049, 9_999] {
            assert_eq!(source.place(at * 2).column, at + 1);
        }
    }

    #[test]
    fn a_directory_is_read_in_order_and_without_what_is_no_manifest() {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(directory.path().join("sub")).expect("made");
        for name in ["b.yml", "a.yaml", "sub/c.json", "notes.txt", ".hidden.yaml"] {
            std::fs::write(directory.path().join(name), "{}").expect("written");
        }
        let sources = Source::read(&directory.path().to_string_lossy()).expect("it is there");
        let names: Vec<_> = sources.iter().map(|s| s.name.rsplit('/').next().expect("a name").to_owned()).collect();
        assert_eq!(names, ["a.yaml", "b.yml", "c.json"]);
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_byte() {
        let error = read_from("x.yaml", &b"a: \xff"[..]).expect_err("no text");
        assert!(error.to_string().contains("byte 3"), "{error}");
    }
}
