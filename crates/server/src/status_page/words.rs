//! The words of status pages: states, moments, what is true of everything in a sentence. All of them for strangers.

use std::time::Duration;

use allswell_core::Wall;
use allswell_core::time::humane;
use allswell_core::uptime::{Presence, Shares};
use jiff::Timestamp;

/// The word for what is true of a component.
pub(super) const fn state(presence: Presence) -> &'static str {
    match presence {
        Presence::Up => "Operational",
        Presence::Degraded => "Degraded",
        Presence::Down => "Outage",
        Presence::Maintenance => "Maintenance",
        Presence::Unknown | Presence::Paused => "No data",
    }
}

/// The word for programs.
pub(super) const fn code(presence: Presence) -> &'static str {
    match presence {
        Presence::Up => "operational",
        Presence::Degraded => "degraded",
        Presence::Down => "outage",
        Presence::Maintenance => "maintenance",
        Presence::Unknown | Presence::Paused => "unknown",
    }
}

/// The letter of the shape and the colour.
pub(super) const fn shape(presence: Presence) -> &'static str {
    match presence {
        Presence::Up => "u",
        Presence::Degraded => "w",
        Presence::Down => "d",
        Presence::Maintenance => "m",
        Presence::Unknown | Presence::Paused => "n",
    }
}

/// What a component does while something is true of it.
const fn verb(presence: Presence) -> &'static str {
    match presence {
        Presence::Up => "up",
        Presence::Degraded => "degraded",
        Presence::Down => "down",
        Presence::Maintenance => "under maintenance",
        Presence::Unknown | Presence::Paused => "not watched",
    }
}

/// `Payments is down`.
pub(super) fn is(component: &str, presence: Presence) -> String {
    format!("{component} is {}", verb(presence))
}

/// `Payments was down for 16 m`.
pub(super) fn was(component: &str, presence: Presence, lasted: Duration) -> String {
    format!("{component} was {} for {}", verb(presence), humane(lasted))
}

/// `16 m down`.
pub(super) fn lasted(presence: Presence, lasted: Duration) -> String {
    format!("{} {}", humane(lasted), verb(presence))
}

/// What is true of all components: the worst, a sentence on it, and one on the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) worst: Presence,
    pub(super) headline: String,
    /// Empty when the headline says it all.
    pub(super) rest: String,
}

impl Summary {
    /// Of components by what they are called and what is true of them.
    pub(super) fn of(components: &[(&str, Presence)]) -> Self {
        let named = |wanted: Presence| -> Vec<&str> {
            components.iter().filter(|(_, presence)| shape(*presence) == shape(wanted)).map(|(name, _)| *name).collect()
        };
        let troubles = [Presence::Down, Presence::Degraded, Presence::Maintenance];
        let mut told =
            troubles.map(|presence| (presence, named(presence))).into_iter().filter(|(_, names)| !names.is_empty());
        let unknown = named(Presence::Unknown);
        let Some((worst, names)) = told.next() else { return Self::without_trouble(components.len(), &unknown) };
        let headline = match names.len() {
            all if all > 1 && all == components.len() => format!("Everything is {}", verb(worst)),
            _ => sentence(&names, worst),
        };
        let mut rest: Vec<String> = told.map(|(presence, names)| sentence(&names, presence) + ".").collect();
        if !unknown.is_empty() {
            rest.push(no_data(&unknown));
        }
        if !named(Presence::Up).is_empty() {
            rest.push("Everything else works.".to_owned());
        }
        Self { worst, headline, rest: rest.join(" ") }
    }

    fn without_trouble(all: usize, unknown: &[&str]) -> Self {
        let (worst, headline, rest) = match unknown.len() {
            _ if all == 0 => (Presence::Unknown, "Nothing is shown here yet", String::new()),
            0 => (Presence::Up, "All systems operational", String::new()),
            none if none == all => (Presence::Unknown, "Nothing is known right now", String::new()),
            _ => (Presence::Up, "Everything that is watched works", no_data(unknown)),
        };
        Self { worst, headline: headline.to_owned(), rest }
    }
}

fn sentence(names: &[&str], presence: Presence) -> String {
    format!("{} {} {}", list(names), if names.len() == 1 { "is" } else { "are" }, verb(presence))
}

fn no_data(names: &[&str]) -> String {
    format!("There is no data of {}.", list(names))
}

/// `A`, `A and B`, `A, B and C`, `A, B and 3 others`.
pub(super) fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, other] => format!("{one} and {other}"),
        [one, other, third] => format!("{one}, {other} and {third}"),
        [one, other, rest @ ..] => format!("{one}, {other} and {} others", rest.len()),
    }
}

/// Uptime as a number, and over what it was measured when that is not the whole window.
pub(super) fn uptime(shares: &Shares) -> String {
    // Half a per cent: what is missing between two writes of "I am watching" is no gap.
    match shares.uptime() {
        None => "no data yet".to_owned(),
        Some(_) if shares.coverage() >= 99.5 => shares.uptime_text(),
        Some(_) => format!("{} of {}", shares.uptime_text(), known(shares)),
    }
}

