//! `/api/openapi.json`: what the interface answers, OpenAPI 3.1 made out of the types that are written.

use std::collections::BTreeMap;

use allswell_core::uptime::Presence;
use allswell_core::{Reason, Verdict, incident};
use axum::http::Method;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses, PartialSchema, ToSchema};

use super::{ApiState, problem};
use crate::access::{Scope, need};
use crate::store::Owner;
use crate::{config, notification};

/// Where the document is.
const PATH: &str = "/api/openapi.json";

/// What the document says before its paths.
pub(super) fn head() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Allswell")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(utoipa::openapi::License::new(env!("CARGO_PKG_LICENSE"))))
        .build();
    let mut document = OpenApiBuilder::new().info(info).build();
    let components = document.components.get_or_insert_default();
    components.schemas.insert(problem::Document::name().into_owned(), problem::Document::schema());
    components.schemas.insert(problem::FieldError::name().into_owned(), problem::FieldError::schema());
    document
}

const DESCRIPTION: &str = "What is watched, what was seen, and who was told. Moments are RFC 3339 in UTC with milliseconds; \
                           durations carry their unit in the name. Errors are problem documents (RFC 9457). As long as the \
                           server has no API key, none is needed.";

/// Serves `document`.
pub(super) fn router(document: OpenApi) -> Router<ApiState> {
    let document = Json(document);
    Router::new().route(PATH, get(async move || document.clone()))
}

/// The monitor that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the document of what `Key` reads")]
pub(super) struct Monitor {
    /// The monitor's number, or its name.
    id: String,
}

/// The API key that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the document of what `Key` reads")]
pub(super) struct ApiKey {
    /// The key's number, or its name.
    id: String,
}

/// The incident that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the document of what `Key` reads")]
pub(super) struct Incident {
    /// The incident's id, `12-7`.
    id: String,
}

/// The delivery that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the document of what `Key` reads")]
pub(super) struct Delivery {
    /// The delivery's number.
    id: String,
}

/// How a list is refused.
pub(super) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [
            refusal("400", "a parameter cannot be used; `field` says which"),
            refusal("401", "a key is needed, or nobody has the one that came"),
            refusal("403", "the key lacks the scope; the answer names it"),
            refusal("503", "the store cannot be read now"),
        ]
        .into()
    }
}

/// How what names one thing is refused.
pub(super) struct RefusalsOfOne;

impl IntoResponses for RefusalsOfOne {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = Refusals::responses();
        responses.extend([refusal("404", "there is no such thing")]);
        responses
    }
}

/// How a change is refused that stands against what is.
pub(super) struct RefusalsOfChange;

impl IntoResponses for RefusalsOfChange {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [refusal("409", "what is there stands against it")].into()
    }
}

/// How what comes with a body is refused.
pub(super) struct RefusalsOfBody;

impl IntoResponses for RefusalsOfBody {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = RefusalsOfChange::responses();
        responses.extend([
            refusal("413", "the body is too large"),
            refusal("415", "the body is not said to be JSON"),
            refusal("422", "a field of the body cannot be used; `field` says which"),
        ]);
        responses
    }
}

/// How a new resource is refused.
pub(super) struct RefusalsOfWrites;

impl IntoResponses for RefusalsOfWrites {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = Refusals::responses();
        responses.extend([
            refusal("409", "it does not go with how things are, or the server's own file says it"),
            refusal("413", "the body is too large"),
            refusal("415", "the body is not marked as JSON"),
            refusal("422", "the body cannot be meant; `errors` says why, field by field"),
        ]);
        responses
    }
}

