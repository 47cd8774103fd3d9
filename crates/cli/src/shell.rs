//! `allswell completions` and `allswell man`: what packages install beside the binary.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::Cli;

/// Print a completion script for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell completions bash > /etc/bash_completion.d/allswell
  allswell completions zsh > \"${fpath[1]}/_allswell\"
  allswell completions fish > ~/.config/fish/completions/allswell.fish")]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Print the manual page of a command, or write all of them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell man | man -l -
  allswell man keys create | man -l -
  allswell man --to /usr/local/share/man/man1")]
pub struct Man {
    /// The command; the whole program when none is given
    #[arg(value_name = "COMMAND", conflicts_with = "to")]
    command: Vec<String>,
    /// Write the pages of all commands into this directory
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

/// Prints the script.
pub fn completions(args: &Completions) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "allswell", &mut script);
    // Nobody reads a closed standard output.
    let _ = std::io::stdout().lock().write_all(&script);
    Ok(ExitCode::SUCCESS)
}

/// Prints a page, or writes all of them.
pub fn man(args: &Man) -> anyhow::Result<ExitCode> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    if let Some(directory) = &args.to {
        std::fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
        clap_mangen::generate_to(program, directory)
            .with_context(|| format!("cannot write manual pages into {}", directory.display()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut command: &Command = &program;
    for name in &args.command {
        let found = command.find_subcommand(name);
        command =
            found.with_context(|| format!("there is no command `{name}`\n  try: `allswell --help` lists them"))?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page).context("cannot write the page")?;
    // Nobody reads a closed standard output.
    let _ = std::io::stdout().lock().write_all(&page);
    Ok(ExitCode::SUCCESS)
}
