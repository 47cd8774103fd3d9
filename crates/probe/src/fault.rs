//! What went wrong with an asking: a reason out of the closed list, and a sentence about it.

use std::io;

use allswell_core::Reason;

use crate::dialer::DialError;

/// What went wrong, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The reason out of the closed list.
    pub reason: Reason,
    /// One sentence on it, with the value.
    pub detail: String,
}

impl Fault {
    pub(crate) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    /// Whether it is our own fault: then nothing is known of the target.
    pub const fn is_ours(&self) -> bool {
        self.reason.code() >= Reason::OwnNetwork.code()
    }

    /// The fault behind a connection that was lost `when`; `None` for other errors.
    pub(crate) fn lost(error: &io::Error, when: &str) -> Option<Self> {
        use io::ErrorKind as Kind;
        if let Some(what) = crate::dialer::exhausted(error) {
            return Some(Self::new(Reason::OwnFault, what));
        }
        let what = match error.kind() {
            Kind::UnexpectedEof | Kind::WriteZero => "closed",
            Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe | Kind::NotConnected => "reset",
            Kind::TimedOut | Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown => "lost",
            _ => return None,
        };
        Some(Self::new(Reason::ConnectionLost, format!("the connection was {what} {when}")))
    }
}

impl From<DialError> for Fault {
    fn from(error: DialError) -> Self {
        Self::new(error.reason, error.detail)
    }
}

impl From<Fault> for DialError {
    fn from(fault: Fault) -> Self {
        Self::new(fault.reason, fault.detail)
    }
}
