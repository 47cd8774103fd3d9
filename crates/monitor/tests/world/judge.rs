//! The oracle: what must be true of any run, told from the truth of the world alone.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use allswell_core::Wall;
use allswell_monitor::model::MonitorId;
use allswell_monitor::store::{IncidentRow, OutboxRow};

use super::{Asked, BEGIN_MS, INTERVAL, Run, THRESHOLD, Truth};

/// What a run left behind.
#[derive(Clone, Debug)]
pub struct Report {
    run: Run,
    truths: BTreeMap<MonitorId, Truth>,
    asked: Vec<Asked>,
    downtimes: Vec<Range<Duration>>,
    incidents: Vec<IncidentRow>,
    sent: Vec<OutboxRow>,
}

impl Report {
    pub fn new(
        run: Run,
        truths: BTreeMap<MonitorId, Truth>,
        asked: Vec<Asked>,
        downtimes: Vec<Range<Duration>>,
        incidents: Vec<IncidentRow>,
        sent: Vec<OutboxRow>,
    ) -> Self {
        Self { run, truths, asked, downtimes, incidents, sent }
    }

    pub fn askings(&self) -> usize {
        self.asked.len()
    }

    pub fn incidents(&self) -> usize {
        self.incidents.len()
    }

    pub fn without_one_message(mut self) -> Self {
        self.sent.pop();
        self
    }

    pub fn without_one_incident(mut self) -> Self {
        let lost = self.incidents.pop().expect("at least one");
        self.sent.retain(|row| !row.key.starts_with(&format!("{}:", lost.id)));
        self
    }

    pub fn with_an_invented_incident(mut self) -> Self {
        let calm = self.truths.iter().next().map(|(id, _)| *id).expect("at least one");
        let mut invented = self.incidents.last().expect("at least one").clone();
        invented.id.monitor = calm;
        invented.id.seq = 9_999;
        invented.began = Wall::from_ms(BEGIN_MS + 1);
        self.incidents.push(invented);
        self
    }

    /// All that must not be.
    pub fn violations(&self) -> Vec<String> {
        let mut found = self.cadence();
        if self.clock_was_stepped() {
            // Stamps cannot be compared with the truth then; how often something happened can.
            found.extend(self.miscounted());
        } else {
            found.extend(self.unfounded_incidents());
            found.extend(self.missed_outages());
        }
        found.extend(self.messages());
        found
    }

    /// There are as many incidents as a count of failures in a row gives; a crash may cost or repeat one asking.
    fn miscounted(&self) -> Vec<String> {
        let mut found = Vec::new();
        for monitor in self.truths.keys() {
            let runs = self.failures(*monitor);
            let least = runs.iter().filter(|run| run.certain.len() >= THRESHOLD as usize).count();
            let most = runs.iter().filter(|run| run.may_count()).count();
            let actual = self.incidents.iter().filter(|incident| incident.id.monitor == *monitor).count();
            let slack = self.downtimes.len();
            if actual + slack < least || actual > most + slack {
                found.push(format!("{monitor}: {actual} incidents where {least} to {most} should be"));
            }
        }
        found
    }

    /// Two askings of a target are never much closer than half an interval, and far apart only when we were away.
    fn cadence(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut last: BTreeMap<MonitorId, Duration> = BTreeMap::new();
        for asked in &self.asked {
            if let Some(before) = last.insert(asked.monitor, asked.at) {
                let gap = asked.at - before;
                let away = self.away(&(before..asked.at));
                // What was under way in a crash left no trace, so it may be asked again at once; it cannot count twice.
                if gap + Duration::from_millis(1) < INTERVAL / 2 && away.is_zero() && !self.clock_was_stepped() {
                    found.push(format!("{}: asked again after {gap:?} at {:?}", asked.monitor, asked.at));
                }
                if gap > INTERVAL + away + Duration::from_secs(15) {
                    found.push(format!("{}: not asked for {gap:?} at {:?}, away {away:?}", asked.monitor, asked.at));
                }
            }
        }
        found
    }

