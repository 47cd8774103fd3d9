//! Names to addresses, by the system's resolvers or by one that was chosen; nothing is cached.
//!
//! A name that does not exist is the target's fault; a resolver that answers nobody is ours. To tell a slow name from a
//! dead resolver, it is asked for the root's name servers, which every resolver knows.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use allswell_core::Reason;
use futures_util::future::{BoxFuture, FutureExt};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use tokio::time::Instant;

use super::fault::{DialError, exhausted};
use super::{IpVersion, Progress};
use crate::progress::now;

/// How long the other family's addresses are waited for once one family has some (RFC 8305, 3).
const RESOLUTION_DELAY: Duration = Duration::from_millis(50);
/// How long one server is waited for before the question is repeated.
const SERVER_PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer is waited for before the resolver itself is put to the test; half the time left if that is less.
const DOUBT: Duration = Duration::from_secs(1);
/// How many addresses of a name are looked at.
const ADDRESSES_MAX: usize = 16;

/// Where names are looked up.
#[derive(Clone, Debug)]
pub struct Resolver(Source);

#[derive(Clone, Debug)]
enum Source {
    Chosen(Box<TokioResolver>, SocketAddr),
    System(Arc<Mutex<Option<Loaded>>>),
}

/// The system's resolver, and which state of its files it was made from.
#[derive(Debug)]
struct Loaded {
    stamp: [Option<SystemTime>; 2],
    resolver: Result<TokioResolver, String>,
}

impl Resolver {
    /// The system's resolvers and its `/etc/hosts`; changes of either are noticed.
    pub fn system() -> Self {
        Self(Source::System(Arc::default()))
    }

    /// The DNS server at `text`, an address with or without a port; `/etc/hosts` and search domains play no part.
    ///
    /// # Errors
    /// A sentence with the text and the way out, when it is no address.
    pub fn chosen(text: &str) -> Result<Self, String> {
        let wrong = |_| {
            format!(
                "`{text}` is no address of a DNS server; write an IP address, with a port if it is not 53: 10.0.0.53 or 10.0.0.53:5353"
            )
        };
        let server = match text.trim().parse::<SocketAddr>() {
            Ok(address) => address,
            Err(_) => SocketAddr::new(text.trim().trim_matches(['[', ']']).parse::<IpAddr>().map_err(wrong)?, 53),
        };
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
            connection.port = server.port();
            connection
        });
        let named = NameServerConfig::new(server.ip(), true, connections.into());
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![named]);
        let mut options = ResolverOpts::default();
        options.use_hosts_file = ResolveHosts::Never;
        build(config, options).map(|resolver| Self(Source::Chosen(Box::new(resolver), server)))
    }

    /// The address of a DNS server that was chosen; `None` for the system's resolvers.
    pub(crate) fn chosen_address(&self) -> Option<SocketAddr> {
        match &self.0 {
            Source::Chosen(_, server) => Some(*server),
            Source::System(_) => None,
        }
    }

    /// The resolver to ask now; a sentence when the system has none.
    fn current(&self) -> Result<TokioResolver, String> {
        let loaded = match &self.0 {
            Source::Chosen(resolver, _) => return Ok((**resolver).clone()),
            Source::System(loaded) => loaded,
        };
        let modified = |path: &str| Path::new(path).metadata().and_then(|metadata| metadata.modified()).ok();
        let stamp = [modified("/etc/resolv.conf"), modified("/etc/hosts")];
        let mut loaded = loaded.lock().unwrap_or_else(PoisonError::into_inner);
        match &*loaded {
            Some(loaded) if loaded.stamp == stamp => loaded.resolver.clone(),
            _ => {
                let resolver = load();
                *loaded = Some(Loaded { stamp, resolver: resolver.clone() });
                resolver
            }
        }
    }
}

impl Default for Resolver {
    fn default() -> Self {
        Self::system()
    }
}

fn load() -> Result<TokioResolver, String> {
    let (config, mut options) = hickory_resolver::system_conf::read_system_conf()
        .or_else(|error| {
            // Names in /etc/hosts resolve all the same; others end with "no name servers".
            tracing::warn!(%error, "cannot read the system's DNS configuration");
            Ok::<_, NetError>((ResolverConfig::default(), ResolverOpts::default()))
        })
        .map_err(|error: NetError| error.to_string())?;
    options.use_hosts_file = ResolveHosts::Always;
    build(config, options)
}

