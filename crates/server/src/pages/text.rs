//! Words, moments and numbers as the pages show them.

use std::time::Duration;

use allswell_core::time::humane;
use allswell_core::uptime::{Presence, Shares};
use allswell_core::{Reason, Verdict, Wall};
use allswell_monitor::store::ResultRow;
use jiff::Timestamp;

/// Text of others on one line, with everything shown that would otherwise act: control characters, and those that turn or
/// hide what stands around them (Unicode TR36, "Trojan Source").
pub(crate) fn visible(text: &str) -> String {
    text.chars().map(shown).collect()
}

/// The same for text of several lines.
pub(crate) fn visible_lines(text: &str) -> String {
    let keep = |c: char| if matches!(c, '\n' | '\t') { Shown::Plain(c) } else { shown(c) };
    text.replace("\r\n", "\n").chars().map(keep).collect()
}

enum Shown {
    Plain(char),
    Named(char),
}

fn shown(c: char) -> Shown {
    match c {
        '\n' | '\r' | '\t' => Shown::Plain(' '),
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' => {
            Shown::Named(c)
        }
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => Shown::Named(c),
        '\u{e0000}'..='\u{e007f}' => Shown::Named(c),
        c if c.is_control() => Shown::Named(c),
        c => Shown::Plain(c),
    }
}

impl FromIterator<Shown> for String {
    fn from_iter<I: IntoIterator<Item = Shown>>(parts: I) -> Self {
        let mut text = Self::new();
        for part in parts {
            match part {
                Shown::Plain(c) => text.push(c),
                Shown::Named(c) => text.push_str(&format!("⟨{:04X}⟩", u32::from(c))),
            }
        }
        text
    }
}

/// At most `most` characters of `text`; an ellipsis stands for the rest.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A cause as a sentence: with a capital, unless it begins with a name, and a full stop.
pub(super) fn sentence(text: &str) -> String {
    let text = visible(text.trim());
    let first = text.split(' ').next().unwrap_or_default();
    let mut sentence = match text.chars().next() {
        Some(initial) if first.chars().all(|c| c.is_ascii_lowercase()) => {
            initial.to_uppercase().chain(text.chars().skip(1)).collect()
        }
        _ => text,
    };
    if !sentence.is_empty() && !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

/// A moment in UTC as short as `now` allows: `11:42:14`, `20 Nov 11:42`, `20 Nov 2025`.
pub(super) fn clock(wall: Wall, now: Wall) -> String {
    let (moment, today) = (timestamp(wall), timestamp(now));
    let format = |pattern: &str| moment.strftime(pattern).to_string();
    if format("%F") == today.strftime("%F").to_string() {
        format("%H:%M:%S")
    } else if format("%Y") == today.strftime("%Y").to_string() {
        format("%-d %b %H:%M")
    } else {
        format("%-d %b %Y")
    }
}

fn timestamp(wall: Wall) -> Timestamp {
    Timestamp::from_millisecond(wall.ms()).unwrap_or_default()
}

/// `4 m 12 s` since `from`.
pub(super) fn age(from: Wall, now: Wall) -> String {
    humane(now.since(from))
}

/// `one`, or as many as there are: `1 monitor`, `3 monitors`.
pub(crate) fn count(number: usize, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}

/// The word for a presence, with a capital.
pub(super) const fn word(presence: Presence) -> &'static str {
    match presence {
        Presence::Up => "Up",
        Presence::Degraded => "Degraded",
        Presence::Down => "Down",
        Presence::Unknown => "No data",
        Presence::Maintenance => "Maintenance",
        Presence::Paused => "Paused",
    }
}

/// The letter that names a presence's shape and colour in the templates and the style sheet.
pub(super) const fn shape(presence: Presence) -> &'static str {
    match presence {
        Presence::Up => "u",
        Presence::Degraded => "w",
        Presence::Down => "d",
        Presence::Unknown => "n",
        Presence::Maintenance => "m",
        Presence::Paused => "p",
    }
}

/// The letter for what one asking said.
pub(super) const fn verdict_shape(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "u",
        Verdict::Warn => "w",
        Verdict::Fail => "d",
        Verdict::Unknown => "n",
    }
}

