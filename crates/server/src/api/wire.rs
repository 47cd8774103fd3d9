//! How moments and times are written in JSON, everywhere the same.

use std::time::Duration;

use allswell_core::{Phase, Phases, Wall};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// RFC 3339 in UTC with milliseconds.
pub(crate) fn time(wall: Wall) -> String {
    // What lies beyond the calendar (year 9999) is shown as its edge.
    let moment =
        Timestamp::from_millisecond(wall.ms()).unwrap_or(if wall.ms() < 0 { Timestamp::MIN } else { Timestamp::MAX });
    format!("{moment:.3}")
}

/// Milliseconds with microseconds behind the point.
pub(crate) fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// Whole milliseconds.
pub(crate) fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The phases of an asking in milliseconds; one that was not reached or not needed is left out.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct PhasesMs {
    #[serde(skip_serializing_if = "Option::is_none")]
    dns: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connect: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_byte: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transfer: Option<f64>,
    total: f64,
}

impl PhasesMs {
    pub(crate) fn new(phases: &Phases, total: Duration) -> Self {
        let of = |phase| phases.of(phase).map(ms);
        Self {
            dns: of(Phase::Dns),
            connect: of(Phase::Connect),
            tls: of(Phase::Tls),
            first_byte: of(Phase::FirstByte),
            transfer: of(Phase::Transfer),
            total: ms(total),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_rfc_3339_with_milliseconds() {
        assert_eq!(time(Wall::from_ms(1_795_262_400_120)), "2026-11-21T12:00:00.120Z");
        assert_eq!(time(Wall::from_ms(0)), "1970-01-01T00:00:00.000Z");
        assert!(time(Wall::from_ms(i64::MAX)).starts_with("9999-12-"));
        assert!(time(Wall::from_ms(i64::MIN)).starts_with("-009999-"));
    }

    #[test]
    fn durations_keep_their_microseconds() {
        assert_eq!(ms(Duration::from_nanos(412_345)), 0.412);
        assert_eq!(ms(Duration::from_secs(5)), 5_000.0);
    }

    #[test]
    fn phases_that_were_not_needed_are_left_out() {
        let phases = Phases { connect: Some(Duration::from_micros(250)), ..Phases::default() };
        let json = serde_json::to_string(&PhasesMs::new(&phases, Duration::from_millis(2))).expect("plain structure");
        assert_eq!(json, r#"{"connect":0.25,"total":2.0}"#);
    }
}
