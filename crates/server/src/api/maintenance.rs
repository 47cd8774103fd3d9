//! `/api/v1/maintenance`: planned maintenance, read, written and ended.

use allswell_core::Wall;
use allswell_core::maintenance::Window;
use allswell_monitor::config::Spec;
use allswell_monitor::notification::rfc3339;
use allswell_monitor::resources::{Given, Shown};
use allswell_monitor::store::ResourceKind;
use axum::Json;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::configured::{self, Configured};
use super::written::{Empty, IfMatch, OneWrite, Written};
use super::{ApiState, Key, Mine, NoQuery, Problem, Query, openapi};

/// How many of the next openings are told.
const UPCOMING: usize = 5;
/// How many are told until a moment that somebody names.
const UPCOMING_MOST: usize = 200;

/// All planned maintenance, by name.
#[derive(Serialize, ToSchema)]
#[schema(as = MaintenanceList)]
pub(super) struct List {
    maintenance: Vec<One>,
}

/// A window of planned maintenance, when it is open, and how it is configured.
#[derive(Serialize, ToSchema)]
#[schema(as = Maintenance)]
pub(super) struct One {
    name: String,
    /// `planned`, `open` or `over`; `null` where it cannot be used.
    #[schema(schema_with = openapi::maintenance_state)]
    state: Option<&'static str>,
    /// The next five times that it is open, or those until the moment that was asked for; the one that is open now first.
    upcoming: Vec<Opening>,
    #[serde(flatten)]
    configured: Configured,
}

/// One time that a window is open.
#[derive(Serialize, ToSchema)]
pub(super) struct Opening {
    #[schema(format = DateTime)]
    from: String,
    /// `null` while nobody knows.
    #[schema(format = DateTime)]
    until: Option<String>,
}

impl One {
    fn of((shown, window): (Shown, Option<Window>), now: Wall, until: Option<Wall>) -> Self {
        let openings = window.iter().flat_map(|window| window.openings(now));
        let openings: Vec<_> = match until {
            None => openings.take(UPCOMING).collect(),
            Some(until) => openings.take_while(|one| one.from < until).take(UPCOMING_MOST).collect(),
        };
        let next = openings.first().copied().or_else(|| window.as_ref()?.openings(now).next());
        let state = window.as_ref().map(|_| match next {
            None => "over",
            Some(first) if first.from <= now => "open",
            Some(_) => "planned",
        });
        let upcoming =
            openings.into_iter().map(|one| Opening { from: rfc3339(one.from), until: one.until.map(rfc3339) });
        Self { name: shown.name.clone(), state, upcoming: upcoming.collect(), configured: shown.into() }
    }
}

/// How far ahead.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document of what `Query` reads by name")]
pub(super) struct Ahead {
    /// All openings that begin before this moment instead of the next five, 200 of each window at most.
    #[param(format = DateTime)]
    until: Option<String>,
}

/// All planned maintenance
#[utoipa::path(get, path = "/api/v1/maintenance", operation_id = "list_maintenance", tag = "maintenance", params(Ahead),
    responses((status = 200, body = List), openapi::Refusals))]
pub(super) async fn list(Mine(state): Mine, query: RawQuery) -> Result<Json<List>, Problem> {
    let until = Query::read(query, &["until"])?.moment("until")?;
    let now = state.now().wall;
    let maintenance = state.resources.all_maintenance().into_iter().map(|found| One::of(found, now, until)).collect();
    Ok(Json(List { maintenance }))
}

/// One window of planned maintenance
#[utoipa::path(get, path = "/api/v1/maintenance/{name}", operation_id = "get_maintenance", tag = "maintenance",
    params(openapi::Maintenance),
    responses((status = 200, body = One, headers(("ETag" = String))), openapi::RefusalsOfOne))]
pub(super) async fn one(Mine(state): Mine, key: Key, _: NoQuery) -> Result<Response, Problem> {
    in_full(&state, &key.0, StatusCode::OK)
}

/// Plan maintenance
///
/// The body has the very keys of `maintenance` in `allswell.yaml`. One that begins now is in force when the answer is there.
#[utoipa::path(post, path = "/api/v1/maintenance", operation_id = "create_maintenance", tag = "maintenance",
    request_body = openapi::MaintenanceSpec,
    responses((status = 201, body = One, headers(("ETag" = String), ("Location" = String))), openapi::RefusalsOfWrites))]
pub(super) async fn create(Mine(state): Mine, _: NoQuery, Written(spec): Written) -> Result<Response, Problem> {
    let name = configured::create(&state, ResourceKind::Maintenance, spec).await?.name;
    Ok(configured::at(in_full(&state, &name, StatusCode::CREATED)?, "maintenance", &name))
}

