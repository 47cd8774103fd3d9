//! What the operating system knows of this process, under the names that every Prometheus client uses.
//!
//! Read from `/proc/self` (proc(5)) when somebody asks; on other systems there is nothing.

use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Clock ticks per second in `/proc`: `USER_HZ`, 100 on every architecture that Rust's standard library supports.
const TICKS_PER_SECOND: f64 = 100.0;

/// Reads `/proc/self`.
#[derive(Debug)]
pub struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        if let Some(seconds) = cpu_seconds() {
            let counter = ConstCounter::new(seconds);
            let help = "CPU time used, user and system";
            let metric = encoder.encode_descriptor("process_cpu", help, Some(&Unit::Seconds), counter.metric_type())?;
            counter.encode(metric)?;
        }
        let gauges = [
            ("process_start_time", "When it began, since 1970", Some(&Unit::Seconds), start_seconds()),
            ("process_resident_memory", "Memory that is resident", Some(&Unit::Bytes), resident_bytes()),
            ("process_virtual_memory", "Memory that is mapped", Some(&Unit::Bytes), virtual_bytes()),
            ("process_open_fds", "Open file descriptors", None, open_fds()),
            ("process_max_fds", "File descriptors that may be open", None, max_fds()),
            ("process_threads", "Threads", None, status("Threads:")),
        ];
        for (name, help, unit, value) in gauges {
            let Some(value) = value else { continue };
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, unit, gauge.metric_type())?)?;
        }
        Ok(())
    }
}

fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    Some((stat_field(&stat, 14)? + stat_field(&stat, 15)?) / TICKS_PER_SECOND)
}

/// The system's start and then field 22, which counts from it.
fn start_seconds() -> Option<u64> {
    let system = fs::read_to_string("/proc/stat").ok()?;
    let booted: f64 = system.lines().find_map(|line| line.strip_prefix("btime "))?.parse().ok()?;
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    Some((booted + stat_field(&stat, 22)? / TICKS_PER_SECOND) as u64)
}

/// A field of `stat` by its number in proc(5). The second field is a name in parentheses that may hold anything.
fn stat_field(stat: &str, number: usize) -> Option<f64> {
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(number - 3)?.parse().ok()
}

fn resident_bytes() -> Option<u64> {
    Some(status("VmRSS:")? * 1024)
}

fn virtual_bytes() -> Option<u64> {
    Some(status("VmSize:")? * 1024)
}

/// The number in the line of `status` that begins with `name`.
fn status(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// Without the one that is open for counting them.
fn open_fds() -> Option<u64> {
    let open = fs::read_dir("/proc/self/fd").ok()?.count();
    u64::try_from(open).ok()?.checked_sub(1)
}

fn max_fds() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive() {
        assert!(cpu_seconds().is_some());
        assert!(resident_bytes().is_some_and(|bytes| bytes > 100_000));
        assert!(virtual_bytes() >= resident_bytes());
        assert!(status("Threads:").is_some_and(|threads| threads >= 1));
    }

    #[test]
    fn an_open_file_is_counted() {
        // Other tests of this process open files too, so only the lower bound is certain.
        let _file = fs::File::open("/proc/self/stat").expect("it was read a moment ago");
        assert!(open_fds().is_some_and(|open| open >= 4 && Some(open) <= max_fds()));
    }
}
