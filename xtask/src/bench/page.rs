//! A page of a hundred monitors among a hundred thousand: what each way to ask for one costs the server.

use std::ffi::OsStr;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::{figure, limit};
use crate::http::{get, get_json, post};
use crate::server::Server;
use crate::statistics::quantile;
use crate::target::Target;
use crate::time::wait_for;
use crate::{cargo, process};

const MONITORS: usize = 100_000;
/// As many as one file may hold; together they are not more than one request may.
const PART: usize = 10_000;
const TAGS: usize = 50;
const LIMIT_MS: f64 = 5.0;
const ROUNDS: usize = 5;
const REQUESTS: u32 = 100;
/// What the server may take of a second while it has nothing to do.
const IDLE: Duration = Duration::from_millis(50);
/// How long it may be until then: all that is known of a hundred thousand monitors is looked for once.
const QUIET: Duration = Duration::from_secs(300);

/// Measures and prints. `true` means that every limit holds.
pub fn run(binary: &Path) -> Result<bool> {
    let folder = cargo::fresh_folder("bench-page")?;
    let target = Target::start()?;
    let data = folder.join("data");
    let arguments = [OsStr::new("--data"), data.as_os_str()];
    let mut server = Server::start(binary, &arguments, &folder.join("serve.log"))?;
    let address = server.address()?;
    let parts = cargo::fresh_folder("bench-page/parts")?;
    fs::write(parts.join("defaults.yaml"), "defaults: { interval: 24h }\n").context("cannot write the defaults")?;
    for part in 0..MONITORS / PART {
        let file = parts.join(format!("{part}.yaml"));
        fs::write(&file, monitors(&target, part * PART)).with_context(|| format!("cannot write {}", file.display()))?;
    }
    let began = Instant::now();
    let mut apply = Command::new(binary);
    cargo::quietly(apply.arg("apply").arg("--yes").arg("--server").arg(format!("http://{address}")).arg(&parts))?;
    figure("applied in", &format!("{:.1} s", began.elapsed().as_secs_f64()));
    wait_for("all monitors to be listed", Duration::from_secs(60), || {
        Ok((get_json(address, "/api/v1/monitors?limit=1")?["total"] == MONITORS).then_some(()))
    })?;
    figure("monitors", &MONITORS.to_string());
    figure("server, resident", &format!("{} MB", process::memory(server.pid())?.resident >> 10));
    let ways = ways(address)?;
    wait_for("the server to know all monitors", QUIET, || is_idle(&server))?;
    for (_, path) in &ways {
        have_asked(address, path)?;
    }
    let mut holds = true;
    for (name, path) in ways {
        wait_for("the server to have nothing else to do", QUIET, || is_idle(&server))?;
        let costs: Vec<f64> = (0..ROUNDS).map(|_| cost(&server, address, &path)).collect::<Result<_>>()?;
        let median = quantile(&costs, 0.5).context("there are rounds")?;
        holds &= limit(name, &format!("{median:.2} ms of CPU"), &format!("{LIMIT_MS} ms"), median < LIMIT_MS);
    }
    server.stop(Duration::from_secs(60))?;
    Ok(holds)
}

/// The ways to ask for a page of a hundred.
fn ways(address: SocketAddr) -> Result<Vec<(&'static str, String)>> {
    let first = "/api/v1/monitors?limit=100";
    let mut deep = format!("{first}&sort=name");
    for _ in 0..10 {
        deep = get_json(address, &deep)?["next"].as_str().context("there are more pages")?.to_owned();
    }
    let ways = [
        ("the first page", first.to_owned()),
        ("the eleventh, by name", deep),
        ("trouble first", format!("{first}&sort=trouble")),
        ("of one tag", format!("{first}&filter=tag:t7")),
        ("with a text in it", format!("{first}&filter=m09")),
        ("in columns", "/api/v1/fleet?limit=100&sort=trouble".to_owned()),
    ];
    for (name, path) in &ways {
        let answer = get_json(address, path)?;
        let monitors = answer["monitors"].as_array().or(answer["id"].as_array()).map_or(0, Vec::len);
        ensure!(monitors == 100, "{name}: {path} gave {monitors} monitors");
    }
    Ok(ways.to_vec())
}

/// Has the monitors on a page asked, so that there are results to read.
fn have_asked(address: SocketAddr, path: &str) -> Result<()> {
    let answer = get_json(address, path)?;
    let of_list = answer["monitors"].as_array().into_iter().flatten().map(|monitor| &monitor["id"]);
    for id in of_list.chain(answer["id"].as_array().into_iter().flatten()) {
        post(address, &format!("/api/v1/monitors/{id}/check"))?;
    }
    Ok(())
}

/// Whether a second goes by in which the server does next to nothing.
fn is_idle(server: &Server) -> Result<Option<()>> {
    let before = process::cpu(server.pid())?;
    thread::sleep(Duration::from_secs(1));
    let spent = process::cpu(server.pid())?.saturating_sub(before);
    Ok((spent < IDLE).then_some(()))
}

/// Milliseconds of the server's CPU for one request.
fn cost(server: &Server, address: SocketAddr, path: &str) -> Result<f64> {
    let before = process::cpu(server.pid())?;
    for _ in 0..REQUESTS {
        get(address, path)?;
    }
    let spent = process::cpu(server.pid())?.saturating_sub(before);
    Ok(spent.as_secs_f64() * 1e3 / f64::from(REQUESTS))
}

/// A file of monitors that ask once a day, so that what is measured is the asking for pages.
fn monitors(target: &Target, from: usize) -> String {
    let address = target.address;
    let one = |number: usize| {
        let tag = number % TAGS;
        format!("- {{name: m{number:05}, tags: [t{tag}], tcp: {{address: {address}}}}}\n")
    };
    "monitors:\n".to_owned() + &(from..from + PART).map(one).collect::<String>()
}
