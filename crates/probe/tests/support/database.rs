//! Real database servers, each in a directory of its own and on a free port of loopback.

use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use tempfile::TempDir;

/// `nobody`, as every Linux has it: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65_534;

/// Where `cargo xtask test` found a tool.
pub fn tool(variable: &str) -> PathBuf {
    std::env::var_os(variable).unwrap_or_else(|| panic!("{variable} is not set; run `cargo xtask test`")).into()
}

/// A port that was free a moment ago.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn succeed(command: &mut Command) {
    let output = command.output().expect("the command runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A PostgreSQL server; it ends with this value.
pub struct Postgres {
    pub address: SocketAddr,
    programs: PathBuf,
    directory: TempDir,
}

impl Postgres {
    /// Starts a server with the roles that `sql` makes, the rules of `pg_hba.conf` and, if given, a certificate and its key.
    pub fn start(sql: &str, rules: &str, identity: Option<(&str, &str)>) -> Self {
        let programs = tool("ALLSWELL_TEST_POSTGRES");
        let directory = TempDir::new().expect("a directory");
        let postgres = Self { address: free(), programs, directory };
        postgres.hand_over(postgres.directory.path());
        let data = postgres.data();
        succeed(postgres.program("initdb").args(["--username=admin", "--auth=reject", "--no-sync", "-D"]).arg(&data));
        fs::write(data.join("pg_hba.conf"), rules).expect("writable");
        let mut settings = vec![
            "listen_addresses = '127.0.0.1'".to_owned(),
            format!("port = {}", postgres.address.port()),
            "unix_socket_directories = ''".to_owned(),
            "fsync = off".to_owned(),
        ];
        if let Some((certificate, key)) = identity {
            postgres.keep("server.crt", certificate);
            postgres.keep("server.key", key);
            settings.push("ssl = on".to_owned());
        }
        fs::write(data.join("postgresql.auto.conf"), settings.join("\n")).expect("writable");
        postgres.run_alone(sql);
        let log = postgres.directory.path().join("log");
        let start = ["-w", "-t", "60", "start", "-l"];
        let mut start_it = postgres.program("pg_ctl");
        start_it.args(start).arg(log).arg("-D").arg(&data).stdin(Stdio::null()).stdout(Stdio::null());
        let status = start_it.stderr(Stdio::null()).status().expect("pg_ctl runs");
        assert!(status.success(), "{}", fs::read_to_string(postgres.directory.path().join("log")).unwrap_or_default());
        postgres
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// What the server wrote into its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// Runs statements before the server serves anybody.
    fn run_alone(&self, sql: &str) {
        let mut alone = self.program("postgres");
        alone.args(["--single", "-D"]).arg(self.data()).arg("postgres");
        let mut child = alone.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("runs");
        child.stdin.take().expect("piped").write_all(sql.as_bytes()).expect("taken");
        let output = child.wait_with_output().expect("ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.contains("ERROR"), "{said}");
    }

    fn keep(&self, name: &str, text: &str) {
        let path = self.data().join(name);
        fs::write(&path, text).expect("writable");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("ours");
        self.hand_over(&path);
    }

    fn hand_over(&self, path: &Path) {
        if is_root() {
            chown(path, Some(NOBODY), Some(NOBODY)).expect("root may");
        }
    }

    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args([format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"), "--clear-groups".to_owned()]);
            command.arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.directory.path());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.program("pg_ctl").args(["-m", "immediate", "-w", "stop", "-D"]).arg(self.data()).output();
    }
}

/// A MariaDB server; it ends with this value.
pub struct Mariadb {
    pub address: SocketAddr,
    child: Child,
    log: std::thread::JoinHandle<String>,
    directory: TempDir,
}

impl Mariadb {
    /// Starts a server that runs `sql` first and, if given, has a certificate and its key.
    pub fn start(sql: &str, identity: Option<(&str, &str)>) -> Self {
        let (address, directory) = (free(), TempDir::new().expect("a directory"));
        let place = |name: &str| directory.path().join(name);
        let keep = |name: &str, text: &str| fs::write(place(name), text).expect("writable");
        let data = format!("--datadir={}", place("data").display());
        let own = fs::metadata("/proc/self").map_or(0, |process| process.uid());
        let user = if own == 0 { "--user=root" } else { "--skip-name-resolve" };
        let methods = ["--auth-root-authentication-method=normal", "--skip-test-db"];
        // Two that are set up at once in one folder of temporary files delete each other's.
        let mut install = Command::new("mariadb-install-db");
        succeed(install.args(["--no-defaults", user, &data]).args(methods).env("TMPDIR", directory.path()));
        keep("init.sql", sql);
        let mut command = Command::new(tool("ALLSWELL_TEST_MARIADB"));
        command.env("TMPDIR", directory.path()).args([
            "--no-defaults",
            user,
            &data,
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--log-warnings=9",
        ]);
        command.arg(format!("--port={}", address.port())).arg(format!("--socket={}", place("socket").display()));
        command.arg(format!("--init-file={}", place("init.sql").display()));
        if let Some((certificate, key)) = identity {
            keep("server.crt", certificate);
            keep("server.key", key);
            command.arg(format!("--ssl-cert={}", place("server.crt").display()));
            command.arg(format!("--ssl-key={}", place("server.key").display()));
        }
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("mariadbd runs");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
        let mut before = Vec::new();
        let ready =
            lines.by_ref().inspect(|line| before.push(line.clone())).any(|line| line.contains("ready for conn"));
        assert!(ready, "{}", before.join("\n"));
        let log = std::thread::spawn(move || lines.collect::<Vec<_>>().join("\n"));
        Self { address, child, log, directory }
    }

    /// Ends the server; gives what it wrote into its log while it served.
    pub fn end(mut self) -> String {
        succeed(Command::new("kill").arg(self.child.id().to_string()));
        let _ = self.child.wait();
        std::mem::replace(&mut self.log, std::thread::spawn(String::new)).join().expect("read")
    }
}

impl Drop for Mariadb {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A Redis server; it ends with this value.
pub struct Redis {
    pub address: SocketAddr,
    child: Child,
}

impl Redis {
    /// Starts a server with `settings`; where it listens is added.
    pub fn start(settings: &str) -> Self {
        let address = free();
        let mut command = Command::new(tool("ALLSWELL_TEST_REDIS"));
        command.arg("-").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("redis-server runs");
        let listen = format!("bind 127.0.0.1\nport {}\nsave \"\"\n", address.port());
        child.stdin.take().expect("piped").write_all((listen + settings).as_bytes()).expect("taken");
        let mut log = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut ready = log.by_ref().map_while(Result::ok);
        assert!(ready.any(|line| line.contains("Ready to accept connections")), "the server did not start");
        std::thread::spawn(move || log.for_each(drop));
        Self { address, child }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The chain as a PEM file has it.
pub fn pem(identity: &super::tls::Identity) -> String {
    let one = |der: &rustls::pki_types::CertificateDer<'_>| {
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    };
    identity.chain.iter().map(one).collect()
}
