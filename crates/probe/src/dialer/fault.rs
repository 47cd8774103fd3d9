//! What an error of the operating system says: is it the other side, the network, or we?

use std::io;
use std::net::{SocketAddr, UdpSocket};

use allswell_core::{Phases, Reason};

/// Why there is no connection: a reason out of the closed list, and a sentence about it without any secret.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{detail}")]
pub struct DialError {
    /// The reason; one of the `Own...` ones when it is not the other side's fault.
    pub reason: Reason,
    /// One sentence with the address and what it did.
    pub detail: String,
    /// The address that was tried last.
    pub address: Option<SocketAddr>,
    /// How long each phase took.
    pub phases: Box<Phases>,
}

impl DialError {
    pub(crate) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), address: None, phases: Box::default() }
    }

    /// Whether it is our own fault: then nothing is known of the other side.
    pub const fn is_ours(&self) -> bool {
        self.reason.code() >= Reason::OwnNetwork.code()
    }
}

/// Whether we ran out of something: descriptors, ports, memory.
pub(crate) fn exhausted(error: &io::Error) -> Option<&'static str> {
    match error.raw_os_error()? {
        libc::EMFILE | libc::ENFILE => Some("this process or machine is out of file descriptors"),
        libc::ENOMEM | libc::ENOBUFS => Some("this machine is out of network memory"),
        libc::EADDRNOTAVAIL => Some("this machine has no free local port or no fitting local address"),
        _ => None,
    }
}

/// The reason behind a connection attempt that failed, and a few words on it.
pub(crate) fn of_connect(error: &io::Error, address: SocketAddr) -> (Reason, String) {
    // Where IPv6 is switched off, connecting to a v6 address finds no local address: that is a missing route.
    if error.raw_os_error() == Some(libc::EADDRNOTAVAIL) && !has_route(address) {
        return (Reason::OwnNetwork, "this machine has no address to go there from".to_owned());
    }
    if let Some(what) = exhausted(error) {
        return (Reason::OwnFault, what.to_owned());
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => (Reason::ConnectRefused, "connection refused".to_owned()),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
            (Reason::ConnectionLost, "connection reset while connecting".to_owned())
        }
        io::ErrorKind::TimedOut => (Reason::ConnectTimeout, "no answer".to_owned()),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
            if has_route(address) {
                (Reason::ConnectUnreachable, "the network says it is unreachable".to_owned())
            } else {
                (Reason::OwnNetwork, "this machine has no route there".to_owned())
            }
        }
        _ if error.raw_os_error() == Some(libc::EAFNOSUPPORT) => {
            (Reason::OwnNetwork, "this machine has no support for its address family".to_owned())
        }
        io::ErrorKind::PermissionDenied => {
            (Reason::OwnFault, format!("this machine does not let us connect there ({error}); see its firewall"))
        }
        io::ErrorKind::InvalidInput => (Reason::ConnectUnreachable, format!("not an address to connect to ({error})")),
        _ => (Reason::OwnFault, error.to_string()),
    }
}

/// Whether this machine knows a way to `address`. Looks into the routing table; sends nothing.
fn has_route(address: SocketAddr) -> bool {
    let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    UdpSocket::bind(any).and_then(|socket| socket.connect(address)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(number: i32) -> Reason {
        of_connect(&io::Error::from_raw_os_error(number), "127.0.0.1:9".parse().expect("an address")).0
    }

    #[test]
    fn being_out_of_something_is_our_own_fault() {
        for number in [libc::ENFILE, libc::EMFILE, libc::ENOMEM, libc::ENOBUFS] {
            assert_eq!(reason(number), Reason::OwnFault, "{number}");
            assert!(DialError::new(reason(number), "").is_ours());
        }
        // There is an address to go to loopback from: so it is the ports that are used up.
        assert_eq!(reason(libc::EADDRNOTAVAIL), Reason::OwnFault);
    }

    #[test]
    fn what_the_other_side_does_is_its_own() {
        assert_eq!(reason(libc::ECONNREFUSED), Reason::ConnectRefused);
        assert_eq!(reason(libc::ECONNRESET), Reason::ConnectionLost);
        assert_eq!(reason(libc::ETIMEDOUT), Reason::ConnectTimeout);
        assert!(!DialError::new(Reason::ConnectRefused, "").is_ours());
    }

    #[test]
    fn unreachable_is_theirs_only_where_we_have_a_route() {
        assert_eq!(reason(libc::EHOSTUNREACH), Reason::ConnectUnreachable);
        assert_eq!(reason(libc::ENETUNREACH), Reason::ConnectUnreachable);
        assert_eq!(reason(libc::EAFNOSUPPORT), Reason::OwnNetwork);
        // A link-local address without its link leads nowhere from any machine.
        let nowhere = "[fe80::1]:9".parse().expect("an address");
        for number in [libc::ENETUNREACH, libc::EADDRNOTAVAIL] {
            assert_eq!(of_connect(&io::Error::from_raw_os_error(number), nowhere).0, Reason::OwnNetwork);
        }
    }
}
