//! `cargo xtask bench`: what a check costs, whether it comes in time, and how soon an outage is told; what the crate `allswell`
//! costs a service, and whether it is right when the service is not.
//!
//! Absolute times belong to the machine they were measured on; the limits that must hold are printed beside each figure,
//! and CPU is given as a ratio to a bare client measured in the same run as well.

pub mod client;
mod console;
mod detection;
pub mod inside;
mod kubernetes;
pub mod load;
mod metrics;
mod page;
mod python;
mod status;

use anyhow::Result;
use clap::ValueEnum as _;

use crate::cargo::{self, Profile};

/// What to measure.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How long the loads last, that of monitors after its warm-up
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// How many monitors ask every 10 s
    #[arg(long, default_value_t = 1_000)]
    monitors: u32,
    /// How many outages are timed
    #[arg(long, default_value_t = 200)]
    flips: u32,
    /// How long the database of the example service is frozen
    #[arg(long, default_value_t = 30)]
    frozen_seconds: u64,
    /// Only these parts, in their usual order
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Measure a debug build: quicker to come by, and no figure to quote
    #[arg(long)]
    debug: bool,
}

/// A part of the bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Many monitors for minutes
    Load,
    /// From outage to webhook
    Detection,
    /// A status page: requests for each second of CPU (needs wrk)
    Status,
    /// A page of a hundred monitors among a hundred thousand
    Page,
    /// The console in Chromium: first paint, keys, scrolling, weight
    Console,
    /// Probe decisions of the simulated kubelet
    Kubelet,
    /// Manifests that are linted, well-meant and hostile ones
    Lint,
    /// The Python package beside its peers
    Python,
    /// Crates that a service gets with the crate `allswell`
    Size,
    /// What the endpoints and the metrics layer cost (needs valgrind and wrk)
    Cost,
    /// Workers blocked, and what the side port says
    Stuck,
    /// Full load for minutes without a false alarm (needs wrk)
    Calm,
    /// The database frozen, and what `/ready` does
    Frozen,
}

/// Measures. `true` means that every limit holds.
pub fn run(args: &Args) -> Result<bool> {
    let mut holds = true;
    for part in Part::value_variants().iter().filter(|part| args.only.is_empty() || args.only.contains(part)) {
        holds &= measure(*part, args)?;
    }
    Ok(holds)
}

fn measure(part: Part, args: &Args) -> Result<bool> {
    let profile = if args.debug { Profile::Debug } else { Profile::Release };
    match part {
        Part::Load => load::run(&cargo::build_allswell(profile)?, args.monitors, args.minutes),
        Part::Detection => detection::run(&cargo::build_allswell(profile)?, args.flips),
        Part::Status => status::run(&cargo::build_allswell(profile)?),
        Part::Page => page::run(&cargo::build_allswell(profile)?),
        Part::Console => console::run(&cargo::build_allswell(profile)?),
        Part::Kubelet => kubernetes::decisions(profile),
        Part::Lint => kubernetes::lint(profile),
        Part::Python => python::run(profile, args.minutes),
        Part::Size => inside::size(),
        Part::Cost => inside::cost(profile),
        Part::Stuck => inside::stuck(profile),
        Part::Calm => inside::calm(profile, args.minutes),
        Part::Frozen => inside::frozen(profile, args.frozen_seconds),
    }
}

/// Prints a figure with its limit and says whether it holds.
fn limit(name: &str, value: &str, limit: &str, holds: bool) -> bool {
    println!("{name:<28} {value:>18}   {:<4} limit {limit}", if holds { "PASS" } else { "FAIL" });
    holds
}

/// Prints a figure.
fn figure(name: &str, value: &str) {
    println!("{name:<28} {value:>18}");
}
