//! The database of the example service frozen for some time: when `/ready` says so, what a request to it takes meanwhile, how many
//! connections the check holds, and when recovery is seen.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::super::{figure, limit};
use super::postgres::{Postgres, free_port};
use super::service::{Client, Process, built};
use crate::cargo::{self, Profile};
use crate::statistics::quantile;
use crate::test::tools;
use crate::time::wait_for;

/// The numbers of the example's database check.
const INTERVAL: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(2);
const FAILURE_THRESHOLD: u32 = 3;

/// The longest that a request may take.
const REQUEST_MAX_MS: f64 = 5.0;

/// How often it is asked.
const PACE: Duration = Duration::from_millis(5);

/// What was seen of the answers.
#[derive(Debug, Default)]
struct Seen {
    took_ms: Vec<f64>,
    inside_ms: Vec<f64>,
    connections: usize,
}

/// Measures and prints. `true` means that every limit holds.
pub fn run(profile: Profile, seconds: u64) -> Result<bool> {
    let program = built(&["--package", "example-axum-service"], "example-axum-service", profile)?;
    let folder = cargo::fresh_folder("bench-frozen")?;
    let bin = tools::path_of(tools::Tool::Postgres)?;
    // PostgreSQL's own user must reach its cluster, which it cannot below every home.
    let cluster = std::env::temp_dir().join(format!("allswell-frozen-{}", std::process::id()));
    std::fs::create_dir_all(&cluster).with_context(|| format!("cannot create {}", cluster.display()))?;
    let postgres = Postgres::start(&bin, &cluster)?;
    let (main, side) = (free_port()?, free_port()?);
    let log = std::fs::File::create(folder.join("service.log"))?;
    let mut command = Command::new(program);
    command.env("DATABASE_URL", format!("postgres://postgres@{}/postgres", postgres.address));
    command.env("LISTEN", main.to_string()).env("SIDE_PORT", side.to_string());
    let child = command.stdin(Stdio::null()).stdout(log).spawn().context("cannot start the example service")?;
    let _service = Process(child);
    wait_for("the example service to be ready", Duration::from_secs(60), || {
        Ok(Client::connect(main).and_then(|mut client| client.get("/ready")).ok().filter(|answer| answer.code == 200))
    })?;
    let holds = freeze(&postgres, &mut Client::connect(main)?, Duration::from_secs(seconds));
    drop(postgres);
    std::fs::remove_dir_all(&cluster).ok();
    holds
}

fn freeze(postgres: &Postgres, client: &mut Client, lasting: Duration) -> Result<bool> {
    let mut seen = Seen::default();
    let own = postgres.connections()?;
    postgres.signal("STOP")?;
    let frozen = Instant::now();
    let not_ready = watch(postgres, client, &mut seen, frozen, lasting, 503)?;
    postgres.signal("CONT")?;
    let thawed = Instant::now();
    let ready = watch(postgres, client, &mut seen, thawed, 2 * INTERVAL + TIMEOUT, 200)?;
    figure("database frozen", &format!("{} s, {} requests", lasting.as_secs(), seen.took_ms.len()));
    let most = INTERVAL * FAILURE_THRESHOLD + TIMEOUT;
    let mut holds = within("  /ready is 503", not_ready, most);
    holds &= within("  recovery is seen", ready, INTERVAL + TIMEOUT / 4);
    let slow = seen.took_ms.iter().filter(|took| **took > REQUEST_MAX_MS).count();
    let q = |values: &[f64], share| quantile(values, share).unwrap_or_default();
    let outside = format!("p99.9 {:.2} ms, max {:.2} ms", q(&seen.took_ms, 0.999), q(&seen.took_ms, 1.0));
    figure("  a request, from outside", &outside);
    figure("  requests above 5 ms", &format!("{slow}, where the machine had no CPU for us"));
    let inside = q(&seen.inside_ms, 1.0);
    holds &= limit("  a request, inside, slowest", &format!("{inside:.1} ms"), "5 ms", inside <= REQUEST_MAX_MS);
    // Those of before are the pool's, idle or lent to the check: a check that hangs must not open one after the other.
    let most = own.max(1);
    let held = format!("{} at most, {own} before", seen.connections);
    holds &= limit("  connections of pool and check", &held, &most.to_string(), seen.connections <= most);
    Ok(holds)
}

/// Asks `/ready` for some time, and says when it first answered with `code`.
fn watch(
    postgres: &Postgres,
    client: &mut Client,
    seen: &mut Seen,
    start: Instant,
    lasting: Duration,
    code: u16,
) -> Result<Option<Duration>> {
    let mut first = None;
    while start.elapsed() < lasting {
        let answer = client.get("/ready")?;
        if answer.code == code {
            first.get_or_insert(start.elapsed());
        }
        seen.took_ms.push(answer.took.as_secs_f64() * 1e3);
        seen.inside_ms.push(answer.number("x-response-time").context("no x-response-time")? * 1e3);
        // The table of all connections is long; it is not read after each request.
        if seen.took_ms.len().is_multiple_of(20) {
            seen.connections = seen.connections.max(postgres.connections()?);
        }
        thread::sleep(PACE);
    }
    Ok(first)
}

fn within(name: &str, found: Option<Duration>, most: Duration) -> bool {
    let value = found.map_or_else(|| "never".to_owned(), |found| format!("after {:.2} s", found.as_secs_f64()));
    limit(name, &value, &format!("{:.1} s", most.as_secs_f64()), found.is_some_and(|found| found <= most))
}
