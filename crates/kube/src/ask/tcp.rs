//! Whether a TCP connection comes about: kubernetes v1.36 `pkg/probe/tcp/tcp.go`.

use std::time::Duration;

use allswell_core::Reason;
use allswell_core::kubelet::Answer;
use allswell_probe::Dialer;
use allswell_probe::dialer::{DialError, Options};

use super::{Asked, deadline};

/// Connects to `host:port` and hangs up.
pub async fn ask(address: &str, dialer: &Dialer, timeout: Duration) -> Asked {
    let Some((host, port)) = split(address) else {
        let port = address.rsplit(':').next().unwrap_or("");
        return Asked::new(Answer::Failure, format!("dial tcp: address {port}: invalid port"));
    };
    match dialer.connect(host, port, &Options::default(), deadline(timeout)).await {
        Ok(_) => Asked::new(Answer::Success, ""),
        Err(error) => Asked::new(Answer::Failure, words(address, &error)),
    }
}

/// Host and port of `127.0.0.1:80` or `[::1]:80`.
pub(super) fn split(address: &str) -> Option<(&str, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    Some((host, port.parse().ok()?))
}

/// Why there is no connection, as Go says it.
pub(super) fn words(address: &str, error: &DialError) -> String {
    match error.reason {
        Reason::ConnectRefused => format!("dial tcp {address}: connect: connection refused"),
        Reason::ConnectTimeout => format!("dial tcp {address}: i/o timeout"),
        Reason::ConnectionLost => format!("dial tcp {address}: connect: connection reset by peer"),
        _ => format!("dial tcp {address}: {}", error.detail),
    }
}
