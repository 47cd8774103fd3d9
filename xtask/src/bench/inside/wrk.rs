//! `wrk`, which asks as fast as it can.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use super::service::Process;
use crate::cargo::line;

/// A run under way.
#[derive(Debug)]
pub struct Wrk(Process);

impl Wrk {
    /// Begins to ask for `path` over so many connections for so many seconds.
    pub fn start(address: SocketAddr, path: &str, connections: u32, seconds: u64) -> Result<Self> {
        Self::start_with(address, path, connections, seconds, None)
    }

    /// The same with one more header, `name: value`.
    pub fn start_with(
        address: SocketAddr,
        path: &str,
        connections: u32,
        seconds: u64,
        header: Option<&str>,
    ) -> Result<Self> {
        let mut command = Command::new("wrk");
        command.args(["-t", "1", "-c", &connections.to_string(), "-d", &format!("{seconds}s")]);
        if let Some(header) = header {
            command.args(["-H", header]);
        }
        command.arg(format!("http://{address}{path}")).stdout(Stdio::piped()).stderr(Stdio::null());
        let child: Child = command.spawn().with_context(|| format!("cannot run {}; install wrk", line(&command)))?;
        Ok(Self(Process(child)))
    }

    /// Waits for its end and says how many requests were answered. Any answer that is not 2xx or 3xx is an error.
    pub fn requests(mut self) -> Result<u64> {
        let mut said = String::new();
        let mut out = self.0.0.stdout.take().context("asked for above")?;
        std::io::Read::read_to_string(&mut out, &mut said)?;
        let status = self.0.0.wait()?;
        anyhow::ensure!(status.success(), "wrk ended with {status}: {said}");
        anyhow::ensure!(!said.contains("Non-2xx"), "wrk got other answers than it should: {said}");
        requests_in(&said).with_context(|| format!("wrk counted nothing: {said}"))
    }
}

/// `  123456 requests in 2.00s, 45.67MB read`
fn requests_in(said: &str) -> Option<u64> {
    said.lines().find_map(|line| line.trim().split_once(" requests in ")?.0.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_read_from_the_report() {
        let said = "Running 2s test @ http://127.0.0.1:1/\n  1 threads and 16 connections\n  98765 requests in 2.00s, 1MB read\n";
        assert_eq!(requests_in(said), Some(98_765));
        assert_eq!(requests_in("unable to connect"), None);
    }
}
