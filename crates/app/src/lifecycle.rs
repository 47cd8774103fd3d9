//! The life of a service: holds of its start, and the order of its end.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crate::health::Health;

/// Holds the start of a service until it is released.
///
/// Dropping it unreleased keeps the start held: a migration that ended with an error leaves its hold behind, and the service
/// must not become ready by that.
#[derive(Debug)]
#[must_use = "a hold that is dropped is never released"]
pub struct Hold {
    health: Health,
    name: Arc<str>,
    released: bool,
}

impl Hold {
    pub(crate) fn new(health: Health, name: Arc<str>) -> Self {
        Self { health, name, released: false }
    }

    /// Releases the hold: what it stood for is done.
    pub fn release(mut self) {
        self.released = true;
        self.health.release(&self.name);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if !self.released {
            tracing::error!(
                hold.name = &*self.name,
                "startup hold was dropped unreleased: the service stays not ready"
            );
        }
    }
}

impl Health {
    /// Waits for SIGTERM or SIGINT, then drains: see [`drained_by`](Self::drained_by).
    ///
    /// Give it to the server as the moment to close its listener:
    /// `axum::serve(listener, app).with_graceful_shutdown(health.drained(delay))`.
    pub fn drained(&self, delay: Duration) -> impl Future<Output = ()> + Send + 'static {
        self.drained_by(end_signal(), delay)
    }

    /// Waits for `end`, says not ready, goes on serving for `delay`, and returns: then the listener is to be closed and what
    /// is under way to be finished. Liveness stays 200 all the time.
    ///
    /// `delay` is how long the load balancer needs to notice: the readiness probe's period times its failure threshold, and
    /// some seconds for the news to spread.
    pub fn drained_by(
        &self,
        end: impl Future<Output = ()> + Send + 'static,
        delay: Duration,
    ) -> impl Future<Output = ()> + Send + 'static {
        let health = self.clone();
        async move {
            end.await;
            health.start_draining();
            tokio::time::sleep(delay).await;
        }
    }
}

/// SIGTERM, SIGINT, or Ctrl-C where there are no signals. A signal that cannot be listened for never comes.
async fn end_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
        match (terminate, interrupt) {
            (Ok(mut terminate), Ok(mut interrupt)) => {
                std::future::poll_fn(|context| match terminate.poll_recv(context) {
                    Poll::Pending => interrupt.poll_recv(context),
                    received => received,
                })
                .await;
            }
            (Err(error), _) | (_, Err(error)) => {
                tracing::error!(%error, "cannot listen for signals: the service will not drain");
                std::future::pending::<()>().await;
            }
        }
    }
    #[cfg(not(unix))]
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::error!(%error, "cannot listen for Ctrl-C: the service will not drain");
        std::future::pending::<()>().await;
    }
}
