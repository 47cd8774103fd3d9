//! What Linux says of this process: connections that wait to be accepted, memory and its limit.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

/// Connections that wait at the listening socket of this address; `None` when there is none, or no `/proc`.
///
/// For a listening socket the receive queue of `/proc/net/tcp` is the accept queue.
pub fn accept_queue(address: SocketAddr) -> Option<u64> {
    let table = if address.is_ipv4() { "/proc/self/net/tcp" } else { "/proc/self/net/tcp6" };
    queue_in(&fs::read_to_string(table).ok()?, address.port())
}

fn queue_in(table: &str, port: u16) -> Option<u64> {
    const LISTEN: &str = "0A";
    let queue = |line: &str| {
        let mut fields = line.split_whitespace().skip(1);
        let (local, _, state, queues) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let here = u16::from_str_radix(local.rsplit(':').next()?, 16).ok()? == port && state == LISTEN;
        here.then(|| u64::from_str_radix(queues.split(':').nth(1)?, 16).ok())?
    };
    table.lines().skip(1).filter_map(queue).max()
}

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
    fn the_receive_queue_of_a_listening_socket_is_its_accept_queue() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n\
            0: 0100007F:1F90 00000000:0000 0A 00000000:00000007 00:00000000 00000000 0 0 1 1 0 100 0 0 10 0\n\
            1: 0100007F:1F90 0100007F:C0DE 01 00000000:0000FFFF 00:00000000 00000000 0 0 1 1 0 100 0 0 10 0\n";
        assert_eq!(queue_in(table, 8_080), Some(7));
        assert_eq!(queue_in(table, 8_081), None);
    }

    #[test]
    fn connections_that_nobody_accepts_are_seen() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(accept_queue(address), Some(0));
        #[expect(clippy::disallowed_methods, reason = "the client of this test")]
        let waiting: Vec<_> = (0..3).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
        assert_eq!(accept_queue(address), Some(waiting.len() as u64));
    }

    #[test]
    fn this_process_uses_memory() {
        let memory = memory().unwrap();
        assert!(memory.used > 1 << 20 && memory.limit.is_none_or(|limit| limit > memory.used), "{memory:?}");
    }
}
