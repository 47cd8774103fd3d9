//! The binary `allswell`: one file for each subcommand, wiring only.

mod channel;
mod check;
mod client;
mod code;
mod heartbeats;
mod incidents;
mod keys;
mod layout;
mod lint;
mod ls;
mod manifest;
mod paint;
mod rehearse;
mod run;
mod serve;
mod table;
mod validate;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tells whether your API is well.
#[derive(Debug, Parser)]
#[command(name = "allswell", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch services and tell people: monitors, incidents, alerts, dashboard
    Serve(serve::Args),
    /// Ask one target once: phases, certificate, the app's own words
    Check(Box<check::Args>),
    /// Read a configuration and say what is wrong with it
    Validate(validate::Args),
    /// List the monitors of a running server, trouble first
    Ls(ls::Args),
    /// List the incidents of a running server, or show one in full
    Incidents(incidents::Args),
    /// Say what applying files to a running server would change
    Plan(code::PlanArgs),
    /// Make a running server equal to files
    Apply(code::ApplyArgs),
    /// Print what is configured on a running server as one file
    Export(code::ExportArgs),
    /// Make, list and delete API keys
    Keys(keys::Args),
    /// Run a job and call its heartbeat: start, exit code, duration, the end of its output
    Run(run::Args),
    /// List the addresses at which jobs call in
    Heartbeats(heartbeats::Args),
    /// Channels: send a test message, and say what the other side answered
    Channel(channel::Args),
    /// Find mistakes in the probes of Kubernetes manifests, by arithmetic
    Lint(lint::Args),
    /// Run an app under its manifest's probes without a cluster, second by second
    Rehearse(Box<rehearse::Args>),
    /// Print a Deployment and a Service with probes that do what they mean
    Manifest(manifest::Args),
}

fn main() -> ExitCode {
    let ran = match Cli::parse().command {
        Command::Serve(args) => serve::run(args),
        Command::Check(args) => check::run(*args),
        Command::Validate(args) => validate::run(args),
        Command::Ls(args) => ls::run(&args),
        Command::Incidents(args) => incidents::run(&args),
        Command::Plan(args) => code::plan(&args),
        Command::Apply(args) => code::apply(&args),
        Command::Export(args) => code::export(&args),
        Command::Keys(args) => keys::run(&args),
        Command::Run(args) => run::run(args),
        Command::Heartbeats(args) => heartbeats::run(args),
        Command::Channel(args) => channel::run(args),
        Command::Lint(args) => lint::run(args),
        Command::Rehearse(args) => rehearse::run(&args),
        Command::Manifest(args) => manifest::run(args),
    };
    ran.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        error.downcast_ref::<client::Failure>().map_or(ExitCode::from(2), client::Failure::exit_code)
    })
}
