//! Who was told of an incident, in few words.

use allswell_core::Wall;
use allswell_monitor::store::DeliveryRow;

use super::text;

/// One delivery in a table.
pub(super) struct Line {
    pub(super) time: String,
    pub(super) shape: &'static str,
    pub(super) state: String,
    pub(super) channel: String,
    pub(super) kind: &'static str,
    pub(super) monitor: String,
    pub(super) incident: String,
    pub(super) answer: String,
}

pub(super) fn line(row: &DeliveryRow, now: Wall) -> Line {
    Line {
        time: text::clock(row.created, now),
        shape: match row.state.as_str() {
            "sent" => "u",
            "refused" => "d",
            _ => "n",
        },
        state: state(row, now),
        channel: text::visible(&row.channel),
        kind: row.kind.as_str(),
        monitor: text::visible(&row.monitor_name),
        incident: row.incident.to_string(),
        answer: text::visible(row.last_answer.as_deref().unwrap_or_default()),
    }
}

/// `sent`, `refused`, `waiting`, `tried 3 times, again in 12 s`.
fn state(row: &DeliveryRow, now: Wall) -> String {
    let tries = text::count(usize::try_from(row.attempts).unwrap_or(usize::MAX), "time");
    match (row.state.as_str(), row.attempts, row.next) {
        ("waiting", 1.., Some(next)) if next > now => {
            format!("tried {tries}, again in {}", allswell_core::time::humane(next.since(now)))
        }
        ("waiting", 1.., _) => format!("tried {tries}, being tried again"),
        (state, ..) => text::visible(state),
    }
}

/// `ops; not yet hook`, for each channel as its newest message stands.
///
/// `deliveries` are newest first. Without any the answer is `nobody`, or nothing when not `all` were looked through.
pub(super) fn summary<'a>(deliveries: impl Iterator<Item = &'a DeliveryRow>, all: bool) -> String {
    let mut newest: Vec<&DeliveryRow> = Vec::new();
    for delivery in deliveries {
        if !newest.iter().any(|known| known.channel == delivery.channel) {
            newest.push(delivery);
        }
    }
    let with = |state: &dyn Fn(&str) -> bool, words: &str| {
        let channels = newest.iter().filter(|row| state(&row.state)).map(|row| text::visible(&row.channel));
        let channels = channels.collect::<Vec<_>>().join(", ");
        (!channels.is_empty()).then(|| format!("{words}{channels}"))
    };
    let parts = [
        with(&|state| state == "sent", ""),
        with(&|state| !matches!(state, "sent" | "refused"), "not yet "),
        with(&|state| state == "refused", "refused by "),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() && all { "nobody".to_owned() } else { parts.join("; ") }
}

#[cfg(test)]
mod tests {
    use allswell_monitor::model::{IncidentId, MonitorId};
    use allswell_monitor::notification::Kind;

    use super::*;

    fn delivery(channel: &str, state: &str, attempts: u32, next: Option<i64>) -> DeliveryRow {
        DeliveryRow {
            id: 1,
            key: "k".into(),
            incident: IncidentId { monitor: MonitorId(1), seq: 1 },
            monitor_name: "api".into(),
            channel: channel.into(),
            kind: Kind::Down,
            state: state.into(),
            created: Wall::from_ms(0),
            sent: None,
            next: next.map(Wall::from_ms),
            attempts,
            last_answer: None,
            carrier: None,
        }
    }

    #[test]
    fn who_is_not_told_yet_is_named_too() {
        let check = |deliveries: &[DeliveryRow], expected: &str| assert_eq!(summary(deliveries.iter(), true), expected);
        check(&[], "nobody");
        check(&[delivery("ops", "sent", 1, None), delivery("hook", "waiting", 2, None)], "ops; not yet hook");
        check(&[delivery("ops", "refused", 1, None), delivery("ops", "refused", 1, None)], "refused by ops");
        assert_eq!(summary([].into_iter(), false), "", "what was not looked through is not claimed");
    }

    #[test]
    fn a_delivery_that_waits_says_for_what() {
        let now = Wall::from_ms(1_000);
        let check = |row: DeliveryRow, expected: &str| assert_eq!(state(&row, now), expected);
        check(delivery("ops", "waiting", 0, Some(500)), "waiting");
        check(delivery("ops", "waiting", 3, Some(13_000)), "tried 3 times, again in 12 s");
        check(delivery("ops", "waiting", 1, Some(900)), "tried 1 time, being tried again");
        check(delivery("ops", "sent", 2, None), "sent");
    }
}
