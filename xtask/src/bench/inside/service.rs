//! The service under measure (`xtask/cost`) as a process, and a client that keeps its connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::cargo::{Profile, cargo, line, run, target_folder};

/// How long an answer may take before the bench gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Builds it and says where it is.
pub fn build(profile: Profile) -> Result<PathBuf> {
    built(&["--package", "xtask-cost"], "xtask-cost", profile)
}

/// Builds what cargo is told to, and says where `name` is then.
pub fn built(what: &[&str], name: &str, profile: Profile) -> Result<PathBuf> {
    let mut command = cargo(["build", "--quiet"]);
    command.args(what);
    if profile == Profile::Release {
        // As services are built, not as this workspace saves time.
        command.arg("--release").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3");
    }
    run(&mut command)?;
    let folder = if profile == Profile::Release { "release" } else { "debug" };
    Ok(target_folder()?.join(folder).join(name))
}

/// A process that ends with this value.
#[derive(Debug)]
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing to be done about a failure: most often it has already ended.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A service that serves.
#[derive(Debug)]
pub struct Service {
    process: Process,
    /// Its own port.
    pub main: SocketAddr,
    /// Its side port.
    pub side: SocketAddr,
}

impl Service {
    /// Starts it and waits for its ports.
    pub fn start(program: &Path, kind: &str, checks: u32, workers: u32) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["serve", kind, &checks.to_string(), &workers.to_string()]).stdout(Stdio::piped());
        let child = command.spawn().with_context(|| format!("cannot start {}", line(&command)))?;
        let mut process = Process(child);
        let mut lines = BufReader::new(process.0.stdout.take().context("asked for above")?).lines();
        let mut port = |name: &str| -> Result<SocketAddr> {
            let line = lines.next().with_context(|| format!("no {name} port was printed"))??;
            let address = line.strip_prefix(name).with_context(|| format!("`{line}` is no {name} port"))?;
            address.trim().parse().with_context(|| format!("`{line}` has no address"))
        };
        let (main, side) = (port("main")?, port("side")?);
        Ok(Self { process, main, side })
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.process.0.id()
    }
}

/// What came back, and how long it took.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub code: u16,
    /// The head, in lower case.
    pub head: String,
    /// The body.
    pub body: String,
    /// From before the request was written to after the body was read.
    pub took: Duration,
}

impl Answer {
    /// The header's value as a number.
    pub fn number(&self, header: &str) -> Option<f64> {
        let line = self.head.lines().find_map(|line| line.strip_prefix(header)?.strip_prefix(':'))?;
        line.trim().parse().ok()
    }
}

/// A client with one connection that is kept.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    address: SocketAddr,
}

impl Client {
    /// Connects.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).with_context(|| format!("cannot ask {address}"))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, address })
    }

    /// Asks for `path` and reads the answer, which must say its length.
    pub fn get(&mut self, path: &str) -> Result<Answer> {
        let start = Instant::now();
        let request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n");
        let asking = || format!("cannot ask http://{}{path}", self.address);
        self.stream.write_all(request.as_bytes()).with_context(asking)?;
        let (mut bytes, mut buffer) = (Vec::new(), [0; 16 << 10]);
        loop {
            let read = self.stream.read(&mut buffer).with_context(asking)?;
            anyhow::ensure!(read > 0, "{}: it hung up", asking());
            bytes.extend_from_slice(&buffer[..read]);
            let text = String::from_utf8_lossy(&bytes);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let head = head.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or_default();
            if body.len() >= length {
                let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).with_context(asking)?;
                return Ok(Answer { code, body: body.to_owned(), head, took: start.elapsed() });
            }
        }
    }
}
