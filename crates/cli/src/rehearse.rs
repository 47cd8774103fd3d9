//! `allswell rehearse`: a manifest's probes run against an app without a cluster.

mod conclusion;
mod picture;
mod simulate;
mod suggest;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use allswell_core::time::parse_duration;
use allswell_kube::rehearse::model::Range;
use allswell_kube::rehearse::simulation::Token;
use allswell_kube::rehearse::subject::Choice;
use allswell_kube::rehearse::timeline::{self, Style};
use allswell_kube::rehearse::{Dependency, Entry, Fault, Load, Policy, Settings, Subject, fault, rehearse};
use allswell_kube::{Source, yaml};
use anyhow::Context;
use tokio::sync::mpsc;

use self::picture::Picture;
use crate::client::Reach;
use crate::layout;
use crate::paint::Paint;

/// The variable with the token of the app's fault endpoints.
const FAULT_TOKEN: &str = "ALLSWELL_FAULT_TOKEN";

/// How many pods a manifest may want of one machine.
const REPLICAS_MAX: u32 = 50;

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Manifests: files, directories, or - for the standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
    /// What starts the app, after --; {port} and {replica} are replaced. The manifest's command when left out
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
    /// Which workload, when there are several: orders, or Deployment/orders
    #[arg(long, value_name = "NAME")]
    workload: Option<String>,
    /// Which container, when not the first that has probes
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
    /// Where the app listens, when not on the manifest's port; 0 for a free one, given in $PORT and {port}
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// How many pods, each with a free port in $PORT and {port}; with --rollout as many as the manifest says, else 1
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=50))]
    replicas: Option<u16>,
    /// Replace all pods once they are ready, as the workload's strategy says
    #[arg(long)]
    rollout: bool,
    /// Requests through a balancer meanwhile, like 200/s
    #[arg(long, value_name = "RATE", value_parser = rate)]
    load: Option<u32>,
    /// With --load: the path of the requests
    #[arg(long, value_name = "PATH", default_value = "/", requires = "load")]
    load_path: String,
    /// With --load: how long a change of endpoints takes to reach the balancer
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_duration, requires = "load")]
    propagation: Duration,
    /// How long, like 5m; until it is up and alive, at most 90 s, when left out
    #[arg(long = "for", value_name = "TIME", value_parser = parse_duration)]
    length: Option<Duration>,
    /// What goes wrong: hang@30s..60s, kill@70s, slow=2s@80s..90s, refuse@10s..20s, NAME-down@10s..40s
    #[arg(long, value_name = "LIST", value_parser = fault::parse)]
    fault: Vec<Vec<Fault>>,
    /// What NAME-down cuts off, and the variable that tells the app where it is: db=DATABASE_URL. Without it the app is
    /// asked to play the fault, at /faults/fail/NAME or /simulate_NAME_failure, with $ALLSWELL_FAULT_TOKEN
    #[arg(long, value_name = "NAME=VARIABLE")]
    dependency: Vec<String>,
    /// What makes the exit code 1: never, never-ready, restarts>0, dropped>0, ready>60s, unready>5s, detection>30s
    #[arg(long, value_name = "LIST", value_parser = Policy::parse, default_value = "never-ready,restarts>0")]
    fail_on: Policy,
    /// One JSON document at the end instead of the timeline
    #[arg(long)]
    json: bool,
    /// Show the run as a picture in the console of a running server, in the browser; nothing is sent there
    #[arg(long, conflicts_with_all = ["simulate", "suggest"])]
    open: bool,
    /// Show every probe, not only those that differ from the one before
    #[arg(long, short)]
    verbose: bool,
    /// Show what the app writes, instead of keeping it in a file
    #[arg(long)]
    show_output: bool,
    /// Run against a model of the app instead, thousands of times on a virtual clock
    #[arg(long, conflicts_with_all = ["command", "suggest", "replicas", "port"])]
    simulate: bool,
    /// With --simulate: how long the app takes to start, like 80s or 40s..90s
    #[arg(long, value_name = "RANGE", default_value = "1s", value_parser = simulate::range, requires = "simulate")]
    start: Range,
    /// With --simulate: how long it takes to answer, the median and what one answer in a hundred exceeds
    #[arg(long, value_name = "RANGE", default_value = "5ms..50ms", value_parser = simulate::range, requires = "simulate")]
    latency: Range,
    /// With --simulate: how many runs
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, requires = "simulate")]
    runs: u32,
    /// Measure how long the app takes to start, to answer and to end, and print probes that fit, as a patch
    #[arg(long)]
    suggest: bool,
    /// With --suggest: change the file
    #[arg(long, requires = "suggest")]
    write: bool,
    /// Decides what is left to chance on a real node
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    reach: Reach,
}

