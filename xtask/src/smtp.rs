//! A mail server that takes everything and remembers what it took.
//!
//! As much of RFC 5321 as a client needs that asks for no extension.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::time::wall_ms;

/// One message that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// When the last line of it arrived.
    pub at_ms: i64,
    /// Headers and body as they came, dots unstuffed.
    pub text: String,
}

impl Mail {
    /// The value of a header, continuation lines joined; the name in any case.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.text.split("\r\n\r\n").next()?.replace("\r\n ", " ").replace("\r\n\t", " ");
        head.split("\r\n").find_map(|line| {
            let (given, value) = line.split_once(':')?;
            given.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }
}

/// The server; listens until the process ends.
#[derive(Clone, Debug)]
pub struct MailServer {
    /// Where it listens.
    pub address: SocketAddr,
    mails: Arc<Mutex<Vec<Mail>>>,
}

impl MailServer {
    /// Listens on a free loopback port.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen on loopback")?;
        let server = Self { address: listener.local_addr()?, mails: Arc::default() };
        let mails = Arc::clone(&server.mails);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mails = Arc::clone(&mails);
                thread::spawn(move || converse(&stream, &mails).ok());
            }
        });
        Ok(server)
    }

    /// What was accepted so far, in the order of arrival.
    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn converse(stream: &TcpStream, mails: &Mutex<Vec<Mail>>) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.set_nodelay(true)?;
    let mut writer = stream;
    let mut lines = BufReader::new(stream).split(b'\n');
    writer.write_all(b"220 mail.example.com ready\r\n")?;
    while let Some(line) = lines.next() {
        let line = String::from_utf8_lossy(&line?).trim_end().to_ascii_uppercase();
        let answer: &[u8] = match line.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" | "HELO" => b"250 mail.example.com\r\n",
            "MAIL" | "RCPT" | "RSET" | "NOOP" => b"250 ok\r\n",
            "QUIT" => return writer.write_all(b"221 bye\r\n"),
            "DATA" => {
                writer.write_all(b"354 go on\r\n")?;
                let text = read_data(&mut lines)?;
                mails.lock().unwrap_or_else(PoisonError::into_inner).push(Mail { at_ms: wall_ms(), text });
                b"250 taken\r\n"
            }
            _ => b"502 not here\r\n",
        };
        writer.write_all(answer)?;
    }
    Ok(())
}

/// Reads up to the lone dot; a message that breaks off is an error, so that it counts as not taken.
fn read_data(lines: &mut impl Iterator<Item = io::Result<Vec<u8>>>) -> io::Result<String> {
    let mut text = String::new();
    for line in lines {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches('\r');
        if line == "." {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(line));
        text.push_str("\r\n");
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn say(server: &MailServer, words: &str) -> String {
        let mut stream = TcpStream::connect(server.address).expect("it listens");
        stream.write_all(words.as_bytes()).expect("it reads");
        stream.shutdown(std::net::Shutdown::Write).expect("open");
        let mut answers = String::new();
        stream.read_to_string(&mut answers).expect("it answers");
        answers
    }

    #[test]
    fn a_message_is_kept_as_it_was_sent() {
        let server = MailServer::start().expect("loopback is there");
        say(
            &server,
            "EHLO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n\
             Message-ID:\r\n <1@example.com>\r\nSubject: down\r\n\r\n..dot\r\n.\r\nQUIT\r\n",
        );
        let mails = server.mails();
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].header("message-id").as_deref(), Some("<1@example.com>"));
        assert!(mails[0].text.ends_with("\r\n\r\n.dot\r\n"), "{:?}", mails[0].text);
    }

    #[test]
    fn a_message_that_breaks_off_was_not_taken() {
        let server = MailServer::start().expect("loopback is there");
        let answers = say(&server, "HELO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nSubject: half\r\n");
        assert!(answers.ends_with("354 go on\r\n"), "{answers}");
        assert_eq!(server.mails(), []);
    }
}
