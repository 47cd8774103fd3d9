//! Connections that wait to be accepted, from the `TCP_INFO` of the listening socket.
//!
//! The kernel is asked by its address, through the interface that `ss` uses (`sock_diag(7)`): so nobody else needs to hold the
//! socket, which would keep its port open after the server closed it. For a listening socket `tcpi_unacked` is the queue and
//! `tcpi_sacked` its limit (`tcp_get_info` in Linux' `net/ipv4/tcp.c`). Where the kernel does not answer, as under some
//! sandboxes, `/proc/net/tcp` tells the queue and no limit.

use std::fs;
use std::net::{IpAddr, SocketAddr};

/// The queue of a listening socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptQueue {
    /// Connections that wait.
    pub waiting: u64,
    /// How many may; `None` when the kernel does not say.
    pub limit: Option<u64>,
}

impl AcceptQueue {
    /// Whether the kernel turns connections away: it lets one more wait than the limit (`sk_acceptq_is_full`).
    pub fn is_full(self) -> bool {
        self.limit.is_some_and(|limit| self.waiting > limit)
    }
}

/// The queue of the socket that listens at this address, or at all addresses of its port; `None` when there is none.
pub fn accept_queue(address: SocketAddr) -> Option<AcceptQueue> {
    ask_kernel(address).or_else(|| from_table(address))
}

#[cfg(target_os = "linux")]
fn ask_kernel(address: SocketAddr) -> Option<AcceptQueue> {
    use std::io::Read as _;
    use std::time::Duration;

    use socket2::{Domain, Protocol, Socket, Type};

    const AF_NETLINK: i32 = 16;
    const NETLINK_SOCK_DIAG: i32 = 4;
    let mut socket =
        Socket::new(Domain::from(AF_NETLINK), Type::DGRAM, Some(Protocol::from(NETLINK_SOCK_DIAG))).ok()?;
    socket.set_read_timeout(Some(Duration::from_millis(200))).ok()?;
    socket.send(&request(address)).ok()?;
    let mut buffer = vec![0; 32 << 10];
    let length = socket.read(&mut buffer).ok()?;
    answers(&buffer[..length]).filter(|found| found.is_at(address)).map(|found| found.queue).max_by_key(|q| q.waiting)
}

#[cfg(not(target_os = "linux"))]
fn ask_kernel(_: SocketAddr) -> Option<AcceptQueue> {
    None
}

const HEADER: usize = 16;
const MESSAGE: usize = 72;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const INET_DIAG_INFO: u16 = 2;

const fn family(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 2,
        IpAddr::V6(_) => 10,
    }
}

/// `struct nlmsghdr` and `struct inet_diag_req_v2`: all listening TCP sockets of this port, with their `TCP_INFO`.
fn request(address: SocketAddr) -> Vec<u8> {
    const LENGTH: u32 = 72;
    const REQUEST_DUMP: u16 = 0x301;
    const TCP: u8 = 6;
    const LISTEN: u32 = 1 << 10;
    let mut bytes = Vec::with_capacity(LENGTH as usize);
    bytes.extend_from_slice(&LENGTH.to_ne_bytes());
    bytes.extend_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes.extend_from_slice(&REQUEST_DUMP.to_ne_bytes());
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(&[family(address.ip()), TCP, 1 << (INET_DIAG_INFO - 1), 0]);
    bytes.extend_from_slice(&LISTEN.to_ne_bytes());
    bytes.extend_from_slice(&address.port().to_be_bytes());
    bytes.resize(LENGTH as usize, 0);
    bytes
}

/// A socket that the kernel named.
#[derive(Debug)]
struct Found {
    port: u16,
    address: [u8; 16],
    queue: AcceptQueue,
}

impl Found {
    fn is_at(&self, wanted: SocketAddr) -> bool {
        let mut octets = [0; 16];
        match wanted.ip() {
            IpAddr::V4(ip) => octets[..4].copy_from_slice(&ip.octets()),
            IpAddr::V6(ip) => octets = ip.octets(),
        }
        self.port == wanted.port() && (self.address == octets || self.address == [0; 16])
    }
}

