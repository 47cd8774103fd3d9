//! Moments that repeat by the calendar of a time zone: `cron` lines and systemd's `OnCalendar`.
//!
//! Both days a year on which clocks are moved follow what runs the jobs. cron (`crontab(5)`, as cronie and Vixie's have it): a
//! line with fixed hours and minutes that falls into the hour that is left out runs at the moment of the move, one that falls
//! into the hour that comes twice runs once, the first time; a line with `*` in hours or minutes follows real time. systemd
//! (`systemd.time(7)`) leaves out what does not exist and runs once what exists twice.

mod cron;
mod on_calendar;
mod set;

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use crate::time::Wall;
use set::Set;

/// Every date that can exist comes again within so many days: a 29 February on a given weekday within 40 years.
const DAYS_MAX: u32 = 41 * 366;

/// Why a text is no calendar: what is wrong with which part, and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotACalendar(pub String);

impl fmt::Display for NotACalendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotACalendar {}

/// What becomes of a local time on a day on which clocks are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moved {
    /// Left out: at the moment of the move. Twice: the first time.
    Once,
    /// Left out: not at all. Twice: the first time.
    Skipped,
    /// Left out: not at all. Twice: twice.
    RealTime,
}

/// Moments that repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    months: Set,
    days: Set,
    /// 0 is Monday.
    weekdays: Set,
    /// Whether a day is meant that fits either of days and weekdays, as cron does when both are written.
    either: bool,
    hours: Set,
    minutes: Set,
    seconds: Set,
    /// All years when empty.
    years: Vec<(i16, i16, i16)>,
    moved: Moved,
}

impl Calendar {
    /// Reads a line of cron: minute, hour, day of the month, month, day of the week; or `@daily` and the like.
    ///
    /// # Errors
    /// [`NotACalendar`] names the field and the way out.
    pub fn cron(text: &str) -> Result<Self, NotACalendar> {
        cron::parse(text)
    }

    /// Reads what systemd's `OnCalendar` takes: `Mon..Fri *-*-* 02:30`, `daily`.
    ///
    /// # Errors
    /// [`NotACalendar`] names the part and the way out.
    pub fn on_calendar(text: &str) -> Result<Self, NotACalendar> {
        on_calendar::parse(text)
    }

    /// The first moment after `after`; `None` when there is none within forty years.
    pub fn next(&self, after: Wall, zone: &TimeZone) -> Option<Wall> {
        let after = Timestamp::from_millisecond(after.ms()).ok()?;
        let mut date = zone.to_datetime(after).date();
        for _ in 0..DAYS_MAX {
            if self.has(date)
                && let Some(next) = self.next_on(date, after, zone)
            {
                return Some(Wall::from_ms(next.as_millisecond()));
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    fn has(&self, date: Date) -> bool {
        let day = self.days.has(date.day() as u8);
        let weekday = self.weekdays.has(date.weekday().to_monday_zero_offset() as u8);
        let fits = if self.either { day || weekday } else { day && weekday };
        let year = |&(first, last, step): &(i16, i16, i16)| {
            (first..=last).contains(&date.year()) && (date.year() - first) % step == 0
        };
        fits && self.months.has(date.month() as u8) && (self.years.is_empty() || self.years.iter().any(year))
    }

    /// The first moment of a local day that is later than `after`.
    fn next_on(&self, date: Date, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        // Where the day's clock runs evenly, later by the clock is later in truth, and the first that fits is the one.
        let (begin, end) = (offset_at(date, zone), offset_at(date.tomorrow().ok()?, zone));
        let even = begin.filter(|begin| Some(*begin) == end);
        let passed = even.map(|offset| offset.to_datetime(after)).filter(|local| local.date() == date);
        let first_hour = passed.map_or(0, |local| local.hour() as u8);
        let mut next: Option<Timestamp> = None;
        let mut moments = Vec::new();
        for hour in self.hours.iter().filter(|hour| *hour >= first_hour) {
            for minute in self.minutes.iter() {
                for second in self.seconds.iter() {
                    let time =
                        Time::new(hour as i8, minute as i8, second as i8, 0).expect("sets hold what clocks show");
                    self.place(date, time, zone, &mut moments);
                    let later = moments.drain(..).filter(|moment| *moment > after).min();
                    if even.is_some() && later.is_some() {
                        return later;
                    }
                    next = next.into_iter().chain(later).min();
                }
            }
        }
        next
    }

    fn place(&self, date: Date, time: Time, zone: &TimeZone, into: &mut Vec<Timestamp>) {
        let local = date.to_datetime(time);
        let at = |offset: Offset| offset.to_timestamp(local).ok();
        match (zone.to_ambiguous_timestamp(local).offset(), self.moved) {
            (AmbiguousOffset::Unambiguous { offset }, _) => into.extend(at(offset)),
            (AmbiguousOffset::Gap { before, .. }, Moved::Once) => {
                into.extend(at(before).and_then(|late| moved_before(late, zone)))
            }
            (AmbiguousOffset::Gap { .. }, _) => {}
            (AmbiguousOffset::Fold { before, after }, Moved::RealTime) => {
                into.extend(at(before).into_iter().chain(at(after)))
            }
            (AmbiguousOffset::Fold { before, .. }, _) => into.extend(at(before)),
        }
    }
}

/// The offset at the beginning of a day, when there is no doubt about it.
fn offset_at(date: Date, zone: &TimeZone) -> Option<Offset> {
    match zone.to_ambiguous_timestamp(date.to_datetime(Time::midnight())).offset() {
        AmbiguousOffset::Unambiguous { offset } => Some(offset),
        _ => None,
    }
}

/// The last moment up to `late` at which clocks were moved.
fn moved_before(late: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let behind = Timestamp::from_second(late.as_second() + 1).ok()?;
    zone.preceding(behind).next().map(|transition| transition.timestamp())
}

#[cfg(test)]
mod tests;
