//! Many monitors for minutes: lateness, skipped checks, CPU, memory, bytes.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{client, figure, limit, metrics};
use crate::http::{self, get_list};
use crate::server::Server;
use crate::statistics::histogram_quantile;
use crate::time::from_rfc3339;
use crate::{cargo, process};

const INTERVAL: Duration = Duration::from_secs(10);
/// Everything was asked on its way to the grid, which takes three intervals at most, and what a start costs is over.
const WARM_UP: Duration = Duration::from_secs(30);
const LATENESS_MAX: f64 = 0.250;

/// The target in its own process: answers until its standard input ends.
pub fn serve_target() -> Result<bool> {
    println!("{}", http::serve(|_| Some((200, "{\"status\":\"up\"}".into())))?);
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(true)
}

/// Measures and prints. `true` means that every limit holds.
pub fn run(binary: &Path, monitors: u32, minutes: f64) -> Result<bool> {
    // Whole intervals, so that every monitor is due as often as every other.
    let span = INTERVAL * (minutes * 60.0 / INTERVAL.as_secs_f64()).ceil().max(1.0) as u32;
    let (mut target, address) = start_target()?;
    let bare = client::cpu_per_request(address)?;
    let folder = cargo::fresh_folder("bench")?;
    let config = folder.join("allswell.yaml");
    fs::write(&config, configuration(monitors, address))
        .with_context(|| format!("cannot write {}", config.display()))?;
    let data = folder.join("data");
    let arguments = [OsStr::new("--config"), config.as_os_str(), OsStr::new("--data"), data.as_os_str()];
    println!(
        "{monitors} HTTP monitors every {} s for {} s, after {} s of warm-up",
        INTERVAL.as_secs(),
        span.as_secs(),
        WARM_UP.as_secs()
    );
    let mut server = Server::start(binary, &arguments, &folder.join("serve.log"))?;
    let load = measure(&mut server, span)?;
    let gaps = count_gaps(server.address()?, monitors)?;
    server.stop(Duration::from_secs(30))?;
    target.kill()?;
    target.wait()?;
    let results_bytes = fs::metadata(data.join("results.db")).context("no results.db")?.len();
    Ok(report(&load, &gaps, bare, results_bytes, monitors))
}

fn start_target() -> Result<(Child, SocketAddr)> {
    let mut command = Command::new(std::env::current_exe().context("where am I?")?);
    command.arg("bench-target").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().context("cannot start the bench's target")?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("asked for above")).read_line(&mut line)?;
    let address = line.trim().parse().with_context(|| format!("the bench's target printed `{}`", line.trim()))?;
    Ok((child, address))
}

fn configuration(monitors: u32, target: SocketAddr) -> String {
    let head = format!("defaults: {{ interval: {}s, timeout: 5s }}\nmonitors:\n", INTERVAL.as_secs());
    let line = |number| format!("  - {{ name: m{number:05}, http: {{ url: \"http://{target}/m{number:05}\" }} }}\n");
    head + &(1..=monitors).map(line).collect::<String>()
}

/// What was measured between warm-up and end.
struct Load {
    span: Duration,
    scrape: metrics::Scrape,
    /// All results since the start, warm-up included.
    asked_ever: f64,
    cpu: Duration,
    memory: process::Memory,
    written_bytes: u64,
}

fn measure(server: &mut Server, span: Duration) -> Result<Load> {
    let address = server.address()?;
    thread::sleep(WARM_UP);
    let begin =
        (Instant::now(), metrics::scrape(address)?, process::cpu(server.pid())?, process::written_bytes(server.pid())?);
    thread::sleep(span);
    server.ensure_running()?;
    let end = metrics::scrape(address)?;
    Ok(Load {
        span: begin.0.elapsed(),
        asked_ever: end.asked,
        scrape: end.since(&begin.1),
        cpu: process::cpu(server.pid())?.saturating_sub(begin.2),
        memory: process::memory(server.pid())?,
        written_bytes: process::written_bytes(server.pid())?.saturating_sub(begin.3),
    })
}

/// What the stored results say about checks that were left out.
#[derive(Debug, Default, PartialEq, Eq)]
struct Gaps {
    results: u64,
    /// Askings that are missing between two results of one monitor.
    skipped: u64,
    /// Results that were no pass.
    not_passed: u64,
}

