//! `allswell serve` as a process under watch: started, asked, stopped or killed.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::cargo;
use crate::time::{wait_for, wall_ms};

/// How long a start may take; a loaded machine with a debug build is slow.
const START: Duration = Duration::from_secs(30);

/// What the server said on its standard output.
#[derive(Clone, Debug, Default)]
struct Banner {
    lines: Vec<String>,
    ready_ms: Option<i64>,
}

/// A running server. Killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    banner: Arc<Mutex<Banner>>,
    log: PathBuf,
}

impl Server {
    /// Starts `binary serve ARGUMENTS --listen 127.0.0.1:0 --log json`; what it logs is added to `log`.
    pub fn start<A: AsRef<OsStr>>(binary: &Path, arguments: &[A], log: &Path) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(log);
        let file: File = file.with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = Command::new(binary);
        command.arg("serve").args(arguments).args(["--listen", "127.0.0.1:0", "--log", "json"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file);
        let mut child = command.spawn().with_context(|| format!("cannot start {}", cargo::line(&command)))?;
        let banner = Arc::<Mutex<Banner>>::default();
        let stdout = child.stdout.take().expect("asked for above");
        let shared = Arc::clone(&banner);
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let mut banner = shared.lock().unwrap_or_else(PoisonError::into_inner);
                if banner.ready_ms.is_none() && page(&line, "web").is_some() {
                    banner.ready_ms = Some(wall_ms());
                }
                banner.lines.push(line);
            }
        });
        Ok(Self { child, banner, log: log.to_owned() })
    }

    /// Waits until it has printed its address.
    pub fn address(&mut self) -> Result<SocketAddr> {
        wait_for("the server's address", START, || {
            self.ensure_running()?;
            Ok(self.page("web"))
        })
    }

    /// The address that it printed under this name.
    pub fn page(&self, name: &str) -> Option<SocketAddr> {
        self.banner().lines.iter().find_map(|line| page(line, name))
    }

    /// When it printed its address; `None` if it has not.
    pub fn ready_ms(&self) -> Option<i64> {
        self.banner().ready_ms
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// An error when it has ended by itself, with the end of its log.
    pub fn ensure_running(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => {
                anyhow::bail!("the server ended by itself with {status}; its last words:\n{}", tail(&self.log))
            }
        }
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end (SIGTERM) and waits.
    pub fn stop(mut self, limit: Duration) -> Result<ExitStatus> {
        // The standard library sends no signal but SIGKILL; every shell can.
        cargo::run(Command::new("sh").args(["-c", &format!("kill -TERM {}", self.pid())]))?;
        wait_for("the server to stop", limit, || Ok(self.child.try_wait()?))
    }

    fn banner(&self) -> Banner {
        self.banner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing to be done about a failure: most often it has already ended.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The address in the banner's line `  ● web       http://127.0.0.1:8080/`, when it has this name.
fn page(line: &str, name: &str) -> Option<SocketAddr> {
    let mut words = line.split_whitespace();
    (words.next()? == "●" && words.next()? == name).then(|| words.next().and_then(address_of))?
}

/// The address of `http://127.0.0.1:8080/`.
fn address_of(url: &str) -> Option<SocketAddr> {
    url.strip_prefix("http://")?.split('/').next()?.parse().ok()
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_the_banner() {
        let address = "127.0.0.1:8080".parse().ok();
        assert_eq!(page("  ● web       http://127.0.0.1:8080/", "web"), address);
        assert_eq!(page("  ● mail      http://127.0.0.1:8080/  the alerts arrive here", "mail"), address);
        assert_eq!(page("  ● mail      http://127.0.0.1:8080/", "web"), None);
        assert_eq!(page("watching the web", "web"), None);
    }
}
