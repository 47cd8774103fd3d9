//! `/api/v1/monitors`, written: create, replace, change, delete, pause, resume, check now.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::monitors::{self, One};
use super::read::UptimeReader;
use super::trial::Trial;
use super::written::{Empty, IfMatch, Written, tag};
use super::{ApiState, Key, Problem, Query, openapi, read};
use crate::config::Spec;
use crate::model::MonitorId;
use crate::resources::{Edit, Edited, Given, Shown};
use crate::store::{Owner, ResourceKind};

/// A monitor, what is true of it now, and how it is configured.
#[derive(Serialize, ToSchema)]
#[schema(as = MonitorInFull)]
pub(super) struct InFull {
    #[serde(flatten)]
    one: One,
    #[serde(flatten)]
    configured: Configured,
}

/// How a resource is configured, and by whom.
#[derive(Serialize, ToSchema)]
pub(super) struct Configured {
    /// Who says what it is: the server's own `file`, `apply` (configuration as code), `api` (one by one). What the file says
    /// is changed there.
    #[schema(schema_with = openapi::owner)]
    owner: &'static str,
    /// The server's own file, where that is the owner.
    file: Option<String>,
    /// The number of its last change, which its ETag is made of; `null` where the file is the owner.
    revision: Option<u64>,
    /// Why it is not in force.
    problem: Option<String>,
    /// The keys of a configuration as they are written; secrets as `***`, which stands for the old value when it comes back.
    #[schema(schema_with = openapi::any_object)]
    spec: Spec,
}

impl From<Shown> for Configured {
    fn from(shown: Shown) -> Self {
        let Shown { owner, file, revision, problem, spec, .. } = shown;
        Self { owner: owner.as_str(), file, revision, problem, spec }
    }
}

impl Configured {
    /// One that is just going, or coming.
    fn unknown() -> Self {
        let owner = Owner::File.as_str();
        Self { owner, file: None, revision: None, problem: None, spec: Spec::empty() }
    }
}

/// The monitor that `key` means in full, with its ETag.
pub(super) async fn in_full(state: &ApiState, key: &str, status: StatusCode) -> Result<Response, Problem> {
    let row = read::monitor(&*state.store, key).await?;
    let id = row.enlisted.id;
    let reader = UptimeReader::at(&*state.store, state.now().wall).await?;
    let one = monitors::one_of(&*state.store, &reader, row).await?;
    let configured = state.resources.monitor(id).map_or_else(Configured::unknown, Configured::from);
    let revision = configured.revision;
    let body = serde_json::to_vec(&InFull { one, configured }).expect("plain structures always serialise");
    let tag = revision.map(|revision| tag(revision, &body));
    let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
    if let Some(tag) = tag {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// Create a monitor
///
/// The body has the very keys of a monitor in `allswell.yaml`.
#[utoipa::path(post, path = "/api/v1/monitors", operation_id = "create_monitor", tag = "monitors",
    request_body = openapi::MonitorSpec,
    responses((status = 201, body = InFull, headers(("ETag" = String), ("Location" = String))), openapi::RefusalsOfWrites))]
pub(super) async fn create(
    State(state): State<ApiState>,
    query: RawQuery,
    Written(spec): Written,
) -> Result<Response, Problem> {
    Query::read(query, &[])?;
    let edit =
        Edit { kind: ResourceKind::Monitor, name: None, given: Some(Given::Whole(spec)), expected: None, owner: None };
    let id = number(edited(&state, edit).await?)?;
    let mut response = in_full(&state, &id.to_string(), StatusCode::CREATED).await?;
    let location = HeaderValue::from_str(&format!("/api/v1/monitors/{id}")).expect("digits");
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// Replace a monitor
///
/// What the body does not say is as it is for a new one. Another `name` renames it; its number and its history stay.
#[utoipa::path(put, path = "/api/v1/monitors/{id}", operation_id = "replace_monitor", tag = "monitors",
    params(openapi::Monitor, openapi::IfMatchHeader), request_body = openapi::MonitorSpec,
    responses((status = 200, body = InFull, headers(("ETag" = String))), openapi::RefusalsOfOneWrite))]
pub(super) async fn replace(
    State(state): State<ApiState>,
    key: Key,
    query: RawQuery,
    if_match: IfMatch,
    Written(spec): Written,
) -> Result<Response, Problem> {
    Query::read(query, &[])?;
    change(&state, &key, &if_match, Given::Whole(spec)).await
}

/// Change a monitor
///
/// A JSON merge patch (RFC 7396): what the body says is changed, `null` takes a key out, all else stays.
#[utoipa::path(patch, path = "/api/v1/monitors/{id}", operation_id = "change_monitor", tag = "monitors",
    params(openapi::Monitor, openapi::IfMatchHeader), request_body(content = openapi::Patch),
    responses((status = 200, body = InFull, headers(("ETag" = String))), openapi::RefusalsOfOneWrite))]
