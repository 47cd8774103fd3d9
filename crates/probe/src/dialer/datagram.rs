//! Datagrams: the same names, the same policy, no connection.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::UdpSocket;
use tokio::time::Instant;

use super::fault::{DialError, of_connect};
use super::{Dialer, Options, bare, resolve};
use crate::progress::Progress;

impl Dialer {
    /// The addresses of `host` that may be asked, never none; the deadline is treated as in [`Self::dial`].
    pub(crate) async fn allowed_addresses(
        &self,
        host: &str,
        options: &Options,
        deadline: Instant,
        progress: &mut Progress,
    ) -> Result<Vec<IpAddr>, DialError> {
        let host = bare(host);
        let (addresses, _) = self.find(host, options, deadline, progress).await?;
        let addresses = self.allowed(host, addresses)?;
        progress.end();
        Ok(addresses)
    }

    /// A socket that exchanges datagrams with `address` and nobody else. The policy has been asked about it before.
    pub(crate) async fn datagrams(&self, address: SocketAddr) -> Result<UdpSocket, DialError> {
        let any = match address {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let connected = async {
            let socket = UdpSocket::bind((any, 0)).await?;
            socket.connect(address).await.map(|()| socket)
        };
        connected.await.map_err(|error| {
            let (reason, why) = of_connect(&error, address);
            DialError::new(reason, format!("{address}: {why}"))
        })
    }

    /// Waits for `work`, which asks the system's resolvers; notes when they answer another question meanwhile.
    pub(crate) async fn doubting<T>(
        &self,
        deadline: Instant,
        progress: &mut Progress,
        work: impl Future<Output = T>,
    ) -> T {
        resolve::doubting_the_system(&self.resolver, deadline, progress, work).await
    }
}
