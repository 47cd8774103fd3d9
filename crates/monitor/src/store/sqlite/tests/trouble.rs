//! A full disk, damaged bytes, a newer schema, a directory that is taken: each is told, and nothing else is lost.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use allswell_core::{Phases, Verdict, Wall};
use rusqlite::Connection;

use super::super::results::ResultsJob;
use super::super::{SqliteStore, Timing};
use super::check;
use crate::model::MonitorId;
use crate::store::{Enlistment, ResultRow, Store, StoreError};

const HOUR: i64 = 3_600_000;

pub(super) fn open(dir: &Path) -> SqliteStore {
    SqliteStore::open(dir, Wall::default(), Timing::none()).expect("the store opens")
}

pub(super) fn named(name: &str, target: String) -> Enlistment {
    Enlistment {
        name: name.to_owned(),
        kind: "http".to_owned(),
        target,
        interval: Duration::from_secs(1),
        tags: Vec::new(),
        group: None,
        paused: false,
        renamed_from: None,
    }
}

pub(super) fn result(monitor: u32, asked: i64) -> ResultRow {
    ResultRow {
        monitor: MonitorId(monitor),
        asked: Wall::from_ms(asked),
        verdict: Verdict::Pass,
        reason: None,
        status: Some(200),
        phases: Phases::default(),
        total: Duration::from_millis(3),
        detail: None,
    }
}

pub(super) async fn results(store: &SqliteStore, monitor: u32) -> Result<Vec<i64>, StoreError> {
    let all = Wall::from_ms(i64::MIN)..Wall::from_ms(i64::MAX);
    let rows = store.results(MonitorId(monitor), all, usize::MAX).await?;
    Ok(rows.iter().map(|row| row.asked.ms()).collect())
}

/// An error with all its causes.
pub(super) fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn may_grow(connection: &Connection, may: bool) {
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).expect("pages are counted");
    let limit = if may { 1 << 30 } else { pages };
    connection.query_row(&format!("PRAGMA max_page_count = {limit}"), [], |_| Ok(())).expect("the limit is set");
}

async fn disk_is_full(store: &SqliteStore, full: bool) {
    let meddle = move |connection: &Connection| may_grow(connection, !full);
    store.write_results(|answer| ResultsJob::Meddle(Box::new(meddle), answer)).await.unwrap();
    let meddle = move |connection: &Connection, _| {
        may_grow(connection, !full);
        Ok(())
    };
    store.write("meddle", meddle).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_is_told_and_when_there_is_room_again_all_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.enlist(vec![named("api", "short".to_owned())], Wall::default()).await.unwrap();
    store.record(vec![result(1, 0)]).await.unwrap();
    disk_is_full(&store, true).await;
    for attempt in 1..4 {
        let detail = Some(format!("{attempt}").repeat(100_000));
        let refused = store.record(vec![ResultRow { detail, ..result(1, attempt) }]).await.unwrap_err();
        assert!(whole(&refused).contains("full"), "{}", whole(&refused));
        let refused = store.enlist(vec![named("api", "long".repeat(100_000))], Wall::default()).await.unwrap_err();
        assert!(whole(&refused).contains("full"), "{}", whole(&refused));
        // What stands there can be read all the while.
        assert_eq!(results(&store, 1).await.unwrap(), [0]);
        assert_eq!(store.monitors().await.unwrap()[0].enlistment.target, "short");
    }
    disk_is_full(&store, false).await;
    store.record(vec![result(1, HOUR)]).await.unwrap();
    store.enlist(vec![named("api", "long".repeat(100_000))], Wall::default()).await.unwrap();
    assert_eq!(results(&store, 1).await.unwrap(), [HOUR, 0]);
    store.close().await.unwrap();
    check(dir.path());
}

/// Two monitors, three hours; the first two stand in blocks, the third in the tail.
async fn three_hours(dir: &Path) {
    let store = open(dir);
    for asked in [0, HOUR, 2 * HOUR, 2 * HOUR + 1, 2 * HOUR + 2] {
        store.record(vec![result(1, asked), result(2, asked)]).await.unwrap();
    }
    store.close().await.unwrap();
}

fn damage(dir: &Path, statement: &str) {
    let connection = Connection::open(dir.join("results.db")).unwrap();
    assert_eq!(connection.execute(statement, []).unwrap(), 1, "{statement}");
}

