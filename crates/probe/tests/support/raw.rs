//! Servers on bare sockets: they say whatever they are told to, by the rules or against them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Starts a server that hands each connection to `serve`, on a thread of its own.
pub fn server(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("address");
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            std::thread::spawn(move || serve(stream));
        }
    });
    address
}

/// Reads the head of a request; empty when the other side closed.
pub fn head(stream: &mut impl Read) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Answers each request with `bytes` and closes.
pub fn answering(bytes: impl Into<Vec<u8>>) -> SocketAddr {
    let bytes = bytes.into();
    server(move |mut stream| {
        head(&mut stream);
        let _ = stream.write_all(&bytes);
        finish(stream);
    })
}

/// Answers each request with what `answer` makes of its head, and closes.
pub fn replying(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> SocketAddr {
    server(move |mut stream| {
        let head = head(&mut stream);
        let _ = stream.write_all(answer(&head).as_bytes());
        finish(stream);
    })
}

/// Like [`replying`], and keeps the heads.
pub fn recording(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heads);
    let address = replying(move |head| {
        kept.lock().expect("lock").push(head.to_owned());
        answer(head)
    });
    (address, heads)
}

/// Says the rest and waits for the other side to close: closing first could cut off what it has not read.
pub fn finish(mut stream: TcpStream) {
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let _ = stream.read_to_end(&mut Vec::new());
}

/// Closes with a reset.
pub fn reset(stream: TcpStream) {
    let _ = socket2::SockRef::from(&stream).set_linger(Some(std::time::Duration::ZERO));
}

/// Repeats `piece` after `beginning` until the other side has enough.
pub fn endless(beginning: &'static [u8], piece: &'static [u8]) -> SocketAddr {
    server(move |mut stream| {
        head(&mut stream);
        let _ = stream.write_all(beginning);
        while stream.write_all(piece).is_ok() {}
    })
}

/// Says `beginning` and then one byte of `piece` each few milliseconds, for ever.
pub fn dripping(beginning: &'static [u8], piece: &'static [u8]) -> SocketAddr {
    server(move |mut stream| {
        head(&mut stream);
        let _ = stream.write_all(beginning);
        for byte in piece.iter().cycle() {
            if stream.write_all(&[*byte]).is_err() {
                return;
            }
            std::thread::park_timeout(std::time::Duration::from_millis(5));
        }
    })
}

/// An answer by the rules.
pub fn http(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}
