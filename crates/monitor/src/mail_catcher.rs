//! A small mail server that takes every mail, keeps the last ones in memory and sends none on.
//!
//! Follows RFC 5321 with PIPELINING (RFC 2920), SIZE (RFC 1870) and 8BITMIME (RFC 6152). Meant for the loopback: it knows
//! neither TLS nor logins.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use allswell_core::Wall;
use mail_parser::MessageParser;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::clock::Clock;

/// So many mails are kept; older ones are forgotten.
pub const MAILS_MAX: usize = 200;
/// A larger mail is refused.
const MAIL_BYTES_MAX: usize = 1024 * 1024;
/// A longer line is refused; RFC 5321 4.5.3.1.6 asks for 1,000 at least.
const LINE_BYTES_MAX: usize = 4 * 1024;
/// More recipients of one mail are put off.
const RECIPIENTS_MAX: usize = 100;
/// More connections wait.
const CONNECTIONS_MAX: usize = 32;
/// Who says nothing for so long is cut off.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// A mail that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Its number, from 1 on.
    pub number: u64,
    /// When it was taken.
    pub received: Wall,
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// The subject, decoded.
    pub subject: String,
    /// The part for those who read plain text, decoded.
    pub text: Option<String>,
    /// The part for those who read HTML, decoded and as it came: show it in a sandbox only.
    pub html: Option<String>,
    /// All of it as it came.
    pub raw: Vec<u8>,
}

/// The mails that were taken. Clones show the same mails.
#[derive(Clone, Debug)]
pub struct Mails {
    kept: Arc<Mutex<VecDeque<Arc<Mail>>>>,
    taken: watch::Sender<u64>,
}

impl Mails {
    /// The mails that are kept, newest first.
    pub fn list(&self) -> Vec<Arc<Mail>> {
        self.kept().iter().rev().cloned().collect()
    }

    /// The mail with this number, when it is still kept.
    pub fn find(&self, number: u64) -> Option<Arc<Mail>> {
        self.kept().iter().find(|mail| mail.number == number).cloned()
    }

    /// How many mails were taken so far.
    pub fn taken(&self) -> u64 {
        *self.taken.borrow()
    }

    /// Comes back when `count` mails were taken in all.
    pub async fn wait_for(&self, count: u64) {
        let mut taken = self.taken.subscribe();
        // The sender lives in `self`, so waiting ends by the condition alone.
        let _ = taken.wait_for(|taken| *taken >= count).await;
    }

    fn keep(&self, envelope: Envelope, raw: Vec<u8>, received: Wall) -> u64 {
        let parsed = MessageParser::default().parse(&raw);
        let part = |text: Option<std::borrow::Cow<'_, str>>| text.map(std::borrow::Cow::into_owned);
        let mut mail = Mail {
            number: 0,
            received,
            from: envelope.from.unwrap_or_default(),
            to: envelope.to,
            subject: parsed.as_ref().and_then(|mail| mail.subject()).unwrap_or_default().to_owned(),
            text: part(parsed.as_ref().and_then(|mail| mail.body_text(0))),
            html: part(parsed.as_ref().and_then(|mail| mail.body_html(0))),
            raw,
        };
        let mut kept = self.kept();
        mail.number = self.taken() + 1;
        let number = mail.number;
        kept.push_back(Arc::new(mail));
        if kept.len() > MAILS_MAX {
            kept.pop_front();
        }
        self.taken.send_replace(number);
        number
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Arc<Mail>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A mail server that takes everything.
#[derive(Debug)]
pub struct MailCatcher {
    listener: TcpListener,
    address: SocketAddr,
    mails: Mails,
}

impl MailCatcher {
    /// Listens at `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// What the system says when it cannot listen there.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let mails = Mails { kept: Arc::default(), taken: watch::Sender::new(0) };
        Ok(Self { address: listener.local_addr()?, listener, mails })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has taken.
    pub fn mails(&self) -> Mails {
        self.mails.clone()
    }

    /// Takes mails until it is dropped.
    pub async fn run(self, clock: Arc<dyn Clock>) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut sessions = JoinSet::new();
        loop {
            let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
            // An accept that fails (out of descriptors) is tried again when a session has ended or another one comes.
            let Ok((stream, _)) = self.listener.accept().await else {
                sessions.join_next().await;
                continue;
            };
            let session =
                Session { stream: BufReader::new(stream), mails: self.mails.clone(), clock: Arc::clone(&clock) };
            sessions.spawn(async move {
                // Who breaks off has said all there was to say.
                let _ = session.run().await;
                drop(place);
            });
            while sessions.try_join_next().is_some() {}
        }
    }
}

#[derive(Debug, Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
}

