//! Happy eyeballs (RFC 8305): the addresses of a name are tried one after the other, each a little later than the one
//! before or as soon as that one failed, and the first connection wins.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use allswell_core::Reason;
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::net::{TcpSocket, TcpStream};

use super::Progress;
use super::fault::{DialError, of_connect};

/// RFC 8305, 5: the recommended delay between attempts.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

type Attempt = (SocketAddr, Result<TcpStream, (Reason, String)>);

/// Connects to the first of `addresses` that lets us, IPv6 first, families in turn.
///
/// `later` brings more addresses while the race is on.
pub(super) async fn connect(
    addresses: Vec<SocketAddr>,
    later: Option<BoxFuture<'static, Vec<SocketAddr>>>,
    progress: &mut Progress,
) -> Result<TcpStream, DialError> {
    if let ([address], None) = (addresses.as_slice(), &later) {
        progress.address = Some(*address);
        let (address, result) = attempt(*address).await;
        return result.map_err(|(reason, why)| summed_up(&[(address, reason, why)]));
    }
    Race::new(addresses, later).run(progress).await
}

struct Race {
    waiting: VecDeque<SocketAddr>,
    later: Option<BoxFuture<'static, Vec<SocketAddr>>>,
    running: FuturesUnordered<BoxFuture<'static, Attempt>>,
    failed: Vec<(SocketAddr, Reason, String)>,
}

impl Race {
    fn new(addresses: Vec<SocketAddr>, later: Option<BoxFuture<'static, Vec<SocketAddr>>>) -> Self {
        Self { waiting: in_turn(addresses), later, running: FuturesUnordered::new(), failed: Vec::new() }
    }

    async fn run(mut self, progress: &mut Progress) -> Result<TcpStream, DialError> {
        loop {
            self.start_next(progress);
            let delay = tokio::time::sleep(ATTEMPT_DELAY);
            tokio::select! {
                Some((address, result)) = self.running.next(), if !self.running.is_empty() => match result {
                    Ok(stream) => {
                        progress.address = Some(address);
                        return Ok(stream);
                    }
                    Err((reason, why)) => self.failed.push((address, reason, why)),
                },
                more = async { self.later.as_mut().expect("checked by the branch's condition").await },
                    if self.later.is_some() =>
                {
                    self.later = None;
                    self.waiting.extend(more);
                }
                () = delay, if !self.waiting.is_empty() => {}
                else => return Err(summed_up(&self.failed)),
            }
        }
    }

    fn start_next(&mut self, progress: &mut Progress) {
        if let Some(address) = self.waiting.pop_front() {
            progress.address = Some(address);
            self.running.push(attempt(address).boxed());
        }
    }
}

/// IPv6 first, then the families in turn (RFC 8305, 4).
fn in_turn(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let (v6, v4): (Vec<_>, Vec<_>) = addresses.into_iter().partition(SocketAddr::is_ipv6);
    let (mut v6, mut v4) = (v6.into_iter(), v4.into_iter());
    let mut turns = VecDeque::new();
    loop {
        let (six, four) = (v6.next(), v4.next());
        if six.is_none() && four.is_none() {
            return turns;
        }
        turns.extend([six, four].into_iter().flatten());
    }
}

async fn attempt(address: SocketAddr) -> Attempt {
    let connected = async {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_nodelay(true)?;
        socket.connect(address).await
    };
    let result = connected.await.map_err(|error| of_connect(&error, address));
    (address, result)
}

/// One error out of those of all attempts: what says most about the target decides.
fn summed_up(failed: &[(SocketAddr, Reason, String)]) -> DialError {
    let Some((address, reason, _)) = failed.iter().min_by_key(|(_, reason, _)| weight(*reason)) else {
        return DialError::new(Reason::OwnFault, "there was no address to connect to");
    };
    let sentences: Vec<_> = failed.iter().take(4).map(|(address, _, why)| format!("{why}: {address}")).collect();
    let more = if failed.len() > 4 { format!(" and {} more", failed.len() - 4) } else { String::new() };
    let mut error = DialError::new(*reason, sentences.join("; ") + &more);
    error.address = Some(*address);
    error
}

/// Our own trouble says that the race was not fair; a missing route of one family says nothing when the other has one.
fn weight(reason: Reason) -> u8 {
    match reason {
        Reason::OwnFault => 0,
        Reason::ConnectRefused => 1,
        Reason::ConnectionLost => 2,
        Reason::ConnectTimeout => 3,
        Reason::ConnectUnreachable => 4,
        _ => 5,
    }
}

/// `address` with `port`.
pub(super) fn with_port(addresses: impl IntoIterator<Item = IpAddr>, port: u16) -> Vec<SocketAddr> {
    addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn families_take_turns() {
        let given = ["1.1.1.1:1", "1.1.1.2:1", "1.1.1.3:1", "[::1]:1", "[::2]:1"].map(address);
        let wanted = ["[::1]:1", "1.1.1.1:1", "[::2]:1", "1.1.1.2:1", "1.1.1.3:1"].map(address);
        assert_eq!(in_turn(given.to_vec()), wanted);
    }

    #[test]
    fn a_missing_family_does_not_hide_what_the_target_did() {
        let no_route = (address("[::1]:1"), Reason::OwnNetwork, "no route".to_owned());
        let refused = (address("127.0.0.1:1"), Reason::ConnectRefused, "connection refused".to_owned());
        let error = summed_up(&[no_route.clone(), refused.clone()]);
        assert_eq!(error.reason, Reason::ConnectRefused);
        assert_eq!(error.detail, "no route: [::1]:1; connection refused: 127.0.0.1:1");
        assert_eq!(error.address, Some(refused.0));
        assert_eq!(summed_up(std::slice::from_ref(&no_route)).reason, Reason::OwnNetwork);
        let exhausted = (address("127.0.0.1:1"), Reason::OwnFault, "no descriptors".to_owned());
        assert_eq!(summed_up(&[refused, exhausted]).reason, Reason::OwnFault);
    }
}
