//! What a rehearsal comes to, in numbers.

use std::fmt::Write;
use std::time::Duration;

use allswell_core::kubelet::{Answer, Kind, Note};

use super::Rehearsed;
use super::chart::Chart;
use super::timeline::{Entry, What};

/// What a rehearsal came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// From the first start to the end.
    pub length: Duration,
    /// From a container's first start to the pod's being ready, the slowest replica; `None` when one never was.
    pub ready_after: Option<Duration>,
    /// How often containers were started again.
    pub restarts: u32,
    /// Kills by probes: how long after the container's start, and by which.
    pub kills: Vec<(Duration, Kind)>,
    /// How often a process ended by itself, or by a fault.
    pub crashes: u32,
    /// How long pods that had been ready were not, deletions aside.
    pub unready: Duration,
    /// The longest time from the beginning of trouble to its being noticed; `None` when there was none to notice.
    pub detection: Option<Duration>,
    /// How long the pod took to end after its deletion.
    pub shutdown: Option<Duration>,
    /// Whether SIGKILL was needed at the deletion.
    pub shot: bool,
    /// Requests sent and requests lost, when there was a load.
    pub requests: Option<(u64, u64)>,
    /// Why requests were lost, and how many for each reason.
    pub losses: Vec<(String, u64)>,
}

/// How one replica fares, entry by entry.
#[derive(Default)]
struct Tally {
    first_start: Option<Duration>,
    started: Duration,
    ready_after: Option<Duration>,
    ready: bool,
    unready_since: Option<Duration>,
    well_since: Duration,
    fault: Option<Duration>,
    dying: bool,
    deleted: Option<Duration>,
}

impl Verdict {
    /// Sums up what happened to `replicas` pods until `end`; `zero` is the first start.
    pub fn of(entries: &[Entry], replicas: usize, zero: Duration, end: Duration) -> Self {
        let mut verdict = Self { length: end.saturating_sub(zero), ..Self::default() };
        let tallies: Vec<Tally> = (0..replicas).map(|replica| verdict.take(entries, replica, end)).collect();
        let ready: Option<Vec<Duration>> = tallies.iter().map(|tally| tally.ready_after).collect();
        verdict.ready_after = ready.and_then(|all| all.into_iter().max());
        verdict
    }

    fn take(&mut self, entries: &[Entry], replica: usize, end: Duration) -> Tally {
        let mut tally = Tally::default();
        for entry in entries.iter().filter(|entry| entry.replica == replica || entry.is_for_all()) {
            self.entry(entry, &mut tally);
        }
        if let Some(since) = tally.unready_since.filter(|_| tally.deleted.is_none()) {
            self.unready += end.saturating_sub(since);
        }
        tally
    }

    fn entry(&mut self, entry: &Entry, tally: &mut Tally) {
        let at = entry.at;
        match &entry.what {
            What::Note(Note::Started { restarts }) => {
                self.restarts += u32::from(*restarts > 0);
                tally.first_start.get_or_insert(at);
                (tally.started, tally.dying) = (at, false);
            }
            What::Note(Note::Ready) => {
                tally.ready = true;
                tally.ready_after.get_or_insert(at.saturating_sub(tally.first_start.unwrap_or(at)));
                if let Some(since) = tally.unready_since.take() {
                    self.unready += at.saturating_sub(since);
                }
            }
            What::Note(Note::Unready) if tally.deleted.is_none() => {
                tally.ready = false;
                tally.unready_since = Some(at);
                self.noticed(at, tally);
            }
            What::Note(Note::Killing { by: Some(kind), .. }) => {
                self.kills.push((at.saturating_sub(tally.started), *kind));
                tally.dying = true;
                if tally.ready {
                    self.noticed(at, tally);
                }
            }
            What::Note(Note::Killing { by: None, .. }) => {
                (tally.deleted, tally.dying) = (Some(at), true);
                if let Some(since) = tally.unready_since.take() {
                    self.unready += at.saturating_sub(since);
                }
            }
            What::Note(Note::GraceOver) => self.shot |= tally.deleted.is_some(),
            What::Note(Note::Exited { .. }) => {
                self.crashes += u32::from(!tally.dying);
                tally.fault = None;
            }
            What::Note(Note::Over) => {
                let took = tally.deleted.map(|since| at.saturating_sub(since));
                self.shutdown = self.shutdown.max(took);
            }
            What::Probed { kind: Kind::Readiness, answer: Answer::Success | Answer::Warning, .. } => {
                tally.well_since = at
            }
            What::Fault { begins: true, .. } if tally.ready => tally.fault = Some(at),
            _ => {}
        }
    }

