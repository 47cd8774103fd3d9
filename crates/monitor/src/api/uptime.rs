//! `/api/v1/uptime` and `/api/v1/monitors/{id}/uptime`: how the windows divide.

use std::collections::BTreeMap;

use allswell_core::uptime::{Presence, Shares};
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;

use super::read::{self, UptimeReader, WINDOWS};
use super::{ApiState, Key, Problem, Query, wire};
use crate::store::MonitorRow;

#[derive(Serialize)]
pub(super) struct List {
    monitors: Vec<One>,
}

#[derive(Serialize)]
pub(super) struct One {
    id: u32,
    name: String,
    uptime: BTreeMap<&'static str, Window>,
}

/// One window: the number, how much of it is known, and its parts, which add up to the whole.
#[derive(Serialize)]
struct Window {
    from: String,
    to: String,
    #[serde(flatten)]
    number: Number,
    window_ms: u64,
    shares: BTreeMap<&'static str, Share>,
}

/// Uptime as a number and as people read it. `percent` is `null` when nothing is known.
#[derive(Serialize)]
pub(super) struct Number {
    percent: Option<f64>,
    text: String,
    coverage_percent: f64,
}

#[derive(Serialize)]
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

pub(super) async fn list(State(state): State<ApiState>, query: RawQuery) -> Result<Json<List>, Problem> {
    Query::read(query, &[])?;
    let reader = UptimeReader::at(&*state.store, state.now().wall).await?;
    let mut monitors = Vec::new();
    for monitor in state.store.monitors().await? {
        monitors.push(one_of(&reader, monitor).await?);
    }
    Ok(Json(List { monitors }))
}

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
