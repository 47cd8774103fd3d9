//! Which rows, in which order, and which page of them.

use std::cmp::{Ordering, Reverse};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use allswell_core::Wall;
use allswell_core::uptime::Presence;

use super::{Filter, Index, Row};
use crate::model::MonitorId;

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
    /// Where the page before this one ended.
    pub after: Option<Cursor>,
    /// How many are left out at the beginning.
    pub offset: usize,
    /// How many there are at most; `None` for all.
    pub limit: Option<usize>,
}

/// The row that a page ended with, as it was ordered: what comes next is the same whatever was added or taken away meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    id: MonitorId,
    at: Spot,
}

/// What a row is ordered by, before its number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Spot {
    Configured(usize),
    Trouble(u8, Reverse<Option<Wall>>),
    Name(String),
    Slow(Reverse<Option<Duration>>),
}

/// A text that is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACursor;

/// Rows of a page, and what is known of those that are not on it.
pub(super) struct Page<'a> {
    pub(super) rows: Vec<&'a Row>,
    /// How many rows the filter let through.
    pub(super) matched: usize,
    /// Where the next page goes on; `None` when there is none.
    pub(super) next: Option<Cursor>,
}

impl Selection {
    /// The page of `rows`, whose index this is, as they are `now`.
    pub(super) fn choose<'a>(&self, rows: &'a [Row], index: &Index, now: Wall) -> Page<'a> {
        let (mut chosen, is_ordered) = self.fitting(rows, index, now);
        let matched = chosen.len();
        if let Some(cursor) = &self.after {
            let place = cursor.place(rows);
            let was_shown = |(at, row): &Placed<'_>| cursor.cmp(*at, row, place) != Ordering::Less;
            if is_ordered {
                chosen.drain(..chosen.partition_point(was_shown));
            } else {
                chosen.retain(|placed| !was_shown(placed));
            }
        }
        let left = chosen.len();
        let end = self.limit.map_or(left, |limit| self.offset.saturating_add(limit)).min(left);
        let first = match self.order {
            Order::Configured => chosen,
            _ if is_ordered => chosen,
            Order::Trouble => first(chosen, end, |row| (rank(row.status), Reverse(row.since), row.facts.id)),
            Order::Name => first(chosen, end, |row| (row.facts.name.as_str(), row.facts.id)),
            Order::Slow => first(chosen, end, |row| (Reverse(row.p95), row.facts.id)),
        };
        let page = first.get(self.offset.min(end)..end).unwrap_or_default();
        let last = page.last().filter(|_| end < left);
        Page {
            rows: page.iter().map(|(_, row)| *row).collect(),
            matched,
            next: last.map(|(place, row)| Cursor::at(self.order, *place, row)),
        }
    }

    /// All that the filter lets through, and whether they are in order already. What the index knows is not looked for.
    fn fitting<'a>(&self, rows: &'a [Row], index: &Index, now: Wall) -> (Vec<Placed<'a>>, bool) {
        let fitting = |places: &mut dyn Iterator<Item = usize>| {
            places.map(|place| (place, &rows[place])).filter(|(_, row)| self.filter.fits(row, now)).collect()
        };
        let is_configured = self.order == Order::Configured;
        match (self.filter.tag(), self.order) {
            (Some(tag), _) => (fitting(&mut index.tagged(rows, tag).iter().copied()), is_configured),
            (None, Order::Name) => (fitting(&mut index.by_name(rows).iter().copied()), true),
            (None, _) => (fitting(&mut (0..rows.len())), is_configured),
        }
    }
}

/// A row, and where it stands.
type Placed<'a> = (usize, &'a Row);

impl Cursor {
    fn at(order: Order, place: usize, row: &Row) -> Self {
        let at = match order {
            Order::Configured => Spot::Configured(place),
            Order::Trouble => Spot::Trouble(rank(row.status), Reverse(row.since)),
            Order::Name => Spot::Name(row.facts.name.clone()),
            Order::Slow => Spot::Slow(Reverse(row.p95)),
        };
        Self { id: row.facts.id, at }
    }

