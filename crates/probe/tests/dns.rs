//! DNS: records, codes, flags and lifetimes, over UDP, TCP and TLS, from servers that keep to the rules and others.
#![allow(clippy::disallowed_methods, reason = "the servers here are the other side")]

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use allswell_core::Reason;
use hickory_proto::op::{Message, MessageType, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CAA, CNAME, MX, NS, PTR, SOA, SRV, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use serde_json::{Value, json};
use support::{ask, ask_briefly, fails, passes, question, raw, tls};

fn name(text: &str) -> Name {
    Name::from_str(text).expect("a name")
}

/// The records of the zone that the servers here serve.
fn zone(asked: &Name, kind: RecordType) -> Vec<RData> {
    let v4 = |last| RData::A(A::new(192, 0, 2, last));
    match (asked.to_ascii().as_str(), kind) {
        ("example.test.", RecordType::A) => vec![v4(1), v4(2)],
        ("example.test.", RecordType::AAAA) => vec![RData::AAAA(AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))],
        ("www.example.test.", RecordType::CNAME) => vec![RData::CNAME(CNAME(name("Example.test.")))],
        ("example.test.", RecordType::MX) => vec![RData::MX(MX::new(10, name("Mail.example.test.")))],
        ("example.test.", RecordType::NS) => vec![RData::NS(NS(name("ns1.example.test.")))],
        ("example.test.", RecordType::TXT) => {
            vec![RData::TXT(TXT::new(vec!["v=spf1 ".to_owned(), "-all".to_owned()]))]
        }
        ("example.test.", RecordType::SOA) => {
            vec![RData::SOA(SOA::new(name("ns1.example.test."), name("ops.example.test."), 7, 3600, 600, 86400, 60))]
        }
        ("_sip._tcp.example.test.", RecordType::SRV) => {
            vec![RData::SRV(SRV::new(10, 5, 5060, name("sip.example.test.")))]
        }
        ("example.test.", RecordType::CAA) => {
            vec![RData::CAA(CAA::new_issue(false, Some(name("letsencrypt.org")), Vec::new()))]
        }
        ("1.2.0.192.in-addr.arpa.", RecordType::PTR) => vec![RData::PTR(PTR(name("example.test.")))],
        _ => Vec::new(),
    }
}

/// The answer by the rules: authoritative, each record lives 300 s.
fn answer(bytes: &[u8]) -> Message {
    let mut message = Message::from_vec(bytes).expect("a question");
    let (asked, kind) = (message.queries[0].name().clone(), message.queries[0].query_type());
    message.metadata.message_type = MessageType::Response;
    message.metadata.authoritative = true;
    for data in zone(&asked, kind) {
        message.add_answer(Record::from_rdata(asked.clone(), 300, data));
    }
    if asked.to_ascii() == "none.test." {
        message.metadata.response_code = ResponseCode::NXDomain;
    }
    if asked.to_ascii() == "broken.test." {
        message.metadata.response_code = ResponseCode::ServFail;
    }
    message
}

/// A server on UDP that answers each question with the datagrams that `reply` makes.
fn on_udp(reply: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("bind");
    let address = socket.local_addr().expect("an address");
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
            for datagram in reply(&buffer[..length]) {
                let _ = socket.send_to(&datagram, peer);
            }
        }
    });
    address
}

fn bytes(message: &Message) -> Vec<u8> {
    message.to_vec().expect("fits")
}

fn by_the_rules() -> SocketAddr {
    on_udp(|asked| vec![bytes(&answer(asked))])
}

/// Answers one question over a stream.
fn answer_stream(stream: &mut (impl Read + Write), reply: impl Fn(&[u8]) -> Vec<u8>) {
    let mut length = [0; 2];
    if stream.read_exact(&mut length).is_ok() {
        let mut asked = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut asked).expect("a question");
        let answer = reply(&asked);
        let length = u16::try_from(answer.len()).expect("fits").to_be_bytes();
        let _ = stream.write_all(&[length.as_slice(), &answer].concat());
        let _ = stream.flush();
    }
}

