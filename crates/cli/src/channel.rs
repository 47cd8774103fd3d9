//! `allswell channel`: the ways to people.

mod report;
mod trial;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use allswell_monitor::config::{self, Config};
use anyhow::{Context, bail};

use self::report::Report;
use self::trial::Trial;
use crate::layout::Layout;
use crate::paint::Paint;

/// How many channels an error names.
const NAMED_MAX: usize = 10;

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Send a test message through channels, as an alert would go, and say what the other side answered
    Test(TestArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell channel test --config allswell.yaml
  allswell channel test ops --config allswell.yaml

Exit code: 0 every channel took the message, 1 one did not, 2 a mistake in the command or the configuration.")]
struct TestArgs {
    /// The channels to test; all of the configuration when none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// The configuration with the channels
    #[arg(long, value_name = "FILE", env = "ALLSWELL_CONFIG")]
    config: PathBuf,
    /// Print one line of JSON for programs
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Command::Test(args) = args.command;
    let config = match config::load(&args.config) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{}", errors.render(Paint::for_stderr().into()));
            return Ok(ExitCode::from(2));
        }
    };
    let names = chosen(&args, &config)?;
    let report = Report::new(&names, &args.config, Layout::for_stdout());
    let trials = send(&names, &config, |trial| {
        if !args.json {
            print(&report.block(trial));
        }
    })?;
    print(&if args.json { report::line(&trials)? } else { report::last(&trials) });
    Ok(if trials.iter().all(Trial::was_accepted) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Nobody reads a closed standard output; the exit code says it all the same.
fn print(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// The names that are meant: those of the command line, each once, or all.
fn chosen(args: &TestArgs, config: &Config) -> anyhow::Result<Vec<String>> {
    let file = args.config.display();
    if config.channels.is_empty() {
        bail!("`{file}` has no channels, so nobody would be told; write one below `channels:`");
    }
    if args.names.is_empty() {
        return Ok(config.channels.keys().cloned().collect());
    }
    if let Some(unknown) = args.names.iter().find(|name| !config.channels.contains_key(*name)) {
        let known: Vec<_> = config.channels.keys().take(NAMED_MAX).map(|name| format!("`{name}`")).collect();
        let more = config.channels.len().saturating_sub(NAMED_MAX);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        bail!("`{file}` has no channel `{unknown}`; it has {}{more}", known.join(", "));
    }
    let mut names: Vec<String> = Vec::new();
    for name in &args.names {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    Ok(names)
}

/// Tests the channels, hands each trial to `ended` as it ends, and gives them in the order of the names.
fn send(names: &[String], config: &Config, ended: impl FnMut(&Trial)) -> anyhow::Result<Vec<Trial>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.context("cannot start the runtime")?;
    let trials = runtime.block_on(trial::all(names, config, ended));
    // A name that is still being looked up must not hold up the end.
    runtime.shutdown_background();
    trials
}
