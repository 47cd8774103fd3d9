//! Sends echo requests and waits for their replies.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use allswell_core::{Phase, Reason};
use tokio::time::Instant;

use super::Prepared;
use super::tally::Tally;
use crate::dialer::{Dialer, Echo, of_connect};
use crate::draft::Draft;
use crate::fault::Fault;
use crate::progress::now;

/// The answer is made before the deadline cuts it off: packets that are still under way then are lost.
const BEFORE_THE_DEADLINE: Duration = Duration::from_millis(20);
/// As `ping` sends.
const PAYLOAD_BYTES: usize = 56;

/// Asks `question` and leaves what came back in `draft`.
pub(crate) async fn ask(
    question: &Prepared,
    dialer: &Dialer,
    deadline: Instant,
    draft: &mut Draft,
) -> Result<(), Fault> {
    let addresses = dialer.allowed_addresses(&question.host, &question.dial, deadline, &mut draft.progress).await?;
    let address = *addresses.first().expect("never none");
    draft.progress.address = Some(SocketAddr::new(address, 0));
    let echo = dialer.echo(address)?;
    let mut tally = Tally::default();
    let result = exchange(question, &echo, address, deadline, &mut tally).await;
    draft.said = tally.to_json().into_bytes();
    if let Some(mean) = tally.mean() {
        draft.progress.phases.add(Phase::FirstByte, mean);
        draft.took = Some(mean + draft.progress.phases.dns.unwrap_or_default());
    }
    result?;
    judge(question, &tally, draft)
}

/// Sends all packets, one after each gap, and takes replies until all are here or it is too late.
async fn exchange(
    question: &Prepared,
    echo: &Echo,
    address: IpAddr,
    deadline: Instant,
    tally: &mut Tally,
) -> Result<(), Fault> {
    let token = RandomState::new().build_hasher().finish();
    let begin = now();
    let at = |index: u16| begin + question.gap * index.into();
    let end = (at(question.count - 1) + question.wait).min(deadline - BEFORE_THE_DEADLINE);
    let mut sent = Vec::with_capacity(question.count.into());
    let mut buffer = [0; 2048];
    loop {
        let next = u16::try_from(sent.len()).ok().filter(|next| *next < question.count);
        if next.is_none() && tally.is_complete() {
            return Ok(());
        }
        let until = next.map_or(end, |next| at(next).min(end));
        match tokio::time::timeout_at(until, echo.receive(&mut buffer)).await {
            Ok(Ok(packet)) => {
                let reply = read(packet, token, address).filter(|index| *index < sent.len());
                if let Some(index) = reply {
                    tally.received(index, now().saturating_duration_since(sent[index]));
                }
            }
            Ok(Err(error)) => trouble(&error, address)?,
            Err(_) => {
                let Some(next) = next.filter(|next| at(*next) < end || *next == 0) else { return Ok(()) };
                sent.push(now());
                tally.sent();
                if let Err(error) = echo.send(&packet(next, token, address)).await {
                    trouble(&error, address)?;
                }
            }
        }
    }
}

/// What an error of the socket says: some are of one packet, which is lost, others end it all.
fn trouble(error: &io::Error, address: IpAddr) -> Result<(), Fault> {
    let (reason, why) = of_connect(error, SocketAddr::new(address, 0));
    match reason {
        // A router on the way said so of one packet. The next one may come through.
        Reason::ConnectUnreachable | Reason::ConnectRefused | Reason::ConnectTimeout => Ok(()),
        _ => Err(Fault::new(reason, format!("{address}: {why}"))),
    }
}

fn judge(question: &Prepared, tally: &Tally, draft: &mut Draft) -> Result<(), Fault> {
    let (count, lost) = (tally.count(), tally.lost());
    if lost == count {
        let packets = if count == 1 { "the packet".to_owned() } else { format!("any of {count} packets") };
        return Err(Fault::new(Reason::ConnectTimeout, format!("{} did not reply to {packets}", question.host)));
    }
    let detail = format!("{lost} of {count} packets were lost");
    if tally.lost_more_than(question.max_loss) {
        return Err(Fault::new(Reason::PacketLoss, detail));
    }
    if lost > 0 {
        draft.remark = Some(Fault::new(Reason::PacketLoss, detail));
    }
    Ok(())
}

/// An echo request: type, code, checksum, identifier, sequence; its payload begins with `token`, by which its reply is known.
fn packet(index: u16, token: u64, address: IpAddr) -> Vec<u8> {
    let kind = if address.is_ipv4() { 8 } else { 128 };
    let mut packet = vec![kind, 0, 0, 0];
    // The system puts its own identifier in where it lends the socket.
    packet.extend((token as u16).to_be_bytes());
    packet.extend(index.to_be_bytes());
    packet.extend(token.to_be_bytes());
    packet.resize(8 + PAYLOAD_BYTES, 0x55);
    // The checksum of ICMPv6 covers addresses, which the system knows; it fills it in.
    let checksum = if address.is_ipv4() { checksum(&packet) } else { 0 };
    packet[2..4].copy_from_slice(&checksum.to_be_bytes());
    packet
}

/// The number of the packet that `packet` replies to, when it is one of ours.
fn read(packet: &[u8], token: u64, address: IpAddr) -> Option<usize> {
    let reply = if address.is_ipv4() { 0 } else { 129 };
    let (head, payload) = packet.split_first_chunk::<8>()?;
    let is_ours = head[0] == reply && head[1] == 0 && payload.starts_with(&token.to_be_bytes());
    is_ours.then(|| u16::from_be_bytes([head[6], head[7]]).into())
}

/// RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const V6: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

    #[test]
    fn the_checksum_of_a_packet_with_its_checksum_is_zero() {
        let sent = packet(3, 0x0102_0304_0506_0708, V4);
        assert_eq!((sent.len(), checksum(&sent)), (64, 0));
        // RFC 1071, 3: the example.
        assert_eq!(!checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), 0xddf2);
    }

    #[test]
    fn only_replies_to_us_are_replies() {
        let token = 0xfeed;
        for (address, reply) in [(V4, 0), (V6, 129)] {
            let mut packet = packet(7, token, address);
            assert_eq!(read(&packet, token, address), None, "a request is no reply");
            packet[0] = reply;
            assert_eq!(read(&packet, token, address), Some(7));
            assert_eq!(read(&packet, token + 1, address), None, "a reply to somebody else");
            assert_eq!(read(&packet[..12], token, address), None, "a reply that was cut");
        }
        assert_eq!(read(&[], token, V4), None);
    }
}
