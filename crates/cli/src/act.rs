//! `allswell pause`, `resume` and `ack`: what people do to a running server at night.

use std::io::Write;
use std::process::ExitCode;

use allswell_monitor::model::IncidentId;
use anyhow::{Context, bail};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Client, Failure, Reach, segment};

/// Do not ask monitors for now. Nobody is told of them, and their time counts as paused.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell pause legacy-soap
  allswell resume legacy-soap

Exit code: 0 done, 1 it cannot be done, 2 no such monitor, 3 cannot reach the server, 4 not allowed.")]
pub struct Monitors {
    /// Names or numbers of monitors
    #[arg(value_name = "MONITOR", required = true)]
    monitors: Vec<String>,
    #[command(flatten)]
    reach: Reach,
}

/// Say that an incident is being seen to.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell ack 12-7
  allswell ack payments-api --note 'restarting the database'

Exit code: 0 it is seen to, 1 it is over already, 2 no such incident, 3 cannot reach the server, 4 not allowed.")]
pub struct Acknowledge {
    /// The incident, or the monitor that has one open
    #[arg(value_name = "INCIDENT|MONITOR")]
    incident: String,
    /// Who sees to it [default: the name of the key, or of the user here]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// What is being done
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Deserialize)]
struct Acknowledged {
    id: String,
    monitor: String,
    timeline: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    what: String,
    text: String,
}

/// `allswell pause`.
pub fn pause(args: &Monitors) -> anyhow::Result<ExitCode> {
    args.turn("pause", "paused")
}

/// `allswell resume`.
pub fn resume(args: &Monitors) -> anyhow::Result<ExitCode> {
    args.turn("resume", "resumed")
}

impl Monitors {
    /// Turns one after the other, and stops at the first that cannot be turned.
    fn turn(&self, how: &str, done: &str) -> anyhow::Result<ExitCode> {
        let client = self.reach.client()?;
        for monitor in &self.monitors {
            let path = format!("/api/v1/monitors/{}/{how}", segment(monitor));
            client.send(Method::POST, &path, None, &[])?;
            say(&format!("{done} {monitor}"));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// `allswell ack`.
pub fn acknowledge(args: &Acknowledge) -> anyhow::Result<ExitCode> {
    let client = args.reach.client()?;
    let incident = match args.incident.parse::<IncidentId>() {
        Ok(id) => id.to_string(),
        Err(_) => open_incident(&client, &args.incident)?,
    };
    let mut wish = json!({});
    let by = args.by.clone().or_else(|| if args.reach.has_key() { None } else { std::env::var("USER").ok() });
    for (field, text) in [("by", by), ("note", args.note.clone())] {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            wish[field] = Value::from(text);
        }
    }
    let path = format!("/api/v1/incidents/{}/acknowledge", segment(&incident));
    let answer: Acknowledged = client.send(Method::POST, &path, Some(&wish), &[])?.json()?;
    let said = answer.timeline.iter().rev().find(|line| line.what == "acknowledged");
    let said = said.map_or_else(String::new, |line| format!(" {}", line.text.replace(['\n', '\u{1b}'], " ")));
    say(&format!("{} ({}) is seen to{said}", answer.id, answer.monitor));
    Ok(ExitCode::SUCCESS)
}

/// The incident that is open for this monitor.
fn open_incident(client: &Client, monitor: &str) -> anyhow::Result<String> {
    let found: Result<Value, Failure> = client.get(&format!("/api/v1/monitors/{}", segment(monitor)));
    let found = found.with_context(|| format!("`{monitor}` is no incident, which are written like 12-7"))?;
    match found["incident"].as_str() {
        Some(incident) => Ok(incident.to_owned()),
        None => bail!("nothing is open for `{monitor}`\n  try: `allswell incidents --monitor` lists what was"),
    }
}

/// Nobody reads a closed standard output; the exit code says it all the same.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
