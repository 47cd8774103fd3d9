//! The line to the relay: a connection in the clear or under TLS, bounded in what it says.
//!
//! lettre reads a greeting when it takes a connection over. After STARTTLS the relay gives none (RFC 3207 4.2), so the
//! line says the first one again; see docs/decisions/0004.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadBuf};
use tokio::net::TcpStream;

/// More than this no relay says about one mail.
const SAID_BYTES_MAX: usize = 64 * 1024;
/// More lines than this neither: lettre reads a reply from its first line again with each line that comes.
const SAID_LINES_MAX: usize = 500;
/// More than this no relay says at once.
const REPLY_MAX: u64 = 16 * 1024;

/// What carries bytes both ways.
trait Duplex: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Duplex for T {}

/// A connection that lettre can take over.
pub(super) struct Line {
    carrier: Box<dyn Duplex>,
    address: SocketAddr,
    /// What is read before anything of the carrier.
    said_before: Vec<u8>,
    /// How many bytes and lines may still be read.
    budget: (usize, usize),
}

impl Line {
    /// A line over `carrier` to `address`, on which `said_before` is heard first.
    pub fn new(
        carrier: impl AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static,
        address: SocketAddr,
        said_before: Vec<u8>,
    ) -> Self {
        Self { carrier: Box::new(carrier), address, said_before, budget: (SAID_BYTES_MAX, SAID_LINES_MAX) }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({})", self.address)
    }
}

impl AsyncTokioStream for Line {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.said_before.is_empty() {
            let part = into.remaining().min(self.said_before.len());
            into.put_slice(&self.said_before[..part]);
            self.said_before.drain(..part);
            return Poll::Ready(Ok(()));
        }
        let before = into.filled().len();
        ready!(Pin::new(&mut self.carrier).poll_read(cx, into))?;
        let read = &into.filled()[before..];
        let lines = read.iter().filter(|byte| **byte == b'\n').count();
        let left = self.budget.0.checked_sub(read.len()).zip(self.budget.1.checked_sub(lines));
        self.budget = left.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it talks without end"))?;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.carrier).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.carrier).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.carrier).poll_shutdown(cx)
    }
}

/// The dialogue in the clear that comes before TLS.
pub(super) struct Prelude {
    stream: BufReader<TcpStream>,
    greeting: Vec<u8>,
}

impl Prelude {
    /// Hears the greeting and says `hello`. Gives the dialogue and whether the relay offers STARTTLS.
    pub async fn begin(stream: TcpStream, hello: &str) -> Result<(Self, bool), String> {
        let mut prelude = Self { stream: BufReader::new(stream), greeting: Vec::new() };
        let greeting = prelude.reply().await?;
        prelude.greeting = greeting.expect("220", "greeted")?.text.into_bytes();
        let offers = prelude.say(&format!("EHLO {hello}\r\n")).await?.expect("250", "answered EHLO")?;
        let starttls = offers
            .text
            .lines()
            .any(|line| line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS")));
        Ok((prelude, starttls))
    }

    /// Asks for TLS. Gives the connection at the point where the handshake begins, and the greeting.
    pub async fn starttls(mut self) -> Result<(TcpStream, Vec<u8>), String> {
        self.say("STARTTLS\r\n").await?.expect("220", "answered STARTTLS")?;
        if !self.stream.buffer().is_empty() {
            // Whoever sits between could slip answers in here that would be taken for the relay's own (CVE-2011-0411).
            return Err("it said more than its answer to STARTTLS before TLS began".to_owned());
        }
        Ok((self.stream.into_inner(), self.greeting))
    }

    /// Stays in the clear. Gives the connection and the greeting.
    pub fn stay(self) -> (TcpStream, Vec<u8>) {
        (self.stream.into_inner(), self.greeting)
    }

    async fn say(&mut self, command: &str) -> Result<Reply, String> {
        self.stream.write_all(command.as_bytes()).await.map_err(|error| error.to_string())?;
        self.reply().await
    }

    /// Reads one reply, all of its lines (RFC 5321 4.2.1).
    async fn reply(&mut self) -> Result<Reply, String> {
        let mut text = Vec::new();
        let mut bounded = (&mut self.stream).take(REPLY_MAX);
        loop {
            let start = text.len();
            let read = bounded.read_until(b'\n', &mut text).await.map_err(|error| error.to_string())?;
            if read == 0 || text.last() != Some(&b'\n') {
                let said_too_much = bounded.limit() == 0;
                return Err(if said_too_much { "its reply never ended" } else { "it closed the connection" }.to_owned());
            }
            if text.get(start + 3) != Some(&b'-') {
                return Ok(Reply { text: String::from_utf8_lossy(&text).into_owned() });
            }
        }
    }
}

/// What a relay said, line breaks included.
struct Reply {
    text: String,
}

impl Reply {
    fn expect(self, code: &str, what: &str) -> Result<Self, String> {
        if self.text.starts_with(code) {
            return Ok(self);
        }
        Err(format!("it {what} with `{}`", crate::notify::clean::line(&self.text, 200)))
    }
}
