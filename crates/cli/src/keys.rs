//! `allswell keys`: who may ask a server, and for what.
//!
//! A running server is asked through its API. With `--data` the store of a server that does not run is written, which is how
//! the first key of a server comes to be that others can reach.

mod offline;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use allswell_core::time::parse_duration;
use anyhow::Context;
use clap::ValueEnum;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::segment;
use crate::paint::Paint;
use crate::place::{Ls, Place};
use crate::table::{self, Cell, Column};

/// What can be asked for with `--json`: a promise.
const FIELDS: [&str; 7] = ["id", "name", "scopes", "created", "expires", "expired", "last_used"];

/// API keys.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a key and print it, once
    Create(Create),
    /// List the keys, without their secrets
    Ls(Ls),
    /// Delete a key: from now on it is worth nothing
    Rm(Rm),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell keys create admin --scope write --data /var/lib/allswell > admin.key
  allswell keys create grafana --scope read --expires 90d
  allswell keys create backup-jobs --scope heartbeat

The key goes to standard output, alone, so that it can go into a file. From the first key on the server asks everybody for one.
Exit code: 0 made, 1 there is a key of this name, 2 a mistake in the command, 3 cannot reach the server, 4 not allowed.")]
struct Create {
    /// What people call it
    #[arg(value_name = "NAME")]
    name: String,
    /// What it is good for: read, write (which may do all), heartbeat; may be given several times
    #[arg(long, value_name = "SCOPE", default_value = "read", value_delimiter = ',')]
    scope: Vec<ScopeWord>,
    /// From when on it is worth nothing: a time from now, or a moment
    #[arg(long, value_name = "DURATION|MOMENT", value_parser = end)]
    expires: Option<jiff::Timestamp>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, clap::Args)]
struct Rm {
    /// The key's name or number
    #[arg(value_name = "KEY")]
    key: String,
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ScopeWord {
    Read,
    Write,
    Heartbeat,
}

impl ScopeWord {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Heartbeat => "heartbeat",
        }
    }
}

/// A key as the server tells of it.
#[derive(Deserialize)]
struct Key {
    id: i64,
    name: String,
    scopes: Vec<String>,
    created: String,
    expires: Option<String>,
    expired: bool,
    last_used: Option<String>,
}

/// Runs the subcommand.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Create(args) => create(args),
        Command::Ls(args) => list(args),
        Command::Rm(args) => remove(args),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn create(args: &Create) -> anyhow::Result<()> {
    let scopes: Vec<_> = args.scope.iter().map(|scope| scope.as_str()).collect();
    let key = match &args.place.data {
        Some(data) => offline::create(data, &args.name, &scopes, args.expires)?,
        None => {
            let expires = args.expires.map(|moment| format!("{moment:.3}"));
            let wish = json!({ "name": args.name, "scopes": scopes, "expires": expires });
            let client = args.place.reach.client()?;
            let made: Value = client.send(http::Method::POST, "/api/v1/keys", Some(&wish), &[])?.json()?;
            made["key"].as_str().context("the server's answer holds no key")?.to_owned()
        }
    };
    // Nobody reads a closed standard output.
    let _ = writeln!(std::io::stdout().lock(), "{key}");
    if std::io::stdout().is_terminal() {
        eprintln!("\nIt is shown this once. Keep it in a file and name that with --token-file or ALLSWELL_TOKEN_FILE.");
    }
    Ok(())
}

fn list(args: &Ls) -> anyhow::Result<()> {
    let fields = args.format.fields(&FIELDS)?;
    let keys = args.place.list("/api/v1/keys", "keys", offline::list)?;
    let columns = [
        Column::right("ID"),
        Column::long("NAME"),
        Column::left("SCOPES"),
        Column::left("CREATED"),
        Column::left("EXPIRES"),
        Column::left("LAST USED"),
    ];
    table::print(&keys, fields.as_ref(), &columns, Key::row)
}

impl Key {
    fn row(self) -> Vec<Cell> {
        let day = |moment: Option<&String>| moment.map_or("never", |moment| &moment[..moment.len().min(10)]).to_owned();
        let expires = day(self.expires.as_ref());
        vec![
            Cell::of(self.id.to_string()),
            Cell::of(self.name),
            Cell::of(self.scopes.join(",")),
            Cell::of(day(Some(&self.created))),
            if self.expired { Cell::painted(expires, Paint::red) } else { Cell::of(expires) },
            Cell::of(day(self.last_used.as_ref())),
        ]
    }
}

fn remove(args: &Rm) -> anyhow::Result<()> {
    args.place.delete(&format!("/api/v1/keys/{}", segment(&args.key)), |data| offline::remove(data, &args.key))
}

/// `90d` from now, or a moment.
fn end(text: &str) -> Result<jiff::Timestamp, String> {
    if let Ok(duration) = parse_duration(text) {
        let end = jiff::Timestamp::now()
            .checked_add(jiff::SignedDuration::try_from(duration).map_err(|error| error.to_string())?);
        return end.map_err(|_| "that is too far away".to_owned());
    }
    text.parse().map_err(|_| "write it like 90d, or like 2027-01-31T00:00:00Z".to_owned())
}
