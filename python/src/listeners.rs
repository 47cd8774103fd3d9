//! The addresses at which this process listens, whoever bound them: uvicorn binds after the start, gunicorn and uvicorn's
//! supervisor before, and hand the socket down.

use std::collections::HashSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use allswell::host::{AcceptQueue, accept_queue};

/// How many looks are taken in vain until they become rare.
const OFTEN: u32 = 60;

/// Of how many looks one is taken then.
const RARELY: u32 = 30;

/// The listening sockets of this process but the side port.
#[derive(Debug, Default)]
pub struct Listeners {
    found: Vec<SocketAddr>,
    looks: u32,
}

impl Listeners {
    /// The longest queue of connections that wait to be accepted; `None` until this process listens. To be asked once a second.
    pub fn queue(&mut self, side_port: Option<u16>) -> Option<AcceptQueue> {
        let longest = |found: &[SocketAddr]| found.iter().filter_map(|at| accept_queue(*at)).max_by_key(|q| q.waiting);
        if let Some(queue) = longest(&self.found) {
            return Some(queue);
        }
        self.looks += 1;
        if self.looks < OFTEN || self.looks.is_multiple_of(RARELY) {
            self.found = own().into_iter().filter(|at| Some(at.port()) != side_port).collect();
        }
        longest(&self.found)
    }
}

/// What `/proc` says of our own sockets that listen.
fn own() -> Vec<SocketAddr> {
    let links =
        fs::read_dir("/proc/self/fd").into_iter().flatten().flatten().filter_map(|fd| fs::read_link(fd.path()).ok());
    let sockets = links.filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()));
    let sockets: HashSet<String> = sockets.collect();
    let table = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let tables = [table("/proc/self/net/tcp"), table("/proc/self/net/tcp6")];
    tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(|line| listener(line, &sockets)).collect()
}

/// The address in a line of `/proc/net/tcp` whose socket is one of these and listens.
fn listener(line: &str, sockets: &HashSet<String>) -> Option<SocketAddr> {
    const LISTEN: &str = "0A";
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (local, state, socket) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
    if *state != LISTEN || !sockets.contains(*socket) {
        return None;
    }
    let (address, port) = local.split_once(':')?;
    Some(SocketAddr::new(ip(address)?, u16::from_str_radix(port, 16).ok()?))
}

/// Words of 32 bits, each as this machine stores what the network sends.
fn ip(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| Some(u32::from_str_radix(hex.get(at * 8..at * 8 + 8)?, 16).ok()?.to_ne_bytes());
    if hex.len() == 8 {
        return Some(IpAddr::V4(Ipv4Addr::from(word(0)?)));
    }
    let words = [word(0)?, word(1)?, word(2)?, word(3)?].concat();
    Some(IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(words).ok()?)))
}
