//! What an asking has brought so far. It lives outside the asking's future, so that a passing deadline leaves it behind.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::client::TlsStream;

use crate::answer::Certificate;
use crate::fault::Fault;
use crate::http::Received;
use crate::http::wire::Wire;
use crate::progress::Progress;
use crate::tls::{Client, Handshake};

/// What an asking has brought so far.
#[derive(Debug)]
pub(crate) struct Draft {
    /// Where it stands.
    pub progress: Progress,
    /// The presented certificate; over several hops the one that ends first.
    pub certificate: Option<Certificate>,
    /// What is wrong with a certificate that had to be accepted.
    pub overlooked: Option<Fault>,
    /// The last HTTP answer.
    pub http: Option<Received>,
    /// What came in over the last HTTP connection.
    pub wire: Arc<Wire>,
    /// What the other side of another protocol said.
    pub said: Vec<u8>,
    /// The URL that was asked last, when it is not the question's; without secrets.
    pub final_url: Option<String>,
    /// What is worth a warning, though it works.
    pub remark: Option<Fault>,
    /// How long it took, when that is not the time of the whole asking.
    pub took: Option<Duration>,
    /// Whether a redirect led to another origin, which was not told the question's secrets.
    pub without_credentials: bool,
}

impl Draft {
    pub fn new() -> Self {
        Self {
            progress: Progress::new(),
            certificate: None,
            overlooked: None,
            http: None,
            wire: Arc::default(),
            said: Vec::new(),
            final_url: None,
            remark: None,
            took: None,
            without_credentials: false,
        }
    }

    /// Shakes hands within the TLS phase and keeps what was seen.
    pub async fn secure<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        client: &Client,
        stream: S,
        host: &str,
    ) -> Result<TlsStream<S>, Fault> {
        let Handshake { result, certificate, overlooked } = client.handshake(stream, host).await;
        let ends_first = match (&self.certificate, &certificate) {
            (Some(before), Some(now)) => result.is_err() || now.days_left < before.days_left,
            (before, _) => before.is_none(),
        };
        if ends_first {
            self.certificate = certificate;
        }
        if overlooked.is_some() {
            self.overlooked = overlooked;
        }
        let stream = result?;
        self.progress.end();
        Ok(stream)
    }
}