    /// The order that it is of.
    pub fn order(&self) -> Order {
        match self.at {
            Spot::Configured(_) => Order::Configured,
            Spot::Trouble(..) => Order::Trouble,
            Spot::Name(_) => Order::Name,
            Spot::Slow(_) => Order::Slow,
        }
    }

    /// Where its row stands now among `rows`, when that is what counts. One that is gone stood where it stood.
    fn place(&self, rows: &[Row]) -> Option<usize> {
        let Spot::Configured(place) = self.at else { return None };
        let is_meant = |row: &Row| row.facts.id == self.id;
        if rows.get(place).is_some_and(is_meant) {
            return Some(place);
        }
        // What stands in its place now has not been on a page yet.
        rows.iter().position(is_meant).or_else(|| place.checked_sub(1))
    }

    /// Whether it comes before or behind `row`; `own` is what [`Self::place`] says.
    fn cmp(&self, place: usize, row: &Row, own: Option<usize>) -> Ordering {
        let id = self.id.cmp(&row.facts.id);
        match &self.at {
            Spot::Configured(_) => own.map_or(Ordering::Less, |own| own.cmp(&place)),
            Spot::Trouble(own, since) => (*own, *since).cmp(&(rank(row.status), Reverse(row.since))).then(id),
            Spot::Name(name) => name.as_str().cmp(&row.facts.name).then(id),
            Spot::Slow(p95) => p95.cmp(&Reverse(row.p95)).then(id),
        }
    }
}

impl fmt::Display for Cursor {
    /// The order, the monitor's number, and what the order asks for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.", self.order().as_str(), self.id)?;
        match &self.at {
            Spot::Configured(place) => write!(f, "{place}"),
            Spot::Trouble(rank, Reverse(None)) => write!(f, "{rank}"),
            Spot::Trouble(rank, Reverse(Some(since))) => write!(f, "{rank}.{}", since.ms()),
            Spot::Name(name) => f.write_str(name),
            Spot::Slow(Reverse(None)) => Ok(()),
            Spot::Slow(Reverse(Some(p95))) => write!(f, "{}", p95.as_nanos()),
        }
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;
    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (order, rest) = text.split_once('.').ok_or(NotACursor)?;
        let (id, rest) = rest.split_once('.').ok_or(NotACursor)?;
        let order = Order::ALL.into_iter().find(|known| known.as_str() == order).ok_or(NotACursor)?;
        let at = match order {
            Order::Configured => Spot::Configured(number(rest)?),
            Order::Trouble => match rest.split_once('.') {
                None => Spot::Trouble(number(rest)?, Reverse(None)),
                Some((rank, since)) => Spot::Trouble(number(rank)?, Reverse(Some(Wall::from_ms(number(since)?)))),
            },
            Order::Name => Spot::Name(rest.to_owned()),
            Order::Slow if rest.is_empty() => Spot::Slow(Reverse(None)),
            Order::Slow => Spot::Slow(Reverse(Some(Duration::from_nanos(number(rest)?)))),
        };
        Ok(Self { id: MonitorId(number(id)?), at })
    }
}

fn number<T: FromStr>(text: &str) -> Result<T, NotACursor> {
    text.parse().map_err(|_| NotACursor)
}

/// The first `count` of `rows` in order; what is behind them is nobody's concern.
fn first<'r, K: Ord>(rows: Vec<Placed<'r>>, count: usize, key: impl Fn(&'r Row) -> K) -> Vec<Placed<'r>> {
    // The keys side by side: going back to the rows for each comparison costs more than all comparisons.
    let mut keyed: Vec<(K, Placed<'r>)> = rows.into_iter().map(|placed| (key(placed.1), placed)).collect();
    let compare = |a: &(K, Placed<'r>), b: &(K, Placed<'r>)| a.0.cmp(&b.0);
    if count > 0 && count < keyed.len() {
        keyed.select_nth_unstable_by(count - 1, compare);
    }
    keyed.truncate(count);
    keyed.sort_unstable_by(compare);
    keyed.into_iter().map(|(_, placed)| placed).collect()
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