/// A result in two words: `200`, `503`, `connect refused`.
pub(super) fn result(row: &ResultRow) -> String {
    match (row.status, row.reason) {
        (Some(status), None | Some(Reason::Status)) => status.to_string(),
        (_, Some(reason)) => reason.as_str().replace('_', " "),
        (None, None) => row.verdict.as_str().to_owned(),
    }
}

/// A window's uptime and how much of it stands behind the number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UptimeCell {
    /// `99.98 %`; empty when the window knows no more than the shorter one before it.
    pub(super) number: String,
    /// `of 12 m`, `12 m only`; empty when the whole window is known.
    pub(super) known: String,
}

/// Windows of uptime beside each other. Nothing is given as a number over a time that was not watched.
pub(super) fn uptime_cells(windows: &[Shares; 4]) -> [UptimeCell; 4] {
    let mut before: Option<Duration> = None;
    windows.map(|shares| {
        let known = shares.window().mul_f64(shares.coverage() / 100.0);
        // Half a per cent: what is missing between two writes of "I am watching" is no gap.
        let whole = shares.coverage() >= 99.5;
        let repeats = before.is_some_and(|before| known <= before + before / 100);
        before = Some(known);
        match shares.uptime() {
            None => UptimeCell { number: "–".to_owned(), known: String::new() },
            Some(_) if whole => UptimeCell { number: shares.uptime_text(), known: String::new() },
            Some(_) if repeats => UptimeCell { number: String::new(), known: format!("{} only", brief(known)) },
            Some(_) => UptimeCell { number: shares.uptime_text(), known: format!("of {}", brief(known)) },
        }
    })
}

/// A duration with its largest unit alone: `39 d`, `3 h`, `12 m`.
fn brief(duration: Duration) -> String {
    let whole = humane(duration);
    whole.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use allswell_core::uptime::Mark;

    #[test]
    fn what_would_turn_or_hide_its_surroundings_is_shown() {
        assert_eq!(visible("a\u{202e}b\u{200b}c\u{1b}[31m\0"), "a⟨202E⟩b⟨200B⟩c⟨001B⟩[31m⟨0000⟩");
        assert_eq!(visible("two\r\nlines\tand ünïcödé שלום"), "two  lines and ünïcödé שלום");
        assert_eq!(visible_lines("a\r\n\tb\u{7}"), "a\n\tb⟨0007⟩");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(cut("häuser", 6), "häuser");
        assert_eq!(cut("häuser", 2), "hä…");
    }

    #[test]
    fn a_cause_becomes_a_sentence() {
        let check = |text: &str, expected: &str| assert_eq!(sentence(text), expected);
        check("the app says database failed", "The app says database failed.");
        check("503 Service Unavailable", "503 Service Unavailable.");
        check("example.com does not exist", "example.com does not exist.");
        check("refused by 127.0.0.1:80.", "Refused by 127.0.0.1:80.");
        check("", "");
    }

    #[test]
    fn moments_are_as_short_as_today_allows() {
        let now = Wall::from_ms(1_795_262_400_000);
        let check =
            |before_s: u64, expected: &str| assert_eq!(clock(now - Duration::from_secs(before_s), now), expected);
        check(66, "11:58:54");
        check(86_400, "20 Nov 12:00");
        check(86_400 * 400, "17 Oct 2025");
    }

    fn cells(known_days: u32) -> [(String, String); 4] {
        let (day, end) = (Duration::from_secs(86_400), Wall::from_ms(100 * 86_400_000));
        let watched = [end - day * known_days..end];
        let marks = [Mark { from: Wall::from_ms(0), presence: Presence::Up }];
        let windows = [1, 7, 30, 90].map(|days| Shares::of(&marks, &watched, end - day * days..end));
        uptime_cells(&windows).map(|cell| (cell.number, cell.known))
    }

    #[test]
    fn a_number_says_over_what_it_was_measured() {
        let full = || ("100 %".to_owned(), String::new());
        assert_eq!(cells(90), [full(), full(), full(), full()]);
        let part = ("100 %".to_owned(), "of 10 d".to_owned());
        assert_eq!(cells(10), [full(), full(), part, (String::new(), "10 d only".to_owned())]);
        let nothing = || ("–".to_owned(), String::new());
        assert_eq!(cells(0), [nothing(), nothing(), nothing(), nothing()]);
    }
}
