//! The connection below HTTP, watched for its first byte and bounded as a whole.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::progress::now;
use crate::stream::Stream;

/// How much of the beginning is kept as evidence, should it turn out not to be HTTP.
const BEGINNING_BYTES: usize = 512;

/// What came in over a connection.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    first: OnceLock<Instant>,
    beginning: Mutex<Vec<u8>>,
    bytes: AtomicU64,
}

impl Wire {
    /// When the first byte came in.
    pub fn first_byte(&self) -> Option<Instant> {
        self.first.get().copied()
    }

    /// The first bytes that came in.
    pub fn beginning(&self) -> Vec<u8> {
        self.beginning.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many bytes came in.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn note(&self, bytes: &[u8]) -> u64 {
        if self.first.get().is_none() {
            let _ = self.first.set(now());
            let beginning = &bytes[..bytes.len().min(BEGINNING_BYTES)];
            self.beginning.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(beginning);
        }
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.bytes.fetch_add(length, Ordering::Relaxed).saturating_add(length)
    }
}

/// The other side sent more than any answer we would take, framing included.
#[derive(Debug, thiserror::Error)]
#[error("the other side sent more than {0} bytes")]
pub(super) struct Flood(u64);

/// Whether an error says that the other side sent too much.
pub(crate) fn is_flood(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Flood>())
}

/// A connection that is watched and bounded.
pub(crate) struct Watched {
    stream: Stream,
    wire: Arc<Wire>,
    bytes_max: u64,
}

impl Watched {
    pub fn new(stream: Stream, wire: Arc<Wire>, bytes_max: u64) -> Self {
        Self { stream, wire, bytes_max }
    }
}

impl AsyncRead for Watched {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        let new = &buf.filled()[before..];
        if !new.is_empty() && this.wire.note(new) > this.bytes_max {
            return Poll::Ready(Err(io::Error::other(Flood(this.bytes_max))));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
