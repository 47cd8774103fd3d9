//! Says from what was seen whether an alert was lost, doubled, out of order or false.
//!
//! Pure: what happened comes in as values, so that the tests below can plant each fault and see it found.

use std::collections::{BTreeMap, BTreeSet};

use crate::target::Outage;

/// An incident as the server tells it in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Its name.
    pub id: String,
    /// The monitor's name.
    pub monitor: String,
    /// When the outage began.
    pub began_ms: i64,
    /// When it ended; `None` while it is open.
    pub ended_ms: Option<i64>,
}

/// A message that the other side accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// When.
    pub at_ms: i64,
    /// The channel it came by.
    pub channel: String,
    /// The idempotency key.
    pub key: String,
    /// The incident it is about.
    pub incident: String,
    /// `down`, `up`.
    pub kind: String,
    /// Whether the sender was told that it was taken.
    pub answered: bool,
}

/// One life of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// When it had printed its address; `None` if it was killed before.
    pub ready_ms: Option<i64>,
    /// When it was killed or stopped.
    pub end_ms: i64,
}

/// All that was seen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Incidents by the server.
    pub incidents: Vec<Incident>,
    /// Messages by their receivers.
    pub receipts: Vec<Receipt>,
    /// Outages by the target.
    pub outages: Vec<Outage>,
    /// The server's lives in order.
    pub lives: Vec<Life>,
    /// The channels that every monitor tells.
    pub channels: Vec<String>,
    /// The monitors' interval; their failure threshold is 1.
    pub interval_ms: i64,
    /// How long one asking may take.
    pub timeout_ms: i64,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Messages that had to come.
    pub expected: usize,
    /// Messages that came again with the same key.
    pub repeated: usize,
    /// Messages that never came.
    pub lost: usize,
    /// Outages that had to become an incident.
    pub clean_outages: usize,
    /// What must not be, one sentence each.
    pub violations: Vec<String>,
}

/// Judges.
pub fn judge(seen: &Seen) -> Judgement {
    let mut judgement = Judgement::default();
    for incident in &seen.incidents {
        for channel in &seen.channels {
            told(seen, incident, channel, &mut judgement);
        }
        if !seen.outages.iter().any(|outage| explains(outage, incident, seen.timeout_ms)) {
            judgement.violations.push(format!("incident {} of {} had no outage", incident.id, incident.monitor));
        }
    }
    repetitions(seen, &mut judgement);
    strangers(seen, &mut judgement);
    for outage in seen.outages.iter().filter(|outage| is_clean(outage, seen)) {
        judgement.clean_outages += 1;
        if !seen.incidents.iter().any(|incident| covers(incident, outage)) {
            let Outage { monitor, from_ms, .. } = outage;
            judgement.violations.push(format!("the outage of {monitor} at {from_ms} became no incident"));
        }
    }
    judgement
}

/// The incident's messages on one channel: one for each change, the bad one first.
fn told(seen: &Seen, incident: &Incident, channel: &str, judgement: &mut Judgement) {
    let first = |kind: &str| {
        let receipts =
            seen.receipts.iter().filter(|r| r.incident == incident.id && r.channel == channel && r.kind == kind);
        receipts.map(|receipt| receipt.at_ms).min()
    };
    let (down, up) = (first("down"), first("up"));
    let closed = incident.ended_ms.is_some();
    for (kind, came) in [("down", Some(down)), ("up", closed.then_some(up))] {
        let Some(came) = came else { continue };
        judgement.expected += 1;
        if came.is_none() {
            judgement.lost += 1;
            judgement.violations.push(format!("`{kind}` of incident {} was lost on {channel}", incident.id));
        }
    }
    match (down, up) {
        (Some(down), Some(up)) if up < down => {
            judgement.violations.push(format!("`up` of incident {} came before `down` on {channel}", incident.id));
        }
        (_, Some(_)) if !closed => {
            judgement.violations.push(format!("`up` of incident {} came on {channel}, but it is open", incident.id));
        }
        _ => {}
    }
}