/// The messages in what the kernel sent.
fn answers(mut bytes: &[u8]) -> impl Iterator<Item = Found> {
    std::iter::from_fn(move || {
        loop {
            let length = u32_at(bytes, 0)? as usize;
            let kind = u16_at(bytes, 4)?;
            let message = bytes.get(HEADER..length)?;
            bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
            if kind != SOCK_DIAG_BY_FAMILY {
                return None;
            }
            if let Some(found) = read(message) {
                return Some(found);
            }
        }
    })
}

/// `struct inet_diag_msg` and its attributes.
fn read(message: &[u8]) -> Option<Found> {
    let port = u16::from_be_bytes(message.get(4..6)?.try_into().ok()?);
    let address = message.get(8..24)?.try_into().ok()?;
    let mut attributes = message.get(MESSAGE..)?;
    loop {
        let (length, kind) = (usize::from(u16_at(attributes, 0)?), u16_at(attributes, 2)?);
        let value = attributes.get(4..length)?;
        if kind == INET_DIAG_INFO {
            // `struct tcp_info`: eight bytes, then `rto`, `ato`, `snd_mss`, `rcv_mss`, `unacked`, `sacked`.
            let queue = AcceptQueue { waiting: u32_at(value, 24)?.into(), limit: Some(u32_at(value, 28)?.into()) };
            return Some(Found { port, address, queue });
        }
        attributes = attributes.get(length.next_multiple_of(4)..)?;
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// For a listening socket the receive queue of `/proc/net/tcp` is the accept queue.
fn from_table(address: SocketAddr) -> Option<AcceptQueue> {
    let table = if address.is_ipv4() { "/proc/self/net/tcp" } else { "/proc/self/net/tcp6" };
    let waiting = queue_in(&fs::read_to_string(table).ok()?, address.port())?;
    Some(AcceptQueue { waiting, limit: None })
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

#[cfg(test)]
mod tests {
    use socket2::{Domain, Socket, Type};

    use super::*;

    #[test]
    fn the_receive_queue_of_a_listening_socket_is_its_accept_queue() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n\
            0: 0100007F:1F90 00000000:0000 0A 00000000:00000007 00:00000000 00000000 0 0 1 1 0 100 0 0 10 0\n\
            1: 0100007F:1F90 0100007F:C0DE 01 00000000:0000FFFF 00:00000000 00000000 0 0 1 1 0 100 0 0 10 0\n";
        assert_eq!(queue_in(table, 8_080), Some(7));
        assert_eq!(queue_in(table, 8_081), None);
    }

    /// A listener with room for `backlog` connections, which nobody accepts.
    fn listener(address: &str, backlog: i32) -> (Socket, SocketAddr) {
        let address: SocketAddr = address.parse().unwrap();
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
        socket.bind(&address.into()).unwrap();
        socket.listen(backlog).unwrap();
        let bound = socket.local_addr().unwrap().as_socket().unwrap();
        (socket, bound)
    }

    #[test]
    fn connections_that_nobody_accepts_are_seen_by_every_way() {
        for at in ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0"] {
            let (_listener, bound) = listener(at, 6);
            let target = match bound.ip().is_unspecified() {
                true => SocketAddr::from(([127, 0, 0, 1], bound.port())),
                false => bound,
            };
            assert_eq!(accept_queue(target), Some(AcceptQueue { waiting: 0, limit: Some(6) }), "{at}");
            #[expect(clippy::disallowed_methods, reason = "the client of this test")]
            let _waiting: Vec<_> = (0..3).map(|_| std::net::TcpStream::connect(target).unwrap()).collect();
            assert_eq!(accept_queue(target), Some(AcceptQueue { waiting: 3, limit: Some(6) }), "{at}");
            assert_eq!(from_table(target), Some(AcceptQueue { waiting: 3, limit: None }), "{at}");
        }
    }

    #[test]
    fn where_nobody_listens_there_is_no_queue() {
        let (listener, bound) = listener("127.0.0.1:0", 1);
        drop(listener);
        assert_eq!(accept_queue(bound), None);
    }

    #[test]
    fn what_is_cut_short_is_no_answer() {
        let whole = request("127.0.0.1:80".parse().unwrap());
        for length in 0..whole.len() {
            assert_eq!(answers(&whole[..length]).count(), 0);
        }
    }
}
