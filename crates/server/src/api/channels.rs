//! `/api/v1/channels`: the ways to people, read, written and tried.

use allswell_monitor::notify::{self, Delivery};
use allswell_monitor::resources::{Given, Shown};
use allswell_monitor::store::ResourceKind;
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::configured::{self, Configured};
use super::written::{Empty, IfMatch, OneWrite, Written};
use super::{ApiState, Key, Mine, NoQuery, Problem, openapi};

/// All channels, by name.
#[derive(Serialize, ToSchema)]
#[schema(as = Channels)]
pub(super) struct List {
    channels: Vec<One>,
}

/// A channel, and how it is configured.
#[derive(Serialize, ToSchema)]
#[schema(as = Channel)]
pub(super) struct One {
    name: String,
    /// `email`, `webhook`, ...
    r#type: String,
    /// Where it leads, without anything secret; `null` where it cannot be used.
    receiver: Option<String>,
    #[serde(flatten)]
    configured: Configured,
}

/// How a test message ended.
#[derive(Serialize, ToSchema)]
pub(super) struct Tested {
    /// Whether the other side took it.
    accepted: bool,
    /// What it said, or what happened.
    answer: String,
}

impl One {
    fn of(state: &ApiState, shown: Shown) -> Self {
        Self {
            r#type: shown.spec.text("type").unwrap_or_default().to_owned(),
            receiver: state.resources.way(&shown.name).map(|way| way.receiver()),
            name: shown.name.clone(),
            configured: shown.into(),
        }
    }
}

fn in_full(state: &ApiState, name: &str, status: StatusCode) -> Result<Response, Problem> {
    let shown = named(state, name)?;
    let revision = shown.revision;
    Ok(configured::show(status, &One::of(state, shown), revision))
}

/// The channel that a path names.
fn named(state: &ApiState, name: &str) -> Result<Shown, Problem> {
    state.resources.channel(name).ok_or_else(|| no_channel(name))
}

fn no_channel(name: &str) -> Problem {
    Problem::not_found(format!("there is no channel `{name}`"), "see /api/v1/channels for their names")
}

/// All channels
#[utoipa::path(get, path = "/api/v1/channels", operation_id = "list_channels", tag = "channels",
    responses((status = 200, body = List), openapi::Refusals))]
pub(super) async fn list(Mine(state): Mine, _: NoQuery) -> Result<Json<List>, Problem> {
    let channels = state.resources.channels().into_iter().map(|shown| One::of(&state, shown)).collect();
    Ok(Json(List { channels }))
}

/// One channel
#[utoipa::path(get, path = "/api/v1/channels/{name}", operation_id = "get_channel", tag = "channels", params(openapi::Channel),
    responses((status = 200, body = One, headers(("ETag" = String))), openapi::RefusalsOfOne))]
pub(super) async fn one(Mine(state): Mine, key: Key, _: NoQuery) -> Result<Response, Problem> {
    in_full(&state, &key.0, StatusCode::OK)
}

/// Create a channel
///
/// The body has the keys of a channel in `allswell.yaml`, and its `name` among them.
#[utoipa::path(post, path = "/api/v1/channels", operation_id = "create_channel", tag = "channels",
    request_body = openapi::ChannelSpec,
    responses((status = 201, body = One, headers(("ETag" = String), ("Location" = String))), openapi::RefusalsOfWrites))]
pub(super) async fn create(Mine(state): Mine, _: NoQuery, Written(spec): Written) -> Result<Response, Problem> {
    let name = configured::create(&state, ResourceKind::Channel, spec).await?.name;
    Ok(configured::at(in_full(&state, &name, StatusCode::CREATED)?, "channels", &name))
}

/// Replace a channel
#[utoipa::path(put, path = "/api/v1/channels/{name}", operation_id = "replace_channel", tag = "channels",
    params(openapi::Channel, openapi::IfMatchHeader), request_body(content = openapi::Patch),
    responses((status = 200, body = One, headers(("ETag" = String))), openapi::RefusalsOfOneWrite))]
pub(super) async fn replace(
    Mine(state): Mine,
    OneWrite { key, if_match, body: Written(spec) }: OneWrite<Written>,
) -> Result<Response, Problem> {
    change(&state, &key, &if_match, Given::Whole(spec)).await
}

/// Change a channel
///
/// A JSON merge patch (RFC 7396).
#[utoipa::path(patch, path = "/api/v1/channels/{name}", operation_id = "change_channel", tag = "channels",
    params(openapi::Channel, openapi::IfMatchHeader), request_body(content = openapi::Patch),
    responses((status = 200, body = One, headers(("ETag" = String))), openapi::RefusalsOfOneWrite))]
pub(super) async fn patch(
    Mine(state): Mine,
    OneWrite { key, if_match, body: Written(spec) }: OneWrite<Written>,
) -> Result<Response, Problem> {
    change(&state, &key, &if_match, Given::Patch(spec)).await
}

/// Delete a channel
///
/// Refused while a monitor names it.
#[utoipa::path(delete, path = "/api/v1/channels/{name}", operation_id = "delete_channel", tag = "channels",
    params(openapi::Channel, openapi::IfMatchHeader),
    responses((status = 204, description = "it is no more"), openapi::RefusalsOfOneWrite))]
pub(super) async fn delete(
    Mine(state): Mine,
    OneWrite { key, if_match, body: Empty }: OneWrite<Empty>,
) -> Result<StatusCode, Problem> {
    configured::delete(&state, ResourceKind::Channel, named(&state, &key.0)?, &if_match).await
}

/// Send a test message through a channel
///
/// On the very way an alert would go; answers when the other side has.
#[utoipa::path(post, path = "/api/v1/channels/{name}/test", operation_id = "test_channel", tag = "channels",
    params(openapi::Channel), responses((status = 200, body = Tested), openapi::RefusalsOfOneWrite))]
pub(super) async fn test(
    Mine(state): Mine,
    OneWrite { key, body: Empty, .. }: OneWrite<Empty>,
) -> Result<Json<Tested>, Problem> {
    let way = state.resources.way(&key.0).ok_or_else(|| no_channel(&key.0))?;
    let (accepted, answer) = match notify::try_out(&key.0, way.as_ref(), state.now().wall).await {
        Delivery::Accepted { answer } => (true, answer),
        Delivery::Refused { why }
        | Delivery::Ambiguous { why, .. }
        | Delivery::Later { why, .. }
        | Delivery::Unreachable { why, .. } => (false, why),
    };
    Ok(Json(Tested { accepted, answer }))
}

async fn change(state: &ApiState, key: &Key, if_match: &IfMatch, given: Given) -> Result<Response, Problem> {
    let shown = named(state, &key.0)?;
    let name = configured::change(state, ResourceKind::Channel, shown, if_match, given).await?.name;
    in_full(state, &name, StatusCode::OK)
}
