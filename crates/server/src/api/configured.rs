//! What is configured through the interface, whatever kind of resource it is: shown with its ETag, created, changed, deleted.

use allswell_monitor::config::Spec;
use allswell_monitor::resources::{Edit, Edited, Given, Shown};
use allswell_monitor::store::{Owner, ResourceKind};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::written::{IfMatch, tag};
use super::{ApiState, Problem, openapi};

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
    pub revision: Option<u64>,
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
    pub(super) fn unknown() -> Self {
        let owner = Owner::File.as_str();
        Self { owner, file: None, revision: None, problem: None, spec: Spec::empty() }
    }
}

/// An answer that shows a resource, with the ETag of `revision`.
pub(super) fn show(status: StatusCode, resource: &impl Serialize, revision: Option<u64>) -> Response {
    let body = serde_json::to_vec(resource).expect("plain structures always serialise");
    let tag = revision.map(|revision| tag(revision, &body));
    let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
    if let Some(tag) = tag {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// `response`, which shows what was created, with the place where that is: `collection`, and the `key` in it.
pub(super) fn at(mut response: Response, collection: &str, key: &str) -> Response {
    let escaped: String = url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
    let place = HeaderValue::from_str(&format!("/api/v1/{collection}/{}", escaped.replace('+', "%20")));
    response.headers_mut().insert(header::LOCATION, place.expect("an escaped key fits into a header"));
    response
}

/// Creates what `spec` says.
pub(super) async fn create(state: &ApiState, kind: ResourceKind, spec: Spec) -> Result<Edited, Problem> {
    let given = Some(Given::Whole(object(spec)?));
    edit(state, Edit { kind, name: None, given, expected: None, owner: None }).await
}

/// Replaces or patches `shown`.
pub(super) async fn change(
    state: &ApiState,
    kind: ResourceKind,
    shown: Shown,
    if_match: &IfMatch,
    given: Given,
) -> Result<Edited, Problem> {
    let given = match given {
        Given::Whole(spec) => Given::Whole(object(spec)?),
        Given::Patch(spec) => Given::Patch(object(spec)?),
    };
    let expected = if_match.expected(shown.revision);
    edit(state, Edit { kind, name: Some(shown.name), given: Some(given), expected, owner: None }).await
}

/// Deletes `shown`.
pub(super) async fn delete(
    state: &ApiState,
    kind: ResourceKind,
    shown: Shown,
    if_match: &IfMatch,
) -> Result<StatusCode, Problem> {
    let expected = if_match.expected(shown.revision);
    edit(state, Edit { kind, name: Some(shown.name), given: None, expected, owner: None }).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn edit(state: &ApiState, edit: Edit) -> Result<Edited, Problem> {
    let mut edited = state.resources.edit(vec![edit]).await.map_err(|refused| Problem::refused(refused.alone()))?;
    Ok(edited.remove(0))
}

/// A body that is an object, as every resource is.
pub(super) fn object(spec: Spec) -> Result<Spec, Problem> {
    match spec {
        Spec::Block(_) => Ok(spec),
        _ => Err(Problem::field("", "the body is no object", "write `{ \"key\": value }`")),
    }
}