    /// Every incident begins with an asking that failed, and so many failed in a row.
    fn unfounded_incidents(&self) -> Vec<String> {
        let unfounded = |incident: &&IncidentRow| {
            let began = true_time(incident.began);
            let runs = self.failures(incident.id.monitor);
            let run = runs.iter().find(|run| run.all().any(|at| at.abs_diff(began) < Duration::from_secs(1)));
            !run.is_some_and(Failures::may_count)
        };
        let text =
            |incident: &IncidentRow| format!("{}: an incident at {:?} that never was", incident.id, incident.began);
        self.incidents.iter().filter(unfounded).map(text).collect()
    }

    /// The failed askings of a target, each run without a good one in between.
    fn failures(&self, monitor: MonitorId) -> Vec<Failures> {
        let mut runs = vec![Failures::default()];
        for asked in self.asked.iter().filter(|asked| asked.monitor == monitor) {
            let run = runs.last_mut().expect("never empty");
            match asked.well {
                Some(false) => run.certain.push(asked.at),
                None => run.ours.push(asked.at),
                Some(true) => runs.push(Failures::default()),
            }
        }
        runs
    }

    /// An outage that outlasts the threshold, with nothing of ours in the way, has its incident.
    fn missed_outages(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (monitor, truth) in &self.truths {
            for outage in &truth.outages {
                let blind = self.blind(*monitor, outage);
                let needed = INTERVAL * (THRESHOLD + 1) + self.away(outage) * 2 + blind;
                let seen = self.incidents.iter().filter(|incident| incident.id.monitor == *monitor).any(|incident| {
                    let began = true_time(incident.began);
                    outage.start <= began + INTERVAL && began <= outage.end
                });
                if outage.end - outage.start > needed + INTERVAL && !seen {
                    found.push(format!("{monitor}: nobody noticed the outage {outage:?}"));
                }
            }
        }
        found
    }

    /// Each incident was told to each channel when it began and when it ended, in this order, each once.
    fn messages(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut keys = BTreeSet::new();
        for row in &self.sent {
            if !keys.insert(row.key.clone()) {
                found.push(format!("{} was written twice", row.key));
            }
        }
        for incident in &self.incidents {
            if incident.ended.is_none() {
                found.push(format!("{}: still open although its target has been well for an hour", incident.id));
            }
            for channel in ["mail", "hook"] {
                let told: Vec<&str> = self
                    .sent
                    .iter()
                    .filter(|row| row.channel == channel && row.key.starts_with(&format!("{}:", incident.id)))
                    .map(|row| row.kind.as_str())
                    .collect();
                if told != ["down", "up"] {
                    found.push(format!("{}: {channel} was told {told:?}", incident.id));
                }
            }
        }
        found
    }

    fn away(&self, during: &Range<Duration>) -> Duration {
        let overlap = |away: &Range<Duration>| away.end.min(during.end).saturating_sub(away.start.max(during.start));
        self.downtimes.iter().map(overlap).sum::<Duration>()
            // After each restart the first asking may be spread, and one more interval may be needed.
            + INTERVAL * u32::try_from(self.downtimes.iter().filter(|away| !overlap(away).is_zero()).count()).expect("small")
    }

    /// How much of `outage` our own dead network hid, in whole intervals.
    fn blind(&self, monitor: MonitorId, outage: &Range<Duration>) -> Duration {
        let hidden = self
            .asked
            .iter()
            .filter(|asked| asked.monitor == monitor && asked.well.is_none() && outage.contains(&asked.at));
        INTERVAL * u32::try_from(hidden.count()).expect("small")
    }

    fn clock_was_stepped(&self) -> bool {
        self.run.faults.clock_step > 0.0
    }
}

/// Failed askings of one target in a row.
#[derive(Debug, Default)]
struct Failures {
    /// The target's fault.
    certain: Vec<Duration>,
    /// The fault of our own dead network.
    ours: Vec<Duration>,
}

impl Failures {
    fn all(&self) -> impl Iterator<Item = Duration> {
        self.certain.iter().chain(&self.ours).copied()
    }

    /// Whether they may make an incident. Whoever is the first to fail when our network dies cannot be told from a target that
    /// fails alone, so one of ours may have counted; never more.
    fn may_count(&self) -> bool {
        self.certain.len() + self.ours.len().min(1) >= THRESHOLD as usize
    }
}

/// The true moment that a stamp means while nobody steps the clock.
fn true_time(stamp: Wall) -> Duration {
    Duration::from_millis(u64::try_from(stamp.ms() - BEGIN_MS).unwrap_or(0))
}
