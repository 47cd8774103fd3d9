//! What is at hand of one monitor.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use allswell_core::check::{Memory, Status};
use allswell_core::series::{Sample, Summary};
use allswell_core::uptime::{Presence, Rolling, Shares};
use allswell_core::{Reason, Verdict, Wall};

use super::STRIP;
use crate::model::{IncidentId, MonitorId};
use crate::store::{Decision, IncidentChange, MonitorRow, ResultRow};

/// What stays the same until the configuration changes.
#[derive(Debug)]
pub struct Facts {
    /// Its number.
    pub id: MonitorId,
    /// Its name.
    pub name: String,
    /// How it asks.
    pub kind: String,
    /// What is asked, secrets masked.
    pub target: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its group.
    pub group: Option<String>,
    /// From one asking to the next.
    pub interval: Duration,
}

/// A monitor and what is true of it now.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is.
    pub facts: Arc<Facts>,
    /// What is true of it.
    pub status: Presence,
    /// Since when.
    pub since: Option<Wall>,
    /// What its askings say, and since when, whatever covers that.
    asked_status: (Presence, Option<Wall>),
    /// Since when planned maintenance covers it.
    maintenance: Option<Wall>,
    /// The incident that is open.
    pub incident: Option<IncidentId>,
    /// What the last asking said.
    pub verdict: Option<Verdict>,
    /// Why it was no plain pass.
    pub reason: Option<Reason>,
    /// Its HTTP status.
    pub code: Option<u16>,
    /// When it began.
    pub asked: Option<Wall>,
    /// The last askings.
    pub strip: Strip,
    /// The 95th percentile of the good ones among them.
    pub p95: Option<Duration>,
    /// How it fared, as it was measured last.
    pub(super) fared: Option<Rolling>,
    /// When the first certificate of the chain that was shown last ends.
    certificate_ends: Option<Wall>,
}

/// The last askings of a monitor, oldest first: what each said and how long it took, to a tenth of a millisecond.
#[derive(Clone, Debug, Default)]
pub struct Strip(VecDeque<(Verdict, u32)>);

const TICK_US: u128 = 100;

impl Strip {
    fn push(&mut self, result: &ResultRow) {
        if self.0.len() == STRIP {
            self.0.pop_front();
        }
        let ticks = u32::try_from(result.total.as_micros() / TICK_US).unwrap_or(u32::MAX);
        self.0.push_back((result.verdict, ticks));
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What each asking said and how long it took, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (Verdict, Duration)> {
        self.0.iter().map(|(verdict, ticks)| (*verdict, Duration::from_micros(u64::from(*ticks) * 100)))
    }

    fn last(&self) -> Option<Duration> {
        self.0.back().map(|(_, ticks)| Duration::from_micros(u64::from(*ticks) * 100))
    }

    fn p95(&self) -> Option<Duration> {
        let samples = self.iter().map(|(verdict, latency)| Sample { at: Wall::default(), verdict, latency });
        Summary::of(samples).percentile(95)
    }
}

impl Row {
    /// The row of `monitor`; what was known of its results comes from `before`.
    pub(super) fn of(monitor: MonitorRow, before: &mut HashMap<MonitorId, Self>) -> Self {
        let (status, since) = (monitor.presence(), monitor.since(None));
        let maintenance = monitor.enlisted.maintenance;
        let asked_status = asked_status(&monitor.enlisted.memory);
        let known = before.remove(&monitor.enlisted.id);
        let incident = monitor.enlisted.incident.as_ref().map(|incident| incident.id);
        let facts = Arc::new(facts(monitor));
        match known {
            // While it is paused, the marks alone know since when; they do not change.
            Some(row) => {
                let certificate_ends = row.certificate_ends.filter(|_| row.facts.target == facts.target);
                let since = since.or(row.since);
                Self { since, facts, status, asked_status, maintenance, incident, certificate_ends, ..row }
            }
            None => Self {
                facts,
                status,
                since,
                asked_status,
                maintenance,
                incident,
                verdict: None,
                reason: None,
                code: None,
                asked: None,
                strip: Strip::default(),
                p95: None,
                fared: None,
                certificate_ends: None,
            },
        }
    }

    pub(super) fn record(&mut self, result: &ResultRow) {
        self.strip.push(result);
        self.p95 = self.strip.p95();
        self.last(result);
    }

