//! On which ports a process group listens: `proc(5)`, Linux only. Elsewhere nothing is known, and nothing is said.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// `TCP_LISTEN` in `/proc/net/tcp`.
const LISTEN: &str = "0A";

/// The TCP ports on which processes of the group listen, in order.
pub(super) fn ports_of(group: u32) -> Vec<u16> {
    let sockets: HashSet<String> = processes_of(group).iter().flat_map(|pid| sockets_of(pid)).collect();
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default());
    let lines = tables.iter().flat_map(|table| table.lines().skip(1));
    let mut ports: Vec<u16> = lines.filter_map(|line| listening(line, &sockets)).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

fn processes_of(group: u32) -> Vec<String> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().into_string().ok());
    pids.filter(|pid| pid.bytes().all(|byte| byte.is_ascii_digit()) && group_of(pid) == Some(group)).collect()
}

/// The fifth field; the second, the name in parentheses, may itself hold blanks and parentheses.
fn group_of(pid: &str) -> Option<u32> {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).ok()?;
    stat.get(stat.rfind(')')? + 1..)?.split_whitespace().nth(2)?.parse().ok()
}

/// The inodes of a process' sockets.
fn sockets_of(pid: &str) -> Vec<String> {
    let files = fs::read_dir(Path::new("/proc").join(pid).join("fd")).into_iter().flatten().flatten();
    let links = files.filter_map(|file| fs::read_link(file.path()).ok()?.into_os_string().into_string().ok());
    links.filter_map(|link| Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())).collect()
}

/// `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode`: the port, when it listens for one of these.
fn listening(line: &str, sockets: &HashSet<String>) -> Option<u16> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
    if *state != LISTEN || !sockets.contains(*inode) {
        return None;
    }
    u16::from_str_radix(local.rsplit(':').next()?, 16).ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn our_own_listener_is_found_in_our_group() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it listens").port();
        let group = group_of(&std::process::id().to_string()).expect("we have one");
        assert!(ports_of(group).contains(&port));
        drop(listener);
        assert!(!ports_of(group).contains(&port));
    }
}