struct Session {
    stream: BufReader<TcpStream>,
    mails: Mails,
    clock: Arc<dyn Clock>,
}

impl Session {
    async fn run(mut self) -> io::Result<()> {
        self.say("220 allswell mail catcher ESMTP").await?;
        let mut envelope = Envelope::default();
        loop {
            let line = self.line().await?;
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            let answer = match verb.to_ascii_uppercase().as_str() {
                "EHLO" => {
                    envelope = Envelope::default();
                    "250-allswell\r\n250-PIPELINING\r\n250-SIZE 1048576\r\n250 8BITMIME"
                }
                "HELO" => "250 allswell",
                "MAIL" => mail_from(&mut envelope, rest),
                "RCPT" => rcpt_to(&mut envelope, rest),
                "DATA" if envelope.to.is_empty() => "503 5.5.1 name sender and recipients first",
                "DATA" => {
                    self.data(std::mem::take(&mut envelope)).await?;
                    continue;
                }
                "RSET" => {
                    envelope = Envelope::default();
                    "250 2.0.0 forgotten"
                }
                "NOOP" => "250 2.0.0 nothing done",
                "VRFY" => "252 2.5.0 everybody lives here",
                "QUIT" => return self.say("221 2.0.0 goodbye").await,
                _ => "500 5.5.2 that is no command of this server",
            };
            self.say(answer).await?;
        }
    }

    /// Takes the text of a mail up to the line with a single dot.
    async fn data(&mut self, envelope: Envelope) -> io::Result<()> {
        self.say("354 end with a line that is a dot").await?;
        let mut raw = Vec::new();
        let mut too_large = false;
        loop {
            let line = self.line().await?;
            if line == b".\r\n" || line == b".\n" {
                break;
            }
            // RFC 5321 4.5.2: a dot was doubled so that it would not end the text.
            let text = line.strip_prefix(b".").unwrap_or(&line);
            too_large = too_large || raw.len() + text.len() > MAIL_BYTES_MAX;
            if !too_large {
                raw.extend_from_slice(text);
            }
        }
        if too_large {
            return self.say("552 5.3.4 that mail is too large for this server").await;
        }
        let number = self.mails.keep(envelope, raw, self.clock.now().wall);
        self.say(&format!("250 2.0.0 kept as number {number}")).await
    }

    async fn say(&mut self, answer: &str) -> io::Result<()> {
        self.stream.write_all(format!("{answer}\r\n").as_bytes()).await
    }

    /// Reads one line, its end included.
    async fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.stream).take(LINE_BYTES_MAX as u64);
        timeout(SILENCE_MAX, bounded.read_until(b'\n', &mut line)).await.map_err(io::Error::from)??;
        if line.last() != Some(&b'\n') {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "cannot read a whole line"));
        }
        Ok(line)
    }
}

fn mail_from(envelope: &mut Envelope, rest: &str) -> &'static str {
    let Some(address) = path(rest, "FROM:") else { return "501 5.5.4 write MAIL FROM:<address>" };
    *envelope = Envelope { from: Some(address), to: Vec::new() };
    "250 2.1.0 known"
}

fn rcpt_to(envelope: &mut Envelope, rest: &str) -> &'static str {
    if envelope.from.is_none() {
        return "503 5.5.1 name the sender first";
    }
    let Some(address) = path(rest, "TO:").filter(|address| !address.is_empty()) else {
        return "501 5.5.4 write RCPT TO:<address>";
    };
    if envelope.to.len() == RECIPIENTS_MAX {
        return "452 4.5.3 no more recipients for this mail";
    }
    envelope.to.push(address);
    "250 2.1.5 lives here"
}