/// How much of a window is known, with the largest unit alone: `39 d`, `12 m`.
pub(super) fn known(shares: &Shares) -> String {
    let known = shares.window().mul_f64(shares.coverage() / 100.0);
    humane(known).split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// `11 Nov`.
pub(super) fn day(wall: Wall) -> String {
    moment(wall, "%-d %b")
}

/// `11 November 2026`.
pub(super) fn whole_day(wall: Wall) -> String {
    moment(wall, "%-d %B %Y")
}

/// `November 2026`.
pub(super) fn month(wall: Wall) -> String {
    moment(wall, "%B %Y")
}

/// `11:42` when it is today, `11 Nov, 11:42` when not.
pub(super) fn time(wall: Wall, now: Wall) -> String {
    match moment(wall, "%F") == moment(now, "%F") {
        true => moment(wall, "%H:%M"),
        false => moment(wall, "%-d %b, %H:%M"),
    }
}

/// When something is planned: `Today, 12:00 to 14:00 UTC`, `Sat 28 Nov, 22:00 to Sun 29 Nov, 01:00 UTC`.
pub(super) fn span(from: Wall, until: Option<Wall>, now: Wall) -> String {
    let is_same = |one: Wall, other: Wall| moment(one, "%F") == moment(other, "%F");
    let day = |wall: Wall| if is_same(wall, now) { "Today".to_owned() } else { moment(wall, "%a %-d %b") };
    let (begin, clock) = (day(from), moment(from, "%H:%M"));
    match until {
        None => format!("From {begin}, {clock} UTC until further notice"),
        Some(until) if is_same(from, until) => format!("{begin}, {clock} to {} UTC", moment(until, "%H:%M")),
        Some(until) => format!("{begin}, {clock} to {}, {} UTC", day(until), moment(until, "%H:%M")),
    }
}

/// As RFC 822 and RSS have it.
pub(super) fn rfc822(wall: Wall) -> String {
    moment(wall, "%a, %d %b %Y %H:%M:%S +0000")
}

fn moment(wall: Wall, pattern: &str) -> String {
    Timestamp::from_millisecond(wall.ms()).unwrap_or_default().strftime(pattern).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headline_names_what_is_wrong_and_the_rest_follows() {
        let check = |components: &[(&str, Presence)], headline: &str, rest: &str| {
            let summary = Summary::of(components);
            assert_eq!((summary.headline.as_str(), summary.rest.as_str()), (headline, rest), "{components:?}");
        };
        let (up, slow, down) = (Presence::Up, Presence::Degraded, Presence::Down);
        check(&[], "Nothing is shown here yet", "");
        check(&[("Web", up), ("API", up)], "All systems operational", "");
        check(&[("Web", up), ("API", down)], "API is down", "Everything else works.");
        check(&[("Web", down)], "Web is down", "");
        check(&[("Web", down), ("API", down)], "Everything is down", "");
        check(
            &[("A", down), ("B", slow), ("C", down), ("D", down), ("E", down), ("F", up)],
            "A, C and 2 others are down",
            "B is degraded. Everything else works.",
        );
        check(&[("DB", Presence::Maintenance), ("Web", up)], "DB is under maintenance", "Everything else works.");
        check(&[("Web", Presence::Unknown)], "Nothing is known right now", "");
        check(
            &[("Web", up), ("API", Presence::Paused)],
            "Everything that is watched works",
            "There is no data of API.",
        );
        check(&[("Web", slow), ("API", Presence::Unknown)], "Web is degraded", "There is no data of API.");
    }

    #[test]
    fn moments_are_as_short_as_today_allows() {
        let now = Wall::from_ms(1_795_262_400_000);
        let before = |hours: u64| now - Duration::from_secs(3_600 * hours);
        assert_eq!([time(before(1), now), time(before(24), now)], ["11:00", "20 Nov, 12:00"]);
        assert_eq!([day(now), whole_day(now), month(now)], ["21 Nov", "21 November 2026", "November 2026"]);
        assert_eq!(rfc822(now), "Sat, 21 Nov 2026 12:00:00 +0000");
    }

    #[test]
    fn uptime_says_over_what_it_was_measured() {
        use allswell_core::uptime::Mark;
        let (wall, minute) = (Wall::from_ms, 60_000);
        let of = |marks: &[Mark], watched: i64| {
            uptime(&Shares::of(marks, &[wall(100 * minute - watched)..wall(100 * minute)], wall(0)..wall(100 * minute)))
        };
        let up = Mark { from: wall(0), presence: Presence::Up };
        assert_eq!(of(&[up], 100 * minute), "100 %");
        assert_eq!(of(&[up], 39 * minute), "100 % of 39 m");
        assert_eq!(of(&[], 100 * minute), "no data yet");
    }
}