/// A message may come again only with its own key, and only when the server cannot know that it was taken: it got no
/// answer, or was killed in between.
fn repetitions(seen: &Seen, judgement: &mut Judgement) {
    let mut by_subject: BTreeMap<_, Vec<&Receipt>> = BTreeMap::new();
    for receipt in &seen.receipts {
        by_subject.entry((&receipt.incident, &receipt.channel, &receipt.kind)).or_default().push(receipt);
    }
    for ((incident, channel, kind), mut receipts) in by_subject {
        receipts.sort_by_key(|receipt| receipt.at_ms);
        judgement.repeated += receipts.len() - 1;
        for pair in receipts.windows(2) {
            if pair[0].key != pair[1].key {
                let keys = format!("`{}` and `{}`", pair[0].key, pair[1].key);
                judgement
                    .violations
                    .push(format!("`{kind}` of incident {incident} came twice on {channel}, as {keys}"));
            } else if pair[0].answered && !killed_between(seen, pair[0].at_ms, pair[1].at_ms) {
                let why = "though the first was answered";
                judgement.violations.push(format!("`{kind}` of incident {incident} came twice on {channel}, {why}"));
            }
        }
    }
}

/// Whether the server was killed in between. What the receiver reads before the next life is ready was sent by the one before,
/// though that may have ended by then.
fn killed_between(seen: &Seen, from_ms: i64, to_ms: i64) -> bool {
    seen.lives.iter().enumerate().any(|(number, life)| {
        let next = seen.lives.get(number + 1).map_or(life.end_ms, |next| next.ready_ms.unwrap_or(next.end_ms));
        life.end_ms <= to_ms && from_ms <= next
    })
}

/// Messages about incidents that the server does not know of in the end: an alert before its commit.
fn strangers(seen: &Seen, judgement: &mut Judgement) {
    let known: BTreeSet<&str> = seen.incidents.iter().map(|incident| incident.id.as_str()).collect();
    let told: BTreeSet<&str> = seen.receipts.iter().map(|receipt| receipt.incident.as_str()).collect();
    for stranger in told.difference(&known) {
        judgement.violations.push(format!("incident {stranger} was told but is not stored"));
    }
}

/// Whether the first failed asking can have met this outage.
fn explains(outage: &Outage, incident: &Incident, timeout_ms: i64) -> bool {
    let ended_before = outage.to_ms.is_some_and(|to| to < incident.began_ms);
    outage.monitor == incident.monitor && outage.from_ms <= incident.began_ms + timeout_ms && !ended_before
}

/// Whether the server, in one of its lives, watched the outage for longer than (threshold + 1) intervals.
fn is_clean(outage: &Outage, seen: &Seen) -> bool {
    let watched = |life: &Life| {
        let from = life.ready_ms?.max(outage.from_ms);
        let to = life.end_ms.min(outage.to_ms.unwrap_or(i64::MAX));
        Some(to - from)
    };
    // Half an interval more, for a process that had to wait for its turn on the processor.
    seen.lives.iter().filter_map(watched).max() > Some(2 * seen.interval_ms + seen.interval_ms / 2)
}

