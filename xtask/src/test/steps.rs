//! The steps, in the order in which they are run: what fails quickly comes first.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;

use anyhow::{Context, Result};

use super::counts::{self, Tally};
use super::tools::{self, Tool, Tools};
use super::{api, everyday, guide, newcomer, probes};
use crate::cargo::{self, Profile, cargo, line};
use crate::{console, demo, kill_loop, python};

/// All packages with all their features, the same in every step, so that nothing is built twice.
const WORKSPACE: [&str; 3] = ["--workspace", "--features", "allswell/full"];

/// A cargo command about all of it.
fn workspace<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = cargo(arguments);
    command.args(WORKSPACE);
    command
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Step {
    /// Fetch what tests need and this machine has not
    Tools,
    /// Formatting
    Fmt,
    /// Lints of everything
    Clippy,
    /// Everything is built once
    Build,
    /// Unit and integration tests
    Tests,
    /// Examples in the documentation
    Doctests,
    /// The documentation builds without a warning
    Docs,
    /// The Python package: its wheel in an environment of its own, its types, its tests
    Python,
    /// What the guide shows works
    Guide,
    /// Every command of the page about probes says what it should
    Probes,
    /// Every command of the page for every day says what it should
    Everyday,
    /// The API answers as its OpenAPI document says, whatever it is asked
    Api,
    /// The console in Chromium: types, an outage seen live, keys, accessibility, budgets
    Console,
    /// The page for Rust services leads to one
    Newcomer,
    /// No alert is lost when the server is killed
    KillLoop,
    /// The demo tells its first incident by e-mail
    Demo,
}

impl Step {
    /// The name on the command line.
    pub fn name(self) -> String {
        let value = clap::ValueEnum::to_possible_value(&self).expect("no step is hidden");
        value.get_name().to_owned()
    }

    /// What it shows, in a few words.
    pub fn purpose(self) -> String {
        let value = clap::ValueEnum::to_possible_value(&self).expect("no step is hidden");
        value.get_help().map(ToString::to_string).unwrap_or_default()
    }
}

/// What the steps share.
#[derive(Debug, Default)]
pub struct Bench {
    tools: Option<Tools>,
    binary: Option<PathBuf>,
}

impl Bench {
    /// Runs one step.
    pub fn run(&mut self, step: Step) -> Result<Tally> {
        match step {
            Step::Tools => {
                let tools = self.tools()?;
                return Ok(Tally { passed: tools.found(), failed: 0, skipped: tools.missing().len() as u64 });
            }
            Step::Fmt => cargo::run(&mut cargo(["fmt", "--all", "--check"]))?,
            Step::Clippy => {
                cargo::run(workspace(["clippy", "--quiet", "--all-targets"]).args(["--", "-D", "warnings"]))?;
            }
            Step::Build => drop(self.binary()?),
            Step::Tests => return self.tests(),
            Step::Doctests => return counted(&mut workspace(["test", "--quiet", "--doc"])),
            Step::Docs => {
                let mut doc = workspace(["doc", "--quiet", "--no-deps", "--document-private-items"]);
                cargo::run(doc.env("RUSTDOCFLAGS", "-D warnings"))?;
            }
            Step::Python => return self.python(),
            Step::Guide => {
                let binary = self.binary()?;
                return guide::check(&binary, self.tools()?.path(Tool::Python));
            }
            Step::Probes => {
                let binary = self.binary()?;
                return probes::check(binary.parent().context("the binary lies in a folder")?);
            }
            Step::Everyday => return everyday::check(&self.binary()?),
            Step::Api => api::check(&self.binary()?)?,
            Step::Console => {
                console::check_types()?;
                let binary = self.binary()?;
                return counted(&mut console::playwright(&binary)?);
            }
            Step::Newcomer => newcomer::follow()?,
            Step::KillLoop => {
                let args = kill_loop::Args { kills: 10, seed: 1, release: false };
                anyhow::ensure!(kill_loop::run_with(&self.binary()?, &args)?, "the kill loop found violations");
            }
            Step::Demo => anyhow::ensure!(demo::run_with(&self.binary()?)?, "the demo told nothing"),
        }
        Ok(Tally::PASSED)
    }

