//! Where a server lives: its port, its disk, its store.

use std::fs::{File, remove_file};
use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use allswell_core::time::humane;
use allswell_monitor::clock::{Clock, SystemClock};
use allswell_monitor::store::StoreError;
use allswell_monitor::store::sqlite::SqliteStore;

use super::Finding;

/// Less room than this is used up in days.
const ROOM: u64 = 1 << 30;
/// With less than this nothing can be relied on.
const ROOM_LEAST: u64 = 64 << 20;
/// What takes longer delays every message.
const SLOW: Duration = Duration::from_millis(50);

/// Whether the address can be listened on, or who has it.
pub fn port(listen: SocketAddr) -> Finding {
    match TcpListener::bind(listen) {
        Ok(_) if listen.ip().is_loopback() => Finding::well("port", format!("{listen} is free")),
        Ok(_) => Finding::well("port", format!("{listen} is free; others can reach it, so a key is needed first")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Finding::well(
            "port",
            format!("{listen} is in use: `allswell ls --server http://{listen}` says whether by a server of ours"),
        ),
        Err(error) => Finding::ill(
            "port",
            format!("{listen} cannot be listened on: {error}"),
            "choose an address of this machine and a port from 1024 on",
        ),
    }
}

/// Room, speed and the state of the store.
pub fn data(data: &Path) -> Vec<Finding> {
    // What is not there yet is made below the nearest directory that is.
    let there = data.ancestors().find(|place| place.is_dir()).unwrap_or(Path::new("."));
    let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
    let mut findings = vec![room(there), speed(there)];
    if data.join("main.db").exists() {
        findings.push(store(data));
    }
    findings
}

fn room(place: &Path) -> Finding {
    let fix = "give it more room, or keep results for less time with `server.retention`";
    match rustix::fs::statvfs(place) {
        Err(error) => Finding::ill("disk", format!("cannot look at {}: {error}", place.display()), fix),
        Ok(of) => {
            let free = of.f_bavail.saturating_mul(of.f_frsize);
            let said = format!("{} MB are free in {}", free >> 20, place.display());
            match free {
                free if free < ROOM_LEAST => Finding::ill("disk", said, fix),
                free if free < ROOM => Finding::doubtful("disk", said, fix),
                _ => Finding::well("disk", said),
            }
        }
    }
}

/// How long it takes until something is on the disk for good: each decision waits for it once.
fn speed(place: &Path) -> Finding {
    let path: PathBuf = place.join(format!(".allswell-doctor-{}", std::process::id()));
    let clock = SystemClock::new();
    let began = clock.now().mono;
    let written =
        File::create_new(&path).and_then(|mut file| file.write_all(&[0; 4_096]).and_then(|()| file.sync_all()));
    let took = clock.now().mono.since(began);
    // Nothing was there before; what cannot be removed was not made.
    let _ = remove_file(&path);
    match written {
        Err(error) => Finding::ill(
            "writing",
            format!("cannot write in {}: {error}", place.display()),
            "let the user of the server own the data directory; see whether the disk is mounted read-only",
        ),
        Ok(()) if took > SLOW => Finding::doubtful(
            "writing",
            format!("4 kB took {} to reach the disk", humane(took)),
            "a local disk is better than a network's: each decision waits for this once",
        ),
        Ok(()) => Finding::well("writing", format!("4 kB took {} to reach the disk", humane(took))),
    }
}

fn store(data: &Path) -> Finding {
    match SqliteStore::look(data) {
        Ok(()) => Finding::well("store", format!("{} is whole; no server runs on it", data.display())),
        Err(StoreError::InUse { .. }) => Finding::well("store", format!("a server runs on {}", data.display())),
        Err(error @ StoreError::TooNew { .. }) => {
            Finding::ill("store", error.to_string(), "run the newer version, or restore a backup")
        }
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            Finding::ill(
                "store",
                format!("{error}{cause}"),
                "restore the last backup into an empty directory; docs/run-it.md says how",
            )
        }
    }
}
