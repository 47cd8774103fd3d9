//! The native thread of an engine, which never takes the interpreter's lock.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use allswell::Health;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::watch::Watch;

/// How often a side port that somebody else serves is tried for.
const TAKE_OVER_EVERY: Duration = Duration::from_millis(500);

/// The native thread: looks at the loop, serves the side port, and has the checks' tasks run, until it is told to end.
pub fn run(
    runtime: &Runtime,
    ended: oneshot::Receiver<()>,
    health: Health,
    watch: Arc<Watch>,
    address: Option<String>,
) {
    let side_port = health.clone();
    let leader = watch.clone();
    let served = async move {
        match address {
            Some(address) => serve(side_port, leader, address).await,
            None => std::future::pending().await,
        }
    };
    let looking = async move {
        loop {
            tokio::time::sleep(watch.look(&health)).await;
        }
    };
    runtime.block_on(async move {
        tokio::select! {
            _ = ended => {}
            () = looking => {}
            () = served => {}
        }
    });
}

/// Serves the side port as soon as no other worker does.
async fn serve(health: Health, watch: Arc<Watch>, address: String) {
    let mut complained = false;
    loop {
        if watch.leads() {
            match listen(&address) {
                Ok(listener) => {
                    let port = listener.local_addr().map(|address| address.port()).ok();
                    watch.serves(port);
                    tracing::info!(address = %address, "side port is open");
                    if let Err(error) = health.serve_side_port(listener).await {
                        tracing::error!(%error, "the side port cannot be served");
                    }
                    watch.serves(None);
                }
                Err(error) if !complained => {
                    complained = true;
                    tracing::error!(address = %address, %error, "cannot bind the side port; it is tried again");
                }
                Err(_) => {}
            }
        }
        tokio::time::sleep(TAKE_OVER_EVERY).await;
    }
}

fn listen(address: &str) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
