//! `allswell doctor`: whether this machine is fit for a watchman, and what would make it so.

mod machine;
mod network;
mod place;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use allswell_monitor::config;
use anyhow::Context;
use serde_json::json;

use crate::layout::Layout;
use crate::paint::Paint;

/// Look at what a server needs of this machine: clock, DNS, IPv6, disk, ports, mail relays, store.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell doctor
  allswell doctor --config /etc/allswell/allswell.yaml --data /var/lib/allswell

Nothing is changed and nobody is told; mail relays are greeted and left again.
Exit code: 0 all is well, 1 something is not, 2 a mistake in the command or the configuration.")]
pub struct Args {
    /// The configuration, for its mail relays, its address and its data directory
    #[arg(long, value_name = "FILE", env = "ALLSWELL_CONFIG")]
    config: Option<PathBuf>,
    /// The data directory
    #[arg(long, value_name = "DIR", env = "ALLSWELL_DATA")]
    data: Option<PathBuf>,
    /// The address that a server listens on, or is to listen on
    #[arg(long, value_name = "ADDR", env = "ALLSWELL_LISTEN")]
    listen: Option<SocketAddr>,
    /// A name to look up, beside localhost
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Print one line of JSON for programs
    #[arg(long)]
    json: bool,
}

/// How one thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Well,
    /// It works, and will hurt some day.
    Doubtful,
    Ill,
}

/// What was looked at, how it is, and the way out.
#[derive(Debug)]
struct Finding {
    what: &'static str,
    state: State,
    said: String,
    fix: Option<String>,
}

impl Finding {
    fn well(what: &'static str, said: impl Into<String>) -> Self {
        Self { what, state: State::Well, said: said.into(), fix: None }
    }

    fn doubtful(what: &'static str, said: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what, state: State::Doubtful, said: said.into(), fix: Some(fix.into()) }
    }

    fn ill(what: &'static str, said: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what, state: State::Ill, said: said.into(), fix: Some(fix.into()) }
    }
}

/// Looks and tells.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = match args.config.as_deref().map(config::load).transpose() {
        Ok(config) => config.unwrap_or_default(),
        Err(errors) => {
            eprintln!("{}", errors.render(Paint::for_stderr().into()));
            return Ok(ExitCode::from(2));
        }
    };
    let data = args.data.clone().or_else(|| config.server.data.clone()).unwrap_or_else(|| "allswell-data".into());
    let listen = args.listen.or(config.server.listen).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 7878)));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.context("cannot start the runtime")?;
    let mut findings = vec![machine::clock(), machine::files()];
    findings.extend(runtime.block_on(network::look(args.name.as_deref(), &config)));
    findings.push(network::ping());
    findings.push(place::port(listen));
    findings.extend(place::data(&data));
    // A name that is still being looked up must not hold up the end.
    runtime.shutdown_background();
    let text = if args.json { line(&findings) } else { page(&findings, Layout::for_stdout()) };
    // Nobody reads a closed standard output; the exit code says it all the same.
    let _ = writeln!(std::io::stdout().lock(), "{text}");
    let is_ill = findings.iter().any(|finding| finding.state == State::Ill);
    Ok(if is_ill { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn page(findings: &[Finding], layout: Layout) -> String {
    let width = findings.iter().map(|finding| finding.what.len()).max().unwrap_or_default() + 2;
    let block = |finding: &Finding| {
        let mark = match finding.state {
            State::Well => layout.paint.green("●"),
            State::Doubtful => layout.paint.yellow("▲"),
            State::Ill => layout.paint.red("■"),
        };
        let said = layout.labelled(&format!("{mark} {}", finding.what), width, &finding.said);
        let fix =
            finding.fix.iter().map(|fix| layout.labelled(&format!("{:width$}", ""), width, &format!("fix: {fix}")));
        std::iter::once(said).chain(fix).collect::<Vec<_>>().join("\n")
    };
    let mut blocks: Vec<_> = findings.iter().map(block).collect();
    let ill = findings.iter().filter(|finding| finding.state != State::Well).count();
    blocks.push(match ill {
        0 => "All is well.".to_owned(),
        1 => "One thing to look at.".to_owned(),
        _ => format!("{ill} things to look at."),
    });
    blocks.join("\n")
}

fn line(findings: &[Finding]) -> String {
    let state = |state| match state {
        State::Well => "well",
        State::Doubtful => "doubtful",
        State::Ill => "ill",
    };
    let one = |finding: &Finding| json!({ "what": finding.what, "state": state(finding.state), "said": finding.said, "fix": finding.fix });
    serde_json::Value::from(findings.iter().map(one).collect::<Vec<_>>()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_stands_with_its_fix_below_it() {
        let layout = Layout { paint: Paint::Plain, width: 60 };
        let findings = [
            Finding::well("clock", "right"),
            Finding::ill("disk", "only 12 MB are free", "give it more room, or keep results for less time"),
        ];
        assert_eq!(
            page(&findings, layout),
            "● clock  right\n■ disk   only 12 MB are free\n         fix: give it more room, or keep results for less\n         time\nOne thing to look at."
        );
        let told: serde_json::Value = serde_json::from_str(&line(&findings)).expect("JSON");
        assert_eq!(told[1]["state"], "ill");
    }
}