fn dns(server: SocketAddr, name: &str, kind: &str, more: Value) -> Value {
    let mut settings = json!({ "name": name, "type": kind, "server": server.to_string() });
    settings.as_object_mut().expect("a block").extend(more.as_object().expect("a block").clone());
    json!({ "dns": settings })
}

#[tokio::test]
async fn every_type_of_record_is_read() {
    let server = by_the_rules();
    let cases = [
        ("example.test", "A", json!(["192.0.2.2", "192.0.2.1"])),
        ("EXAMPLE.test.", "AAAA", json!(["2001:DB8::1"])),
        ("www.example.test", "CNAME", json!(["example.test."])),
        ("example.test", "MX", json!(["10 mail.example.test"])),
        ("example.test", "NS", json!(["ns1.example.test"])),
        ("example.test", "TXT", json!(["v=spf1 -all"])),
        ("example.test", "SOA", json!(["ns1.example.test ops.example.test 7 3600 600 86400 60"])),
        ("_sip._tcp.example.test", "SRV", json!(["10 5 5060 sip.example.test"])),
        ("example.test", "CAA", json!(["0 issue \"letsencrypt.org\""])),
        ("192.0.2.1", "PTR", json!(["example.test"])),
    ];
    for (name, kind, expect) in cases {
        let answer = ask(dns(server, name, kind, json!({ "expect": expect }))).await;
        passes(&answer);
        assert!(answer.phases.first_byte.is_some() && answer.phases.connect.is_none(), "{name} {kind}");
        assert_eq!(answer.address, Some(server));
    }
}

#[tokio::test]
async fn values_are_a_set_or_a_part_of_one() {
    let server = by_the_rules();
    let expecting =
        |values: Value, compare: &str| dns(server, "example.test", "A", json!({ "expect": values, "match": compare }));
    let beyond = ask(expecting(json!(["192.0.2.1"]), "set")).await;
    fails(&beyond, Reason::Expectation);
    assert_eq!(beyond.detail.as_deref(), Some("unexpected: `192.0.2.2`"));
    let evidence = beyond.evidence.expect("a failure shows what came");
    assert_eq!(
        evidence.body,
        "NOERROR, authoritative, 2 records\nexample.test 300 A 192.0.2.1\nexample.test 300 A 192.0.2.2"
    );
    passes(&ask(expecting(json!(["192.0.2.1"]), "subset")).await);
    let missing = ask(expecting(json!(["192.0.2.1", "192.0.2.9"]), "subset")).await;
    fails(&missing, Reason::Expectation);
    assert_eq!(missing.detail.as_deref(), Some("missing: `192.0.2.9`; there instead: `192.0.2.2`"));
}

#[tokio::test]
async fn codes_flags_and_lifetimes_are_held_against_what_is_wanted() {
    let server = by_the_rules();
    let of = |name: &str, more: Value| dns(server, name, "A", more);
    fails(&ask(of("none.test", json!({}))).await, Reason::DnsNotFound);
    passes(&ask(of("none.test", json!({ "rcode": "nxdomain" }))).await);
    fails(&ask(of("example.test", json!({ "rcode": "NXDOMAIN" }))).await, Reason::Expectation);
    fails(&ask(of("broken.test", json!({}))).await, Reason::DnsFailure);
    fails(&ask(of("empty.test", json!({}))).await, Reason::DnsNotFound);
    passes(&ask(of("example.test", json!({ "authoritative": true, "min_ttl": "5m", "max_ttl": "5m" }))).await);
    fails(&ask(of("example.test", json!({ "authoritative": false }))).await, Reason::Expectation);
    fails(&ask(of("example.test", json!({ "min_ttl": "301s" }))).await, Reason::Expectation);
    fails(&ask(of("example.test", json!({ "max_ttl": "299s" }))).await, Reason::Expectation);
}

