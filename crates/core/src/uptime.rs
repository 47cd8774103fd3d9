//! How much of a window a target was well, by time and not by count.

use std::ops::Range;
use std::time::Duration;

use crate::time::Wall;

/// What was true of a target during a stretch of time, as uptime counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Presence {
    /// It did its job.
    Up,
    /// It did its job with less than all its parts.
    Degraded,
    /// It did not do its job.
    Down,
    /// Nobody knows: not watched, or we could not ask.
    Unknown,
    /// It was in planned maintenance.
    Maintenance,
    /// Watching was paused.
    Paused,
}

impl Presence {
    /// All, in the order in which shares are written.
    pub const ALL: [Self; 6] = [Self::Up, Self::Degraded, Self::Down, Self::Unknown, Self::Maintenance, Self::Paused];

    /// The word used in JSON and pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
            Self::Unknown => "unknown",
            Self::Maintenance => "maintenance",
            Self::Paused => "paused",
        }
    }
}

/// From `from` on, until the next mark, this was true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The beginning.
    pub from: Wall,
    /// What began.
    pub presence: Presence,
}

/// How a window divides; the parts add up to the window exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    ms: [u64; 6],
}

impl Shares {
    /// Divides `window` by `marks`, which lie in order of time; before the first mark nothing is known.
    ///
    /// Outside the `watched` stretches (in order, not overlapping) nothing is known either, whatever the marks say. Only those
    /// that reach into the window are looked at: many short windows of a long history cost little.
    pub fn of(marks: &[Mark], watched: &[Range<Wall>], window: Range<Wall>) -> Self {
        let first = marks.partition_point(|mark| mark.from <= window.start).saturating_sub(1);
        let end = marks.partition_point(|mark| mark.from < window.end).max(first);
        let marks = &marks[first..end];
        let first = watched.partition_point(|watch| watch.end <= window.start);
        let end = watched.partition_point(|watch| watch.start < window.end).max(first);
        let watched = &watched[first..end];
        let mut shares = Self::default();
        for (index, mark) in marks.iter().enumerate() {
            let until = marks.get(index + 1).map_or(window.end, |next| next.from);
            let stretch = mark.from.max(window.start)..until.min(window.end);
            let known: u64 = watched.iter().map(|watch| overlap_ms(&stretch, watch)).sum();
            shares.ms[mark.presence as usize] += known;
        }
        let unknown = Presence::Unknown as usize;
        let named: u64 = shares.ms.iter().sum::<u64>() - shares.ms[unknown];
        shares.ms[unknown] = length_ms(&window).saturating_sub(named);
        shares
    }

    /// The time in which `presence` was true.
    pub const fn time(&self, presence: Presence) -> Duration {
        Duration::from_millis(self.ms[presence as usize])
    }

    /// The length of the window.
    pub fn window(&self) -> Duration {
        Duration::from_millis(self.ms.iter().sum())
    }

    /// The part of the window in which `presence` was true, in percent.
    pub fn percent(&self, presence: Presence) -> f64 {
        ratio(self.ms[presence as usize], self.ms.iter().sum()).unwrap_or(0.0)
    }

    /// The part of the window in which we knew, in percent.
    pub fn coverage(&self) -> f64 {
        let all: u64 = self.ms.iter().sum();
        ratio(all - self.ms[Presence::Unknown as usize], all).unwrap_or(0.0)
    }

    /// The part of the known and unplanned time in which it did its job, in percent; `None` when there is none.
    pub fn uptime(&self) -> Option<f64> {
        let [up, degraded, down, ..] = self.ms;
        ratio(up + degraded, up + degraded + down)
    }

    /// The uptime as people read it, in percent. Rounded down to a hundredth, so that no failure ever reads as 100.
    pub fn uptime_rounded(&self) -> Option<f64> {
        let is_whole = self.ms[Presence::Down as usize] == 0;
        self.uptime().map(|uptime| if is_whole { 100.0 } else { (uptime.min(99.999_999) * 100.0).floor() / 100.0 })
    }

    /// The uptime for people, `99.98 %`.
    pub fn uptime_text(&self) -> String {
        match self.uptime_rounded() {
            None => "–".to_owned(),
            Some(100.0) => "100 %".to_owned(),
            Some(uptime) => format!("{uptime:.2} %"),
        }
    }
}

/// A window that moves on with the time while nothing changes: two numbers are moved instead of all marks read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rolling {
    shares: Shares,
    /// Where the window ended when it was divided.
    end: Wall,
    /// What is true at its beginning, and leaves it first.
    leaving: Presence,
    /// What is true at its end, and goes on.
    entering: Presence,
    /// What was true at its beginning is true for so long.
    left_ms: u64,
}

