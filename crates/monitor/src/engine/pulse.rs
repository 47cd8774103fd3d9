//! Heartbeats within the engine: what a call, or its absence, means for the monitor that waits for it.

use std::time::Duration;

use allswell_core::heartbeat::{Beat, Heartbeat, Missed, Policy};
use allswell_core::time::humane;
use allswell_core::{Mono, Now, Outcome, Reason, Wall};
use allswell_probe::{Answer, Evidence};

use super::Effect;
use super::entry::Entry;
use super::silence::Sight;
use crate::heartbeats::Call;
use crate::model::MonitorId;
use crate::notification::rfc3339;

/// The longest until the wall clock is looked at again: it may have been set.
const LOOK: Duration = Duration::from_secs(60);

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awaits {
    /// Whose call.
    pub monitor: MonitorId,
    /// When it is expected; `None` when the calendar has come to its end.
    pub expected: Option<Wall>,
    /// Until when it is in time.
    pub deadline: Option<Wall>,
}

/// A heartbeat of a monitor.
#[derive(Debug)]
pub(super) struct Pulse {
    heartbeat: Heartbeat,
    /// When it is looked at next.
    pub wake: Mono,
    /// What a job said by `/log` since its last outcome.
    log: String,
    /// The moment of the last outcome: the next one is never earlier.
    last: Wall,
}

impl Pulse {
    /// A heartbeat that was last heard, or else began, at `settled`.
    pub(super) fn new(heartbeat: Heartbeat, settled: Wall, now: Now) -> Self {
        let mut pulse = Self { heartbeat, wake: now.mono, log: String::new(), last: settled };
        pulse.plan(now);
        pulse
    }

    /// Follows other numbers from now on.
    pub(super) fn follow(&mut self, policy: Policy, now: Now) {
        self.heartbeat.follow(policy);
        self.plan(now);
    }

    /// Says when to look next.
    pub(super) fn plan(&mut self, now: Now) {
        let wait = self.heartbeat.due().map_or(LOOK, |due| due.since(now.wall)).min(LOOK);
        // Not at once again, whatever the clock does.
        self.wake = now.mono + wait.max(Duration::from_millis(1));
    }
}

impl Entry {
    /// What is waited for; `None` when nobody is to call.
    pub(super) fn awaits(&self) -> Option<Awaits> {
        let pulse = self.pulse.as_ref().filter(|_| self.is_active())?;
        let (expected, deadline) = (pulse.heartbeat.expected(), pulse.heartbeat.deadline());
        Some(Awaits { monitor: self.monitor.id, expected, deadline })
    }

    /// Takes a call.
    pub(super) fn called(&mut self, call: Call, now: Now, sight: &Sight) -> Vec<Effect> {
        let Some(pulse) = self.pulse.as_mut() else { return Vec::new() };
        if call.beat == Beat::Log {
            pulse.log = call.body;
            return Vec::new();
        }
        let at = call.at.max(pulse.last);
        let Some(outcome) = pulse.heartbeat.beat(call.beat, call.run, at) else {
            pulse.plan(now);
            return Vec::new();
        };
        pulse.plan(now);
        pulse.last = at;
        let log = std::mem::take(&mut pulse.log);
        let said = if call.body.is_empty() { log } else { call.body };
        let detail = match (outcome.reason, call.exit) {
            (None, _) => None,
            (Some(_), Some(code)) => Some(format!("the job ended with exit code {code}")),
            (Some(_), None) => Some("the job says that it failed".to_owned()),
        };
        let answer = answer(outcome, detail, &self.monitor.question.masked(&said));
        self.note(&answer, at, now, sight)
    }

    /// Looks whether calls are missing that should have come.
    pub(super) fn expire(&mut self, now: Now, listening_since: Wall, sight: &Sight) -> Vec<Effect> {
        let mut effects = Vec::new();
        while let Some(pulse) = self.pulse.as_mut()
            && let Some(missed) = pulse.heartbeat.expire(now.wall, listening_since)
        {
            let at = missed.deadline.max(pulse.last);
            pulse.last = at;
            let detail = in_words(&missed, listening_since);
            let log = std::mem::take(&mut pulse.log);
            let answer = answer(missed.outcome, Some(detail), &self.monitor.question.masked(&log));
            effects.extend(self.note(&answer, at, now, sight));
        }
        if let Some(pulse) = self.pulse.as_mut() {
            pulse.plan(now);
        }
        effects
    }
}

fn in_words(missed: &Missed, listening_since: Wall) -> String {
    let expected = rfc3339(missed.expected);
    match missed.outcome.reason {
        Some(Reason::OwnAbsence) => {
            let since = rfc3339(listening_since);
            format!("the call of {expected} may have come while this server did not listen; it does since {since}")
        }
        _ => {
            let late = humane(missed.deadline.since(missed.expected));
            format!("no call came for {expected}, nor within {late} after it")
        }
    }
}

