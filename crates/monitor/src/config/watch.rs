//! Tells when the configuration changed: its file, or one of the files whose contents went into it.
//!
//! The directories are watched rather than the files: editors put a new file in the place of the old one, and Kubernetes
//! turns the link `..data` of a mounted ConfigMap or Secret around. What counts is whether contents changed.
//! Network file systems and some mounts tell nobody, so there is a look every ten seconds besides.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::notify::event::{AccessKind, AccessMode};
use ::notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use tokio::time::timeout;

/// How long nothing must happen until a change is complete: saving takes several steps.
const QUIET: Duration = Duration::from_millis(200);

/// How often nothing is waited for: a directory that never rests must not hide a change.
const STEPS_MAX: u32 = 10;

/// How often files are looked at without being told.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// The most that is read of a file, in bytes; a little more than any of them may have.
const READ_MAX: u64 = (4 << 20) + 1;

/// The link that Kubernetes turns around when a mounted ConfigMap or Secret changes.
const KUBERNETES_LINK: &str = "..data";

/// The digest of a file's contents; `None` when it cannot be read.
type Stamp = Option<[u8; 32]>;

/// Watches a configuration and the files that belong to it.
pub struct Watcher {
    path: PathBuf,
    stamps: BTreeMap<PathBuf, Stamp>,
    names: Arc<Mutex<HashSet<OsString>>>,
    happened: Arc<Notify>,
    pending: bool,
    look_every: Duration,
    directories: HashSet<PathBuf>,
    events: Option<RecommendedWatcher>,
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher")
            .field("path", &self.path)
            .field("directories", &self.directories)
            .finish_non_exhaustive()
    }
}

impl Watcher {
    /// Watches the configuration at `path`. Made before the configuration is read, it misses no change.
    ///
    /// Where the system cannot tell of changes, a warning is logged and there is a look every ten seconds.
    pub fn new(path: &Path) -> Self {
        let (names, happened) = (Arc::default(), Arc::new(Notify::new()));
        let events = ::notify::recommended_watcher(handler(Arc::clone(&names), Arc::clone(&happened)));
        let mut watcher = Self {
            path: path.to_owned(),
            stamps: BTreeMap::new(),
            names,
            happened,
            pending: false,
            look_every: LOOK_EVERY,
            directories: HashSet::new(),
            events: events.inspect_err(|error| cannot_watch(path, error)).ok(),
        };
        watcher.follow(&[]);
        watcher
    }

    /// Watches these files besides the configuration, and no others: [`Config::files`](super::Config::files).
    pub fn follow(&mut self, files: &[PathBuf]) {
        let wanted: HashSet<_> = files.iter().chain([&self.path]).cloned().collect();
        self.stamps.retain(|path, _| wanted.contains(path));
        for path in &wanted {
            self.stamps.entry(path.clone()).or_insert_with(|| stamp(path));
        }
        let places: Vec<_> = wanted.iter().flat_map(|path| places(path)).collect();
        let names = places.iter().filter_map(|place| place.file_name()).map(OsString::from);
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = names.collect();
        let directories = places.iter().filter_map(|place| place.parent()).map(directory).collect();
        self.watch(directories);
    }

    fn watch(&mut self, directories: HashSet<PathBuf>) {
        let Some(events) = &mut self.events else { return };
        for gone in self.directories.difference(&directories) {
            // A directory that was removed is not watched any more; so it shall be.
            let _ = events.unwatch(gone);
        }
        for new in directories.difference(&self.directories) {
            if let Err(error) = events.watch(new, RecursiveMode::NonRecursive) {
                cannot_watch(new, &error);
            }
        }
        self.directories = directories;
    }

    /// Waits until the contents of a watched file are different from what they were, and have come to rest.
    ///
    /// A file that went away is a change as well. Dropping the future loses nothing.
    pub async fn changed(&mut self) {
        loop {
            if !self.pending {
                let _ = timeout(self.look_every, self.happened.notified()).await;
                self.pending = true;
            }
            self.rest().await;
            let changed = self.look().await;
            self.pending = false;
            if changed {
                return;
            }
        }
    }

    async fn rest(&self) {
        for _ in 0..STEPS_MAX {
            if timeout(QUIET, self.happened.notified()).await.is_err() {
                return;
            }
        }
    }

    /// Looks at all files and says whether one of them changed.
    async fn look(&mut self) -> bool {
        let paths: Vec<_> = self.stamps.keys().cloned().collect();
        let stamped =
            move || paths.into_iter().map(|path| (stamp(&path), path)).map(|(stamp, path)| (path, stamp)).collect();
        // Only a runtime that is being stopped does not run it.
        let Ok(stamps) = tokio::task::spawn_blocking(stamped).await else { return false };
        let before = std::mem::replace(&mut self.stamps, stamps);
        before != self.stamps
    }
}

