//! Reads what pages show, at one moment and for all pages at once.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use allswell_core::uptime::{Mark, Presence, Shares};
use allswell_core::{Verdict, Wall, incident};
use allswell_monitor::model::{Maintenance, MonitorId};
use allswell_monitor::status_page::Page;
use allswell_monitor::store::{PublicIncident, PublicMonitor, Store, StoreError, Wanted};

use super::days::{self, Day};
use crate::api::read::WINDOWS;

/// The newest results that a response time is the middle of.
const RESPONSES: usize = 50;
/// Incidents older than this are in the history no more.
const HISTORY: Duration = Duration::from_secs(365 * 86_400);
/// That a server watches is written every few seconds.
const UNWRITTEN: Duration = Duration::from_secs(15);
/// More incidents than this are not looked through.
const INCIDENTS_MAX: usize = 2_000;

/// What is true of all monitors that pages show.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// When it was read.
    pub(super) at: Wall,
    /// In the order of the configuration.
    pub(super) monitors: Vec<PublicMonitor>,
    /// What is known of each.
    pub(super) facts: HashMap<MonitorId, Facts>,
    /// Those that began last first; none that is about a certificate alone.
    pub(super) incidents: Vec<PublicIncident>,
    /// All planned maintenance.
    pub(super) planned: Vec<Maintenance>,
}

/// What is known of one component.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Facts {
    /// What is true now.
    pub(super) presence: Presence,
    /// The last ninety days.
    pub(super) days: Vec<Day>,
    /// The window that those days make.
    pub(super) whole: Shares,
    /// In the order of [`WINDOWS`].
    pub(super) windows: [Shares; 4],
    /// The middle of the newest answers.
    pub(super) response: Option<Duration>,
}

/// The middle of the newest answers of monitors.
pub(super) type Responses = HashMap<MonitorId, Option<Duration>>;

impl Facts {
    /// Of a monitor that nobody has watched yet, or that is not there.
    pub(super) fn nothing(at: Wall) -> Self {
        Self::of(&[], &[], None, at)
    }

    fn of(marks: &[Mark], watched: &[Range<Wall>], response: Option<Duration>, at: Wall) -> Self {
        Self {
            presence: marks.last().map_or(Presence::Unknown, |mark| mark.presence),
            days: days::days(marks, watched, at),
            whole: Shares::of(marks, watched, days::span(at)),
            windows: WINDOWS.map(|(_, length)| Shares::of(marks, watched, at - length..at)),
            response,
        }
    }
}

/// Reads all of it.
pub(super) async fn gather(
    store: &dyn Store,
    pages: &[Page],
    responses: &Responses,
    at: Wall,
) -> Result<Gathered, StoreError> {
    let monitors = store.public_monitors(wanted(pages)).await?;
    let ids: Vec<MonitorId> = monitors.iter().map(|monitor| monitor.id).collect();
    let mut incidents = store.public_incidents(ids.clone(), at - HISTORY, INCIDENTS_MAX).await?;
    let watched = until_now(store.watched(window(at)).await?, at);
    let mut facts = HashMap::with_capacity(ids.len());
    for id in ids {
        let marks = without_certificates(store.marks(id, window(at)).await?, id, &incidents);
        let response = responses.get(&id).copied().flatten();
        incidents.retain(|incident| incident.id.monitor != id || !is_planned(incident, &marks, at));
        facts.insert(id, Facts::of(&marks, &watched, response, at));
    }
    incidents.retain(|incident| !is_of_a_certificate(incident));
    Ok(Gathered { at, monitors, facts, incidents, planned: Vec::new() })
}

/// Reads how long the monitors of `pages` take to answer.
pub(super) async fn responses(store: &dyn Store, pages: &[Page]) -> Result<Responses, StoreError> {
    let mut responses = Responses::new();
    for monitor in store.public_monitors(wanted(pages)).await? {
        let results = store.results(monitor.id, crate::api::read::EVER, RESPONSES).await?;
        let passed = results.iter().filter(|result| matches!(result.verdict, Verdict::Pass | Verdict::Warn));
        let mut times: Vec<Duration> = passed.map(|result| result.total).collect();
        times.sort_unstable();
        responses.insert(monitor.id, times.get(times.len() / 2).copied());
    }
    Ok(responses)
}

/// What was not written yet of the stretch in which this server watches is no gap.
fn until_now(mut watched: Vec<Range<Wall>>, at: Wall) -> Vec<Range<Wall>> {
    if let Some(last) = watched.last_mut().filter(|last| at.since(last.end) < UNWRITTEN) {
        last.end = last.end.max(at);
    }
    watched
}

/// Everything that a number of a page is about: ninety days back from the first moment of today, and ninety back from now.
fn window(at: Wall) -> Range<Wall> {
    at - WINDOWS[3].1..at
}