#[tokio::test]
async fn what_does_not_fit_into_a_datagram_comes_over_tcp() {
    let udp = UdpSocket::bind("127.0.0.1:0").expect("bind");
    let address = udp.local_addr().expect("an address");
    let Ok(tcp) = TcpListener::bind(address) else { return Box::pin(retry_elsewhere()).await };
    serve_truncated(udp, tcp);
    truncated_then_whole(address).await;
}

/// The TCP port of the same number was taken: another one will do.
async fn retry_elsewhere() {
    loop {
        let udp = UdpSocket::bind("127.0.0.1:0").expect("bind");
        let address = udp.local_addr().expect("an address");
        if let Ok(tcp) = TcpListener::bind(address) {
            serve_truncated(udp, tcp);
            return truncated_then_whole(address).await;
        }
    }
}

fn serve_truncated(udp: UdpSocket, tcp: TcpListener) {
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((length, peer)) = udp.recv_from(&mut buffer) {
            let mut cut = answer(&buffer[..length]);
            cut.answers.clear();
            cut.metadata.truncation = true;
            let _ = udp.send_to(&bytes(&cut), peer);
        }
    });
    std::thread::spawn(move || {
        for mut stream in tcp.incoming().flatten() {
            answer_stream(&mut stream, |asked| bytes(&answer(asked)));
        }
    });
}

async fn truncated_then_whole(address: SocketAddr) {
    let settings = dns(address, "example.test", "A", json!({ "expect": ["192.0.2.1", "192.0.2.2"] }));
    let whole = ask(settings).await;
    passes(&whole);
    assert!(whole.phases.connect.is_some(), "it came over TCP");
}

#[tokio::test]
async fn tcp_from_the_beginning_asks_no_datagram() {
    let address = raw::server(|mut stream| answer_stream(&mut stream, |asked| bytes(&answer(asked))));
    passes(&ask(dns(address, "example.test", "MX", json!({ "transport": "tcp" }))).await);
    let cut = raw::server(|mut stream| {
        let _ = stream.read(&mut [0; 64]);
        let _ = stream.write_all(&[0, 200, 1, 2, 3]);
        raw::finish(stream);
    });
    fails(&ask(dns(cut, "example.test", "MX", json!({ "transport": "tcp" }))).await, Reason::ConnectionLost);
    let other = raw::server(|mut stream| {
        answer_stream(&mut stream, |asked| {
            let mut other = answer(asked);
            other.metadata.id = !other.metadata.id;
            bytes(&other)
        });
    });
    fails(&ask(dns(other, "example.test", "MX", json!({ "transport": "tcp" }))).await, Reason::Protocol);
}

#[tokio::test]
async fn over_tls_the_certificate_counts() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let root = tls::root("Test Root");
    let ca = tls::pem_of(directory.path(), &root);
    let identity = tls::identity(tls::leaf(&tls::NAMES), &root, &[]);
    let config = tls::config(&identity, &tls::Manners::default());
    let address = raw::server(move |stream| {
        let mut stream = tls::secured(stream, &Arc::clone(&config));
        answer_stream(&mut stream, |asked| bytes(&answer(asked)));
    });
    let over_tls = |tls: Value| dns(address, "example.test", "A", json!({ "transport": "tls", "tls": tls }));
    let well = ask(over_tls(json!({ "ca": ca }))).await;
    passes(&well);
    assert!(well.certificate.is_some_and(|certificate| certificate.trusted));
    fails(&ask(over_tls(json!({}))).await, Reason::TlsIncompleteChain);
}

#[tokio::test]
async fn forged_and_late_datagrams_are_passed_over() {
    let server = on_udp(|asked| {
        let mut forged = answer(asked);
        forged.metadata.id = forged.metadata.id.wrapping_add(1);
        forged.answers.clear();
        vec![vec![1, 2, 3], bytes(&forged), bytes(&answer(asked))]
    });
    passes(&ask(dns(server, "example.test", "A", json!({ "expect": ["192.0.2.1", "192.0.2.2"] }))).await);
    let only_forged = on_udp(|asked| vec![[&[!asked[0], asked[1]], &asked[2..]].concat()]);
    fails(&ask_briefly(dns(only_forged, "example.test", "A", json!({}))).await, Reason::FirstByteTimeout);
}