fn build(config: ResolverConfig, mut options: ResolverOpts) -> Result<TokioResolver, String> {
    options.cache_size = 0;
    options.positive_max_ttl = Some(Duration::ZERO);
    options.negative_max_ttl = Some(Duration::ZERO);
    options.timeout = SERVER_PATIENCE;
    // Repeated here, where the deadline is known.
    options.attempts = 0;
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    *builder.options_mut() = options;
    builder.build().map_err(|error| format!("cannot make a resolver: {error}"))
}

/// Why one family of addresses of a name is not known.
#[derive(Debug)]
enum Miss {
    /// The name does not exist at all.
    NoName,
    /// The name has no address of this family.
    NoAddress,
    /// The resolver could not resolve it.
    Failed(String),
    /// The resolver cannot be reached.
    NoResolver(String),
    /// We ran out of something.
    Ours(&'static str),
}

type Family = Result<Vec<IpAddr>, Miss>;

/// The addresses of a name; those of the slower family may still be on their way.
pub(crate) struct Found {
    /// What is known now, never empty.
    pub addresses: Vec<IpAddr>,
    /// The slower family.
    pub later: Option<BoxFuture<'static, Vec<IpAddr>>>,
}

/// Finds the addresses of `host`. Waits beyond `deadline` when nobody answers: cutting it off is the caller's.
///
/// Notes in `progress` when the resolver answers another question while this one is open.
pub(crate) async fn lookup(
    resolver: &Resolver,
    host: &str,
    version: IpVersion,
    deadline: Instant,
    progress: &mut Progress,
) -> Result<Found, DialError> {
    let resolver = resolver.current().map_err(|why| DialError::new(Reason::OwnResolver, why))?;
    let found = doubting(&resolver, deadline, progress, families(&resolver, host, version)).await;
    match found {
        Ok(found) => Ok(found),
        Err(Miss::NoResolver(_)) if progress.resolver_answers || answers(&resolver).await => {
            Err(DialError::new(Reason::DnsFailure, format!("the resolver broke off the lookup of `{host}`")))
        }
        Err(miss) => Err(miss.error(host, version)),
    }
}

/// Waits for `work`, and puts the resolver to the test when that takes long.
async fn doubting<T>(
    resolver: &TokioResolver,
    deadline: Instant,
    progress: &mut Progress,
    work: impl Future<Output = T>,
) -> T {
    let doubt = now() + (deadline.saturating_duration_since(now()) / 2).min(DOUBT);
    let canary = async {
        tokio::time::sleep_until(doubt).await;
        answers(resolver).await
    };
    let (mut canary, mut work) = (std::pin::pin!(canary.fuse()), std::pin::pin!(work));
    loop {
        tokio::select! {
            biased;
            done = &mut work => break done,
            alive = &mut canary => progress.resolver_answers |= alive,
        }
    }
}

/// Waits for `work`, which asks the system's resolver; notes in `progress` when that answers another question meanwhile.
pub(crate) async fn doubting_the_system<T>(
    resolver: &Resolver,
    deadline: Instant,
    progress: &mut Progress,
    work: impl Future<Output = T>,
) -> T {
    match resolver.current() {
        Ok(resolver) => doubting(&resolver, deadline, progress, work).await,
        Err(_) => work.await,
    }
}

/// The addresses of the system's resolvers, in the order in which they are to be asked.
pub(crate) fn of_the_system() -> Vec<SocketAddr> {
    let Ok((config, _)) = hickory_resolver::system_conf::read_system_conf() else { return Vec::new() };
    config.name_servers().iter().map(|server| SocketAddr::new(server.ip, 53)).collect()
}

impl Miss {
    fn error(self, host: &str, version: IpVersion) -> DialError {
        let (reason, detail) = match self {
            Self::NoName => (Reason::DnsNotFound, format!("the name `{host}` does not exist")),
            Self::NoAddress => (Reason::DnsNotFound, format!("the name `{host}` has no {}", version.address())),
            Self::Failed(why) => (Reason::DnsFailure, format!("the resolver could not resolve `{host}`: {why}")),
            Self::NoResolver(why) => (Reason::OwnResolver, format!("cannot reach the resolver for `{host}`: {why}")),
            Self::Ours(what) => (Reason::OwnFault, format!("cannot look up `{host}`: {what}")),
        };
        DialError::new(reason, detail)
    }
}

/// Asks for the families that are wanted, both at once.
async fn families(resolver: &TokioResolver, host: &str, version: IpVersion) -> Result<Found, Miss> {
    let v4 = || family(resolver.clone(), host.to_owned(), RecordType::A).boxed();
    let v6 = || family(resolver.clone(), host.to_owned(), RecordType::AAAA).boxed();
    match version {
        IpVersion::Ipv4 => v4().await.map(Found::complete),
        IpVersion::Ipv6 => v6().await.map(Found::complete),
        IpVersion::Any => {
            let (first, other) = match futures_util::future::select(v6(), v4()).await {
                futures_util::future::Either::Left(first) | futures_util::future::Either::Right(first) => first,
            };
            both(first, other).await
        }
    }
}

impl Found {
    fn complete(addresses: Vec<IpAddr>) -> Self {
        Self { addresses, later: None }
    }
}

async fn both(first: Family, mut other: BoxFuture<'static, Family>) -> Result<Found, Miss> {
    match first {
        // A name that does not exist has no addresses of the other family either (RFC 8020).
        Err(Miss::NoName) => Err(Miss::NoName),
        Err(miss) => match (miss, other.await) {
            (_, Ok(addresses)) => Ok(Found::complete(addresses)),
            (Miss::NoAddress, Err(second)) => Err(second),
            (first, Err(_)) => Err(first),
        },
        Ok(mut addresses) => match tokio::time::timeout(RESOLUTION_DELAY, &mut other).await {
            Ok(second) => {
                addresses.extend(second.into_iter().flatten());
                Ok(Found::complete(addresses))
            }
            Err(_) => Ok(Found { addresses, later: Some(other.map(Result::unwrap_or_default).boxed()) }),
        },
    }
}

/// Asks for one family until somebody answers; a failure of the resolver is asked about once more.
async fn family(resolver: TokioResolver, host: String, kind: RecordType) -> Family {
    let mut failed_before = false;
    loop {
        let why = match resolver.lookup(host.as_str(), kind).await {
            Ok(lookup) => {
                let addresses = lookup.answers().iter().filter_map(|record| address(&record.data));
                let addresses: Vec<_> = addresses.take(ADDRESSES_MAX).collect();
                return if addresses.is_empty() { Err(Miss::NoAddress) } else { Ok(addresses) };
            }
            Err(NetError::Timeout | NetError::Busy) => continue,
            Err(NetError::Dns(DnsError::NoRecordsFound(none))) => match none.response_code {
                ResponseCode::NXDomain => return Err(Miss::NoName),
                ResponseCode::NoError => return Err(Miss::NoAddress),
                code => in_words(code),
            },
            Err(NetError::Dns(DnsError::ResponseCode(code))) => in_words(code),
            Err(NetError::Io(error)) => return Err(unreachable(&error)),
            Err(NetError::NoConnections) => return Err(Miss::NoResolver("no name server is configured".to_owned())),
            Err(error) => error.to_string(),
        };
        if std::mem::replace(&mut failed_before, true) {
            return Err(Miss::Failed(why));
        }
    }
}

fn address(data: &RData) -> Option<IpAddr> {
    match data {
        RData::A(v4) => Some(IpAddr::V4(v4.0)),
        RData::AAAA(v6) => Some(IpAddr::V6(v6.0)),
        _ => None,
    }
}

fn unreachable(error: &io::Error) -> Miss {
    exhausted(error).map_or_else(|| Miss::NoResolver(error.to_string()), Miss::Ours)
}

fn in_words(code: ResponseCode) -> String {
    match code {
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        code => format!("it answered `{code}`"),
    }
}

/// Whether the resolver answers anything at all.
async fn answers(resolver: &TokioResolver) -> bool {
    matches!(resolver.lookup(Name::root(), RecordType::NS).await, Ok(_) | Err(NetError::Dns(_)))
}
