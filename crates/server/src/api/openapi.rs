//! `/api/openapi.json`: what the interface answers, OpenAPI 3.1 made out of the types that are written.

mod refusals;
mod words;

use allswell_monitor::access::Role;
use allswell_monitor::config;
use axum::http::Method;
use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::security::{
    ApiKey as InCookie, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder, RefOr};
use utoipa::{IntoParams, PartialSchema, ToSchema};

pub(super) use self::refusals::{
    Refusals, RefusalsOfBody, RefusalsOfChange, RefusalsOfHaste, RefusalsOfOne, RefusalsOfOneWrite, RefusalsOfSignIn,
    RefusalsOfWrites,
};
pub(super) use self::words::{
    delivery_state, incident_kind, maintenance_state, note_kind, notification_kind, order, outcome, owner, page_access,
    reason, role, scopes, status,
};

use super::need::need;
use super::problem;
use crate::accounts::Accounts;
use crate::pages;

/// Where the document is.
const PATH: &str = "/api/openapi.json";
/// Where it is for people.
const PAGE: &str = "/api/docs";

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
    components.schemas.extend(config::schema::blocks());
    components.schemas.extend(words::words().map(|(name, schema)| (name.to_owned(), schema.into())));
    document
}

const DESCRIPTION: &str = "What is watched, what was seen, and who was told. Moments are RFC 3339 in UTC with milliseconds; \
                           durations carry their unit in the name. Errors are problem documents (RFC 9457). As long as the \
                           server has neither an API key nor a user, none is needed.";

/// Serves `document`, and the page made of it.
pub(super) fn router(document: OpenApi) -> Router<Accounts> {
    let page = Html(pages::reference(&serde_json::to_value(&document).expect("a document is JSON")));
    let document = Json(document);
    Router::new().route(PATH, get(async move || document.clone())).route(PAGE, get(async move || page.clone()))
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

/// The user that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the document of what `Key` reads")]
pub(super) struct OneUser {
    /// The user's number, or their mail address.
    id: String,
}

/// The account that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the document of what `Key` reads")]
pub(super) struct OneAccount {
    /// The account's number.
    id: String,
}

/// The backup that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the document of what `Key` reads")]
pub(super) struct OneBackup {
    /// Its name.
    name: String,
}

/// The invitation that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the document of what `Key` reads")]
pub(super) struct OneInvitation {
    /// The invitation's number.
    id: String,
}

/// The session that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the document of what `Key` reads")]
pub(super) struct OneSession {
    /// The session's number.
    id: String,
}

/// The event that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the document of what `Key` reads")]
pub(super) struct Event {
    /// The event's number.
    id: i64,
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

/// Writes into `document` which scope and which role each operation needs, as the gate has it; `cookie` is what the cookie of users
/// is called.
pub(super) fn secure(document: &mut OpenApi, cookie: &str) {
    let components = document.components.get_or_insert_default();
    for (name, scheme) in [("key", HttpAuthScheme::Bearer), ("password", HttpAuthScheme::Basic)] {
        components.add_security_scheme(name, SecurityScheme::Http(Http::new(scheme)));
    }
    let cookie = ApiKeyValue::with_description(cookie, "of a user who has signed in");
    components.add_security_scheme("session", SecurityScheme::ApiKey(InCookie::Cookie(cookie)));
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (Method::GET, &mut item.get),
            (Method::POST, &mut item.post),
            (Method::PUT, &mut item.put),
            (Method::PATCH, &mut item.patch),
            (Method::DELETE, &mut item.delete),
        ];
        for (method, operation) in operations {
            if let (Some(operation), Some(needed)) = (operation, need(&method, path)) {
                let by = |scheme: &str| SecurityRequirement::new(scheme, [needed.scope().as_str()]);
                let least = Role::ALL.into_iter().find(|role| role.allows(needed)).unwrap_or(Role::Owner);
                let session = SecurityRequirement::new("session", [least.as_str()]);
                operation.security = Some(vec![by("key"), by("password"), session]);
            }
        }
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
        config::schema::MONITOR_NAME.into()
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

/// The planned maintenance that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the document of what `Key` reads")]
pub(super) struct Maintenance {
    /// Its name.
    name: String,
}

/// Planned maintenance with the keys of a configuration.
pub(super) struct MaintenanceSpec;

impl PartialSchema for MaintenanceSpec {
    fn schema() -> RefOr<Schema> {
        config::schema::maintenance()
    }
}

impl ToSchema for MaintenanceSpec {
    fn name() -> std::borrow::Cow<'static, str> {
        "MaintenanceSpec".into()
    }
}

/// The status page that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the document of what `Key` reads")]
pub(super) struct StatusPage {
    /// Its slug.
    slug: String,
}

/// The preview that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the document of what `Key` reads")]
pub(super) struct Preview {
    /// The last part of its address.
    id: String,
}

/// A status page with the keys of a configuration.
pub(super) struct StatusPageSpec;

impl PartialSchema for StatusPageSpec {
    fn schema() -> RefOr<Schema> {
        config::schema::status_page()
    }
}

impl ToSchema for StatusPageSpec {
    fn name() -> std::borrow::Cow<'static, str> {
        "StatusPageSpec".into()
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

/// An object whose keys are told elsewhere.
pub(super) fn any_object() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Object)
}

/// The same, or `null`.
pub(super) fn any_object_or_null() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
}
