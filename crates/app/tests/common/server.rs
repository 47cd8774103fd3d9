//! Real databases as child processes: started on a port of their own, stopped, frozen and thawed by the test.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::disallowed_methods, reason = "tests start processes and open sockets")]

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a database may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A database that ends with the test.
pub struct Server {
    pub port: u16,
    child: Child,
    folder: tempfile::TempDir,
    frozen: bool,
}

/// The tool named by the variable, or the first of the usual places.
fn tool(variable: &str, usual: &[&str]) -> PathBuf {
    if let Some(path) = std::env::var_os(variable) {
        return path.into();
    }
    let places = usual.iter().map(PathBuf::from).find(|path| path.exists());
    places.unwrap_or_else(|| panic!("none of {usual:?} is there; `cargo xtask test` installs it, or set {variable}"))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// PostgreSQL does not run as root; its own user is there when its package is.
fn as_postgres(program: &Path) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Server {
    /// PostgreSQL with the user `postgres` and its password, which it does not ask for.
    pub fn postgres() -> Self {
        let usual = ["/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/17/bin"];
        let bin = tool("ALLSWELL_TEST_POSTGRES", &usual);
        let folder = tempfile::tempdir().unwrap();
        if rustix::process::geteuid().is_root() {
            run(Command::new("chown").arg("postgres").arg(folder.path()));
        }
        let data = folder.path().join("data");
        let initialise = ["--auth=trust", "--username=postgres", "--no-sync", "--no-instructions", "-D"];
        run(as_postgres(&bin.join("initdb")).args(initialise).arg(&data));
        let port = free_port();
        let mut server = as_postgres(&bin.join("postgres"));
        server.arg("-D").arg(&data).args(["-p", &port.to_string(), "-h", "127.0.0.1", "-F"]);
        server.args(["-c", "unix_socket_directories=", "-c", "max_connections=20"]);
        Self::start(server, port, folder)
    }

    pub fn redis() -> Self {
        let redis = tool("ALLSWELL_TEST_REDIS", &["/usr/bin/redis-server"]);
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let mut server = Command::new(redis);
        server.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"]);
        server.arg(folder.path());
        Self::start(server, port, folder)
    }

    pub fn mariadb() -> Self {
        let mariadb = tool("ALLSWELL_TEST_MARIADB", &["/usr/sbin/mariadbd"]);
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let mut server = Command::new(mariadb);
        // Two with one folder of temporary files delete each other's.
        server.env("TMPDIR", folder.path());
        server.args(["--no-defaults", "--skip-grant-tables", "--user=root", "--bind-address=127.0.0.1"]);
        server.arg(format!("--port={port}")).arg(format!("--datadir={}", folder.path().display()));
        server.arg(format!("--socket={}", folder.path().join("s").display()));
        server.arg(format!("--pid-file={}", folder.path().join("p").display()));
        Self::start(server, port, folder)
    }

    fn start(mut server: Command, port: u16, folder: tempfile::TempDir) -> Self {
        let child = server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.unwrap_or_else(|error| panic!("cannot start {server:?}: {error}"));
        let mut started = Self { port, child, folder, frozen: false };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.child.try_wait().unwrap().is_none(), "{server:?} ended at once");
            assert!(start.elapsed() < PATIENCE, "{server:?} does not listen");
            std::thread::park_timeout(Duration::from_millis(20));
        }
        started
    }

    /// Stops every process of it where it is: connections stay open and nobody answers.
    pub fn freeze(&mut self) {
        self.signal("-STOP");
        self.frozen = true;
    }

    /// Lets it go on.
    pub fn thaw(&mut self) {
        self.signal("-CONT");
        self.frozen = false;
    }

    /// Ends it: its port refuses from now on.
    pub fn stop(&mut self) {
        self.signal("-KILL");
        self.child.wait().unwrap();
    }

    fn signal(&self, signal: &str) {
        let mut processes = vec![self.child.id()];
        let mut at = 0;
        while at < processes.len() {
            processes.extend(children_of(processes[at]));
            at += 1;
        }
        let processes: Vec<_> = processes.iter().map(ToString::to_string).collect();
        Command::new("kill").arg(signal).args(processes).stderr(Stdio::null()).status().unwrap();
    }

    /// How many connections to its port are open on the side of the clients.
    pub fn connections(&self) -> usize {
        const ESTABLISHED: &str = "01";
        let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
        let here = format!(":{:04X}", self.port);
        let to_it = |line: &&str| {
            let fields: Vec<_> = line.split_whitespace().collect();
            fields.get(2).is_some_and(|remote| remote.ends_with(&here)) && fields.get(3) == Some(&ESTABLISHED)
        };
        table.lines().filter(to_it).count()
    }
}

fn children_of(process: u32) -> Vec<u32> {
    let path = format!("/proc/{process}/task/{process}/children");
    let children = std::fs::read_to_string(path).unwrap_or_default();
    children.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.frozen {
            self.signal("-CONT");
        }
        self.signal("-KILL");
        self.child.wait().ok();
    }
}
