//! The side port: the same endpoints on a second port, served by a thread and a runtime of their own, so that they answer when
//! every worker of the service is stuck.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower_service::Service as _;

use crate::endpoints::Door;
use crate::health::Health;

/// How many connections are served at the same time; more wait to be accepted.
const CONNECTIONS_MAX: usize = 256;

/// How long a client may take to send the head of its request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

impl Health {
    /// Serves the endpoints on a second port, until the process ends, and returns its address.
    ///
    /// Readers of this port see everything; bind it where only those come who may. Port 0 takes one that is free.
    ///
    /// # Errors
    /// When the address cannot be bound, or the system gives no thread.
    pub fn side_port(&self, address: impl ToSocketAddrs) -> io::Result<SocketAddr> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let bound = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let router: Router = self.endpoints(Door::Side);
        std::thread::Builder::new()
            .name("allswell-side".to_owned())
            .spawn(move || runtime.block_on(serve_on(listener, router)))?;
        tracing::info!(%bound, "side port is open");
        Ok(bound)
    }
}

/// Serves on a listener that does not block, on the runtime this runs on, until it is dropped.
///
/// # Errors
/// When the runtime cannot wait for this listener.
pub async fn serve_on(listener: std::net::TcpListener, router: Router) -> io::Result<()> {
    accept(TcpListener::from_std(listener)?, router).await
}

#[expect(clippy::disallowed_methods, reason = "each connection is a task of this adapter's own runtime")]
async fn accept(listener: TcpListener, router: Router) -> ! {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let place = places.clone().acquire_owned().await.expect("never closed");
        match listener.accept().await {
            Ok((stream, _)) => {
                let router = router.clone();
                tokio::spawn(async move {
                    serve(stream, router).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the side port cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, router: Router) {
    // An answer is one small write; it must not wait for an acknowledgement.
    stream.set_nodelay(true).ok();
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut router = router.clone();
        async move { router.call(request.map(Body::new)).await }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a connection of the side port ended");
    }
}
