//! Asks questions.

use tokio::time::Instant;

use crate::dialer::AddressPolicy;
use crate::{Answer, Question};

/// Asks questions; one for the whole process.
#[derive(Debug)]
pub struct Prober {
    policy: AddressPolicy,
}

impl Prober {
    /// A prober that keeps to `policy`.
    pub fn new(policy: AddressPolicy) -> Self {
        Self { policy }
    }

    /// Asks once. Comes back by `deadline`, whatever the other side does.
    pub async fn ask(&self, question: &Question, deadline: Instant) -> Answer {
        let _ = (&self.policy, question, deadline);
        todo!("probe")
    }

    /// Whether this machine reaches anything at all: its gateway, its resolvers, or one of `anchors` (`host:port`).
    ///
    /// An anchor that answers in any way, a refused connection included, proves that the network works.
    pub async fn reaches_any(&self, anchors: &[String], deadline: Instant) -> bool {
        let _ = (anchors, deadline);
        todo!("probe")
    }
}
