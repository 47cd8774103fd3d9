//! `allswell check`: asks one target once and shows what came back.

mod hint;
mod human;
mod json;
mod phases;
mod refuse;
mod target;

use std::convert::Infallible;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use allswell_core::time::{NotADuration, parse_duration};
use allswell_core::{Reason, Verdict};
use allswell_probe::{AddressPolicy, Answer, Prober, Question, scheme};
use anyhow::Context;
use secrecy::SecretString;

use self::target::Target;
use crate::layout::Layout;

/// Ask one target once: phases, certificate, the app's own words.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell check https://api.example.com/ready
  allswell check https://api.example.com/ready -e 'status == 200' -e 'body.queue < 1000'
  allswell check https://api.example.com/ready --json
  allswell check https://internal.example.com --ca our-root.pem --connect 10.0.0.7:443
  allswell check tls://mail.example.com:587 --starttls smtp
  allswell check 127.0.0.1:5432
  allswell check 'dns:///example.com?type=MX'
  allswell check postgres://watchman@127.0.0.1:5432/app

Exit code: 0 pass or warn, 1 fail, 2 a mistake in the command, 3 could not be asked from here.")]
pub struct Args {
    /// What to ask
    #[arg(
        value_name = "URL",
        help = format!("What to ask: http://, https://, tcp://host:port or host:port, tls://host:port, {}", scheme::SCHEMES)
    )]
    url: String,
    /// A condition in CEL that must hold; may be given several times
    #[arg(long, short = 'e', value_name = "CEL")]
    expect: Vec<String>,
    /// Print one line of JSON for programs
    #[arg(long)]
    json: bool,
    /// One deadline over everything: name, connection, TLS, redirects, the last byte
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = timeout)]
    timeout: Duration,
    /// From how many days left on a certificate is a warning
    #[arg(long, value_name = "DAYS", default_value_t = 14)]
    certificate_days: u32,
    /// Connect to no address that is not public
    #[arg(long)]
    deny_private: bool,
    /// Connect to the addresses of this network all the same; may be given several times
    #[arg(long, value_name = "CIDR", value_parser = target::network)]
    allow: Vec<ipnet::IpNet>,
    #[command(flatten)]
    how: How,
}

/// How to ask.
#[derive(Debug, clap::Args)]
struct How {
    /// The method [default: GET]
    #[arg(long, short = 'X', value_name = "METHOD", help_heading = "HTTP")]
    method: Option<String>,
    /// A header to send, as 'Name: value'; may be given several times
    #[arg(long, short = 'H', value_name = "HEADER", value_parser = secret, help_heading = "HTTP")]
    header: Vec<SecretString>,
    /// User and password for basic authentication
    #[arg(long, short, value_name = "USER:PASSWORD", value_parser = secret, help_heading = "HTTP")]
    user: Option<SecretString>,
    /// The body to send
    #[arg(long, value_name = "TEXT", value_parser = secret, help_heading = "HTTP")]
    body: Option<SecretString>,
    /// The largest body in bytes, after decompression [default: 1048576]
    #[arg(long, value_name = "BYTES", value_parser = target::bytes, help_heading = "HTTP")]
    max_body: Option<u64>,
    /// How many redirects to follow [default: 10]
    #[arg(long, value_name = "NUMBER", help_heading = "HTTP")]
    max_redirects: Option<u8>,
    /// Connect here instead; name, Host header and certificate stay those of the URL
    #[arg(long, value_name = "HOST:PORT", help_heading = "Way")]
    connect: Option<String>,
    /// Ask this DNS server instead of the system's
    #[arg(long, value_name = "ADDR", help_heading = "Way")]
    resolver: Option<String>,
    /// Use IPv4 alone
    #[arg(long, short = '4', conflicts_with = "ipv6", help_heading = "Way")]
    ipv4: bool,
    /// Use IPv6 alone
    #[arg(long, short = '6', help_heading = "Way")]
    ipv6: bool,
    /// Trust the roots of this PEM file instead of the system's
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    ca: Option<PathBuf>,
    /// A PEM file with the client's certificate chain
    #[arg(long, value_name = "FILE", requires = "client_key", help_heading = "TLS")]
    client_cert: Option<PathBuf>,
    /// A PEM file with the client's key
    #[arg(long, value_name = "FILE", requires = "client_cert", help_heading = "TLS")]
    client_key: Option<PathBuf>,
    /// The name to ask for and to verify, instead of the host's
    #[arg(long, value_name = "NAME", help_heading = "TLS")]
    server_name: Option<String>,
    /// Accept any certificate; what is wrong with it is still shown
    #[arg(long, help_heading = "TLS")]
    insecure: bool,
    /// Turn to TLS in the middle of this protocol: smtp, imap, pop3 or postgres
    #[arg(long, value_name = "PROTOCOL", value_parser = target::starttls, help_heading = "TLS")]
    starttls: Option<allswell_probe::tls::StartTls>,
}

/// Asks, prints, and ends with the exit code that the outcome stands for.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let target = match Target::read(&args.url, &args.how) {
        Ok(target) => target,
        Err(wrong) => return Ok(refuse::usage(&wrong)),
    };
    let question = match Question::new(target.settings.clone(), &args.expect, args.certificate_days) {
        Ok(question) => question,
        Err(wrong) => return Ok(refuse::question(&wrong, &args.expect)),
    };
    let policy = AddressPolicy { deny_private: args.deny_private, allow: args.allow };
    let answer = ask(policy, &question, args.timeout)?;
    let asked = target.shown(&question);
    let text = match args.json {
        true => json::line(&asked, &answer)?,
        false => human::page(&asked, &answer, args.timeout, Layout::for_stdout()),
    };
    // Nobody reads a closed standard output; the exit code says it all the same.
    let _ = writeln!(std::io::stdout().lock(), "{text}");
    Ok(exit_code(&answer))
}

#[expect(clippy::disallowed_methods, reason = "the deadline of the one asking is counted from here")]
fn ask(policy: AddressPolicy, question: &Question, timeout: Duration) -> anyhow::Result<Answer> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.context("cannot start the runtime")?;
    let answer = runtime.block_on(async {
        let deadline = tokio::time::Instant::now() + timeout;
        Prober::new(policy).ask(question, deadline).await
    });
    // A name that is still being looked up must not hold up the end.
    runtime.shutdown_background();
    Ok(answer)
}

fn exit_code(answer: &Answer) -> ExitCode {
    match answer.outcome.verdict {
        Verdict::Pass | Verdict::Warn => ExitCode::SUCCESS,
        Verdict::Fail => ExitCode::FAILURE,
        Verdict::Unknown => ExitCode::from(3),
    }
}

/// Whether a reason says that there was no way to an answer, rather than what is wrong with the answer.
const fn is_of_the_way(reason: Reason) -> bool {
    !matches!(
        reason,
        Reason::CertificateExpiring
            | Reason::Status
            | Reason::Condition
            | Reason::HealthDegraded
            | Reason::HealthUnhealthy
            | Reason::Slow
    )
}

/// Takes a text that may be secret; what is wrong with it is said where nothing of it is repeated.
fn secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(text.into())
}

fn timeout(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text).map_err(|wrong: NotADuration| wrong.to_string())?;
    match duration {
        _ if duration < Duration::from_millis(1) => Err("must be at least 1ms".to_owned()),
        _ if duration > Duration::from_secs(600) => Err("must be at most 10m".to_owned()),
        duration => Ok(duration),
    }
}
