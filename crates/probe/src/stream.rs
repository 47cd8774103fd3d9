//! A connection, plain or TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use allswell_core::{Phase, Reason};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;

use crate::dialer::{self, Dialer};
use crate::draft::Draft;
use crate::fault::Fault;
use crate::tls;

/// A connection, plain or TLS.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Where to connect to, and how to speak TLS there when that is wanted.
pub(crate) struct Endpoint {
    pub host: String,
    pub port: u16,
    pub dial: dialer::Options,
    pub client: Option<Box<tls::Client>>,
}

impl Endpoint {
    /// Connects, and shakes hands where TLS is wanted from the first byte.
    pub async fn open(&self, dialer: &Dialer, deadline: Instant, draft: &mut Draft) -> Result<Stream, Fault> {
        let stream = dialer.dial(&self.host, self.port, &self.dial, deadline, &mut draft.progress).await?;
        let Some(client) = &self.client else { return Ok(Stream::Plain(stream)) };
        draft.progress.begin(Phase::Tls);
        let stream = draft.secure(client, stream, &self.host).await?;
        Ok(Stream::Tls(Box::new(stream)))
    }
}

/// The fault of a connection that broke `when`.
pub(crate) fn lost(error: &io::Error, when: &str) -> Fault {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return tls::after_handshake(tls);
    }
    Fault::lost(error, when).unwrap_or_else(|| Fault::new(Reason::ConnectionLost, format!("{error} {when}")))
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}
