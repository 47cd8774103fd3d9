//! Which rows, in which order, and which page of them.

use std::cmp::Reverse;

use allswell_core::uptime::Presence;

use super::{Filter, Row};

/// What comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As the configuration has them.
    #[default]
    Configured,
    /// Trouble first, the newest first.
    Trouble,
    /// By name.
    Name,
    /// The slowest first, by the 95th percentile.
    Slow,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Configured, Self::Trouble, Self::Name, Self::Slow];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Trouble => "trouble",
            Self::Name => "name",
            Self::Slow => "slow",
        }
    }
}

/// A page of what is looked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// What a row must be.
    pub filter: Filter,
    /// What comes first.
    pub order: Order,
    /// How many are left out at the beginning.
    pub offset: usize,
    /// How many there are at most; `None` for all.
    pub limit: Option<usize>,
}

impl Selection {
    /// The page of `rows`, and how many rows the filter let through.
    pub(super) fn choose<'a>(&self, rows: &'a [Row]) -> (Vec<&'a Row>, usize) {
        let mut chosen: Vec<(usize, &Row)> = rows.iter().enumerate().filter(|(_, row)| self.filter.fits(row)).collect();
        let matched = chosen.len();
        let end = self.limit.map_or(matched, |limit| self.offset.saturating_add(limit)).min(matched);
        match self.order {
            Order::Configured => {}
            Order::Trouble => first(&mut chosen, end, |(place, row)| (rank(row.status), Reverse(row.since), *place)),
            Order::Name => first(&mut chosen, end, |(place, row)| (row.facts.name.as_str(), *place)),
            Order::Slow => first(&mut chosen, end, |(place, row)| (Reverse(row.p95), *place)),
        }
        let page = chosen.get(self.offset.min(end)..end).unwrap_or_default();
        (page.iter().map(|(_, row)| *row).collect(), matched)
    }
}

/// Brings the first `count` of `rows` into order; what is behind them is nobody's concern.
fn first<'r, K: Ord>(rows: &mut [(usize, &'r Row)], count: usize, key: impl Fn(&(usize, &'r Row)) -> K) {
    let compare = |a: &(usize, &'r Row), b: &(usize, &'r Row)| key(a).cmp(&key(b));
    if count > 0 && count < rows.len() {
        rows.select_nth_unstable_by(count - 1, compare);
    }
    let count = count.min(rows.len());
    rows[..count].sort_unstable_by(compare);
}

fn rank(status: Presence) -> u8 {
    match status {
        Presence::Down => 0,
        Presence::Degraded => 1,
        Presence::Unknown => 2,
        Presence::Maintenance => 3,
        Presence::Paused => 4,
        Presence::Up => 5,
    }
}
