//! `/api/v1/uptime` and `/api/v1/monitors/{id}/uptime`: how the windows divide.

use std::collections::BTreeMap;

use allswell_core::uptime::{Presence, Shares};
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::read::{self, UptimeReader, WINDOWS};
use super::{ApiState, Key, Problem, Query, openapi, wire};
use crate::store::MonitorRow;

/// How all monitors fared.
#[derive(Serialize, ToSchema)]
#[schema(as = UptimeOfAll)]
pub(super) struct List {
    monitors: Vec<One>,
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
#[utoipa::path(get, path = "/api/v1/uptime", operation_id = "list_uptime", tag = "uptime", responses((status = 200, body = List), openapi::Refusals))]
pub(super) async fn list(State(state): State<ApiState>, query: RawQuery) -> Result<Json<List>, Problem> {
    Query::read(query, &[])?;
    let reader = UptimeReader::at(&*state.store, state.now().wall).await?;
    let mut monitors = Vec::new();
    for monitor in state.store.monitors().await? {
        monitors.push(one_of(&reader, monitor).await?);
    }
    Ok(Json(List { monitors }))
}

/// How one monitor fared
#[utoipa::path(get, path = "/api/v1/monitors/{id}/uptime", operation_id = "get_uptime", tag = "uptime", params(openapi::Monitor),
    responses((status = 200, body = One), openapi::RefusalsOfOne))]
pub(super) async fn one(State(state): State<ApiState>, key: Key, query: RawQuery) -> Result<Json<One>, Problem> {
    Query::read(query, &[])?;
    let monitor = read::monitor(&*state.store, &key.0).await?;
    let reader = UptimeReader::at(&*state.store, state.now().wall).await?;
    Ok(Json(one_of(&reader, monitor).await?))
}

async fn one_of(reader: &UptimeReader<'_>, monitor: MonitorRow) -> Result<One, Problem> {
    let id = monitor.enlisted.id;
    let uptime = reader.of(id).await?;
    let windows = WINDOWS.iter().zip(&uptime.windows).map(|((name, length), shares)| {
        let range = reader.window(*length);
        let window = Window {
            from: wire::time(range.start),
            to: wire::time(range.end),
            number: Number::of(shares),
            window_ms: wire::whole_ms(shares.window()),
            shares: Presence::ALL.map(|presence| (presence.as_str(), share(shares, presence))).into(),
        };
        (*name, window)
    });
    Ok(One { id: id.0, name: monitor.enlistment.name, uptime: windows.collect() })
}

fn share(shares: &Shares, presence: Presence) -> Share {
    Share { percent: shares.percent(presence), ms: wire::whole_ms(shares.time(presence)) }
}
