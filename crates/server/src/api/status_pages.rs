//! `/api/v1/status-pages`: what strangers are told, read, written and looked at before it is kept.

use std::collections::HashMap;

use allswell_monitor::resources::{Given, ShownPage};
use allswell_monitor::store::ResourceKind;
use axum::Json;
use axum::extract::RawQuery;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::configured::{self, Configured};
use super::written::{Empty, IfMatch, OneWrite, Written};
use super::{ApiState, Key, Mine, NoQuery, Problem, Query, openapi};
use crate::status_page::PREVIEW_POLICY;

/// All status pages, by slug.
#[derive(Serialize, ToSchema)]
#[schema(as = StatusPages)]
pub(super) struct List {
    status_pages: Vec<One>,
}

/// A status page, where it is found, and how it is configured.
#[derive(Serialize, ToSchema)]
#[schema(as = StatusPage)]
pub(super) struct One {
    slug: String,
    title: String,
    /// Where it is found; `null` where it cannot be used.
    address: Option<String>,
    /// Who may see it; `null` where it cannot be used.
    #[schema(schema_with = openapi::page_access)]
    access: Option<&'static str>,
    /// How many have said that they want its news by e-mail.
    subscribers: usize,
    /// The monitors that it names and that are not there; it shows them without data.
    missing: Vec<String>,
    #[serde(flatten)]
    configured: Configured,
}

impl One {
    /// `subscribers` says how many each page has.
    fn of(state: &ApiState, found: ShownPage, subscribers: &HashMap<String, usize>) -> Self {
        let ShownPage { shown, page, missing } = found;
        let subscribers = page.as_ref().and_then(|page| subscribers.get(page.origin()));
        Self {
            slug: shown.name.clone(),
            title: shown.spec.text("title").unwrap_or_default().to_owned(),
            address: page.as_ref().map(|page| state.press.pages().address(page)),
            access: page.as_ref().map(|page| page.access.as_str()),
            subscribers: subscribers.copied().unwrap_or_default(),
            missing,
            configured: shown.into(),
        }
    }
}

/// All status pages
#[utoipa::path(get, path = "/api/v1/status-pages", operation_id = "list_status_pages", tag = "status pages",
    responses((status = 200, body = List), openapi::Refusals))]
pub(super) async fn list(Mine(state): Mine, _: NoQuery) -> Result<Json<List>, Problem> {
    let subscribers = state.store.subscribers().await?;
    let pages = state.resources.status_pages().into_iter();
    Ok(Json(List { status_pages: pages.map(|found| One::of(&state, found, &subscribers)).collect() }))
}

/// One status page
#[utoipa::path(get, path = "/api/v1/status-pages/{slug}", operation_id = "get_status_page", tag = "status pages",
    params(openapi::StatusPage),
    responses((status = 200, body = One, headers(("ETag" = String))), openapi::RefusalsOfOne))]
pub(super) async fn one(Mine(state): Mine, key: Key, _: NoQuery) -> Result<Response, Problem> {
    in_full(&state, &key.0, StatusCode::OK).await
}

/// Create a status page
///
/// The body has the very keys of `status_pages` in `allswell.yaml`; `logo` and `logo_dark` are `data:` URLs. It is served when
/// the answer is there.
#[utoipa::path(post, path = "/api/v1/status-pages", operation_id = "create_status_page", tag = "status pages",
    request_body = openapi::StatusPageSpec,
    responses((status = 201, body = One, headers(("ETag" = String), ("Location" = String))), openapi::RefusalsOfWrites))]
pub(super) async fn create(Mine(state): Mine, _: NoQuery, Written(spec): Written) -> Result<Response, Problem> {
    let slug = configured::create(&state, ResourceKind::StatusPage, spec).await?.name;
    state.press.publish_now().await;
    Ok(configured::at(in_full(&state, &slug, StatusCode::CREATED).await?, "status-pages", &slug))
}

/// Replace a status page
///
/// Another `slug` renames it: its subscribers stay, and its old address leads to it.
#[utoipa::path(put, path = "/api/v1/status-pages/{slug}", operation_id = "replace_status_page", tag = "status pages",
    params(openapi::StatusPage, openapi::IfMatchHeader), request_body(content = openapi::Patch),
    responses((status = 200, body = One, headers(("ETag" = String))), openapi::RefusalsOfOneWrite))]
pub(super) async fn replace(
    Mine(state): Mine,
    OneWrite { key, if_match, body: Written(spec) }: OneWrite<Written>,
) -> Result<Response, Problem> {
    change(&state, &key, &if_match, Given::Whole(spec)).await
}

