use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use allswell_core::{Mono, Wall};
use tempfile::TempDir;

use super::*;
use crate::secret_key::{KeyFile, SecretKey};
use crate::store::Enlistment;
use crate::store::sqlite::{SqliteStore, Timing};

const NOW: Wall = Wall::from_ms(1_795_356_526_999);
const NAME: &str = "2026-11-22T140846Z";

struct Still;

impl Clock for Still {
    fn now(&self) -> allswell_core::Now {
        allswell_core::Now { mono: Mono::after(Duration::ZERO), wall: NOW }
    }
}

/// The backups of a store with one monitor, and one key.
async fn world() -> (TempDir, Arc<Backups>) {
    let data = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(data.path(), NOW, Timing::none()).unwrap());
    store.enlist(vec![enlistment()], NOW).await.unwrap();
    SecretKey::of(data.path(), KeyFile::Heartbeats).unwrap();
    let backups = Backups::open(data.path(), store, Arc::new(Still));
    (data, Arc::new(backups))
}

fn enlistment() -> Enlistment {
    Enlistment {
        name: "api".to_owned(),
        kind: "http".to_owned(),
        target: "https://api.example.com/".to_owned(),
        interval: Duration::from_secs(30),
        tags: Vec::new(),
        group: None,
        paused: false,
        renamed_from: None,
    }
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_server_can_start_with_the_files_of_a_backup() {
    let (data, backups) = world().await;
    let before = backups.standing().await.unwrap();
    assert_eq!((before.backups.len(), before.making, before.free > 0), (0, None, true));
    let begun = backups.begin(true).await.unwrap();
    let making = begun.making();
    assert_eq!(making.name.to_string(), format!("{NAME}-with-results"));
    assert!(making.bytes_max > 0);
    assert_eq!(backups.standing().await.unwrap().making, Some(making));
    let made = begun.finish().await.unwrap();
    let after = backups.standing().await.unwrap();
    assert_eq!((after.backups, after.making, after.failed), (vec![made], None, None));

    let path = data.path().join("backups").join(made.name.to_string());
    assert_eq!(names(&path), ["heartbeat.key", "main.db", "results.db"]);
    for name in names(&path) {
        assert_eq!(fs::metadata(path.join(&name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    let key = |folder: &Path| fs::read(folder.join("heartbeat.key")).unwrap();
    assert_eq!(key(&path), key(data.path()));
    let copied = SqliteStore::open(&path, NOW, Timing::none()).unwrap();
    assert_eq!(copied.monitors().await.unwrap()[0].enlistment, enlistment());
}

#[tokio::test]
async fn one_is_made_at_a_time_and_one_in_a_second() {
    let (_data, backups) = world().await;
    let begun = backups.begin(false).await.unwrap();
    for results in [false, true] {
        let refused = backups.begin(results).await.err().unwrap();
        assert_eq!(refused.to_string(), format!("the backup `{NAME}` is being made"));
    }
    assert!(matches!(backups.archive(NAME).await.err(), Some(BackupError::Making(_))));
    assert!(matches!(backups.remove(NAME).await, Err(BackupError::Making(_))));
    begun.finish().await.unwrap();
    let refused = backups.begin(false).await.err().unwrap();
    assert_eq!(refused.to_string(), format!("there is a backup `{NAME}` already"));
    assert_eq!(backups.standing().await.unwrap().making, None);
    // Given up: the next one may begin.
    drop(backups.begin(true).await.unwrap());
    backups.begin(true).await.unwrap().finish().await.unwrap();
    let names: Vec<_> = backups.standing().await.unwrap().backups.iter().map(|one| one.name.to_string()).collect();
    assert_eq!(names, [format!("{NAME}-with-results"), NAME.to_owned()]);
}

#[tokio::test]
async fn one_that_fails_leaves_nothing_and_says_why() {
    let (data, backups) = world().await;
    let begun = backups.begin(false).await.unwrap();
    backups.store.close().await.unwrap();
    begun.finish().await.unwrap_err();
    let standing = backups.standing().await.unwrap();
    assert_eq!((standing.backups.len(), standing.making), (0, None));
    assert_eq!(standing.failed.unwrap().why, "the store is closed");
    assert!(names(&data.path().join("backups")).is_empty());
}

#[tokio::test]
async fn what_was_cut_short_is_no_backup_and_goes_at_the_next_start() {
    let (data, backups) = world().await;
    backups.begin(false).await.unwrap().finish().await.unwrap();
    let folder = data.path().join("backups");
    for name in ["2026-11-21T140846Z.partial", "2026-11-20T140846Z-with-results.partial"] {
        fs::create_dir(folder.join(name)).unwrap();
        fs::write(folder.join(name).join("main.db"), "half").unwrap();
        assert!(matches!(backups.archive(name).await.err(), Some(BackupError::Missing(_))), "{name}");
    }
    fs::write(folder.join("elsewhere.tar.partial"), "").unwrap();
    assert_eq!(backups.standing().await.unwrap().backups.len(), 1);
    Backups::open(data.path(), Arc::clone(&backups.store), Arc::new(Still));
    assert_eq!(names(&folder), [NAME, "elsewhere.tar.partial"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_read_keeps_no_server_from_starting() {
    let (data, backups) = world().await;
    fs::write(data.path().join("backups"), "no folder").unwrap();
    let opened = Backups::open(data.path(), Arc::clone(&backups.store), Arc::new(Still));
    assert!(matches!(opened.standing().await, Err(BackupError::File { what: "read", .. })));
}

#[tokio::test]
async fn one_that_is_deleted_is_gone_and_a_name_leads_nowhere_else() {
    let (data, backups) = world().await;
    backups.begin(false).await.unwrap().finish().await.unwrap();
    let (_, mut open) = backups.archive(NAME).await.unwrap();
    backups.remove(NAME).await.unwrap();
    assert!(names(&data.path().join("backups")).is_empty());
    let mut bytes = 0;
    while let Some(chunk) = open.next().await.unwrap() {
        bytes += chunk.len() as u64;
    }
    assert_eq!(bytes, open.bytes(), "who reads it reads on");
    for name in [NAME, "2026-11-22T140847Z", "..", "../lock", "", "main.db"] {
        assert!(matches!(backups.archive(name).await.err(), Some(BackupError::Missing(_))), "{name}");
        assert!(matches!(backups.remove(name).await, Err(BackupError::Missing(_))), "{name}");
    }
    assert!(data.path().join("main.db").exists());
}

#[test]
fn a_disk_is_never_filled() {
    assert_eq!(has_room(1_000, SPARE + 1_000), Ok(()));
    assert_eq!(has_room(1_001, SPARE + 1_000), Err(SPARE + 1_000));
    assert_eq!(has_room(u64::MAX, u64::MAX - 1), Err(u64::MAX - 1));
    let told = BackupError::NoRoom { needed: 340_000_001, free: 120_999_999, path: "/data/backups".into() };
    assert_eq!(
        told.to_string(),
        "there is no room for a backup: it takes up to 341 MB, 256 MB are to stay free, and 120 MB are free in `/data/backups`"
    );
}