    fn last(&mut self, result: &ResultRow) {
        self.verdict = Some(result.verdict);
        self.reason = result.reason;
        self.code = result.status;
        self.asked = Some(result.asked);
        // An answer without a certificate, like none at all, says nothing of the one that was shown before.
        self.certificate_ends = result.detail.as_deref().and_then(certificate_ends).or(self.certificate_ends);
    }

    /// Takes results of before over, oldest first; those that came in meanwhile are among them.
    pub(super) fn refill<'a>(&mut self, results: impl Iterator<Item = &'a ResultRow>) {
        let mut strip = Strip::default();
        for result in results {
            strip.push(result);
            if self.asked.is_none_or(|asked| asked <= result.asked) {
                self.last(result);
            }
        }
        if strip.0.len() >= self.strip.0.len() {
            self.strip = strip;
            self.p95 = self.strip.p95();
        }
    }

    pub(super) fn decide(&mut self, decision: &Decision) {
        self.asked_status = asked_status(&decision.memory);
        if let Some(transition) = &decision.transition {
            self.asked_status.0 = transition.to;
        }
        if let Some(window) = &decision.maintenance {
            self.maintenance = window.as_ref().map(|_| self.maintenance.unwrap_or(decision.at));
        }
        if self.status != Presence::Paused {
            let covered = self.maintenance.map(|began| (Presence::Maintenance, Some(began)));
            (self.status, self.since) = covered.unwrap_or(self.asked_status);
        }
        match &decision.incident {
            Some((_, IncidentChange::Close)) => self.incident = None,
            Some((id, _)) => self.incident = Some(*id),
            None => {}
        }
    }

    /// How it fared over the [window](super::WINDOW) that ends `now`; `None` before it was measured.
    pub fn shares(&self, now: Wall) -> Option<Shares> {
        Some(self.fared?.at(now))
    }

    /// When it is to be measured again.
    pub(super) fn measured_until(&self) -> Option<Wall> {
        let fared = self.fared?;
        Some(fared.good_until().min(fared.divided_at() + super::MEASURED_FOR))
    }

    /// Whole days until the first certificate of its chain ends, negative when one has ended; `None` without one.
    pub fn certificate_days_left(&self, now: Wall) -> Option<i64> {
        Some((self.certificate_ends?.ms() - now.ms()).div_euclid(DAY_MS))
    }

    /// How long the last asking took.
    pub fn latency(&self) -> Option<Duration> {
        self.strip.last()
    }

    /// `[id,status,latency]` as JSON: the number of the status in [`Presence::ALL`], milliseconds or `null`.
    pub(super) fn news(&self) -> String {
        let latency = self.latency().map_or_else(|| "null".to_owned(), |latency| millis(latency).to_string());
        format!("[{},{},{latency}]", self.facts.id, self.status as usize)
    }
}

const DAY_MS: i64 = 86_400_000;

/// When the first certificate of the chain ends that `detail` tells of.
fn certificate_ends(detail: &str) -> Option<Wall> {
    #[derive(serde::Deserialize)]
    struct Detail {
        certificate: Option<allswell_probe::Certificate>,
    }
    // Most details have none; those are not worth reading.
    if !detail.contains("\"certificate\":") {
        return None;
    }
    let shown = serde_json::from_str::<Detail>(detail).ok()?.certificate?;
    let ends = shown.chain.iter().map(|link| link.not_after_ms);
    ends.chain([shown.not_after_ms]).min().map(Wall::from_ms)
}

/// What the askings say, and since when.
fn asked_status(memory: &Memory) -> (Presence, Option<Wall>) {
    let status = match memory.status() {
        Status::Up => Presence::Up,
        Status::Degraded => Presence::Degraded,
        Status::Down => Presence::Down,
        Status::Unknown => Presence::Unknown,
    };
    (status, Some(memory.since).filter(|since| *since > Wall::default()))
}

/// Milliseconds, to a tenth.
pub fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e4).round() / 10.0
}

fn facts(monitor: MonitorRow) -> Facts {
    let MonitorRow { enlistment, enlisted } = monitor;
    Facts {
        id: enlisted.id,
        name: enlistment.name,
        kind: enlistment.kind,
        target: enlistment.target,
        tags: enlistment.tags,
        group: enlistment.group,
        interval: enlistment.interval,
    }
}
