//! A whole server of ours on a port of its own, as `allswell serve` runs it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use allswell_monitor::clock::SystemClock;
use allswell_monitor::config;
use allswell_server::pages::Console;
use allswell_server::server::{Options, Server};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// A server that stops when it is dropped.
pub struct Running {
    pub address: SocketAddr,
    _data: TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts one that watches what `yaml` says.
    pub fn start(yaml: &str) -> Self {
        let config = config::parse(yaml, Path::new("test.yaml"), &|_| None).expect("a good configuration");
        let data = tempfile::tempdir().expect("a directory");
        let options = Options {
            data: data.path().to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            key: None,
            console: Console::default(),
            clock: Arc::new(SystemClock::new()),
        };
        let (stop, stopped) = oneshot::channel();
        let (started, ready) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let server = Server::start(options, config).await.expect("it starts");
                started.send(server.address()).expect("somebody waits");
                let _ = stopped.await;
                server.stop().await;
            });
        });
        let address = ready.recv().expect("it starts");
        Self { address, _data: data, stop: Some(stop), thread: Some(thread) }
    }

    /// Its address as the command line takes it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