impl Rolling {
    /// Divides `window` as [`Shares::of`] does; from its end on, the last mark is true and somebody watches.
    pub fn of(marks: &[Mark], watched: &[Range<Wall>], window: Range<Wall>) -> Self {
        let begun = |at: Wall| marks[..marks.partition_point(|mark| mark.from <= at)].last().map(|mark| mark.presence);
        let is_watched = watched.iter().any(|watch| watch.contains(&window.start));
        let edges = watched.iter().flat_map(|watch| [watch.start, watch.end]);
        let changes = marks.iter().map(|mark| mark.from).chain(edges).filter(|at| *at > window.start);
        let first = changes.min().unwrap_or(window.end).min(window.end);
        Self {
            shares: Shares::of(marks, watched, window.clone()),
            end: window.end,
            leaving: begun(window.start).filter(|_| is_watched).unwrap_or(Presence::Unknown),
            entering: begun(window.end).unwrap_or(Presence::Unknown),
            left_ms: length_ms(&(window.start..first)),
        }
    }

    /// How the window divides that is as long and ends at `now`. Exact until [`Self::good_until`].
    pub fn at(&self, now: Wall) -> Shares {
        let moved = length_ms(&(self.end..now));
        let mut shares = self.shares;
        let left = &mut shares.ms[self.leaving as usize];
        let leaves = moved.min(*left);
        *left -= leaves;
        shares.ms[self.entering as usize] += leaves;
        shares
    }

    /// Where the window ended that was divided.
    pub const fn divided_at(&self) -> Wall {
        self.end
    }

    /// Until when the window may be moved on; then it is to be divided anew.
    pub fn good_until(&self) -> Wall {
        self.end + Duration::from_millis(self.left_ms)
    }
}

/// A stretch of time in which one thing was true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// When.
    pub time: Range<Wall>,
    /// What was true.
    pub presence: Presence,
}

/// What was true within `window`, stretch after stretch without a gap; marks and watches as in [`Shares::of`].
pub fn stretches(marks: &[Mark], watched: &[Range<Wall>], window: &Range<Wall>) -> Vec<Stretch> {
    let edges = watched.iter().flat_map(|watch| [watch.start, watch.end]);
    let moments = marks.iter().map(|mark| mark.from).chain(edges).filter(|at| window.contains(at));
    let mut moments: Vec<Wall> = moments.chain([window.start, window.end]).collect();
    moments.sort_unstable();
    moments.dedup();
    let mut found: Vec<Stretch> = Vec::new();
    for pair in moments.windows(2) {
        let is_watched = watched.iter().any(|watch| watch.contains(&pair[0]));
        let mark = marks[..marks.partition_point(|mark| mark.from <= pair[0])].last().filter(|_| is_watched);
        let presence = mark.map_or(Presence::Unknown, |mark| mark.presence);
        match found.last_mut() {
            Some(before) if before.presence == presence => before.time.end = pair[1],
            _ => found.push(Stretch { time: pair[0]..pair[1], presence }),
        }
    }
    found
}

/// The marks with `spans` of planned maintenance (in order, not overlapping) laid over them. What is paused stays paused.
pub fn overlay(marks: &[Mark], spans: &[Range<Wall>]) -> Vec<Mark> {
    if spans.is_empty() {
        return marks.to_vec();
    }
    let mut moments: Vec<Wall> = marks.iter().map(|mark| mark.from).collect();
    moments.extend(spans.iter().flat_map(|span| [span.start, span.end]));
    moments.sort_unstable();
    moments.dedup();
    let mut laid: Vec<Mark> = Vec::with_capacity(moments.len());
    for from in moments {
        let below = marks.partition_point(|mark| mark.from <= from).checked_sub(1).map(|last| marks[last].presence);
        let is_planned = spans.iter().any(|span| span.contains(&from));
        let presence = match below.unwrap_or(Presence::Unknown) {
            Presence::Paused => Presence::Paused,
            _ if is_planned => Presence::Maintenance,
            presence => presence,
        };
        if laid.last().is_none_or(|last| last.presence != presence) {
            laid.push(Mark { from, presence });
        }
    }
    laid
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 * 100.0 / whole as f64)
}

fn length_ms(range: &Range<Wall>) -> u64 {
    u64::try_from(range.end.ms().saturating_sub(range.start.ms())).unwrap_or(0)
}