#[tokio::test]
async fn garbage_is_a_broken_protocol() {
    let garbage = on_udp(|asked| vec![[&asked[..2], &[0xff; 30]].concat()]);
    fails(&ask(dns(garbage, "example.test", "A", json!({}))).await, Reason::Protocol);
    let echo = on_udp(|asked| vec![asked.to_vec()]);
    fails(&ask(dns(echo, "example.test", "A", json!({}))).await, Reason::Protocol);
    let other = on_udp(|asked| {
        let mut other = answer(asked);
        other.queries[0].set_name(name("other.test."));
        vec![bytes(&other)]
    });
    fails(&ask(dns(other, "example.test", "A", json!({}))).await, Reason::Protocol);
}

#[tokio::test]
async fn a_lost_datagram_is_sent_again() {
    let first = std::sync::atomic::AtomicBool::new(true);
    let server = on_udp(move |asked| {
        if first.swap(false, std::sync::atomic::Ordering::Relaxed) { Vec::new() } else { vec![bytes(&answer(asked))] }
    });
    passes(&ask(dns(server, "example.test", "A", json!({}))).await);
}

#[tokio::test]
async fn silence_and_a_closed_port_are_told_apart() {
    let silent = on_udp(|_| Vec::new());
    fails(&ask_briefly(dns(silent, "example.test", "A", json!({}))).await, Reason::FirstByteTimeout);
    let closed = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("an address");
    fails(&ask(dns(closed, "example.test", "A", json!({}))).await, Reason::ConnectRefused);
}

#[tokio::test]
async fn the_address_policy_holds_for_datagrams() {
    let settings = dns(by_the_rules(), "example.test", "A", json!({}));
    let policy = allswell_probe::AddressPolicy { deny_private: true, allow: Vec::new() };
    let answer = allswell_probe::Prober::new(policy).ask(&question(settings, &[]), support::soon()).await;
    fails(&answer, Reason::AddressForbidden);
}

#[tokio::test]
async fn conditions_look_at_the_text_of_the_answer() {
    let settings = dns(by_the_rules(), "example.test", "TXT", json!({}));
    let conditions = ["text.contains('v=spf1')", "time.total < duration('20s')"];
    let prober = allswell_probe::Prober::new(allswell_probe::AddressPolicy::default());
    passes(&prober.ask(&question(settings.clone(), &conditions), support::soon()).await);
    let failed = prober.ask(&question(settings, &["text.contains('dkim')"]), support::soon()).await;
    fails(&failed, Reason::Condition);
    assert!(failed.outcome.latency < Duration::from_secs(20));
}

#[test]
fn a_question_that_cannot_be_meant_is_refused() {
    let wrong = |settings: Value, part: &str| {
        let settings = serde_json::from_value(json!({ "dns": settings })).expect("settings");
        let error = allswell_probe::Question::new(settings, &[], 14).expect_err("must be refused").to_string();
        assert!(error.contains(part), "{error}");
    };
    wrong(json!({ "name": "not a name" }), "`name`");
    wrong(json!({ "name": "192.0.2.1" }), "only `type: PTR`");
    wrong(json!({ "name": "a.test", "expect": ["192.0.2.1", "x"] }), "`expect[1]`");
    wrong(json!({ "name": "a.test", "rcode": "NOPE" }), "known are NOERROR");
    wrong(json!({ "name": "a.test", "transport": "tls" }), "needs a `server`");
    wrong(json!({ "name": "a.test", "server": "http://x" }), "`server`");
    wrong(json!({ "name": "a.test", "min_ttl": "2h", "max_ttl": "1h" }), "`min_ttl`");
    wrong(json!({ "name": "a.test", "max_ttl": "long" }), "`max_ttl`");
}
