//! What both the JSON and the pages read from the store: which monitor is meant, its last results, its uptime.

use std::ops::Range;
use std::time::Duration;

use allswell_core::Wall;
use allswell_core::uptime::{Mark, Shares};
use allswell_monitor::model::{IncidentId, MonitorId};
use allswell_monitor::store::{IncidentRow, MonitorRow, ResultRow, Store, StoreError};

use super::{Problem, Query};

const DAY: Duration = Duration::from_secs(86_400);

/// The windows over which uptime is told, with their names.
pub(crate) const WINDOWS: [(&str, Duration); 4] =
    [("24h", DAY), ("7d", DAY.saturating_mul(7)), ("30d", DAY.saturating_mul(30)), ("90d", DAY.saturating_mul(90))];

/// Everything that was ever stored.
pub(crate) const EVER: Range<Wall> = Wall::from_ms(i64::MIN)..Wall::from_ms(i64::MAX);

/// The beginning and the end that a query names; everything where it names none.
pub(crate) fn range(query: &Query) -> Result<(Wall, Wall), Problem> {
    let from = query.moment("from")?.unwrap_or(EVER.start);
    let to = query.moment("to")?.unwrap_or(EVER.end);
    if from > to {
        return Err(Problem::parameter("from", "`from` is later than `to`", "exchange them"));
    }
    Ok((from, to))
}

/// The monitor that `key` means: its number, or else its name.
pub(crate) async fn monitor(store: &dyn Store, key: &str) -> Result<MonitorRow, Problem> {
    store.monitor(key).await?.ok_or_else(|| no_monitor(key))
}

/// There is no monitor that `key` means.
pub(crate) fn no_monitor(key: &str) -> Problem {
    Problem::not_found(
        format!("there is no monitor `{key}`"),
        "give its number or its name as in /api/v1/monitors; escape it when it has special characters",
    )
}

/// The incident that `key` names, `12-7`.
pub(crate) async fn incident(store: &dyn Store, key: &str) -> Result<IncidentRow, Problem> {
    let missing = || Problem::not_found(format!("there is no incident `{key}`"), "see /api/v1/incidents for their ids");
    let id: IncidentId = key.parse().map_err(|_| missing())?;
    store.incident(id).await?.ok_or_else(missing)
}

/// The newest `limit` results of a monitor, newest first.
pub(crate) async fn last_results(
    store: &dyn Store,
    monitor: MonitorId,
    limit: usize,
) -> Result<Vec<ResultRow>, StoreError> {
    store.results(monitor, EVER, limit).await
}

/// Reads uptime for many monitors at one moment.
pub(crate) struct UptimeReader<'a> {
    store: &'a dyn Store,
    now: Wall,
    watched: Vec<Range<Wall>>,
}

/// How one monitor fared over all windows.
pub(crate) struct Uptime {
    /// In the order of [`WINDOWS`].
    pub(crate) windows: [Shares; 4],
    /// When what is true now began to be, as the marks say.
    pub(crate) since: Option<Wall>,
}

impl<'a> UptimeReader<'a> {
    pub(crate) async fn at(store: &'a dyn Store, now: Wall) -> Result<Self, StoreError> {
        let watched = store.watched(longest(now)).await?;
        Ok(Self { store, now, watched })
    }

    pub(crate) async fn of(&self, monitor: MonitorId) -> Result<Uptime, StoreError> {
        Ok(self.divide(&self.store.marks(monitor, self.longest()).await?))
    }

    /// What `marks` of the longest window come to.
    pub(crate) fn divide(&self, marks: &[Mark]) -> Uptime {
        let windows = WINDOWS.map(|(_, length)| Shares::of(marks, &self.watched, self.window(length)));
        Uptime { windows, since: begin(marks) }
    }

    /// The longest window that ends now.
    pub(crate) fn longest(&self) -> Range<Wall> {
        longest(self.now)
    }

    /// The window of this length that ends now.
    pub(crate) fn window(&self, length: Duration) -> Range<Wall> {
        self.now - length..self.now
    }
}

fn longest(now: Wall) -> Range<Wall> {
    now - WINDOWS[3].1..now
}

/// When the presence of the last mark began; marks that repeat it are no change.
fn begin(marks: &[Mark]) -> Option<Wall> {
    let last = marks.last()?;
    let same = marks.iter().rev().take_while(|mark| mark.presence == last.presence);
    same.last().map(|mark| mark.from)
}

#[cfg(test)]
mod tests {
    use allswell_core::uptime::Presence;

    use super::*;

    fn mark(from: i64, presence: Presence) -> Mark {
        Mark { from: Wall::from_ms(from), presence }
    }

    #[test]
    fn what_is_true_now_began_with_the_first_mark_that_said_so() {
        let marks = [mark(1, Presence::Up), mark(5, Presence::Down), mark(9, Presence::Down)];
        assert_eq!(begin(&marks), Some(Wall::from_ms(5)));
        assert_eq!(begin(&[]), None);
    }
}
