//! Full load, and no alarm: nothing is stuck when a service has much to do.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::super::{figure, limit};
use super::service::{Client, Service};
use super::wrk::Wrk;
use crate::process;
use crate::statistics::quantile;

/// How often the side port is asked.
const PACE: Duration = Duration::from_millis(100);

/// Measures and prints. `true` means that nothing was called stuck.
pub fn run(program: &Path, minutes: f64) -> Result<bool> {
    let service = Service::start(program, "all", 10, 2)?;
    let seconds = (minutes * 60.0).ceil() as u64;
    let before = process::cpu(service.pid())?;
    let (start, wrk) = (Instant::now(), Wrk::start(service.main, "/health", 64, seconds)?);
    let mut side = Client::connect(service.side)?;
    let (mut took, mut alarms) = (Vec::new(), Vec::new());
    while start.elapsed() < Duration::from_secs(seconds) {
        let answer = side.get("/status")?;
        if answer.code != 200 || answer.body.contains("\"workers\"") {
            alarms.push(answer.body);
        }
        took.push(answer.took.as_secs_f64() * 1e3);
        thread::sleep(PACE);
    }
    let spent = process::cpu(service.pid())?.saturating_sub(before);
    let requests = wrk.requests()?;
    let elapsed = start.elapsed().as_secs_f64();
    figure("full load", &format!("{:.1} min, {requests} requests", elapsed / 60.0));
    figure("  CPU of the service", &format!("{:.2} cores", spent.as_secs_f64() / elapsed));
    let slowest = quantile(&took, 1.0).context("it was asked")?;
    let p99 = quantile(&took, 0.99).unwrap_or_default();
    figure("  side port", &format!("p99 {p99:.2} ms, slowest {slowest:.2} ms"));
    alarms.iter().take(3).for_each(|alarm| println!("  {alarm}"));
    Ok(limit("  false alarms", &format!("{} of {}", alarms.len(), took.len()), "0", alarms.is_empty()))
}
