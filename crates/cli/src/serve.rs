//! `allswell serve`: the outside door.

mod banner;
mod demo;
mod logging;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use allswell_monitor::access::Secret;
use allswell_monitor::clock::SystemClock;
use allswell_monitor::config::{self, Config, Watcher};
use allswell_probe::scheme;
use allswell_server::pages::{Console, File};
use allswell_server::server::{Options, Server};
use anyhow::Context;
use demo::Demo;
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info, warn};

use crate::paint::Paint;

/// Watch services and tell people.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell serve https://api.example.com/ready
  allswell serve ping://192.0.2.1 'dns:///example.com?type=MX'
  allswell serve --config allswell.yaml --data /var/lib/allswell
  allswell serve --demo")]
pub struct Args {
    /// What to watch
    #[arg(
        value_name = "URL",
        help = format!("What to watch: http://, https://, tcp://host:port, tls://host:port, {}", scheme::SCHEMES)
    )]
    urls: Vec<String>,
    /// The configuration; read again when it changes and on SIGHUP
    #[arg(long, value_name = "FILE", env = "ALLSWELL_CONFIG")]
    config: Option<PathBuf>,
    /// Where to keep state, incidents and results; created when missing
    #[arg(long, value_name = "DIR", env = "ALLSWELL_DATA")]
    data: Option<PathBuf>,
    /// Where to serve pages and API; port 0 takes a free one [default: 127.0.0.1:7878]
    #[arg(long, value_name = "ADDR", env = "ALLSWELL_LISTEN")]
    listen: Option<SocketAddr>,
    /// A file with an API key that may do everything, beside those of the data directory; ALLSWELL_KEY holds the key itself
    #[arg(long, value_name = "FILE", env = "ALLSWELL_KEY_FILE")]
    key_file: Option<PathBuf>,
    /// Watch a sample service whose database fails now and then, with a mail catcher to read the alerts
    #[arg(long, conflicts_with_all = ["urls", "config"])]
    demo: bool,
    /// How to write the log
    #[arg(long, value_enum, default_value_t, env = "ALLSWELL_LOG_FORMAT")]
    log: logging::Format,
}

/// Runs until SIGTERM or Ctrl-C.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    logging::start(args.log)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(serve(args))
}

async fn serve(args: Args) -> anyhow::Result<ExitCode> {
    let clock = Arc::new(SystemClock::new());
    // Before the first reading, so that no change between the two is missed.
    let watcher = args.config.as_deref().map(Watcher::new);
    let demo = if args.demo { Some(Demo::start(clock.clone()).await.context("cannot start the demo")?) } else { None };
    let config = match read(&args, demo.as_ref()) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{}", errors.render(Paint::for_stderr().into()));
            return Ok(ExitCode::from(2));
        }
    };
    let files = config.files.clone();
    let data = args.data.clone().or_else(|| config.server.data.clone()).unwrap_or_else(|| "allswell-data".into());
    let listen = args.listen.or(config.server.listen).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 7878)));
    let key = standing_key(args.key_file.as_deref())?;
    let server = Server::start(Options { data, listen, key, console: console(), clock }, config).await?;
    banner::print(&server, demo.as_ref());
    notify_systemd(&[NotifyState::Ready]);
    let mut source = Source { args: &args, server: &server, watcher };
    source.follow(&files);
    let signal = source.until_stopped().await?;
    info!(signal, "stopping");
    notify_systemd(&[NotifyState::Stopping]);
    server.stop().await;
    info!("stopped; everything decided is written");
    Ok(ExitCode::SUCCESS)
}

/// The key that the server is started with, as secrets of containers are given: in a file, or as a variable.
fn standing_key(file: Option<&Path>) -> anyhow::Result<Option<Secret>> {
    let Some(file) = file else {
        let text = std::env::var("ALLSWELL_KEY").ok();
        return text.map(|text| Secret::given(&text).context("ALLSWELL_KEY holds no API key")).transpose();
    };
    let text = std::fs::read_to_string(file);
    let text = text.with_context(|| format!("cannot read the API key in `{}`", file.display()))?;
    Secret::given(&text).map(Some).with_context(|| format!("`{}` holds no API key", file.display()))
}

/// The console as it was built into this binary.
fn console() -> Console {
    let files = allswell_console::FILES.iter();
    let file = |file: &allswell_console::File| File {
        path: file.path,
        kind: file.kind,
        tag: file.tag,
        plain: file.plain,
        brotli: file.brotli,
        gzip: file.gzip,
    };
    files.map(file).collect()
}

/// What the arguments ask to be watched: the file's monitors and one for each URL.
fn read(args: &Args, demo: Option<&Demo>) -> Result<Config, config::Errors> {
    let mut config = match (&args.config, demo) {
        (_, Some(demo)) => demo.config()?,
        (Some(file), None) => config::load(file)?,
        (None, None) => Config::default(),
    };
    config.add_urls(&args.urls)?;
    Ok(config)
}

/// Where the configuration comes from, and the server that follows it.
struct Source<'a> {
    args: &'a Args,
    server: &'a Server,
    watcher: Option<Watcher>,
}

impl Source<'_> {
    fn follow(&mut self, files: &[PathBuf]) {
        if let Some(watcher) = &mut self.watcher {
            watcher.follow(files);
        }
    }

    /// Reads the configuration again on SIGHUP and when a file of it changes, until a signal to stop.
    async fn until_stopped(&mut self) -> anyhow::Result<&'static str> {
        let listen = |kind: SignalKind| signal(kind).context("cannot listen for signals");
        let mut terminate = listen(SignalKind::terminate())?;
        let mut interrupt = listen(SignalKind::interrupt())?;
        let mut hang_up = listen(SignalKind::hangup())?;
        loop {
            tokio::select! {
                _ = terminate.recv() => return Ok("SIGTERM"),
                _ = interrupt.recv() => return Ok("SIGINT"),
                _ = hang_up.recv() => self.reload("SIGHUP").await,
                () = changed(&mut self.watcher) => self.reload("a file changed").await,
            }
        }
    }

    /// Takes over what the file says now; what cannot be read changes nothing.
    async fn reload(&mut self, because: &str) {
        if self.args.config.is_none() {
            info!(because, "nothing to read again: no --config was given");
            return;
        }
        let config = match read(self.args, None) {
            Ok(config) => config,
            Err(errors) => {
                self.server.rejected_configuration();
                error!(
                    because,
                    problems = errors.count(),
                    "the configuration is not taken over, the old one stays in force\n{}",
                    errors.render(Paint::Plain.into())
                );
                return;
            }
        };
        self.follow(&config.files);
        match self.server.configure(config).await {
            Ok(()) => info!(because, monitors = self.server.monitors(), "configuration read again"),
            Err(error) => {
                error!(because, error = &error as &dyn std::error::Error, "the new configuration is not in force")
            }
        }
    }
}

/// Waits for a change of the configuration; for ever where there is none.
async fn changed(watcher: &mut Option<Watcher>) {
    match watcher {
        Some(watcher) => watcher.changed().await,
        None => std::future::pending().await,
    }
}

/// Tells systemd, where it started us.
fn notify_systemd(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!(%error, "cannot tell systemd");
    }
}
