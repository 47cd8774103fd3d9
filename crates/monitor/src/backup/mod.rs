//! Backups: copies of the whole store, of every account, and of the keys beside it, made while the server runs.
//!
//! A backup is a folder below `backups` in the data directory, with the files as they belong into an empty data directory. It is
//! made under a name that is no backup's, and is called by its own when all of it is on the disk.

mod archive;
mod folder;
mod name;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::{error, info, warn};

pub use self::archive::Archive;
use self::folder::{Folder, take_keys};
pub use self::name::{Name, NoName};
use crate::clock::Clock;
use crate::store::{Store, StoreError};

/// As disks are sold.
const MB: u64 = 1_000_000;
/// So much stays free on the disk: what the server itself writes comes first.
const SPARE: u64 = 256_000_000;

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// One at a time.
    #[error("the backup `{0}` is being made")]
    Making(Name),
    /// Two within one second.
    #[error("there is a backup `{0}` already")]
    Taken(Name),
    /// It would fill the disk.
    #[error(
        "there is no room for a backup: it takes up to {} MB, {} MB are to stay free, and {} MB are free in `{}`",
        needed.div_ceil(MB), SPARE / MB, free / MB, path.display()
    )]
    NoRoom {
        /// How many bytes it takes at most.
        needed: u64,
        /// How many are free.
        free: u64,
        /// Where.
        path: PathBuf,
    },
    /// There is none of this name.
    #[error("there is no backup `{0}`")]
    Missing(String),
    /// The store could not be copied.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file or folder could not be read or written.
    #[error("cannot {what} `{}`", path.display())]
    File {
        /// What was attempted.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The work broke off.
    #[error("the work on the backups broke off")]
    Broken,
}

/// A backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backup {
    /// What it is called.
    pub name: Name,
    /// How many bytes it has as one archive.
    pub bytes: u64,
}

/// A backup that is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Making {
    /// What it will be called.
    pub name: Name,
    /// How many bytes are written.
    pub bytes: u64,
    /// How many there will be at most; 0 as long as nobody knows.
    pub bytes_max: u64,
}

/// A backup that did not come to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// What it would have been called.
    pub name: Name,
    /// Why.
    pub why: String,
}

/// How it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// All backups, the newest first.
    pub backups: Vec<Backup>,
    /// The one that is being made.
    pub making: Option<Making>,
    /// The last one, when it did not come to be, until another is made.
    pub failed: Option<Failed>,
    /// How many bytes are free where they lie.
    pub free: u64,
}

/// The backups of one data directory.
pub struct Backups {
    data: PathBuf,
    folder: Folder,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    now: Mutex<Now>,
}

/// What is not on the disk.
#[derive(Default)]
struct Now {
    making: Option<Making>,
    failed: Option<Failed>,
}

/// A backup that was begun and is for this one to finish. Dropped, it is given up.
pub struct Begun {
    backups: Arc<Backups>,
    name: Name,
}

impl Backups {
    /// The backups of the data directory of `store`, which this process has for itself. Takes away what an earlier one left half
    /// done; where that cannot be done, no server is kept from starting.
    pub fn open(data: &Path, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let folder = Folder::of(data);
        if let Err(error) = folder.tidy() {
            warn!(
                error = &error as &dyn std::error::Error,
                "cannot take away what is left of a backup that was cut short"
            );
        }
        Self { data: data.to_owned(), folder, store, clock, now: Mutex::default() }
    }

    /// How it stands.
    ///
    /// # Errors
    /// [`BackupError::File`] when the folder cannot be read.
    pub async fn standing(&self) -> Result<Standing, BackupError> {
        let (making, failed) = {
            let now = self.now();
            (now.making, now.failed.clone())
        };
        let folder = self.folder.clone();
        blocking(move || {
            let making = making.map(|making| Making { bytes: folder.bytes_of_partial(making.name), ..making });
            Ok(Standing { backups: folder.list()?, making, failed, free: folder.free()? })
        })
        .await
    }

