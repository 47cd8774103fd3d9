//! For hosts that are no tokio service: the Python package puts its event loop, its workers and their counts here.
//!
//! Such a host runs the checks' tasks and the side port on a runtime of its own, away from the loop that serves requests. What
//! the watchdog of this crate would see of that runtime says nothing about the service, so the host looks for itself, and tells
//! what it saw with [`Health::strained`].

use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;

use crate::builder::Builder;
use crate::endpoints::Door;
use crate::forms::{Form, Query};
use crate::health::Health;
use crate::page::{Details, View};

pub use crate::metrics::{
    BOUNDS, CLASSES, Class, Dialect, Ended, Exposition, METHODS, Method, Recorder, ResponseTime, Row,
};
pub use crate::watch::{AcceptQueue, Growth, Memory, Process, Strain, Worker, accept_queue, memory};

/// What a host knows that this crate cannot see, and does that it cannot do.
pub trait Host: Send + Sync + 'static {
    /// The counts of requests of all workers, made of those of this one. What is written after is of the same moment.
    fn rows(&self, own: Vec<Row>, checks: &[crate::CheckResult]) -> Vec<Row>;

    /// Writes the checks' metrics, of all workers.
    fn write_checks(&self, text: &mut Exposition);

    /// Writes the host's own metrics.
    fn write(&self, text: &mut Exposition);

    /// For how long whoever runs the checks did not do so, as far as it touches an asking that is given up now: a timeout
    /// that nobody could keep says nothing about what was asked.
    fn late(&self, asked_for: Duration) -> Duration;

    /// Has the service's loop do nothing else for so long: a simulated fault.
    fn block(&self, lasting: Duration);
}

impl Builder {
    /// The service is run by this host.
    pub fn host(mut self, host: Arc<dyn Host>) -> Self {
        self.host = Some(host);
        self
    }

    /// Why this cannot be built, as a sentence that says what to do.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn validate(&self) -> Result<(), crate::Misuse> {
        self.misuse().map_or(Ok(()), |sentence| Err(crate::Misuse(sentence)))
    }
}

impl crate::Check {
    /// Why it cannot be registered, as a sentence that says what to do.
    ///
    /// # Errors
    /// As [`Builder::build`].
    pub fn validate(&self) -> Result<(), crate::Misuse> {
        self.misuse().map_or(Ok(()), |sentence| Err(crate::Misuse(sentence)))
    }
}

impl Health {
    /// Takes what the host's watchdog saw.
    pub fn strained(&self, strain: Strain) {
        self.0.strained(strain);
    }

    /// Whether a simulation refuses the service's own requests.
    pub fn refuses_requests(&self) -> bool {
        self.0.refuses(None)
    }

    /// The counts of requests of this process.
    pub fn recorder(&self) -> &Recorder {
        &self.0.recorder
    }

    /// Writes the metrics.
    pub fn metrics(&self, dialect: Dialect) -> String {
        crate::metrics::write(&self.0, dialect)
    }

    /// The document of a probe with everything in it, in the form of this crate.
    pub fn full_document(&self, probe: crate::Probe) -> String {
        let view = View { details: Details::Full, trusted: true };
        let page = self.0.page(probe, view, &[]);
        Form::Json.write(&page, &Query::default()).1
    }

    /// The side port on a listener and a runtime of the host's.
    pub fn serve_side_port(&self, listener: TcpListener) -> impl Future<Output = std::io::Result<()>> + Send + 'static {
        let router: Router = self.endpoints(Door::Side);
        async move { crate::watch::side_port::serve_on(listener, router).await }
    }
}
