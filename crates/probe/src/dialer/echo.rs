//! Echo requests (ICMP, RFC 792 and RFC 4443): the same names, the same policy, a socket for them alone.

use std::io;
use std::net::{IpAddr, SocketAddr};

use allswell_core::Reason;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use super::Dialer;
use super::fault::{DialError, of_connect};

/// A socket that sends echo requests to one address and receives what comes from there.
pub(crate) struct Echo {
    /// No UDP: what is sent and received goes through it as it is.
    socket: UdpSocket,
    /// Whether packets come with the header of IPv4 in front.
    has_header: bool,
}

impl Dialer {
    /// A socket for echo requests to `address`: one that the system lends to everybody, else a raw one.
    ///
    /// The policy has been asked about the address before.
    pub(crate) fn echo(&self, address: IpAddr) -> Result<Echo, DialError> {
        let (domain, protocol) = match address {
            IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4),
            IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6),
        };
        let place = SocketAddr::new(address, 0);
        let open = |kind: Type| {
            let socket = Socket::new(domain, kind.nonblocking(), Some(protocol))?;
            socket.connect(&place.into())?;
            UdpSocket::from_std(socket.into())
        };
        let (socket, raw) = match open(Type::DGRAM) {
            Err(error) if is_forbidden(&error) => (open(Type::RAW), true),
            opened => (opened, false),
        };
        match socket {
            Ok(socket) => Ok(Echo { socket, has_header: raw && address.is_ipv4() }),
            Err(error) if is_forbidden(&error) => Err(DialError::new(Reason::OwnFault, WAY_OUT)),
            Err(error) => {
                let (reason, why) = of_connect(&error, place);
                Err(DialError::new(reason, format!("{address}: {why}")))
            }
        }
    }
}

const WAY_OUT: &str = "this process may not send echo requests; let its group do so, `sysctl -w net.ipv4.ping_group_range='0 2147483647'`, \
                       or give the program the capability, `setcap cap_net_raw+ep $(command -v allswell)`";

fn is_forbidden(error: &io::Error) -> bool {
    // EPROTONOSUPPORT: a kernel without such sockets.
    error.kind() == io::ErrorKind::PermissionDenied || error.raw_os_error() == Some(libc::EPROTONOSUPPORT)
}

impl Echo {
    /// Sends one packet.
    pub async fn send(&self, packet: &[u8]) -> io::Result<()> {
        self.socket.send(packet).await.map(drop)
    }

    /// Receives one packet into `buffer`, without any header of IP; its length.
    pub async fn receive<'b>(&self, buffer: &'b mut [u8]) -> io::Result<&'b [u8]> {
        let length = self.socket.recv(buffer).await?;
        let packet = &buffer[..length];
        let header = match packet.first() {
            Some(first) if self.has_header => usize::from(first & 0x0f) * 4,
            _ => 0,
        };
        Ok(packet.get(header..).unwrap_or_default())
    }
}
