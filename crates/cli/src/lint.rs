//! `allswell lint`: mistakes in the probes of Kubernetes manifests.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use allswell_kube::Source;
use allswell_kube::lint::report::{self, Shown};
use allswell_kube::lint::{Facts, Report, Severity, catalogue, fix_all, lint};
use anyhow::Context;

use crate::layout;
use crate::paint::Paint;

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files, directories, or - for the standard input (`helm template . | allswell lint -`)
    #[arg(required_unless_present = "explain", value_name = "PATH")]
    paths: Vec<String>,
    /// How findings are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The least severe finding that is shown
    #[arg(long, value_enum, default_value_t = Level::Warning)]
    level: Level,
    /// The least severe finding that makes the exit code 1
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    fail_on: FailOn,
    /// Write the fixes that change nothing for a manifest that works
    #[arg(long)]
    fix: bool,
    /// With --fix: write the proposals too
    #[arg(long, requires = "fix")]
    proposals: bool,
    /// How long the app takes to start at worst, like 80s
    #[arg(long, value_name = "TIME", value_parser = allswell_core::time::parse_duration)]
    start: Option<Duration>,
    /// How long the app goes on serving after SIGTERM, like 10s
    #[arg(long, value_name = "TIME", value_parser = allswell_core::time::parse_duration)]
    drain: Option<Duration>,
    /// Say what a rule finds and why it matters; names of kube-linter and kube-score are known
    #[arg(long, value_name = "RULE", conflicts_with = "paths")]
    explain: Option<String>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// For eyes
    Text,
    /// One document with everything
    Json,
    /// For code scanning
    Sarif,
    /// Workflow commands, shown at their lines
    Github,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Level {
    Error,
    Warning,
    Info,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Info,
    Never,
}

/// Runs it: 0 when nothing was found that counts, 1 when something was.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    if let Some(name) = &args.explain {
        let Some(rule) = catalogue::find(name) else {
            anyhow::bail!(
                "no rule `{name}`; rules are PRB001 to PRB307, `allswell lint --level info` shows those that apply"
            );
        };
        print(&report::explain(rule))?;
        return Ok(ExitCode::SUCCESS);
    }
    let facts = Facts { start: args.start, drain: args.drain };
    let mut sources = Vec::new();
    for path in &args.paths {
        sources.extend(Source::read(path)?);
    }
    if args.fix {
        sources = write_fixes(sources, &facts, args.proposals)?;
    }
    let report = lint(&sources, &facts);
    let least = match args.level {
        Level::Error => Severity::Error,
        Level::Warning => Severity::Warning,
        Level::Info => Severity::Info,
    };
    let colour = Paint::for_stdout() == Paint::Colour;
    let shown = Shown { sources: &sources, report: &report, least, colour, width: layout::width_of_lines() };
    print(&match args.format {
        Format::Text => report::text(&shown),
        Format::Json => report::json(&shown),
        Format::Sarif => report::sarif(&shown),
        Format::Github => report::github(&shown),
    })?;
    Ok(if fails(&report, args.fail_on) { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn fails(report: &Report, fail_on: FailOn) -> bool {
    let least = match fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
        FailOn::Info => Severity::Info,
        FailOn::Never => return false,
    };
    report.findings.iter().any(|finding| finding.severity <= least)
}

/// Writes the files that change.
fn write_fixes(sources: Vec<Source>, facts: &Facts, proposals: bool) -> anyhow::Result<Vec<Source>> {
    let (changed, applied) = fix_all(&sources, facts, proposals);
    let mut sources = sources;
    for (index, text) in changed {
        let name = sources[index].name.clone();
        anyhow::ensure!(name != "-", "--fix cannot write to the standard input; name the file instead");
        std::fs::write(&name, &text).with_context(|| format!("cannot write `{name}`"))?;
        sources[index] = Source::new(name, text);
    }
    eprintln!("{applied} {} written", if applied == 1 { "fix" } else { "fixes" });
    Ok(sources)
}

/// Writes to the standard output; a reader that has gone away is no error.
fn print(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error).context("cannot write the report"),
        _ => Ok(()),
    }
}
