//! `cargo xtask demo`: the newcomer's first two minutes, without the newcomer.
//!
//! Starts `allswell serve --demo` and waits until it has told an incident by e-mail, with no help from outside.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::cargo::{self, Profile};
use crate::http::{get, get_list};
use crate::server::Server;
use crate::time::wait_for;

/// The README promises an incident within two minutes; half a minute more for a loaded machine.
const LIMIT: Duration = Duration::from_secs(150);

/// Builds the server and runs its demo. `true` means that the mail came.
pub fn run() -> Result<bool> {
    run_with(&cargo::build_allswell(Profile::Debug)?)
}

/// Runs the demo of a binary that is built.
pub fn run_with(binary: &Path) -> Result<bool> {
    let folder = cargo::fresh_folder("demo")?;
    let data = folder.join("data");
    let start = Instant::now();
    let mut server = Server::start(
        binary,
        &[OsStr::new("--demo"), OsStr::new("--data"), data.as_os_str()],
        &folder.join("serve.log"),
    )?;
    let address = server.address()?;
    println!("  address after {:.1} s", start.elapsed().as_secs_f64());
    let (incident, mail) = wait_for("the demo's first incident and its e-mail", LIMIT, || {
        server.ensure_running()?;
        told(address)
    })?;
    println!("  after {:.1} s: incident {}: {}", start.elapsed().as_secs_f64(), incident["id"], incident["cause"]);
    println!("  its e-mail was taken: {}", mail["last_answer"].as_str().unwrap_or("(no answer kept)"));
    let page = get(address, "/plain/")?;
    let monitor = incident["monitor"].as_str().context("an incident without monitor")?;
    anyhow::ensure!(page.contains(monitor), "the page `/plain/` does not show {monitor}: {page}");
    let mails = get(server.page("mail").context("the banner names no page of mails")?, "/")?;
    anyhow::ensure!(mails.contains(monitor), "the page of mails does not show {monitor}: {mails}");
    let status = server.stop(Duration::from_secs(30))?;
    anyhow::ensure!(status.success(), "stopping ended with {status}");
    Ok(true)
}

/// The first incident whose message was taken by the mail server, with its delivery.
fn told(address: SocketAddr) -> Result<Option<(Value, Value)>> {
    let incidents = get_list(address, "/api/v1/incidents", "incidents")?;
    let deliveries = get_list(address, "/api/v1/deliveries", "deliveries")?;
    Ok(incidents.iter().find_map(|incident| {
        let sent = deliveries.iter().find(|row| row["incident"] == incident["id"] && row["state"] == "sent")?;
        Some((incident.clone(), sent.clone()))
    }))
}
