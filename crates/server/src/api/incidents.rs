//! `/api/v1/incidents` and `/api/v1/incidents/{id}`: the outages, and what happened in one.

use allswell_core::Wall;
use allswell_monitor::store::{Acknowledged, IncidentFilter, IncidentRow, NewNote, TimelineRow};
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::body::Fields;
use super::gate::Caller;
use super::{ApiState, Key, Mine, NoQuery, Problem, Query, openapi, read, wire};

const DEFAULT: usize = 100;
const MOST: usize = 100_000;
const NOTE_CHARACTERS_MAX: usize = 2_000;

/// The outages, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Incidents)]
pub(super) struct List {
    incidents: Vec<One>,
}

/// An outage.
#[derive(Serialize, ToSchema)]
#[schema(as = Incident)]
struct One {
    /// The monitor's number and the transition's, `12-7`.
    id: String,
    /// The monitor's name.
    monitor: String,
    /// The monitor's number.
    monitor_id: u32,
    #[schema(schema_with = openapi::incident_kind)]
    kind: &'static str,
    open: bool,
    /// The first failure.
    #[schema(format = DateTime)]
    began: String,
    /// When it was confirmed.
    #[schema(format = DateTime)]
    opened: String,
    /// The first good answer; `null` while it is open.
    #[schema(format = DateTime)]
    ended: Option<String>,
    lasted_ms: u64,
    /// Who sees to it; `null` while nobody said so.
    acknowledged: Option<Acknowledgement>,
    /// One sentence.
    cause: String,
    /// Its page.
    link: Option<String>,
}

/// Somebody sees to an outage.
#[derive(Serialize, ToSchema)]
struct Acknowledgement {
    /// Who.
    by: String,
    /// Since when.
    #[schema(format = DateTime)]
    time: String,
}

/// An outage with all that is known of it.
#[derive(Serialize, ToSchema)]
#[schema(as = IncidentInFull)]
pub(super) struct Whole {
    #[serde(flatten)]
    one: One,
    /// Oldest first.
    timeline: Vec<Line>,
    /// What was seen at the first failure.
    evidence: Value,
}

/// What happened at one moment of an incident.
#[derive(Serialize, ToSchema)]
#[schema(as = IncidentLine)]
struct Line {
    #[schema(format = DateTime)]
    time: String,
    /// `opened`, `turned`, `closed`, `acknowledged`, `silenced`, `note`, `update`, `sent`, `retried`, `refused`.
    what: String,
    text: String,
}

/// Which incidents.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document of what `Query` reads by name")]
pub(super) struct Which {
    /// Only those that are open.
    #[param(default = false)]
    open: Option<bool>,
    /// Only of this monitor: its number or its name.
    monitor: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 100_000, default = 100)]
    limit: Option<usize>,
}

impl From<TimelineRow> for Line {
    fn from(row: TimelineRow) -> Self {
        Self { time: wire::time(row.at), what: row.what, text: row.text }
    }
}

/// Incidents
#[utoipa::path(get, path = "/api/v1/incidents", operation_id = "list_incidents", tag = "incidents", params(Which),
    responses((status = 200, body = List), openapi::RefusalsOfOne))]
pub(super) async fn list(Mine(state): Mine, query: RawQuery) -> Result<Json<List>, Problem> {
    let query = Query::read(query, &["open", "monitor", "limit"])?;
    let mut filter =
        IncidentFilter { monitor: None, open_only: query.flag("open")?, limit: query.limit(DEFAULT, MOST)? };
    if let Some(key) = query.value("monitor") {
        filter.monitor = Some(read::monitor(&*state.store, key).await?.enlisted.id);
    }
    let rows = state.store.incidents(filter).await?;
    let now = state.now().wall;
    Ok(Json(List { incidents: rows.into_iter().map(|row| one_of(&state, row, now)).collect() }))
}

/// One incident
#[utoipa::path(get, path = "/api/v1/incidents/{id}", operation_id = "get_incident", tag = "incidents", params(openapi::Incident),
    responses((status = 200, body = Whole), openapi::RefusalsOfOne))]
pub(super) async fn one(Mine(state): Mine, key: Key, _: NoQuery) -> Result<Json<Whole>, Problem> {
    whole(&state, &key.0).await
}

async fn whole(state: &ApiState, key: &str) -> Result<Json<Whole>, Problem> {
    let mut row = read::incident(&*state.store, key).await?;
    let timeline = std::mem::take(&mut row.timeline).into_iter().map(Line::from).collect();
    let evidence = std::mem::take(&mut row.evidence);
    let evidence = serde_json::from_str(&evidence).unwrap_or(Value::String(evidence));
    Ok(Json(Whole { one: one_of(state, row, state.now().wall), timeline, evidence }))
}

