//! The dialogues before TLS, held with servers that keep to them and servers that do not.
#![allow(clippy::disallowed_methods, reason = "the servers here are the other side")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use allswell_core::Reason;
use serde_json::{Value, json};
use support::tls::{self, Manners, NAMES, leaf};
use support::{ask, ask_briefly, fails, passes, raw};

/// Holds `dialogue`, then speaks TLS with a good certificate; the settings to ask it.
fn server(
    protocol: &str,
    directory: &tempfile::TempDir,
    dialogue: impl Fn(&mut TcpStream) -> Option<()> + Send + Sync + 'static,
) -> Value {
    let root = tls::root("Test Root");
    let ca = tls::pem_of(directory.path(), &root);
    let config = tls::config(&tls::identity(leaf(&NAMES), &root, &[]), &Manners::default());
    let address = raw::server(move |mut stream| {
        if dialogue(&mut stream).is_some() {
            let mut stream = tls::secured(stream, &config);
            let _ = stream.read(&mut [0; 64]);
        }
    });
    json!({ "tls": { "address": address.to_string(), "starttls": protocol, "tls": { "ca": ca } } })
}

fn say(stream: &mut TcpStream, text: &str) -> Option<()> {
    stream.write_all(text.as_bytes()).ok()
}

fn hear(stream: &mut TcpStream, wanted: &str) -> Option<()> {
    let mut line = String::new();
    // Unbuffered beyond the line: what follows it belongs to TLS.
    BufReader::with_capacity(1, stream).read_line(&mut line).ok()?;
    line.starts_with(wanted).then_some(())
}

#[tokio::test]
async fn every_dialogue_leads_to_tls() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let smtp = server("smtp", &directory, |stream| {
        say(stream, "220-mail.test\r\n220 ready\r\n")?;
        hear(stream, "EHLO ")?;
        say(stream, "250-mail.test\r\n250-SIZE 1000\r\n250 STARTTLS\r\n")?;
        hear(stream, "STARTTLS")?;
        say(stream, "220 go ahead\r\n")
    });
    let answer = ask(smtp).await;
    passes(&answer);
    assert!(answer.certificate.is_some_and(|certificate| certificate.trusted));
    let imap = server("imap", &directory, |stream| {
        say(stream, "* OK [CAPABILITY IMAP4rev2] ready\r\n")?;
        hear(stream, "a1 STARTTLS")?;
        say(stream, "* an untagged line\r\na1 OK begin TLS\r\n")
    });
    passes(&ask(imap).await);
    let pop3 = server("pop3", &directory, |stream| {
        say(stream, "+OK ready\r\n")?;
        hear(stream, "STLS")?;
        say(stream, "+OK begin TLS\r\n")
    });
    passes(&ask(pop3).await);
    let postgres = server("postgres", &directory, |stream| {
        let mut asked = [0; 8];
        stream.read_exact(&mut asked).ok()?;
        (asked == [0, 0, 0, 8, 4, 210, 22, 47]).then_some(())?;
        say(stream, "S")
    });
    passes(&ask(postgres).await);
}

fn saying(protocol: &str, text: &'static str) -> Value {
    let address: SocketAddr = raw::server(move |mut stream| {
        let _ = stream.write_all(text.as_bytes());
        let _ = stream.read_to_end(&mut Vec::new());
    });
    json!({ "tls": { "address": address.to_string(), "starttls": protocol } })
}

#[tokio::test]
async fn servers_without_tls_are_told_from_broken_ones() {
    let check = async |protocol: &str, text: &'static str, shown: &str| {
        let answer = ask(saying(protocol, text)).await;
        fails(&answer, Reason::Expectation);
        assert!(answer.detail.as_ref().is_some_and(|detail| detail.contains(shown)), "{:?}", answer.detail);
        assert!(answer.evidence.is_some());
    };
    check("smtp", "554 go away\r\n", "554 go away").await;
    check("smtp", "220 hi\r\n250-mail.test\r\n250 SIZE 1\r\n", "without it").await;
    check("smtp", "220 hi\r\n250 STARTTLS\r\n454 not now\r\n", "454 not now").await;
    check("imap", "* BYE\r\n", "* BYE").await;
    check("imap", "* OK\r\na1 NO\r\n", "a1 NO").await;
    check("pop3", "-ERR\r\n", "-ERR").await;
    check("postgres", "N", "does not do TLS").await;
    check("postgres", "HTTP", "0x48").await;
}

#[tokio::test]
async fn a_dialogue_has_its_bounds() {
    let endless_line = raw::server(|mut stream| while stream.write_all(&[b'2'; 512]).is_ok() {});
    let settings = |address: SocketAddr, protocol: &str| json!({ "tls": { "address": address.to_string(), "starttls": protocol } });
    fails(&ask(settings(endless_line, "smtp")).await, Reason::Expectation);
    let endless_reply = raw::server(|mut stream| while stream.write_all(b"220-more\r\n").is_ok() {});
    fails(&ask(settings(endless_reply, "smtp")).await, Reason::Expectation);
    let endless_imap = raw::server(|mut stream| while stream.write_all(b"* OK\r\n").is_ok() {});
    fails(&ask(settings(endless_imap, "imap")).await, Reason::Expectation);
    let silent = raw::server(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    fails(&ask_briefly(settings(silent, "smtp")).await, Reason::TlsTimeout);
    fails(&ask(settings(raw::server(drop), "pop3")).await, Reason::ConnectionLost);
}

#[tokio::test]
async fn what_is_said_behind_the_consent_does_not_enter_tls() {
    let answer = ask(saying("pop3", "+OK ready\r\n+OK begin\r\n+OK smuggled\r\n")).await;
    fails(&answer, Reason::TlsHandshake);
}
