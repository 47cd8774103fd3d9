//! The engine: one pure `step` over state, event and moment.
//!
//! It decides what is asked when, what an answer means, and who is told; all by the parts of `core`. What must happen comes
//! back as [`Effect`]s. Clock, store, prober and sender live outside, in `crate::runner`, so the same engine runs in
//! virtual time.

mod cause;
mod entry;
mod planned;
mod pulse;
mod silence;
mod speak;
mod tell;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use allswell_core::connectivity::{Advice, Suspicion};
use allswell_core::{Mono, Now, Outcome, Reason, Verdict, Wall};
use allswell_probe::Answer;

use crate::heartbeats::Call;
use crate::model::{IncidentId, Maintenance, Monitor, MonitorId};
use crate::store::{Decision, Enlisted, ResultRow};

use entry::Entry;
use planned::Planned;
use silence::Family;

pub use pulse::Awaits;

/// Our own timers later than this are remembered, to tell a slow target from a starved process.
const NOTEWORTHY_LAG: Duration = Duration::from_millis(20);
/// How many late ticks are remembered.
const LAGS_KEPT: usize = 256;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// Time has passed; the tick itself came `late` after it was wanted.
    Tick {
        /// How late our own timer was.
        late: Duration,
    },
    /// An asking brought its answer.
    Answered {
        /// Whose.
        monitor: MonitorId,
        /// What it brought.
        answer: Box<Answer>,
    },
    /// A heartbeat was called.
    Called(Call),
    /// The process stood still: nobody could call it meanwhile.
    StoodStill,
    /// Somebody looked whether our own network works.
    Looked {
        /// Whether anything was reached.
        reaches: bool,
    },
    /// Somebody sees to an incident; the store knows.
    Acknowledged(IncidentId),
    /// These are the monitors from now on, each as the store knows it. Everything decided before was committed.
    Configured {
        /// All of them.
        monitors: Vec<(Arc<Monitor>, Enlisted)>,
    },
    /// This is the planned maintenance from now on.
    Planned {
        /// All of it.
        maintenance: Vec<Maintenance>,
    },
    /// Some monitors are new or different, and some are no more; the others stay as they are. Everything decided before was
    /// committed.
    Changed {
        /// New or different ones.
        monitors: Vec<(Arc<Monitor>, Enlisted)>,
        /// Those that are no more.
        removed: Vec<MonitorId>,
    },
    /// Somebody waits for the next result of a monitor.
    Wanted {
        /// Which.
        monitor: MonitorId,
    },
}

/// What must happen now.
#[derive(Debug)]
pub enum Effect {
    /// Ask, and come back with [`Event::Answered`] by the deadline.
    Ask {
        /// What to ask.
        monitor: Arc<Monitor>,
        /// When it was due.
        due: Mono,
        /// When the answer must be here.
        deadline: Mono,
    },
    /// Look whether our own network works, and come back with [`Event::Looked`].
    LookAround,
    /// Commit this; only then may anything leave the process.
    Decide(Box<Decision>),
    /// Keep this result.
    Record {
        /// What was asked: `http`, `tcp`, `tls`.
        kind: &'static str,
        /// The result.
        result: Box<ResultRow>,
    },
}

/// What is due and has not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// How many checks.
    pub checks: usize,
    /// For how long the one that waits longest has waited.
    pub longest: Duration,
}

/// An answer that waits until we know whether our own network works.
#[derive(Debug)]
struct Held {
    monitor: MonitorId,
    answer: Box<Answer>,
}

/// All monitors and where they stand.
#[derive(Debug)]
pub struct Engine {
    entries: BTreeMap<MonitorId, Entry>,
    due: BinaryHeap<Reverse<(Mono, MonitorId)>>,
    in_flight: usize,
    in_flight_max: usize,
    suspicion: Suspicion,
    held: Vec<Held>,
    lags: VecDeque<(Mono, Duration)>,
    /// Since when calls reach us without a break.
    listening_since: Option<Wall>,
    public_url: Option<String>,
    planned: Planned,
    family: Family,
    /// When there may be something to tell though nothing happens.
    wakes: BTreeSet<(Wall, MonitorId)>,
}

impl Engine {
    /// An engine without monitors that has at most `in_flight_max` askings under way at once.
    ///
    /// `public_url` is where people find this server's pages; messages link there.
    pub fn new(in_flight_max: usize, public_url: Option<String>) -> Self {
        Self {
            entries: BTreeMap::new(),
            due: BinaryHeap::new(),
            in_flight: 0,
            in_flight_max,
            suspicion: Suspicion::default(),
            held: Vec::new(),
            lags: VecDeque::new(),
            listening_since: None,
            public_url,
            planned: Planned::default(),
            family: Family::default(),
            wakes: BTreeSet::new(),
        }
    }

