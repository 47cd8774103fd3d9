//! The bare client that the server's CPU per check is compared with: one connection, one request, nothing else.
//!
//! A process of its own, so that its CPU time is its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::process;

/// How many requests; fewer than there are local ports, which stay taken for a minute after each.
const REQUESTS: u32 = 10_000;

/// Whom to ask.
#[derive(Debug, clap::Args)]
pub struct Args {
    address: SocketAddr,
}

/// Asks and prints the CPU time of one request in microseconds.
pub fn run(args: &Args) -> Result<bool> {
    let before = process::cpu(std::process::id())?;
    let request = format!("GET /bare HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", args.address);
    let mut answer = Vec::with_capacity(4_096);
    for _ in 0..REQUESTS {
        let mut stream = TcpStream::connect(args.address).context("the bench's target does not listen")?;
        stream.write_all(request.as_bytes())?;
        answer.clear();
        stream.read_to_end(&mut answer)?;
        anyhow::ensure!(answer.starts_with(b"HTTP/1.1 200"), "the bench's target does not answer 200");
    }
    let spent = process::cpu(std::process::id())?.saturating_sub(before);
    println!("{}", spent.as_secs_f64() * 1e6 / f64::from(REQUESTS));
    Ok(true)
}

/// The CPU time of one bare request to `address`.
pub fn cpu_per_request(address: SocketAddr) -> Result<Duration> {
    let mut command = Command::new(std::env::current_exe().context("where am I?")?);
    let output = command.args(["bench-client", &address.to_string()]).stderr(Stdio::inherit()).output();
    let output = output.context("cannot run the bare client")?;
    anyhow::ensure!(output.status.success(), "the bare client ended with {}", output.status);
    let us: f64 =
        String::from_utf8_lossy(&output.stdout).trim().parse().context("the bare client printed no number")?;
    Ok(Duration::from_secs_f64(us / 1e6))
}
