//! One question to one server and its answer, over UDP, TCP or TLS.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use allswell_core::{Phase, Reason};
use hickory_proto::op::{Edns, Message, MessageType, Query};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use super::Prepared;
use crate::dialer::{Dialer, of_connect};
use crate::draft::Draft;
use crate::fault::Fault;

/// What fits into a datagram on every way (DNS flag day 2020).
const PAYLOAD: u16 = 1232;
/// When a question over UDP is asked again: it, or its answer, may have been lost.
const AGAIN: Duration = Duration::from_secs(1);

/// Asks over UDP, and over TCP when the answer does not fit.
pub(super) async fn over_udp(
    question: &Prepared,
    address: SocketAddr,
    dialer: &Dialer,
    deadline: Instant,
    draft: &mut Draft,
) -> Result<Message, Fault> {
    draft.progress.address = Some(address);
    draft.progress.begin(Phase::FirstByte);
    let answer = datagram(question, address, dialer).await?;
    if !answer.metadata.truncation {
        draft.progress.end();
        return Ok(answer);
    }
    over_tcp(question, address, dialer, deadline, draft).await
}

async fn datagram(question: &Prepared, address: SocketAddr, dialer: &Dialer) -> Result<Message, Fault> {
    let socket = dialer.datagrams(address).await?;
    let (asked, bytes) = query(question)?;
    let mut buffer = vec![0_u8; usize::from(u16::MAX)];
    loop {
        socket.send(&bytes).await.map_err(|error| of_udp(&error, address))?;
        let again = tokio::time::sleep(AGAIN);
        let mut again = std::pin::pin!(again);
        loop {
            let length = tokio::select! {
                () = &mut again => break,
                received = socket.recv(&mut buffer) => received.map_err(|error| of_udp(&error, address))?,
            };
            // What carries another number is no answer to us: late, or forged (RFC 5452).
            if let Some(answer) = read(&buffer[..length], &asked) {
                return answer;
            }
        }
    }
}

/// Asks over TCP.
pub(super) async fn over_tcp(
    question: &Prepared,
    address: SocketAddr,
    dialer: &Dialer,
    deadline: Instant,
    draft: &mut Draft,
) -> Result<Message, Fault> {
    let host = address.ip().to_string();
    let stream = dialer.dial(&host, address.port(), &question.dial, deadline, &mut draft.progress).await?;
    over(stream, question, draft).await
}

/// Asks over a connection; each message goes behind its length (RFC 1035, 4.2.2).
pub(super) async fn over<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    question: &Prepared,
    draft: &mut Draft,
) -> Result<Message, Fault> {
    draft.progress.begin(Phase::FirstByte);
    let (asked, bytes) = query(question)?;
    let length = u16::try_from(bytes.len()).expect("a question is short");
    let lost = |error: std::io::Error| {
        let when = "before the answer";
        Fault::lost(&error, when).unwrap_or_else(|| Fault::new(Reason::ConnectionLost, format!("{error} {when}")))
    };
    stream.write_all(&[&length.to_be_bytes(), bytes.as_slice()].concat()).await.map_err(lost)?;
    stream.flush().await.map_err(lost)?;
    let length = stream.read_u16().await.map_err(lost)?;
    draft.progress.begin(Phase::Transfer);
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await.map_err(lost)?;
    draft.progress.end();
    read(&answer, &asked).unwrap_or_else(|| Err(protocol("the answer carries another number than the question")))
}

fn query(question: &Prepared) -> Result<(Message, Vec<u8>), Fault> {
    let mut message = Message::query();
    message.add_query(Query::query(question.name.clone(), question.kind));
    // Authoritative servers ignore the wish; resolvers need it.
    message.metadata.recursion_desired = true;
    let mut edns = Edns::new();
    edns.set_max_payload(PAYLOAD);
    message.set_edns(edns);
    let bytes = message.to_vec();
    let bytes = bytes.map_err(|error| Fault::new(Reason::OwnFault, format!("cannot write the question: {error}")))?;
    Ok((message, bytes))
}

/// The answer to `asked`; `None` when these bytes are none to it.
fn read(bytes: &[u8], asked: &Message) -> Option<Result<Message, Fault>> {
    if bytes.len() < 12 || bytes[..2] != asked.metadata.id.to_be_bytes() {
        return None;
    }
    let answer = match Message::from_vec(bytes) {
        Ok(answer) => answer,
        Err(error) => return Some(Err(protocol(&format!("the answer is no DNS message: {error}")))),
    };
    if answer.metadata.message_type != MessageType::Response {
        return Some(Err(protocol("the answer is a question")));
    }
    // A server that cannot read a question may leave it out of its refusal.
    let same = |query: &Query| {
        asked.queries.iter().any(|ours| ours.name() == query.name() && ours.query_type() == query.query_type())
    };
    if !answer.queries.iter().all(same) {
        return Some(Err(protocol("the answer is to another question")));
    }
    Some(Ok(answer))
}

fn protocol(why: &str) -> Fault {
    Fault::new(Reason::Protocol, why)
}

fn of_udp(error: &std::io::Error, address: SocketAddr) -> Fault {
    let (reason, why) = of_connect(error, address);
    let why = if reason == Reason::ConnectRefused { "nobody listens on that UDP port".to_owned() } else { why };
    Fault::new(reason, format!("{address}: {why}"))
}

/// `ip` with `port`.
pub(super) fn at(ip: IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(ip, port)
}
