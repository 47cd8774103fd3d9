//! Where a request comes from.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

/// What proxies write down of those they ask for.
const RELAYED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The other end of the connection, or who a proxy on this machine says it asks for.
    pub(crate) from: IpAddr,
    /// Whether it is this machine, and no proxy's.
    pub(crate) is_here: bool,
}

impl Place {
    fn of(peer: Option<IpAddr>, headers: &HeaderMap) -> Self {
        // Who cannot be told apart counts as one.
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).to_canonical();
        let is_relayed = RELAYED.iter().any(|name| headers.contains_key(*name));
        let told = peer.is_loopback().then(|| last_told(headers)).flatten();
        Self { from: told.unwrap_or(peer), is_here: peer.is_loopback() && !is_relayed }
    }
}

/// The last one that `X-Forwarded-For` names is the one that the proxy beside us saw.
fn last_told(headers: &HeaderMap) -> Option<IpAddr> {
    let told = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    told.rsplit(',').next()?.trim().parse().ok()
}

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        Ok(Self::of(peer, &parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_proxy_on_this_machine_is_believed_and_it_is_not_here() {
        let check = |peer: &str, told: Option<&'static str>, from: &str, is_here: bool| {
            let headers = told.map(|told| ("x-forwarded-for".parse().expect("a name"), told.parse().expect("a value")));
            let place = Place::of(peer.parse().ok(), &headers.into_iter().collect());
            assert_eq!(place, Place { from: from.parse().expect("an address"), is_here }, "{peer} {told:?}");
        };
        check("127.0.0.1", None, "127.0.0.1", true);
        check("::1", None, "::1", true);
        check("::ffff:127.0.0.1", None, "127.0.0.1", true);
        check("192.0.2.7", None, "192.0.2.7", false);
        check("127.0.0.1", Some("198.51.100.1, 192.0.2.7"), "192.0.2.7", false);
        check("127.0.0.1", Some("unknown"), "127.0.0.1", false);
        check("192.0.2.7", Some("127.0.0.1"), "192.0.2.7", false);
        check("nobody", None, "0.0.0.0", false);
    }
}
