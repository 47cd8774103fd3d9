//! Schemathesis against the API: thousands of questions made out of the OpenAPI document, good ones and bad ones.
//!
//! It fails on every answer 5xx, on each that the document does not promise, and on each that is not as promised.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Result;

use crate::cargo;
use crate::http::get_list;
use crate::server::Server;
use crate::time::wait_for;
use crate::venv::Venv;

const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// Until the demo's first incident there is little to ask for.
const INCIDENT: Duration = Duration::from_secs(150);

/// Starts the demo with `binary` and asks it.
pub fn check(binary: &Path) -> Result<()> {
    let venv = Venv::provide("schemathesis", &[SCHEMATHESIS])?;
    let folder = cargo::fresh_folder("api")?;
    let data = folder.join("data");
    let arguments = [OsStr::new("--demo"), OsStr::new("--data"), data.as_os_str()];
    let mut server = Server::start(binary, &arguments, &folder.join("serve.log"))?;
    let address = server.address()?;
    wait_for("the demo's first incident", INCIDENT, || {
        server.ensure_running()?;
        Ok(get_list(address, "/api/v1/incidents", "incidents")?.pop())
    })?;
    let key = cargo::output(
        Command::new(binary)
            .args(["keys", "create", "schemathesis", "--scope", "write"])
            .args(["--server", &format!("http://{address}")]),
    )?;
    let mut ask = Command::new(venv.program("schemathesis"));
    ask.args(["run", &format!("http://{address}/api/openapi.json"), "--seed", "1", "--max-examples", "30"]);
    ask.args(["--header", &format!("Authorization: Bearer {}", key.trim())]);
    // Of two parameters that are good alone a pair may be refused: `from` after `to`. No schema can say that.
    ask.args(["--checks", "all", "--exclude-checks", "positive_data_acceptance"]);
    ask.args(["--generation-database", "none", "--no-color"]).current_dir(&folder).stdin(Stdio::null());
    cargo::quietly(&mut ask)?;
    server.ensure_running()
}
