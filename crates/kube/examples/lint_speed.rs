//! How many manifests the linter handles in a second, or how long it takes with the files that are named:
//! `cargo run --release -p allswell-kube --example lint_speed [PATH...]`.

use std::time::Instant;

use allswell_kube::Source;
use allswell_kube::lint::report::{self, Shown};
use allswell_kube::lint::{Facts, Severity, lint};

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn main() {
    let text = include_str!("../tests/manifests/guide.yaml");
    let named = std::env::args().skip(1).flat_map(|path| Source::read(&path).expect("it can be read"));
    let mut sources: Vec<Source> = named.collect();
    if sources.is_empty() {
        sources.extend((0..2_000).map(|index| Source::new(format!("{index}.yaml"), text)));
    }
    let begin = Instant::now();
    let report = lint(&sources, &Facts::default());
    let shown = Shown { sources: &sources, report: &report, least: Severity::Info, colour: true, width: 80 };
    std::hint::black_box(report::text(&shown));
    let seconds = cpu_seconds().unwrap_or_else(|| begin.elapsed().as_secs_f64());
    let (workloads, findings) = (report.workloads, report.findings.len());
    let per_second = workloads as f64 / seconds;
    let peak = peak_mib().unwrap_or(0);
    println!(
        "{workloads} workloads, {findings} findings in {seconds:.2} CPU seconds: {per_second:.0} workloads/s, {peak} MiB at most"
    );
}

/// The most memory that this process has had; Linux only.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?;
    Some(kib.parse::<u64>().ok()? / 1_024)
}

/// What this process has used so far; Linux only.
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    Some(text.split_whitespace().next()?.parse::<f64>().ok()? / 1e9)
}
