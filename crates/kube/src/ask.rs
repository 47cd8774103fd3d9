//! Asks as the kubelet asks: its paths, headers, redirects, limits and words.
//!
//! Follows kubernetes v1.36 `pkg/probe` and `pkg/kubelet/prober/prober.go` (`runProbe`). Every connection goes through
//! the dialler of `allswell-probe`; one timeout covers all of an asking.

pub mod exec;
pub mod grpc;
pub mod http;
mod http1;
pub mod tcp;
mod tls;
pub mod url;

use std::time::Duration;

use allswell_core::kubelet::Answer;
use allswell_probe::Dialer;

use crate::manifest::{Handler, PortRef};

/// How much of a body or an output is read.
pub const OUTPUT_MAX: usize = 10 * 1_024;

/// What the kubelet calls itself.
pub const USER_AGENT: &str = "kube-probe/1.36";

/// What one asking brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The result.
    pub answer: Answer,
    /// What was said, in the kubelet's words.
    pub output: String,
}

impl Asked {
    pub(crate) fn new(answer: Answer, output: impl Into<String>) -> Self {
        Self { answer, output: output.into() }
    }
}

/// What to ask, with everything looked up.
#[derive(Clone, Debug)]
pub enum Question {
    /// Over HTTP.
    Http(http::Get),
    /// Whether a connection comes about.
    Tcp {
        /// `127.0.0.1:8000`.
        address: String,
    },
    /// The health service of gRPC.
    Grpc {
        /// `127.0.0.1:8000`.
        address: String,
        /// Which service.
        service: String,
    },
    /// A command.
    Exec(exec::Command),
    /// It cannot be asked: each asking ends with this error.
    Broken(String),
}

impl Question {
    /// What `handler` asks of a container at `host`.
    ///
    /// `port` looks a port up as it is really served, `environment` is where commands run.
    pub fn new(
        handler: &Handler,
        host: &str,
        port: impl Fn(&PortRef) -> Result<u16, String>,
        environment: &exec::Environment,
    ) -> Self {
        let at = |own: &str, port: u16| {
            let host = if own.is_empty() { host } else { own };
            if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
        };
        match handler {
            Handler::Http { path, port: wanted, host: own, scheme, headers } => match port(wanted) {
                Ok(port) => Self::Http(http::Get {
                    scheme: scheme.clone(),
                    host: if own.is_empty() { host.to_owned() } else { own.clone() },
                    port,
                    path: path.clone(),
                    headers: headers.clone(),
                }),
                Err(error) => Self::Broken(error),
            },
            Handler::Tcp { port: wanted, host: own } => match port(wanted) {
                Ok(port) => Self::Tcp { address: at(own, port) },
                Err(error) => Self::Broken(error),
            },
            Handler::Grpc { port: wanted, service } => match port(&PortRef::Number(*wanted)) {
                Ok(port) => Self::Grpc { address: at("", port), service: service.clone() },
                Err(error) => Self::Broken(error),
            },
            Handler::Exec { command } => Self::Exec(exec::Command {
                words: command.iter().map(|word| exec::expand(word, &environment.literal)).collect(),
                environment: environment.clone(),
            }),
            Handler::None => Self::Broken("missing probe handler".to_owned()),
        }
    }

    /// Asks once.
    pub async fn ask(&self, dialer: &Dialer, timeout: Duration) -> Asked {
        match self {
            Self::Http(get) => http::ask(get, dialer, timeout).await,
            Self::Tcp { address } => tcp::ask(address, dialer, timeout).await,
            Self::Grpc { address, service } => grpc::ask(address, service, dialer, timeout).await,
            Self::Exec(command) => exec::ask(command, timeout).await,
            Self::Broken(error) => Asked::new(Answer::Error, error.clone()),
        }
    }
}

/// When an asking that begins now must end.
#[expect(clippy::disallowed_methods, reason = "the dialler wants a moment; what is decided here is a duration")]
pub(crate) fn deadline(timeout: Duration) -> tokio::time::Instant {
    tokio::time::Instant::now() + timeout
}

/// A duration as Go writes it: `1s`, `1m0s`.
fn go_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s}s"),
        (h, m, s) => format!("{h}h{m}m{s}s"),
    }
}

/// At most [`OUTPUT_MAX`] bytes as text.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(OUTPUT_MAX)]).into_owned()
}
