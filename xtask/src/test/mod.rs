//! `cargo xtask test`: installs what is missing, runs everything that must pass, and counts.
//!
//! [`tools`] fetches, [`steps`] says what is run, [`counts`] reads what the test runners say of themselves. The last line is
//! `N passed, N failed` with the skipped ones after it; where `CI=true`, what is skipped counts as failed.

mod api;
mod counts;
mod everyday;
mod guide;
mod newcomer;
mod probes;
mod shown;
mod steps;
pub mod tools;

use std::time::Instant;

use anyhow::Result;
use clap::ValueEnum as _;

use self::counts::Tally;
use self::steps::{Bench, Step};
use crate::cargo;

/// Which steps to run.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run only these steps, in their usual order
    #[arg(long, value_enum)]
    only: Vec<Step>,
    /// Name the steps and do nothing
    #[arg(long)]
    list: bool,
}

/// Runs the steps. `true` means that all passed.
pub fn run(args: &Args) -> Result<bool> {
    let chosen = Step::value_variants().iter().filter(|step| args.only.is_empty() || args.only.contains(step));
    if args.list {
        chosen.for_each(|step| println!("{:<10} {}", step.name(), step.purpose()));
        return Ok(true);
    }
    let mut bench = Bench::default();
    let mut total = Tally::default();
    for &step in chosen {
        total += timed(step, &mut bench);
    }
    if cargo::is_ci() {
        total = total.strict();
    }
    println!("\n{total}");
    Ok(total.failed == 0)
}

fn timed(step: Step, bench: &mut Bench) -> Tally {
    println!("▸ {}: {}", step.name(), step.purpose());
    let start = Instant::now();
    let tally = bench.run(step).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        Tally::FAILED
    });
    let mark = if tally.failed == 0 { "✓" } else { "✗" };
    println!("{mark} {}: {tally} in {:.1} s", step.name(), start.elapsed().as_secs_f64());
    tally
}
