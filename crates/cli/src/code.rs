//! `allswell plan`, `allswell apply`, `allswell export`: a running server made equal to files, and back.

mod files;
mod show;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use self::files::read;
use crate::client::{Client, Reach, query};
use crate::paint::Paint;

/// The files, and how far the server follows them.
#[derive(Debug, clap::Args)]
struct What {
    /// A file, or a directory whose *.yaml and *.yml files are one configuration together
    #[arg(value_name = "FILE|DIR", required = true)]
    paths: Vec<PathBuf>,
    /// Also delete what people wrote through the API when no file says it
    #[arg(long)]
    prune: bool,
    /// Print the plan as one line of JSON for programs
    #[arg(long)]
    json: bool,
}

/// Say what applying files would change, and change nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell plan monitors/
  allswell plan allswell.yaml --json

Exit code: 0 nothing would change, 2 something would, or a mistake in the files, 3 no server, 4 not signed in.")]
pub struct PlanArgs {
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    reach: Reach,
}

/// Make a running server equal to files, all of it or nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell apply monitors/
  allswell apply monitors/ --yes --prune

Exit code: 0 applied, 1 not confirmed, 2 a mistake in the files, 3 no server, 4 not signed in.")]
pub struct ApplyArgs {
    #[command(flatten)]
    what: What,
    /// Do not ask; for scripts
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    reach: Reach,
}

/// Print what is configured on a running server as one file. Secrets are `***`, which stands for what a server has.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  allswell export > allswell.yaml

Exit code: 0 printed, 3 no server, 4 not signed in.")]
pub struct ExportArgs {
    /// Also what the server's own file says
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    reach: Reach,
}

/// What the server would do, or did.
#[derive(Debug, Deserialize)]
struct Plan {
    steps: Vec<Step>,
    fingerprint: String,
    unchanged: usize,
    #[serde(default)]
    kept: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Step {
    action: String,
    kind: String,
    name: String,
    renamed_from: Option<String>,
    about: Option<String>,
    changes: Vec<Difference>,
}

#[derive(Debug, Deserialize)]
struct Difference {
    key: String,
    from: Option<String>,
    to: Option<String>,
}

/// Shows the plan.
pub fn plan(args: &PlanArgs) -> anyhow::Result<ExitCode> {
    let client = args.reach.client()?;
    let body = body(&args.what)?;
    let (plan, raw) = ask(&client, "/api/v1/plan", &body)?;
    print(&args.what, &plan, &raw);
    Ok(if plan.steps.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// Shows the plan, asks, and does it.
pub fn apply(args: &ApplyArgs) -> anyhow::Result<ExitCode> {
    let client = args.reach.client()?;
    let mut body = body(&args.what)?;
    let (plan, raw) = ask(&client, "/api/v1/plan", &body)?;
    print(&args.what, &plan, &raw);
    if plan.steps.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    if !args.yes && !confirmed(plan.steps.len())? {
        eprintln!("nothing was changed");
        return Ok(ExitCode::FAILURE);
    }
    body["fingerprint"] = plan.fingerprint.into();
    let (done, _) = ask(&client, "/api/v1/apply", &body)?;
    if !args.what.json {
        say(&format!("applied {}", show::count(done.steps.len())));
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the file.
pub fn export(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let pairs = args.all.then(|| ("all", "true".to_owned()));
    let reply = args.reach.client()?.send(Method::GET, &format!("/api/v1/export{}", query(pairs)), None, &[])?;
    // Nobody reads a closed standard output.
    let _ = std::io::stdout().lock().write_all(&reply.body);
    Ok(ExitCode::SUCCESS)
}

fn body(what: &What) -> anyhow::Result<Value> {
    let files = read(&what.paths)?;
    let files: Vec<_> = files.into_iter().map(|(name, text)| json!({ "name": name, "text": text })).collect();
    Ok(json!({ "files": files, "prune": what.prune }))
}

fn ask(client: &Client, path: &str, body: &Value) -> anyhow::Result<(Plan, String)> {
    let reply = client.send(Method::POST, path, Some(body), &[])?;
    let raw = String::from_utf8_lossy(&reply.body).into_owned();
    Ok((reply.json()?, raw))
}

fn print(what: &What, plan: &Plan, raw: &str) {
    say(if what.json { raw.to_owned() } else { show::page(plan, Paint::for_stdout()) }.trim_end());
}

fn say(text: &str) {
    // Nobody reads a closed standard output; the exit code says it all the same.
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Asks on the terminal; without one nobody can answer.
fn confirmed(steps: usize) -> anyhow::Result<bool> {
    anyhow::ensure!(
        std::io::stdin().is_terminal(),
        "nobody is there to ask; say `--yes` to apply {}",
        show::count(steps)
    );
    eprint!("Apply {}? [y/N] ", show::count(steps));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
