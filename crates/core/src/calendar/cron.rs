//! Lines of cron: <https://man7.org/linux/man-pages/man5/crontab.5.html>.

use super::set::Set;
use super::{Calendar, Moved, NotACalendar};

const LIKE: &str =
    "write minute, hour, day of the month, month and day of the week, like `0 3 * * *` or `*/15 8-18 * * MON-FRI`";

/// One of the five fields.
struct Field {
    name: &'static str,
    first: u8,
    last: u8,
    /// Words for numbers, from `first` on.
    words: &'static [&'static str],
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const MINUTE: Field = Field { name: "minute", first: 0, last: 59, words: &[] };
const HOUR: Field = Field { name: "hour", first: 0, last: 23, words: &[] };
const DAY: Field = Field { name: "day of the month", first: 1, last: 31, words: &[] };
const MONTH: Field = Field { name: "month", first: 1, last: 12, words: &MONTHS };
const WEEKDAY: Field = Field { name: "day of the week", first: 0, last: 7, words: &DAYS };

pub(super) fn parse(text: &str) -> Result<Calendar, NotACalendar> {
    let text = text.trim();
    let line = match text.to_ascii_lowercase().as_str() {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => text,
    };
    let fields: Vec<_> = line.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields[..] else {
        let count = fields.len();
        return Err(NotACalendar(format!("`{text}` has {count} fields and not five; {LIKE}")));
    };
    let minutes = MINUTE.read(minute)?;
    let hours = HOUR.read(hour)?;
    let calendar = Calendar {
        months: MONTH.read(month)?,
        days: DAY.read(day)?,
        weekdays: from_monday(WEEKDAY.read(weekday)?),
        either: !day.starts_with('*') && !weekday.starts_with('*'),
        hours,
        minutes,
        seconds: Set::one(0),
        years: Vec::new(),
        moved: if minute.starts_with('*') || hour.starts_with('*') { Moved::RealTime } else { Moved::Once },
    };
    let longest = |month: u8| match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let possible = calendar.months.iter().any(|month| calendar.days.iter().any(|day| day <= longest(month)));
    if !possible && !calendar.either {
        return Err(NotACalendar(format!("`{text}` names a day that none of its months has")));
    }
    Ok(calendar)
}

/// Sunday is 0 and 7 there; here Monday is 0.
fn from_monday(days: Set) -> Set {
    let mut set = Set::default();
    days.iter().for_each(|day| set.add((day + 6) % 7, (day + 6) % 7, 1));
    set
}

impl Field {
    fn read(&self, text: &str) -> Result<Set, NotACalendar> {
        let mut set = Set::default();
        for part in text.split(',') {
            let (range, step) = match part.split_once('/') {
                None => (part, None),
                Some((range, step)) => (range, Some(self.step(part, step)?)),
            };
            let (first, last) = match range.split_once('-') {
                _ if range == "*" => (self.first, self.last),
                Some((first, last)) => (self.number(part, first)?, self.number(part, last)?),
                None if step.is_some() => {
                    return Err(self.wrong(part, "has a step without a range; write `*/5` or `10-50/5`"));
                }
                None => (self.number(part, range)?, self.number(part, range)?),
            };
            if first > last {
                return Err(self.wrong(part, "ends before it begins; write two ranges with a comma"));
            }
            set.add(first, last, step.unwrap_or(1));
        }
        Ok(set)
    }

    fn step(&self, part: &str, text: &str) -> Result<u8, NotACalendar> {
        let step = text.parse().ok().filter(|step| (1..=59).contains(step));
        step.ok_or_else(|| self.wrong(part, "has a step that is no number from 1 to 59"))
    }

    fn number(&self, part: &str, text: &str) -> Result<u8, NotACalendar> {
        let lower = text.to_ascii_lowercase();
        if let Some(place) = self.words.iter().position(|word| *word == lower) {
            return Ok(self.first + place as u8);
        }
        let number = text.parse().ok().filter(|number| (self.first..=self.last).contains(number));
        number.ok_or_else(|| {
            let words = match self.words {
                [] => String::new(),
                [first, .., last] => format!(", or {} to {}", first.to_uppercase(), last.to_uppercase()),
                _ => String::new(),
            };
            self.wrong(part, &format!("is not from {} to {}{words}", self.first, self.last))
        })
    }

    fn wrong(&self, part: &str, why: &str) -> NotACalendar {
        NotACalendar(format!("`{part}` as {} {why}", self.name))
    }
}
