//! `allswell ls`: the monitors of a running server, trouble first.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use allswell_core::Wall;
use allswell_core::time::humane;
use anyhow::Context;
use clap::ValueEnum;
use serde::Deserialize;
use serde_json::Value;

use crate::client::Reach;
use crate::layout::count;
use crate::paint::Paint;
use crate::table::{Cell, Column, Format, Table};

/// What can be asked for with `--json`: a promise.
const FIELDS: [&str; 14] = [
    "id",
    "name",
    "kind",
    "target",
    "tags",
    "group",
    "status",
    "since",
    "paused",
    "interval_s",
    "created",
    "last_result",
    "uptime",
    "incident",
];

/// List the monitors of a running server, trouble first.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell ls
  allswell ls --not up
  allswell ls --not up --json name,status,since | jq -r '.[0].name'

On a terminal a table; elsewhere one line for each monitor, with tabs: status, since, name, now, uptime over 30 days.
Exit code: 0 listed, 2 a mistake in the command, 3 cannot reach the server, 4 not signed in.")]
pub struct Args {
    /// Only monitors that are this; may be given several times
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    status: Vec<Status>,
    /// Only monitors that are not this; may be given several times
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    not: Vec<Status>,
    /// Only monitors with this tag; given several times, with all of them
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    reach: Reach,
}

/// What is true of a monitor, in the order in which it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Down,
    Degraded,
    Unknown,
    Maintenance,
    Paused,
    Up,
}

impl Status {
    /// Shape and word, so that it reads without colour.
    pub fn cell(self) -> Cell {
        match self {
            Self::Down => Cell::painted("■ down", Paint::red),
            Self::Degraded => Cell::painted("▲ degraded", Paint::yellow),
            Self::Unknown => Cell::painted("○ unknown", Paint::dim),
            Self::Maintenance => Cell::painted("◆ maintenance", Paint::cyan),
            Self::Paused => Cell::painted("‖ paused", Paint::dim),
            Self::Up => Cell::painted("● up", Paint::green),
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    monitors: Vec<Value>,
    /// Where the next page is.
    next: Option<String>,
}

/// The monitors that are wanted, and how many there are besides.
struct Chosen {
    /// Each as the table and as a program reads it.
    monitors: Vec<(Monitor, Value)>,
    all: usize,
    up: usize,
}

/// What the table needs of a monitor.
#[derive(Deserialize)]
struct Monitor {
    name: String,
    #[serde(default)]
    tags: Vec<String>,
    status: Status,
    since: Option<String>,
    last_result: Option<LastResult>,
    uptime: BTreeMap<String, Uptime>,
}

#[derive(Deserialize)]
struct LastResult {
    outcome: String,
    reason: Option<String>,
    status: Option<u16>,
    phases_ms: Phases,
}

#[derive(Deserialize)]
struct Phases {
    total: f64,
}

#[derive(Deserialize)]
struct Uptime {
    text: String,
}

/// Asks, chooses, prints.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let fields = args.format.fields(&FIELDS)?;
    let client = args.reach.client()?;
    let mut reply = client.send(http::Method::GET, "/api/v1/monitors", None, &[])?;
    let Answer { mut monitors, mut next } = reply.json()?;
    while let Some(address) = next {
        reply = client.send(http::Method::GET, &address, None, &[])?;
        let page: Answer = reply.json()?;
        monitors.extend(page.monitors);
        next = page.next;
    }
    let mut chosen = choose(monitors, args)?;
    chosen.monitors.sort_by(|(a, _), (b, _)| a.status.cmp(&b.status).then_with(|| b.since.cmp(&a.since)));
    if let Some(fields) = fields {
        fields.print(&chosen.monitors.into_iter().map(|(_, value)| value).collect::<Vec<_>>());
        return Ok(ExitCode::SUCCESS);
    }
    table(chosen.monitors.iter().map(|(monitor, _)| monitor), reply.moment()).print();
    if std::io::stdout().is_terminal() {
        let _ = writeln!(std::io::stdout().lock(), "{}", chosen.last_line());
    }
    Ok(ExitCode::SUCCESS)
}

fn choose(all: Vec<Value>, args: &Args) -> anyhow::Result<Chosen> {
    let mut chosen = Chosen { monitors: Vec::new(), all: all.len(), up: 0 };
    for value in all {
        let monitor = Monitor::deserialize(&value).context("cannot read a monitor of the answer")?;
        chosen.up += usize::from(monitor.status == Status::Up);
        if args.want(&monitor) {
            chosen.monitors.push((monitor, value));
        }
    }
    Ok(chosen)
}

impl Args {
    fn want(&self, monitor: &Monitor) -> bool {
        let status = self.status.is_empty() || self.status.contains(&monitor.status);
        status && !self.not.contains(&monitor.status) && self.tag.iter().all(|tag| monitor.tags.contains(tag))
    }
}

impl Chosen {
    fn last_line(&self) -> String {
        let all = count(self.all as u64, "monitor");
        let of = if self.monitors.len() == self.all { all } else { format!("{} of {all}", self.monitors.len()) };
        format!("{of} · {} up", self.up)
    }
}

fn table<'a>(monitors: impl Iterator<Item = &'a Monitor>, now: Wall) -> Table {
    let mut table = Table::new(&[
        Column::left("STATUS"),
        Column::right("SINCE"),
        Column::long("NAME"),
        Column::right("NOW"),
        Column::right("30 D"),
    ]);
    for monitor in monitors {
        table.push(vec![
            monitor.status.cell(),
            Cell::of(age(monitor.since.as_deref(), now)),
            Cell::of(&*monitor.name),
            Cell::of(monitor.last_result.as_ref().map_or_else(|| "—".to_owned(), LastResult::in_short)),
            Cell::of(monitor.uptime.get("30d").map_or("—", |uptime| &uptime.text)),
        ]);
    }
    table
}

impl LastResult {
    /// How long a good one took, why a bad one was none.
    fn in_short(&self) -> String {
        match (&*self.outcome, &self.reason, self.status) {
            ("pass" | "warn", ..) => humane(Duration::from_secs_f64(self.phases_ms.total.max(0.0) / 1e3)),
            (_, Some(reason), Some(status)) if reason == "status" => status.to_string(),
            (_, Some(reason), _) => reason.clone(),
            _ => "—".to_owned(),
        }
    }
}

/// The largest unit of how long ago `since` was: `4 m`, `3 d`.
pub fn age(since: Option<&str>, now: Wall) -> String {
    let Some(since) = since.and_then(|since| since.parse::<jiff::Timestamp>().ok()) else { return "—".to_owned() };
    let whole = humane(now.since(Wall::from_ms(since.as_millisecond())));
    whole.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_is_the_largest_unit_alone() {
        let check = |since: &str, expected: &str| {
            assert_eq!(age(Some(since), Wall::from_ms(1_795_261_334_120)), expected, "{since}");
        };
        check("2026-11-21T11:38:02.000Z", "4 m");
        check("2026-11-18T11:38:02.000Z", "3 d");
        check("2026-11-21T11:43:02.000Z", "0 ms");
        assert_eq!(age(None, Wall::default()), "—");
    }
}
