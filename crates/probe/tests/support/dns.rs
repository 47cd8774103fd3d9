//! A DNS server that says what it is told to (RFC 1035, 4: the parts of a message).

use std::net::{IpAddr, SocketAddr, UdpSocket};

/// What to answer.
#[derive(Clone, Debug)]
pub enum Reply {
    Addresses(Vec<IpAddr>),
    NoData,
    NxDomain,
    ServFail,
    Refused,
    Garbage,
    Silence,
}

pub const A: u16 = 1;
pub const NS: u16 = 2;
pub const AAAA: u16 = 28;

/// Starts a server that answers each question (name in lower case without the last dot, type) with what `answer` says.
pub fn server(answer: impl Fn(&str, u16) -> Reply + Send + 'static) -> SocketAddr {
    server_at([127, 0, 0, 1].into(), answer)
}

/// Starts one at this address of the machine.
pub fn server_at(ip: IpAddr, answer: impl Fn(&str, u16) -> Reply + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind((ip, 0)).expect("bind");
    let address = socket.local_addr().expect("address");
    std::thread::spawn(move || {
        let mut buffer = [0_u8; 1500];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
            let Some((name, kind, end)) = question(&buffer[..length]) else { continue };
            if let Some(message) = message(&buffer[..end], kind, &answer(&name, kind)) {
                let _ = socket.send_to(&message, peer);
            }
        }
    });
    address
}

fn question(message: &[u8]) -> Option<(String, u16, usize)> {
    let (mut at, mut labels) = (12, Vec::new());
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(message.get(at..at + length)?).to_lowercase());
        at += length;
    }
    let kind = u16::from_be_bytes([*message.get(at)?, *message.get(at + 1)?]);
    Some((labels.join("."), kind, at + 4))
}

fn message(asked: &[u8], kind: u16, reply: &Reply) -> Option<Vec<u8>> {
    let (code, addresses): (u8, &[IpAddr]) = match reply {
        Reply::Addresses(addresses) => (0, addresses),
        Reply::NoData => (0, &[]),
        Reply::ServFail => (2, &[]),
        Reply::NxDomain => (3, &[]),
        Reply::Refused => (5, &[]),
        Reply::Garbage => return Some([&asked[..2], &[0xff; 30]].concat()),
        Reply::Silence => return None,
    };
    let fitting: Vec<_> = addresses.iter().filter(|address| (kind == AAAA) == address.is_ipv6()).collect();
    let count = u16::try_from(fitting.len()).ok()?.to_be_bytes();
    let mut message = asked.to_vec();
    message[2] = 0x81;
    message[3] = 0x80 | code;
    message[4..12].copy_from_slice(&[0, 1, count[0], count[1], 0, 0, 0, 0]);
    for address in fitting {
        // The name is the one at offset 12; class IN, 60 s to live.
        message.extend([0xc0, 12]);
        message.extend(kind.to_be_bytes());
        message.extend([0, 1, 0, 0, 0, 60]);
        match address {
            IpAddr::V4(v4) => message.extend([&[0, 4][..], &v4.octets()].concat()),
            IpAddr::V6(v6) => message.extend([&[0, 16][..], &v6.octets()].concat()),
        }
    }
    Some(message)
}
