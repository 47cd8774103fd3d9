//! `allswell manifest`: a Deployment and a Service with probes that do what they mean.

use std::process::ExitCode;
use std::time::Duration;

use allswell_core::time::parse_duration;
use allswell_kube::generate::{App, manifest};

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  allswell manifest orders --image registry.example.com/orders:1.0 --port 8000 --start 20s | kubectl apply -f -")]
pub struct Args {
    /// The name of Deployment, Service and container
    name: String,
    /// The image
    #[arg(long)]
    image: String,
    /// Where the app serves requests
    #[arg(long, default_value_t = 8000, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Where health is served, when on a port of its own that answers while the app is busy
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    side_port: Option<u16>,
    /// How long the app takes to start at worst
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = parse_duration)]
    start: Duration,
    /// How long it needs at worst to finish requests after SIGTERM
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration)]
    drain: Duration,
    /// How many pods
    #[arg(long, default_value_t = 2)]
    replicas: u32,
}

/// Prints it.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Args { name, image, port, side_port, start, drain, replicas } = args;
    print!("{}", manifest(&App { name, image, port, side_port, start, drain, replicas })?);
    Ok(ExitCode::SUCCESS)
}