/// The address of `FROM:<address> parameters`.
fn path(rest: &str, prefix: &str) -> Option<String> {
    let start = rest.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix))?;
    let path = rest[start.len()..].trim_start().strip_prefix('<')?;
    path.split_once('>').map(|(address, _)| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    /// A catcher at work, and a connection to it that has heard the greeting.
    async fn talk() -> (JoinSet<()>, Mails, Client) {
        let catcher = MailCatcher::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let (address, mails) = (catcher.address(), catcher.mails());
        let mut tasks = JoinSet::new();
        tasks.spawn(catcher.run(Arc::new(SystemClock::new())));
        let connected = crate::notify::testing::connect(address).await;
        let mut client = Client(BufReader::new(connected));
        assert_eq!(client.hear().await, "220 allswell mail catcher ESMTP");
        (tasks, mails, client)
    }

    struct Client(BufReader<TcpStream>);

    impl Client {
        async fn hear(&mut self) -> String {
            let mut line = String::new();
            // A connection that was cut with unread data ends in an error instead of an end.
            let _ = self.0.read_line(&mut line).await;
            line.trim_end().to_owned()
        }

        async fn say(&mut self, line: &str) -> String {
            self.0.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
            self.hear().await
        }
    }

    #[tokio::test]
    async fn a_mail_is_taken_decoded_and_kept_as_it_came() {
        let (_tasks, mails, mut client) = talk().await;
        assert_eq!(client.say("mail from:<a@b.c> SIZE=100").await, "250 2.1.0 known");
        assert_eq!(client.say("RCPT TO:<d@e.f>").await, "250 2.1.5 lives here");
        assert_eq!(client.say("DATA").await, "354 end with a line that is a dot");
        let answer = client.say("Subject: =?utf-8?q?=E2=96=A0_Down?=\r\n\r\n..hidden\r\nsecond\r\n.").await;
        assert_eq!(answer, "250 2.0.0 kept as number 1");
        mails.wait_for(1).await;
        let mail = mails.find(1).unwrap();
        assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("a@b.c", ["d@e.f".to_owned()].as_slice()));
        assert_eq!(mail.subject, "■ Down");
        assert_eq!(mail.text.as_deref(), Some(".hidden\r\nsecond\r\n"));
        assert!(mail.raw.starts_with(b"Subject: =?utf-8"));
        assert_eq!(client.say("QUIT").await, "221 2.0.0 goodbye");
        assert_eq!(client.hear().await, "");
    }

    #[tokio::test]
    async fn only_the_last_mails_are_kept() {
        let (_tasks, mails, mut client) = talk().await;
        for _ in 0..MAILS_MAX + 3 {
            client.say("MAIL FROM:<>").await;
            client.say("RCPT TO:<d@e.f>").await;
            client.say("DATA").await;
            client.say("x\r\n.").await;
        }
        assert_eq!(mails.taken(), 203);
        let kept = mails.list();
        assert_eq!((kept.len(), kept[0].number, kept.last().unwrap().number), (MAILS_MAX, 203, 4));
        assert_eq!(mails.find(3), None);
    }

    #[tokio::test]
    async fn what_is_out_of_order_or_too_much_is_refused() {
        let (_tasks, mails, mut client) = talk().await;
        assert!(client.say("DATA").await.starts_with("503"));
        assert!(client.say("RCPT TO:<d@e.f>").await.starts_with("503"));
        assert!(client.say("MAIL FROM: nobody").await.starts_with("501"));
        assert!(client.say("EXPN list").await.starts_with("500"));
        client.say("MAIL FROM:<a@b.c>").await;
        assert!(client.say("RCPT TO:<>").await.starts_with("501"));
        client.say("RCPT TO:<d@e.f>").await;
        client.say("DATA").await;
        let large = format!("{}\r\n", "x".repeat(998)).repeat(MAIL_BYTES_MAX / 1_000 + 1);
        assert!(client.say(&format!("{large}.")).await.starts_with("552"));
        client.say("MAIL FROM:<a@b.c>").await;
        for _ in 0..RECIPIENTS_MAX {
            assert!(client.say("RCPT TO:<d@e.f>").await.starts_with("250"));
        }
        assert!(client.say("RCPT TO:<d@e.f>").await.starts_with("452"));
        assert_eq!(client.say(&"x".repeat(LINE_BYTES_MAX + 1)).await, "", "cut off");
        assert_eq!(mails.taken(), 0);
    }
}
