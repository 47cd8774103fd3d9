//! Asks a DNS question and judges the records that come back.

use std::net::SocketAddr;
use std::time::Duration;

use allswell_core::time::humane;
use allswell_core::{Phase, Reason};
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::Record;
use tokio::time::Instant;

use super::exchange::{at, over, over_tcp, over_udp};
use super::records::{line, value};
use super::{Compare, Prepared, Transport, word};
use crate::dialer::{AddressPolicy, Dialer, of_the_system};
use crate::draft::Draft;
use crate::fault::Fault;

/// How many of the values that came are named in a sentence.
const VALUES_NAMED: usize = 8;

/// Asks `question` and leaves what came back in `draft`.
pub(crate) async fn ask(
    question: &Prepared,
    dialer: &Dialer,
    deadline: Instant,
    draft: &mut Draft,
) -> Result<(), Fault> {
    let answer = match &question.server {
        Some((host, port)) => of_server(question, host, *port, dialer, deadline, draft).await?,
        None => of_system(question, dialer, deadline, draft).await?,
    };
    draft.said = said(&answer).into_bytes();
    judge(question, &answer)
}

async fn of_server(
    question: &Prepared,
    host: &str,
    port: u16,
    dialer: &Dialer,
    deadline: Instant,
    draft: &mut Draft,
) -> Result<Message, Fault> {
    if let Some(client) = &question.client {
        let stream = dialer.dial(host, port, &question.dial, deadline, &mut draft.progress).await?;
        draft.progress.begin(Phase::Tls);
        let stream = draft.secure(client, stream, host).await?;
        return over(stream, question, draft).await;
    }
    let addresses = dialer.allowed_addresses(host, &question.dial, deadline, &mut draft.progress).await?;
    let address = at(*addresses.first().expect("never none"), port);
    match question.transport {
        Transport::Udp => over_udp(question, address, dialer, deadline, draft).await,
        Transport::Tcp | Transport::Tls => over_tcp(question, address, dialer, deadline, draft).await,
    }
}

/// The system's servers, each in turn: all of it is what finding an address takes, and their silence is ours.
///
/// What they say is shown, and they may know names of a private network: who is kept out of those asks none that is in one.
async fn of_system(
    question: &Prepared,
    dialer: &Dialer,
    deadline: Instant,
    draft: &mut Draft,
) -> Result<Message, Fault> {
    let servers = of_the_system();
    if servers.is_empty() {
        return Err(Fault::new(Reason::OwnResolver, "no name server is configured on this machine; name a `server`"));
    }
    let servers = shown_to_all(servers, dialer.policy())?;
    draft.progress.begin(Phase::Dns);
    let asking = async {
        let mut last = Fault::new(Reason::OwnResolver, "our resolvers gave no answer");
        let share = deadline.saturating_duration_since(crate::progress::now()) / servers.len().min(8) as u32;
        for (index, server) in servers.iter().enumerate() {
            let mut scratch = Draft::new();
            let asked = async {
                match question.transport {
                    Transport::Udp => over_udp(question, *server, dialer, deadline, &mut scratch).await,
                    _ => over_tcp(question, *server, dialer, deadline, &mut scratch).await,
                }
            };
            // The last one may take all the time that is left.
            let patience = if index + 1 == servers.len() { Duration::MAX } else { share };
            match tokio::time::timeout(patience, asked).await {
                Ok(Ok(answer)) => return Ok((answer, *server)),
                Ok(Err(fault)) => last = Fault::new(Reason::OwnResolver, fault.detail),
                Err(_) => {}
            }
        }
        Err(last)
    };
    let (answer, server) = dialer.doubting(deadline, &mut draft.progress, asking).await?;
    draft.progress.address = Some(server);
    draft.progress.end();
    Ok(answer)
}

/// Those of the system's `servers` whose answers may be shown.
fn shown_to_all(servers: Vec<SocketAddr>, policy: &AddressPolicy) -> Result<Vec<SocketAddr>, Fault> {
    // Some clouds have their name server at a metadata address: whoever may see private networks may ask it.
    let is_open = |server: &SocketAddr| !policy.deny_private || policy.refusal(server.ip()).is_none();
    let servers: Vec<_> = servers.into_iter().filter(is_open).collect();
    if servers.is_empty() {
        let why = "the name servers of this machine are where nothing may be connected to, and may know names of there; name a `server`";
        return Err(Fault::new(Reason::AddressForbidden, why));
    }
    Ok(servers)
}

