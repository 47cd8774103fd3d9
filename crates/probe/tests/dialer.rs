//! The dialler against real sockets and a DNS server that lies.
#![allow(clippy::disallowed_methods, reason = "the listeners here are the other side")]

mod support;

use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use allswell_core::Reason;
use allswell_probe::dialer::{Connected, IpVersion, Options, Resolver};
use allswell_probe::{AddressPolicy, DialError, Dialer};
use support::dns::{self, A, AAAA, NS, Reply};
use support::{now_and_a_bit, soon};
use tokio::time::Instant;

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let port = listener.local_addr().expect("address").port();
    (listener, port)
}

fn by(server: SocketAddr) -> Options {
    Options { ip_version: IpVersion::Any, resolver: Some(Resolver::chosen(&server.to_string()).expect("an address")) }
}

fn addresses(texts: &[&str]) -> Reply {
    Reply::Addresses(texts.iter().map(|text| text.parse().expect("an address")).collect())
}

async fn dial(host: &str, port: u16, options: &Options, deadline: Instant) -> Result<Connected, DialError> {
    Dialer::default().connect(host, port, options, deadline).await
}

async fn reason(host: &str, port: u16, options: &Options, deadline: Instant) -> Reason {
    dial(host, port, options, deadline).await.expect_err("must not connect").reason
}

#[tokio::test]
async fn an_address_needs_no_resolver() {
    let (_listener, port) = listener();
    let connected = dial("127.0.0.1", port, &Options::default(), soon()).await.expect("connects");
    assert_eq!(connected.address, SocketAddr::from(([127, 0, 0, 1], port)));
    assert_eq!(connected.phases.dns, None);
    assert!(connected.phases.connect.is_some());
    assert!(connected.stream.nodelay().expect("readable"));
}

#[tokio::test]
async fn a_name_is_looked_up_where_it_was_said() {
    let (_listener, port) = listener();
    let server = dns::server(|name, kind| match (name, kind) {
        ("api.test", A) => addresses(&["127.0.0.1"]),
        _ => Reply::NoData,
    });
    let connected = dial("api.test", port, &by(server), soon()).await.expect("connects");
    assert_eq!(connected.address.ip(), IpAddr::from([127, 0, 0, 1]));
    assert!(connected.phases.dns.is_some());
}

#[tokio::test]
async fn localhost_is_found_without_any_server() {
    let (_listener, port) = listener();
    let connected = dial("localhost", port, &Options::default(), soon()).await.expect("connects");
    assert!(connected.address.ip().is_loopback());
}

#[tokio::test]
async fn nothing_is_cached() {
    let (_listener, port) = listener();
    let asked = std::sync::atomic::AtomicU32::new(0);
    let server = dns::server(move |_, kind| match kind {
        A if asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 => addresses(&["127.0.0.1"]),
        _ => Reply::NxDomain,
    });
    let options = Options { ip_version: IpVersion::Ipv4, ..by(server) };
    assert!(dial("moved.test", port, &options, soon()).await.is_ok());
    assert_eq!(reason("moved.test", port, &options, soon()).await, Reason::DnsNotFound);
}

#[tokio::test]
async fn what_the_resolver_says_becomes_the_reason() {
    let check = async |reply: Reply, wanted: Reason| {
        let answer = reply.clone();
        let server = dns::server(move |_, _| answer.clone());
        assert_eq!(reason("x.test", 9, &by(server), soon()).await, wanted, "{reply:?}");
    };
    check(Reply::NxDomain, Reason::DnsNotFound).await;
    check(Reply::NoData, Reason::DnsNotFound).await;
    check(Reply::ServFail, Reason::DnsFailure).await;
    check(Reply::Refused, Reason::DnsFailure).await;
    check(Reply::Garbage, Reason::DnsFailure).await;
}

#[tokio::test]
async fn one_servfail_is_asked_about_once_more() {
    let (_listener, port) = listener();
    let asked = std::sync::atomic::AtomicU32::new(0);
    let server = dns::server(move |_, kind| match kind {
        A if asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 => Reply::ServFail,
        A => addresses(&["127.0.0.1"]),
        _ => Reply::NoData,
    });
    assert!(dial("flaky.test", port, &by(server), soon()).await.is_ok());
}

#[tokio::test]
async fn a_silent_resolver_is_our_own_trouble() {
    let server = dns::server(|_, _| Reply::Silence);
    let error = dial("x.test", 9, &by(server), now_and_a_bit()).await.expect_err("nobody answers");
    assert_eq!(error.reason, Reason::OwnResolver);
    assert!(error.is_ours());
}

#[tokio::test]
async fn a_resolver_that_is_not_there_is_our_own_trouble() {
    let gone = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("an address");
    assert_eq!(reason("x.test", 9, &by(gone), now_and_a_bit()).await, Reason::OwnResolver);
}

#[tokio::test]
async fn a_name_that_takes_too_long_is_the_names_trouble() {
    let server = dns::server(|_, kind| if kind == NS { Reply::ServFail } else { Reply::Silence });
    assert_eq!(reason("slow.test", 9, &by(server), Instant::now() + Duration::from_secs(1)).await, Reason::DnsTimeout);
}

#[tokio::test]
async fn a_silent_family_does_not_hold_up_the_other() {
    let (_listener, port) = listener();
    let server = dns::server(|_, kind| if kind == A { addresses(&["127.0.0.1"]) } else { Reply::Silence });
    assert!(dial("half.test", port, &by(server), soon()).await.is_ok());
}

