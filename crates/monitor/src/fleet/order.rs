//! What comes first in a list of monitors, and where a page of it ended.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use allswell_core::Wall;
use allswell_core::uptime::Presence;

use super::Row;
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

/// Where a row stands in an order. A page goes on behind the one that the page before ended with: what comes next is the same
/// whatever was added or taken away meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub(super) at: Spot,
    pub(super) id: MonitorId,
}

/// What a row is ordered by, before its number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spot {
    Configured(usize),
    Trouble(u8, Reverse<Option<Wall>>),
    Name(String),
    Slow(Reverse<Option<Duration>>),
}

/// A text that is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACursor;

impl Cursor {
    /// That of `row`, which stands at `place` in the list.
    pub(super) fn of(order: Order, place: usize, row: &Row) -> Self {
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
