//! `/api/v1/channels`: the ways to people, read, written and tried.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::change::Configured;
use super::written::{Empty, IfMatch, Written, tag};
use super::{ApiState, Key, Problem, Query, openapi};
use crate::config::Spec;
use crate::notify::{self, Delivery};
use crate::resources::{Edit, Given, Shown};
use crate::store::ResourceKind;

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
    let shown = state.resources.channel(name).ok_or_else(|| no_channel(name))?;
    let revision = shown.revision;
    let body = serde_json::to_vec(&One::of(state, shown)).expect("plain structures always serialise");
    let tag = revision.map(|revision| tag(revision, &body));
    let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
    if let Some(tag) = tag {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

fn no_channel(name: &str) -> Problem {
    Problem::not_found(format!("there is no channel `{name}`"), "see /api/v1/channels for their names")
}

/// All channels
#[utoipa::path(get, path = "/api/v1/channels", operation_id = "list_channels", tag = "channels",
    responses((status = 200, body = List), openapi::Refusals))]
pub(super) async fn list(State(state): State<ApiState>, query: RawQuery) -> Result<Json<List>, Problem> {
    Query::read(query, &[])?;
    let channels = state.resources.channels().into_iter().map(|shown| One::of(&state, shown)).collect();
    Ok(Json(List { channels }))
}

/// One channel
#[utoipa::path(get, path = "/api/v1/channels/{name}", operation_id = "get_channel", tag = "channels", params(openapi::Channel),
    responses((status = 200, body = One, headers(("ETag" = String))), openapi::RefusalsOfOne))]
pub(super) async fn one(State(state): State<ApiState>, key: Key, query: RawQuery) -> Result<Response, Problem> {
    Query::read(query, &[])?;
    in_full(&state, &key.0, StatusCode::OK)
}

/// Create a channel
///
/// The body has the keys of a channel in `allswell.yaml`, and its `name` among them.
#[utoipa::path(post, path = "/api/v1/channels", operation_id = "create_channel", tag = "channels",
    request_body = openapi::ChannelSpec,
    responses((status = 201, body = One, headers(("ETag" = String), ("Location" = String))), openapi::RefusalsOfWrites))]
pub(super) async fn create(
    State(state): State<ApiState>,
    query: RawQuery,
    Written(spec): Written,
) -> Result<Response, Problem> {
    Query::read(query, &[])?;
    let name = edited(&state, edit(None, None, Some(Given::Whole(spec)))).await?;
    let mut response = in_full(&state, &name, StatusCode::CREATED)?;
    let escaped: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let location = HeaderValue::from_str(&format!("/api/v1/channels/{}", escaped.replace('+', "%20")));
    response.headers_mut().insert(header::LOCATION, location.expect("escaped"));
    Ok(response)
}

/// Replace a channel
#[utoipa::path(put, path = "/api/v1/channels/{name}", operation_id = "replace_channel", tag = "channels",
    params(openapi::Channel, openapi::IfMatchHeader), request_body(content = openapi::Patch),
    responses((status = 200, body = One, headers(("ETag" = String))), openapi::RefusalsOfOneWrite))]
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

/// Change a channel
///
/// A JSON merge patch (RFC 7396).
#[utoipa::path(patch, path = "/api/v1/channels/{name}", operation_id = "change_channel", tag = "channels",
    params(openapi::Channel, openapi::IfMatchHeader), request_body(content = openapi::Patch),
    responses((status = 200, body = One, headers(("ETag" = String))), openapi::RefusalsOfOneWrite))]
pub(super) async fn patch(
    State(state): State<ApiState>,
    key: Key,
    query: RawQuery,
    if_match: IfMatch,
    Written(spec): Written,
) -> Result<Response, Problem> {
    Query::read(query, &[])?;
    change(&state, &key, &if_match, Given::Patch(spec)).await
}

/// Delete a channel
///
/// Refused while a monitor names it.
#[utoipa::path(delete, path = "/api/v1/channels/{name}", operation_id = "delete_channel", tag = "channels",
    params(openapi::Channel, openapi::IfMatchHeader),
    responses((status = 204, description = "it is no more"), openapi::RefusalsOfOneWrite))]
pub(super) async fn delete(
    State(state): State<ApiState>,
    key: Key,
    query: RawQuery,
    if_match: IfMatch,
    _: Empty,
) -> Result<StatusCode, Problem> {
    Query::read(query, &[])?;
    let shown = state.resources.channel(&key.0).ok_or_else(|| no_channel(&key.0))?;
    edited(&state, edit(Some(key.0), if_match.expected(shown.revision), None)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send a test message through a channel
///
/// On the very way an alert would go; answers when the other side has.
#[utoipa::path(post, path = "/api/v1/channels/{name}/test", operation_id = "test_channel", tag = "channels",
    params(openapi::Channel), responses((status = 200, body = Tested), openapi::RefusalsOfOneWrite))]
pub(super) async fn test(
    State(state): State<ApiState>,
    key: Key,
    query: RawQuery,
    _: Empty,
) -> Result<Json<Tested>, Problem> {
    Query::read(query, &[])?;
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
    let shown = state.resources.channel(&key.0).ok_or_else(|| no_channel(&key.0))?;
    if matches!(&given, Given::Patch(spec) | Given::Whole(spec) if !matches!(spec, Spec::Block(_))) {
        return Err(Problem::field("", "a channel is an object", "write `{ \"key\": value }`"));
    }
    let name = edited(state, edit(Some(key.0.clone()), if_match.expected(shown.revision), Some(given))).await?;
    in_full(state, &name, StatusCode::OK)
}

fn edit(name: Option<String>, expected: Option<u64>, given: Option<Given>) -> Edit {
    Edit { kind: ResourceKind::Channel, name, given, expected, owner: None }
}

async fn edited(state: &ApiState, edit: Edit) -> Result<String, Problem> {
    let mut edited = state.resources.edit(vec![edit]).await.map_err(|refused| Problem::refused(refused.alone()))?;
    Ok(edited.remove(0).name)
}
