//! What Linux says of the memory of this process, and of its limit.

use std::fs;
use std::path::Path;

/// Memory in use and its limit, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// In use: of the control group without the cache that can be given back, or of the process.
    pub used: u64,
    /// The most there may be: of the control group, or of the machine.
    pub limit: Option<u64>,
}

/// Reads the control group (version 2, then 1), else the process and the machine.
pub fn memory() -> Option<Memory> {
    let limit = group_limit();
    let used = limit.and_then(|_| group_used());
    match (used, limit) {
        (Some(used), Some(limit)) => Some(Memory { used, limit: Some(limit) }),
        _ => Some(Memory { used: resident()?, limit: machine() }),
    }
}

fn group_limit() -> Option<u64> {
    number("/sys/fs/cgroup/memory.max")
        .or_else(|| number("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
        // Version 1 writes a limit beyond any machine when there is none.
        .filter(|limit| machine().is_none_or(|machine| *limit < machine))
}

fn group_used() -> Option<u64> {
    let (current, statistics, inactive) = match number("/sys/fs/cgroup/memory.current") {
        Some(current) => (current, "/sys/fs/cgroup/memory.stat", "inactive_file"),
        None => {
            let current = number("/sys/fs/cgroup/memory/memory.usage_in_bytes")?;
            (current, "/sys/fs/cgroup/memory/memory.stat", "total_inactive_file")
        }
    };
    let statistics = fs::read_to_string(statistics).unwrap_or_default();
    Some(current.saturating_sub(field(&statistics, inactive).unwrap_or(0)))
}

fn resident() -> Option<u64> {
    Some(field(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")? * 1_024)
}

fn machine() -> Option<u64> {
    Some(field(&fs::read_to_string("/proc/meminfo").ok()?, "MemTotal:")? * 1_024)
}

fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

fn number(path: impl AsRef<Path>) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory() {
        let memory = memory().unwrap();
        assert!(memory.used > 1 << 20 && memory.limit.is_none_or(|limit| limit > memory.used), "{memory:?}");
    }
}