/// Passes on what may concern one of `names`.
fn handler(names: Arc<Mutex<HashSet<OsString>>>, happened: Arc<Notify>) -> impl FnMut(::notify::Result<Event>) + Send {
    move |event| {
        let concerns = |path: &PathBuf| {
            let names = names.lock().unwrap_or_else(PoisonError::into_inner);
            path.file_name().is_some_and(|name| name == KUBERNETES_LINK || names.contains(name))
        };
        // Events may be lost, then everything may concern us. Our own reading does not.
        if event.is_err()
            || event
                .is_ok_and(|event| event.need_rescan() || is_writing(event.kind) && event.paths.iter().any(concerns))
        {
            happened.notify_one();
        }
    }
}

fn is_writing(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}

/// Where a file stands, and where it stands in truth when links lead to it.
fn places(path: &Path) -> Vec<PathBuf> {
    let mut places = vec![path.to_owned()];
    places.extend(path.canonicalize());
    places
}

/// A directory as the system takes it: the one of `allswell.yaml` is `.`.
fn directory(path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_owned() }
}

fn stamp(path: &Path) -> Stamp {
    // Opening a pipe would wait for somebody who writes.
    if !path.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(READ_MAX).read_to_end(&mut bytes).ok()?;
    Some(Sha256::digest(&bytes).into())
}

fn cannot_watch(path: &Path, error: &::notify::Error) {
    tracing::warn!(path = %path.display(), %error, "cannot be told of changes; looking every {LOOK_EVERY:?} instead");
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// A watcher that is told or knows nothing.
    fn watcher(path: &Path) -> Watcher {
        let never = Duration::from_secs(86_400);
        Watcher { look_every: never, ..Watcher::new(path) }
    }

    /// Waits for a change. The limit is only there so that a change that is never told fails the test.
    async fn told(watcher: &mut Watcher) {
        timeout(Duration::from_secs(60), watcher.changed()).await.expect("a change is told");
    }

    /// Whether a change is known without waiting for one.
    async fn differs(watcher: &mut Watcher) -> bool {
        watcher.look().await
    }

    #[tokio::test]
    async fn a_file_that_is_written_again_or_replaced_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("allswell.yaml");
        fs::write(&file, "a: 1").unwrap();
        let mut watcher = watcher(&file);
        fs::write(&file, "a: 2").unwrap();
        told(&mut watcher).await;
        let new = directory.path().join(".allswell.yaml.swp");
        fs::write(&new, "a: 3").unwrap();
        fs::rename(&new, &file).unwrap();
        told(&mut watcher).await;
        fs::remove_file(&file).unwrap();
        told(&mut watcher).await;
        fs::write(&file, "a: 3").unwrap();
        told(&mut watcher).await;
        assert!(!differs(&mut watcher).await, "what was told is known");
    }

    #[tokio::test]
    async fn a_config_map_that_is_swapped_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for (version, text) in [("..2026_1", "a: 1"), ("..2026_2", "a: 2")] {
            fs::create_dir(at(version)).unwrap();
            fs::write(at(version).join("allswell.yaml"), text).unwrap();
        }
        symlink("..2026_1", at("..data")).unwrap();
        symlink("..data/allswell.yaml", at("allswell.yaml")).unwrap();
        let mut watcher = watcher(&at("allswell.yaml"));
        symlink("..2026_2", at("..data_tmp")).unwrap();
        fs::rename(at("..data_tmp"), at("..data")).unwrap();
        told(&mut watcher).await;
    }

    #[tokio::test]
    async fn a_secret_that_belongs_to_it_is_told_and_one_that_no_longer_does_is_not() {
        let (directory, secrets) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (file, secret) = (directory.path().join("allswell.yaml"), secrets.path().join("token"));
        fs::write(&file, "a: 1").unwrap();
        fs::write(&secret, "old").unwrap();
        let mut watcher = watcher(&file);
        watcher.follow(std::slice::from_ref(&secret));
        fs::write(&secret, "new").unwrap();
        told(&mut watcher).await;
        watcher.follow(&[]);
        fs::write(&secret, "newer").unwrap();
        assert!(!differs(&mut watcher).await);
    }

    #[tokio::test]
    async fn a_link_to_another_directory_is_followed() {
        let (directory, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (link, file) = (directory.path().join("allswell.yaml"), elsewhere.path().join("mine.yaml"));
        fs::write(&file, "a: 1").unwrap();
        symlink(&file, &link).unwrap();
        let mut watcher = watcher(&link);
        fs::write(&file, "a: 2").unwrap();
        told(&mut watcher).await;
    }

    #[tokio::test]
    async fn writing_beside_it_and_the_same_again_are_no_changes() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("allswell.yaml");
        fs::write(&file, "a: 1").unwrap();
        let mut watcher = watcher(&file);
        fs::write(directory.path().join("main.db"), "x").unwrap();
        fs::write(&file, "a: 1").unwrap();
        assert!(!differs(&mut watcher).await);
        fs::write(&file, "a: 2").unwrap();
        assert!(differs(&mut watcher).await);
    }

    #[tokio::test]
    async fn where_nobody_tells_it_looks() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("allswell.yaml");
        let mut watcher = Watcher { events: None, look_every: Duration::from_millis(1), ..Watcher::new(&file) };
        fs::write(&file, "a: 1").unwrap();
        told(&mut watcher).await;
    }
}