    fn tests(&mut self) -> Result<Tally> {
        let tools = self.tools()?;
        let nextest =
            Command::new("cargo-nextest").arg("--version").stdout(Stdio::null()).status().is_ok_and(|s| s.success());
        let mut command = if nextest {
            let mut command = cargo(["nextest", "run"]);
            command.args(WORKSPACE).args(["--no-fail-fast", "--no-tests", "fail"]);
            command.args(["--status-level", "slow", "--final-status-level", "fail", "--show-progress", "none"]);
            for tool in tools.missing() {
                command.args(["--filterset", &format!("not test({})", tool.marker())]);
            }
            command
        } else {
            println!("  cargo-nextest is not installed: cargo test does");
            let mut command = workspace(["test", "--quiet", "--all-targets", "--no-fail-fast"]);
            command.arg("--");
            for tool in tools.missing() {
                command.args(["--skip", tool.marker()]);
            }
            command
        };
        tools.export(&mut command);
        counted(&mut command)
    }

    fn python(&mut self) -> Result<Tally> {
        let venv = python::environment()?;
        let [mut mypy, mut pyright, mut pytest] = python::commands(&venv);
        cargo::run(&mut mypy)?;
        cargo::run(&mut pyright)?;
        self.tools()?.export(&mut pytest);
        // The outside door reads what the service says of itself.
        pytest.env("ALLSWELL_TEST_BINARY", self.binary()?);
        pytest.env("ALLSWELL_TEST_CLEAN_PYTHON", python::clean_environment()?.python());
        counted(&mut pytest)
    }

    fn tools(&mut self) -> Result<&Tools> {
        if self.tools.is_none() {
            self.tools = Some(tools::provide(&Tool::ALL)?);
        }
        self.tools.as_ref().context("provided above")
    }

    /// Built with everything else, so that the same dependencies are not built twice with other features.
    fn binary(&mut self) -> Result<PathBuf> {
        if let Some(binary) = &self.binary {
            return Ok(binary.clone());
        }
        cargo::run(&mut workspace(["build", "--quiet", "--all-targets"]))?;
        let binary = cargo::allswell(Profile::Debug)?;
        self.binary = Some(binary.clone());
        Ok(binary)
    }
}

/// Runs a test runner with its output shown and adds up its summaries.
///
/// A runner that fails without naming a failed test (it could not be built, say) counts as one failure.
fn counted(command: &mut Command) -> Result<Tally> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot run {}", line(command)))?;
    let (sender, summaries) = mpsc::channel();
    let readers = [
        child.stdout.take().map(|out| show(out, std::io::stdout(), sender.clone())),
        child.stderr.take().map(|err| show(err, std::io::stderr(), sender)),
    ];
    let status = child.wait()?;
    for reader in readers.into_iter().flatten() {
        reader.join().expect("reading lines does not panic");
    }
    let mut tally = Tally::default();
    summaries.iter().for_each(|summary| tally += summary);
    if !status.success() && tally.failed == 0 {
        eprintln!("{} ended with {status}", line(command));
        tally.failed = 1;
    }
    Ok(tally)
}

fn show(
    from: impl Read + Send + 'static,
    mut to: impl Write + Send + 'static,
    summaries: Sender<Tally>,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            // Whoever reads our output may have gone; the tests go on all the same.
            writeln!(to, "{line}").ok();
            if let Some(summary) = counts::read(&line) {
                summaries.send(summary).expect("the receiver waits for all senders");
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_on_both_outputs_are_added_up() {
        let script = "echo 'Summary [ 1s] 2 tests run: 2 passed, 0 skipped' >&2; echo 'test result: ok. 3 passed; 0 failed; 1 ignored; x'";
        let tally = counted(Command::new("sh").args(["-c", script])).expect("sh is there");
        assert_eq!(tally, Tally { passed: 5, failed: 0, skipped: 1 });
    }

    #[test]
    fn a_runner_that_ran_nothing_and_failed_is_a_failure() {
        assert_eq!(counted(Command::new("sh").args(["-c", "exit 3"])).expect("sh is there"), Tally::FAILED);
    }

    #[test]
    fn every_step_says_what_it_shows() {
        for step in <Step as clap::ValueEnum>::value_variants() {
            assert!(!step.purpose().is_empty(), "{}", step.name());
        }
    }
}
