//! A PostgreSQL that can be frozen.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use super::service::Process;
use crate::cargo::{quietly, run};
use crate::time::wait_for;

/// A server that ends with this value.
#[derive(Debug)]
pub struct Postgres {
    /// Where it listens.
    pub address: SocketAddr,
    process: Process,
}

impl Postgres {
    /// Makes a cluster in `folder` and starts it on a free port; `bin` holds its programs.
    pub fn start(bin: &Path, folder: &Path) -> Result<Self> {
        let data = folder.join("data");
        // It does not run as root; its own user is there when its package is.
        let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0");
        let as_postgres = |program: PathBuf| {
            if !root {
                return Command::new(program);
            }
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        };
        if root {
            quietly(Command::new("chown").arg("postgres").arg(folder))?;
        }
        let initialise = ["--auth=trust", "--username=postgres", "--no-sync", "--no-instructions", "-D"];
        quietly(as_postgres(bin.join("initdb")).args(initialise).arg(&data))?;
        let address = free_port()?;
        let mut server = as_postgres(bin.join("postgres"));
        server.arg("-D").arg(&data).args(["-p", &address.port().to_string(), "-h", "127.0.0.1", "-F"]);
        server
            .args(["-c", "unix_socket_directories="])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let postgres = Self { address, process: Process(server.spawn().context("cannot start postgres")?) };
        let listens = || Ok(TcpStream::connect(address).is_ok().then_some(()));
        wait_for("PostgreSQL to listen", Duration::from_secs(60), listens)?;
        Ok(postgres)
    }

    /// `STOP` freezes all its processes where they are, `CONT` lets them go on.
    pub fn signal(&self, signal: &str) -> Result<()> {
        let mut processes = vec![self.process.0.id()];
        let mut at = 0;
        while at < processes.len() {
            processes.extend(children_of(processes[at]));
            at += 1;
        }
        let mut kill = Command::new("kill");
        run(kill.arg(format!("-{signal}")).args(processes.iter().map(ToString::to_string)))
    }

    /// Connections to it that are open at their client's end.
    pub fn connections(&self) -> Result<usize> {
        const ESTABLISHED: &str = "01";
        let table = std::fs::read_to_string("/proc/self/net/tcp").context("cannot read /proc/self/net/tcp")?;
        let here = format!(":{:04X}", self.address.port());
        let to_it = |line: &&str| {
            let fields: Vec<_> = line.split_whitespace().collect();
            fields.get(2).is_some_and(|remote| remote.ends_with(&here)) && fields.get(3) == Some(&ESTABLISHED)
        };
        Ok(table.lines().filter(to_it).count())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A frozen process takes no other signal, and its children outlive it.
        self.signal("CONT").ok();
        self.signal("KILL").ok();
    }
}

/// A port of this machine that was free a moment ago.
pub fn free_port() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen on loopback")?;
    Ok(listener.local_addr()?)
}

fn children_of(process: u32) -> Vec<u32> {
    let path = format!("/proc/{process}/task/{process}/children");
    let children = std::fs::read_to_string(path).unwrap_or_default();
    children.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}