#[tokio::test]
async fn a_dead_ipv6_address_does_not_hide_a_live_ipv4_one() {
    let (_listener, port) = listener();
    // Nobody listens on ::1; 2001:db8::1 leads nowhere.
    let server = dns::server(|_, _| addresses(&["::1", "2001:db8::1", "127.0.0.1"]));
    let connected = dial("dual.test", port, &by(server), soon()).await.expect("connects");
    assert!(connected.address.is_ipv4());
}

#[tokio::test]
async fn the_family_can_be_pinned() {
    let (_listener, port) = listener();
    let server = dns::server(|_, _| addresses(&["127.0.0.1"]));
    let pinned = Options { ip_version: IpVersion::Ipv6, ..by(server) };
    assert_eq!(reason("four.test", port, &pinned, soon()).await, Reason::DnsNotFound);
    assert_eq!(reason("127.0.0.1", port, &pinned, soon()).await, Reason::DnsNotFound);
}

#[tokio::test]
async fn nobody_listening_is_a_refusal() {
    let (listener, port) = listener();
    drop(listener);
    let error = dial("127.0.0.1", port, &Options::default(), soon()).await.expect_err("nobody listens");
    assert_eq!(error.reason, Reason::ConnectRefused);
    assert_eq!(error.to_string(), format!("connection refused: 127.0.0.1:{port}"));
    assert!(error.phases.connect.is_some());
}

/// Where the DNS servers of these tests stand that may be asked although they are as private as all else here.
const OPEN: [u8; 4] = [127, 0, 0, 53];

/// Lets nobody into private networks, but to these addresses of them.
fn strict(open: &[[u8; 4]]) -> Dialer {
    let allow = open.iter().map(|ip| IpAddr::from(*ip).into()).collect();
    Dialer::new(AddressPolicy { deny_private: true, allow })
}

#[tokio::test]
async fn a_forbidden_address_is_never_touched() {
    let (canary, port) = listener();
    canary.set_nonblocking(true).expect("settable");
    let server = dns::server_at(OPEN.into(), |_, _| addresses(&["127.0.0.1", "::ffff:127.0.0.1", "::1"]));
    for host in ["127.0.0.1", "[::ffff:127.0.0.1]", "rebound.test", "0.0.0.0"] {
        let error = strict(&[OPEN]).connect(host, port, &by(server), soon()).await.expect_err("must be refused");
        assert_eq!(error.reason, Reason::AddressForbidden, "{host}");
    }
    assert!(canary.accept().is_err(), "somebody came");
}

#[tokio::test]
async fn of_mixed_answers_only_the_allowed_ones_are_used() {
    let (canary, port) = listener();
    canary.set_nonblocking(true).expect("settable");
    let _allowed = TcpListener::bind(("127.0.0.2", port)).expect("bind");
    let server = dns::server_at(OPEN.into(), |_, _| addresses(&["127.0.0.1", "127.0.0.2"]));
    let dialer = strict(&[OPEN, [127, 0, 0, 2]]);
    let connected = dialer.connect("mixed.test", port, &by(server), soon()).await.expect("connects");
    assert_eq!(connected.address.ip(), IpAddr::from([127, 0, 0, 2]));
    assert!(canary.accept().is_err(), "somebody came");
}

#[tokio::test]
async fn a_forbidden_resolver_is_never_asked() {
    let (asked, questions) = std::sync::mpsc::channel();
    let server = dns::server(move |name, _| {
        asked.send(name.to_owned()).expect("the test listens");
        addresses(&["127.0.0.2"])
    });
    let dialer = strict(&[[127, 0, 0, 2]]);
    let error = dialer.connect("db.corp", 80, &by(server), soon()).await.expect_err("must be refused");
    assert_eq!(error.reason, Reason::AddressForbidden);
    let expected = "the resolver 127.0.0.1 must not be asked: it is not globally routable; \
                    leave `resolver` out, or allow its network if that is meant";
    assert_eq!(error.to_string(), expected);
    assert_eq!(questions.try_recv().ok(), None, "it was asked");
}

#[tokio::test]
async fn who_is_kept_out_of_a_network_is_not_told_what_its_names_lead_to() {
    let server = dns::server_at(OPEN.into(), |name, kind| match (name, kind) {
        (_, AAAA) => Reply::NoData,
        ("metadata.test", _) => addresses(&["169.254.169.254"]),
        _ => addresses(&["10.1.2.3"]),
    });
    let said = async |dialer: Dialer, host: &str| {
        dialer.connect(host, 80, &by(server), soon()).await.expect_err("must be refused").to_string()
    };
    for host in ["db.corp", "metadata.test"] {
        let expected =
            format!("`{host}` leads to no address that may be connected to; allow its network if that is meant");
        assert_eq!(said(strict(&[OPEN]), host).await, expected);
    }
    assert!(said(strict(&[OPEN]), "10.1.2.3").await.contains("the address 10.1.2.3 must"), "what was written is told");
    let told = said(Dialer::default(), "metadata.test").await;
    assert!(told.contains("the address 169.254.169.254 of `metadata.test` must"), "{told}");
}

#[tokio::test]
async fn metadata_addresses_are_refused_by_default() {
    let server = dns::server(|_, kind| if kind == AAAA { Reply::NoData } else { addresses(&["169.254.169.254"]) });
    for host in ["169.254.169.254", "[fd00:ec2::254]", "metadata.test"] {
        assert_eq!(reason(host, 80, &by(server), soon()).await, Reason::AddressForbidden, "{host}");
    }
}