/// Replace a window of planned maintenance
#[utoipa::path(put, path = "/api/v1/maintenance/{name}", operation_id = "replace_maintenance", tag = "maintenance",
    params(openapi::Maintenance, openapi::IfMatchHeader), request_body(content = openapi::Patch),
    responses((status = 200, body = One, headers(("ETag" = String))), openapi::RefusalsOfOneWrite))]
pub(super) async fn replace(
    Mine(state): Mine,
    OneWrite { key, if_match, body: Written(spec) }: OneWrite<Written>,
) -> Result<Response, Problem> {
    change(&state, &key, &if_match, Given::Whole(spec)).await
}

/// Change a window of planned maintenance
///
/// A JSON merge patch (RFC 7396).
#[utoipa::path(patch, path = "/api/v1/maintenance/{name}", operation_id = "change_maintenance", tag = "maintenance",
    params(openapi::Maintenance, openapi::IfMatchHeader), request_body(content = openapi::Patch),
    responses((status = 200, body = One, headers(("ETag" = String))), openapi::RefusalsOfOneWrite))]
pub(super) async fn patch(
    Mine(state): Mine,
    OneWrite { key, if_match, body: Written(spec) }: OneWrite<Written>,
) -> Result<Response, Problem> {
    change(&state, &key, &if_match, Given::Patch(spec)).await
}

/// Delete a window of planned maintenance
///
/// One that is open ends: what failed within it and lasts is told now.
#[utoipa::path(delete, path = "/api/v1/maintenance/{name}", operation_id = "delete_maintenance", tag = "maintenance",
    params(openapi::Maintenance, openapi::IfMatchHeader),
    responses((status = 204, description = "it is no more"), openapi::RefusalsOfOneWrite))]
pub(super) async fn delete(
    Mine(state): Mine,
    OneWrite { key, if_match, body: Empty }: OneWrite<Empty>,
) -> Result<StatusCode, Problem> {
    configured::delete(&state, ResourceKind::Maintenance, named(&state, &key.0)?.0, &if_match).await
}

/// End planned maintenance now
///
/// What is open once, with an end or without one: its `until` is now. What failed within it and lasts is told now.
#[utoipa::path(post, path = "/api/v1/maintenance/{name}/end", operation_id = "end_maintenance", tag = "maintenance",
    params(openapi::Maintenance, openapi::IfMatchHeader),
    responses((status = 200, body = One, headers(("ETag" = String))), openapi::RefusalsOfOneWrite))]
pub(super) async fn end(
    Mine(state): Mine,
    OneWrite { key, if_match, body: Empty }: OneWrite<Empty>,
) -> Result<Response, Problem> {
    let (_, window) = named(&state, &key.0)?;
    let now = state.now().wall;
    may_end(&key.0, window.as_ref(), now)?;
    let until = ("until".to_owned(), Spec::Text(rfc3339(now)));
    let ended = Spec::Block(vec![until, ("duration".to_owned(), Spec::Nothing)]);
    change(&state, &key, &if_match, Given::Patch(ended)).await
}

/// Refuses to end what is not open, or comes again.
fn may_end(name: &str, window: Option<&Window>, now: Wall) -> Result<(), Problem> {
    let (why, way_out) = match window {
        Some(Window::Once { from, .. }) if *from >= now => ("has not begun", "delete it"),
        Some(Window::Once { until: Some(until), .. }) if *until <= now => ("is over already", "there is nothing to do"),
        Some(Window::Once { .. }) => return Ok(()),
        Some(Window::Again { .. }) => ("comes again and has no one end", "change it, or delete it"),
        None => ("is not in force", "its `problem` says why; mend it, or delete it"),
    };
    Err(Problem::conflict(format!("the maintenance `{name}` {why}"), way_out))
}

fn in_full(state: &ApiState, name: &str, status: StatusCode) -> Result<Response, Problem> {
    let (shown, window) = named(state, name)?;
    let revision = shown.revision;
    Ok(configured::show(status, &One::of((shown, window), state.now().wall, None), revision))
}

/// The maintenance that a path names.
fn named(state: &ApiState, name: &str) -> Result<(Shown, Option<Window>), Problem> {
    let missing = || {
        let hint = "see /api/v1/maintenance for the names there are";
        Problem::not_found(format!("there is no maintenance `{name}`"), hint)
    };
    state.resources.maintenance(name).ok_or_else(missing)
}

async fn change(state: &ApiState, key: &Key, if_match: &IfMatch, given: Given) -> Result<Response, Problem> {
    let (shown, _) = named(state, &key.0)?;
    let name = configured::change(state, ResourceKind::Maintenance, shown, if_match, given).await?.name;
    in_full(state, &name, StatusCode::OK)
}