fn covers(incident: &Incident, outage: &Outage) -> bool {
    incident.monitor == outage.monitor
        && incident.began_ms <= outage.to_ms.unwrap_or(i64::MAX)
        && incident.ended_ms.is_none_or(|ended| ended >= outage.from_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One outage of one monitor, told on both channels; killed at 5 000.
    fn well() -> Seen {
        let receipt = |at_ms, channel: &str, kind: &str| Receipt {
            at_ms,
            channel: channel.into(),
            key: format!("1-1:{kind}:{channel}"),
            incident: "1-1".into(),
            kind: kind.into(),
            answered: true,
        };
        Seen {
            incidents: vec![Incident { id: "1-1".into(), monitor: "m".into(), began_ms: 1_200, ended_ms: Some(7_200) }],
            receipts: vec![
                receipt(1_300, "hook", "down"),
                receipt(1_310, "mail", "down"),
                receipt(7_300, "hook", "up"),
                receipt(7_310, "mail", "up"),
            ],
            outages: vec![Outage { monitor: "m".into(), from_ms: 1_000, to_ms: Some(7_000) }],
            lives: vec![Life { ready_ms: Some(0), end_ms: 5_000 }, Life { ready_ms: Some(5_200), end_ms: 9_000 }],
            channels: vec!["hook".into(), "mail".into()],
            interval_ms: 1_000,
            timeout_ms: 2_000,
        }
    }

    fn check(spoil: impl FnOnce(&mut Seen), expected: &[&str]) -> Judgement {
        let mut seen = well();
        spoil(&mut seen);
        let judgement = judge(&seen);
        assert_eq!(judgement.violations, expected);
        judgement
    }

    #[test]
    fn what_went_well_is_not_blamed() {
        let judgement = check(|_| {}, &[]);
        assert_eq!((judgement.expected, judgement.lost, judgement.repeated, judgement.clean_outages), (4, 0, 0, 1));
    }

    #[test]
    fn a_lost_alert_is_found() {
        let judgement = check(|seen| drop(seen.receipts.remove(1)), &["`down` of incident 1-1 was lost on mail"]);
        assert_eq!(judgement.lost, 1);
        check(|seen| drop(seen.receipts.remove(2)), &["`up` of incident 1-1 was lost on hook"]);
    }

    #[test]
    fn a_repetition_needs_the_same_key_and_an_answer_that_was_not_seen() {
        let again = |seen: &mut Seen, at_ms, key: &str| {
            let receipt = Receipt { at_ms, key: key.into(), ..seen.receipts[0].clone() };
            seen.receipts.push(receipt);
        };
        assert_eq!(check(|seen| again(seen, 5_300, "1-1:down:hook"), &[]).repeated, 1);
        let unanswered = |seen: &mut Seen| {
            seen.receipts[0].answered = false;
            again(seen, 1_400, "1-1:down:hook");
        };
        assert_eq!(check(unanswered, &[]).repeated, 1);
        let read_late = |seen: &mut Seen| {
            seen.receipts[0].at_ms = 5_100;
            again(seen, 5_300, "1-1:down:hook");
        };
        assert_eq!(check(read_late, &[]).repeated, 1);
        check(
            |seen| again(seen, 1_400, "1-1:down:hook"),
            &["`down` of incident 1-1 came twice on hook, though the first was answered"],
        );
        check(
            |seen| again(seen, 5_300, "another"),
            &["`down` of incident 1-1 came twice on hook, as `1-1:down:hook` and `another`"],
        );
    }

    #[test]
    fn up_before_down_is_found() {
        check(|seen| seen.receipts[2].at_ms = 1_250, &["`up` of incident 1-1 came before `down` on hook"]);
    }

    #[test]
    fn an_alert_that_was_never_decided_is_found() {
        check(
            |seen| seen.receipts[0].incident = "9-9".into(),
            &["`down` of incident 1-1 was lost on hook", "incident 9-9 was told but is not stored"],
        );
        check(
            |seen| seen.incidents[0].ended_ms = None,
            &["`up` of incident 1-1 came on hook, but it is open", "`up` of incident 1-1 came on mail, but it is open"],
        );
    }

    #[test]
    fn an_outage_that_nobody_noticed_is_found() {
        let second = |from_ms, to_ms| Outage { monitor: "m".into(), from_ms, to_ms: Some(to_ms) };
        check(|seen| seen.outages.push(second(7_300, 10_000)), &[]);
        check(
            |seen| {
                seen.lives[1].end_ms = 12_000;
                seen.outages.push(second(8_000, 10_600));
            },
            &["the outage of m at 8000 became no incident"],
        );
    }

    #[test]
    fn a_false_alarm_is_found() {
        check(
            |seen| seen.outages[0].monitor = "other".into(),
            &["incident 1-1 of m had no outage", "the outage of other at 1000 became no incident"],
        );
    }
}
