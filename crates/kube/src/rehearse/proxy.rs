//! A connection in front of the app or of something it needs, which can be slowed down and cut.

use std::time::Duration;

use allswell_probe::Dialer;
use allswell_probe::dialer::Options;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);

/// How many connections wait to be taken.
const BACKLOG: u32 = 1_024;

/// What it does with connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Passes everything on.
    Pass,
    /// Holds each piece of an answer back for so long.
    Slow(Duration),
    /// Refuses new connections and cuts those there are.
    Refuse,
}

/// One proxy on a port of its own.
pub(super) struct Proxy {
    listener: Option<TcpListener>,
    port: u16,
    host: String,
    to: u16,
    dialer: Dialer,
    mode: watch::Receiver<Mode>,
}

impl Proxy {
    /// A proxy to `host:to`.
    pub(super) fn new(host: &str, to: u16, mode: watch::Receiver<Mode>) -> std::io::Result<Self> {
        let listener = listen(0)?;
        let port = listener.local_addr()?.port();
        let dialer = Dialer::new(super::conductor::local_addresses());
        Ok(Self { listener: Some(listener), port, host: host.to_owned(), to, dialer, mode })
    }

    /// Where it listens.
    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// Serves until it is dropped.
    pub(super) async fn run(mut self) {
        let mut connections = FuturesUnordered::new();
        loop {
            let mode = *self.mode.borrow_and_update();
            if mode == Mode::Refuse {
                (self.listener, connections) = (None, FuturesUnordered::new());
                if self.mode.changed().await.is_err() {
                    return;
                }
                continue;
            }
            if self.listener.is_none() {
                // Somebody else may have taken the port meanwhile: then it goes on to refuse.
                self.listener = listen(self.port).ok();
            }
            let accepted = async {
                match &self.listener {
                    Some(listener) => listener.accept().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                accepted = accepted => if let Ok((stream, _)) = accepted {
                    connections.push(pass(stream, self.dialer.clone(), self.host.clone(), self.to, mode));
                },
                Some(()) = connections.next() => {}
                changed = self.mode.changed() => if changed.is_err() {
                    return;
                },
            }
        }
    }
}

fn listen(port: u16) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(([127, 0, 0, 1], port).into())?;
    socket.listen(BACKLOG)
}

async fn pass(client: TcpStream, dialer: Dialer, host: String, port: u16, mode: Mode) {
    let Ok(dialled) = dialer.connect(&host, port, &Options::default(), crate::ask::deadline(CONNECT)).await else {
        return;
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_app, mut to_app) = dialled.stream.into_split();
    let there = async {
        let _ = tokio::io::copy(&mut from_client, &mut to_app).await;
        let _ = to_app.shutdown().await;
    };
    let back = async {
        let mut piece = vec![0_u8; 16_384];
        while let Ok(count) = from_app.read(&mut piece).await {
            if let Mode::Slow(delay) = mode {
                tokio::time::sleep(delay).await;
            }
            if count == 0 || to_client.write_all(&piece[..count]).await.is_err() {
                break;
            }
        }
        let _ = to_client.shutdown().await;
    };
    tokio::join!(there, back);
}
