//! Whether this machine reaches anything at all. Asked when several unrelated targets fail at once.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use allswell_core::Reason;
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::net::UdpSocket;
use tokio::time::Instant;

use crate::dialer::{AddressPolicy, Dialer, Options};
use crate::question::host_and_port;

/// A question for the root's name servers, as RFC 1035 writes it, with an id to know the answer by.
const ROOT_QUESTION: [u8; 17] = [0xa1, 0x15, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1];
/// What a gateway that routes may also listen on, or refuse.
const GATEWAY_PORTS: [u16; 2] = [53, 80];

/// What stands between this machine and the world.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Surroundings {
    pub gateways: Vec<IpAddr>,
    pub name_servers: Vec<SocketAddr>,
}

impl Surroundings {
    /// Reads the routing table and the resolver's configuration.
    pub fn of_this_machine() -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        Self { gateways: gateways(&read("/proc/net/route")), name_servers: name_servers(&read("/etc/resolv.conf")) }
    }
}

/// The gateways of a Linux routing table: addresses are hexadecimal in the machine's own byte order.
fn gateways(table: &str) -> Vec<IpAddr> {
    const UP_AND_GATEWAY: u32 = 3;
    let gateway = |line: &str| {
        let mut fields = line.split_whitespace();
        let (destination, gateway, flags) = (fields.nth(1)?, fields.next()?, fields.next()?);
        let flags = u32::from_str_radix(flags, 16).ok()?;
        let address = u32::from_str_radix(gateway, 16).ok()?;
        let is_default = destination == "00000000" && flags & UP_AND_GATEWAY == UP_AND_GATEWAY;
        is_default.then(|| IpAddr::V4(Ipv4Addr::from(address.to_ne_bytes())))
    };
    table.lines().skip(1).filter_map(gateway).take(2).collect()
}

fn name_servers(configuration: &str) -> Vec<SocketAddr> {
    let server = |line: &str| {
        let mut words = line.split_whitespace();
        (words.next() == Some("nameserver")).then(|| words.next()?.parse::<IpAddr>().ok()).flatten()
    };
    configuration.lines().filter_map(server).take(3).map(|address| SocketAddr::new(address, 53)).collect()
}

/// Whether any of them answers by `deadline`. Ends with the first answer.
pub(crate) async fn any(dialer: &Dialer, around: &Surroundings, anchors: &[String], deadline: Instant) -> bool {
    // The policy is about what monitors ask; the gateway and the name servers are this machine's own.
    let own = Dialer::new(AddressPolicy::default());
    let mut asking: FuturesUnordered<BoxFuture<'_, bool>> = FuturesUnordered::new();
    for gateway in &around.gateways {
        asking.extend(GATEWAY_PORTS.map(|port| listens(&own, gateway.to_string(), port, deadline).boxed()));
    }
    for server in &around.name_servers {
        asking.push(resolves(*server).boxed());
        // A forwarder on this machine is there with or without a network.
        if !server.ip().is_loopback() {
            asking.push(listens(&own, server.ip().to_string(), server.port(), deadline).boxed());
        }
    }
    for anchor in anchors {
        match host_and_port("anchors", anchor) {
            Ok((host, port)) => asking.push(listens(dialer, host, port, deadline).boxed()),
            Err(error) => tracing::warn!(%error, "an anchor cannot be asked"),
        }
    }
    let first_answer = async {
        while let Some(answered) = asking.next().await {
            if answered {
                return true;
            }
        }
        false
    };
    tokio::time::timeout_at(deadline, first_answer).await.unwrap_or(false)
}

/// Whether somebody answers there, be it with a refusal.
async fn listens(dialer: &Dialer, host: String, port: u16, deadline: Instant) -> bool {
    match dialer.connect(&host, port, &Options::default(), deadline).await {
        Ok(_) => true,
        Err(error) => matches!(error.reason, Reason::ConnectRefused | Reason::ConnectionLost),
    }
}

/// Whether a name server answers the question for the root; one on this machine must know the answer as well.
async fn resolves(server: SocketAddr) -> bool {
    let ask = async {
        let any: SocketAddr = if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
        let socket = UdpSocket::bind(any).await?;
        socket.connect(server).await?;
        socket.send(&ROOT_QUESTION).await?;
        let mut answer = [0_u8; 512];
        let length = socket.recv(&mut answer).await?;
        let (is_ours, code) = (length >= 12 && answer[..2] == ROOT_QUESTION[..2], answer[3] & 0x0f);
        let has_records = answer[6..8] != [0, 0];
        Ok::<_, std::io::Error>(is_ours && (!server.ip().is_loopback() || (code == 0 && has_records)))
    };
    ask.await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_routing_table_is_read_as_linux_writes_it() {
        let table = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
                     eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
                     eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        if cfg!(target_endian = "little") {
            assert_eq!(gateways(table), [IpAddr::from([192, 0, 2, 1])]);
        }
        assert_eq!(gateways(""), Vec::<IpAddr>::new());
        assert_eq!(gateways("head\nrubbish\neth0 00000000 xyz 0003"), Vec::<IpAddr>::new());
    }

    #[test]
    fn the_resolvers_configuration_is_read() {
        let text = "# a comment\nsearch example.com\nnameserver 10.0.0.53\nnameserver ::1\nnameserver x\n";
        let wanted: Vec<SocketAddr> =
            ["10.0.0.53:53", "[::1]:53"].iter().map(|text| text.parse().expect("an address")).collect();
        assert_eq!(name_servers(text), wanted);
    }

    async fn reached(around: Surroundings, anchors: &[String]) -> bool {
        let deadline = crate::progress::now() + Duration::from_millis(300);
        any(&Dialer::default(), &around, anchors, deadline).await
    }

    #[tokio::test]
    async fn a_refusal_is_an_answer() {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        assert!(reached(Surroundings::default(), &[gone.expect("an address").to_string()]).await);
    }

    #[tokio::test]
    async fn silence_is_no_answer() {
        let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("bind");
        let around =
            Surroundings { gateways: Vec::new(), name_servers: vec![silent.local_addr().expect("an address")] };
        assert!(!reached(around, &["not an anchor".to_owned()]).await);
        assert!(!reached(Surroundings::default(), &[]).await);
    }
}
