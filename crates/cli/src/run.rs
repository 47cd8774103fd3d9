//! `allswell run`: runs a job and calls its heartbeat: start, exit code, how long it took, the end of what it said.
//!
//! The job comes first: whatever becomes of the calls, it runs, and its exit code is ours.

mod report;
mod tail;

use std::process::{ExitCode, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use self::report::Heartbeat;
use self::tail::Tail;

/// How much of the job's output goes with the last call.
const TAIL_BYTES: usize = 10 * 1024;
/// What shells say when a command cannot be run, and when it is not there.
const CANNOT_RUN: u8 = 126;
const NOT_FOUND: u8 = 127;

/// Run a job and call its heartbeat.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell run 3f0c... -- /usr/local/bin/backup --full
  allswell run https://status.example.com/heartbeat/3f0c... -- make report
  ALLSWELL_HEARTBEAT=3f0c... allswell run -- ./job

`allswell heartbeats` lists the tokens. The exit code is the job's; 126 when it cannot be run, 127 when it is not there.")]
pub struct Args {
    /// The heartbeat's token, or its whole address
    #[arg(value_name = "TOKEN-OR-URL", env = "ALLSWELL_HEARTBEAT", hide_env_values = true)]
    heartbeat: String,
    /// Where the server is, for a token
    #[arg(long, value_name = "URL", env = "ALLSWELL_URL", default_value = "http://127.0.0.1:7878")]
    server: String,
    /// Keep the job's output to this terminal: only exit code and duration are told
    #[arg(long)]
    quiet: bool,
    /// How long to go on trying to tell how the job ended
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = patience)]
    patience: Duration,
    /// The job
    #[arg(value_name = "COMMAND", required = true, last = true)]
    command: Vec<std::ffi::OsString>,
}

fn patience(text: &str) -> Result<Duration, String> {
    allswell_core::time::parse_duration(text).map_err(|wrong| wrong.to_string())
}

/// Runs the job and ends as it ended.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let heartbeat = Heartbeat::read(&args.heartbeat, &args.server)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.context("cannot start the runtime")?;
    let code = runtime.block_on(job(args, heartbeat));
    // A name that is still being looked up must not hold up the end.
    runtime.shutdown_background();
    Ok(ExitCode::from(code))
}

async fn job(args: Args, heartbeat: Heartbeat) -> u8 {
    let tail = Arc::new(Mutex::new(Tail::of(TAIL_BYTES)));
    let (first, rest) = args.command.split_first().expect("clap wants one");
    let mut command = Command::new(first);
    command.args(rest).stdin(Stdio::inherit());
    if !args.quiet {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
    }
    let code = match command.spawn() {
        // The start is told beside the job, which waits for nobody.
        Ok(child) => tokio::join!(heartbeat.start(), follow(child, &tail)).1,
        Err(error) => {
            let why = format!("allswell: cannot run {}: {error}\n", first.to_string_lossy());
            eprint!("{why}");
            tail.lock().unwrap_or_else(PoisonError::into_inner).push(why.as_bytes());
            if error.kind() == std::io::ErrorKind::NotFound { NOT_FOUND } else { CANNOT_RUN }
        }
    };
    let said = tail.lock().unwrap_or_else(PoisonError::into_inner).text();
    heartbeat.end(code, said, args.patience).await;
    code
}

/// Waits for the job, hands its output on, and signals to it.
async fn follow(mut child: Child, tail: &Arc<Mutex<Tail>>) -> u8 {
    let out = copy(child.stdout.take(), std::io::stdout(), tail);
    let err = copy(child.stderr.take(), std::io::stderr(), tail);
    let ended = async {
        let (status, (), ()) = tokio::join!(wait(&mut child), out, err);
        status
    };
    match ended.await {
        Ok(status) => code(status),
        Err(error) => {
            eprintln!("allswell: cannot wait for the job: {error}");
            CANNOT_RUN
        }
    }
}

async fn wait(child: &mut Child) -> std::io::Result<ExitStatus> {
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    let mut signals = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()].map(signal);
    let [Ok(terminate), Ok(interrupt), Ok(hang_up)] = &mut signals else { return child.wait().await };
    loop {
        let signal = tokio::select! {
            status = child.wait() => return status,
            _ = terminate.recv() => rustix::process::Signal::TERM,
            // A terminal sends these to the job as well; twice does no harm.
            _ = interrupt.recv() => rustix::process::Signal::INT,
            _ = hang_up.recv() => rustix::process::Signal::HUP,
        };
        if let Some(id) = id {
            // It may have ended meanwhile; then there is nobody to signal to.
            let _ = rustix::process::kill_process(id, signal);
        }
    }
}

/// Hands output on as it comes, and keeps its end. Where nobody takes it the job waits, as it would without us.
async fn copy(from: Option<impl AsyncRead + Unpin>, mut to: impl std::io::Write, tail: &Arc<Mutex<Tail>>) {
    let Some(mut from) = from else { return };
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        tail.lock().unwrap_or_else(PoisonError::into_inner).push(&buffer[..length]);
        // Whoever read it may have gone; the job goes on.
        let _ = to.write_all(&buffer[..length]).and_then(|()| to.flush());
    }
}

/// As shells have it: 128 and the signal's number for a job that was killed.
fn code(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt as _;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}