pub(super) async fn patch(
    State(state): State<ApiState>,
    key: Key,
    query: RawQuery,
    if_match: IfMatch,
    Written(spec): Written,
) -> Result<Response, Problem> {
    Query::read(query, &[])?;
    if !matches!(spec, Spec::Block(_)) {
        return Err(Problem::parameter("", "a patch is an object", "write `{ \"key\": value }`"));
    }
    change(&state, &key, &if_match, Given::Patch(spec)).await
}

/// Delete a monitor
///
/// Its history stays in the store; a monitor that is created later under its name is a new one.
#[utoipa::path(delete, path = "/api/v1/monitors/{id}", operation_id = "delete_monitor", tag = "monitors",
    params(openapi::Monitor, openapi::IfMatchHeader),
    responses((status = 204, description = "it is no more"), openapi::RefusalsOfOneWrite))]
pub(super) async fn delete(
    State(state): State<ApiState>,
    key: Key,
    query: RawQuery,
    if_match: IfMatch,
    _: Empty,
) -> Result<StatusCode, Problem> {
    Query::read(query, &[])?;
    let shown = named(&state, &key)?.1;
    edited(&state, edit(&shown, &if_match, None)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Pause a monitor
///
/// It is not asked until it is resumed. The same as `paused: true`.
#[utoipa::path(post, path = "/api/v1/monitors/{id}/pause", operation_id = "pause_monitor", tag = "monitors",
    params(openapi::Monitor, openapi::IfMatchHeader),
    responses((status = 200, body = InFull, headers(("ETag" = String))), openapi::RefusalsOfOneWrite))]
pub(super) async fn pause(
    State(state): State<ApiState>,
    key: Key,
    query: RawQuery,
    if_match: IfMatch,
    _: Empty,
) -> Result<Response, Problem> {
    Query::read(query, &[])?;
    change(&state, &key, &if_match, paused(Spec::Flag(true))).await
}

/// Resume a monitor
#[utoipa::path(post, path = "/api/v1/monitors/{id}/resume", operation_id = "resume_monitor", tag = "monitors",
    params(openapi::Monitor, openapi::IfMatchHeader),
    responses((status = 200, body = InFull, headers(("ETag" = String))), openapi::RefusalsOfOneWrite))]
pub(super) async fn resume(
    State(state): State<ApiState>,
    key: Key,
    query: RawQuery,
    if_match: IfMatch,
    _: Empty,
) -> Result<Response, Problem> {
    Query::read(query, &[])?;
    change(&state, &key, &if_match, paused(Spec::Nothing)).await
}

/// Check a monitor now
///
/// Asks out of turn and answers when the answer is there. It counts like any other.
#[utoipa::path(post, path = "/api/v1/monitors/{id}/check", operation_id = "check_monitor", tag = "monitors",
    params(openapi::Monitor),
    responses((status = 200, body = Trial), openapi::RefusalsOfOneWrite))]
pub(super) async fn check(
    State(state): State<ApiState>,
    key: Key,
    query: RawQuery,
    _: Empty,
) -> Result<Json<Trial>, Problem> {
    Query::read(query, &[])?;
    let (id, _) = named(&state, &key)?;
    let question = state.resources.question(id);
    let answer = state.resources.ask_now(id).await.map_err(Problem::refused)?;
    let question = question.ok_or_else(|| read::no_monitor(&key.0))?;
    Ok(Json(Trial::of(&question, &answer)))
}

/// `paused` as a patch.
pub(super) fn paused(value: Spec) -> Given {
    Given::Patch(Spec::Block(vec![("paused".to_owned(), value)]))
}

async fn change(state: &ApiState, key: &Key, if_match: &IfMatch, given: Given) -> Result<Response, Problem> {
    let (_, shown) = named(state, key)?;
    let id = number(edited(state, edit(&shown, if_match, Some(given))).await?)?;
    in_full(state, &id.to_string(), StatusCode::OK).await
}

/// The monitor that a path names.
fn named(state: &ApiState, key: &Key) -> Result<(MonitorId, Shown), Problem> {
    let id = state.resources.id(&key.0);
    let found = id.and_then(|id| Some((id, state.resources.monitor(id)?)));
    found.ok_or_else(|| read::no_monitor(&key.0))
}

fn edit(shown: &Shown, if_match: &IfMatch, given: Option<Given>) -> Edit {
    let expected = if_match.expected(shown.revision);
    Edit { kind: ResourceKind::Monitor, name: Some(shown.name.clone()), given, expected, owner: None }
}

async fn edited(state: &ApiState, edit: Edit) -> Result<Edited, Problem> {
    let mut edited = state.resources.edit(vec![edit]).await.map_err(|refused| Problem::refused(refused.alone()))?;
    Ok(edited.remove(0))
}

/// The number of a monitor that is there.
fn number(edited: Edited) -> Result<MonitorId, Problem> {
    edited.id.ok_or_else(|| read::no_monitor(&edited.name))
}
