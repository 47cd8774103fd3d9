//! The log: for a person on a terminal, or one JSON object a line.

use anyhow::{Context, anyhow};
use clap::ValueEnum;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;

use crate::paint::Paint;

/// How to write the log.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Human,
    /// One JSON object a line
    Json,
}

/// Starts logging to standard error. `ALLSWELL_LOG` chooses what is logged, like `debug` or `allswell_monitor=debug`.
pub fn start(format: Format) -> anyhow::Result<()> {
    let log = fmt().with_env_filter(filter()?).with_writer(std::io::stderr).with_target(false);
    let started = match format {
        Format::Human => log.with_ansi(Paint::for_stderr() == Paint::Colour).try_init(),
        Format::Json => log.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow!("cannot start the log: {error}"))
}

fn filter() -> anyhow::Result<EnvFilter> {
    let directives = std::env::var("ALLSWELL_LOG").unwrap_or_default();
    EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).parse(&directives).with_context(|| {
        format!("ALLSWELL_LOG is `{directives}`; write a level like `debug`, or `allswell_monitor=debug`")
    })
}
