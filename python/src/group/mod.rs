//! What the workers of a service share: a folder in memory with a file for each, which only its worker writes.
//!
//! A worker writes its file every tenth of a second: where its loop is, and all its counts. Whoever answers adds the files up.
//! The counts of workers that are gone are folded into one file, `retired`, by whoever gets the lock; their gauges end with
//! them. A file carries a checksum, for a reader may come while its writer writes.

mod wire;

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use allswell::Status;
use allswell::host::Row;

use self::wire::{decode, encode, sealed, unsealed};
use crate::clock;
use crate::inbox::LAG_BOUNDS_US;

/// A worker whose file is older than this is frozen itself.
const FROZEN_AFTER_MS: u64 = 2_000;

/// How many names of folded files are remembered, so that none is counted twice.
const FOLDED_MAX: usize = 1_024;

/// What a worker says of itself.
#[derive(Clone, Debug, Default)]
pub struct Worker {
    /// Its process.
    pub pid: u32,
    /// When that began, in the system's ticks: process ids come again.
    pub began: u64,
    /// When this was written, in milliseconds since the epoch.
    pub at_ms: u64,
    /// How late its loop was last.
    pub lag: Duration,
    /// For how long its loop owes a sign of life.
    pub silent: Duration,
    /// Requests under way.
    pub in_flight: i64,
    /// Threads of its pool in use, that there are, and calls that wait for one.
    pub threads: [u64; 3],
    /// The line that blocks its loop.
    pub blocked_in: String,
    /// Its checks.
    pub checks: Vec<Checked>,
}

/// What a worker holds to be true of a check.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The check.
    pub name: String,
    /// What is held to be true.
    pub status: Status,
    /// How long the last asking took.
    pub took: Option<Duration>,
}

/// What is added up over workers.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// The requests.
    pub rows: Vec<Row>,
    /// How late the loops were: buckets and the sum in microseconds.
    pub lags: [u64; LAG_BOUNDS_US.len() + 2],
    /// How often loops were blocked.
    pub blocks: u64,
    /// How long together.
    pub blocked: Duration,
    /// The askings of checks.
    pub runs: Vec<Runs>,
}

/// How the askings of a check ended.
#[derive(Clone, Debug)]
pub struct Runs {
    /// The check.
    pub check: String,
    /// Those that passed, that warned, that failed.
    pub outcomes: [u64; 3],
}

/// The folder of a service's workers.
#[derive(Debug)]
pub struct Group {
    folder: PathBuf,
    own: File,
    name: String,
    /// Held as long as we serve the side port.
    lock: Mutex<Option<File>>,
}

impl Group {
    /// Joins the workers of this folder, which is made if it is not there.
    ///
    /// # Errors
    /// When the folder or the file cannot be made.
    pub fn join(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let pid = std::process::id();
        let name = format!("{pid}.{}", began(pid).unwrap_or(0));
        let own = File::options().create(true).truncate(true).write(true).open(folder.join(&name))?;
        Ok(Self { folder: folder.to_owned(), own, name, lock: Mutex::default() })
    }

    /// Writes what we say of ourselves.
    pub fn write(&self, worker: &Worker, counts: &Counts) {
        let bytes = sealed(&encode(worker, counts));
        if let Err(error) = self.own.write_all_at(&bytes, 0) {
            tracing::warn!(%error, "cannot write what this worker shares with the others");
        }
    }

    /// The other workers that live, and the counts of all others that ever were.
    pub fn others(&self) -> (Vec<Worker>, Counts) {
        let files = self.files();
        let read = |name: &String| Some((name.clone(), decode(&unsealed(&self.folder.join(name))?)?));
        let others: Vec<(String, (Worker, Counts))> = files.iter().filter_map(read).collect();
        // Read last: what was folded meanwhile is in it, and is left out of the others.
        let (mut counts, folded) = self.retired();
        let mut living = Vec::new();
        for (name, (worker, more)) in others {
            if folded.contains(&name) {
                continue;
            }
            counts.add(more);
            if began(worker.pid) == Some(worker.began) {
                living.push(worker);
            }
        }
        (living, counts)
    }

