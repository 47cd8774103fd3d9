//! Where backups lie, and how one comes to be and goes: by being given its name, and by losing it first.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, chown};
use std::path::{Path, PathBuf};

use super::archive::{self, Archive};
use super::{Backup, BackupError, Name};
use crate::secret_key::KeyFile;

/// What stands behind the name of a folder that is no backup yet, or no more.
const PARTIAL: &str = ".partial";

/// The folder of the backups of one data directory.
#[derive(Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn of(data: &Path) -> Self {
        Self(data.join("backups"))
    }

    pub(super) fn path(&self) -> PathBuf {
        self.0.clone()
    }

    /// Makes the folder where it is missing.
    pub(super) fn make(&self) -> Result<(), BackupError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.0);
        made.and_then(|()| self.hand_over(&self.0)).map_err(|cause| failed("make", &self.0, cause))
    }

    /// Deletes what was left half done, and nothing else that lies here.
    pub(super) fn tidy(&self) -> Result<(), BackupError> {
        let partial = |name: &String| name.strip_suffix(PARTIAL)?.parse().ok();
        self.entries()?.iter().filter_map(partial).try_for_each(|name| self.remove_partial(name))
    }

    /// Deletes what was left half done of one backup, where something was.
    pub(super) fn remove_partial(&self, name: Name) -> Result<(), BackupError> {
        let path = self.partial(name);
        match fs::remove_dir_all(&path) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => Err(failed("delete", &path, cause)),
            _ => Ok(()),
        }
    }

    /// All backups, the newest first.
    pub(super) fn list(&self) -> Result<Vec<Backup>, BackupError> {
        let mut names: Vec<Name> = self.entries()?.iter().filter_map(|name| name.parse().ok()).collect();
        names.sort_by(|one, other| other.cmp(one));
        let one = |name| match self.bytes(name) {
            // Deleted meanwhile.
            Err(BackupError::Missing(_)) => None,
            bytes => Some(bytes.map(|bytes| Backup { name, bytes })),
        };
        names.into_iter().filter_map(one).collect()
    }

    /// How many bytes are free here, for who is not root.
    pub(super) fn free(&self) -> Result<u64, BackupError> {
        let place = if self.0.exists() { &*self.0 } else { self.data() };
        let of = rustix::fs::statvfs(place).map_err(|cause| failed("look at", place, cause.into()))?;
        Ok(of.f_bavail.saturating_mul(of.f_frsize))
    }

    pub(super) fn has(&self, name: Name) -> bool {
        self.backup(name).exists()
    }

    /// How many bytes a backup has as one archive.
    pub(super) fn bytes(&self, name: Name) -> Result<u64, BackupError> {
        let path = self.backup(name);
        archive::bytes(&path).map_err(|cause| missing(name, "read", &path, cause))
    }

    pub(super) fn archive(&self, name: Name) -> Result<Archive, BackupError> {
        let path = self.backup(name);
        Archive::open(&path, name.taken()).map_err(|cause| missing(name, "read", &path, cause))
    }

    /// Makes the folder in which the backup is made, empty, and says where it is.
    pub(super) fn make_partial(&self, name: Name) -> Result<PathBuf, BackupError> {
        let path = self.partial(name);
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|cause| failed("make", &path, cause))?;
        Ok(path)
    }

    /// How far it is.
    pub(super) fn bytes_of_partial(&self, name: Name) -> u64 {
        let Ok(entries) = fs::read_dir(self.partial(name)) else { return 0 };
        entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
    }

    /// Gives a backup that is whole its name, durably.
    pub(super) fn complete(&self, name: Name) -> Result<(), BackupError> {
        let (partial, path) = (self.partial(name), self.backup(name));
        let handed = || {
            self.hand_over(&partial)?;
            fs::read_dir(&partial)?.try_for_each(|entry| self.hand_over(&entry?.path()))?;
            sync(&partial)
        };
        handed().map_err(|cause| failed("write", &partial, cause))?;
        fs::rename(&partial, &path).map_err(|cause| failed("name", &path, cause))?;
        sync(&self.0).map_err(|cause| failed("write", &self.0, cause))
    }

    pub(super) fn remove(&self, name: Name) -> Result<(), BackupError> {
        let (partial, path) = (self.partial(name), self.backup(name));
        fs::rename(&path, &partial).map_err(|cause| missing(name, "delete", &path, cause))?;
        self.remove_partial(name)
    }

    /// Gives what lies at `path` to whom the data directory belongs: what root makes by hand must not be shut for the server.
    fn hand_over(&self, path: &Path) -> io::Result<()> {
        let owner = fs::metadata(self.data())?;
        match chown(path, Some(owner.uid()), Some(owner.gid())) {
            // Who is not root gives nothing away.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
            done => done,
        }
    }

    fn data(&self) -> &Path {
        self.0.parent().expect("it lies in the data directory")
    }

    fn backup(&self, name: Name) -> PathBuf {
        self.0.join(name.to_string())
    }

    fn partial(&self, name: Name) -> PathBuf {
        self.0.join(format!("{name}{PARTIAL}"))
    }

    /// The names of all that lies here; none where the folder is missing.
    fn entries(&self) -> Result<Vec<String>, BackupError> {
        let read = || -> io::Result<Vec<String>> {
            let entries = fs::read_dir(&self.0)?.collect::<io::Result<Vec<_>>>()?;
            Ok(entries.into_iter().filter_map(|entry| entry.file_name().into_string().ok()).collect())
        };
        match read() {
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            entries => entries.map_err(|cause| failed("read", &self.0, cause)),
        }
    }
}

/// Copies the keys of the data directory, those that there are, into the folder `to`.
pub(super) fn take_keys(data: &Path, to: &Path) -> Result<(), BackupError> {
    for key in KeyFile::ALL {
        let from = data.join(key.name());
        match copy_key(&from, &to.join(key.name())) {
            Err(cause) if cause.kind() == ErrorKind::NotFound => {}
            copied => copied.map_err(|cause| failed("copy", &from, cause))?,
        }
    }
    Ok(())
}

fn copy_key(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = File::open(from)?;
    let mut to = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut from, &mut to)?;
    to.sync_all()
}

/// Has the names in a folder on the disk.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn failed(what: &'static str, path: &Path, cause: io::Error) -> BackupError {
    BackupError::File { what, path: path.to_owned(), cause }
}

fn missing(name: Name, what: &'static str, path: &Path, cause: io::Error) -> BackupError {
    if cause.kind() == ErrorKind::NotFound {
        return BackupError::Missing(name.to_string());
    }
    failed(what, path, cause)
}