    /// Begins a backup, with results or without; nobody waits for it but who finishes it.
    ///
    /// # Errors
    /// [`BackupError::Making`], [`BackupError::Taken`] or [`BackupError::NoRoom`]; then nothing was begun.
    pub async fn begin(self: &Arc<Self>, results: bool) -> Result<Begun, BackupError> {
        let name = Name::new(self.clock.now().wall, results);
        let begun = self.reserve(name)?;
        let needed = self.store.bytes(results).await?;
        let folder = self.folder.clone();
        blocking(move || {
            folder.make()?;
            if folder.has(name) {
                return Err(BackupError::Taken(name));
            }
            has_room(needed, folder.free()?).map_err(|free| BackupError::NoRoom { needed, free, path: folder.path() })
        })
        .await?;
        *self.now() = Now { making: Some(Making { name, bytes: 0, bytes_max: needed }), failed: None };
        Ok(begun)
    }

    /// The backup `name` as one archive.
    ///
    /// # Errors
    /// [`BackupError::Missing`] when there is none, [`BackupError::Making`] while it is being made.
    pub async fn archive(&self, name: &str) -> Result<(Name, Archive), BackupError> {
        let name = self.find(name)?;
        let folder = self.folder.clone();
        blocking(move || Ok((name, folder.archive(name)?))).await
    }

    /// Deletes the backup `name`.
    ///
    /// # Errors
    /// [`BackupError::Missing`] when there is none, [`BackupError::Making`] while it is being made.
    pub async fn remove(&self, name: &str) -> Result<(), BackupError> {
        let name = self.find(name)?;
        let folder = self.folder.clone();
        blocking(move || folder.remove(name)).await?;
        info!(backup = %name, "a backup was deleted");
        Ok(())
    }

    /// The name that `text` is, of a backup that is not being made.
    fn find(&self, text: &str) -> Result<Name, BackupError> {
        let name = text.parse().map_err(|NoName| BackupError::Missing(text.to_owned()))?;
        match self.now().making {
            Some(making) if making.name == name => Err(BackupError::Making(name)),
            _ => Ok(name),
        }
    }

    fn reserve(self: &Arc<Self>, name: Name) -> Result<Begun, BackupError> {
        let mut now = self.now();
        if let Some(making) = now.making {
            return Err(BackupError::Making(making.name));
        }
        now.making = Some(Making { name, bytes: 0, bytes_max: 0 });
        Ok(Begun { backups: Arc::clone(self), name })
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Begun {
    /// What is being made.
    pub fn making(&self) -> Making {
        self.backups.now().making.unwrap_or(Making { name: self.name, bytes: 0, bytes_max: 0 })
    }

    /// Makes it. When it fails nothing of it stays, and [`Standing::failed`] says why.
    ///
    /// # Errors
    /// [`BackupError`] says why.
    pub async fn finish(self) -> Result<Backup, BackupError> {
        let (name, backups) = (self.name, &self.backups);
        match self.write().await {
            Ok(backup) => {
                info!(backup = %name, bytes = backup.bytes, "a backup was made");
                Ok(backup)
            }
            Err(failed) => {
                error!(backup = %name, error = &failed as &dyn std::error::Error, "cannot make a backup");
                let folder = backups.folder.clone();
                if let Err(left) = blocking(move || folder.remove_partial(name)).await {
                    error!(error = &left as &dyn std::error::Error, "a backup that failed leaves something behind");
                }
                backups.now().failed = Some(Failed { name, why: in_full(&failed) });
                Err(failed)
            }
        }
    }

    async fn write(&self) -> Result<Backup, BackupError> {
        let Backups { data, folder, store, .. } = &*self.backups;
        let (name, data, folder) = (self.name, data.clone(), folder.clone());
        let partial = {
            let folder = folder.clone();
            blocking(move || folder.make_partial(name)).await?
        };
        store.copy(&partial, name.results()).await?;
        blocking(move || {
            take_keys(&data, &partial)?;
            folder.complete(name)?;
            Ok(Backup { name, bytes: folder.bytes(name)? })
        })
        .await
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.backups.now().making = None;
    }
}

/// Whether there is room for `needed` bytes, and some to spare, where `free` are free; if not, how many there are.
fn has_room(needed: u64, free: u64) -> Result<(), u64> {
    if needed.saturating_add(SPARE) <= free { Ok(()) } else { Err(free) }
}

/// Does `work` on a thread where it may wait for the disk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(BackupError::Broken))
}

/// An error with all its causes.
fn in_full(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |error| error.source())
        .fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}

#[cfg(test)]
mod tests;
