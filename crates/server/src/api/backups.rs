//! `/api/v1/backups`: copies of the whole store, for who runs the server.

use std::sync::Arc;

use allswell_monitor::backup::{self, Backup, BackupError, Backups};
use axum::Json;
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use tracing::info;
use utoipa::ToSchema;

use super::body::Fields;
use super::{ApiState, Key, Mine, NoQuery, Problem, openapi, wire};

/// All backups, and the room for them.
#[derive(Serialize, ToSchema)]
#[schema(as = Backups)]
pub(super) struct List {
    /// The newest first.
    backups: Vec<One>,
    /// How many bytes they take together.
    bytes: u64,
    /// How many bytes are free where they lie.
    free_bytes: u64,
    /// The one that is being made; `null` for none.
    making: Option<Making>,
    /// The last one that was begun, when it did not come to be; `null` when it did.
    failed: Option<Failed>,
}

/// A backup.
#[derive(Serialize, ToSchema)]
#[schema(as = Backup)]
pub(super) struct One {
    name: String,
    #[schema(format = DateTime)]
    taken: String,
    /// How many bytes it has as a file.
    bytes: u64,
    /// Whether results are in it: without, graphs begin anew.
    results: bool,
}

/// A backup that is being made.
#[derive(Serialize, ToSchema)]
#[schema(as = BackupMaking)]
pub(super) struct Making {
    name: String,
    #[schema(format = DateTime)]
    taken: String,
    /// How many bytes are written.
    bytes: u64,
    /// How many there will be at most.
    bytes_max: u64,
    results: bool,
}

/// A backup that did not come to be.
#[derive(Serialize, ToSchema)]
#[schema(as = BackupFailed)]
struct Failed {
    name: String,
    #[schema(format = DateTime)]
    taken: String,
    results: bool,
    /// Why.
    detail: String,
}

/// What is to be in a backup.
#[derive(ToSchema)]
#[schema(as = NewBackup)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct New {
    /// Whether results are in it; not where nothing is said.
    results: Option<bool>,
}

impl From<Backup> for One {
    fn from(Backup { name, bytes }: Backup) -> Self {
        Self { name: name.to_string(), taken: wire::time(name.taken()), bytes, results: name.results() }
    }
}

impl From<backup::Making> for Making {
    fn from(backup::Making { name, bytes, bytes_max }: backup::Making) -> Self {
        let (taken, results) = (wire::time(name.taken()), name.results());
        Self { name: name.to_string(), taken, bytes, bytes_max, results }
    }
}

impl From<backup::Failed> for Failed {
    fn from(backup::Failed { name, why }: backup::Failed) -> Self {
        Self { name: name.to_string(), taken: wire::time(name.taken()), results: name.results(), detail: why }
    }
}

/// Backups
///
/// For owners of the first account, and for its keys that may write.
#[utoipa::path(get, path = "/api/v1/backups", operation_id = "list_backups", tag = "backups",
    responses((status = 200, body = List), openapi::RefusalsOfOne))]
pub(super) async fn list(Mine(state): Mine, _: NoQuery) -> Result<Json<List>, Problem> {
    let backup::Standing { backups, making, failed, free } = of(&state)?.standing().await?;
    Ok(Json(List {
        bytes: backups.iter().map(|backup| backup.bytes).sum(),
        backups: backups.into_iter().map(One::from).collect(),
        free_bytes: free,
        making: making.map(Making::from),
        failed: failed.map(Failed::from),
    }))
}

/// Make a backup
///
/// Answers when it is begun; it is in the list when all of it is on the disk. One is made at a time, and none that would fill the
/// disk. Everything of all accounts is in it, secrets too.
#[utoipa::path(post, path = "/api/v1/backups", operation_id = "create_backup", tag = "backups", request_body = New,
    responses((status = 202, body = Making), openapi::RefusalsOfOne, openapi::RefusalsOfBody))]
#[expect(clippy::disallowed_methods, reason = "nobody waits for it; the store that closes ends it")]
pub(super) async fn create(Mine(state): Mine, _: NoQuery, fields: Fields) -> Result<Response, Problem> {
    let results = fields.only(&["results"])?.flag("results")?;
    let begun = of(&state)?.begin(results).await?;
    let making = Making::from(begun.making());
    // How it ended is in the list and in the log.
    tokio::spawn(begun.finish());
    Ok((StatusCode::ACCEPTED, Json(making)).into_response())
}

/// Download a backup
///
/// A `tar` of the files that belong into an empty data directory.
#[utoipa::path(get, path = "/api/v1/backups/{name}", operation_id = "download_backup", tag = "backups",
    params(openapi::OneBackup),
    responses((status = 200, body = Vec<u8>, content_type = "application/x-tar"), openapi::RefusalsOfOne,
        openapi::RefusalsOfChange))]
pub(super) async fn download(Mine(state): Mine, Key(wanted): Key, _: NoQuery) -> Result<Response, Problem> {
    let (name, archive) = of(&state)?.archive(&wanted).await?;
    info!(backup = %name, "a backup is downloaded");
    let head = [
        (header::CONTENT_TYPE, "application/x-tar".to_owned()),
        (header::CONTENT_LENGTH, archive.bytes().to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"allswell-{name}.tar\"")),
    ];
    let body = stream::try_unfold(archive, async |mut archive| {
        Ok::<_, std::io::Error>(archive.next().await?.map(|bytes| (bytes, archive)))
    });
    Ok((head, Body::from_stream(body)).into_response())
}

/// Delete a backup
#[utoipa::path(delete, path = "/api/v1/backups/{name}", operation_id = "delete_backup", tag = "backups",
    params(openapi::OneBackup), responses((status = 204), openapi::RefusalsOfOne, openapi::RefusalsOfChange))]
pub(super) async fn remove(Mine(state): Mine, Key(wanted): Key, _: NoQuery) -> Result<StatusCode, Problem> {
    of(&state)?.remove(&wanted).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn of(state: &ApiState) -> Result<&Arc<Backups>, Problem> {
    // The gate lets nobody else get here.
    state.backups.as_ref().ok_or_else(Problem::busy)
}

impl From<BackupError> for Problem {
    fn from(error: BackupError) -> Self {
        let said = error.to_string();
        match error {
            BackupError::Making(_) => Self::conflict(said, "wait until it is in the list of /api/v1/backups"),
            BackupError::Taken(_) => Self::conflict(said, "take that one, or try again in a second"),
            BackupError::NoRoom { .. } => {
                Self::conflict(said, "delete older backups, leave results out, or give the disk more room")
            }
            BackupError::Missing(_) => Self::not_found(said, "see /api/v1/backups for those there are"),
            BackupError::Store(error) => Self::store(&error),
            BackupError::File { .. } | BackupError::Broken => Self::backups(&error),
        }
    }
}