    /// Folds the counts of workers that are gone. Somebody else may be at it; then nothing is done.
    pub fn fold(&self) -> io::Result<()> {
        let gone: Vec<String> = self.files().into_iter().filter(|name| !lives(name)).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let lock = File::options().create(true).truncate(false).write(true).open(self.folder.join("fold.lock"))?;
        if lock.try_lock().is_err() {
            return Ok(());
        }
        let (mut counts, mut folded) = self.retired();
        for name in gone.iter().filter(|name| !folded.contains(name)).collect::<Vec<_>>() {
            if let Some((_, more)) = unsealed(&self.folder.join(name)).and_then(|bytes| decode(&bytes)) {
                counts.add(more);
            }
            folded.push(name.clone());
        }
        folded.drain(..folded.len().saturating_sub(FOLDED_MAX));
        let names = folded.join("\n");
        let mut bytes = encode(&Worker { blocked_in: names, ..Worker::default() }, &counts);
        bytes = sealed(&bytes);
        let fresh = self.folder.join("retired.new");
        File::create(&fresh)?.write_all(&bytes)?;
        fs::rename(&fresh, self.folder.join("retired"))?;
        gone.iter().for_each(|name| drop(fs::remove_file(self.folder.join(name))));
        Ok(())
    }

    /// Whether we are the one that serves the side port, from now on until the end.
    pub fn leads(&self) -> bool {
        let mut held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_none() {
            let file = File::options().create(true).truncate(false).write(true).open(self.folder.join("side.lock"));
            *held = file.ok().filter(|file| file.try_lock().is_ok());
        }
        held.is_some()
    }

    fn retired(&self) -> (Counts, Vec<String>) {
        let decoded = unsealed(&self.folder.join("retired")).and_then(|bytes| decode(&bytes));
        let (names, counts) = decoded.map(|(worker, counts)| (worker.blocked_in, counts)).unwrap_or_default();
        (counts, names.lines().map(str::to_owned).collect())
    }

    /// The names of the other workers' files.
    fn files(&self) -> Vec<String> {
        let names = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let names = names.filter_map(|entry| entry.file_name().into_string().ok());
        names.filter(|name| name.starts_with(|c: char| c.is_ascii_digit()) && *name != self.name).collect()
    }
}

/// Removes the folders beside this one whose leading process is gone: `NAME-PID-BEGAN-...`.
pub fn sweep(folder: &Path) {
    let Some((parent, prefix)) = folder.parent().zip(prefix(folder)) else { return };
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        let mut parts = name.strip_prefix(&prefix).into_iter().flat_map(|rest| rest.split('-'));
        let leader = parts.next().zip(parts.next()).map(|(pid, began)| format!("{pid}.{began}"));
        if leader.is_some_and(|leader| !lives(&leader)) {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}

/// `allswell-0-` of `allswell-0-1234-5678-abc`.
fn prefix(folder: &Path) -> Option<String> {
    let name = folder.file_name()?.to_str()?;
    let end = name.match_indices('-').nth(1)?.0;
    Some(name[..=end].to_owned())
}

/// Whether the process of a file `PID.BEGAN` lives.
fn lives(name: &str) -> bool {
    let parts = name.split_once('.').and_then(|(pid, began)| Some((pid.parse().ok()?, began.parse::<u64>().ok()?)));
    parts.is_some_and(|(pid, then)| began(pid) == Some(then))
}

/// When a process began, in the system's ticks; `None` when it is gone, or waits for its parent to notice that it is.
pub fn began(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    (state != "Z").then(|| fields.nth(18)?.parse().ok())?
}

impl Counts {
    /// Adds what another worker counted.
    pub fn add(&mut self, other: Self) {
        self.lags.iter_mut().zip(other.lags).for_each(|(sum, more)| *sum += more);
        self.blocks += other.blocks;
        self.blocked += other.blocked;
        for more in other.runs {
            match self.runs.iter_mut().find(|runs| runs.check == more.check) {
                Some(runs) => runs.outcomes.iter_mut().zip(more.outcomes).for_each(|(sum, more)| *sum += more),
                None => self.runs.push(more),
            }
        }
        let mut places: HashMap<(Arc<str>, &str), usize> =
            self.rows.iter().enumerate().map(|(at, row)| ((row.route.clone(), row.method), at)).collect();
        for row in other.rows {
            match places.get(&(row.route.clone(), row.method)) {
                Some(&at) => add_row(&mut self.rows[at], row),
                None => {
                    places.insert((row.route.clone(), row.method), self.rows.len());
                    self.rows.push(row);
                }
            }
        }
    }
}

fn add_row(sum: &mut Row, more: Row) {
    sum.cut += more.cut;
    for ended in more.ended {
        match sum.ended.iter_mut().find(|known| known.class == ended.class) {
            Some(known) => {
                known.buckets.iter_mut().zip(ended.buckets).for_each(|(sum, more)| *sum += more);
                known.sum += ended.sum;
            }
            None => sum.ended.push(ended),
        }
    }
}

impl Worker {
    /// For how long it does nothing: its loop, or all of it.
    pub fn stuck_for(&self) -> Duration {
        let age_ms = clock::wall_ms().saturating_sub(self.at_ms);
        match age_ms > FROZEN_AFTER_MS {
            true => self.silent + Duration::from_millis(age_ms),
            false => self.silent,
        }
    }
}
