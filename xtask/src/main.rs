//! Everything a developer types, in Rust, with nothing to install first: `cargo xtask --help`.
//!
//! One file or folder for each command; beside them what they share: the server under watch ([`server`]), the other ends
//! it talks to ([`http`], [`smtp`], [`webhook`], [`target`]), and what the system says of a process ([`process`]).
#![expect(clippy::disallowed_methods, reason = "a developer's tool: it measures real processes by real clocks")]

mod apt;
mod bench;
mod cargo;
mod console;
mod demo;
mod http;
mod kill_loop;
mod log;
mod process;
mod python;
mod random;
mod server;
mod smtp;
mod soak;
mod statistics;
mod target;
mod test;
mod time;
mod venv;
mod webhook;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a developer of Allswell types
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what is missing and run every test
    Test(test::Args),
    /// Kill the server at random moments during an incident storm and look for lost or doubled alerts
    KillLoop(kill_loop::Args),
    /// Measure scheduling, CPU, memory, storage, the time from outage to webhook, and the crate `allswell` in a service
    Bench(bench::Args),
    /// Watch the demo for an hour: errors, growth, sums
    Soak(soak::Args),
    /// Take pictures of every page of the console: light, dark, phone
    Screenshots,
    /// Run the demo until its first incident was told by e-mail
    Demo,
    /// The target of `bench`, in a process of its own
    #[command(hide = true)]
    BenchTarget,
    /// The bare client that `bench` compares with, in a process of its own
    #[command(hide = true)]
    BenchClient(bench::client::Args),
}

fn main() -> ExitCode {
    let ran = match Cli::parse().command {
        Command::Test(args) => test::run(&args),
        Command::KillLoop(args) => kill_loop::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Soak(args) => soak::run(&args),
        Command::Screenshots => console::screenshots(),
        Command::Demo => demo::run(),
        Command::BenchTarget => bench::load::serve_target(),
        Command::BenchClient(args) => bench::client::run(&args),
    };
    match ran {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
