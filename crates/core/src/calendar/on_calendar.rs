//! What systemd's `OnCalendar` takes: <https://man7.org/linux/man-pages/man7/systemd.time.7.html>, calendar events.

use super::set::Set;
use super::{Calendar, Moved, NotACalendar};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const LIKE: &str = "write it like `daily`, `Mon..Fri *-*-* 02:30` or `*-*-01 04:00:00`";

pub(super) fn parse(text: &str) -> Result<Calendar, NotACalendar> {
    let text = text.trim();
    let written = match text.to_ascii_lowercase().as_str() {
        "minutely" => "*-*-* *:*:00",
        "hourly" => "*-*-* *:00:00",
        "daily" => "*-*-* 00:00:00",
        "weekly" => "Mon *-*-* 00:00:00",
        "monthly" => "*-*-01 00:00:00",
        "quarterly" => "*-01,04,07,10-01 00:00:00",
        "semiannually" => "*-01,07-01 00:00:00",
        "yearly" | "annually" => "*-01-01 00:00:00",
        _ => text,
    };
    let mut parts: Vec<_> = written.split_whitespace().collect();
    let mut calendar = Calendar {
        months: Set::all(1, 12),
        days: Set::all(1, 31),
        weekdays: Set::all(0, 6),
        either: false,
        hours: Set::one(0),
        minutes: Set::one(0),
        seconds: Set::one(0),
        years: Vec::new(),
        moved: Moved::Skipped,
    };
    if parts.is_empty() {
        return Err(NotACalendar(format!("is empty; {LIKE}")));
    }
    if parts[0].starts_with(|c: char| c.is_ascii_alphabetic()) {
        calendar.weekdays = weekdays(parts.remove(0))?;
    }
    if parts.first().is_some_and(|part| part.contains('-') || part.contains('~')) {
        date(parts.remove(0), &mut calendar)?;
    }
    if parts.first().is_some_and(|part| part.contains(':')) {
        time(parts.remove(0), &mut calendar)?;
    }
    match parts.first() {
        None => Ok(calendar),
        Some(zone) if zone.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            Err(NotACalendar(format!("`{zone}` at its end: the time zone is written as `timezone`")))
        }
        Some(rest) => Err(NotACalendar(format!("`{rest}` is neither date nor time; {LIKE}"))),
    }
}

fn weekdays(text: &str) -> Result<Set, NotACalendar> {
    let wrong = || NotACalendar(format!("`{text}` names no days of the week; write `Mon`, `Mon,Thu` or `Mon..Fri`"));
    let day = |name: &str| {
        let name = name.to_ascii_lowercase();
        let full = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let place = DAYS.iter().position(|day| *day == name).or_else(|| full.iter().position(|day| *day == name));
        place.map(|place| place as u8).ok_or_else(wrong)
    };
    let mut set = Set::default();
    for part in text.trim_end_matches(',').split(',') {
        let (first, last) = match part.split_once("..") {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(part)?, day(part)?),
        };
        // `Fri..Mon` goes over the end of the week.
        if first <= last {
            set.add(first, last, 1);
        } else {
            set.add(first, 6, 1);
            set.add(0, last, 1);
        }
    }
    Ok(set)
}

fn date(text: &str, calendar: &mut Calendar) -> Result<(), NotACalendar> {
    if text.contains('~') {
        return Err(NotACalendar(format!("`{text}` counts from the end of the month, which is not understood")));
    }
    let parts: Vec<_> = text.split('-').collect();
    let (year, month, day) = match parts[..] {
        [year, month, day] => (year, month, day),
        [month, day] => ("*", month, day),
        _ => return Err(NotACalendar(format!("`{text}` is no date; write year-month-day, like `*-*-01`"))),
    };
    if year != "*" {
        for part in year.split(',') {
            let (first, last, step) = range(part, 1970, 9999, "year")?;
            let narrow = |number: u16| i16::try_from(number).expect("years have four digits");
            calendar.years.push((narrow(first), narrow(last), narrow(step)));
        }
    }
    calendar.months = numbers(month, 1, 12, "month")?;
    calendar.days = numbers(day, 1, 31, "day")?;
    Ok(())
}

fn time(text: &str, calendar: &mut Calendar) -> Result<(), NotACalendar> {
    let parts: Vec<_> = text.split(':').collect();
    let (hour, minute, second) = match parts[..] {
        [hour, minute] => (hour, minute, "0"),
        [hour, minute, second] => (hour, minute, second),
        _ => return Err(NotACalendar(format!("`{text}` is no time; write hour:minute or hour:minute:second"))),
    };
    calendar.hours = numbers(hour, 0, 23, "hour")?;
    calendar.minutes = numbers(minute, 0, 59, "minute")?;
    calendar.seconds = numbers(second, 0, 59, "second")?;
    Ok(())
}

fn numbers(text: &str, least: u16, most: u16, name: &str) -> Result<Set, NotACalendar> {
    let mut set = Set::default();
    for part in text.split(',') {
        let (first, last, step) = range(part, least, most, name)?;
        let narrow = |number: u16| u8::try_from(number).unwrap_or(u8::MAX);
        set.add(narrow(first), narrow(last), narrow(step));
    }
    Ok(set)
}

/// `*`, `5`, `5..9`, each with `/step`; a single number with a step goes on to the end.
fn range(part: &str, least: u16, most: u16, name: &str) -> Result<(u16, u16, u16), NotACalendar> {
    let wrong = |why: String| NotACalendar(format!("`{part}` as {name} {why}"));
    let number = |text: &str| {
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| wrong(format!("is not from {least} to {most}")))
    };
    let (range, step) = match part.split_once('/') {
        None => (part, None),
        Some((range, step)) => {
            let step = step.parse::<u16>().ok().filter(|step| (1..=most).contains(step));
            (range, Some(step.ok_or_else(|| wrong(format!("has a step that is not from 1 to {most}")))?))
        }
    };
    let (first, last) = match range.split_once("..") {
        _ if range == "*" => (least, most),
        Some((first, last)) => (number(first)?, number(last)?),
        None if step.is_some() => (number(range)?, most),
        None => (number(range)?, number(range)?),
    };
    if first > last {
        return Err(wrong("ends before it begins".to_owned()));
    }
    Ok((first, last, step.unwrap_or(1)))
}
