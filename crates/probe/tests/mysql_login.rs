//! The ways to log in to MySQL 8, held against a server that checks proofs as MySQL does and not as a client makes them.
#![allow(clippy::disallowed_methods, reason = "the servers here are the other side")]

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use allswell_core::Reason;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::{ask, fails, passes, raw};

const PASSWORD: &str = "hunter2-s3cret";
const CHALLENGE: &[u8; 20] = b"abcdefghijklmnopqrst";

/// What a server does once it has seen the first proof.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    /// It remembers the user.
    Fast,
    /// It does not, and wants the password.
    Full,
    /// It says that the user has another way, and gives a new challenge.
    Switch(&'static str),
    /// It has no room.
    Full1040,
}

fn packet(number: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_le_bytes();
    [&length[..3], &[number], payload].concat()
}

fn read(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 4];
    stream.read_exact(&mut head).ok()?;
    let mut payload = vec![0; usize::from(head[0]) | usize::from(head[1]) << 8];
    stream.read_exact(&mut payload).ok()?;
    Some((head[3], payload))
}

fn greeting(plugin: &str) -> Vec<u8> {
    let mut greeting = b"\x0a8.4.0\0\x07\0\0\0".to_vec();
    greeting.extend(&CHALLENGE[..8]);
    // CONNECT_WITH_DB, PROTOCOL_41, SECURE_CONNECTION; PLUGIN_AUTH.
    greeting.extend([0, 0x08, 0x82, 45, 2, 0, 0x08, 0, 21]);
    greeting.extend([0; 10]);
    greeting.extend(&CHALLENGE[8..]);
    greeting.push(0);
    greeting.extend(plugin.as_bytes());
    greeting.push(0);
    greeting
}

/// As MySQL keeps a password and holds a proof against it: it knows the double hash alone.
fn is_proven(proof: &[u8], challenge: &[u8]) -> bool {
    let kept = Sha256::digest(Sha256::digest(PASSWORD));
    let mask = Sha256::new().chain_update(kept).chain_update(challenge).finalize();
    let once: Vec<_> = proof.iter().zip(mask).map(|(proof, mask)| proof ^ mask).collect();
    Sha256::digest(once) == kept
}

const OK: &[u8] = &[0, 0, 0, 2, 0, 0, 0];

fn serve(stream: &mut TcpStream, then: Then) -> Option<()> {
    let denied = b"\xff\x15\x04#28000Access denied for user 'watchman'@'localhost'";
    if then == Then::Full1040 {
        return stream.write_all(&packet(0, b"\xff\x10\x04Too many connections")).ok();
    }
    stream.write_all(&packet(0, &greeting("caching_sha2_password"))).ok()?;
    let (_, response) = read(stream)?;
    let user = &response[32..];
    assert!(user.starts_with(b"watchman\0") && response.ends_with(b"app\0caching_sha2_password\0"));
    let mut proof = user[10..10 + usize::from(user[9])].to_vec();
    let (mut next, mut challenge) = (2, CHALLENGE.to_vec());
    if let Then::Switch(plugin) = then {
        challenge.reverse();
        let switch = [b"\xfe", plugin.as_bytes(), b"\0", &challenge, b"\0"].concat();
        stream.write_all(&packet(next, &switch)).ok()?;
        let (number, again) = read(stream)?;
        (next, proof) = (number + 1, again);
    }
    match then {
        Then::Switch("mysql_clear_password") if proof == [PASSWORD.as_bytes(), b"\0"].concat() => {}
        Then::Full => {
            stream.write_all(&packet(next, &[1, 4])).ok()?;
            let (number, clear) = read(stream)?;
            next = number + 1;
            if clear != [PASSWORD.as_bytes(), b"\0"].concat() {
                return stream.write_all(&packet(next, denied)).ok();
            }
        }
        _ if !is_proven(&proof, &challenge) => return stream.write_all(&packet(next, denied)).ok(),
        _ => {
            stream.write_all(&packet(next, &[1, 3])).ok()?;
            next += 1;
        }
    }
    stream.write_all(&packet(next, OK)).ok()?;
    let (_, query) = read(stream)?;
    assert_eq!(query, b"\x03SELECT 1");
    let end = [0xfe, 0, 0, 2, 0];
    let column = b"\x03def\0\0\0\x011\0\x0c\x3f\0\x01\0\0\0\x08\x81\0\0\0\0";
    for (number, part) in (1..).zip([&[1][..], column, &end, b"\x011", &end]) {
        stream.write_all(&packet(number, part)).ok()?;
    }
    // The goodbye.
    read(stream).map(drop)
}

fn server(then: Then) -> SocketAddr {
    raw::server(move |mut stream| {
        serve(&mut stream, then);
    })
}

fn settings(address: SocketAddr, password: &str) -> Value {
    json!({ "mysql": { "dsn": format!("mysql://watchman:{password}@{address}/app"), "expect": "1" } })
}

#[tokio::test]
async fn each_way_of_mysql_8_lets_the_right_password_in_and_no_other() {
    let ways = [Then::Fast, Then::Full, Then::Switch("caching_sha2_password"), Then::Switch("mysql_clear_password")];
    for then in ways {
        passes(&ask(settings(server(then), PASSWORD)).await);
        let answer = ask(settings(server(then), "wrong-pass")).await;
        fails(&answer, Reason::Authentication);
        assert!(!format!("{answer:?}").contains("wrong-pass") && !format!("{answer:?}").contains("watchman"));
    }
}

#[tokio::test]
async fn a_way_that_is_not_known_is_named() {
    let answer = ask(settings(server(Then::Switch("authentication_ldap_sasl")), PASSWORD)).await;
    fails(&answer, Reason::Authentication);
    assert!(answer.detail.is_some_and(|detail| detail.contains("`authentication_ldap_sasl`")));
}

#[tokio::test]
async fn a_server_without_room_says_so_before_its_greeting() {
    let answer = ask(settings(server(Then::Full1040), PASSWORD)).await;
    fails(&answer, Reason::Refused);
    assert_eq!(answer.detail.as_deref(), Some("the server answered: Too many connections (1040)"));
}
