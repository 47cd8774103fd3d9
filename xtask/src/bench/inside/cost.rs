//! What `/health`, `/ready` and the metrics layer cost beside a bare handler that returns the same bytes.
//!
//! Instructions, counted by callgrind, do not depend on what else the machine does; a run of `n` requests is taken from a run of
//! `2n`, so that the start of the process counts for nothing. Requests per CPU second are of a server on a socket under `wrk`,
//! in rounds that take turns. The layer's CPU time is measured without a socket, whose noise is larger than the layer.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::super::{figure, limit};
use super::service::Service;
use super::wrk::Wrk;
use crate::cargo::{line, works};
use crate::process;
use crate::statistics::quantile;

/// The most that an endpoint may cost, as a multiple of the bare handler.
const RATIO_MAX: f64 = 1.3;

/// The most CPU that the metrics layer may take for a request.
const LAYER_NS_MAX: f64 = 1_000.0;

const ENDPOINTS: [(&str, &str); 2] = [("health", "bare-health"), ("ready", "bare-ready")];
const CHECKS: [u32; 2] = [0, 50];

/// Measures and prints. `true` means that every limit holds.
pub fn run(program: &Path) -> Result<bool> {
    anyhow::ensure!(works(Path::new("valgrind"), &["--version"]), "valgrind is missing; apt-get install valgrind");
    let mut holds = true;
    for (ours, bare) in ENDPOINTS {
        for checks in CHECKS {
            holds &= by_instructions(program, ours, bare, checks)?;
            holds &= by_cpu(program, ours, bare, checks)?;
        }
    }
    holds &= layer(program)?;
    Ok(holds)
}

fn by_instructions(program: &Path, ours: &str, bare: &str, checks: u32) -> Result<bool> {
    let (bare, cost) = (instructions(program, bare, checks)?, instructions(program, ours, checks)?);
    let value = format!("{cost:.0}/{bare:.0} = {:.3}", cost / bare);
    let name = format!("/{ours}, {checks} checks, instr");
    Ok(limit(&name, &value, &format!("{RATIO_MAX}"), cost <= RATIO_MAX * bare))
}

/// Instructions a request.
fn instructions(program: &Path, kind: &str, checks: u32) -> Result<f64> {
    const REQUESTS: u64 = 2_000;
    let short = instructions_of(program, kind, checks, REQUESTS)?;
    let long = instructions_of(program, kind, checks, 2 * REQUESTS)?;
    Ok(long.saturating_sub(short) as f64 / REQUESTS as f64)
}

fn instructions_of(program: &Path, kind: &str, checks: u32, requests: u64) -> Result<u64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program);
    command.args(["count", kind, &checks.to_string(), &requests.to_string()]);
    let output = command.output().with_context(|| format!("cannot run {}", line(&command)))?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{} ended with {}: {said}", line(&command), output.status);
    let collected = said.lines().find_map(|line| line.split("Collected : ").nth(1));
    collected.and_then(|count| count.trim().parse().ok()).with_context(|| format!("callgrind counted nothing: {said}"))
}

/// Requests per CPU second of the server, bare and ours in turns.
fn by_cpu(program: &Path, ours: &str, bare: &str, checks: u32) -> Result<bool> {
    const ROUNDS: usize = 5;
    let path = format!("/{ours}");
    let (bare, ours) = (Service::start(program, bare, checks, 1)?, Service::start(program, ours, checks, 1)?);
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (service, rates) in [&bare, &ours].into_iter().zip(&mut rates) {
            rates.push(per_cpu_second(service, &path)?);
        }
    }
    let [bare, ours] = rates.map(|rates| quantile(&rates, 0.5).unwrap_or_default());
    let value = format!("{bare:.0}/{ours:.0} = {:.3}", bare / ours);
    let name = format!("{path}, {checks} checks, req/CPU s");
    Ok(limit(&name, &value, &format!("{RATIO_MAX}"), bare <= RATIO_MAX * ours))
}

fn per_cpu_second(service: &Service, path: &str) -> Result<f64> {
    let before = process::cpu(service.pid())?;
    let requests = Wrk::start(service.main, path, 16, 2)?.requests()?;
    let spent = process::cpu(service.pid())?.saturating_sub(before);
    Ok(requests as f64 / spent.as_secs_f64())
}

/// The median of what the layer adds, over pairs of runs.
fn layer(program: &Path) -> Result<bool> {
    const PAIRS: usize = 15;
    let mut added = Vec::with_capacity(PAIRS);
    for _ in 0..PAIRS {
        let bare = nanoseconds(program, "bare-ready")?;
        added.push(nanoseconds(program, "layer")? - bare);
    }
    let (bare, layer) = (instructions(program, "bare-ready", 0)?, instructions(program, "layer", 0)?);
    figure("metrics layer, instr", &format!("{:.0}", layer - bare));
    let spread =
        format!("{:.0} to {:.0} ns", quantile(&added, 0.25).unwrap_or(0.0), quantile(&added, 0.75).unwrap_or(0.0));
    figure("metrics layer, quartiles", &spread);
    let median = quantile(&added, 0.5).context("there are pairs")?;
    let value = format!("{median:.0} ns");
    Ok(limit("metrics layer, CPU a request", &value, &format!("{LAYER_NS_MAX} ns"), median < LAYER_NS_MAX))
}

fn nanoseconds(program: &Path, kind: &str) -> Result<f64> {
    let mut command = Command::new(program);
    command.args(["count", kind, "0", "200000"]);
    let output = command.output().with_context(|| format!("cannot run {}", line(&command)))?;
    let said = String::from_utf8_lossy(&output.stdout);
    said.trim().parse().with_context(|| format!("{} printed `{said}`", line(&command)))
}