fn overlap_ms(a: &Range<Wall>, b: &Range<Wall>) -> u64 {
    length_ms(&(a.start.max(b.start)..a.end.min(b.end)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wall(ms: i64) -> Wall {
        Wall::from_ms(ms)
    }

    fn mark(from: i64, presence: Presence) -> Mark {
        Mark { from: wall(from), presence }
    }

    #[test]
    fn time_before_the_first_mark_is_unknown() {
        let shares = Shares::of(
            &[mark(250, Presence::Up), mark(750, Presence::Down)],
            &[wall(0)..wall(2_000)],
            wall(0)..wall(1_000),
        );
        assert_eq!(shares.percent(Presence::Unknown), 25.0);
        assert_eq!(shares.percent(Presence::Up), 50.0);
        assert_eq!(shares.percent(Presence::Down), 25.0);
        assert_eq!(shares.coverage(), 75.0);
        assert_eq!(shares.uptime_text(), "66.66 %");
    }

    #[test]
    fn while_nobody_watched_nothing_is_known() {
        let watched = [wall(0)..wall(400), wall(600)..wall(1_000)];
        let shares = Shares::of(&[mark(0, Presence::Up)], &watched, wall(0)..wall(1_000));
        assert_eq!(shares.time(Presence::Unknown), Duration::from_millis(200));
        assert_eq!(shares.uptime_text(), "100 %");
    }

    #[test]
    fn one_bad_millisecond_in_ninety_days_is_not_100_percent() {
        let days = 90 * 86_400_000;
        let marks = [mark(0, Presence::Up), mark(5, Presence::Down), mark(6, Presence::Up)];
        let shares = Shares::of(&marks, &[wall(0)..wall(days)], wall(0)..wall(days));
        assert_eq!(shares.uptime_text(), "99.99 %");
    }

    #[test]
    fn planned_maintenance_covers_what_was_true_meanwhile() {
        let marks = [mark(100, Presence::Up), mark(300, Presence::Down), mark(450, Presence::Up)];
        let laid = overlay(&marks, &[wall(200)..wall(400), wall(600)..wall(700)]);
        let expected = [
            mark(100, Presence::Up),
            mark(200, Presence::Maintenance),
            mark(400, Presence::Down),
            mark(450, Presence::Up),
            mark(600, Presence::Maintenance),
            mark(700, Presence::Up),
        ];
        assert_eq!(laid, expected);
        let shares = Shares::of(&laid, &[wall(0)..wall(1_000)], wall(0)..wall(1_000));
        assert_eq!(shares.time(Presence::Maintenance), Duration::from_millis(300));
        assert_eq!(shares.time(Presence::Down), Duration::from_millis(50));
        assert_eq!(overlay(&[mark(5, Presence::Paused)], &[wall(1)..wall(9)]).last(), Some(&mark(5, Presence::Paused)));
        assert_eq!(overlay(&[], &[wall(1)..wall(9)]), [mark(1, Presence::Maintenance), mark(9, Presence::Unknown)]);
    }

    #[test]
    fn without_knowledge_there_is_no_number() {
        assert_eq!(Shares::of(&[], &[], wall(0)..wall(1_000)).uptime_text(), "–");
        assert_eq!(Shares::of(&[], &[], wall(5)..wall(5)).coverage(), 0.0);
    }

    prop_compose! {
        /// Marks before `end`, and when somebody watched.
        fn past(end: i64)(
            mut times in proptest::collection::vec(0..end, 0..40),
            presences in proptest::collection::vec(0_usize..6, 40),
            mut edges in proptest::collection::vec(0..end, 0..10),
        ) -> (Vec<Mark>, Vec<Range<Wall>>) {
            times.sort_unstable();
            edges.sort_unstable();
            let marks = times.iter().zip(presences).map(|(&from, index)| mark(from, Presence::ALL[index]));
            (marks.collect(), edges.chunks_exact(2).map(|pair| wall(pair[0])..wall(pair[1])).collect())
        }
    }

    proptest! {
        #[test]
        fn a_window_that_is_moved_on_divides_as_one_that_is_read_again(
            (marks, mut watched) in past(1_000), start in 0_i64..1_000, moved in 0_i64..1_000,
        ) {
            let window = wall(start)..wall(1_000);
            let rolling = Rolling::of(&marks, &watched, window);
            let now = wall(1_000 + moved).min(rolling.good_until());
            let moved = Duration::from_millis((now.ms() - 1_000).unsigned_abs());
            watched.push(wall(1_000)..now);
            prop_assert_eq!(rolling.at(now), Shares::of(&marks, &watched, wall(start) + moved..now));
        }

        #[test]
        fn the_parts_add_up_to_the_window(
            (marks, watched) in past(1_000_000), start in 0_i64..1_000_000, length in 0_i64..1_000_000,
        ) {
            let window = wall(start)..wall(start + length);
            let shares = Shares::of(&marks, &watched, window.clone());
            prop_assert_eq!(shares.window(), Duration::from_millis(length.unsigned_abs()));
            let found = stretches(&marks, &watched, &window);
            for presence in Presence::ALL {
                let of = found.iter().filter(|stretch| stretch.presence == presence);
                let sum: u64 = of.map(|stretch| length_ms(&stretch.time)).sum();
                prop_assert_eq!(shares.time(presence), Duration::from_millis(sum));
            }
            prop_assert!(found.windows(2).all(|pair| pair[0].time.end == pair[1].time.start && pair[0].presence != pair[1].presence));
            if shares.time(Presence::Down) > Duration::ZERO {
                prop_assert!(shares.uptime_text() != "100 %");
                prop_assert!(!shares.uptime_text().starts_with("100"));
            }
        }
    }
}