fn wanted(pages: &[Page]) -> Wanted {
    let sections = || pages.iter().flat_map(|page| &page.sections);
    Wanted {
        names: sections().flat_map(|section| &section.components).map(|one| one.monitor.clone()).collect(),
        groups: sections().flat_map(|section| section.groups.clone()).collect(),
        tags: sections().flat_map(|section| section.tags.clone()).collect(),
    }
}

/// A certificate that ends soon is the operator's affair: nothing is wrong with what visitors use.
fn without_certificates(mut marks: Vec<Mark>, monitor: MonitorId, incidents: &[PublicIncident]) -> Vec<Mark> {
    for mark in marks.iter_mut().filter(|mark| mark.presence == Presence::Degraded) {
        let is_meant = |incident: &&PublicIncident| {
            let covers = incident.began <= mark.from && incident.ended.is_none_or(|ended| mark.from < ended);
            incident.id.monitor == monitor && covers && is_of_a_certificate(incident)
        };
        if incidents.iter().any(|incident| is_meant(&incident)) {
            mark.presence = Presence::Up;
        }
    }
    marks
}

/// Whether all of it lies within planned maintenance, so that it is told as that.
fn is_planned(incident: &PublicIncident, marks: &[Mark], at: Wall) -> bool {
    let whole = incident.began..incident.ended.unwrap_or(at);
    let shares = Shares::of(marks, std::slice::from_ref(&whole), whole.clone());
    let is_trouble = [Presence::Down, Presence::Degraded].into_iter().any(|presence| !shares.time(presence).is_zero());
    !is_trouble && !shares.time(Presence::Maintenance).is_zero()
}

fn is_of_a_certificate(incident: &PublicIncident) -> bool {
    incident.kind == incident::Kind::Certificate && !incident.turned
}

#[cfg(test)]
mod tests {
    use allswell_monitor::model::IncidentId;

    use super::*;

    #[test]
    fn what_was_not_written_yet_is_no_gap_and_what_is_older_is_one() {
        let check = |end: i64, expected: i64| {
            let watched = until_now(vec![Wall::from_ms(0)..Wall::from_ms(end)], Wall::from_ms(100_000));
            assert_eq!(watched, [Wall::from_ms(0)..Wall::from_ms(expected)], "{end}");
        };
        check(95_000, 100_000);
        check(85_001, 100_000);
        check(85_000, 85_000);
        assert!(until_now(Vec::new(), Wall::from_ms(1)).is_empty());
    }

    #[test]
    fn an_incident_within_maintenance_is_told_as_maintenance() {
        let wall = Wall::from_ms;
        let mark = |from: i64, presence| Mark { from: wall(from), presence };
        let check = |ended: Option<i64>, last: Presence, expected: bool| {
            let incident = PublicIncident {
                id: IncidentId { monitor: MonitorId(1), seq: 2 },
                kind: incident::Kind::Down,
                turned: false,
                began: wall(20),
                ended: ended.map(wall),
                updates: Vec::new(),
            };
            let marks = [mark(0, Presence::Up), mark(10, Presence::Maintenance), mark(40, last)];
            assert_eq!(is_planned(&incident, &marks, wall(50)), expected, "{ended:?} {last:?}");
        };
        check(Some(30), Presence::Up, true);
        check(Some(45), Presence::Down, false);
        check(None, Presence::Maintenance, true);
        check(None, Presence::Down, false);
    }

    #[test]
    fn a_certificate_that_ends_soon_is_no_trouble_of_visitors() {
        let wall = Wall::from_ms;
        let mark = |from: i64, presence| Mark { from: wall(from), presence };
        let incident = |began: i64, kind, turned| PublicIncident {
            id: IncidentId { monitor: MonitorId(1), seq: 2 },
            kind,
            turned,
            began: wall(began),
            ended: Some(wall(began + 10)),
            updates: Vec::new(),
        };
        let marks = vec![mark(0, Presence::Up), mark(20, Presence::Degraded), mark(30, Presence::Up)];
        let presences = |incident: PublicIncident, monitor| -> Vec<Presence> {
            let marks = without_certificates(marks.clone(), MonitorId(monitor), &[incident]);
            marks.iter().map(|mark| mark.presence).collect()
        };
        let (up, slow) = (Presence::Up, Presence::Degraded);
        let certificate = incident::Kind::Certificate;
        assert_eq!(presences(incident(20, certificate, false), 1), [up, up, up]);
        assert_eq!(presences(incident(20, certificate, false), 2), [up, slow, up], "another monitor's");
        assert_eq!(presences(incident(20, certificate, true), 1), [up, slow, up], "it was about more than that");
        assert_eq!(presences(incident(40, certificate, false), 1), [up, slow, up], "another time");
        assert_eq!(presences(incident(20, incident::Kind::Degraded, false), 1), [up, slow, up]);
    }
}
