//! `allswell validate`.

use std::path::PathBuf;
use std::process::ExitCode;

use allswell_monitor::config::{self, Config, Errors};
use serde_json::{Value, json};

use crate::paint::Paint;

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration to read
    file: PathBuf,
    /// Print one line of JSON for programs
    #[arg(long)]
    json: bool,
}

/// Reads the file as the server does. Ends with 0 when nothing is wrong, 1 when something is, 2 when it cannot be read.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let read = config::load(&args.file);
    if args.json {
        println!("{}", as_json(&args.file.display().to_string(), &read));
    } else {
        print(&read);
    }
    Ok(match read {
        Ok(_) => ExitCode::SUCCESS,
        Err(errors) if errors.is_unreadable() => ExitCode::from(2),
        Err(_) => ExitCode::FAILURE,
    })
}

fn print(read: &Result<Config, Errors>) {
    match read {
        Ok(config) => {
            let (monitors, channels) = (config.monitors.len(), config.channels.len());
            println!("ok: {}, {}", counted(monitors, "monitor"), counted(channels, "channel"));
        }
        Err(errors) => {
            eprintln!("{}", errors.render(Paint::for_stderr().into()));
            if !errors.is_unreadable() {
                eprintln!("\n{} in {}", counted(errors.count(), "error"), errors.origin());
            }
        }
    }
}

fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

fn as_json(file: &str, read: &Result<Config, Errors>) -> Value {
    match read {
        Ok(config) => json!({
            "ok": true,
            "file": file,
            "monitors": config.monitors.len(),
            "channels": config.channels.len(),
            "errors": [],
        }),
        Err(errors) => {
            let problems = errors.problems().iter().map(|problem| {
                json!({
                    "code": problem.code().as_str(),
                    "message": problem.message(),
                    "line": problem.line(),
                    "column": problem.column(),
                    "way_out": problem.way_out(),
                })
            });
            json!({ "ok": false, "file": file, "count": errors.count(), "errors": problems.collect::<Vec<_>>() })
        }
    }
}
