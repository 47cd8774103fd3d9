//! A status page under `wrk`: requests for each second of CPU that the server spends, as it is, compressed, and known already.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::inside::wrk::Wrk;
use super::{figure, limit};
use crate::http::get;
use crate::server::Server;
use crate::statistics::quantile;
use crate::target::Target;
use crate::time::wait_for;
use crate::{cargo, process};

/// The fewest requests that one core must answer in a second.
const LEAST: f64 = 20_000.0;
const COMPONENTS: usize = 40;
const CONNECTIONS: u32 = 64;
const SECONDS: u64 = 5;
const ROUNDS: usize = 3;
const PATH: &str = "/s/bench/";

/// Measures and prints. `true` means that every limit holds.
pub fn run(binary: &Path) -> Result<bool> {
    let folder = cargo::fresh_folder("bench-status")?;
    let target = Target::start()?;
    let config = folder.join("allswell.yaml");
    fs::write(&config, configuration(&target)).with_context(|| format!("cannot write {}", config.display()))?;
    let data = folder.join("data");
    let arguments = [OsStr::new("--config"), config.as_os_str(), OsStr::new("--data"), data.as_os_str()];
    let mut server = Server::start(binary, &arguments, &folder.join("serve.log"))?;
    let address = server.address()?;
    wait_for("everything to be operational", Duration::from_secs(60), || {
        Ok(get(address, PATH)?.contains("All systems operational").then_some(()))
    })?;
    figure("page of 40 components", &format!("{} bytes", get(address, PATH)?.len()));
    figure("its style sheet", &format!("{} bytes", get(address, "/s/bench/page.css")?.len()));
    let mut holds = true;
    for (name, header) in [
        ("as it is, req/CPU s", None),
        ("gzip, req/CPU s", Some("accept-encoding: gzip")),
        ("304, req/CPU s", Some("if-none-match: *")),
    ] {
        let rates: Vec<f64> = (0..ROUNDS).map(|_| rate(&server, header)).collect::<Result<_>>()?;
        let median = quantile(&rates, 0.5).context("there are rounds")?;
        holds &= limit(name, &format!("{median:.0}"), &format!("{LEAST}"), median >= LEAST);
    }
    server.stop(Duration::from_secs(30))?;
    Ok(holds)
}

fn rate(server: &Server, header: Option<&str>) -> Result<f64> {
    let address = server.page("web").context("the server has printed its address")?;
    let before = process::cpu(server.pid())?;
    let requests = Wrk::start_with(address, PATH, CONNECTIONS, SECONDS, header)?.requests()?;
    let spent = process::cpu(server.pid())?.saturating_sub(before);
    Ok(requests as f64 / spent.as_secs_f64())
}

/// Monitors that are asked meanwhile, and a page that shows all of them.
fn configuration(target: &Target) -> String {
    let monitor = |number: usize| {
        format!(
            "  - {{ name: m{number:02}, http: {{ url: \"http://{}/m{number:02}\" }}, tags: [public] }}\n",
            target.address
        )
    };
    let monitors: String = (0..COMPONENTS).map(monitor).collect();
    format!(
        "defaults: {{ interval: 5s, timeout: 2s }}\nmonitors:\n{monitors}status_pages:\n  - {{ slug: bench, title: Bench, sections: [{{ tags: [public] }}] }}\n"
    )
}
