//! A backup as one file, a `tar`, written while it is read.
//!
//! POSIX.1-1988 (ustar): a header of 512 bytes, the file, zeros up to the next 512; two blocks of zeros at the end.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::Path;

use allswell_core::Wall;
use bytes::{Bytes, BytesMut};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

const BLOCK: u64 = 512;
/// So much is read at once.
const CHUNK: usize = 256 << 10;

/// The files of one folder as a `tar`, in the order of their names. Opened all at once: whoever deletes them takes nothing away.
pub struct Archive {
    pieces: VecDeque<Piece>,
    bytes: u64,
}

enum Piece {
    Bytes(Bytes),
    File { file: File, left: u64 },
}

impl Archive {
    /// Opens the files of `folder`, which were written at `at`.
    pub(super) fn open(folder: &Path, at: Wall) -> io::Result<Self> {
        let mut archive = Self { pieces: VecDeque::new(), bytes: 0 };
        for (name, bytes) in files(folder)? {
            let file = fs::File::open(folder.join(&name))?;
            archive.put(Piece::Bytes(header(&name, bytes, at)?), BLOCK);
            archive.put(Piece::File { file: File::from_std(file), left: bytes }, bytes);
            archive.put_zeros(bytes.next_multiple_of(BLOCK) - bytes);
        }
        archive.put_zeros(2 * BLOCK);
        Ok(archive)
    }

    /// How long it is.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What comes next; `None` at the end.
    ///
    /// # Errors
    /// The system's; also when a file is shorter than it was.
    pub async fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            match self.pieces.pop_front() {
                None => return Ok(None),
                Some(Piece::Bytes(bytes)) => return Ok(Some(bytes)),
                Some(Piece::File { left: 0, .. }) => {}
                Some(Piece::File { mut file, left }) => {
                    let mut chunk = BytesMut::with_capacity(CHUNK.min(usize::try_from(left).unwrap_or(CHUNK)));
                    let read = (&mut file).take(left).read_buf(&mut chunk).await? as u64;
                    if read == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    self.pieces.push_front(Piece::File { file, left: left - read });
                    return Ok(Some(chunk.freeze()));
                }
            }
        }
    }

    fn put(&mut self, piece: Piece, bytes: u64) {
        self.pieces.push_back(piece);
        self.bytes += bytes;
    }

    fn put_zeros(&mut self, bytes: u64) {
        const ZEROS: [u8; 1_024] = [0; 1_024];
        if bytes > 0 {
            self.put(Piece::Bytes(Bytes::from_static(&ZEROS[..bytes as usize])), bytes);
        }
    }
}

/// How long the archive of `folder` is.
pub(super) fn bytes(folder: &Path) -> io::Result<u64> {
    let of = |(_, bytes): &(String, u64)| BLOCK + bytes.next_multiple_of(BLOCK);
    Ok(files(folder)?.iter().map(of).sum::<u64>() + 2 * BLOCK)
}

/// The files of a folder with their sizes, by name.
fn files(folder: &Path) -> io::Result<Vec<(String, u64)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if let (true, Ok(name)) = (metadata.is_file(), entry.file_name().into_string()) {
            files.push((name, metadata.len()));
        }
    }
    files.sort();
    Ok(files)
}

/// The header of a regular file that its owner alone may read.
fn header(name: &str, bytes: u64, at: Wall) -> io::Result<Bytes> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name)?;
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o600);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(at.ms().unsigned_abs() / 1_000);
    header.set_size(bytes);
    header.set_cksum();
    Ok(Bytes::copy_from_slice(header.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const AT: Wall = Wall::from_ms(1_795_356_526_000);

    #[tokio::test]
    async fn tar_finds_in_it_what_was_put_into_it() {
        let (folder, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let long: Vec<u8> = (0..1_000_003_u32).map(|number| (number % 251) as u8).collect();
        let all: [(&str, &[u8]); 4] = [("empty", b""), ("even", &[7; 1_024]), ("main.db", &long), ("x.key", b"secret")];
        for (name, bytes) in all {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let mut archive = Archive::open(folder.path(), AT).unwrap();
        let expected = archive.bytes();
        assert_eq!(bytes(folder.path()).unwrap(), expected);
        fs::remove_file(folder.path().join("main.db")).unwrap();
        let mut written = Vec::new();
        while let Some(bytes) = archive.next().await.unwrap() {
            written.extend_from_slice(&bytes);
        }
        assert_eq!(written.len() as u64, expected);
        let file = out.path().join("backup.tar");
        fs::write(&file, written).unwrap();
        let tar = |arguments: &[&str]| {
            let ran =
                Command::new("tar").arg("-f").arg(&file).arg("-C").arg(out.path()).args(arguments).output().unwrap();
            assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
            String::from_utf8(ran.stdout).unwrap()
        };
        tar(&["-x"]);
        for (name, bytes) in all {
            assert!(fs::read(out.path().join(name)).unwrap() == bytes, "{name}");
        }
        let told = tar(&["-tv", "--utc", "--full-time"]);
        let first = told.lines().next().unwrap_or_default();
        assert!(first.starts_with("-rw-------") && first.contains("2026-11-22 14:08:46"), "{told}");
    }

    #[tokio::test]
    async fn a_file_that_became_shorter_is_an_error_and_no_shorter_archive() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("main.db");
        fs::write(&path, [1; 5_000]).unwrap();
        let mut archive = Archive::open(folder.path(), AT).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_len(10).unwrap();
        let end = loop {
            match archive.next().await {
                Ok(Some(_)) => {}
                end => break end,
            }
        };
        assert_eq!(end.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
