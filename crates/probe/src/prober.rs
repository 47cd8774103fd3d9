//! Asks questions.

use std::panic::AssertUnwindSafe;

use allswell_core::Reason;
use futures_util::future::{BoxFuture, FutureExt};
use tokio::time::Instant;

use crate::dialer::{AddressPolicy, Dialer, in_time};
use crate::draft::Draft;
use crate::fault::Fault;
use crate::judge::judge;
use crate::progress::now;
use crate::question::{Kind, Question};
use crate::reach;
use crate::{Answer, dns, grpc, http, mysql, ping, postgres, redis, tcp, tls, websocket};

/// Asks questions; one for the whole process.
///
/// Its futures come boxed, as the dialler's do.
#[derive(Debug)]
pub struct Prober {
    dialer: Dialer,
}

impl Prober {
    /// A prober that keeps to `policy`.
    pub fn new(policy: AddressPolicy) -> Self {
        Self { dialer: Dialer::new(policy) }
    }

    /// The dialler it asks with, for everything else that leaves this process.
    pub fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// Asks once. Comes back by `deadline`, whatever the other side does.
    ///
    /// Dropping the future ends the asking at once and leaves nothing behind.
    pub fn ask<'a>(&'a self, question: &'a Question, deadline: Instant) -> BoxFuture<'a, Answer> {
        self.answer(question, deadline).boxed()
    }

    async fn answer(&self, question: &Question, deadline: Instant) -> Answer {
        let mut draft = Draft::new();
        if now() >= deadline {
            let late = Fault::new(Reason::OwnStarved, "the deadline had passed before we came to ask");
            return judge(question, draft, Some(late));
        }
        // A defect in a parser must not take the whole monitor with it.
        let asking = AssertUnwindSafe(self.ask_into(question, deadline, &mut draft)).catch_unwind();
        let fault = match tokio::time::timeout_at(deadline, asking).await {
            Ok(Ok(Ok(()))) => None,
            Ok(Ok(Err(fault))) => Some(fault),
            Ok(Err(_)) => Some(Fault::new(Reason::OwnFault, "a defect of ours ended the asking; the log has more")),
            Err(_) => {
                let reason = draft.progress.cut();
                Some(Fault::new(reason, in_time(reason, question.host(), draft.progress.address)))
            }
        };
        judge(question, draft, fault)
    }

    async fn ask_into(&self, question: &Question, deadline: Instant, draft: &mut Draft) -> Result<(), Fault> {
        match &question.kind {
            Kind::Http(question) => http::ask(question, &self.dialer, deadline, draft).await,
            Kind::Tcp(question) => tcp::ask(question, &self.dialer, deadline, draft).await,
            Kind::Tls(question) => tls::ask(question, &self.dialer, deadline, draft).await,
            Kind::Dns(question) => dns::ask(question, &self.dialer, deadline, draft).await,
            Kind::Grpc(question) => grpc::ask(question, &self.dialer, deadline, draft).await,
            Kind::Websocket(question) => websocket::ask(question, &self.dialer, deadline, draft).await,
            Kind::Ping(question) => ping::ask(question, &self.dialer, deadline, draft).await,
            Kind::Postgres(question) => postgres::ask(question, &self.dialer, deadline, draft).await,
            Kind::Mysql(question) => mysql::ask(question, &self.dialer, deadline, draft).await,
            Kind::Redis(question) => redis::ask(question, &self.dialer, deadline, draft).await,
            Kind::Heartbeat(_) => Err(Fault::new(Reason::OwnFault, "a heartbeat is waited for and never asked")),
        }
    }

    /// Whether this machine reaches anything at all: its gateway, its resolvers, or one of `anchors` (`host:port`).
    ///
    /// An anchor that answers in any way, a refused connection included, proves that the network works.
    pub fn reaches_any<'a>(&'a self, anchors: &'a [String], deadline: Instant) -> BoxFuture<'a, bool> {
        async move { reach::any(&self.dialer, &reach::Surroundings::of_this_machine(), anchors, deadline).await }
            .boxed()
    }
}
