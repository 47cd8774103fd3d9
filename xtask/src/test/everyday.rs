//! The page "Run it every day": every command on it is run as it is written, one after the other, against a server of its own.
//!
//! The places of a system (`/etc`, `/var/lib`, `/usr/local`) become a folder's, the address and the number of the incident those
//! of the server. What the page exports holds for all that comes after.

use std::ffi::OsStr;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::counts::Tally;
use super::guide::blocks;
use super::shown::{Shown, commands};
use crate::http::get_list;
use crate::server::Server;
use crate::time::wait_for;
use crate::{apt, cargo};

const PAGE: &str = "docs/run-it-every-day.md";

/// Until a server that asks each second has noticed that somebody is down.
const INCIDENT: Duration = Duration::from_secs(30);

/// What the server watches by its own file: nobody listens there.
const CONFIG: &str = "\
defaults: { interval: 1s, timeout: 800ms, failure_threshold: 1 }
monitors:
  - { name: payments-api, tags: [eu], tcp: { address: \"127.0.0.1:1\" } }
";

/// What it watches by the API.
const APPLIED: &str = "monitors:\n  - { name: legacy-soap, interval: 1h, tcp: { address: \"127.0.0.1:1\" } }\n";

/// Follows the page with `binary`. Prints what does not hold.
pub fn check(binary: &Path) -> Result<Tally> {
    for tool in ["curl", "jq"] {
        if !cargo::works(Path::new(tool), &["--version"]) {
            apt::install(tool)?;
        }
    }
    let folder = prepared()?;
    let mut server = started(binary, &folder)?;
    let address = server.address()?;
    let incident = incident(&mut server, address)?;
    apply(binary, &folder, address)?;
    let text = fs::read_to_string(cargo::root().join(PAGE)).with_context(|| format!("cannot read {PAGE}"))?;
    let moved = |shown: Shown| Shown { command: moved(&shown.command, &folder, address, &incident), ..shown };
    let of_shell = blocks(&text).into_iter().filter(|block| block.language == "sh");
    let path =
        format!("{}:{}", binary.parent().unwrap_or(&folder).display(), std::env::var("PATH").unwrap_or_default());
    let mut tally = Tally::default();
    let mut exported = String::new();
    for shown in of_shell.flat_map(|block| commands(&block)).map(moved) {
        if shown.command.starts_with("export ") {
            exported += &format!("{}\n", shown.command);
            continue;
        }
        let shown = Shown { command: format!("{exported}{}", shown.command), ..shown };
        let ran = shown.run(0, |command| {
            command.current_dir(&folder).env("HOME", folder.join("home")).env("PATH", &path).env("USER", "ada");
        });
        tally += if ran.is_ok() { Tally::PASSED } else { Tally::FAILED };
        if let Err(error) = ran {
            println!("  {PAGE}:{}: {error:#}", shown.line);
        }
    }
    server.ensure_running()?;
    anyhow::ensure!(tally.passed + tally.failed > 0, "{PAGE} shows no command");
    Ok(tally)
}

/// The places that the page writes to.
const PLACES: [&str; 6] = [
    "etc/allswell",
    "etc/bash_completion.d",
    "var/lib/allswell",
    "usr/local/share/zsh/site-functions",
    "usr/local/share/man",
    "home/.config/fish/completions",
];

fn prepared() -> Result<std::path::PathBuf> {
    let folder = cargo::fresh_folder("everyday")?;
    for place in PLACES {
        fs::create_dir_all(folder.join(place)).with_context(|| format!("cannot create {place}"))?;
    }
    fs::write(folder.join("etc/allswell/allswell.yaml"), CONFIG)?;
    fs::write(folder.join("applied.yaml"), APPLIED)?;
    Ok(folder)
}

fn started(binary: &Path, folder: &Path) -> Result<Server> {
    let (config, data) = (folder.join("etc/allswell/allswell.yaml"), folder.join("var/lib/allswell"));
    let arguments = [OsStr::new("--config"), config.as_os_str(), OsStr::new("--data"), data.as_os_str()];
    Server::start(binary, &arguments, &folder.join("serve.log"))
}

/// The number of the incident that comes at once.
fn incident(server: &mut Server, address: SocketAddr) -> Result<String> {
    wait_for("the first incident", INCIDENT, || {
        server.ensure_running()?;
        let first = get_list(address, "/api/v1/incidents", "incidents")?.pop();
        Ok(first.and_then(|incident| incident["id"].as_str().map(str::to_owned)))
    })
}

fn apply(binary: &Path, folder: &Path, address: SocketAddr) -> Result<()> {
    let mut apply = Command::new(binary);
    apply.args(["apply", "--yes"]).arg(folder.join("applied.yaml")).args(["--server", &format!("http://{address}")]);
    cargo::quietly(&mut apply)
}

/// The command, with the places of this run.
fn moved(command: &str, folder: &Path, address: SocketAddr, incident: &str) -> String {
    let below = |place: &str| format!(" {}{place}", folder.display());
    ["/etc/", "/var/", "/usr/"]
        .iter()
        .fold(command.to_owned(), |command, place| command.replace(&format!(" {place}"), &below(place)))
        .replace("127.0.0.1:7878", &address.to_string())
        .replace("12-7", incident)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_addresses_and_numbers_become_those_of_the_run() {
        let address = SocketAddr::from(([127, 0, 0, 1], 4242));
        let check =
            |written: &str, expected: &str| assert_eq!(moved(written, Path::new("/t"), address, "1-2"), expected);
        check("export ALLSWELL_SERVER=http://127.0.0.1:7878", "export ALLSWELL_SERVER=http://127.0.0.1:4242");
        check("allswell ack 12-7", "allswell ack 1-2");
        check("allswell man --to /usr/local/share/man/man1", "allswell man --to /t/usr/local/share/man/man1");
        check("allswell completions bash > /etc/x", "allswell completions bash > /t/etc/x");
    }
}
