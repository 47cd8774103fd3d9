//! Planned work: when maintenance covers components of a page, for people and for their calendars.
//!
//! A window's own name stays inside: pages say which components it is about.

use std::fmt::Write as _;
use std::time::Duration;

use allswell_core::Wall;
use allswell_core::maintenance::Opening;
use allswell_monitor::model::Maintenance;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::words;

/// How far ahead a page looks.
const AHEAD: Duration = Duration::from_secs(14 * 86_400);
/// How many times of one window a page names, and how many in all.
const OF_ONE_MAX: usize = 3;
const ALL_MAX: usize = 12;

/// One time that work is planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Work {
    /// What it is about, by the names of the public; never empty.
    pub(super) components: Vec<String>,
    /// When.
    pub(super) opening: Opening,
}

/// What is planned of components, soonest first. `covered` says which of them a window is about.
pub(super) fn work(planned: &[Maintenance], covered: impl Fn(&Maintenance) -> Vec<String>, at: Wall) -> Vec<Work> {
    let mut all = Vec::new();
    for window in planned {
        let components = covered(window);
        if components.is_empty() {
            continue;
        }
        let soon = window.window.openings(at).take_while(|opening| opening.from <= at + AHEAD).take(OF_ONE_MAX);
        all.extend(soon.map(|opening| Work { components: components.clone(), opening }));
    }
    all.sort_by_key(|work| work.opening.from);
    all.truncate(ALL_MAX);
    all
}

impl Work {
    /// `Maintenance of A and B`.
    pub(super) fn title(&self) -> String {
        let names: Vec<&str> = self.components.iter().map(String::as_str).collect();
        format!("Maintenance of {}", words::list(&names))
    }

    /// When it is, for people.
    pub(super) fn when(&self, now: Wall) -> String {
        words::span(self.opening.from, self.opening.until, now)
    }

    /// Whether it is under way.
    pub(super) fn is_now(&self, now: Wall) -> bool {
        self.opening.from <= now
    }

    /// The same each time for the same work.
    fn id(&self) -> String {
        let digest = Sha256::digest(format!("{}:{}", self.opening.from.ms(), self.components.join("\0")));
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// All of it as a calendar (RFC 5545).
pub(super) fn calendar(title: &str, base: &str, work: &[Work], now: Wall) -> String {
    let mut text = String::new();
    let mut line = |content: &str| fold(&mut text, content);
    line("BEGIN:VCALENDAR");
    line("VERSION:2.0");
    line("PRODID:-//Allswell//Status page//EN");
    line(&format!("X-WR-CALNAME:{}", escaped(title)));
    for one in work {
        line("BEGIN:VEVENT");
        line(&format!("UID:{}@status", one.id()));
        line(&format!("DTSTAMP:{}", stamp(now)));
        line(&format!("DTSTART:{}", stamp(one.opening.from)));
        // Without an end an event lasts for no time; a day is as good as any guess.
        let until = one.opening.until.unwrap_or(one.opening.from + Duration::from_secs(86_400));
        line(&format!("DTEND:{}", stamp(until)));
        line(&format!("SUMMARY:{}", escaped(&one.title())));
        line(&format!("URL:{base}"));
        line("END:VEVENT");
    }
    line("END:VCALENDAR");
    text
}

fn stamp(wall: Wall) -> String {
    Timestamp::from_millisecond(wall.ms()).unwrap_or_default().strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// RFC 5545 3.3.11.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => {
                escaped.push('\\');
                escaped.push(c);
            }
            '\n' => escaped.push_str("\\n"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// RFC 5545 3.1: no line has more than 75 octets.
fn fold(text: &mut String, content: &str) {
    let mut octets = 0;
    for c in content.chars() {
        if octets + c.len_utf8() > 75 {
            text.push_str("\r\n ");
            octets = 1;
        }
        octets += c.len_utf8();
        let _ = write!(text, "{c}");
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use allswell_core::maintenance::Window;

    /// 2026-11-21T12:00:00Z.
    const NOW: Wall = Wall::from_ms(1_795_262_400_000);
    const HOUR: Duration = Duration::from_secs(3_600);

    fn once(from: Wall, until: Option<Wall>) -> Maintenance {
        Maintenance {
            name: "secret name".to_owned(),
            window: Window::Once { from, until },
            monitors: Vec::new(),
            groups: Vec::new(),
            tags: Vec::new(),
        }
    }

    fn found(planned: &[Maintenance]) -> Vec<String> {
        let work = work(planned, |_| vec!["Search".to_owned()], NOW);
        work.iter().map(|work| work.when(NOW)).collect()
    }

    #[test]
    fn what_comes_soon_is_told_soonest_first_and_what_is_over_is_not() {
        let day = HOUR * 24;
        let planned = [
            once(NOW + day * 2, Some(NOW + day * 2 + HOUR)),
            once(NOW - HOUR, Some(NOW + HOUR)),
            once(NOW + day, None),
            once(NOW + HOUR * 11, Some(NOW + HOUR * 14)),
            once(NOW - HOUR * 2, Some(NOW - HOUR)),
            once(NOW + day * 15, Some(NOW + day * 16)),
        ];
        let expected = [
            "Today, 11:00 to 13:00 UTC",
            "Today, 23:00 to Sun 22 Nov, 02:00 UTC",
            "From Sun 22 Nov, 12:00 UTC until further notice",
            "Mon 23 Nov, 12:00 to 13:00 UTC",
        ];
        assert_eq!(found(&planned), expected);
        assert!(work(&planned, |_| Vec::new(), NOW).is_empty(), "it is about nothing of this page");
    }

    #[test]
    fn a_calendar_has_short_lines_and_says_nothing_else_by_a_comma() {
        let title = "Ä".repeat(60) + ", and; more";
        let work = [Work { components: vec![title], opening: Opening { from: NOW, until: Some(NOW + HOUR) } }];
        let calendar = calendar("Acme", "https://x.example/", &work, NOW);
        assert!(calendar.ends_with("END:VCALENDAR\r\n"), "{calendar}");
        assert!(calendar.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{calendar}");
        let unfolded = calendar.replace("\r\n ", "");
        assert!(unfolded.contains("Ä\\, and\\; more\r\n"), "{unfolded}");
        assert!(unfolded.contains("DTSTART:20261121T120000Z\r\nDTEND:20261121T130000Z\r\n"), "{unfolded}");
    }
}