/// Change a status page
///
/// A JSON merge patch (RFC 7396).
#[utoipa::path(patch, path = "/api/v1/status-pages/{slug}", operation_id = "change_status_page", tag = "status pages",
    params(openapi::StatusPage, openapi::IfMatchHeader), request_body(content = openapi::Patch),
    responses((status = 200, body = One, headers(("ETag" = String))), openapi::RefusalsOfOneWrite))]
pub(super) async fn patch(
    Mine(state): Mine,
    OneWrite { key, if_match, body: Written(spec) }: OneWrite<Written>,
) -> Result<Response, Problem> {
    change(&state, &key, &if_match, Given::Patch(spec)).await
}

/// Delete a status page
///
/// Its subscribers are forgotten.
#[utoipa::path(delete, path = "/api/v1/status-pages/{slug}", operation_id = "delete_status_page", tag = "status pages",
    params(openapi::StatusPage, openapi::IfMatchHeader),
    responses((status = 204, description = "it is no more"), openapi::RefusalsOfOneWrite))]
pub(super) async fn delete(
    Mine(state): Mine,
    OneWrite { key, if_match, body: Empty }: OneWrite<Empty>,
) -> Result<StatusCode, Problem> {
    let shown = named(&state, &key.0)?.shown;
    let status = configured::delete(&state, ResourceKind::StatusPage, shown, &if_match).await?;
    state.press.publish_now().await;
    Ok(status)
}

/// What a mask in the body stands for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document of what `Query` reads by name")]
pub(super) struct Like {
    /// The page whose secrets are meant where the body has `***`: its slug.
    page: Option<String>,
}

/// Look at a status page without saving it
///
/// The body has the keys of a status page; its slug may be left out. The answer is the page, complete in itself. It is also at
/// the address that `Content-Location` says, for a frame, until 32 others have been looked at.
#[utoipa::path(post, path = "/api/v1/status-pages/preview", operation_id = "preview_status_page", tag = "status pages",
    params(Like), request_body = openapi::StatusPageSpec,
    responses((status = 200, body = String, content_type = "text/html", headers(("Content-Location" = String))),
        openapi::RefusalsOfWrites))]
pub(super) async fn preview(Mine(state): Mine, query: RawQuery, Written(spec): Written) -> Result<Response, Problem> {
    let query = Query::read(query, &["page"])?;
    let spec = configured::object(spec)?;
    let page = state.resources.read_page(spec, query.value("page")).map_err(Problem::refused)?;
    let preview = state.press.preview(page).await?;
    let mut response = html(&preview.html);
    let place = HeaderValue::from_str(&format!("/api/v1/status-pages/preview/{}", preview.id));
    response.headers_mut().insert(header::CONTENT_LOCATION, place.expect("digits fit into a header"));
    Ok(response)
}

/// A status page that was looked at
#[utoipa::path(get, path = "/api/v1/status-pages/preview/{id}", operation_id = "get_preview", tag = "status pages",
    params(openapi::Preview),
    responses((status = 200, body = String, content_type = "text/html"), openapi::RefusalsOfOne))]
pub(super) async fn previewed(Mine(state): Mine, key: Key, _: NoQuery) -> Result<Response, Problem> {
    let found = state.press.previewed(&key.0);
    let html = found.map(|page| html(&page));
    html.ok_or_else(|| Problem::not_found("this preview is forgotten", "ask for it again"))
}

/// A page that a frame of our own may show, and nobody else.
fn html(page: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, PREVIEW_POLICY),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
    ];
    (headers, page.to_owned()).into_response()
}

async fn in_full(state: &ApiState, slug: &str, status: StatusCode) -> Result<Response, Problem> {
    let subscribers = state.store.subscribers().await?;
    let one = One::of(state, named(state, slug)?, &subscribers);
    let revision = one.configured.revision;
    Ok(configured::show(status, &one, revision))
}

/// The page that a path names.
fn named(state: &ApiState, slug: &str) -> Result<ShownPage, Problem> {
    let missing = || {
        let hint = "see /api/v1/status-pages for the slugs there are";
        Problem::not_found(format!("there is no status page `{slug}`"), hint)
    };
    state.resources.status_page(slug).ok_or_else(missing)
}

async fn change(state: &ApiState, key: &Key, if_match: &IfMatch, given: Given) -> Result<Response, Problem> {
    let shown = named(state, &key.0)?.shown;
    let slug = configured::change(state, ResourceKind::StatusPage, shown, if_match, given).await?.name;
    state.press.publish_now().await;
    in_full(state, &slug, StatusCode::OK).await
}
