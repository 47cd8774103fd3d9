//! The binary `allswell`: one file for each subcommand, wiring only.

mod account;
mod act;
mod backup;
mod channel;
mod check;
mod client;
mod code;
mod doctor;
mod explain;
mod heartbeats;
mod incidents;
mod keys;
mod layout;
mod lint;
mod ls;
mod manifest;
mod paint;
mod place;
mod rehearse;
mod run;
mod serve;
mod shell;
mod table;
mod user;
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
    /// Do not ask monitors for now
    Pause(act::Monitors),
    /// Ask them again
    Resume(act::Monitors),
    /// Say that an incident is being seen to
    Ack(act::Acknowledge),
    /// Make, list and delete API keys
    Keys(keys::Args),
    /// Users: who may sign in, and what each may do
    User(user::Args),
    /// Accounts of a server, and the plan by which each is kept
    Account(account::Args),
    /// Backups of everything that a server has: take, list, download, delete
    Backup(backup::Args),
    /// Run a job and call its heartbeat: start, exit code, duration, the end of its output
    Run(run::Args),
    /// List the addresses at which jobs call in
    Heartbeats(heartbeats::Args),
    /// Channels: send a test message, and say what the other side answered
    Channel(channel::Args),
    /// Look at what a server needs of this machine, with a fix for each thing that is not well
    Doctor(doctor::Args),
    /// Say what a code means, and the way out: V012, PRB101, tls_expired
    Explain(explain::Args),
    /// Print a completion script for bash, zsh or fish
    Completions(shell::Completions),
    /// Print manual pages
    Man(shell::Man),
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
        Command::Pause(args) => act::pause(&args),
        Command::Resume(args) => act::resume(&args),
        Command::Ack(args) => act::acknowledge(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args),
        Command::Keys(args) => keys::run(&args),
        Command::User(args) => user::run(&args),
        Command::Account(args) => account::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Run(args) => run::run(args),
        Command::Heartbeats(args) => heartbeats::run(&args),
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
