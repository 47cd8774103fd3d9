//! `allswell heartbeats`: where jobs call in.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use allswell_core::Wall;
use allswell_core::time::humane;
use allswell_monitor::config::{self, Config};
use allswell_monitor::heartbeats::TokenKey;
use anyhow::Context;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Reach;
use crate::ls::Status;
use crate::paint::Paint;
use crate::table::{self, Cell, Column, Format};

/// What can be asked for with `--json`: a promise.
const FIELDS: [&str; 8] = ["id", "name", "url", "schedule", "status", "last", "expected", "deadline"];
/// What is known of one without a server.
const FIELDS_OF_FILE: [&str; 3] = ["name", "url", "schedule"];

/// List the addresses of all heartbeats. Who knows one may call it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell heartbeats
  allswell heartbeats --json name,url | jq -r '.[0].url'
  allswell heartbeats --config allswell.yaml --data /var/lib/allswell

Asks the running server; with --config, reads the file instead, and no server is needed. A key needs the scope heartbeat.
Exit code: 0 listed, 2 a mistake in the command or the configuration, 3 cannot reach the server, 4 not signed in.")]
pub struct Args {
    /// Read this configuration instead of asking a server
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// With --config: the server's data directory, which keeps the key that tokens are made with
    #[arg(long, value_name = "DIR", env = "ALLSWELL_DATA")]
    data: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    reach: Reach,
}

/// What the table needs of a heartbeat.
#[derive(Deserialize)]
struct Heartbeat {
    name: String,
    url: String,
    schedule: String,
    status: Option<Status>,
    expected: Option<String>,
}

/// Prints name and address of each.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let known: &[&str] = if args.config.is_some() { &FIELDS_OF_FILE } else { &FIELDS };
    let fields = args.format.fields(known)?;
    let (heartbeats, now) = match &args.config {
        None => {
            let reply = args.reach.client()?.send(http::Method::GET, "/api/v1/heartbeats", None, &[])?;
            (reply.list("heartbeats")?, Some(reply.moment()))
        }
        Some(file) => match config::load(file) {
            Ok(config) => (of_file(&config, args.data.as_deref())?, None),
            Err(errors) => {
                eprintln!("{}", errors.render(Paint::for_stderr().into()));
                return Ok(ExitCode::from(2));
            }
        },
    };
    let states = [Column::left("STATUS"), Column::right("EXPECTED IN")];
    let names = [Column::left("NAME"), Column::long("SCHEDULE"), Column::left("URL")];
    let columns: Vec<_> = states.into_iter().filter(|_| now.is_some()).chain(names).collect();
    table::print(&heartbeats, fields.as_ref(), &columns, |one: Heartbeat| one.row(now))?;
    Ok(ExitCode::SUCCESS)
}

/// The heartbeats of a configuration, as far as it tells.
fn of_file(config: &Config, data: Option<&Path>) -> anyhow::Result<Vec<Value>> {
    let data = data.or(config.server.data.as_deref()).unwrap_or_else(|| Path::new("allswell-data"));
    std::fs::create_dir_all(data).with_context(|| format!("cannot create {}", data.display()))?;
    let key = TokenKey::of(data).with_context(|| format!("cannot use the key of heartbeats in {}", data.display()))?;
    let listen = config.server.listen.map_or_else(|| "127.0.0.1:7878".to_owned(), |address| address.to_string());
    let base = config.server.public_url.clone().unwrap_or_else(|| format!("http://{listen}"));
    let heartbeats = config.monitors.iter().filter_map(|monitor| Some((monitor, monitor.question.heartbeat()?)));
    let heartbeats = heartbeats.map(|(monitor, awaited)| {
        let token = key.token(&monitor.name, awaited);
        let url = format!("{}/heartbeat/{}", base.trim_end_matches('/'), token.expose_secret());
        json!({ "name": monitor.name, "url": url, "schedule": awaited.schedule() })
    });
    Ok(heartbeats.collect())
}

impl Heartbeat {
    /// `now` is there where a server answered, who knows more.
    fn row(self, now: Option<Wall>) -> Vec<Cell> {
        let status = self.status.map_or_else(|| Cell::of("—"), Status::cell);
        let states = now.map(|now| [status, Cell::of(wait(self.expected.as_deref(), now))]);
        let names = [self.name, self.schedule, self.url].map(Cell::of);
        states.into_iter().flatten().chain(names).collect()
    }
}

/// How long until `expected`: `12 m`.
fn wait(expected: Option<&str>, now: Wall) -> String {
    let Some(expected) = expected.and_then(|text| text.parse::<jiff::Timestamp>().ok()) else {
        return "—".to_owned();
    };
    let expected = Wall::from_ms(expected.as_millisecond());
    if expected <= now {
        return "overdue".to_owned();
    }
    let whole = humane(expected.since(now));
    whole.split(' ').take(2).collect::<Vec<_>>().join(" ")
}
