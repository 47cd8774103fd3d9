//! `/api/v1/keys`: who may do what.

use allswell_core::Wall;
use allswell_monitor::access::{KeyringError, Scope, Scopes};
use allswell_monitor::store::{KeyChange, KeyRow};
use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Fields;
use super::{ApiState, Key, Mine, NoQuery, Problem, openapi, wire};

const NAME_CHARACTERS_MAX: usize = 100;

/// All keys, oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Keys)]
pub(super) struct List {
    keys: Vec<One>,
}

/// A key, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Key)]
pub(super) struct One {
    id: i64,
    name: String,
    /// What it is good for: `read`, `write` (which may do all), `heartbeat`.
    scopes: Vec<&'static str>,
    #[schema(format = DateTime)]
    created: String,
    /// From when on it is worth nothing; `null` for never.
    #[schema(format = DateTime)]
    expires: Option<String>,
    expired: bool,
    /// When it was used last, give or take a minute; `null` for never.
    #[schema(format = DateTime)]
    last_used: Option<String>,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedKey)]
pub(super) struct Made {
    #[serde(flatten)]
    one: One,
    /// The secret. It is shown here and never again.
    key: String,
}

/// What a key is to be.
#[derive(ToSchema)]
#[schema(as = NewKey)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct New {
    /// What people call it; no two keys have the same name.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it is good for; `["read"]` where nothing is said.
    #[schema(min_items = 1, schema_with = openapi::scopes)]
    scopes: Option<Vec<String>>,
    /// From when on it is worth nothing.
    #[schema(format = DateTime)]
    expires: Option<String>,
}

/// What is different about a key from now on; what is not there stays as it is.
#[derive(ToSchema)]
#[schema(as = KeyPatch)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct Patch {
    /// What people call it; no two keys have the same name.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// What it is good for.
    #[schema(min_items = 1, schema_with = openapi::scopes)]
    scopes: Option<Vec<String>>,
    /// From when on it is worth nothing; `null` for never.
    #[schema(format = DateTime)]
    expires: Option<String>,
}

impl One {
    fn of(row: KeyRow, now: Wall) -> Self {
        Self {
            id: row.id,
            name: row.name,
            scopes: row.scopes.words(),
            created: wire::time(row.created),
            expires: row.expires.map(wire::time),
            expired: row.expires.is_some_and(|at| at <= now),
            last_used: row.used.map(wire::time),
        }
    }
}

/// Keys
#[utoipa::path(get, path = "/api/v1/keys", operation_id = "list_keys", tag = "keys",
    responses((status = 200, body = List), openapi::Refusals))]
pub(super) async fn list(Mine(state): Mine, _: NoQuery) -> Result<Json<List>, Problem> {
    let now = state.now().wall;
    Ok(Json(List { keys: state.keys.all().into_iter().map(|row| One::of(row, now)).collect() }))
}

/// Make a key
///
/// From the first one on, `/api/v1` and the pages are closed to who has none.
#[utoipa::path(post, path = "/api/v1/keys", operation_id = "create_key", tag = "keys", request_body = New,
    responses((status = 201, body = Made), openapi::Refusals, openapi::RefusalsOfBody))]
pub(super) async fn create(Mine(state): Mine, _: NoQuery, fields: Fields) -> Result<Response, Problem> {
    let fields = fields.only(&["name", "scopes", "expires"])?;
    let now = state.now().wall;
    let name = fields.needed_text("name", NAME_CHARACTERS_MAX)?;
    let scopes = scopes(&fields)?.unwrap_or_else(|| Scopes::of([Scope::Read]));
    let expires = expires(&fields, now)?;
    let (row, secret) = state.keys.create(name, scopes, expires, now).await?;
    let place = [(header::LOCATION, format!("/api/v1/keys/{}", row.id))];
    let made = Made { one: One::of(row, now), key: secret.text().to_owned() };
    Ok((StatusCode::CREATED, place, Json(made)).into_response())
}

fn expires(fields: &Fields, now: Wall) -> Result<Option<Wall>, Problem> {
    let expires = fields.moment("expires")?;
    if expires.is_some_and(|at| at <= now) {
        return Err(Problem::field("expires", "`expires` is in the past", "name a moment that is yet to come"));
    }
    Ok(expires)
}

