//! Servers that other people wrote, in a Python of their own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::database::tool;

/// A server; it ends with this value.
pub struct Python {
    child: Child,
    /// What it printed first: its ports.
    pub ports: Vec<u16>,
}

impl Python {
    /// Starts `script`, which prints its ports on one line once it listens.
    pub fn start(script: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(tool("ALLSWELL_TEST_PYTHON"));
        let mut child =
            command.args(["-c", script]).args(arguments).stdout(Stdio::piped()).spawn().expect("Python runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let ports: Vec<_> = line.split_whitespace().map(|port| port.parse().expect("a port")).collect();
        assert!(!ports.is_empty(), "the server did not start");
        Self { child, ports }
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
