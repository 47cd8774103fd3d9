//! `/api/v1/uptime` and `/api/v1/monitors/{id}/uptime`: how the windows divide.

use std::collections::BTreeMap;
use std::ops::Range;

use allswell_core::Wall;
use allswell_core::uptime::{Mark, Presence, Shares};
use allswell_monitor::model::MonitorId;
use allswell_monitor::store::MonitorRow;
use axum::Json;
use axum::extract::RawQuery;
use axum::http::Uri;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::page::{PARAMETERS, Page, Part, Wanted, page};
use super::read::{self, UptimeReader, WINDOWS};
use super::{ApiState, Key, Mine, Problem, Query, openapi, wire};

/// Ten years.
const MONTHS_MAX: usize = 120;

/// How all monitors fared.
#[derive(Serialize, ToSchema)]
#[schema(as = UptimeOfAll)]
pub(super) struct List {
    monitors: Vec<One>,
    /// How many monitors there are.
    total: usize,
    /// How many the filter let through.
    matched: usize,
    /// Where the next page is; `null` on the last one.
    next: Option<String>,
}

/// How one monitor fared.
#[derive(Serialize, ToSchema)]
#[schema(as = Uptime)]
pub(super) struct One {
    /// The monitor's number.
    id: u32,
    /// The monitor's name.
    name: String,
    /// By the length of the window: `24h`, `7d`, `30d`, `90d`.
    uptime: BTreeMap<&'static str, Window>,
    /// From `from` to `to`, where these were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<Window>,
    /// Calendar months, the newest first, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    months: Option<Vec<Month>>,
}

/// A calendar month, as long as its time zone makes it; the running one until now.
#[derive(Serialize, ToSchema)]
#[schema(as = UptimeMonth)]
struct Month {
    /// `2026-11`.
    month: String,
    #[serde(flatten)]
    window: Window,
}

/// Which windows besides.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document of what `Query` reads by name")]
pub(super) struct Windows {
    /// A window from this moment on, RFC 3339.
    #[param(format = DateTime)]
    from: Option<String>,
    /// A window before this moment, RFC 3339; now where nothing is said.
    #[param(format = DateTime)]
    to: Option<String>,
    /// So many calendar months, the running one among them.
    #[param(minimum = 1, maximum = 120)]
    months: Option<usize>,
    /// Where months begin: a name of the IANA database, `Europe/Berlin`; UTC where nothing is said.
    timezone: Option<String>,
}

/// One window: the number, how much of it is known, and its parts, which add up to the whole.
#[derive(Serialize, ToSchema)]
#[schema(as = UptimeWindow)]
struct Window {
    #[schema(format = DateTime)]
    from: String,
    #[schema(format = DateTime)]
    to: String,
    #[serde(flatten)]
    number: Number,
    window_ms: u64,
    /// By what was true: `up`, `degraded`, `down`, `unknown`, `maintenance`, `paused`.
    shares: BTreeMap<&'static str, Share>,
}

/// Uptime as a number and as people read it. `percent` is `null` when nothing is known.
#[derive(Serialize, ToSchema)]
#[schema(as = UptimeNumber)]
pub(super) struct Number {
    percent: Option<f64>,
    /// Rounded down, so that no failure reads as 100 %.
    text: String,
    /// How much of the window is known.
    coverage_percent: f64,
}

/// A part of a window.
#[derive(Serialize, ToSchema)]
struct Share {
    percent: f64,
    ms: u64,
}

impl Number {
    pub(super) fn of(shares: &Shares) -> Self {
        Self { percent: shares.uptime(), text: shares.uptime_text(), coverage_percent: shares.coverage() }
    }

    /// The numbers of all windows by their names.
    pub(super) fn all(windows: &[Shares; 4]) -> BTreeMap<&'static str, Self> {
        WINDOWS.iter().zip(windows).map(|((name, _), shares)| (*name, Self::of(shares))).collect()
    }
}

/// How all monitors fared
#[utoipa::path(get, path = "/api/v1/uptime", operation_id = "list_uptime", tag = "uptime", params(Wanted, Part),
    responses((status = 200, body = List), openapi::Refusals))]
pub(super) async fn list(Mine(state): Mine, path: Uri, query: RawQuery) -> Result<Json<List>, Problem> {
    let Page { ids, total, matched, next } = page(&state, &Query::read(query, &PARAMETERS)?, &path).await?;
    let reader = UptimeReader::at(&*state.store, state.now().wall).await?;
    let histories = state.store.histories(ids, reader.longest()).await?;
    let monitors = histories.into_iter().map(|(monitor, marks)| one_of(&reader, monitor, &marks)).collect();
    Ok(Json(List { monitors, total, matched, next }))
}

/// How one monitor fared
#[utoipa::path(get, path = "/api/v1/monitors/{id}/uptime", operation_id = "get_uptime", tag = "uptime", params(openapi::Monitor, Windows),
    responses((status = 200, body = One), openapi::RefusalsOfOne))]
pub(super) async fn one(Mine(state): Mine, key: Key, query: RawQuery) -> Result<Json<One>, Problem> {
    let query = Query::read(query, &["from", "to", "months", "timezone"])?;
    let now = state.now().wall;
    let (window, months) = (wanted(&query, now)?, months(&query, now)?);
    let monitor = read::monitor(&*state.store, &key.0).await?;
    let id = monitor.enlisted.id;
    let reader = UptimeReader::at(&*state.store, now).await?;
    let marks = state.store.marks(id, reader.longest()).await?;
    let mut one = one_of(&reader, monitor, &marks);
    if let Some(range) = window {
        one.window = Some(divided(&state, id, range).await?);
    }
    if let Some(wanted) = months {
        let mut months = Vec::new();
        for (month, range) in wanted {
            months.push(Month { month, window: divided(&state, id, range).await? });
        }
        one.months = Some(months);
    }
    Ok(Json(one))
}

