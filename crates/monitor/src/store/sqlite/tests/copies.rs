//! A copy holds what was there at one moment, while others write; one that is cut short says so.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use allswell_core::Wall;

use super::super::files::Database;
use super::check;
use super::trouble::{named, open, result, results, whole};
use crate::store::{CopyStore as _, Store as _, StoreError};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_what_was_there_at_one_moment_while_others_write() {
    let (dir, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(dir.path());
    let write = async || {
        for number in 1..=200_u32 {
            let names = (1..=number).map(|number| named(&number.to_string(), String::new())).collect();
            store.enlist(names, Wall::default()).await.unwrap();
            store.record(vec![result(1, i64::from(number))]).await.unwrap();
        }
    };
    let copied = async {
        while results(&store, 1).await.unwrap().len() < 20 {}
        store.copy(copy.path(), true).await
    };
    let ((), copied) = tokio::join!(write(), copied);
    copied.unwrap();
    check(copy.path());
    let copied = open(copy.path());
    let (monitors, results) = (copied.monitors().await.unwrap().len(), results(&copied, 1).await.unwrap());
    assert!((20..=200).contains(&results.len()), "{}", results.len());
    assert_eq!(results, (1..=results.len() as i64).rev().collect::<Vec<_>>());
    assert!((results.len()..=200).contains(&monitors), "a result is of a monitor that is known: {monitors}");
    copied.close().await.unwrap();
}

#[tokio::test]
async fn results_are_left_out_and_the_files_are_for_nobody_else() {
    let (dir, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(dir.path());
    store.enlist(vec![named("api", String::new())], Wall::default()).await.unwrap();
    store.record((0..50_000).map(|asked| result(1, asked)).collect()).await.unwrap();
    assert!(store.bytes(false).await.unwrap() < store.bytes(true).await.unwrap());
    store.copy(copy.path(), false).await.unwrap();
    let files: Vec<_> = std::fs::read_dir(copy.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files, [copy.path().join("main.db")]);
    let file = std::fs::metadata(&files[0]).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    assert!(file.len() <= store.bytes(false).await.unwrap(), "{}", file.len());
    let again = store.copy(copy.path(), false).await.unwrap_err();
    assert!(matches!(&again, StoreError::Copy { path, .. } if path.ends_with("main.db")), "{}", whole(&again));
}

#[tokio::test]
async fn a_store_that_closes_ends_a_copy() {
    let (dir, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(dir.path());
    let names = (0..5_000).map(|number| named(&number.to_string(), String::new())).collect();
    store.enlist(names, Wall::default()).await.unwrap();
    let given_up = Arc::new(AtomicBool::new(true));
    let cut = Database::main(dir.path()).copy(copy.path(), given_up).unwrap_err();
    assert!(whole(&cut).contains("interrupted"), "{}", whole(&cut));
    store.close().await.unwrap();
    let late = store.copy(copy.path(), false).await.unwrap_err();
    assert!(matches!(late, StoreError::Closed), "{}", whole(&late));
}
