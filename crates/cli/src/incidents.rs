//! `allswell incidents`: the outages that a running server knows, and what happened in one.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use allswell_core::time::humane;
use serde::Deserialize;

use crate::client::{Client, Reach, query, segment};
use crate::layout::Layout;
use crate::paint::Paint;
use crate::table::{self, Cell, Column, Fields, Format, Table};

/// What can be asked for with `--json`: a promise.
const FIELDS: [&str; 11] =
    ["id", "monitor", "monitor_id", "kind", "open", "began", "opened", "ended", "lasted_ms", "cause", "link"];

/// List incidents, newest first, or show one with all that happened.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell incidents
  allswell incidents --open
  allswell incidents 12-7

On a terminal a table; elsewhere one line for each incident, with tabs: id, state, began, lasted, monitor, cause.
Exit code: 0 listed, 2 a mistake in the command or no such incident, 3 cannot reach the server, 4 not signed in.")]
pub struct Args {
    /// Show this one in full
    #[arg(value_name = "ID", conflicts_with_all = ["open", "monitor", "limit", "json"])]
    id: Option<String>,
    /// Only those that are open
    #[arg(long)]
    open: bool,
    /// Only those of this monitor: its number or its name
    #[arg(long, value_name = "MONITOR")]
    monitor: Option<String>,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Deserialize)]
struct Incident {
    id: String,
    monitor: String,
    kind: String,
    open: bool,
    began: String,
    lasted_ms: u64,
    cause: String,
    #[serde(default)]
    link: Option<String>,
    #[serde(default)]
    timeline: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    time: String,
    what: String,
    text: String,
}

/// Asks and prints.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let fields = args.format.fields(&FIELDS)?;
    let client = args.reach.client()?;
    match &args.id {
        Some(id) => one(&client, id)?,
        None => list(&client, args, fields.as_ref())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(client: &Client, args: &Args, fields: Option<&Fields>) -> anyhow::Result<()> {
    let mut pairs = vec![("limit", args.limit.to_string())];
    pairs.extend(args.open.then(|| ("open", "true".to_owned())));
    pairs.extend(args.monitor.clone().map(|monitor| ("monitor", monitor)));
    let incidents = client.list(&format!("/api/v1/incidents{}", query(pairs)), "incidents")?;
    if incidents.is_empty() && fields.is_none() && std::io::stdout().is_terminal() {
        println!("no incidents{}", if args.open { " are open" } else { "" });
        return Ok(());
    }
    let columns = [
        Column::left("ID"),
        Column::left("STATE"),
        Column::left("BEGAN"),
        Column::right("LASTED"),
        Column::long("MONITOR"),
        Column::long("CAUSE"),
    ];
    table::print(&incidents, fields, &columns, Incident::row)
}

impl Incident {
    fn row(self) -> Vec<Cell> {
        vec![
            Cell::of(&*self.id),
            self.state(),
            Cell::of(moment(&self.began)),
            Cell::of(humane(Duration::from_millis(self.lasted_ms))),
            Cell::of(self.monitor),
            Cell::of(self.cause),
        ]
    }

    fn state(&self) -> Cell {
        match (self.open, &*self.kind) {
            (false, _) => Cell::painted("● over", Paint::green),
            (true, "down") => Cell::painted("■ down", Paint::red),
            (true, kind) => Cell::painted(format!("▲ {kind}"), Paint::yellow),
        }
    }
}

/// `2026-11-21 11:42:14`, in UTC.
fn moment(text: &str) -> String {
    let moment = text.parse::<jiff::Timestamp>();
    moment.map_or_else(|_| text.to_owned(), |moment| moment.strftime("%F %T").to_string())
}

fn one(client: &Client, id: &str) -> anyhow::Result<()> {
    let incident: Incident = client.get(&format!("/api/v1/incidents/{}", segment(id)))?;
    let layout = Layout::for_stdout();
    let mut head = Table::new(&[
        Column::left("INCIDENT"),
        Column::left("STATE"),
        Column::left("BEGAN (UTC)"),
        Column::right("LASTED"),
        Column::long("MONITOR"),
    ]);
    let state = incident.state();
    let lasted = humane(Duration::from_millis(incident.lasted_ms));
    head.push(vec![
        Cell::of(&*incident.id),
        state,
        Cell::of(moment(&incident.began)),
        Cell::of(lasted),
        Cell::of(&*incident.monitor),
    ]);
    head.print();
    let mut out = std::io::stdout().lock();
    // Nobody reads a closed standard output.
    let _ = writeln!(out, "\n{}\n", layout.wrapped(0, &plain(&incident.cause)));
    for line in &incident.timeline {
        let label = format!("{}  {:<12}", moment(&line.time), plain(&line.what));
        let _ = writeln!(out, "{}", layout.labelled(&label, 33, &plain(&line.text)));
    }
    if let Some(link) = &incident.link {
        let _ = writeln!(out, "\n{}", plain(link));
    }
    Ok(())
}

/// Text of others on one line, without what would act on a terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).filter(|c| !c.is_control()).collect()
}
