//! The dialogues that turn a connection in the clear to TLS.
//!
//! What the other side says before TLS is bounded, and must end with its consent: anything behind it could be
//! smuggled into the secured connection.

use std::io;

use allswell_core::Reason;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::StartTls;
use crate::evidence::{Secrets, line};
use crate::fault::Fault;

const LINE_BYTES_MAX: usize = 2048;
const LINES_MAX: usize = 64;

impl StartTls {
    /// The word used in configurations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Postgres => "postgres",
        }
    }
}

/// Holds the dialogue; afterwards the other side waits for the first bytes of TLS. `said` keeps what it said.
pub(super) async fn start(protocol: StartTls, stream: &mut TcpStream, said: &mut Vec<u8>) -> Result<(), Fault> {
    let mut dialogue = Dialogue { stream, said };
    match protocol {
        StartTls::Smtp => dialogue.smtp().await,
        StartTls::Imap => dialogue.imap().await,
        StartTls::Pop3 => dialogue.pop3().await,
        StartTls::Postgres => dialogue.postgres().await,
    }
}

struct Dialogue<'a> {
    stream: &'a mut TcpStream,
    said: &'a mut Vec<u8>,
}

impl Dialogue<'_> {
    /// RFC 5321 and RFC 3207.
    async fn smtp(&mut self) -> Result<(), Fault> {
        self.smtp_reply("220", "a greeting").await?;
        self.say(b"EHLO allswell.invalid\r\n").await?;
        let offers = self.smtp_reply("250", "an answer to EHLO").await?;
        if !offers.iter().any(|offer| offer.get(4..).is_some_and(|word| word.eq_ignore_ascii_case("STARTTLS"))) {
            return Err(unexpected("STARTTLS among what the server offers", "an EHLO answer without it"));
        }
        self.say(b"STARTTLS\r\n").await?;
        self.smtp_reply("220", "consent to STARTTLS").await.map(drop)
    }

    /// A reply of one or more lines: all but the last have a dash behind the code.
    async fn smtp_reply(&mut self, code: &str, wanted: &str) -> Result<Vec<String>, Fault> {
        let mut lines = Vec::new();
        while lines.len() < LINES_MAX {
            let line = self.line().await?;
            if !line.starts_with(code) {
                return Err(unexpected(wanted, &line));
            }
            let last = line.as_bytes().get(3) != Some(&b'-');
            lines.push(line);
            if last {
                return Ok(lines);
            }
        }
        Err(unexpected(wanted, "a reply without end"))
    }

    /// RFC 9051, 6.2.1.
    async fn imap(&mut self) -> Result<(), Fault> {
        let greeting = self.line().await?;
        if !greeting.starts_with("* OK") {
            return Err(unexpected("a greeting (`* OK`)", &greeting));
        }
        self.say(b"a1 STARTTLS\r\n").await?;
        for _ in 0..LINES_MAX {
            let line = self.line().await?;
            if line.starts_with("a1 OK") {
                return Ok(());
            }
            if !line.starts_with('*') {
                return Err(unexpected("consent to STARTTLS (`a1 OK`)", &line));
            }
        }
        Err(unexpected("consent to STARTTLS (`a1 OK`)", "a reply without end"))
    }

    /// RFC 2595, 4.
    async fn pop3(&mut self) -> Result<(), Fault> {
        let greeting = self.line().await?;
        if !greeting.starts_with("+OK") {
            return Err(unexpected("a greeting (`+OK`)", &greeting));
        }
        self.say(b"STLS\r\n").await?;
        let answer = self.line().await?;
        if answer.starts_with("+OK") { Ok(()) } else { Err(unexpected("consent to STLS (`+OK`)", &answer)) }
    }

    /// PostgreSQL, "SSL Session Encryption": eight bytes there, one byte back.
    async fn postgres(&mut self) -> Result<(), Fault> {
        self.say(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]).await?;
        match self.byte().await? {
            b'S' => Ok(()),
            b'N' => Err(unexpected("consent to TLS", "`N`: the server does not do TLS")),
            b'E' => Err(unexpected("consent to TLS", "`E`: an error")),
            other => Err(unexpected("consent to TLS", &format!("the byte {other:#04x}"))),
        }
    }

    async fn say(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.stream.write_all(bytes).await.map_err(|error| lost(&error))
    }

    /// The next line without its end. Reads no byte beyond it.
    async fn line(&mut self) -> Result<String, Fault> {
        let begin = self.said.len();
        while self.said.len() - begin < LINE_BYTES_MAX {
            if self.byte().await? == b'\n' {
                return Ok(String::from_utf8_lossy(&self.said[begin..]).trim_end().to_owned());
            }
        }
        Err(unexpected("a line", "more than 2 KiB without a line break"))
    }

    async fn byte(&mut self) -> Result<u8, Fault> {
        let byte = self.stream.read_u8().await.map_err(|error| lost(&error))?;
        self.said.push(byte);
        Ok(byte)
    }
}

fn unexpected(wanted: &str, instead: &str) -> Fault {
    let instead = line(instead, &Secrets::default());
    Fault::new(Reason::Expectation, format!("expected {wanted} before TLS, and the other side said `{instead}`"))
}

fn lost(error: &io::Error) -> Fault {
    let when = "during the dialogue before TLS";
    Fault::lost(error, when).unwrap_or_else(|| Fault::new(Reason::ConnectionLost, format!("{error} {when}")))
}
