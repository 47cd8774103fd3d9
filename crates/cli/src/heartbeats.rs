//! `allswell heartbeats`: where jobs call in.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use allswell_monitor::config;
use allswell_monitor::heartbeats::TokenKey;
use anyhow::Context;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::paint::Paint;

/// List the addresses of all heartbeats. Who knows one may call it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  allswell heartbeats --config allswell.yaml --data /var/lib/allswell

Exit code: 0 listed, 2 a mistake in the command or the configuration.")]
pub struct Args {
    /// The configuration with the heartbeats
    #[arg(long, value_name = "FILE", env = "ALLSWELL_CONFIG")]
    config: PathBuf,
    /// The server's data directory, which keeps the key that tokens are made with
    #[arg(long, value_name = "DIR", env = "ALLSWELL_DATA")]
    data: Option<PathBuf>,
    /// Print one line of JSON for programs
    #[arg(long)]
    json: bool,
}

/// Prints name and address of each.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = match config::load(&args.config) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{}", errors.render(Paint::for_stderr().into()));
            return Ok(ExitCode::from(2));
        }
    };
    let data = args.data.or_else(|| config.server.data.clone()).unwrap_or_else(|| "allswell-data".into());
    std::fs::create_dir_all(&data).with_context(|| format!("cannot create {}", data.display()))?;
    let key = TokenKey::of(&data).with_context(|| format!("cannot use the key of heartbeats in {}", data.display()))?;
    let listen = config.server.listen.map_or_else(|| "127.0.0.1:7878".to_owned(), |address| address.to_string());
    let base = config.server.public_url.clone().unwrap_or_else(|| format!("http://{listen}"));
    let addresses: Vec<_> = config
        .monitors
        .iter()
        .filter_map(|monitor| Some((&monitor.name, key.token(&monitor.name, monitor.question.heartbeat()?))))
        .map(|(name, token)| (name, format!("{}/heartbeat/{}", base.trim_end_matches('/'), token.expose_secret())))
        .collect();
    let text = match args.json {
        true => json!(addresses.iter().map(|(name, url)| json!({ "name": name, "url": url })).collect::<Vec<_>>())
            .to_string(),
        false if addresses.is_empty() => "no monitor of the configuration is a heartbeat".to_owned(),
        false => {
            let width = addresses.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
            addresses.iter().map(|(name, url)| format!("{name:width$}  {url}")).collect::<Vec<_>>().join("\n")
        }
    };
    // Nobody reads a closed standard output.
    let _ = writeln!(std::io::stdout().lock(), "{text}");
    Ok(ExitCode::SUCCESS)
}