#[tokio::test]
async fn a_damaged_block_is_named_and_hides_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    three_hours(dir.path()).await;
    damage(dir.path(), "UPDATE block SET data = zeroblob(length(data)) WHERE id = (1 << 32) + 1");
    let store = open(dir.path());
    let error = whole(&results(&store, 1).await.unwrap_err());
    assert!(error.contains("block 4294967297 (monitor 1, hour 1)"), "{error}");
    let [first, second] =
        [0..HOUR, 2 * HOUR..3 * HOUR].map(|range| Wall::from_ms(range.start)..Wall::from_ms(range.end));
    assert_eq!(store.results(MonitorId(1), first, 9).await.unwrap().len(), 1);
    assert_eq!(store.results(MonitorId(1), second, 9).await.unwrap().len(), 3);
    assert_eq!(results(&store, 2).await.unwrap().len(), 5);
    // A late result of that hour begins a new block; the damaged bytes are kept aside.
    for asked in [HOUR + 7, 3 * HOUR, 4 * HOUR] {
        store.record(vec![result(1, asked)]).await.unwrap();
    }
    assert_eq!(
        results(&store, 1).await.unwrap(),
        [4 * HOUR, 3 * HOUR, 2 * HOUR + 2, 2 * HOUR + 1, 2 * HOUR, HOUR + 7, 0]
    );
    store.close().await.unwrap();
    assert_eq!(set_aside(dir.path()), [("block".to_owned(), (1 << 32) + 1)]);
}

#[tokio::test]
async fn a_damaged_row_of_the_tail_costs_its_own_results_alone() {
    let dir = tempfile::tempdir().unwrap();
    three_hours(dir.path()).await;
    damage(dir.path(), "UPDATE tail SET data = x'0102030405' WHERE id = 4");
    let store = open(dir.path());
    for monitor in [1, 2] {
        assert_eq!(results(&store, monitor).await.unwrap(), [2 * HOUR + 2, 2 * HOUR, HOUR, 0]);
    }
    store.close().await.unwrap();
    assert_eq!(set_aside(dir.path()), [("tail".to_owned(), 4)]);
}

fn set_aside(dir: &Path) -> Vec<(String, i64)> {
    let connection = Connection::open(dir.join("results.db")).unwrap();
    let mut statement = connection.prepare("SELECT what, key FROM damaged").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn files_of_a_newer_version_are_left_alone() {
    for file in ["main.db", "results.db"] {
        let dir = tempfile::tempdir().unwrap();
        open(dir.path()).close().await.unwrap();
        Connection::open(dir.path().join(file)).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let error = SqliteStore::open(dir.path(), Wall::default(), Timing::none()).err().unwrap();
        assert!(matches!(error, StoreError::TooNew { found: 99, known: 1..99, .. }), "{error:?}");
        assert!(error.to_string().contains(file), "{error}");
    }
}

#[tokio::test]
async fn one_process_has_the_directory_and_gives_it_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/data");
    let store = open(&path);
    let error = SqliteStore::open(&path, Wall::default(), Timing::none()).err().unwrap();
    assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
    assert!(error.to_string().contains("deep/data"), "{error}");
    drop(store);
    let store = open(&path);
    store.close().await.unwrap();
    open(&path);
}

#[tokio::test]
async fn nobody_else_may_read_what_was_seen() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data");
    let store = open(&path);
    store.record(vec![result(1, 0)]).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    let files: Vec<_> = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, "in the way").unwrap();
    let error = SqliteStore::open(&path, Wall::default(), Timing::none()).err().unwrap();
    assert!(matches!(error, StoreError::Open { .. }) && error.to_string().contains("file"), "{error:?}");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("main.db"), "this is no database, although it is long enough to be one".repeat(99))
        .unwrap();
    let error = SqliteStore::open(&path, Wall::default(), Timing::none()).err().unwrap();
    assert!(error.to_string().contains("main.db"), "{}", whole(&error));
}

/// The files of a running process, as a machine finds them that lost its power: nothing was closed.
#[tokio::test]
async fn a_copy_of_open_files_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.enlist(vec![named("api", String::new())], Wall::default()).await.unwrap();
    for asked in 0..50 {
        store.record(vec![result(1, asked * HOUR / 10)]).await.unwrap();
    }
    for file in ["main.db", "main.db-wal", "results.db", "results.db-wal"] {
        std::fs::copy(dir.path().join(file), copy.path().join(file)).unwrap();
    }
    let copied = open(copy.path());
    assert_eq!(results(&copied, 1).await.unwrap(), results(&store, 1).await.unwrap());
    assert_eq!(copied.monitors().await.unwrap(), store.monitors().await.unwrap());
    copied.close().await.unwrap();
    check(copy.path());
}

#[tokio::test]
async fn a_look_tells_what_opening_would_and_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let look = || SqliteStore::look(dir.path());
    let store = open(dir.path());
    assert!(matches!(look(), Err(StoreError::InUse { .. })), "{:?}", look());
    store.close().await.unwrap();
    drop(store);
    look().expect("it is whole");
    let file = dir.path().join("main.db");
    let version = |set: u32| Connection::open(&file).unwrap().pragma_update(None, "user_version", set).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    version(1);
    look().expect("an older one would be brought up to date");
    let found = Connection::open(&file).unwrap().pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0));
    assert_eq!(found.unwrap(), 1);
    version(99);
    assert!(matches!(look(), Err(StoreError::TooNew { found: 99, .. })), "{:?}", look());
    // Everything behind the first page is lost.
    std::fs::write(&file, [&bytes[..4_096], &vec![0xA5; bytes.len() - 4_096]].concat()).unwrap();
    let error = look().expect_err("it is damaged");
    assert!(matches!(error, StoreError::Open { .. }), "{error:?}");
}
