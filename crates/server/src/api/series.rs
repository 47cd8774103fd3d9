//! `/api/v1/monitors/{id}/series` and `/percentiles`: many results as few numbers, nothing smoothed.

use std::ops::Range;
use std::time::Duration;

use allswell_core::Wall;
use allswell_core::series::{Summary, buckets};
use allswell_core::time::parse_duration;
use axum::Json;
use axum::extract::RawQuery;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{ApiState, Key, Mine, Problem, Query, openapi, read, wire};

/// More points than any screen has.
const BUCKETS_MAX: u128 = 2_000;
/// So many where nothing is said.
const BUCKETS: u32 = 300;
const DAY: Duration = Duration::from_secs(86_400);

/// The askings of a stretch of time as few numbers; latencies are those of askings that were answered well.
#[derive(Serialize, ToSchema)]
#[schema(as = Numbers)]
struct Numbers {
    /// How many askings there were.
    count: u64,
    failed: u64,
    /// Of how many nobody knows, because of ourselves.
    unknown: u64,
    /// The part of those we know of that failed, from 0 to 1.
    failed_share: Option<f64>,
    min_ms: Option<f64>,
    avg_ms: Option<f64>,
    max_ms: Option<f64>,
    p50_ms: Option<f64>,
    p95_ms: Option<f64>,
    p99_ms: Option<f64>,
}

impl Numbers {
    fn of(summary: &Summary) -> Self {
        let percentile = |percent| summary.percentile(percent).map(wire::ms);
        Self {
            count: summary.count(),
            failed: summary.failed,
            unknown: summary.unknown,
            failed_share: summary.failed_share(),
            min_ms: summary.least().map(wire::ms),
            avg_ms: summary.mean().map(wire::ms),
            max_ms: summary.most().map(wire::ms),
            p50_ms: percentile(50),
            p95_ms: percentile(95),
            p99_ms: percentile(99),
        }
    }
}

/// How long a monitor's askings took over time, in columns: what stands at the same place belongs to the same stretch.
#[derive(Serialize, ToSchema)]
#[schema(as = Series)]
pub(super) struct Series {
    /// The monitor's number.
    id: u32,
    /// The monitor's name.
    name: String,
    #[schema(format = DateTime)]
    from: String,
    #[schema(format = DateTime)]
    to: String,
    /// How long a stretch is.
    step_s: f64,
    /// How many askings were begun in each stretch; where there is none, nothing is known.
    count: Vec<u64>,
    /// The part that failed, from 0 to 1.
    failed_share: Vec<Option<f64>>,
    min_ms: Vec<Option<f64>>,
    avg_ms: Vec<Option<f64>>,
    max_ms: Vec<Option<f64>>,
    p95_ms: Vec<Option<f64>>,
    /// The same over the whole range.
    whole: Numbers,
}

/// Percentiles of a monitor's latencies.
#[derive(Serialize, ToSchema)]
#[schema(as = Percentiles)]
pub(super) struct Percentiles {
    /// The monitor's number.
    id: u32,
    /// The monitor's name.
    name: String,
    #[schema(format = DateTime)]
    from: String,
    #[schema(format = DateTime)]
    to: String,
    #[serde(flatten)]
    numbers: Numbers,
}

/// Over which time.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document of what `Query` reads by name")]
pub(super) struct Over {
    /// From this moment on, RFC 3339; a day before `to` where nothing is said.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Before this moment, RFC 3339; now where nothing is said.
    #[param(format = DateTime)]
    to: Option<String>,
}

/// How fine.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document of what `Query` reads by name")]
pub(super) struct Step {
    /// How long a stretch is, `60s`, `5m`, `1h`; a three hundredth of the range where nothing is said.
    step: Option<String>,
}

/// Latencies over time
#[utoipa::path(get, path = "/api/v1/monitors/{id}/series", operation_id = "get_series", tag = "monitors",
    params(openapi::Monitor, Over, Step), responses((status = 200, body = Series), openapi::RefusalsOfOne))]