    /// Takes one event and says what must happen.
    #[must_use = "effects must happen"]
    pub fn step(&mut self, event: Event, now: Now) -> Vec<Effect> {
        // Before anything is judged: what fails in the first moments of a window fails within it.
        let mut effects = if self.planned.look(now.wall) { self.cover(now) } else { Vec::new() };
        effects.extend(self.react(event, now));
        effects
    }

    fn react(&mut self, event: Event, now: Now) -> Vec<Effect> {
        match event {
            Event::Tick { late } => self.tick(late, now),
            Event::Answered { monitor, answer } => self.answered(monitor, answer, now),
            Event::Called(call) => self.called(call, now),
            Event::StoodStill => {
                self.listening_since = Some(now.wall);
                Vec::new()
            }
            Event::Looked { reaches } => self.looked(reaches, now),
            Event::Configured { monitors } => self.configured(monitors, now),
            Event::Changed { monitors, removed } => self.changed(monitors, &removed, now),
            Event::Wanted { monitor } => self.wanted(monitor, now),
            Event::Acknowledged(incident) => self.acknowledged(incident, now),
            Event::Planned { maintenance } => self.planned(maintenance, now),
        }
    }

    /// When the next check is due; `None` when nothing is to be asked, or as much is under way as may be.
    pub fn next_due(&self) -> Option<Mono> {
        if self.in_flight >= self.in_flight_max {
            return None;
        }
        self.due.peek().map(|Reverse((due, _))| *due)
    }

    /// Whether there are no monitors.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many askings are under way.
    pub const fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// What heartbeats wait for.
    pub fn awaits(&self) -> Vec<Awaits> {
        self.entries.values().filter_map(Entry::awaits).collect()
    }

    /// What is due at `now` and has not begun: only while as much is under way as may be.
    pub fn overdue(&self, now: Now) -> Overdue {
        let longest = self.due.peek().map_or(Duration::ZERO, |Reverse((due, _))| now.mono.since(*due));
        // Looking through all of them is worth it only when there is one.
        let checks = match longest {
            Duration::ZERO => 0,
            _ => self.due.iter().filter(|Reverse((due, _))| *due < now.mono).count(),
        };
        Overdue { checks, longest }
    }

    fn tick(&mut self, late: Duration, now: Now) -> Vec<Effect> {
        if late > NOTEWORTHY_LAG {
            self.lags.push_back((now.mono, late));
            if self.lags.len() > LAGS_KEPT {
                self.lags.pop_front();
            }
        }
        let mut effects = self.wake(now);
        while self.next_due().is_some_and(|due| due <= now.mono) {
            let Some(Reverse((due, id))) = self.due.pop() else { break };
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            // A changed policy leaves its old moment in the heap; the check knows the true one.
            if !entry.is_active() || entry.due() != due {
                continue;
            }
            if entry.is_awaited() {
                effects.extend(self.expire(id, now));
                continue;
            }
            match entry.check.start(now) {
                Some(asking) => {
                    self.in_flight += 1;
                    let monitor = Arc::clone(&entry.monitor);
                    effects.push(Effect::Ask { monitor, due: asking.due, deadline: asking.deadline });
                    self.due.push(Reverse((entry.check.due(), id)));
                }
                // Still under way: it comes back into the heap when it has answered.
                None => entry.waits = true,
            }
        }
        effects
    }

    fn answered(&mut self, id: MonitorId, answer: Box<Answer>, now: Now) -> Vec<Effect> {
        self.in_flight = self.in_flight.saturating_sub(1);
        let asked = self.entries.get(&id).filter(|entry| !entry.is_awaited());
        let Some(entry) = asked else { return Vec::new() };
        match self.advice(&entry.monitor.clone(), &answer, now) {
            Advice::Decide => self.judge(id, &answer, now),
            Advice::Ours => self.judge(id, &ours(&answer), now),
            Advice::Hold { ask } => {
                self.held.push(Held { monitor: id, answer });
                if ask { vec![Effect::LookAround] } else { Vec::new() }
            }
        }
    }

    fn called(&mut self, call: Call, now: Now) -> Vec<Effect> {
        let id = call.monitor;
        let sight = self.sight(id, now);
        let Some(entry) = self.entries.get_mut(&id).filter(|entry| entry.is_active()) else { return Vec::new() };
        let effects = entry.called(call, now, &sight);
        self.due.push(Reverse((entry.due(), id)));
        self.followed(id, effects, now)
    }