/// Runs it: 0 when all went well, 1 when what --fail-on names happened.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let sources = sources(args)?;
    let subject = Arc::new(choose(&sources, args)?);
    if args.simulate {
        return simulate::run(args, &subject);
    }
    let picture = args.open.then(|| Picture::at(&args.reach)).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    let manifest_s = if args.rollout { subject.replicas.clamp(1, REPLICAS_MAX) as usize } else { 1 };
    let replicas = args.replicas.map_or(manifest_s, usize::from);
    let output = if args.show_output { None } else { Some(output_directory()?) };
    let settings = Settings {
        command: args.command.clone(),
        replicas,
        rollout: args.rollout,
        load: args.load.map(|per_second| Load {
            per_second,
            path: args.load_path.clone(),
            propagation: args.propagation,
        }),
        port: args.port,
        length: args.length,
        seed: args.seed,
        faults: args.fault.concat(),
        dependencies: dependencies(args, &subject)?,
        fault_token: std::env::var(FAULT_TOKEN).ok().map(Token),
        output,
    };
    if args.suggest {
        return suggest::run(args, &subject, &settings);
    }
    let colour = Paint::for_stdout() == Paint::Colour;
    let width = layout::width_of_lines();
    let told_apart = replicas > 1 || args.rollout;
    let style = Style { verbose: args.verbose, colour, replicas: told_apart, zero: Duration::ZERO, width };
    let mut introduced = false;
    let mut show = |entry: &Entry, zero: Duration| {
        if !std::mem::replace(&mut introduced, true) {
            let _ = print(&introduction(&subject, &settings));
        }
        for line in timeline::lines(entry, &subject, &Style { zero, ..style }) {
            // Nobody to read it: the verdict and the exit code are still worth the run.
            let _ = writeln!(std::io::stdout().lock(), "{line}");
        }
    };
    let rehearsed = runtime.block_on(async {
        let stop = interrupts();
        rehearse(&subject, &settings, stop, |entry, zero| {
            if !args.json {
                show(entry, zero)
            }
        })
        .await
    });
    if let Some(directory) = &settings.output {
        // Only when nothing was written: it is not empty otherwise.
        let _ = std::fs::remove_dir(directory);
    }
    let rehearsed = rehearsed?;
    let broken = args.fail_on.broken_by(&rehearsed.verdict);
    conclusion::print(args, &sources, &subject, &rehearsed, &broken)?;
    if let Some(picture) = picture {
        picture.open(&conclusion::document(&subject, &rehearsed, &broken))?;
    }
    Ok(if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn sources(args: &Args) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for path in &args.paths {
        sources.extend(Source::read(path)?);
    }
    Ok(sources)
}

fn choose(sources: &[Source], args: &Args) -> anyhow::Result<Subject> {
    let mut documents = Vec::new();
    for source in sources {
        let (found, problems) = yaml::read(&source.text);
        if let Some(problem) = problems.first() {
            let place = source.place(problem.at);
            anyhow::bail!("{}:{}:{}: {}", source.name, place.line, place.column, problem.message);
        }
        documents.extend(found);
    }
    Ok(Subject::choose(&documents, &args.choice())?)
}

impl Args {
    fn choice(&self) -> Choice {
        Choice { workload: self.workload.clone(), container: self.container.clone() }
    }
}

fn dependencies(args: &Args, subject: &Subject) -> anyhow::Result<Vec<Dependency>> {
    let read = |text: &String| {
        let (name, variable) = text
            .split_once('=')
            .with_context(|| format!("cannot read --dependency `{text}`: write NAME=VARIABLE, like db=DATABASE_URL"))?;
        let literal = subject.environment.iter().rev().find(|(key, _)| key == variable).map(|(_, value)| value.clone());
        let value = std::env::var(variable).ok().or(literal);
        let value = value.with_context(|| {
            format!("--dependency {text}: the variable {variable} is not set; set it before the command")
        })?;
        // The value may hold a password: it is not shown.
        Dependency::new(name, variable, &value)
            .with_context(|| format!("--dependency {text}: {variable} holds no host:port and no URL with a port"))
    };
    args.dependency.iter().map(read).collect()
}

fn output_directory() -> anyhow::Result<PathBuf> {
    let directory = std::env::temp_dir().join(format!("allswell-rehearse-{}", std::process::id()));
    std::fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make the directory `{}`", directory.display()))?;
    Ok(directory)
}

/// Reads `200/s`, or `200`.
fn rate(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix("/s").unwrap_or(text).parse().ok().filter(|rate| (1..=5_000).contains(rate));
    number.ok_or_else(|| "write requests per second like 200/s, at most 5000/s".to_owned())
}

/// A message for each Ctrl-C, or SIGTERM.
#[expect(clippy::disallowed_methods, reason = "signals come at any time; the task ends with the runtime")]
fn interrupts() -> mpsc::Receiver<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (tell, told) = mpsc::channel(4);
    tokio::spawn(async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return;
        };
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if tell.send(()).await.is_err() {
                return;
            }
        }
    });
    told
}

fn introduction(subject: &Subject, settings: &Settings) -> String {
    let mut out = format!("{}, container {}: as the kubelet v1.36 would do it.\n", subject.title, subject.container);
    for limit in &subject.limits {
        out.push_str(&format!("Not rehearsed: {limit}.\n"));
    }
    if let Some(directory) = &settings.output {
        out.push_str(&format!("The app's output: {}\n", directory.display()));
    }
    out + "Ctrl-C deletes the pod.\n\n"
}

/// Writes to the standard output; a reader that has gone away is no error.
fn print(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error).context("cannot write the report"),
        _ => Ok(()),
    }
}
