//! The one way out: resolves, checks every address against the policy, connects with happy eyeballs (RFC 8305).
//!
//! Whoever sends anything anywhere (probes, webhooks, mail) dials here, so that one policy holds for all of them.
//! Proxies named in the environment are ignored: they would move the dialling out of the policy's sight.

mod datagram;
mod echo;
mod fault;
mod policy;
mod race;
mod resolve;

use std::net::{IpAddr, SocketAddr};

use allswell_core::{Phase, Phases, Reason};
use futures_util::future::{BoxFuture, FutureExt};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;

pub(crate) use echo::Echo;
pub use fault::DialError;
pub(crate) use fault::{exhausted, of_connect};
pub use policy::AddressPolicy;
pub use resolve::Resolver;
pub(crate) use resolve::of_the_system;

use crate::progress::Progress;
use crate::{Certificate, tls};

/// Which addresses of a name to try.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IpVersion {
    /// Both, IPv6 first.
    #[default]
    Any,
    /// Only IPv4.
    Ipv4,
    /// Only IPv6.
    Ipv6,
}

impl IpVersion {
    fn allows(self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::Ipv4 => address.is_ipv4(),
            Self::Ipv6 => address.is_ipv6(),
        }
    }

    const fn address(self) -> &'static str {
        match self {
            Self::Any => "address",
            Self::Ipv4 => "IPv4 address",
            Self::Ipv6 => "IPv6 address",
        }
    }
}

/// How to find and choose the address.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Which addresses of a name to try.
    pub ip_version: IpVersion,
    /// The resolver to ask instead of the dialler's own.
    pub resolver: Option<Resolver>,
}

/// A TCP connection, and how it came about.
#[derive(Debug)]
pub struct Connected {
    /// The connection, with `TCP_NODELAY`.
    pub stream: TcpStream,
    /// Where it leads.
    pub address: SocketAddr,
    /// How long `dns` and `connect` took.
    pub phases: Phases,
}

/// A TLS connection, and how it came about.
#[derive(Debug)]
pub struct Secured {
    /// The connection, its handshake done and its certificate accepted.
    pub stream: TlsStream<TcpStream>,
    /// Where it leads.
    pub address: SocketAddr,
    /// How long `dns`, `connect` and `tls` took.
    pub phases: Phases,
    /// What was presented.
    pub certificate: Option<Certificate>,
}

/// Makes every outbound connection; one for the whole process.
///
/// Its futures come boxed: what they are made of is compiled here, once, and not again in every crate that connects.
#[derive(Clone, Debug, Default)]
pub struct Dialer {
    policy: AddressPolicy,
    resolver: Resolver,
}

impl Dialer {
    /// A dialler that keeps to `policy` and asks the system's resolvers.
    pub fn new(policy: AddressPolicy) -> Self {
        Self { policy, resolver: Resolver::system() }
    }

    /// Which addresses may be connected to.
    pub fn policy(&self) -> &AddressPolicy {
        &self.policy
    }

