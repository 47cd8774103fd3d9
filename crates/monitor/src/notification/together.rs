//! Several messages as one that names them all, by what they have in common.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Kind, Notification, Occasion};

/// How many names of a group stand in the sentence; all of them stand in `others`.
const NAMED: usize = 5;
/// How many groups stand in the sentence.
const GROUPS: usize = 4;

/// One of those that a message tells of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Other {
    /// What it tells.
    pub kind: Kind,
    /// The incident's name, `12-7`.
    pub incident: String,
    /// The monitor's name.
    pub monitor: String,
    /// One sentence with the cause.
    pub cause: String,
    /// What it has in common with others of the message: `host api.example.com`; `None` when nothing.
    pub shares: Option<String>,
    /// Where to read more.
    pub link: Option<String>,
}

/// Those of a message that have something in common, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<'n> {
    /// What it is; `None` for those that have nothing in common.
    pub shares: Option<&'n str>,
    /// The names of the monitors.
    pub names: Vec<&'n str>,
}

impl Notification {
    /// One message that tells this one and `others`; this one when there are none.
    ///
    /// Its incident, and with it its thread, stay those of this one, which is the first of `others` then.
    #[must_use]
    pub fn together(self, others: Vec<Self>) -> Self {
        if others.is_empty() {
            return self;
        }
        let all: Vec<Self> = std::iter::once(self.clone()).chain(others).collect();
        let shared = in_common(&all);
        let others: Vec<Other> = all.iter().zip(&shared).map(|(one, shares)| one.as_other(shares.clone())).collect();
        let is_alike = all.iter().all(|one| one.occasion == self.occasion);
        Self {
            kind: worst(&all),
            occasion: if is_alike { self.occasion } else { Occasion::Change },
            monitor: format!("{} and {} more", self.monitor, all.len() - 1),
            target: String::new(),
            began: all.iter().map(|one| one.began.clone()).min().unwrap_or_default(),
            lasted_ms: all.iter().map(|one| one.lasted_ms).max().unwrap_or_default(),
            cause: sentence(&others, self.kind),
            dependents: all.iter().flat_map(|one| one.dependents.iter().cloned()).collect(),
            shares: shared.into_iter().flatten().collect::<BTreeSet<_>>().into_iter().collect(),
            others,
            ..self.without_answer()
        }
    }

    fn as_other(&self, shares: Option<String>) -> Other {
        Other {
            kind: self.kind,
            incident: self.incident.clone(),
            monitor: self.monitor.clone(),
            cause: self.cause.clone(),
            shares,
            link: self.link.clone(),
        }
    }

    /// All that it tells of, by what they have in common: the largest group first, those that share nothing last.
    pub fn groups(&self) -> Vec<Group<'_>> {
        groups(&self.others)
    }
}

/// What to say of several: that something is down when one of them is.
fn worst(all: &[Notification]) -> Kind {
    let rank = |kind: Kind| match kind {
        Kind::Down => 3,
        Kind::Degraded => 2,
        Kind::Certificate => 1,
        Kind::Up | Kind::Test => 0,
    };
    all.iter().map(|one| one.kind).max_by_key(|kind| rank(*kind)).unwrap_or(Kind::Down)
}

/// For each what it has in common with the most of the others. A dependency says more than a host.
fn in_common(all: &[Notification]) -> Vec<Option<String>> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    all.iter().flat_map(|one| &one.shares).for_each(|share| *counts.entry(share).or_default() += 1);
    let best = |one: &Notification| {
        let shared = one.shares.iter().filter(|share| counts[share.as_str()] > 1);
        shared.max_by_key(|share| (counts[share.as_str()], share.starts_with("dependency "))).cloned()
    };
    all.iter().map(best).collect()
}

fn groups(others: &[Other]) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<Option<&str>, Vec<&str>> = BTreeMap::new();
    for other in others {
        groups.entry(other.shares.as_deref()).or_default().push(&other.monitor);
    }
    let mut groups: Vec<_> = groups.into_iter().map(|(shares, names)| Group { shares, names }).collect();
    groups.sort_by_key(|group| (group.shares.is_none(), Reverse(group.names.len())));
    groups
}

/// `12 are not well at once: 9 share host a.example (m1, m2, m3, m4, m5 and 4 more), 3 by themselves (x, y, z)`.
fn sentence(others: &[Other], kind: Kind) -> String {
    let groups = groups(others);
    let mut parts: Vec<String> = groups.iter().take(GROUPS).map(part).collect();
    let rest: usize = groups.iter().skip(GROUPS).map(|group| group.names.len()).sum();
    if rest > 0 {
        parts.push(format!("{rest} more"));
    }
    let are = if kind == Kind::Up { "are well again" } else { "are not well" };
    format!("{} {are} at once: {}", others.len(), parts.join(", "))
}

fn part(group: &Group<'_>) -> String {
    let count = group.names.len();
    let first = group.names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let rest = if count > NAMED { format!(" and {} more", count - NAMED) } else { String::new() };
    let (share, alone) = if count == 1 { ("shares", "by itself") } else { ("share", "by themselves") };
    let what = group.shares.map_or_else(|| alone.to_owned(), |shares| format!("{share} {shares}"));
    format!("{count} {what} ({first}{rest})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::samples;

    fn one(monitor: &str, shares: &[&str]) -> Notification {
        let shares = shares.iter().map(|share| (*share).to_owned()).collect();
        Notification { monitor: monitor.to_owned(), incident: monitor.to_owned(), shares, ..samples::down() }
    }

    #[test]
    fn one_alone_stays_as_it_is() {
        assert_eq!(samples::down().together(Vec::new()), samples::down());
    }

    #[test]
    fn all_are_named_by_what_they_share() {
        let others = vec![
            one("b", &["host x", "dependency database"]),
            one("c", &["host y", "dependency database"]),
            one("d", &["host z"]),
            one("e", &["host y", "dependency database"]),
        ];
        let message = one("a", &["host x"]).together(others);
        assert_eq!((message.incident.as_str(), message.monitor.as_str()), ("a", "a and 4 more"));
        assert_eq!(
            message.cause,
            "5 are not well at once: 3 share dependency database (b, c, e), 1 shares host x (a), 1 by itself (d)"
        );
        assert_eq!(message.others.len(), 5);
        assert_eq!(message.groups()[0], Group { shares: Some("dependency database"), names: vec!["b", "c", "e"] });
        assert!(message.can_be_acknowledged());
    }

    #[test]
    fn what_is_degraded_beside_what_is_down_does_not_hide_it() {
        let message = samples::degraded().together(vec![samples::down(), samples::up()]);
        assert_eq!((message.kind, message.others.len()), (Kind::Down, 3));
    }
}