    /// Trouble was noticed: since the fault began, or since readiness last passed.
    fn noticed(&mut self, at: Duration, tally: &mut Tally) {
        let began = tally.fault.take().or_else(|| (tally.well_since > tally.started).then_some(tally.well_since));
        self.detection = self.detection.max(began.map(|began| at.saturating_sub(began)));
    }

    /// The verdict for eyes, below a picture that is at most `width` cells wide.
    pub fn text(&self, rehearsed: &Rehearsed, width: usize, colour: bool) -> String {
        let Rehearsed { entries, replicas, zero, .. } = rehearsed;
        let chart = Chart::new(*zero, *zero + self.length, width, colour);
        let mut out = format!("{}\n", chart.draw(entries, *replicas));
        let mut row = |name: &str, value: String| {
            let _ = writeln!(out, "  {name:<20} {value}");
        };
        row("ready after", self.ready_after.map_or_else(|| "never".to_owned(), seconds));
        row("restarts", self.restarts_in_words());
        if self.unready > Duration::ZERO {
            row("not ready", format!("{}, after it had been ready", seconds(self.unready)));
        }
        if let Some(detection) = self.detection {
            row("noticed after", format!("{} at worst", seconds(detection)));
        }
        if let Some(shutdown) = self.shutdown {
            let how = if self.shot { ", ended by SIGKILL" } else { "" };
            row("shutdown", format!("{}{how}", seconds(shutdown)));
        }
        if let Some((sent, lost)) = self.requests {
            row("requests", format!("{sent} sent, {lost} lost"));
            for (why, count) in &self.losses {
                row("", format!("{count} × {why}"));
            }
        }
        out
    }

    fn restarts_in_words(&self) -> String {
        let mut why = Vec::new();
        if self.crashes > 0 {
            why.push(format!("{} ended by themselves", self.crashes));
        }
        for kind in Kind::ALL {
            let ages: Vec<Duration> = self.kills.iter().filter(|(_, by)| *by == kind).map(|(age, _)| *age).collect();
            why.extend(kills_in_words(kind, &ages));
        }
        let why = if why.is_empty() { String::new() } else { format!(": {}", why.join("; ")) };
        format!("{}{why}", self.restarts)
    }

    /// The verdict for programs.
    pub fn json(&self) -> serde_json::Value {
        let s = |duration: Duration| (duration.as_secs_f64() * 1_000.0).round() / 1_000.0;
        serde_json::json!({
            "length_seconds": s(self.length),
            "ready_after_seconds": self.ready_after.map(s),
            "restarts": self.restarts,
            "crashes": self.crashes,
            "probe_kills": self.kills.iter().map(|(age, kind)| serde_json::json!({
                "age_seconds": s(*age), "probe": kind.as_str(),
            })).collect::<Vec<_>>(),
            "unready_seconds": s(self.unready),
            "detection_seconds": self.detection.map(s),
            "shutdown_seconds": self.shutdown.map(s),
            "shutdown_by_sigkill": self.shot,
            "requests_sent": self.requests.map(|(sent, _)| sent),
            "requests_dropped": self.requests.map(|(_, lost)| lost),
            "drop_reasons": self.losses.iter().map(|(why, count)| serde_json::json!({
                "reason": why, "count": count,
            })).collect::<Vec<_>>(),
        })
    }
}

/// How often a probe killed, and how long after the container's start; nothing when it never did.
fn kills_in_words(kind: Kind, ages: &[Duration]) -> Option<String> {
    const SHOWN: usize = 4;
    let (least, most) = (ages.iter().min()?, ages.iter().max()?);
    let ages: Vec<String> = match ages.len() {
        0..=SHOWN => ages.iter().copied().map(seconds).collect(),
        times => vec![format!("{:.1} to {}, {times} times", least.as_secs_f64(), seconds(*most))],
    };
    Some(format!("killed by {} after {}", kind.as_str(), ages.join(", ")))
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
