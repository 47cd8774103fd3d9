//! `cargo xtask health-cost`: what `/health`, `/ready` and the metrics layer cost beside a bare handler that returns the same
//! bytes, in instructions counted by callgrind.
//!
//! Instructions do not depend on what else the machine does. A run of `n` requests is taken from a run of `2n`, so that the
//! start of the process counts for nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo::{cargo, line, run, target_folder};

/// The most that an endpoint may cost, as a multiple of the bare handler.
const RATIO_MAX: f64 = 1.3;

/// How to count.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Requests of the shorter run
    #[arg(long, default_value_t = 2_000)]
    requests: u64,
    /// Count a debug build: quicker to get, and not what services run
    #[arg(long)]
    debug: bool,
}

/// Prints a table. `true` means that no endpoint costs more than it may.
pub fn measure(args: &Args) -> Result<bool> {
    let program = build(args.debug)?;
    println!("instructions a request, {} build", if args.debug { "debug" } else { "release" });
    println!("{:<22} {:>8} {:>10} {:>10} {:>7}", "", "checks", "bare", "ours", "ratio");
    let mut fits = true;
    for (kind, bare) in [("health", "bare-health"), ("ready", "bare"), ("layer", "bare")] {
        for checks in [0, 50] {
            let bare = cost(&program, bare, checks, args.requests)?;
            let ours = cost(&program, kind, checks, args.requests)?;
            let ratio = ours / bare;
            println!("{kind:<22} {checks:>8} {bare:>10.0} {ours:>10.0} {ratio:>7.3}");
            fits &= kind == "layer" || ratio <= RATIO_MAX;
        }
    }
    println!("an endpoint may cost {RATIO_MAX} of a bare handler");
    Ok(fits)
}

fn build(debug: bool) -> Result<PathBuf> {
    let mut command = cargo(["build", "--quiet", "--package", "allswell", "--example", "cost"]);
    if !debug {
        command.arg("--release");
    }
    run(&mut command)?;
    Ok(target_folder()?.join(if debug { "debug" } else { "release" }).join("examples/cost"))
}

/// Instructions a request.
fn cost(program: &Path, kind: &str, checks: u32, requests: u64) -> Result<f64> {
    let short = instructions(program, kind, checks, requests)?;
    let long = instructions(program, kind, checks, 2 * requests)?;
    Ok(long.saturating_sub(short) as f64 / requests as f64)
}

fn instructions(program: &Path, kind: &str, checks: u32, requests: u64) -> Result<u64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program);
    command.args([kind, &checks.to_string(), &requests.to_string()]);
    let output = command.output().with_context(|| format!("cannot run {}; install valgrind", line(&command)))?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{} ended with {}: {said}", line(&command), output.status);
    let collected = said.lines().find_map(|line| line.split("Collected : ").nth(1));
    collected.and_then(|count| count.trim().parse().ok()).with_context(|| format!("callgrind counted nothing: {said}"))
}
