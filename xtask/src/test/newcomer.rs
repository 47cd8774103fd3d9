//! The page "Health for a Rust service", followed as it is written: a fresh project with its `Cargo.toml` and its `main.rs`, built,
//! started and asked.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use super::guide::blocks;
use crate::bench::inside::postgres::free_port;
use crate::bench::inside::service::{Client, Process};
use crate::cargo::{self, quietly, root, target_folder};
use crate::time::wait_for;

const PAGE: &str = "docs/health-for-a-rust-service.md";

/// Follows the page. The ports in it become free ones, and its database one that refuses.
pub fn follow() -> Result<()> {
    let (main, side) = (free_port()?, free_port()?);
    let page = fs::read_to_string(root().join(PAGE)).with_context(|| format!("cannot read {PAGE}"))?;
    let page = page.replace("127.0.0.1:8080", &main.to_string()).replace("127.0.0.1:9091", &side.to_string());
    let program = project(&page.replace("127.0.0.1:5432", "127.0.0.1:1"))?;
    let child = Command::new(program).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
    let _service = Process(child.context("cannot start what the page shows")?);
    let ask = |address: SocketAddr, path: &str| Client::connect(address)?.get(path);
    let failed = wait_for("the page's service to miss its database", Duration::from_secs(30), || {
        Ok(ask(main, "/ready").ok().filter(|answer| answer.body.contains("check failed: database")))
    })?;
    anyhow::ensure!(failed.code == 503, "/ready answered {}", failed.code);
    let health = ask(main, "/health")?;
    anyhow::ensure!(health.code == 200, "/health answered {}: {}", health.code, health.body);
    let status = ask(side, "/status")?;
    anyhow::ensure!(
        status.body.to_lowercase().contains("connection refused"),
        "the side port does not tell why: {}",
        status.body
    );
    let metrics = ask(main, "/metrics")?;
    anyhow::ensure!(metrics.body.contains(r#"route="/health""#), "no metrics of requests: {}", metrics.body);
    Ok(())
}

/// Builds the project that the page describes, and says where its program is.
fn project(page: &str) -> Result<PathBuf> {
    let folder = cargo::fresh_folder("newcomer")?.join("orders");
    fs::create_dir_all(folder.join("src"))?;
    let block = |language: &str, with: &str| {
        let found = blocks(page).into_iter().find(|block| block.language == language && block.text.contains(with));
        found.map(|block| block.text).with_context(|| format!("{PAGE} has no {language} with `{with}`"))
    };
    let dependencies = block("toml", "[dependencies]")?.replace("../allswell", &root().display().to_string());
    let package = "[package]\nname = \"orders\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n";
    fs::write(folder.join("Cargo.toml"), format!("{package}{dependencies}"))?;
    fs::write(folder.join("src/main.rs"), block("rust", "fn main")?)?;
    // The same versions as here, which are there already.
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let target = target_folder()?.join("newcomer-target");
    build(&folder, &target)?;
    Ok(target.join("debug/orders"))
}

fn build(folder: &Path, target: &Path) -> Result<()> {
    let mut command = cargo::cargo(["build", "--quiet"]);
    quietly(command.current_dir(folder).env("CARGO_TARGET_DIR", target))
}