pub(super) async fn series(Mine(state): Mine, key: Key, query: RawQuery) -> Result<Json<Series>, Problem> {
    let query = Query::read(query, &["from", "to", "step"])?;
    let range = range(&query, &state)?;
    let step = step(&query, &range)?;
    let monitor = read::monitor(&*state.store, &key.0).await?;
    let samples = state.store.samples(monitor.enlisted.id, range.clone()).await?;
    let dividing = range.clone();
    let (whole, buckets) = beside(move || {
        let whole = Numbers::of(&Summary::of(samples.iter().copied()));
        (whole, buckets(samples, &dividing, step))
    })
    .await?;
    let column =
        |value: fn(&Summary) -> Option<Duration>| buckets.iter().map(|bucket| value(bucket).map(wire::ms)).collect();
    Ok(Json(Series {
        id: monitor.enlisted.id.0,
        name: monitor.enlistment.name,
        from: wire::time(range.start),
        to: wire::time(range.end),
        step_s: step.as_secs_f64(),
        count: buckets.iter().map(Summary::count).collect(),
        failed_share: buckets.iter().map(Summary::failed_share).collect(),
        min_ms: column(Summary::least),
        avg_ms: column(Summary::mean),
        max_ms: column(Summary::most),
        p95_ms: column(|bucket| bucket.percentile(95)),
        whole,
    }))
}

/// Percentiles of the latencies
#[utoipa::path(get, path = "/api/v1/monitors/{id}/percentiles", operation_id = "get_percentiles", tag = "monitors",
    params(openapi::Monitor, Over), responses((status = 200, body = Percentiles), openapi::RefusalsOfOne))]
pub(super) async fn percentiles(Mine(state): Mine, key: Key, query: RawQuery) -> Result<Json<Percentiles>, Problem> {
    let query = Query::read(query, &["from", "to"])?;
    let range = range(&query, &state)?;
    let monitor = read::monitor(&*state.store, &key.0).await?;
    let samples = state.store.samples(monitor.enlisted.id, range.clone()).await?;
    Ok(Json(Percentiles {
        id: monitor.enlisted.id.0,
        name: monitor.enlistment.name,
        from: wire::time(range.start),
        to: wire::time(range.end),
        numbers: beside(move || Numbers::of(&Summary::of(samples))).await?,
    }))
}

/// Counts where nobody else waits: months of results take a while to sort.
pub(super) async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Problem::busy())
}

/// What the query says; the last day where it says nothing.
pub(super) fn range(query: &Query, state: &ApiState) -> Result<Range<Wall>, Problem> {
    let to = query.moment("to")?.unwrap_or_else(|| state.now().wall);
    let from = query.moment("from")?.unwrap_or(to - DAY);
    if from >= to {
        return Err(Problem::parameter("from", "`from` is not before `to`", "name a beginning before the end"));
    }
    Ok(from..to)
}

/// What the query says, or what makes about three hundred stretches.
fn step(query: &Query, range: &Range<Wall>) -> Result<Duration, Problem> {
    let length = range.end.since(range.start);
    let Some(text) = query.value("step") else {
        let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        return Ok(Duration::from_millis((millis / u64::from(BUCKETS)).max(1_000)));
    };
    let refused = |detail: String, hint: String| Problem::parameter("step", detail, hint);
    let step = parse_duration(text).map_err(|_| {
        refused(format!("`step` is no time: `{text}`"), "write it with its unit: `60s`, `5m`, `1h`".to_owned())
    })?;
    let least = length.as_millis().div_ceil(BUCKETS_MAX).max(1);
    if step.as_millis() < least {
        let hint = format!("give at least {least}ms, or a shorter range");
        return Err(refused(format!("a step of {text} makes more than {BUCKETS_MAX} stretches"), hint));
    }
    Ok(step)
}
