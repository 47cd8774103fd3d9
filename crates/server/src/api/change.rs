//! `/api/v1/monitors`, written: create, replace, change, delete, pause, resume, check now.

use allswell_monitor::config::Spec;
use allswell_monitor::model::MonitorId;
use allswell_monitor::resources::{Edited, Given, Shown};
use allswell_monitor::store::ResourceKind;
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::configured::{self, Configured};
use super::monitors::One;
use super::read::UptimeReader;
use super::trial::Trial;
use super::written::{Empty, IfMatch, OneWrite, Written};
use super::{ApiState, Key, Mine, NoQuery, Problem, openapi, read};

/// A monitor, what is true of it now, and how it is configured.
#[derive(Serialize, ToSchema)]
#[schema(as = MonitorInFull)]
pub(super) struct InFull {
    #[serde(flatten)]
    one: One,
    #[serde(flatten)]
    configured: Configured,
}

/// The monitor that `key` means in full, with its ETag.
pub(super) async fn in_full(state: &ApiState, key: &str, status: StatusCode) -> Result<Response, Problem> {
    let id = read::monitor(&*state.store, key).await?.enlisted.id;
    let reader = UptimeReader::at(&*state.store, state.now().wall).await?;
    let standing = state.store.standings(vec![id], reader.longest()).await?.pop();
    let one = One::of(standing.ok_or_else(|| read::no_monitor(key))?, &reader);
    let configured = state.resources.monitor(id).map_or_else(Configured::unknown, Configured::from);
    let revision = configured.revision;
    Ok(configured::show(status, &InFull { one, configured }, revision))
}

/// Create a monitor
///
/// The body has the very keys of a monitor in `allswell.yaml`.
#[utoipa::path(post, path = "/api/v1/monitors", operation_id = "create_monitor", tag = "monitors",
    request_body = openapi::MonitorSpec,
    responses((status = 201, body = InFull, headers(("ETag" = String), ("Location" = String))), openapi::RefusalsOfWrites))]
pub(super) async fn create(Mine(state): Mine, _: NoQuery, Written(spec): Written) -> Result<Response, Problem> {
    let id = number(configured::create(&state, ResourceKind::Monitor, spec).await?)?.to_string();
    Ok(configured::at(in_full(&state, &id, StatusCode::CREATED).await?, "monitors", &id))
}

/// Replace a monitor
///
/// What the body does not say is as it is for a new one. Another `name` renames it; its number and its history stay.
#[utoipa::path(put, path = "/api/v1/monitors/{id}", operation_id = "replace_monitor", tag = "monitors",
    params(openapi::Monitor, openapi::IfMatchHeader), request_body = openapi::MonitorSpec,
    responses((status = 200, body = InFull, headers(("ETag" = String))), openapi::RefusalsOfOneWrite))]
pub(super) async fn replace(
    Mine(state): Mine,
    OneWrite { key, if_match, body: Written(spec) }: OneWrite<Written>,
) -> Result<Response, Problem> {
    change(&state, &key, &if_match, Given::Whole(spec)).await
}

/// Change a monitor
///
/// A JSON merge patch (RFC 7396): what the body says is changed, `null` takes a key out, all else stays.
#[utoipa::path(patch, path = "/api/v1/monitors/{id}", operation_id = "change_monitor", tag = "monitors",
    params(openapi::Monitor, openapi::IfMatchHeader), request_body(content = openapi::Patch),
    responses((status = 200, body = InFull, headers(("ETag" = String))), openapi::RefusalsOfOneWrite))]
pub(super) async fn patch(
    Mine(state): Mine,
    OneWrite { key, if_match, body: Written(spec) }: OneWrite<Written>,
) -> Result<Response, Problem> {
    change(&state, &key, &if_match, Given::Patch(spec)).await
}

/// Delete a monitor
///
/// Its history stays in the store; a monitor that is created later under its name is a new one.
#[utoipa::path(delete, path = "/api/v1/monitors/{id}", operation_id = "delete_monitor", tag = "monitors",
    params(openapi::Monitor, openapi::IfMatchHeader),
    responses((status = 204, description = "it is no more"), openapi::RefusalsOfOneWrite))]
pub(super) async fn delete(
    Mine(state): Mine,
    OneWrite { key, if_match, body: Empty }: OneWrite<Empty>,
) -> Result<StatusCode, Problem> {
    configured::delete(&state, ResourceKind::Monitor, named(&state, &key)?.1, &if_match).await
}

/// Pause a monitor
///
/// It is not asked until it is resumed. The same as `paused: true`.
#[utoipa::path(post, path = "/api/v1/monitors/{id}/pause", operation_id = "pause_monitor", tag = "monitors",
    params(openapi::Monitor, openapi::IfMatchHeader),
    responses((status = 200, body = InFull, headers(("ETag" = String))), openapi::RefusalsOfOneWrite))]
pub(super) async fn pause(
    Mine(state): Mine,
    OneWrite { key, if_match, body: Empty }: OneWrite<Empty>,
) -> Result<Response, Problem> {
    change(&state, &key, &if_match, paused(Spec::Flag(true))).await
}

/// Resume a monitor
#[utoipa::path(post, path = "/api/v1/monitors/{id}/resume", operation_id = "resume_monitor", tag = "monitors",
    params(openapi::Monitor, openapi::IfMatchHeader),
    responses((status = 200, body = InFull, headers(("ETag" = String))), openapi::RefusalsOfOneWrite))]
pub(super) async fn resume(
    Mine(state): Mine,
    OneWrite { key, if_match, body: Empty }: OneWrite<Empty>,
) -> Result<Response, Problem> {
    change(&state, &key, &if_match, paused(Spec::Nothing)).await
}

/// Check a monitor now
///
/// Asks out of turn and answers when the answer is there. It counts like any other.
#[utoipa::path(post, path = "/api/v1/monitors/{id}/check", operation_id = "check_monitor", tag = "monitors",
    params(openapi::Monitor),
    responses((status = 200, body = Trial), openapi::RefusalsOfOneWrite))]
pub(super) async fn check(
    Mine(state): Mine,
    OneWrite { key, body: Empty, .. }: OneWrite<Empty>,
) -> Result<Json<Trial>, Problem> {
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
    let id = number(configured::change(state, ResourceKind::Monitor, shown, if_match, given).await?)?;
    in_full(state, &id.to_string(), StatusCode::OK).await
}

/// The monitor that a path names.
fn named(state: &ApiState, key: &Key) -> Result<(MonitorId, Shown), Problem> {
    let id = state.resources.id(&key.0);
    let found = id.and_then(|id| Some((id, state.resources.monitor(id)?)));
    found.ok_or_else(|| read::no_monitor(&key.0))
}

/// The number of a monitor that is there.
fn number(edited: Edited) -> Result<MonitorId, Problem> {
    edited.id.ok_or_else(|| read::no_monitor(&edited.name))
}