    /// Looks whether a call is missing.
    fn expire(&mut self, id: MonitorId, now: Now) -> Vec<Effect> {
        let since = self.listening_since.unwrap_or(now.wall);
        let sight = self.sight(id, now);
        let Some(entry) = self.entries.get_mut(&id) else { return Vec::new() };
        let effects = entry.expire(now, since, &sight);
        self.due.push(Reverse((entry.due(), id)));
        self.followed(id, effects, now)
    }

    /// Whether the answer may be judged, or our own network is to be looked at first. What is on this machine needs no network.
    fn advice(&mut self, monitor: &Monitor, answer: &Answer, now: Now) -> Advice {
        let host = monitor.question.host();
        if is_this_machine(host) {
            return Advice::Decide;
        }
        match (answer.outcome.verdict, answer.outcome.reason) {
            (Verdict::Fail, Some(reason)) if reason.may_be_our_network() => {
                self.suspicion.failed(host, monitor.policy.interval, now.mono)
            }
            (Verdict::Unknown, _) => Advice::Decide,
            _ => {
                self.suspicion.answered();
                Advice::Decide
            }
        }
    }

    fn looked(&mut self, reaches: bool, now: Now) -> Vec<Effect> {
        self.suspicion.looked(reaches, now.mono);
        let held = std::mem::take(&mut self.held);
        let judged = held.into_iter().flat_map(|Held { monitor, answer }| {
            let answer = if reaches { answer } else { Box::new(ours(&answer)) };
            self.judge(monitor, &answer, now)
        });
        judged.collect()
    }

    fn judge(&mut self, id: MonitorId, answer: &Answer, now: Now) -> Vec<Effect> {
        let sight = self.sight(id, now);
        let Some(entry) = self.entries.get_mut(&id) else { return Vec::new() };
        if std::mem::take(&mut entry.waits) {
            self.due.push(Reverse((entry.check.due(), id)));
        }
        let starved = entry.check.asking().map_or(Duration::ZERO, |asking| {
            let meanwhile = self.lags.iter().rev().take_while(|(at, _)| *at >= asking.started.mono);
            meanwhile.map(|(_, late)| *late).max().unwrap_or_default()
        });
        let effects = entry.judge(answer, starved, now, &sight);
        self.followed(id, effects, now)
    }

    fn configured(&mut self, monitors: Vec<(Arc<Monitor>, Enlisted)>, now: Now) -> Vec<Effect> {
        self.listening_since.get_or_insert(now.wall);
        let mut before = std::mem::take(&mut self.entries);
        self.due.clear();
        self.wakes.clear();
        for (monitor, enlisted) in monitors {
            let known = before.remove(&monitor.id);
            self.enter(known, monitor, enlisted, now);
        }
        self.family = Family::of(&self.entries);
        self.cover(now)
    }

    fn changed(&mut self, monitors: Vec<(Arc<Monitor>, Enlisted)>, removed: &[MonitorId], now: Now) -> Vec<Effect> {
        // Its moments stay in the heap and find nobody.
        removed.iter().for_each(|id| drop(self.entries.remove(id)));
        for (monitor, enlisted) in monitors {
            let known = self.entries.remove(&monitor.id);
            self.enter(known, monitor, enlisted, now);
        }
        self.family = Family::of(&self.entries);
        self.cover(now)
    }

    fn planned(&mut self, maintenance: Vec<Maintenance>, now: Now) -> Vec<Effect> {
        self.planned = Planned::new(maintenance, now.wall);
        self.cover(now)
    }

    fn enter(&mut self, known: Option<Entry>, monitor: Arc<Monitor>, enlisted: Enlisted, now: Now) {
        let id = monitor.id;
        let entry = match known {
            Some(entry) => entry.reconfigured(monitor, enlisted, now),
            None => Entry::new(monitor, enlisted, now),
        };
        if entry.is_active() {
            self.due.push(Reverse((entry.due(), id)));
        }
        self.entries.insert(id, entry);
    }

    fn wanted(&mut self, id: MonitorId, now: Now) -> Vec<Effect> {
        let asked = |entry: &&mut Entry| entry.is_active() && !entry.is_awaited();
        if let Some(entry) = self.entries.get_mut(&id).filter(asked)
            && entry.check.asking().is_none()
        {
            entry.check.hasten(now.mono);
            self.due.push(Reverse((entry.due(), id)));
        }
        Vec::new()
    }
}

/// The same answer with our own network to blame.
fn ours(answer: &Answer) -> Answer {
    let outcome = Outcome::unknown(Reason::OwnNetwork, answer.outcome.latency);
    Answer { outcome, ..answer.clone() }
}

fn is_this_machine(host: &str) -> bool {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || literal.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
