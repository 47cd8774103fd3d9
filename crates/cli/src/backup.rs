//! `allswell backup`: copies of everything that a server has, taken while it runs.
//!
//! A running server is asked through its API. With `--data` the directory of a server that does not run is copied.

mod offline;

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::client::{Client, Failure, Reach, segment};
use crate::place::{Ls, Place};
use crate::table::{self, Cell, Column};

/// What can be asked for with `--json`: a promise.
const FIELDS: [&str; 4] = ["name", "taken", "bytes", "results"];
const PATH: &str = "/api/v1/backups";
/// How often it is asked whether a backup is there.
const AGAIN: Duration = Duration::from_millis(200);

/// Backups.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the backups, the newest first
    Ls(Ls),
    /// Take a backup, and print its name when all of it is on the server's disk
    Take(Take),
    /// Download a backup as one file
    Fetch(Fetch),
    /// Delete a backup
    Rm(Rm),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell backup take
  allswell backup fetch \"$(allswell backup take --results)\" --output /backup/allswell.tar

Everything of all accounts is in it, the keys of the data directory too: keep it as you keep a password.
Exit code: 0 taken, 1 one is being made, or there is no room for it, 2 it could not be made, 3 cannot reach the server, 4 not allowed.")]
struct Take {
    /// With results: without them graphs begin anew, and it is much smaller
    #[arg(long)]
    results: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell backup fetch 2026-11-22T140846Z
  tar -xf allswell-2026-11-22T140846Z.tar -C /var/lib/allswell     # while no server runs there; the directory is empty

Exit code: 0 it is there, 2 there is no such backup, or the file cannot be written, 3 cannot reach the server, 4 not allowed.")]
struct Fetch {
    /// The backup's name
    #[arg(value_name = "BACKUP")]
    name: String,
    /// Where to; allswell-BACKUP.tar where nothing is said. What is there already stays
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Debug, clap::Args)]
struct Rm {
    /// The backup's name
    #[arg(value_name = "BACKUP")]
    name: String,
    #[command(flatten)]
    place: Place,
}

/// A backup as the server tells of it.
#[derive(Deserialize)]
struct Backup {
    name: String,
    taken: String,
    bytes: u64,
    results: bool,
}

/// A backup that is being made, or did not come to be.
#[derive(Deserialize)]
struct Begun {
    name: String,
    #[serde(default)]
    detail: String,
}

/// How it stands.
#[derive(Deserialize)]
struct Standing {
    backups: Vec<Backup>,
    making: Option<Begun>,
    failed: Option<Begun>,
}

/// Runs the subcommand.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Ls(args) => list(args),
        Command::Take(args) => take(args),
        Command::Fetch(args) => fetch(args),
        Command::Rm(args) => remove(args),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn list(args: &Ls) -> anyhow::Result<()> {
    let fields = args.format.fields(&FIELDS)?;
    let backups = args.place.list(PATH, "backups", offline::list)?;
    let columns = [Column::left("NAME"), Column::left("TAKEN"), Column::right("MB"), Column::left("RESULTS")];
    table::print(&backups, fields.as_ref(), &columns, Backup::row)
}

impl Backup {
    fn row(self) -> Vec<Cell> {
        let taken = self.taken.get(..19).unwrap_or(&self.taken).replace('T', " ");
        let results = if self.results { "yes" } else { "no" };
        [self.name, taken, format!("{:.1}", self.bytes as f64 / 1e6), results.to_owned()].map(Cell::of).into()
    }
}

fn take(args: &Take) -> anyhow::Result<()> {
    let name = match &args.place.data {
        Some(data) => offline::take(data, args.results)?,
        None => {
            let client = args.place.reach.client()?;
            let wanted = json!({ "results": args.results });
            let begun: Begun = client.send(Method::POST, PATH, Some(&wanted), &[])?.json()?;
            wait(&client, &begun.name)?;
            begun.name
        }
    };
    // Nobody reads a closed standard output.
    let _ = writeln!(std::io::stdout().lock(), "{name}");
    Ok(())
}

/// Waits until the backup `name` is there.
fn wait(client: &Client, name: &str) -> anyhow::Result<()> {
    loop {
        let Standing { backups, making, failed } = client.get(PATH)?;
        if backups.iter().any(|backup| backup.name == name) {
            return Ok(());
        }
        if let Some(failed) = failed.filter(|failed| failed.name == name) {
            bail!("the server could not make the backup: {}", failed.detail);
        }
        if making.is_none_or(|making| making.name != name) {
            bail!("the server gave the backup `{name}` up: was it started again meanwhile?\n  try: take another one");
        }
        client.pause(AGAIN);
    }
}

fn fetch(args: &Fetch) -> anyhow::Result<()> {
    let output = args.output.clone().unwrap_or_else(|| format!("allswell-{}.tar", args.name).into());
    let there = || format!("`{}` is there already\n  try: --output FILE, or delete it first", output.display());
    anyhow::ensure!(!output.exists(), there());
    let client = args.reach.client()?;
    let partial = output.with_added_extension(format!("{}.partial", std::process::id()));
    let fetched = download(&client, &args.name, &partial).and_then(|()| {
        match fs::hard_link(&partial, &output) {
            // Disks without hard links: what came meanwhile is seen all the same.
            Err(error) if error.kind() != ErrorKind::AlreadyExists && !output.exists() => fs::rename(&partial, &output),
            // In one step, and over nothing.
            linked => linked,
        }
        .map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => anyhow!(there()),
            _ => anyhow::Error::new(error).context(format!("cannot write `{}`", output.display())),
        })
    });
    // What was not made, or has its name by now, cannot be deleted.
    let _ = fs::remove_file(&partial);
    fetched
}

fn download(client: &Client, name: &str, to: &Path) -> anyhow::Result<()> {
    let cannot = || format!("cannot write `{}`", to.display());
    // None that is there already: somebody else may read that one.
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    let mut file = opened.with_context(cannot)?;
    let downloaded = client.download(&format!("{PATH}/{}", segment(name)), &mut file);
    downloaded.map_err(|error| if error.is::<Failure>() { error } else { error.context(cannot()) })?;
    file.sync_all().with_context(cannot)
}

fn remove(args: &Rm) -> anyhow::Result<()> {
    args.place.delete(&format!("{PATH}/{}", segment(&args.name)), |data| offline::remove(data, &args.name))
}
