//! What Linux says of a process: CPU time, memory, open files. `proc(5)` names the fields.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Linux counts CPU time in hundredths of a second for user space, whatever the kernel's own tick is (`USER_HZ`).
const TICKS_PER_SECOND: u64 = 100;

/// CPU time in user and kernel mode since the process began.
pub fn cpu(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    ticks(&stat).map(|ticks| Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)).context("cannot understand stat")
}

/// Fields 14 and 15; the second field, the name in parentheses, may itself hold blanks and parentheses.
fn ticks(stat: &str) -> Option<u64> {
    let after_name = &stat[stat.rfind(')')? + 1..];
    let mut fields = after_name.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

/// Memory in KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Resident now.
    pub resident: u64,
    /// Resident at its highest.
    pub peak: u64,
}

/// The memory of a process.
pub fn memory(pid: u32) -> Result<Memory> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    };
    let missing = || format!("{path} tells no memory");
    Ok(Memory { resident: field("VmRSS:").with_context(missing)?, peak: field("VmHWM:").with_context(missing)? })
}

/// The number of open files.
pub fn open_files(pid: u32) -> Result<usize> {
    let path = format!("/proc/{pid}/fd");
    Ok(fs::read_dir(&path).with_context(|| format!("cannot read {path}"))?.count())
}

/// Bytes that the process handed to the disk.
pub fn written_bytes(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/io");
    let io = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let line = io.lines().find_map(|line| line.strip_prefix("write_bytes:")).context("no write_bytes")?;
    line.trim().parse().context("write_bytes is no number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_parentheses_does_not_shift_the_fields() {
        let stat = "4711 (odd) name) S 1 4711 4711 0 -1 4194560 100 0 0 0 250 150 0 0 20 0 1 0 12345 1 1";
        assert_eq!(ticks(stat), Some(400));
    }

    #[test]
    fn this_process_has_memory_and_open_files() {
        let me = std::process::id();
        let memory = memory(me).expect("/proc is mounted");
        assert!(memory.resident > 0 && memory.peak >= memory.resident, "{memory:?}");
        assert!(open_files(me).expect("/proc is mounted") >= 3);
        cpu(me).expect("/proc is mounted");
    }
}
