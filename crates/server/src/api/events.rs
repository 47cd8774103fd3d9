//! `/api/v1/events`: what happens, as it happens; and what happened elsewhere, which people and pipelines tell us.
//!
//! A reader that accepts `text/event-stream` follows, everybody else gets the list of marks.

use std::convert::Infallible;
use std::sync::Arc;

use allswell_monitor::access::{Need, Scope};
use allswell_monitor::fleet::Position;
use allswell_monitor::store::{MarkRow, NewMark};
use axum::Json;
use axum::body::Body;
use axum::extract::{Extension, RawQuery};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use serde::Serialize;
use url::Url;
use utoipa::{IntoParams, ToSchema};

use super::body::Fields;
use super::gate::Caller;
use super::{ApiState, Key, Mine, NoQuery, Problem, Query, openapi, read, stay, wire};

const DEFAULT: usize = 100;
const MOST: usize = 10_000;
const TEXT_CHARACTERS_MAX: usize = 500;
const KIND_CHARACTERS_MAX: usize = 40;
/// How many may follow at once.
const FOLLOWERS_MAX: usize = 1_000;

/// What happened elsewhere, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Marks)]
pub(super) struct List {
    events: Vec<One>,
}

/// Something that happened elsewhere.
#[derive(Serialize, ToSchema)]
#[schema(as = Mark)]
pub(super) struct One {
    id: i64,
    #[schema(format = DateTime)]
    at: String,
    /// What it was, in a word: `deploy`.
    kind: String,
    text: String,
    /// Where more is told.
    link: Option<String>,
    /// The number of the monitor it concerns; `null` for all.
    monitor_id: Option<u32>,
}

/// What happened.
#[derive(ToSchema)]
#[schema(as = NewMark)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct New {
    /// One sentence: `payments 1.43.0`.
    #[schema(min_length = 1, max_length = 500)]
    text: String,
    /// What it was, in a word; `deploy` where nothing is said.
    #[schema(min_length = 1, max_length = 40)]
    kind: Option<String>,
    /// When; now where nothing is said.
    #[schema(format = DateTime)]
    at: Option<String>,
    /// Where more is told: http:// or https://.
    link: Option<String>,
    /// Whom it concerns: a monitor's number or name; all where nothing is said.
    monitor: Option<String>,
}

/// Which marks, or from where on to follow.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document of what `Query` reads by name")]
pub(super) struct Which {
    /// From this moment on, RFC 3339.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Before this moment, RFC 3339.
    #[param(format = DateTime)]
    to: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 10_000, default = 100)]
    limit: Option<usize>,
    /// For who follows: the `position` of `/api/v1/fleet`, or the last `id` that came; `Last-Event-ID` comes before it.
    after: Option<String>,
}

impl From<MarkRow> for One {
    fn from(row: MarkRow) -> Self {
        let MarkRow { id, mark } = row;
        Self {
            id,
            at: wire::time(mark.at),
            kind: mark.kind,
            text: mark.text,
            link: mark.link,
            monitor_id: mark.monitor.map(|id| id.0),
        }
    }
}

/// What happens, and what happened elsewhere
///
/// With `Accept: text/event-stream` a stream: `results` carries `[[id, status, latency_ms], ...]` (statuses as in the fleet)
/// at most ten times a second, `mark` a new mark, `reload` says that the list of monitors changed, `reset` that too much was
/// missed to be told: read the fleet again. It ends when who follows may read no more: signed out, expired, deleted. Without, the
/// marks as JSON.
#[utoipa::path(get, path = "/api/v1/events", operation_id = "list_events", tag = "events", params(Which),
    responses((status = 200, content((List = "application/json"), (String = "text/event-stream"))), openapi::Refusals))]
pub(super) async fn list(
    Mine(state): Mine,
    Extension(caller): Extension<Caller>,
    query: RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Query::read(query, &["from", "to", "limit", "after"])?;
    let (from, to) = read::range(&query)?;
    let limit = query.limit(DEFAULT, MOST)?;
    let accepted = headers.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
    if accepted.contains("text/event-stream") {
        return follow(&state, caller, &query, &headers);
    }
    let marks = state.store.added_marks(from..to, limit).await?;
    Ok(Json(List { events: marks.into_iter().map(One::from).collect() }).into_response())
}

fn follow(state: &ApiState, caller: Caller, query: &Query, headers: &HeaderMap) -> Result<Response, Problem> {
    let live = state.fleet.live();
    if live.followers() >= FOLLOWERS_MAX {
        return Err(Problem::busy());
    }
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).or(query.value("after"));
    let nowhere = || {
        Problem::parameter(
            "after",
            "`after` is no position",
            "give `position` of /api/v1/fleet or the last `id` that came",
        )
    };
    let last = last.map(|id| id.parse::<Position>().map_err(|()| nowhere())).transpose()?;
    let over = stay::over(state.clone(), caller, Need::Scope(Scope::Read));
    let news = Arc::clone(live).follow(last).take_until(over).map(Ok::<_, Infallible>);
    let mut response = Response::new(Body::from_stream(news));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would keep what comes until there is more of it.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// Tell what happened
///
/// A deploy, a migration, a campaign: it is shown on the charts, and who follows hears of it.
#[utoipa::path(post, path = "/api/v1/events", operation_id = "create_event", tag = "events", request_body = New,
    responses((status = 201, body = One), openapi::RefusalsOfOne, openapi::RefusalsOfBody))]
pub(super) async fn create(Mine(state): Mine, _: NoQuery, fields: Fields) -> Result<Response, Problem> {
    let fields = fields.only(&["text", "kind", "at", "link", "monitor"])?;
    let now = state.now().wall;
    let monitor = match fields.text("monitor", 1_000)? {
        Some(key) => Some(read::monitor(&*state.store, &key).await?.enlisted.id),
        None => None,
    };
    let mark = NewMark {
        at: fields.moment("at")?.unwrap_or(now),
        kind: fields.text("kind", KIND_CHARACTERS_MAX)?.unwrap_or_else(|| "deploy".to_owned()),
        text: fields.needed_text("text", TEXT_CHARACTERS_MAX)?,
        link: link(&fields)?,
        monitor,
    };
    let one = One::from(state.store.add_mark(mark).await?);
    let told = serde_json::to_string(&one).expect("plain structures always serialise");
    state.fleet.live().push("mark", &told);
    let place = [(header::LOCATION, format!("/api/v1/events/{}", one.id))];
    Ok((StatusCode::CREATED, place, Json(one)).into_response())
}

fn link(fields: &Fields) -> Result<Option<String>, Problem> {
    let Some(link) = fields.text("link", 2_000)? else { return Ok(None) };
    // A page makes a link of it: nothing but an address may become one.
    let is_plain = Url::parse(&link).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if is_plain {
        Ok(Some(link))
    } else {
        Err(Problem::field("link", "`link` is no address", "write http:// or https://"))
    }
}

/// Take back what was told
#[utoipa::path(delete, path = "/api/v1/events/{id}", operation_id = "delete_event", tag = "events", params(openapi::Event),
    responses((status = 204), openapi::RefusalsOfOne))]
pub(super) async fn remove(Mine(state): Mine, key: Key, _: NoQuery) -> Result<StatusCode, Problem> {
    let id = key.0.parse::<i64>().ok();
    let removed = match id {
        Some(id) => state.store.remove_mark(id).await?,
        None => false,
    };
    let missing = || Problem::not_found(format!("there is no event `{}`", key.0), "see /api/v1/events for their ids");
    removed.then_some(StatusCode::NO_CONTENT).ok_or_else(missing)
}