    /// Connects to `host`, a name or an IP address (with or without brackets), by `deadline`.
    ///
    /// # Errors
    /// [`DialError`] says why and whose fault it is.
    pub fn connect<'a>(
        &'a self,
        host: &'a str,
        port: u16,
        options: &'a Options,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Connected, DialError>> {
        let connect = async move {
            let mut progress = Progress::new();
            let dialled = self.dial(host, port, options, deadline, &mut progress);
            let stream = finish(tokio::time::timeout_at(deadline, dialled).await, &mut progress, host)?;
            let address = progress.address.expect("set when connected");
            Ok(Connected { stream, address, phases: progress.phases })
        };
        connect.boxed()
    }

    /// Connects like [`Self::connect`] and speaks TLS for `host`, all by `deadline`.
    ///
    /// # Errors
    /// [`DialError`] says why and whose fault it is; a certificate that is not accepted is one.
    pub fn connect_tls<'a>(
        &'a self,
        host: &'a str,
        port: u16,
        options: &'a Options,
        client: &'a tls::Client,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Secured, DialError>> {
        let connect = async move {
            let mut progress = Progress::new();
            let secured = async {
                let stream = self.dial(host, port, options, deadline, &mut progress).await?;
                progress.begin(Phase::Tls);
                let handshake = client.handshake(stream, host).await;
                handshake.result.map(|stream| (stream, handshake.certificate)).map_err(DialError::from)
            };
            let secured = tokio::time::timeout_at(deadline, secured).await;
            let (stream, certificate) = finish(secured, &mut progress, host)?;
            let address = progress.address.expect("set when connected");
            Ok(Secured { stream, address, phases: progress.phases, certificate })
        };
        connect.boxed()
    }

    /// Connects; the deadline is only a measure for when to doubt the resolver, enforcing it is the caller's.
    pub(crate) async fn dial(
        &self,
        host: &str,
        port: u16,
        options: &Options,
        deadline: Instant,
        progress: &mut Progress,
    ) -> Result<TcpStream, DialError> {
        let host = bare(host);
        let (addresses, later) = self.find(host, options, deadline, progress).await?;
        let addresses = race::with_port(self.allowed(host, addresses)?, port);
        let policy = self.policy.clone();
        let later = later.map(|later| {
            later
                .map(move |more| race::with_port(more.into_iter().filter(|a| policy.refusal(*a).is_none()), port))
                .boxed()
        });
        progress.begin(Phase::Connect);
        let stream = race::connect(addresses, later, progress).await?;
        progress.end();
        Ok(stream)
    }

    /// The addresses of `host`, whatever the policy says of them; a resolver that was chosen is asked only where it lets us.
    async fn find(
        &self,
        host: &str,
        options: &Options,
        deadline: Instant,
        progress: &mut Progress,
    ) -> Result<(Vec<IpAddr>, Option<BoxFuture<'static, Vec<IpAddr>>>), DialError> {
        let found = match host.parse::<IpAddr>() {
            Ok(address) if options.ip_version.allows(address) => {
                resolve::Found { addresses: vec![address], later: None }
            }
            Ok(address) => {
                let why = format!("`{address}` is no {}", options.ip_version.address());
                return Err(DialError::new(Reason::DnsNotFound, why));
            }
            Err(_) => {
                let resolver = options.resolver.as_ref().unwrap_or(&self.resolver);
                self.may_ask(resolver)?;
                progress.begin(Phase::Dns);
                resolve::lookup(resolver, host, options.ip_version, deadline, progress).await?
            }
        };
        Ok((found.addresses, found.later))
    }

    /// Refuses a resolver that was chosen where it must not be connected to.
    fn may_ask(&self, resolver: &Resolver) -> Result<(), DialError> {
        let chosen = resolver.chosen_address().map(|server| server.ip());
        let Some((server, why)) = chosen.and_then(|server| Some((server, self.policy.refusal(server)?))) else {
            return Ok(());
        };
        let detail = format!(
            "the resolver {server} must not be asked: {why}; leave `resolver` out, or allow its network if that is meant"
        );
        Err(DialError::new(Reason::AddressForbidden, detail))
    }

    /// The addresses that may be connected to; an error when there are none.
    fn allowed(&self, host: &str, addresses: Vec<IpAddr>) -> Result<Vec<IpAddr>, DialError> {
        let (allowed, refused): (Vec<_>, Vec<_>) =
            addresses.into_iter().partition(|address| self.policy.refusal(*address).is_none());
        if allowed.is_empty()
            && let Some((address, why)) = refused.first().and_then(|a| self.policy.refusal(*a).map(|why| (a, why)))
        {
            let what = match host.parse::<IpAddr>() {
                Ok(_) => format!("the address {address} must not be connected to: {why}"),
                // Who is kept away from private networks is not told what their names lead to.
                Err(_) if self.policy.deny_private => format!("`{host}` leads to no address that may be connected to"),
                Err(_) => format!("the address {address} of `{host}` must not be connected to: {why}"),
            };
            let detail = format!("{what}; allow its network if that is meant");
            return Err(DialError::new(Reason::AddressForbidden, detail));
        }
        Ok(allowed)
    }
}

/// A host without the brackets of an IPv6 address.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Ends the measuring and fills in what the error cannot know.
fn finish<T>(
    result: Result<Result<T, DialError>, tokio::time::error::Elapsed>,
    progress: &mut Progress,
    host: &str,
) -> Result<T, DialError> {
    let error = match result {
        Ok(Ok(value)) => {
            progress.end();
            return Ok(value);
        }
        Ok(Err(error)) => {
            progress.end();
            error
        }
        Err(_) => {
            let reason = progress.cut();
            DialError::new(reason, in_time(reason, host, progress.address))
        }
    };
    Err(DialError { address: error.address.or(progress.address), phases: Box::new(progress.phases), ..error })
}

/// A sentence on a deadline that passed while dialling.
pub(crate) fn in_time(reason: Reason, host: &str, address: Option<SocketAddr>) -> String {
    let address = address.map_or_else(|| format!("`{host}`"), |address| address.to_string());
    match reason {
        Reason::OwnResolver => format!("our resolver gave no answer, neither for `{host}` nor for the DNS root"),
        Reason::DnsTimeout => format!("no answer for the name `{host}` in time, while the resolver answers for others"),
        Reason::ConnectTimeout => format!("{address} did not take the connection in time"),
        Reason::TlsTimeout => format!("the TLS handshake with {address} did not end in time"),
        Reason::FirstByteTimeout => format!("{address} gave no answer in time"),
        _ => format!("the answer of {address} did not end in time"),
    }
}