fn count_gaps(address: SocketAddr, monitors: u32) -> Result<Gaps> {
    let list = get_list(address, "/api/v1/monitors", "monitors")?;
    anyhow::ensure!(list.len() == monitors as usize, "{} monitors instead of {monitors}", list.len());
    let mut gaps = Gaps::default();
    for monitor in list {
        gaps.add(&get_list(address, &format!("/api/v1/monitors/{}/results?limit=1000", monitor["id"]), "results")?)?;
    }
    Ok(gaps)
}

impl Gaps {
    fn add(&mut self, results: &[Value]) -> Result<()> {
        let asked = |result: &Value| result["time"].as_str().and_then(from_rfc3339);
        let mut moments =
            results.iter().map(|r| asked(r).with_context(|| format!("no time in {r}"))).collect::<Result<Vec<_>>>()?;
        moments.sort_unstable();
        let interval = INTERVAL.as_millis() as i64;
        let missing = |pair: &[i64]| u64::try_from((pair[1] - pair[0] + interval / 2) / interval - 1).unwrap_or(0);
        self.skipped += moments.windows(2).map(missing).sum::<u64>();
        self.results += results.len() as u64;
        self.not_passed += results.iter().filter(|result| result["outcome"] != "pass").count() as u64;
        Ok(())
    }
}

fn report(load: &Load, gaps: &Gaps, bare: Duration, results_bytes: u64, monitors: u32) -> bool {
    let late = |share| histogram_quantile(&load.scrape.lateness, share).unwrap_or(f64::NAN);
    let (p50, p99) = (late(0.5), late(0.99));
    let due = f64::from(monitors) * load.span.as_secs_f64() / INTERVAL.as_secs_f64();
    let cpu_us = load.cpu.as_secs_f64() * 1e6 / load.scrape.asked;
    let mib = |kib: u64| format!("{:.1} MiB", kib as f64 / 1_024.0);
    figure("checks", &format!("{}", load.scrape.asked));
    figure("lateness p50", &format!("{:.0} ms", p50 * 1e3));
    let mut holds = limit("lateness p99", &format!("{:.0} ms", p99 * 1e3), "250 ms", p99 <= LATENESS_MAX);
    // One check more or less for each monitor whose moment lies at the edge of the span.
    let counted = (load.scrape.asked - due).abs() <= f64::from(monitors) * 0.01 + 1.0;
    holds &= limit("checks that were due", &format!("{due:.0}"), "1 % of the monitors apart", counted);
    holds &=
        limit("skipped (stored results)", &format!("{} of {}", gaps.skipped, gaps.results), "0", gaps.skipped == 0);
    holds &= limit("results that are no pass", &format!("{}", gaps.not_passed), "0", gaps.not_passed == 0);
    figure("CPU per check", &format!("{cpu_us:.0} us"));
    figure("CPU per bare request", &format!("{:.0} us", bare.as_secs_f64() * 1e6));
    figure("ratio of the two", &format!("{:.1}", cpu_us / (bare.as_secs_f64() * 1e6)));
    figure("CPU of one core", &format!("{:.1} %", load.cpu.as_secs_f64() * 100.0 / load.span.as_secs_f64()));
    figure("memory at the end, peak", &format!("{}, {}", mib(load.memory.resident), mib(load.memory.peak)));
    figure("results.db per result", &format!("{:.1} B", results_bytes as f64 / load.asked_ever));
    figure("written per result", &format!("{:.0} B", load.written_bytes as f64 / load.scrape.asked));
    holds
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_check_that_was_left_out_is_counted() {
        let result = |second: u32, outcome: &str| json!({"time": format!("2026-11-21T10:00:{second:02}.000Z"), "outcome": outcome});
        let mut gaps = Gaps::default();
        gaps.add(&[result(50, "pass"), result(40, "fail"), result(10, "pass"), result(0, "pass")])
            .expect("well formed");
        assert_eq!(gaps, Gaps { results: 4, skipped: 2, not_passed: 1 });
        assert!(gaps.add(&[json!({"outcome": "pass"})]).is_err());
    }
}