/// The answer that a call, or its absence, stands for.
fn answer(outcome: Outcome, detail: Option<String>, said: &str) -> Answer {
    let mut answer = Answer::bare(outcome, detail);
    answer.evidence = (!said.is_empty()).then(|| Evidence { body: said.to_owned(), ..Evidence::default() });
    answer
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use allswell_core::check::{Memory, Policy, Status};
    use allswell_core::uptime::Presence;
    use allswell_probe::Question;

    use super::super::{Engine, Event};
    use super::*;
    use crate::model::{Monitor, MonitorId};
    use crate::store::{Decision, Enlisted};

    const SECOND: Duration = Duration::from_secs(1);
    const BEGIN: Wall = Wall::from_ms(1_795_000_000_000);

    /// So many heartbeats, each expected every minute with ten seconds of grace, last heard at the beginning.
    fn waiting_for(count: u32) -> (Engine, Now) {
        let now = Now { mono: Mono::default(), wall: BEGIN };
        let monitors = (1..=count).map(|id| (monitor(id), enlisted(id))).collect();
        let mut engine = Engine::new(100, None);
        assert!(engine.step(Event::Configured { monitors }, now).is_empty());
        (engine, now)
    }

    fn monitor(id: u32) -> Arc<Monitor> {
        let settings = serde_json::json!({ "heartbeat": { "period": "1m", "grace": "10s" } });
        let settings = serde_json::from_value(settings).expect("settings");
        Arc::new(Monitor {
            id: MonitorId(id),
            name: format!("job-{id}"),
            question: Arc::new(Question::new(settings, &[], 14).expect("a good question")),
            policy: Policy {
                interval: SECOND * 60,
                timeout: SECOND * 5,
                failure_threshold: 1,
                success_threshold: 1,
                initial_delay: Duration::ZERO,
                degraded_above: None,
            },
            channels: vec!["mail".to_owned()],
            tags: Vec::new(),
            group: None,
            telling: Default::default(),
            depends_on: Vec::new(),
            paused: false,
        })
    }

    fn enlisted(id: u32) -> Enlisted {
        Enlisted {
            id: MonitorId(id),
            created: BEGIN,
            memory: Memory { confirmed: Status::Up, since: BEGIN, ..Memory::default() },
            seq: 1,
            presence: Some(Presence::Up),
            incident: None,
            telling: Default::default(),
            maintenance: None,
            last_asked: Some(BEGIN),
            former_names: Vec::new(),
        }
    }

    fn call(id: u32, beat: Beat, at: Wall) -> Event {
        Event::Called(Call { monitor: MonitorId(id), beat, exit: None, run: 0, at, body: String::new() })
    }

    fn decisions(effects: Vec<Effect>) -> Vec<Decision> {
        let decision = |effect| if let Effect::Decide(decision) = effect { Some(*decision) } else { None };
        effects.into_iter().filter_map(decision).collect()
    }

    /// Lets time pass in ticks of 50 ms up to `until`.
    fn pass(engine: &mut Engine, now: &mut Now, until: Wall) -> Vec<Decision> {
        let mut made = Vec::new();
        while now.wall < until {
            *now = *now + Duration::from_millis(50);
            made.extend(decisions(engine.step(Event::Tick { late: Duration::ZERO }, *now)));
        }
        made
    }

    #[test]
    fn ten_thousand_calls_within_a_millisecond_of_their_deadline_alarm_nobody() {
        let (mut engine, mut now) = waiting_for(10_000);
        let mut deadline = BEGIN + SECOND * 70;
        for _ in 0..3 {
            assert_eq!(pass(&mut engine, &mut now, deadline + SECOND), []);
            // All of them come through the door at once, and are handed on a second later.
            for id in 1..=10_000 {
                let at = deadline - Duration::from_millis((id % 2).into());
                assert_eq!(decisions(engine.step(call(id, Beat::Success, at), now)), []);
            }
            deadline = deadline + SECOND * 70 - Duration::from_millis(1);
        }
    }

    #[test]
    fn who_stays_away_is_down_from_the_deadline_on_and_told_once() {
        let (mut engine, mut now) = waiting_for(2);
        assert_eq!(pass(&mut engine, &mut now, BEGIN + SECOND * 60), []);
        assert_eq!(decisions(engine.step(call(2, Beat::Success, now.wall), now)), []);
        let made = pass(&mut engine, &mut now, BEGIN + SECOND * 100);
        assert_eq!(made.len(), 1);
        assert_eq!((made[0].monitor, made[0].outbox.len()), (MonitorId(1), 1));
        let change = made[0].transition.as_ref().expect("a transition");
        assert_eq!((change.to, change.began), (Presence::Down, BEGIN + SECOND * 70));
        assert_eq!(change.reason, Some(Reason::HeartbeatMissed));
        let back = decisions(engine.step(call(1, Beat::Success, now.wall), now));
        assert_eq!(back[0].transition.as_ref().map(|change| change.to), Some(Presence::Up));
    }

    #[test]
    fn a_process_that_stood_still_blames_nobody() {
        let (mut engine, mut now) = waiting_for(1);
        now = now + SECOND * 3_600;
        assert!(engine.step(Event::StoodStill, now).is_empty());
        let made = pass(&mut engine, &mut now, BEGIN + SECOND * 3_601);
        let change = made[0].transition.as_ref().expect("a transition");
        assert_eq!((made.len(), change.to, made[0].outbox.len()), (1, Presence::Unknown, 0));
        assert_eq!(pass(&mut engine, &mut now, BEGIN + SECOND * 3_660), []);
        let made = pass(&mut engine, &mut now, BEGIN + SECOND * 3_700);
        assert_eq!(made[0].transition.as_ref().map(|change| change.to), Some(Presence::Down));
    }
}
