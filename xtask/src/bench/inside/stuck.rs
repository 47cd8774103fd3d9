//! One worker blocked, then all of them: how soon the side port says so, and how long it takes to answer meanwhile.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use super::super::{figure, limit};
use super::service::{Answer, Client, Service};
use crate::statistics::quantile;
use crate::time::wait_for;

const WORKERS: u32 = 2;

/// How long a worker is blocked.
const BLOCKED: Duration = Duration::from_secs(5);

/// The longest that an answer of the side port may take.
const ANSWER_MAX: Duration = Duration::from_millis(50);

/// Measures and prints. `true` means that every limit holds.
pub fn run(program: &Path) -> Result<bool> {
    let service = Service::start(program, "all", 10, WORKERS)?;
    let mut holds = true;
    for blocked in [1, WORKERS] {
        holds &= block(&service, blocked)?;
        let mut side = Client::connect(service.side)?;
        wait_for("the service to be ready again", Duration::from_secs(20), || {
            Ok((side.get("/ready")?.code == 200).then_some(()))
        })?;
    }
    Ok(holds)
}

fn block(service: &Service, workers: u32) -> Result<bool> {
    let start = Instant::now();
    let blockers: Vec<_> = (0..workers).map(|_| blocker(service)).collect();
    let mut side = Client::connect(service.side)?;
    let (mut answers, mut first, mut named) = (Vec::new(), None, None);
    while start.elapsed() < BLOCKED - Duration::from_millis(200) {
        let answer = side.get("/ready")?;
        if answer.code == 503 {
            first.get_or_insert(start.elapsed());
            named = Some(answer.clone());
        }
        answers.push(answer.took.as_secs_f64() * 1e3);
        thread::sleep(Duration::from_millis(10));
    }
    for blocker in blockers {
        blocker.join().map_err(|_| anyhow::anyhow!("a blocker panicked"))??;
    }
    let slowest = quantile(&answers, 1.0).context("there are answers")?;
    let title = format!("{workers} of {WORKERS} workers blocked");
    let p99 = quantile(&answers, 0.99).unwrap_or_default();
    figure(&title, &format!("{} answers, p99 {p99:.2} ms", answers.len()));
    let fits = slowest <= ANSWER_MAX.as_secs_f64() * 1e3;
    let mut holds = limit("  side port, slowest answer", &format!("{slowest:.2} ms"), "50 ms", fits);
    let since = first.map(|first| format!("after {:.2} s", first.as_secs_f64()));
    holds &= limit("  /ready is 503", &since.clone().unwrap_or_else(|| "never".to_owned()), "seen", since.is_some());
    let sentence = named.as_ref().and_then(|answer| sentence(answer, workers));
    holds &= limit("  names route and duration", sentence.as_deref().unwrap_or("no"), "named", sentence.is_some());
    Ok(holds)
}

/// What it says when it names the route and a time for each blocked worker.
fn sentence(answer: &Answer, workers: u32) -> Option<String> {
    let document: Value = serde_json::from_str(&answer.body).ok()?;
    let named =
        |worker: &&Value| worker["blocked_in"] == "GET /block/{ms}" && worker["stuck_for_ms"].as_f64() > Some(250.0);
    let found = document["workers"].as_array()?.iter().filter(named).count();
    (found == workers as usize).then(|| document["reason"].as_str().map(str::to_owned))?
}

/// A client whose request blocks the worker that takes it.
fn blocker(service: &Service) -> thread::JoinHandle<Result<Answer>> {
    let (main, ms) = (service.main, BLOCKED.as_millis());
    thread::spawn(move || Client::connect(main)?.get(&format!("/block/{ms}")))
}
