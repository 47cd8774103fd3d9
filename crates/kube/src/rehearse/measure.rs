//! How long an app takes to start, to answer and to end, measured without anybody killing it.

use std::time::Duration;

use allswell_core::kubelet::{Answer, Kind};
use allswell_probe::Dialer;
use tokio::sync::mpsc;

use super::conductor::{Settings, local_addresses};
use super::replica::Clock;
use super::stage::{ports, recipe};
use super::{Error, Subject};
use crate::ask::exec::Environment;
use crate::process::Signal;

/// How often it is asked whether it is up.
const POLL: Duration = Duration::from_millis(100);

/// How often it is asked once it is up, and for how long.
const SAMPLES: u32 = 100;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// From the start of the process to its first good answer.
    pub start: Duration,
    /// How long answers took, sorted.
    pub latencies: Vec<Duration>,
    /// How long it went on answering after SIGTERM.
    pub drain: Duration,
    /// How long it took to end after SIGTERM; `None` when it had not within the pod's grace.
    pub end: Option<Duration>,
}

impl Measured {
    /// The slowest answer.
    pub fn slowest(&self) -> Duration {
        self.latencies.last().copied().unwrap_or_default()
    }
}

/// Starts the app, waits until it is up, asks it again and again, and tells it to end.
///
/// # Errors
/// [`Error`] when it cannot be started, ends by itself, or is not up within `settings.length`.
pub async fn measure(subject: &Subject, settings: &Settings, mut stop: mpsc::Receiver<()>) -> Result<Measured, Error> {
    let local = ports(subject, settings)?;
    let recipe = recipe(subject, settings, 0, &local)?;
    let environment =
        Environment { literal: subject.environment.clone(), extra: recipe.environment.clone(), directory: None };
    let asked = [Kind::Readiness, Kind::Startup, Kind::Liveness];
    let question =
        asked.into_iter().find_map(|kind| subject.question(kind, &local, &environment)).ok_or(Error::NoProbe)?;
    let (clock, dialer) = (Clock::start(), Dialer::new(local_addresses()));
    let what = || format!("start `{}`", recipe.words.first().map_or("", String::as_str));
    let mut process = recipe.start().map_err(|cause| Error::System { what: what(), cause })?;
    let longest = settings.length.unwrap_or(Duration::from_secs(600));
    let mut measured = Measured::default();
    let sampled = async {
        let up = async {
            while question.ask(&dialer, PATIENCE).await.answer != Answer::Success {
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(longest, up).await.map_err(|_| Error::NeverUp { after: longest })?;
        let start = clock.elapsed();
        let mut latencies = Vec::new();
        for _ in 0..SAMPLES {
            let begun = clock.elapsed();
            question.ask(&dialer, PATIENCE).await;
            latencies.push(clock.elapsed().saturating_sub(begun));
            tokio::time::sleep(POLL).await;
        }
        latencies.sort();
        Ok((start, latencies))
    };
    (measured.start, measured.latencies) = tokio::select! {
        sampled = sampled => sampled?,
        code = process.ended() => return Err(Error::EndedEarly { code, last: recipe.last_words() }),
        _ = stop.recv() => return Err(Error::Interrupted),
    };
    process.signal(Signal::Terminate);
    let told = clock.elapsed();
    let grace = Duration::from_secs(subject.plan.grace_s.and_then(|s| u64::try_from(s).ok()).unwrap_or(30));
    let mut drain = Duration::ZERO;
    let serving = async {
        while question.ask(&dialer, PATIENCE).await.answer == Answer::Success {
            drain = clock.elapsed().saturating_sub(told);
            tokio::time::sleep(POLL).await;
        }
        std::future::pending::<()>().await;
    };
    let ended = tokio::select! {
        ended = tokio::time::timeout(grace, process.ended()) => ended.is_ok(),
        () = serving => false,
    };
    measured.end = ended.then(|| clock.elapsed().saturating_sub(told));
    measured.drain = drain;
    Ok(measured)
}