fn one_of(state: &ApiState, row: IncidentRow, now: Wall) -> One {
    let base = state.public_url.as_deref().map(|base| base.trim_end_matches('/'));
    One {
        id: row.id.to_string(),
        monitor: row.monitor_name,
        monitor_id: row.id.monitor.0,
        kind: row.kind.as_str(),
        open: row.ended.is_none(),
        began: wire::time(row.began),
        opened: wire::time(row.opened),
        ended: row.ended.map(wire::time),
        lasted_ms: wire::whole_ms(row.ended.unwrap_or(now).since(row.began)),
        acknowledged: row.acknowledged.map(|done| Acknowledgement { by: done.by, time: wire::time(done.at) }),
        cause: row.cause,
        link: base.map(|base| format!("{base}/i/{}", row.id)),
    }
}

/// Who sees to it.
#[derive(ToSchema)]
#[schema(as = NewAcknowledgement)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct Acknowledging {
    /// Who; the key's name where nothing is said.
    #[schema(min_length = 1, max_length = 128)]
    by: Option<String>,
    #[schema(min_length = 1, max_length = 2_000)]
    note: Option<String>,
}

/// See to an incident
///
/// Only the first one counts: the answer says who it was.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/acknowledge", operation_id = "acknowledge_incident", tag = "incidents",
    params(openapi::Incident), request_body = Acknowledging,
    responses((status = 200, body = Whole), openapi::RefusalsOfOne, openapi::RefusalsOfBody))]
pub(super) async fn acknowledge(
    Mine(state): Mine,
    key: Key,
    _: NoQuery,
    caller: Option<Extension<Caller>>,
    fields: Fields,
) -> Result<Json<Whole>, Problem> {
    let fields = fields.only(&["by", "note"])?;
    let row = read::incident(&*state.store, &key.0).await?;
    let by = fields.text("by", 128)?.or_else(|| name_of(&state, caller)).unwrap_or_default();
    let note = fields.text("note", NOTE_CHARACTERS_MAX)?;
    match state.acknowledger.acknowledge(row.id, &by, note.as_deref()).await? {
        Acknowledged::Now | Acknowledged::Before(_) => whole(&state, &key.0).await,
        Acknowledged::Ended { at } => {
            let detail = format!("the incident ended at {}", wire::time(at));
            Err(Problem::conflict(detail, "nobody needs to see to it any more; a note can still be written"))
        }
        Acknowledged::Unknown => {
            Err(Problem::not_found(format!("there is no incident `{}`", key.0), "see /api/v1/incidents"))
        }
    }
}

/// What somebody says of an incident.
#[derive(ToSchema)]
#[schema(as = NewNote)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct Note {
    #[schema(min_length = 1, max_length = 2_000)]
    text: String,
    /// `note` for those who work on it, `update` for those who wait for its end.
    #[schema(schema_with = openapi::note_kind)]
    kind: Option<String>,
}

/// Write a note on an incident
///
/// It stands on the timeline, also after the end.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/notes", operation_id = "create_note", tag = "incidents",
    params(openapi::Incident), request_body = Note,
    responses((status = 201, body = Whole), openapi::RefusalsOfOne, openapi::RefusalsOfBody))]
pub(super) async fn note(
    Mine(state): Mine,
    key: Key,
    _: NoQuery,
    fields: Fields,
) -> Result<(StatusCode, Json<Whole>), Problem> {
    let fields = fields.only(&["text", "kind"])?;
    let what = match fields.text("kind", 20)?.as_deref() {
        None | Some("note") => "note",
        Some("update") => "update",
        Some(other) => {
            return Err(Problem::field("kind", format!("there is no kind `{other}`"), "known are note, update"));
        }
    };
    let text = fields.needed_text("text", NOTE_CHARACTERS_MAX)?;
    let row = read::incident(&*state.store, &key.0).await?;
    state.store.note(row.id, NewNote { what, text }, state.now().wall).await?;
    state.bulletin.change();
    Ok((StatusCode::CREATED, whole(&state, &key.0).await?))
}

/// What the user is called who asks, or the key that somebody came with.
fn name_of(state: &ApiState, caller: Option<Extension<Caller>>) -> Option<String> {
    match caller?.0 {
        Caller::User(visitor) => state.people.user(visitor.user).map(|row| row.user.name),
        Caller::Key { id, .. } => id.and_then(|id| state.keys.key(id)).map(|row| row.name),
        Caller::Anybody => None,
    }
}
