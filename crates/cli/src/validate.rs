//! `allswell validate`.

use std::process::ExitCode;

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Args {} = args;
    anyhow::bail!("`allswell validate` is being built")
}