/// The answer as `dig` shows it: the code, then a record a line.
fn said(answer: &Message) -> String {
    let authoritative = if answer.metadata.authoritative { ", authoritative" } else { "" };
    let head = format!("{}{authoritative}, {} records", word(answer.metadata.response_code), answer.answers.len());
    let lines = answer.answers.iter().map(line);
    std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n")
}

fn judge(question: &Prepared, answer: &Message) -> Result<(), Fault> {
    let code = answer.metadata.response_code;
    let name = question.target();
    if code != question.code {
        let reason = match code {
            ResponseCode::NXDomain => Reason::DnsNotFound,
            ResponseCode::NoError => Reason::Expectation,
            _ => Reason::DnsFailure,
        };
        return Err(Fault::new(reason, format!("{name}: {}, expected {}", word(code), word(question.code))));
    }
    match (question.authoritative, answer.metadata.authoritative) {
        (Some(true), false) => return Err(expectation("the answer is not authoritative")),
        (Some(false), true) => return Err(expectation("the answer is authoritative")),
        _ => {}
    }
    let records: Vec<_> = answer.answers.iter().filter(|record| record.record_type() == question.kind).collect();
    if code != ResponseCode::NoError {
        return Ok(());
    }
    if records.is_empty() {
        return Err(Fault::new(Reason::DnsNotFound, format!("the name has no {} record", question.kind)));
    }
    values(question, &records)?;
    ttl(question, &records)
}

fn values(question: &Prepared, records: &[&Record]) -> Result<(), Fault> {
    if question.expect.is_empty() {
        return Ok(());
    }
    let found: Vec<_> = records.iter().map(|record| value(&record.data)).collect();
    let missing: Vec<_> = question.expect.iter().filter(|value| !found.contains(value)).collect();
    let beyond: Vec<_> = found.iter().filter(|value| !question.expect.contains(value)).collect();
    let list = |values: &[&String]| {
        let named: Vec<_> = values.iter().take(VALUES_NAMED).map(|value| format!("`{value}`")).collect();
        let more = values.len().saturating_sub(VALUES_NAMED);
        if more > 0 { format!("{} and {more} more", named.join(", ")) } else { named.join(", ") }
    };
    match (missing.as_slice(), beyond.as_slice(), question.compare) {
        ([], [], _) | ([], _, Compare::Subset) => Ok(()),
        ([], beyond, Compare::Set) => Err(expectation(&format!("unexpected: {}", list(beyond)))),
        (missing, [], _) => Err(expectation(&format!("missing: {}", list(missing)))),
        (missing, beyond, _) => {
            Err(expectation(&format!("missing: {}; there instead: {}", list(missing), list(beyond))))
        }
    }
}

fn ttl(question: &Prepared, records: &[&Record]) -> Result<(), Fault> {
    let seconds = |record: &&Record| Duration::from_secs(record.ttl.into());
    let (Some(least), Some(most)) = (records.iter().map(seconds).min(), records.iter().map(seconds).max()) else {
        return Ok(());
    };
    match (question.min_ttl, question.max_ttl) {
        (Some(limit), _) if least < limit => {
            Err(expectation(&format!("a record lives {}, less than {}", humane(least), humane(limit))))
        }
        (_, Some(limit)) if most > limit => {
            Err(expectation(&format!("a record lives {}, more than {}", humane(most), humane(limit))))
        }
        _ => Ok(()),
    }
}

fn expectation(why: &str) -> Fault {
    Fault::new(Reason::Expectation, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_kept_out_of_private_networks_is_shown_nothing_that_their_name_servers_say() {
        let check = |deny_private: bool, allow: &[&str], expected: &[&str]| {
            let allow = allow.iter().map(|network| network.parse().expect("a network")).collect();
            let policy = AddressPolicy { deny_private, allow };
            let servers = ["127.0.0.53:53", "9.9.9.9:53", "169.254.169.254:53"];
            let of = |texts: &[&str]| texts.iter().map(|text| text.parse().expect("an address")).collect::<Vec<_>>();
            let found = shown_to_all(of(&servers), &policy).expect("one of them");
            assert_eq!(found, of(expected));
        };
        check(false, &[], &["127.0.0.53:53", "9.9.9.9:53", "169.254.169.254:53"]);
        check(true, &[], &["9.9.9.9:53"]);
        check(true, &["127.0.0.53/32"], &["127.0.0.53:53", "9.9.9.9:53"]);
        let policy = AddressPolicy { deny_private: true, allow: Vec::new() };
        let fault = shown_to_all(vec![SocketAddr::from(([127, 0, 0, 53], 53))], &policy).expect_err("must be refused");
        assert_eq!(fault.reason, Reason::AddressForbidden);
        assert!(fault.detail.ends_with("; name a `server`"), "{}", fault.detail);
    }
}