fn scopes(fields: &Fields) -> Result<Option<Scopes>, Problem> {
    let Some(words) = fields.texts("scopes")? else { return Ok(None) };
    let known = Scope::ALL.map(Scope::as_str).join(", ");
    let scope = |word: &String| {
        let wrong = || Problem::field("scopes", format!("there is no scope `{word}`"), format!("known are {known}"));
        Scope::from_word(word).ok_or_else(wrong)
    };
    let scopes = Scopes::of(words.iter().map(scope).collect::<Result<Vec<_>, _>>()?);
    if scopes.is_empty() {
        return Err(Problem::field(
            "scopes",
            "a key without a scope is good for nothing",
            format!("known are {known}"),
        ));
    }
    Ok(Some(scopes))
}

/// One key
#[utoipa::path(get, path = "/api/v1/keys/{id}", operation_id = "get_key", tag = "keys", params(openapi::ApiKey),
    responses((status = 200, body = One), openapi::RefusalsOfOne))]
pub(super) async fn one(Mine(state): Mine, key: Key, _: NoQuery) -> Result<Json<One>, Problem> {
    let row = find(&state, &key)?;
    Ok(Json(One::of(row, state.now().wall)))
}

/// Change a key
///
/// Its secret stays. The last key that may write stays one.
#[utoipa::path(patch, path = "/api/v1/keys/{id}", operation_id = "change_key", tag = "keys", params(openapi::ApiKey),
    request_body = Patch, responses((status = 200, body = One), openapi::RefusalsOfOne, openapi::RefusalsOfBody))]
pub(super) async fn change(Mine(state): Mine, key: Key, _: NoQuery, fields: Fields) -> Result<Json<One>, Problem> {
    let fields = fields.only(&["name", "scopes", "expires"])?;
    let now = state.now().wall;
    let expires = match expires(&fields, now)? {
        None if fields.is_null("expires") => Some(None),
        given => given.map(Some),
    };
    let change = KeyChange { name: fields.text("name", NAME_CHARACTERS_MAX)?, scopes: scopes(&fields)?, expires };
    let row = state.keys.change(find(&state, &key)?.id, change, now).await?;
    Ok(Json(One::of(row, now)))
}

/// Delete a key
///
/// From now on it is worth nothing. The last key that may write cannot be deleted.
#[utoipa::path(delete, path = "/api/v1/keys/{id}", operation_id = "delete_key", tag = "keys", params(openapi::ApiKey),
    responses((status = 204), openapi::RefusalsOfOne, openapi::RefusalsOfChange))]
pub(super) async fn remove(Mine(state): Mine, key: Key, _: NoQuery) -> Result<StatusCode, Problem> {
    let row = find(&state, &key)?;
    state.keys.remove(row.id, state.now().wall).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The key that `wanted` means: its number, or else its name.
fn find(state: &ApiState, Key(wanted): &Key) -> Result<KeyRow, Problem> {
    let keys = state.keys.all();
    let number: Option<i64> = wanted.parse().ok();
    let found = keys.iter().find(|key| Some(key.id) == number).or_else(|| keys.iter().find(|key| key.name == *wanted));
    found.cloned().ok_or_else(|| missing(wanted))
}

fn missing(wanted: &str) -> Problem {
    Problem::not_found(format!("there is no key `{wanted}`"), "give its number or its name as in /api/v1/keys")
}

impl From<KeyringError> for Problem {
    fn from(error: KeyringError) -> Self {
        let said = error.to_string();
        match error {
            KeyringError::Store(error) => Self::store(&error),
            KeyringError::Missing => Self::not_found(said, "see /api/v1/keys"),
            KeyringError::Taken(_) => Self::conflict(said, "choose another name, or delete that one first"),
            KeyringError::Last => Self::conflict(
                said,
                "make another one first; with the server stopped, `allswell keys rm --data DIR` deletes any",
            ),
            KeyringError::First => {
                Self::field("scopes", said, "give it the scope `write`, and make the others after it")
            }
            KeyringError::Random(_) => Self::busy(),
        }
    }
}