/// Writes into `document` which scope each operation needs, as the gate has it.
pub(super) fn secure(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    for (name, scheme) in [("key", HttpAuthScheme::Bearer), ("password", HttpAuthScheme::Basic)] {
        components.add_security_scheme(name, SecurityScheme::Http(Http::new(scheme)));
    }
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (Method::GET, &mut item.get),
            (Method::POST, &mut item.post),
            (Method::PUT, &mut item.put),
            (Method::PATCH, &mut item.patch),
            (Method::DELETE, &mut item.delete),
        ];
        for (method, operation) in operations {
            if let (Some(operation), Some(scope)) = (operation, need(&method, path)) {
                let by = |scheme: &str| SecurityRequirement::new(scheme, [scope.as_str()]);
                operation.security = Some(vec![by("key"), by("password")]);
            }
        }
    }
}

/// How a change of one resource is refused.
pub(super) struct RefusalsOfOneWrite;

impl IntoResponses for RefusalsOfOneWrite {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = RefusalsOfWrites::responses();
        responses.extend([
            refusal("404", "there is no such thing"),
            refusal("412", "it was changed since it was read, see `If-Match`"),
        ]);
        responses
    }
}

/// What a writer knows of the resource.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "the document of what `IfMatch` reads")]
pub(super) struct IfMatchHeader {
    /// Only when the resource still has this ETag.
    #[param(rename = "If-Match")]
    if_match: Option<String>,
}

/// A monitor with the keys of a configuration.
pub(super) struct MonitorSpec;

impl PartialSchema for MonitorSpec {
    fn schema() -> RefOr<Schema> {
        config::schema::monitor()
    }
}

impl ToSchema for MonitorSpec {
    fn name() -> std::borrow::Cow<'static, str> {
        "MonitorSpec".into()
    }
}

/// The channel that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the document of what `Key` reads")]
pub(super) struct Channel {
    /// The channel's name.
    name: String,
}

/// A channel with the keys of a configuration.
pub(super) struct ChannelSpec;

impl PartialSchema for ChannelSpec {
    fn schema() -> RefOr<Schema> {
        config::schema::channel()
    }
}

impl ToSchema for ChannelSpec {
    fn name() -> std::borrow::Cow<'static, str> {
        "ChannelSpec".into()
    }
}

/// An object whose keys are told elsewhere: a JSON merge patch, a configuration.
pub(super) struct Patch;

impl PartialSchema for Patch {
    fn schema() -> RefOr<Schema> {
        any_object().into()
    }
}

impl ToSchema for Patch {
    fn name() -> std::borrow::Cow<'static, str> {
        "Patch".into()
    }
}

fn refusal(status: &str, description: &str) -> (String, RefOr<Response>) {
    let schema = Ref::from_schema_name(problem::Document::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let response = ResponseBuilder::new().description(description).content("application/problem+json", content).build();
    (status.to_owned(), response.into())
}

/// What is true of a monitor.
pub(super) fn status() -> ObjectBuilder {
    word(Presence::ALL.map(Presence::as_str))
}

/// What one asking said.
pub(super) fn outcome() -> ObjectBuilder {
    word(Verdict::ALL.map(Verdict::as_str))
}

/// Why an asking was no plain pass; `null` when it was.
pub(super) fn reason() -> ObjectBuilder {
    let words = Reason::ALL.iter().map(|reason| Some(reason.as_str())).chain([None]);
    ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null])).enum_values(Some(words))
}

/// What an incident is about.
pub(super) fn incident_kind() -> ObjectBuilder {
    word(incident::Kind::ALL.map(incident::Kind::as_str))
}

/// What a message tells.
pub(super) fn notification_kind() -> ObjectBuilder {
    word(notification::Kind::ALL.map(notification::Kind::as_str))
}

/// What a key is good for.
pub(super) fn scopes() -> ArrayBuilder {
    ArrayBuilder::new().items(word(Scope::ALL.map(Scope::as_str))).min_items(Some(1))
}

/// Who says what a resource is.
pub(super) fn owner() -> ObjectBuilder {
    word(Owner::ALL.map(Owner::as_str))
}

/// An object whose keys are told elsewhere.
pub(super) fn any_object() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Object)
}

/// The same, or `null`.
pub(super) fn any_object_or_null() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
}

fn word<const N: usize>(words: [&'static str; N]) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))
}