/// The window that the query names.
fn wanted(query: &Query, now: Wall) -> Result<Option<Range<Wall>>, Problem> {
    let (from, to) = (query.moment("from")?, query.moment("to")?);
    match (from, to.unwrap_or(now)) {
        (None, _) if to.is_some() => {
            Err(Problem::parameter("from", "`from` is missing", "say where the window begins"))
        }
        (None, _) => Ok(None),
        (Some(from), to) if from < to => Ok(Some(from..to)),
        (Some(_), _) => Err(Problem::parameter("from", "`from` is not before `to`", "name a beginning before the end")),
    }
}

/// A stretch of time and its name.
type Named = (String, Range<Wall>);

/// The months that the query names, newest first, each with its name.
fn months(query: &Query, now: Wall) -> Result<Option<Vec<Named>>, Problem> {
    let zone = query.value("timezone").unwrap_or("UTC");
    let zone = TimeZone::get(zone).map_err(|_| {
        let hint = "write a name of the IANA database: UTC, Europe/Berlin, America/New_York";
        Problem::parameter("timezone", format!("there is no time zone `{zone}`"), hint)
    })?;
    if query.value("months").is_none() {
        return Ok(None);
    }
    let count = query.number("months", 1)?;
    if count > MONTHS_MAX {
        let hint = format!("give a whole number from 1 to {MONTHS_MAX}");
        return Err(Problem::parameter("months", format!("`months` cannot be `{count}`"), hint));
    }
    Ok(Some(months_until(now, count, &zone)))
}

/// The last `count` calendar months of `zone`, the running one first and until `now`.
fn months_until(now: Wall, count: usize, zone: &TimeZone) -> Vec<Named> {
    let today = Timestamp::from_millisecond(now.ms()).unwrap_or_default().to_zoned(zone.clone()).date();
    let mut first = today.first_of_month();
    let mut end = now;
    let mut months = Vec::new();
    for _ in 0..count {
        // Midnight itself may not be there; then the day begins with the first moment that is.
        let Ok(begin) = first.to_zoned(zone.clone()).and_then(|day| day.start_of_day()) else { break };
        let begin = Wall::from_ms(begin.timestamp().as_millisecond());
        months.push((first.strftime("%Y-%m").to_string(), begin..end));
        let Ok(before) = first.yesterday() else { break };
        (first, end) = (before.first_of_month(), begin);
    }
    months
}

async fn divided(state: &ApiState, id: MonitorId, range: Range<Wall>) -> Result<Window, Problem> {
    let marks = state.store.marks(id, range.clone()).await?;
    let watched = state.store.watched(range.clone()).await?;
    Ok(window_of(&Shares::of(&marks, &watched, range.clone()), range))
}

fn one_of(reader: &UptimeReader<'_>, monitor: MonitorRow, marks: &[Mark]) -> One {
    let uptime = reader.divide(marks);
    let windows = WINDOWS.iter().zip(&uptime.windows);
    let windows = windows.map(|((name, length), shares)| (*name, window_of(shares, reader.window(*length)))).collect();
    One { id: monitor.enlisted.id.0, name: monitor.enlistment.name, uptime: windows, window: None, months: None }
}

fn window_of(shares: &Shares, range: Range<Wall>) -> Window {
    Window {
        from: wire::time(range.start),
        to: wire::time(range.end),
        number: Number::of(shares),
        window_ms: wire::whole_ms(shares.window()),
        shares: Presence::ALL.map(|presence| (presence.as_str(), share(shares, presence))).into(),
    }
}

fn share(shares: &Shares, presence: Presence) -> Share {
    Share { percent: shares.percent(presence), ms: wire::whole_ms(shares.time(presence)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(text: &str) -> Wall {
        Wall::from_ms(text.parse::<Timestamp>().expect("a moment").as_millisecond())
    }

    #[test]
    fn months_are_as_long_as_their_zone_makes_them() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        let months = months_until(wall("2026-11-21T12:00:00Z"), 3, &berlin);
        let names: Vec<_> = months.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["2026-11", "2026-10", "2026-09"]);
        assert_eq!(months[0].1, wall("2026-10-31T23:00:00Z")..wall("2026-11-21T12:00:00Z"));
        // October has an hour more than its days.
        assert_eq!(months[1].1, wall("2026-09-30T22:00:00Z")..wall("2026-10-31T23:00:00Z"));
    }

    #[test]
    fn the_month_is_that_of_the_zone_and_not_of_utc() {
        let check = |zone: &str, expected: &str| {
            let zone = TimeZone::get(zone).expect("a zone");
            assert_eq!(months_until(wall("2026-11-30T23:30:00Z"), 1, &zone)[0].0, expected);
        };
        check("UTC", "2026-11");
        check("Europe/Berlin", "2026-12");
        check("America/New_York", "2026-11");
    }

    #[test]
    fn months_follow_one_another_without_a_gap() {
        for zone in ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia"] {
            let months = months_until(wall("2026-11-21T12:00:00Z"), MONTHS_MAX, &TimeZone::get(zone).expect("a zone"));
            assert_eq!(months.len(), MONTHS_MAX);
            assert!(months.windows(2).all(|pair| pair[0].1.start == pair[1].1.end), "{zone}");
        }
    }
}
