//! `/api/v1/plan`, `/api/v1/apply` and `/api/v1/export`: configuration as code.

use allswell_monitor::resources::Plan;
use axum::Json;
use axum::extract::RawQuery;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::written::{Form, Object};
use super::{Mine, NoQuery, Problem, Query, openapi};

/// Files that are one configuration together.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Files {
    /// In any order: a monitor may name a channel of another file.
    #[schema(value_type = Vec<OneFile>)]
    files: Vec<Object<OneFile>>,
    /// Whether what people wrote goes as well when no file says it. What the server's own file says always stays.
    #[serde(default)]
    prune: bool,
    /// The fingerprint of the plan that was shown: applied only when it is still the same.
    #[serde(default)]
    fingerprint: Option<String>,
}

/// One file.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OneFile {
    /// Its name, for messages.
    name: String,
    /// Its text, in YAML: `defaults`, `channels`, `monitors`, `maintenance` and `status_pages`.
    text: String,
}

impl Files {
    fn texts(self) -> Vec<(String, String)> {
        self.files.into_iter().map(|Object(file)| (file.name.replace(char::is_control, " "), file.text)).collect()
    }
}

/// What is exported.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document of what `Query` reads by name")]
pub(super) struct What {
    /// Whether what the server's own file says is wanted as well.
    #[param(default = false)]
    all: Option<bool>,
}

/// What applying files would do
#[utoipa::path(post, path = "/api/v1/plan", operation_id = "plan", tag = "configuration", request_body = Files,
    responses((status = 200, body = Plan), openapi::RefusalsOfWrites))]
pub(super) async fn plan(Mine(state): Mine, _: NoQuery, Form(files): Form<Files>) -> Result<Json<Plan>, Problem> {
    let prune = files.prune;
    state.resources.plan(files.texts(), prune).map(Json).map_err(Problem::refused)
}

/// Apply files
///
/// Does all of what the plan says, or nothing.
#[utoipa::path(post, path = "/api/v1/apply", operation_id = "apply", tag = "configuration", request_body = Files,
    responses((status = 200, body = Plan), openapi::RefusalsOfWrites))]
pub(super) async fn apply(Mine(state): Mine, _: NoQuery, Form(files): Form<Files>) -> Result<Json<Plan>, Problem> {
    let (prune, shown, files) = (files.prune, files.fingerprint.clone(), files.texts());
    let plan = state.resources.apply(files, prune, shown.as_deref()).await.map_err(Problem::refused)?;
    state.press.publish_now().await;
    Ok(Json(plan))
}

/// All that is configured, as one file
///
/// Applied to an empty server it makes the same, but for secrets: they are `***`, which a server takes for what it has.
#[utoipa::path(get, path = "/api/v1/export", operation_id = "export", tag = "configuration", params(What),
    responses((status = 200, body = openapi::Patch, content_type = "application/yaml"), openapi::Refusals))]
pub(super) async fn export(Mine(state): Mine, query: RawQuery) -> Result<Response, Problem> {
    let all = Query::read(query, &["all"])?.flag("all")?;
    Ok(([(header::CONTENT_TYPE, "application/yaml")], state.resources.export(all)).into_response())
}
