//! `cargo xtask soak`: the demo for an hour, looked at every ten seconds.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::cargo::{self, Profile};
use crate::http::get_list;
use crate::log::troubles;
use crate::process;
use crate::server::Server;
use crate::statistics::theil_sen;

const LOOK: Duration = Duration::from_secs(10);
/// Caches fill in the first minutes; what grows after them is looked at.
const WARM_UP: Duration = Duration::from_secs(600);
/// What memory may grow in an hour, in KiB: the tail of an hour's results, and the allocator's own.
const GROWTH_MAX: f64 = 4_096.0;

/// How long to watch.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How long to watch
    #[arg(long, default_value_t = 60.0)]
    minutes: f64,
}

/// One look.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Sample {
    /// Since the start.
    seconds: f64,
    resident_kib: u64,
    open_files: usize,
    cpu_ms: u128,
}

/// Runs the demo and watches it. `true` means no error of ours, no growth, and sums that are right.
pub fn run(args: &Args) -> Result<bool> {
    let binary = cargo::build_allswell(Profile::Release)?;
    let folder = cargo::fresh_folder("soak")?;
    let (data, log) = (folder.join("data"), folder.join("serve.log"));
    let mut server = Server::start(&binary, &[OsStr::new("--demo"), OsStr::new("--data"), data.as_os_str()], &log)?;
    let address = server.address()?;
    println!(
        "watching http://{address}/ for {} min; figures in {}",
        args.minutes,
        folder.join("samples.csv").display()
    );
    let samples = watch(&mut server, &folder.join("samples.csv"), Duration::from_secs_f64(args.minutes * 60.0))?;
    let sums = uptime_faults(address)?;
    let incidents = get_list(address, "/api/v1/incidents?limit=10000", "incidents")?.len();
    let status = server.stop(Duration::from_secs(30))?;
    let mut faults = troubles(
        &fs::read_to_string(&log).with_context(|| format!("cannot read {}", log.display()))?,
        &["ERROR", "WARN"],
    );
    faults.extend(sums);
    if !status.success() {
        faults.push(format!("stopping ended with {status}"));
    }
    if incidents == 0 {
        faults.push("not one incident came".into());
    }
    println!("incidents             {incidents}");
    Ok(report(&samples, faults))
}

fn watch(server: &mut Server, csv: &Path, span: Duration) -> Result<Vec<Sample>> {
    let mut file = fs::File::create(csv).with_context(|| format!("cannot write {}", csv.display()))?;
    writeln!(file, "seconds,resident_kib,open_files,cpu_ms")?;
    let start = Instant::now();
    let mut samples = Vec::new();
    while start.elapsed() < span {
        server.ensure_running()?;
        let sample = Sample {
            seconds: start.elapsed().as_secs_f64(),
            resident_kib: process::memory(server.pid())?.resident,
            open_files: process::open_files(server.pid())?,
            cpu_ms: process::cpu(server.pid())?.as_millis(),
        };
        writeln!(file, "{:.1},{},{},{}", sample.seconds, sample.resident_kib, sample.open_files, sample.cpu_ms)?;
        samples.push(sample);
        thread::sleep(LOOK.min(span.saturating_sub(start.elapsed())));
    }
    Ok(samples)
}

/// Windows whose shares do not add up to 100 %.
fn uptime_faults(address: SocketAddr) -> Result<Vec<String>> {
    let monitors = get_list(address, "/api/v1/uptime", "monitors")?;
    anyhow::ensure!(!monitors.is_empty(), "/api/v1/uptime tells of no monitor");
    Ok(monitors.iter().flat_map(share_faults).collect())
}

fn share_faults(monitor: &Value) -> Vec<String> {
    let name = monitor["name"].as_str().unwrap_or("?");
    let Some(windows) = monitor["uptime"].as_object().filter(|windows| !windows.is_empty()) else {
        return vec![format!("no windows of uptime for {name}")];
    };
    let fault = |(window, told): (&String, &Value)| {
        let sum = |unit: &str| -> Option<f64> {
            let shares = told["shares"].as_object()?;
            shares.values().map(|share| share[unit].as_f64()).sum()
        };
        let (percent, ms, whole) = (sum("percent"), sum("ms"), told["window_ms"].as_f64());
        let holds = percent.is_some_and(|percent| (percent - 100.0).abs() < 1e-6) && ms.is_some() && ms == whole;
        (!holds)
            .then(|| format!("the shares of {name} over {window} add up to {percent:?} % and {ms:?} of {whole:?} ms"))
    };
    windows.iter().filter_map(fault).collect()
}

fn report(samples: &[Sample], faults: Vec<String>) -> bool {
    let late: Vec<&Sample> = samples.iter().filter(|sample| sample.seconds >= WARM_UP.as_secs_f64()).collect();
    let per_hour = |of: fn(&Sample) -> f64| {
        let points: Vec<(f64, f64)> = late.iter().map(|sample| (sample.seconds / 3_600.0, of(sample))).collect();
        theil_sen(&points)
    };
    let memory = per_hour(|sample| sample.resident_kib as f64);
    let files = per_hour(|sample| sample.open_files as f64);
    if let (Some(first), Some(last)) = (samples.first(), samples.last()) {
        println!("memory                {} KiB at first, {} KiB in the end", first.resident_kib, last.resident_kib);
        println!("open files            {} at first, {} in the end", first.open_files, last.open_files);
        println!("CPU                   {:.2} % of a core", last.cpu_ms as f64 / 10.0 / last.seconds.max(1.0));
    }
    let told = |slope: Option<f64>, unit| {
        slope.map_or("not measured: too short".into(), |slope| format!("{slope:+.1} {unit}/h"))
    };
    println!(
        "growth of memory      {} after {} min (limit {GROWTH_MAX:.0})",
        told(memory, "KiB"),
        WARM_UP.as_secs() / 60
    );
    println!("growth of open files  {}", told(files, "files"));
    println!("errors and warnings   {}", faults.len());
    faults.iter().take(50).for_each(|fault| println!("  {fault}"));
    let grows = memory.is_some_and(|slope| slope > GROWTH_MAX) || files.is_some_and(|slope| slope > 1.0);
    println!("{}", if grows || !faults.is_empty() { "FAIL" } else { "PASS" });
    !grows && faults.is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shares_that_do_not_add_up_are_named() {
        let monitor = |down_ms: u64| {
            let shares = json!({"up": {"percent": 99.5, "ms": 995}, "down": {"percent": 0.5, "ms": down_ms}});
            json!({"name": "m", "uptime": {"24h": {"window_ms": 1_000, "shares": shares}}})
        };
        assert_eq!(share_faults(&monitor(5)), Vec::<String>::new());
        let fault = "the shares of m over 24h add up to Some(100.0) % and Some(1001.0) of Some(1000.0) ms";
        assert_eq!(share_faults(&monitor(6)), [fault]);
        assert_eq!(share_faults(&json!({"name": "m"})), ["no windows of uptime for m"]);
    }
}
